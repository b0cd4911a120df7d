"""Emotion read off faces, on pictures and videos of our own heads."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from espressivo.conditioning.auto import track_of
from espressivo.conditioning.emotionml import read_emotionml, track_from_emotionml, write_emotionml
from espressivo.conditioning.face_emotion.recogniser import (
    READINGS_HZ,
    recognise_frames,
    recognise_portrait,
    recognise_video,
)
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.demo import SPEECH_FOLDER
from espressivo.errors import FaceError, MediaError
from espressivo.media.video import read_video_frames
from espressivo.performance import PerformanceRequest, perform

HAPPINESS, SADNESS = CATEGORIES.index("happiness"), CATEGORIES.index("sadness")


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A face that is sad, then happy, while it speaks."""
    request = PerformanceRequest(
        speech=SPEECH_FOLDER / "sadness.wav",
        emotion="@0 sadness @2 sadness @2.5 happiness",
        size=256,
        formats=("mp4",),
    )
    return perform(request, tmp_path_factory.mktemp("takes") / "turn").file("face.mp4")


@pytest.fixture(scope="module")
def frames(video: Path) -> list[np.ndarray]:
    return list(read_video_frames(video, 15))


def test_the_turn_is_seen_and_becomes_a_track(video: Path, tmp_path: Path) -> None:
    found = recognise_video(video)
    assert found.source == "face"
    assert np.diff(found.times_s) == pytest.approx(1 / READINGS_HZ, abs=0.02)
    assert np.allclose(found.posterior.sum(axis=1), 1.0)
    before, after = found.times_s < 1.9, found.times_s > 2.8
    assert (found.posterior[before].mean(0) - found.posterior[after].mean(0))[SADNESS] > 0.15
    assert (found.posterior[after].mean(0) - found.posterior[before].mean(0))[HAPPINESS] > 0.15
    assert found.vad[after, 0].mean() > found.vad[before, 0].mean() + 0.3
    track = track_of(found)
    write_emotionml(tmp_path / "track.emotionml", track, "face.mp4")
    again = track_from_emotionml(read_emotionml(tmp_path / "track.emotionml"))
    assert np.allclose(again.sample(found.times_s).strengths, track.sample(found.times_s).strengths, atol=1e-6)


def test_a_portrait_is_one_reading(frames: list[np.ndarray]) -> None:
    sad, happy = recognise_portrait(frames[1]), recognise_portrait(frames[-2])
    assert len(sad.times_s) == 1
    assert happy.vad[0, 0] > sad.vad[0, 0]
    assert len(track_of(sad).keyframes) == 1


def test_another_judge_can_be_asked(frames: list[np.ndarray]) -> None:
    class Grim:
        id = "grim"
        labels = ("neutral", "anger")

        def probabilities(self, crops: Sequence[np.ndarray]) -> np.ndarray:
            return np.tile([0.1, 0.9], (len(crops), 1))

    found = recognise_frames(frames[:3], READINGS_HZ, judge=Grim())
    assert found.posterior[:, CATEGORIES.index("anger")] == pytest.approx(0.9)
    assert found.intensity == pytest.approx(0.9)


def test_a_mirror_changes_little_and_repeating_nothing(frames: list[np.ndarray]) -> None:
    plain = recognise_portrait(frames[1]).posterior
    assert np.abs(recognise_portrait(frames[1][:, ::-1]).posterior - plain).max() < 0.2
    held = recognise_frames([frames[1]] * 6, READINGS_HZ)
    assert np.abs(held.posterior[1:] - held.posterior[1]).max() < 0.05


def test_where_the_face_is_away_there_is_nothing_to_recognise(frames: list[np.ndarray]) -> None:
    away = np.zeros_like(frames[0])
    found = recognise_frames([*frames[:8], away, *frames[8:]], READINGS_HZ)
    assert found.confidence[8] == 0.0
    assert found.posterior[8, 0] == 1.0
    assert found.intensity[8] == 0.0
    assert np.delete(found.confidence, 8).min() > 0.2


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((64, 64, 3), np.uint8),
        np.full((1, 1, 3), 200, np.uint8),
        np.random.default_rng(0).integers(0, 256, (120, 90, 3)).astype(np.uint8),
    ],
    ids=["black", "one pixel", "noise"],
)
def test_what_shows_no_face_is_refused(image: np.ndarray) -> None:
    with pytest.raises(FaceError):
        recognise_portrait(image)


def test_faces_that_are_too_small_or_not_there_are_refused(frames: list[np.ndarray]) -> None:
    small = np.zeros_like(frames[1])
    small[:37, :37] = frames[1][::7, ::7]
    with pytest.raises(FaceError):
        recognise_portrait(small)
    with pytest.raises(FaceError, match="count from 0"):
        recognise_portrait(frames[1], face=3)
    with pytest.raises(FaceError, match="no frames"):
        recognise_frames([], READINGS_HZ)


def test_sound_is_no_video() -> None:
    with pytest.raises(MediaError):
        recognise_video(SPEECH_FOLDER / "sadness.wav")
