"""Whole videos that are changed in one way each: every figure must follow, and no other may."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from espressivo.conditioning.speech import SAMPLE_RATE_HZ
from espressivo.demo import demo_request
from espressivo.errors import InputError
from espressivo.eval.evaluation import Findings, evaluate
from espressivo.eval.lipsync import measures as lipsync
from espressivo.eval.metric import NotMeasured, Pooled, Value, Values
from espressivo.eval.parts.video import CHANCE, LATE, SHUFFLED, STILL
from espressivo.eval.report.build import build_report
from espressivo.eval.report.model import Header
from espressivo.eval.request import EvaluationRequest
from espressivo.eval.results import ClipResult, EmotionReading
from espressivo.media.decode import read_audio
from espressivo.media.encode import write_mp4
from espressivo.media.video import Sound, Video, read_video_frames
from espressivo.media.wav import write_wav
from espressivo.performance import perform

pytest.importorskip("ai_edge_litert", reason="the evaluate extra")

FPS, SIZE, SECONDS = 25.0, 256, 2.0
SHIFTS = (2, 3, 5, 8)
OF_LIPS = tuple(metric.name for metric in lipsync.METRICS)
AS_SEEN = ("theval_lip_dynamics", "head_range_deg", "head_diversity_deg", "emotion_probability", "blinks_per_min")


@dataclass(frozen=True, eq=False)
class Footage:
    """A clip before it is written."""

    frames: Sequence[np.ndarray]
    samples: np.ndarray | None
    fps: float = FPS

    def late(self, frames: int) -> "Footage":
        """Let the sound begin some frames later, after silence."""
        assert self.samples is not None
        pause = np.zeros(round(frames / FPS * SAMPLE_RATE_HZ), np.float32)
        return replace(self, samples=np.concatenate([pause, self.samples])[: len(self.samples)])

    def with_frames(self, frames: Sequence[np.ndarray]) -> "Footage":
        return replace(self, frames=frames)


@pytest.fixture(scope="module")
def joy(tmp_path_factory: pytest.TempPathFactory) -> Footage:
    return _said("joy", tmp_path_factory.mktemp("joy"))


@pytest.fixture(scope="module")
def found(joy: Footage, tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """Every variant, measured as one system."""
    folder = tmp_path_factory.mktemp("clips")
    for name, footage in _variants(joy).items():
        _write(folder / f"{name}.mp4", footage)
    _write(folder / "compressed.mp4", joy, crf=38)
    _write_as(folder / "old codec.avi", joy, "mpeg4", "pcm_s16le", 16_000)
    _write_as(folder / "web.webm", joy, "libvpx", "libopus", 48_000)
    _write_as(folder / "late stream.mkv", joy, "mpeg2video", "pcm_s16le", 16_000, sound_begins_s=0.2)
    (folder / "another name.mp4").write_bytes((folder / "base.mp4").read_bytes())
    rows = [f"{file.stem},happiness:0.8" for file in folder.iterdir()]
    (folder / "clips.csv").write_text("\n".join(["clip,emotion", *rows]))
    return evaluate(EvaluationRequest(paths=(folder,)))


@pytest.fixture(scope="module")
def clips(joy: Footage, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two moments of the line."""
    folder = tmp_path_factory.mktemp("short")
    for name, start in (("a", 0), ("b", 20)):
        _write(folder / f"{name}.mp4", joy.with_frames(joy.frames[start : start + 6]))
    return [folder / f"{name}.mp4" for name in ("a", "b")]


@pytest.fixture(scope="module")
def before(clips: list[Path]) -> Findings:
    return evaluate(EvaluationRequest(paths=tuple(clips)))


