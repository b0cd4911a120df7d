"""PC-Talk's algebra on a face's motion, against cases that can be worked out by hand."""

from typing import Any, ClassVar, Self

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from espressivo.conditioning.notation import parse_emotion
from espressivo.conditioning.prosody import Prosody, analyse_prosody
from espressivo.conditioning.speech import SAMPLE_RATE_HZ, Phone, Speech, Word
from espressivo.conditioning.track import EmotionTrack
from espressivo.errors import EmotionError, InputError
from espressivo.generators.base import GenerationRequest, GeneratorSpec
from espressivo.generators.face.arkit import ARKIT_NAMES, CHANNEL, weights_from
from espressivo.generators.face.articulation.closure import LipGap
from espressivo.generators.face.motion import FaceMotion
from espressivo.generators.inputs import EmotionInput, SpeechInput
from espressivo.generators.portrait.pctalk.accents import LEAD_S, RISE_S, brow_accents
from espressivo.generators.portrait.pctalk.articulation import DIRECTIONS, along, edited
from espressivo.generators.portrait.pctalk.conditions import parse_condition
from espressivo.generators.portrait.pctalk.control import ControlledFace, control
from espressivo.generators.portrait.pctalk.controls import LipControls
from espressivo.generators.portrait.pctalk.deformation import Deformation, deformed
from espressivo.generators.portrait.pctalk.direction import Direction
from espressivo.generators.portrait.pctalk.edits import Edit, curves_of, parse_edits, window
from espressivo.generators.portrait.pctalk.lids import with_blinks, without_blinks
from espressivo.generators.portrait.pctalk.loudness import LEAST, lip_scale
from espressivo.generators.portrait.pctalk.regions import REGIONS
from espressivo.generators.portrait.pctalk.styles import LARGEST, STYLES, Style, parse_style

FPS = 50.0
FRAMES = 150
GAP = LipGap(weights_from(jawOpen=30, mouthClose=-30, mouthUpperUp=3, mouthSmile=-1).astype(np.float64), 0.0)
PHONES = (("SIL", 0.5), ("AA", 0.5), ("M", 0.2), ("AA", 0.3), ("N", 0.2), ("OW", 0.4), ("SIL", 0.9))
WORDS = (Word("ah", 0.5, 1.0), Word("mah", 1.0, 1.5), Word("no", 1.5, 2.1))
SMILE, FROWN = weights_from(mouthSmile=0.6, cheekSquint=0.5), weights_from(browDown=0.8, mouthFrown=0.4)


