"""The dials of the built-in face do what they say, as the study of sliders sees it."""

import pytest

from espressivo.eval.control.results import StudyResult
from espressivo.eval.control.study import EMOTIONS, SliderStudy, default_contents
from espressivo.eval.metric import NotMeasured
from espressivo.generators.registry import load_generator


@pytest.fixture(scope="module")
def study() -> StudyResult:
    return SliderStudy(load_generator("parametric"), default_contents((1,))[:1]).run()


def test_every_emotion_grows_with_its_intensity(study: StudyResult) -> None:
    for slider in study.sliders:
        if slider.name in EMOTIONS:
            assert slider.obeyed, slider.name
            r_squared = slider.values["slider_monotonicity"]
            assert isinstance(r_squared, float)
            assert r_squared > 0.95, slider.name


def test_every_gain_is_known_and_obeyed(study: StudyResult) -> None:
    """Blinks of a line of 5 s are whole numbers between none and a few: their rank correlation cannot be perfect."""
    for slider in study.sliders:
        assert slider.target is not None, f"{slider.name} needs a row in eval/control/attributes.py"
        assert slider.values["slider_rising"] == 1, slider.name
        assert slider.obeyed or slider.name == "controls.blinks", slider.name


def test_intensity_0_is_neutral(study: StudyResult) -> None:
    assert study.neutral_at_zero == 1


def test_the_time_line_is_followed_within_three_frames(study: StudyResult) -> None:
    for emotion, lag in study.lags_ms.items():
        assert not isinstance(lag, NotMeasured), emotion
        assert abs(float(lag)) <= 120, emotion
