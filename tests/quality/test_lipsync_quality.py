"""Lip sync read off the pictures of our own face: what was made is what is measured."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from espressivo.conditioning.faces.track import FaceTrack, track_face
from espressivo.conditioning.phones import recognise_phones
from espressivo.conditioning.speech import SAMPLE_RATE_HZ, Speech
from espressivo.demo import demo_lines, demo_request
from espressivo.eval.lipsync.measures import measure_lipsync
from espressivo.eval.metric import NotMeasured, Value, Values
from espressivo.media.video import read_video_frames
from espressivo.performance import PerformanceRequest, perform

pytest.importorskip("ai_edge_litert", reason="the evaluate extra")

FPS, SIZE = 25.0, 256


@pytest.fixture(scope="module")
def speech() -> Speech:
    demo = demo_request(demo_lines()[0])
    return recognise_phones(Speech.read(demo.speech, demo.transcript))


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> list[np.ndarray]:
    demo = demo_request(demo_lines()[0])
    request = PerformanceRequest(
        speech=demo.speech, transcript=demo.transcript, formats=("mp4",), size=SIZE, fps=FPS, seed=0
    )
    take = perform(request, tmp_path_factory.mktemp("render") / "take")
    return list(read_video_frames(Path(take.file("face.mp4"))))


@pytest.fixture(scope="module")
def track(frames: list[np.ndarray]) -> FaceTrack:
    return track_face(frames, FPS)


@pytest.fixture(scope="module")
def values(track: FaceTrack, speech: Speech) -> Values:
    return measure_lipsync(track, speech.samples, speech.phones)


def test_our_face_is_in_sync_and_shuts_its_lips(track: FaceTrack, values: Values) -> None:
    assert track.missed == 0
    assert not isinstance(values["av_lag_ms"], NotMeasured)
    assert abs(_number(values["av_lag_ms"])) <= 40
    assert _number(values["bilabial_closure"]) > 0.9
    assert _number(values["closure_margin"]) > 0.3
    assert _number(values["viseme_agreement"]) > 0.4


def test_sound_that_is_moved_is_found_where_it_was_moved(track: FaceTrack, speech: Speech, values: Values) -> None:
    late = np.roll(speech.samples, int(0.2 * SAMPLE_RATE_HZ))
    moved = measure_lipsync(track, late, None)
    assert _number(moved["av_lag_ms"]) == _number(values["av_lag_ms"]) + 200


def test_a_video_that_is_compressed_again_measures_the_same(
    frames: list[np.ndarray], speech: Speech, values: Values
) -> None:
    again = measure_lipsync(track_face(_compressed(frames, 40), FPS), speech.samples, speech.phones)
    assert again["av_lag_ms"] == values["av_lag_ms"]
    assert _number(again["av_r_peak"]) == pytest.approx(_number(values["av_r_peak"]), abs=0.05)
    assert _number(again["bilabial_closure"]) == pytest.approx(_number(values["bilabial_closure"]), abs=0.15)


def _number(value: Value) -> float:
    assert not isinstance(value, NotMeasured), value
    return float(value)


def _compressed(frames: list[np.ndarray], quality: int) -> Iterator[np.ndarray]:
    for frame in frames:
        file = io.BytesIO()
        Image.fromarray(frame).save(file, "JPEG", quality=quality)
        yield np.asarray(Image.open(file))