def line(words: tuple[Word, ...] | None = WORDS) -> Speech:
    ends_s = np.cumsum([length for _, length in PHONES])
    phones = [Phone(label, end - length, end) for (label, length), end in zip(PHONES, ends_s, strict=True)]
    times_s = np.arange(round(3.0 * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    voice = 0.3 * np.sin(2 * np.pi * 150 * times_s) * ((times_s > 0.5) & (times_s < 2.1))
    return Speech(voice, phones=tuple(phones), words=words, phone_source="given")


def motion(weights: np.ndarray, head: float = 0.0, gaze: float = 0.0, fps: float = FPS) -> FaceMotion:
    frames = len(weights)
    return FaceMotion(weights, np.full((frames, 3), head), np.full((frames, 2), gaze), fps)


def held(**values: float) -> np.ndarray:
    return np.tile(weights_from(**values), (FRAMES, 1))


class StepRequest(GenerationRequest):
    speech: SpeechInput
    emotion: EmotionInput
    fps: float = FPS
    seed: int = 0


class StepFace:
    """A face whose motion can be worked out: the mouth follows three phones, every emotion is a fixed row."""

    spec: ClassVar = GeneratorSpec("step", "face", "a face for tests", licence="none needed")
    rows: ClassVar = {"happiness": SMILE, "anger": FROWN}

    Request: ClassVar = StepRequest

    @classmethod
    def from_pretrained(cls, checkpoint: Any = None, device: str = "auto") -> Self:
        return cls()

    def generate(self, request: Any, progress: Any = None) -> FaceMotion:
        times_s = np.arange(round(request.speech.duration_s * request.fps)) / request.fps
        open_at = ((times_s >= 0.5) & (times_s < 0.9)) | ((times_s >= 1.3) & (times_s < 2.0))
        weights = open_at[:, None] * weights_from(jawOpen=0.4, mouthStretch=0.2)
        curves = request.emotion.sample(times_s)
        for number, name in ((1, "happiness"), (6, "anger")):
            weights = weights + curves.strengths[:, [number]] * self.rows[name]
        head = np.tile([0.01, 0.02, 0.0], (len(times_s), 1)) + 0.1 * curves.strengths[:, [6]]
        return FaceMotion(np.clip(weights, 0, 1), head, np.zeros((len(times_s), 2)), request.fps)


def face(emotion: str, **dials: Any) -> ControlledFace:
    return control(StepFace(), line(), parse_emotion(emotion), Direction.of(LipControls(**dials)), fps=FPS)


# ---- regions


def test_every_channel_lies_in_one_half_of_the_face():
    upper, lower = REGIONS["upper"].channels, REGIONS["lower"].channels
    assert not (upper & lower).any()
    assert (upper | lower).all()
    assert REGIONS["all"].channels.all()


def test_the_upper_half_is_eyes_and_brows_and_the_lips_lie_in_the_lower():
    assert np.array_equal(REGIONS["upper"].channels, REGIONS["eyes"].channels | REGIONS["brows"].channels)
    assert not (REGIONS["eyes"].channels & REGIONS["brows"].channels).any()
    assert not (REGIONS["lips"].channels & ~REGIONS["lower"].channels).any()
    assert {ARKIT_NAMES[i] for i in np.flatnonzero(REGIONS["brows"].channels)} == {
        *("browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    }


# ---- pure deformation


def test_a_deformation_is_the_difference_and_gives_the_emotional_motion_back():
    neutral, emotional = motion(held(jawOpen=0.25), 0.125), motion(held(jawOpen=0.5, mouthSmile=0.75), 0.375, 0.25)
    pure = Deformation.between(neutral, emotional)
    assert pure.weights[7, CHANNEL["jawOpen"]] == 0.25
    assert pure.weights[7, CHANNEL["mouthSmileLeft"]] == 0.75
    assert pure.head_rad[7, 0] == 0.25
    again = deformed(neutral, [pure])
    assert np.array_equal(again.weights, emotional.weights)
    assert np.array_equal(again.head_rad, emotional.head_rad)
    assert np.array_equal(again.gaze_rad, emotional.gaze_rad)


def test_deformations_scale_and_add_up():
    neutral = motion(held())
    smile = Deformation.between(neutral, motion(held(mouthSmile=0.5)))
    frown = Deformation.between(neutral, motion(held(browDown=0.5), 0.5))
    both = deformed(neutral, [smile.times(0.5), frown.times(2.0).within("brows")])
    assert both.weights[0, CHANNEL["mouthSmileLeft"]] == 0.25
    assert both.weights[0, CHANNEL["browDownRight"]] == 1.0
    assert not both.head_rad.any()  # the carriage of the head belongs to the whole face only


@pytest.mark.parametrize("name", REGIONS)
def test_a_region_moves_alone(name: Any):
    away = Deformation(np.ones((3, 52)), np.ones((3, 3)), np.ones((3, 2)))
    part = away.within(name)
    assert np.array_equal(part.weights.all(axis=0), REGIONS[name].channels)
    assert not part.weights[:, ~REGIONS[name].channels].any()
    assert part.gaze_rad.all() == (name in ("eyes", "upper", "all"))
    assert part.head_rad.all() == (name == "all")


def test_motions_of_different_lengths_cannot_be_compared():
    with pytest.raises(ValueError, match="cannot be compared"):
        Deformation.between(motion(held()), motion(held()[:-1]))


# ---- blinks


def blinking(at: int) -> np.ndarray:
    weights = held(eyeBlink=0.1, eyeWide=0.5)
    weights[at : at + 12, CHANNEL["eyeBlinkLeft"]] = weights[at : at + 12, CHANNEL["eyeBlinkRight"]] = 1.0
    weights[at : at + 12, CHANNEL["eyeWideLeft"]] = weights[at : at + 12, CHANNEL["eyeWideRight"]] = 0.0
    return weights


def test_blinks_come_out_and_go_back_in():
    original = motion(blinking(40))
    still, closures = without_blinks(original)
    assert np.allclose(still.channel("eyeBlinkLeft"), 0.1)
    assert np.allclose(still.channel("eyeWideRight"), 0.5)
    assert np.flatnonzero(closures[:, 0] > 1e-6).tolist() == list(range(40, 52))
    assert np.allclose(with_blinks(still, closures).weights, original.weights, atol=1e-6)


def test_a_lid_that_is_held_down_is_no_blink():
    weights = held()
    weights[30:, CHANNEL["eyeBlinkLeft"]] = 0.7
    still, closures = without_blinks(motion(weights))
    assert np.allclose(still.channel("eyeBlinkLeft"), weights[:, CHANNEL["eyeBlinkLeft"]])
    assert not closures.any()


# ---- articulation


def test_directions_are_orthogonal():
    rows = np.stack(list(DIRECTIONS.values()))
    products = rows @ rows.T
    assert np.array_equal(products, np.diag(np.diag(products)))


@pytest.mark.parametrize("name", DIRECTIONS)
def test_an_edit_scales_the_projection_and_leaves_the_rest(name: Any):
    weights = np.random.default_rng(0).uniform(0, 1, (5, 52))
    made = edited(weights, name, 2.0)
    assert np.allclose(along(made, name), 2.0 * along(weights, name))
    for other in DIRECTIONS.keys() - {name}:
        assert np.allclose(along(made, other), along(weights, other))
    row = DIRECTIONS[name]
    across = weights - np.outer(along(weights, name), row)
    assert np.allclose(made - np.outer(along(made, name), row), across)


def test_a_mouth_on_the_direction_itself():
    row = DIRECTIONS["opening"]
    weights = np.stack([row, 0.5 * row])
    assert along(weights, "opening") == pytest.approx([1.0, 0.5])
    assert np.allclose(edited(weights, "opening", 0.0), 0.0)
    assert np.allclose(edited(weights, "opening", np.array([1.5, 1.0])), [1.5 * row, 0.5 * row])
    assert np.allclose(edited(weights, "opening", 1.0, np.array([0.0, 0.25])), [row, 0.75 * row])


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 3), st.floats(0, 3), st.integers(0, 99))
def test_the_order_of_edits_does_not_matter(one: float, other: float, seed: int):
    weights = np.random.default_rng(seed).uniform(0, 1, (3, 52))
    here = edited(edited(weights, "pursing", one), "widening", other)
    there = edited(edited(weights, "widening", other), "pursing", one)
    assert np.allclose(here, there)


# ---- edits as they are written


def test_edits_are_read():
    assert parse_edits("wide 1.3") == (Edit("widening", 1.3),)
    assert parse_edits("purse 0.5, open +0.2") == (Edit("pursing", 0.5), Edit("opening", more=0.2))
    assert parse_edits("Never#2: wide 1.5") == (Edit("widening", 1.5, words=("never",), time=2),)
    assert parse_edits("you did it: open 0") == (Edit("opening", 0.0, words=("you", "did", "it")),)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("loud 2", "none of purse, wide and open"),
        ("wide", "none of purse, wide and open"),
        ("wide 9", "beyond what a mouth can do"),
        ("open +2", "more than the whole gesture"),
        (": wide 1", "names no word"),
        ("never#0: wide 1", "number after #"),
        ("wide 1, ", "none of purse, wide and open"),
    ],
)
def test_what_is_no_edit_is_refused(text: str, sentence: str):
    with pytest.raises(InputError, match=sentence):
        parse_edits(text)


