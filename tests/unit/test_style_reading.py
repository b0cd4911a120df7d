"""Styles that are read off a face: from points that the renderer would draw, without a picture in between."""

import numpy as np
import pytest

from espressivo.conditioning.faces.track import FaceTrack
from espressivo.conditioning.notation import parse_emotion
from espressivo.conditioning.phones import recognise_phones
from espressivo.conditioning.speech import Speech
from espressivo.demo import demo_request
from espressivo.errors import InputError
from espressivo.generators.face.arkit import weights_from
from espressivo.generators.face.articulation.closure import LipGap
from espressivo.generators.face.rig import load_head
from espressivo.generators.portrait.avatar.fit import Fit
from espressivo.generators.portrait.avatar.mesh import load_face_mesh
from espressivo.generators.portrait.pctalk.control import control
from espressivo.generators.portrait.pctalk.controls import LipControls
from espressivo.generators.portrait.pctalk.direction import Direction, resolved
from espressivo.generators.portrait.pctalk.style_reading import NEUTRAL, Manner, measure, style_of
from espressivo.generators.portrait.pctalk.styles import STYLES, Style, format_style, parse_style
from espressivo.generators.registry import load_generator

FPS = 25.0


def standard_face(wide: float = 1.0) -> Fit:
    """The standard face in a picture, as it is or wider."""
    points = load_face_mesh().vertices_cm * (14 * wide, -14, -14) + (256, 256, 0)
    return Fit.of(points)


def track(fit: Fit, weights: np.ndarray, head_rad: np.ndarray) -> FaceTrack:
    points = [fit.pose(row, head).points_px for row, head in zip(weights, head_rad, strict=True)]
    return FaceTrack(np.stack(points), np.ones(len(weights), bool), FPS, 512, 512)


@pytest.fixture(scope="module")
def manners() -> dict[str, Manner]:
    demo = demo_request("joy")
    line = recognise_phones(Speech.read(demo.speech, demo.transcript))
    face, gap, fit = load_generator("parametric"), LipGap.of(load_head().lip_gap_mm), standard_face()
    found = {}
    for name in STYLES:
        moved = control(face, line, parse_emotion("neutral"), Direction.of(LipControls(style=name)), FPS)
        motion = moved.motion(gap)
        speaking = moved.prosody.at("speaking", motion.times_s).astype(bool)
        found[name] = measure(track(fit, motion.weights, motion.head_rad), speaking)
    return found


@pytest.mark.parametrize(
    ("number", "measured"), [("opening", "opening"), ("widening", "widening"), ("head", "head_deg")]
)
def test_styles_are_read_in_their_order(manners: dict[str, Manner], number: str, measured: str) -> None:
    asked = np.array([getattr(STYLES[name], number) for name in manners])
    read = np.array([getattr(manner, measured) for manner in manners.values()])
    for one in range(len(asked)):
        for other in range(len(asked)):
            if asked[one] > 1.15 * asked[other]:
                assert read[one] > read[other], (list(manners)[one], list(manners)[other])


def test_pursed_lips_and_lively_brows_stand_out(manners: dict[str, Manner]) -> None:
    assert max(manners, key=lambda name: manners[name].pursing) == "pouting"
    assert max(manners, key=lambda name: manners[name].brows) == "animated"


def test_a_face_of_another_shape_has_the_same_style() -> None:
    frames = 100
    weights = np.linspace(0, 1, frames)[:, np.newaxis] % 0.5 * weights_from(jawOpen=0.6, mouthStretch=0.4)
    still, everywhere = np.zeros((frames, 3)), np.ones(frames, bool)
    one, other = (measure(track(standard_face(wide), weights, still), everywhere) for wide in (1.0, 1.1))
    assert other.opening == pytest.approx(one.opening, rel=0.1)
    assert other.widening == pytest.approx(one.widening, rel=0.2)


def test_a_constant_smile_is_no_style() -> None:
    frames = 100
    weights = np.linspace(0, 1, frames)[:, np.newaxis] % 0.5 * weights_from(jawOpen=0.6)
    still, everywhere = np.zeros((frames, 3)), np.ones(frames, bool)
    plain, smiling = (
        measure(track(standard_face(), weights + extra, still), everywhere)
        for extra in (0, weights_from(mouthSmile=0.5))
    )
    assert smiling.widening == pytest.approx(plain.widening, abs=0.02)


def test_our_neutral_speaker_has_no_style() -> None:
    assert style_of(NEUTRAL) == Style()
    assert style_of(Manner(0.62, 0.3, 0.16, 0.43, 0.91)) == Style(2.0, 0.5, 1.0, 0.3, 0.5)


def test_too_little_speech_tells_no_style() -> None:
    fit, frames = standard_face(), 60
    held = track(fit, np.zeros((frames, 52)), np.zeros((frames, 3)))
    with pytest.raises(InputError, match="s of speech"):
        measure(held, np.zeros(frames, bool))
    with pytest.raises(InputError, match="hardly moves"):
        measure(held, np.ones(frames, bool))


def test_a_style_is_written_and_read_back() -> None:
    style = Style(1.2, 0.75, 1.0, 0.1, 0.5, 0.0)
    assert parse_style(format_style(style)) == style
    assert format_style(STYLES["broad"]) == "broad"
    assert parse_style("head=0.5") == Style(head=0.5)
    assert resolved(LipControls(style="broad:1")).style == "broad"
    with pytest.raises(InputError, match="none of opening, widening"):
        parse_style("head=9")
