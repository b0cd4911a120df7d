"""The study of sliders, on generators whose obedience is known, and the attributes it measures."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pytest

from espressivo.conditioning.speech import SAMPLE_RATE_HZ, SILENCE, Phone, Speech
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.errors import InputError
from espressivo.eval.control import face
from espressivo.eval.control.attributes import ATTRIBUTES, Content
from espressivo.eval.control.gains import find_gains, options_at
from espressivo.eval.control.results import METRICS, SliderResult, StudyResult, markdown_table
from espressivo.eval.control.study import EMOTIONS, SliderStudy, default_contents
from espressivo.eval.control.timeline import curve_lag
from espressivo.eval.metric import NotMeasured, Value
from espressivo.generators.base import GenerationRequest, GeneratorSpec
from espressivo.generators.face.arkit import ARKIT_NAMES, CHANNEL, weights_from
from espressivo.generators.face.controls import FaceControls
from espressivo.generators.face.motion import FaceMotion
from espressivo.generators.face.parametric import FaceRequest
from espressivo.generators.inputs import EmotionInput, SpeechInput
from espressivo.inputmodel import Gain, InputModel
from espressivo.progress import ProgressCallback, ProgressEvent


class Dials(InputModel):
    jaw: Gain = 1.0
    sparkle: Gain = 1.0
    """Of which the study knows nothing."""


class Request(GenerationRequest):
    speech: SpeechInput
    emotion: EmotionInput
    fps: float = 25
    seed: int = 0
    dials: Dials = Dials()


@dataclass(frozen=True)
class Puppet:
    """A face that opens its mouth in a sine and raises its brows with the emotion: as obedient as it is told to be."""

    spec: ClassVar = GeneratorSpec("puppet", "face", "a face of two muscles", "Apache-2.0")
    Request: ClassVar = Request
    deaf: bool = False
    leak: float = 0.0
    """How far the head swings along with the emotion."""
    rest: float = 0.0
    """What the brows do at any emotion, at intensity 0 too."""
    late_frames: int = 0

    @classmethod
    def from_pretrained(cls, checkpoint: Path | None = None, device: str = "auto") -> Self:
        return cls()

    def generate(self, request: Any, progress: ProgressCallback | None = None) -> FaceMotion:
        times_s = np.arange(round(request.speech.duration_s * request.fps)) / request.fps
        curves = request.emotion.sample(times_s - self.late_frames / request.fps)
        strength = np.zeros(len(times_s)) if self.deaf else curves.strengths.sum(axis=1)
        talk = (0.5 + 0.5 * np.sin(2 * np.pi * (3 + 0.1 * request.seed) * times_s)) * request.dials.jaw * 0.3
        named = any(set(keyframe.state.weights) != {"neutral"} for keyframe in request.emotion.keyframes)
        brows = strength * 0.5 + self.rest * named
        weights = np.zeros((len(times_s), len(ARKIT_NAMES)))
        weights[:, CHANNEL["jawOpen"]], weights[:, CHANNEL["browInnerUp"]] = talk, brows
        swing = np.sin(5 * times_s) * (0.05 + 0.01 * request.seed + self.leak * strength)
        head = np.stack([swing, 0 * swing, 0 * swing], axis=1)
        return FaceMotion(weights, head, np.zeros((len(times_s), 2)), request.fps)


def _contents() -> tuple[Content, ...]:
    silence = Speech(np.zeros(5 * SAMPLE_RATE_HZ, np.float32))
    silence = silence.with_phones([Phone(SILENCE, 0, 5)], "given")
    return tuple(Content(f"hum/{seed}", silence, "anger:0.8", seed) for seed in (0, 1))


def _number(value: Value) -> float:
    assert not isinstance(value, NotMeasured)
    return float(value)


def _slider(generator: Puppet, name: str) -> SliderResult:
    study = SliderStudy(generator, _contents())
    return study.measure(next(slider for slider in study.sliders if slider.name == name))


@pytest.fixture(scope="module")
def fractions() -> list[float]:
    return []


@pytest.fixture(scope="module")
def obedient(fractions: list[float]) -> StudyResult:
    def note(event: ProgressEvent) -> None:
        fractions.append(event.fraction)

    return SliderStudy(Puppet(), _contents()).run(note)


def test_progress_reaches_the_end(obedient: StudyResult, fractions: list[float]) -> None:
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


def test_sliders_are_found_in_the_request() -> None:
    names = [slider.name for slider in SliderStudy(Puppet(), _contents()).sliders]
    assert names == [*EMOTIONS, "dials.jaw", "dials.sparkle"]
    assert set(find_gains(FaceRequest)) == {("controls", name) for name in FaceControls.model_fields}
    assert options_at(("controls", "jaw"), 0.5) == {"controls": {"jaw": 0.5}}


def test_a_number_that_is_no_gain_is_none() -> None:
    class Plain(InputModel):
        size: float = 1.0
        loud: Gain = 1.0

    assert list(find_gains(Plain)) == [("loud",)]


def test_an_obedient_face(obedient: StudyResult) -> None:
    for slider in obedient.sliders:
        if slider.target is not None:
            assert slider.obeyed, slider.name
            assert slider.values["slider_monotonicity"] == pytest.approx(1, abs=1e-3)
            assert slider.values["slider_sign"] == 1
            assert slider.values["slider_restrictiveness"] == pytest.approx(1)
    assert obedient.neutral_at_zero == 1
    assert {round(_number(lag), -1) for lag in obedient.lags_ms.values()} == {0}


def test_a_gain_that_nothing_is_known_of_is_listed_and_not_measured(obedient: StudyResult) -> None:
    sparkle = next(slider for slider in obedient.sliders if slider.name == "dials.sparkle")
    assert all(isinstance(value, NotMeasured) for value in sparkle.values.values())
    assert not sparkle.obeyed
    assert "dials.sparkle" not in obedient.set_result().curves
    assert "| dials.sparkle | not known |" in markdown_table(obedient)


def test_every_metric_has_a_value_and_every_known_slider_a_curve(obedient: StudyResult) -> None:
    result = obedient.set_result()
    assert sorted(result.values) == sorted(metric.name for metric in METRICS)
    assert len(result.curves) == len(EMOTIONS) + 1
    assert result.curves["fear"].measured.shape == (2, 8)
    assert result.curves["fear"].unit == "mm"


def test_all_sliders_are_in_the_record_and_the_table(obedient: StudyResult) -> None:
    record, table = obedient.record(), markdown_table(obedient)
    assert list(record["sliders"]) == [slider.name for slider in obedient.sliders]
    assert all(slider.name in table for slider in obedient.sliders)


def test_a_deaf_face_obeys_no_emotion() -> None:
    fear = _slider(Puppet(deaf=True), "fear")
    assert fear.values["slider_monotonicity"] == 0
    assert fear.values["slider_spearman"] == 0
    assert fear.values["slider_rising"] == 0
    assert isinstance(fear.values["slider_consistency"], NotMeasured)
    assert not fear.obeyed
    assert isinstance(SliderStudy(Puppet(deaf=True), _contents()).lag_ms("fear"), NotMeasured)


def test_a_head_that_swings_along_is_a_leak() -> None:
    still, swinging = (_slider(Puppet(leak=leak), "fear") for leak in (0.0, 0.3))
    assert swinging.worst_leak is not None
    assert swinging.worst_leak[0] == "head"
    assert _number(swinging.values["slider_restrictiveness"]) < _number(still.values["slider_restrictiveness"])
    assert swinging.obeyed


def test_a_face_that_moves_at_intensity_0_is_found_out() -> None:
    assert SliderStudy(Puppet(rest=0.1), _contents()).neutral_at_zero() == 0
    assert SliderStudy(Puppet(), _contents()).neutral_at_zero() == 1


def test_a_late_face_has_that_lag() -> None:
    lag = SliderStudy(Puppet(late_frames=5), _contents()).lag_ms("fear")
    assert lag == pytest.approx(200, abs=10)


def test_a_kind_without_attributes_is_refused() -> None:
    @dataclass(frozen=True)
    class Band(Puppet):
        spec: ClassVar = replace(Puppet.spec, name="band", kind="music")

    with pytest.raises(InputError, match="'band' makes music"):
        SliderStudy(Band())


def test_default_contents_are_all_lines_times_seeds() -> None:
    contents = default_contents((0, 4))
    assert len({content.name for content in contents}) == len(contents)
    assert {content.seed for content in contents} == {0, 4}
    assert len(contents) % 2 == 0


@pytest.mark.parametrize("kind", ATTRIBUTES)
def test_aims_name_attributes_that_exist(kind: Any) -> None:
    entry = ATTRIBUTES[kind]
    for aim in (entry.emotion, *entry.gains.values()):
        assert {aim.target, *aim.parts} <= set(entry.attributes)


def _motion(frames: int = 50, **channels: Any) -> FaceMotion:
    curves = {name: np.broadcast_to(values, frames) for name, values in channels.items()}
    rows = [weights_from(**{name: curve[frame] for name, curve in curves.items()}) for frame in range(frames)]
    return FaceMotion(np.stack(rows), np.zeros((frames, 3)), np.zeros((frames, 2)), 25)


def test_a_static_face_has_no_motion() -> None:
    still = _motion(mouthSmile=0.5)
    speech = _contents()[0].speech
    moving = [face.spread(face.mouth_opening_mm(still)), face.spread(face.jaw_drop_mm(still))]
    moving += [face.spread(face.lip_shape(still)), face.blinks_per_minute(still), face.gaze_travel_deg_s(still)]
    moving += [face.head_motion_deg(still), face.opening_per_loudness_mm(still, speech)]
    assert moving == [0] * len(moving)
    assert face.expression_mm(still, still).max() == 0
    assert face.expression_mm(still, _motion()).min() > 0


def test_blinks_are_counted_once_each_and_are_no_expression() -> None:
    lids = np.zeros(50)
    lids[[5, 6, 7, 30, 31]] = 0.9
    blinking = _motion(eyeBlink=lids)
    assert face.blinks_per_minute(blinking) == pytest.approx(2 / 2 * 60)
    assert face.expression_mm(blinking, _motion()).max() == 0


def test_angles() -> None:
    frames = 50
    head = np.zeros((frames, 3))
    head[:, 1] = np.radians(3) * np.where(np.arange(frames) % 2, 1, -1)
    gaze = np.zeros((frames, 2))
    gaze[25:, 0] = np.radians(10)
    motion = FaceMotion(np.zeros((frames, 52)), head, gaze, 25)
    assert face.head_motion_deg(motion) == pytest.approx(3, rel=1e-5)
    assert face.gaze_travel_deg_s(motion) == pytest.approx(10 / 2, rel=1e-5)


def test_regions_of_the_face_are_told_apart() -> None:
    smile, frown = _motion(mouthSmile=1.0), _motion(browDown=1.0)
    squint, rest = _motion(eyeSquint=1.0), _motion()
    assert face.mean_move_mm(smile, rest, face.MOUTH_MARKS) > 2 > 0.2 > face.mean_move_mm(smile, rest, face.BROW_MARKS)
    assert face.mean_move_mm(frown, rest, face.BROW_MARKS) > 2 > 0.2 > face.mean_move_mm(frown, rest, face.MOUTH_MARKS)
    assert face.eye_region_change(squint, rest) > 0 == face.eye_region_change(smile, rest)


def test_a_jaw_that_drops() -> None:
    opening = 0.5 + 0.5 * np.sin(np.arange(50))
    half, whole = _motion(jawOpen=opening / 2), _motion(jawOpen=opening)
    assert face.spread(face.jaw_drop_mm(whole)) == pytest.approx(2 * face.spread(face.jaw_drop_mm(half)), rel=1e-4)
    assert face.jaw_drop_mm(whole).min() >= 0
    assert face.spread(face.mouth_opening_mm(whole)) > face.spread(face.mouth_opening_mm(half)) > 0


def test_lag_of_a_curve_and_its_mirror_image() -> None:
    times_s = np.arange(100) / 25
    asked = np.clip(1 - np.abs(times_s - 2), 0, 1)
    measured = np.interp(times_s - 0.12, times_s, asked)
    assert curve_lag(times_s, asked, measured).ms == pytest.approx(120, abs=10)
    assert curve_lag(times_s, asked[::-1], measured[::-1]).ms == pytest.approx(-120, abs=10)
    assert isinstance(curve_lag(times_s, asked, -measured).value, NotMeasured)


def test_a_lag_at_the_edge_of_what_is_tried_is_none() -> None:
    times_s = np.arange(200) / 25
    asked = np.clip(times_s - 3, 0, 1)
    late = curve_lag(times_s, asked, np.interp(times_s - 1.0, times_s, asked))
    assert late.r > 0.5
    assert not late.inside
    assert isinstance(late.value, NotMeasured)


def test_emotions_are_all_but_neutral() -> None:
    assert {"neutral", *EMOTIONS} == set(CATEGORIES)