def test_an_edit_of_a_word_is_1_in_its_middle_and_nothing_outside():
    times_s = np.arange(300) / 100
    (edit,) = parse_edits("mah: wide 2")
    scales, additions = curves_of([edit], times_s, WORDS)
    assert scales["widening"][125] == 2.0
    assert (scales["widening"][(times_s <= 1.0) | (times_s >= 1.5)] == 1.0).all()
    assert (scales["opening"] == 1.0).all()
    assert not any(addition.any() for addition in additions.values())


def test_edits_multiply_and_additions_add_up():
    scales, additions = curves_of(
        [Edit("opening", 0.5), Edit("opening", 3.0), Edit("opening", more=0.25), Edit("opening", more=0.5)],
        np.arange(4) / 4,
        None,
    )
    assert np.array_equal(scales["opening"], np.full(4, 1.5))
    assert np.array_equal(additions["opening"], np.full(4, 0.75))


def test_words_in_a_row_and_the_second_time():
    words = (Word("no", 0, 0.5), Word("you", 0.5, 1.0), Word("no", 1.0, 1.5), Word("you", 1.5, 2.0))
    times_s = np.arange(200) / 100

    def where(text: str) -> list[float]:
        scale = curves_of(parse_edits(text), times_s, words)[0]["widening"]
        return times_s[scale > 1.9].round(2)[[0, -1]].tolist()

    assert where("no you: wide 2") == pytest.approx([0.05, 1.95])
    assert where("no#2: wide 2") == pytest.approx([1.05, 1.45])
    assert where("you no: wide 2") == pytest.approx([0.55, 1.45])