def _variants(joy: Footage) -> Mapping[str, Footage]:
    assert joy.samples is not None
    noise = np.random.default_rng(0).integers(0, 256, (10, SIZE, SIZE, 3), np.uint8)
    return {
        "base": joy,
        **{f"late {shift}": joy.late(shift) for shift in SHIFTS},
        "still": joy.with_frames([joy.frames[0]] * len(joy.frames)),
        "exchanged": replace(joy, samples=_sound_of("anger")),
        "mirrored": joy.with_frames([frame[:, ::-1] for frame in joy.frames]),
        "doubled": Footage([frame for frame in joy.frames for _ in range(2)], joy.samples, 2 * FPS),
        "half": joy.with_frames([_scaled(frame, SIZE // 2) for frame in joy.frames]),
        "grey": joy.with_frames([_grey(frame) for frame in joy.frames]),
        "silent": replace(joy, samples=None),
        "long sound": joy.with_frames(joy.frames[:30]),
        "short sound": replace(joy, samples=joy.samples[: round(1.4 * SAMPLE_RATE_HZ)]),
        "one frame": joy.with_frames(joy.frames[:1]),
        "no face": joy.with_frames(list(noise)),
    }


class TestLipSync:
    def test_the_face_is_in_sync(self, found: Findings) -> None:
        base = _values(found, "base")
        assert abs(_number(base["av_lag_ms"])) <= 40
        assert _number(base["av_r_peak"]) > 0.6
        assert _number(base["av_shift_test"]) == 1

    @pytest.mark.parametrize("shift", SHIFTS)
    def test_late_sound_is_found_as_late_as_it_is(self, found: Findings, shift: int) -> None:
        base, late = _values(found, "base"), _values(found, f"late {shift}")
        assert _number(late["av_lag_ms"]) == _number(base["av_lag_ms"]) + 40 * shift
        assert _number(late["av_r_in_sync"]) < _number(base["av_r_in_sync"]) - 0.1
        assert _number(late["av_shift_test"]) < 1

    def test_a_still_face_has_no_lip_sync(self, found: Findings) -> None:
        still = _values(found, "still")
        assert _number(still["theval_lip_dynamics"]) < 0.05 * _number(_values(found, "base")["theval_lip_dynamics"])
        for name in ("head_range_deg", "theval_brow_dynamics"):
            assert _number(still[name]) < 0.1 * _number(_values(found, "base")[name])
        assert isinstance(still["av_lag_ms"], NotMeasured)

    def test_another_sound_does_not_fit(self, found: Findings) -> None:
        base, other = _values(found, "base"), _values(found, "exchanged")
        assert _number(other["av_r_in_sync"]) < _number(base["av_r_in_sync"]) - 0.2
        assert isinstance(other["av_lag_ms"], NotMeasured) or other["av_lag_ms"] != base["av_lag_ms"]
        for name in AS_SEEN:
            assert other[name] == base[name], name

    def test_sound_that_begins_late_by_the_clock_of_its_file_is_late(self, found: Findings) -> None:
        base, late = _values(found, "base"), _values(found, "late stream")
        assert _number(late["av_lag_ms"]) == _number(base["av_lag_ms"]) + 200

    def test_sound_and_pictures_of_unlike_length_are_compared_where_both_are(self, found: Findings) -> None:
        for name in ("long sound", "short sound"):
            cut = _values(found, name)
            assert abs(_number(cut["av_lag_ms"])) <= 40, name
            assert _number(cut["av_r_peak"]) > 0.6, name
        assert _weight(found, "long sound", "vowel_closure") < _weight(found, "base", "vowel_closure"), (
            "sounds after the last frame do not count"
        )


class TestPictures:
    @pytest.mark.parametrize("clip", ["old codec", "web", "grey", "half", "mirrored", "doubled"])
    def test_lips_are_read_the_same(self, found: Findings, clip: str) -> None:
        base, other = _values(found, "base"), _values(found, clip)
        assert other["av_lag_ms"] == base["av_lag_ms"]
        assert _number(other["av_r_peak"]) == pytest.approx(_number(base["av_r_peak"]), abs=0.15)
        assert _number(other["closure_margin"]) == pytest.approx(_number(base["closure_margin"]), abs=0.3)
        assert _number(other["theval_lip_dynamics"]) == pytest.approx(_number(base["theval_lip_dynamics"]), rel=0.15)

    @pytest.mark.parametrize("clip", ["old codec", "web", "grey", "half", "mirrored", "doubled"])
    def test_head_and_eyes_are_read_the_same(self, found: Findings, clip: str) -> None:
        base, other = _values(found, "base"), _values(found, clip)
        assert _number(other["head_range_deg"]) == pytest.approx(_number(base["head_range_deg"]), rel=0.15)
        assert _number(other["head_diversity_deg"]) == pytest.approx(_number(base["head_diversity_deg"]), rel=0.15)
        assert other["blinks_per_min"] == base["blinks_per_min"]

    @pytest.mark.parametrize("clip", ["old codec", "web", "grey", "half", "mirrored", "doubled"])
    def test_the_judges_see_the_same(self, found: Findings, clip: str) -> None:
        (base, *_), (other, *_) = _readings(found, "base"), _readings(found, clip)
        assert np.abs(other.clip - base.clip).max() < 0.1
        assert other.verdict == base.verdict

    def test_a_mirrored_face_turns_as_far(self, found: Findings) -> None:
        base, mirrored = _values(found, "base"), _values(found, "mirrored")
        assert _number(mirrored["head_range_deg"]) == pytest.approx(_number(base["head_range_deg"]), rel=0.05)

    def test_heavy_compression_is_seen_in_the_pictures_and_hardly_in_the_lips(self, found: Findings) -> None:
        base, compressed = _values(found, "base"), _values(found, "compressed")
        assert _number(compressed["av_lag_ms"]) == pytest.approx(_number(base["av_lag_ms"]), abs=40)
        assert _number(compressed["bilabial_closure"]) == pytest.approx(_number(base["bilabial_closure"]), abs=0.5)
        assert _number(compressed["niqe"]) > _number(base["niqe"]) + 1

    def test_grey_pictures_are_as_natural(self, found: Findings) -> None:
        grey = _number(_values(found, "grey")["niqe"])
        assert grey == pytest.approx(_number(_values(found, "base")["niqe"]), rel=0.05)

    def test_frames_shown_twice_halve_change_per_frame_alone(self, found: Findings) -> None:
        base, doubled = _values(found, "base"), _values(found, "doubled")
        share = _number(doubled["theval_brow_dynamics"]) / _number(base["theval_brow_dynamics"])
        assert 0.4 < share < 0.75, "half, and what compression moves between equal frames"
        assert _number(doubled["head_range_deg"]) == pytest.approx(_number(base["head_range_deg"]), rel=0.1)

    def test_a_name_says_nothing(self, found: Findings) -> None:
        assert _values(found, "another name") == _values(found, "base")


class TestNotMeasured:
    """What could not be measured is never 0."""

    @pytest.mark.parametrize("clip", ["silent", "still", "one frame"])
    def test_lip_sync_of_what_does_not_speak(self, found: Findings, clip: str) -> None:
        values = _values(found, clip)
        wrong = {name: values[name] for name in OF_LIPS if not isinstance(values[name], NotMeasured)}
        assert wrong == {}

    def test_a_silent_face_is_seen_all_the_same(self, found: Findings) -> None:
        silent, base = _values(found, "silent"), _values(found, "base")
        assert isinstance(silent["theval_lip_sync"], NotMeasured)
        assert {name: silent[name] for name in AS_SEEN} == {name: base[name] for name in AS_SEEN}

    def test_one_frame_does_not_move(self, found: Findings) -> None:
        values = _values(found, "one frame")
        moving = [
            name for name in values if name.startswith(("theval", "head", "blink", "identity", "av", "emotion_lag"))
        ]
        assert len(moving) > 10
        assert [name for name in moving if not isinstance(values[name], NotMeasured)] == []
        assert _number(values["emotion_probability"]) > 0
        assert _number(values["niqe"]) > 0

    def test_without_a_face_nothing_is(self, found: Findings) -> None:
        result = _result(found, "no face")
        assert result.values == {}
        assert result.failure is not None
        assert "face is seen in 0 of 10 frames" in result.failure

    def test_numbers_are_numbers(self, found: Findings) -> None:
        for result in found.clips:
            for name, value in result.values.items():
                assert isinstance(value, NotMeasured) or np.isfinite(float(value)), (result.clip, name)


class TestAnchors:
    def test_what_is_taken_away_is_missed(self, found: Findings) -> None:
        base = _values(found, "base")
        still, other, late = (_anchor(found, name, "base") for name in (STILL, SHUFFLED, LATE))
        assert isinstance(still["av_lag_ms"], NotMeasured)
        assert _number(still["theval_lip_dynamics"]) == pytest.approx(0, abs=1e-9)
        assert _number(other["av_r_in_sync"]) < _number(base["av_r_in_sync"]) - 0.2
        assert _number(late["av_lag_ms"]) == pytest.approx(_number(base["av_lag_ms"]) + 200, abs=40)

    def test_a_silent_clip_gives_no_anchors_of_sound(self, found: Findings) -> None:
        assert {result.system for result in found.clips if result.role == "anchor" and result.clip == "silent"} == {
            CHANCE
        }


class TestOrder:
    def test_of_clips_means_nothing(self, clips: list[Path], before: Findings) -> None:
        assert _report(evaluate(EvaluationRequest(paths=tuple(clips[::-1])))) == _report(before)

    def test_of_names_means_nothing(self, clips: list[Path], before: Findings, tmp_path: Path) -> None:
        """Each clip has the same values, and the system the same figures, when names sort the other way round."""
        renamed = dict(zip((clip.stem for clip in clips), ("z", "y"), strict=True))
        for clip in clips:
            (tmp_path / f"{renamed[clip.stem]}.mp4").write_bytes(clip.read_bytes())
        after = evaluate(EvaluationRequest(paths=(tmp_path,)))
        for clip in clips:
            assert _values(after, renamed[clip.stem]) == _values(before, clip.stem)
        assert after.sets[0].values == before.sets[0].values

    def test_a_clip_counts_once(self, clips: list[Path]) -> None:
        with pytest.raises(InputError, match="'a'"):
            evaluate(EvaluationRequest(paths=(clips[0], clips[1], clips[0])))


def _report(found: Findings) -> dict[str, Any]:
    made = build_report(found.clips, found.sets, found.metrics, found.evaluators, found.ceilings, Header(version="1"))
    return made.model_dump(mode="json")


def _readings(found: Findings, clip: str) -> tuple[EmotionReading, ...]:
    return _result(found, clip).observations.readings


def _weight(found: Findings, clip: str, metric: str) -> float:
    value = _values(found, clip)[metric]
    assert isinstance(value, Pooled), value
    return value.weight


def _anchor(found: Findings, anchor: str, clip: str) -> Values:
    (values,) = (result.values for result in found.clips if (result.system, result.clip) == (anchor, clip))
    return values


def _values(found: Findings, clip: str) -> Values:
    return _result(found, clip).values


def _result(found: Findings, clip: str) -> ClipResult:
    (result,) = (result for result in found.clips if result.role == "system" and result.clip == clip)
    return result


def _number(value: Value) -> float:
    assert not isinstance(value, NotMeasured), value
    return float(value)


def _said(line: str, folder: Path, seconds: float = SECONDS) -> Footage:
    """Let the built-in face say the beginning of a line that ships."""
    samples = _sound_of(line, seconds)
    write_wav(folder / "line.wav", samples, SAMPLE_RATE_HZ)
    asked = {"speech": folder / "line.wav", "transcript": None, "formats": ("mp4",), "size": SIZE, "fps": FPS}
    take = perform(demo_request(line).model_copy(update=asked), folder / "take")
    return Footage(list(read_video_frames(take.file("face.mp4"))), samples)


def _sound_of(line: str, seconds: float = SECONDS) -> np.ndarray:
    return read_audio(demo_request(line).speech)[: round(seconds * SAMPLE_RATE_HZ)]


def _scaled(frame: np.ndarray, size: int) -> np.ndarray:
    return np.asarray(Image.fromarray(frame).resize((size, size), Image.Resampling.LANCZOS))


def _grey(frame: np.ndarray) -> np.ndarray:
    return np.repeat(np.asarray(Image.fromarray(frame).convert("L"))[:, :, np.newaxis], 3, axis=2)


def _write(path: Path, footage: Footage, crf: int = 18) -> None:
    sound = None if footage.samples is None else Sound(footage.samples, SAMPLE_RATE_HZ)
    write_mp4(path, Video(map(np.ascontiguousarray, footage.frames), footage.fps, sound), crf=crf)


def _write_as(
    path: Path, footage: Footage, picture: str, sound: str, rate_hz: int, sound_begins_s: float = 0.0
) -> None:
    """Write with other codecs, into the container that the name says."""
    with av.open(str(path), "w") as container:
        pictures = container.add_stream(picture, rate=Fraction(footage.fps))
        heard = container.add_stream(sound, rate=rate_hz, layout="mono")
        assert isinstance(pictures, av.VideoStream)
        assert isinstance(heard, av.AudioStream)
        pictures.height, pictures.width = footage.frames[0].shape[:2]
        pictures.pix_fmt, pictures.bit_rate = "yuv420p", 2_000_000
        for image in footage.frames:
            container.mux(pictures.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(pictures.encode(None))
        for block in _blocks(footage, heard):
            block.pts = (block.pts or 0) + round(sound_begins_s * rate_hz)
            container.mux(heard.encode(block))
        container.mux(heard.encode(None))


def _blocks(footage: Footage, heard: av.AudioStream) -> Iterator[av.AudioFrame]:
    """Yield the sound in pieces as the codec takes them."""
    assert footage.samples is not None
    context = heard.codec_context
    whole = av.AudioFrame.from_ndarray(footage.samples[np.newaxis].astype(np.float32), "fltp", "mono")
    whole.sample_rate = SAMPLE_RATE_HZ
    resampler = av.AudioResampler(context.format, "mono", context.sample_rate, context.frame_size)
    yield from resampler.resample(whole)
    yield from resampler.resample(None)