def test_a_word_that_is_not_said_is_named():
    with pytest.raises(InputError, match=r"not said in the line.*ah mah no"):
        curves_of(parse_edits("never: wide 2"), np.zeros(1), WORDS)
    with pytest.raises(InputError, match=r"said only once.*#2"):
        curves_of(parse_edits("no#2: wide 2"), np.zeros(1), WORDS)
    with pytest.raises(InputError, match="--transcript"):
        curves_of(parse_edits("no: wide 2"), np.zeros(1), None)


def test_the_window_of_a_very_short_word_still_opens():
    times_s = np.arange(100) / 1000
    curve = window(times_s, 0.02, 0.05)
    assert curve.max() == 1.0
    assert not curve[times_s <= 0.02].any()
    assert not curve[times_s >= 0.05].any()


# ---- loudness


def prosody(loudness: np.ndarray, accents_s: tuple[float, ...] = ()) -> Prosody:
    level = loudness.astype(np.float32)
    spoken = np.ones(len(level), bool)
    pitch = np.full(len(level), 120, np.float32)
    return Prosody(level, pitch, spoken, level, level, pauses=(), accents_s=np.array(accents_s))


def test_without_following_every_frame_has_the_scale():
    assert np.array_equal(lip_scale(prosody(np.linspace(0, 1, 100)), np.arange(5) / 5, 1.3), np.full(5, 1.3))


def test_louder_speech_moves_the_lips_more():
    level = np.concatenate([np.full(200, 0.2), np.full(200, 0.8)])
    scale = lip_scale(prosody(level), np.arange(400) / 100, 1.0, follow=1.0)
    assert scale[50] == pytest.approx(0.7)  # 1 + (.2 - .5)
    assert scale[350] == pytest.approx(1.3)
    assert scale.mean() == pytest.approx(1.0, abs=1e-3)


def test_silence_leaves_some_movement():
    level = np.concatenate([np.zeros(200), np.ones(200)])
    assert lip_scale(prosody(level), np.arange(400) / 100, 1.0, follow=2.0).min() == LEAST


# ---- styles


def test_neutral_is_no_style_and_half_a_style_lies_half_way():
    assert parse_style("neutral") == Style()
    half = parse_style("mumbling:0.5")
    assert isinstance(half, Style)
    assert half.opening == pytest.approx((1 + STYLES["mumbling"].opening) / 2)
    assert half.head == pytest.approx((1 + STYLES["mumbling"].head) / 2)


def test_styles_mix():
    mixed = parse_style("broad:0.5+reserved:0.5")
    assert isinstance(mixed, Style)
    assert mixed.widening == pytest.approx((STYLES["broad"].widening + STYLES["reserved"].widening) / 2)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(STYLES)), st.floats(0, 2)), min_size=1, max_size=4))
def test_any_mixture_keeps_in_range(parts: list[tuple[str, float]]):
    mixed = Style.mixed((STYLES[name], share) for name, share in parts)
    assert all(0 <= value <= LARGEST for value in vars(mixed).values())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("mumblin", "did you mean 'mumbling'"),
        ("broad:3", "more than twice"),
        ("broad:x", "no style"),
        ("of:no.mp4", "no.mp4"),
    ],
)
def test_what_is_no_style_is_refused(text: str, sentence: str):
    with pytest.raises(InputError, match=sentence):
        parse_style(text)


def test_brows_rise_before_an_accent_and_are_down_again():
    raised = brow_accents(prosody(np.full(300, 0.5), (1.5,)), np.arange(300) / 100)
    assert raised.max() == pytest.approx(0.5)
    assert np.argmax(raised) == round(100 * (1.5 - LEAD_S))
    assert not raised[: round(100 * (1.5 - LEAD_S - RISE_S))].any()
    assert not raised[250:].any()


# ---- all together


def test_conditions_are_read():
    condition = parse_condition(" Brows = @0 neutral @1.5 anger:0.9")
    assert condition.region == "brows"
    assert len(condition.emotion.keyframes) == 2
    with pytest.raises(EmotionError, match="no region"):
        parse_condition("happiness:0.8")
    with pytest.raises(EmotionError, match="there are lips, eyes, brows"):
        parse_condition("nose=disgust")
    with pytest.raises(EmotionError, match="'auto' is recognised for the whole face"):
        parse_condition("lips=auto")


def test_with_all_dials_at_rest_it_is_the_generators_own_motion_to_the_bit():
    controlled = face("happiness:0.8")
    made = controlled.motion(GAP)
    assert np.array_equal(made.weights, controlled.full.weights)
    assert np.array_equal(made.head_rad, controlled.full.head_rad)


def test_the_gain_scales_the_emotion_and_not_the_speech():
    weights = face("happiness:0.5", emotion_gain=2.0).motion(GAP).weights
    assert weights[0, CHANNEL["cheekSquintLeft"]] == pytest.approx(0.5)
    assert weights[30, CHANNEL["jawOpen"]] == pytest.approx(0.4)
    assert face("happiness:0.5", emotion_gain=0.0).motion(GAP).weights[0].max() == 0.0


def test_several_emotions_on_several_regions():
    weights = face("neutral", regions=("brows=anger:0.5", "lips=happiness:0.5")).motion(GAP).weights[0]
    assert weights[CHANNEL["browDownLeft"]] == pytest.approx(0.4)
    assert weights[CHANNEL["mouthSmileLeft"]] == pytest.approx(0.3)
    assert weights[CHANNEL["mouthFrownLeft"]] == 0.0
    assert weights[CHANNEL["cheekSquintLeft"]] == 0.0


def test_the_head_follows_the_emotion_of_the_whole_face_only():
    assert face("anger").motion(GAP).head_rad[0, 0] == pytest.approx(0.11)
    assert face("neutral", regions=("upper=anger",)).motion(GAP).head_rad[0, 0] == pytest.approx(0.01)
    assert face("neutral", style="deadpan").motion(GAP).head_rad[0, 1] == pytest.approx(0.02 * 0.15)


def test_an_edit_of_a_word_touches_that_word_only():
    plain, made = face("happiness:0.6").motion(GAP), face("happiness:0.6", edits=("no: wide 2",)).motion(GAP)
    differs = np.flatnonzero((plain.weights != made.weights).any(axis=1)) / FPS
    assert differs.min() > 1.5
    assert differs.max() < 2.1
    assert made.weights[90, CHANNEL["mouthStretchLeft"]] > plain.weights[90, CHANNEL["mouthStretchLeft"]]


def test_the_lip_scale_scales_lips_and_leaves_brows():
    weights = face("anger:0.5", lip_scale=0.5).motion(GAP).weights
    assert weights[30, CHANNEL["jawOpen"]] == pytest.approx(0.2)
    assert weights[30, CHANNEL["browDownLeft"]] == pytest.approx(0.4)


@pytest.mark.parametrize(
    "dials",
    [
        {"edits": ("open 3",)},
        {"style": "loud"},
        {"lip_scale": 2.0},
        {"edits": ("mah: open +1",)},
        {"emotion_gain": 2.0},
    ],
)
def test_lips_that_must_close_close_after_everything(dials: dict[str, Any]):
    controlled = face("happiness:0.9", **dials)
    at_m = round(1.1 * FPS)
    assert GAP(controlled.motion(GAP).weights)[at_m] <= 0.0

    def shout(pure: np.ndarray, strengths: np.ndarray, *_: np.ndarray) -> np.ndarray:
        return pure + strengths.sum(axis=1, keepdims=True) * weights_from(jawOpen=0.5, mouthUpperUp=1.4)

    drawn = controlled.emphasised(shout, GAP)
    assert drawn.weights.max() > 1.0
    assert GAP(drawn.weights)[at_m] <= 1e-6
    assert GAP(drawn.weights)[30] > 5.0


def test_emphasis_of_nothing_is_nothing_and_of_a_region_stays_there():
    def double(pure: np.ndarray, strengths: np.ndarray, *_: np.ndarray) -> np.ndarray:
        return 2.0 * pure

    calm = face("neutral")
    assert np.array_equal(calm.emphasised(double, GAP).weights[0], calm.motion(GAP).weights[0])
    drawn = face("neutral", regions=("brows=anger",)).emphasised(double, GAP)
    assert drawn.weights[0, CHANNEL["browDownLeft"]] == pytest.approx(1.6)
    assert drawn.weights[0, CHANNEL["mouthFrownLeft"]] == 0.0


def test_a_renderer_is_told_where_the_mouth_speaks_and_how_round_it_is():
    told: list[np.ndarray] = []

    def listen(pure: np.ndarray, strengths: np.ndarray, *mouth: np.ndarray) -> np.ndarray:
        told.extend(mouth)
        return pure

    controlled = face("happiness")
    controlled.emphasised(listen, GAP)
    gave_way, rounded = told
    assert len(gave_way) == len(rounded) == len(controlled.speaking)
    assert 0 <= gave_way.min() <= gave_way.max() <= 1 + 1e-6
    assert gave_way.max() > 0.9
    lips = controlled.speaking.weights[:, [CHANNEL["mouthFunnel"], CHANNEL["mouthPucker"]]].sum(axis=1)
    np.testing.assert_allclose(rounded, np.clip(lips, 0, 1))


def test_every_emotion_is_generated_once():
    asked: list[EmotionTrack] = []

    class Counting(StepFace):
        def generate(self, request: Any, progress: Any = None) -> FaceMotion:
            asked.append(request.emotion)
            return super().generate(request, progress)

    direction = Direction.of(LipControls(regions=("lips=happiness", "eyes=happiness")))
    control(Counting(), line(), parse_emotion("happiness"), direction, fps=FPS)
    assert len(asked) == 2


def test_only_faces_can_be_controlled():
    class Singer(StepFace):
        spec: ClassVar = GeneratorSpec("singer", "music", "no face", licence="none")

    with pytest.raises(InputError, match="'singer' moves no face"):
        control(Singer(), line(), parse_emotion("joy"), Direction())


def test_prosody_of_the_test_line_is_what_it_says():
    speaking = analyse_prosody(line()).speaking
    assert speaking[100:190].all()
    assert not speaking[260:].any()
