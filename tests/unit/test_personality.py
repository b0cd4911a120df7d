"""Personality: traits, temperament, moods, and what speaking and listening do to feelings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from espressivo.conditioning.personality.big_five import (
    PRESETS,
    TRAITS,
    BigFive,
    format_personality,
    parse_personality,
    temperament,
)
from espressivo.conditioning.personality.mood import (
    EMOTION_TAU_S,
    MOOD_TAU_S,
    PLACE,
    Feelings,
    at_rest,
    felt,
    mood_name,
    rest_of,
    settle,
)
from espressivo.conditioning.personality.transition import CONTAGION, hear, reaction, speak
from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.errors import EmotionError

unit = st.floats(0, 1)
personalities = st.builds(BigFive, unit, unit, unit, unit, unit)
places = st.lists(st.floats(-1, 1), min_size=3, max_size=3).map(np.array)

ANXIOUS, STABLE = BigFive(neuroticism=0.9), BigFive(neuroticism=0.1)


def channels(word: str) -> np.ndarray:
    state = EmotionState.of(word)
    return np.concatenate([state.strengths(), state.vad])


def strength(feelings: Feelings, category: str) -> float:
    return float(feelings.emotion[CATEGORIES.index(category)])


class TestTemperament:
    def test_average_is_neutral(self) -> None:
        assert temperament(BigFive()) == (0.0, 0.0, 0.0)

    def test_stable_people_are_pleased_and_calm_and_neurotic_ones_the_opposite(self) -> None:
        assert temperament(BigFive(neuroticism=0.0)) == pytest.approx((0.19, -0.57, 0.0))
        assert temperament(BigFive(neuroticism=1.0)) == pytest.approx((-0.19, 0.57, 0.0))

    @pytest.mark.parametrize(
        ("trait", "expected"),
        [
            ("openness", (0.0, 0.15, 0.25)),
            ("conscientiousness", (0.0, 0.0, 0.17)),
            ("extraversion", (0.21, 0.0, 0.60)),
            ("agreeableness", (0.59, 0.30, -0.32)),
        ],
    )
    def test_each_trait_has_its_published_part(self, trait: str, expected: tuple[float, float, float]) -> None:
        assert temperament(BigFive(**{trait: 1.0})) == pytest.approx(expected)

    @given(personalities)
    def test_it_lies_in_range_and_opposite_people_lie_opposite(self, personality: BigFive) -> None:
        opposite = BigFive(*(1 - getattr(personality, trait) for trait in TRAITS))
        assert max(map(abs, temperament(personality))) <= 1
        assert temperament(opposite) == pytest.approx([-axis for axis in temperament(personality)], abs=1e-9)

    @pytest.mark.parametrize("name", sorted(set(PRESETS) - {"average"}))
    def test_presets_lie_in_the_octant_of_their_name(self, name: str) -> None:
        assert mood_name(temperament(PRESETS[name])) == name


class TestDescription:
    @given(personalities)
    def test_round_trip(self, personality: BigFive) -> None:
        assert parse_personality(format_personality(personality)) == personality

    def test_traits_refine_a_preset(self) -> None:
        assert parse_personality("Anxious, openness=.9") == BigFive(0.9, 0.5, 0.2, 0.5, 0.9)

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("extravers .8", "did you mean extraversion"),
            ("extraversion", "has no value"),
            ("extraversion 1.2", "from 0 to 1"),
            ("extraversion nan", "from 0 to 1"),
            ("extraversion .2, extraversion .3", "twice"),
            ("openness .2, anxious", "come first"),
            ("openness .2,", "empty part"),
            ("", "empty part"),
            ("§" * 100, "no trait or preset"),
        ],
    )
    def test_what_is_wrong_is_said(self, text: str, reason: str) -> None:
        with pytest.raises(EmotionError, match=reason):
            parse_personality(text)

    @pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), "x", True, None])
    def test_traits_out_of_range_are_refused(self, value: float) -> None:
        with pytest.raises(EmotionError, match="neuroticism"):
            BigFive(neuroticism=value)


class TestSettling:
    @given(personalities, st.floats(0, 1e5))
    def test_who_is_at_rest_stays_there(self, personality: BigFive, elapsed_s: float) -> None:
        rest = at_rest(personality)
        later = settle(rest, elapsed_s, personality)
        assert later.emotion == pytest.approx(rest.emotion, abs=1e-9)
        assert later.mood == pytest.approx(rest.mood, abs=1e-9)

    @given(personalities, places, places, st.floats(0, 2000), st.floats(0, 1))
    def test_a_pause_may_be_cut_anywhere(
        self, personality: BigFive, emotion: np.ndarray, mood: np.ndarray, elapsed_s: float, share: float
    ) -> None:
        feelings = Feelings(felt(emotion), mood.copy())
        whole = settle(feelings, elapsed_s, personality)
        halves = settle(settle(feelings, share * elapsed_s, personality), (1 - share) * elapsed_s, personality)
        assert halves.emotion[PLACE] == pytest.approx(whole.emotion[PLACE], abs=1e-9)
        assert halves.mood == pytest.approx(whole.mood, abs=1e-9)

    def test_everything_comes_back_to_the_temperament(self) -> None:
        end = settle(Feelings(channels("rage"), np.array([-0.8, 0.8, 0.3])), 1e5, ANXIOUS)
        assert end.emotion == pytest.approx(at_rest(ANXIOUS).emotion, abs=1e-6)
        assert end.mood == pytest.approx(rest_of(ANXIOUS), abs=1e-6)

    def test_an_emotion_fades_at_its_pace(self) -> None:
        after = settle(Feelings(channels("anger"), np.zeros(3)), EMOTION_TAU_S, BigFive())
        assert after.emotion[PLACE] == pytest.approx(np.exp(-1) * channels("anger")[PLACE], abs=0.01)
        assert strength(after, "anger") == pytest.approx(np.exp(-1), abs=0.01)

    def test_a_mood_moves_slowly_and_lasts(self) -> None:
        feelings = Feelings(channels("anger"), np.zeros(3))
        moved = settle(feelings, 20.0, BigFive())
        assert 0 < np.linalg.norm(moved.mood) < 0.03
        bad_mood = settle(
            Feelings(np.zeros_like(feelings.emotion), np.array([-0.5, 0.3, 0.2])), MOOD_TAU_S / 4, BigFive()
        )
        assert bad_mood.mood[0] < -0.3
        assert bad_mood.emotion[PLACE] == pytest.approx(bad_mood.mood, abs=0.05)  # emotions fade into the mood

    def test_repeated_anger_spoils_the_mood(self) -> None:
        feelings = at_rest(BigFive())
        for _ in range(60):
            feelings = settle(speak(feelings, EmotionState.of("anger"), 1.0, BigFive()), 5.0, BigFive())
        assert mood_name(feelings.mood) == "hostile"
        assert np.linalg.norm(feelings.mood) < 0.5 * np.linalg.norm(channels("anger")[PLACE])


class TestFelt:
    @given(places)
    def test_strengths_are_strengths(self, place: np.ndarray) -> None:
        emotion = felt(place)
        assert emotion[PLACE] == pytest.approx(place)
        assert emotion[: PLACE.start].min() >= 0
        assert emotion[: PLACE.start].sum() <= 1 + 1e-9

    def test_a_faint_feeling_is_its_full_one_faintly(self) -> None:
        faint = felt(0.1 * channels("happiness")[PLACE])
        assert CATEGORIES[int(faint[: PLACE.start].argmax())] == "happiness"
        assert 0.05 < faint[: PLACE.start].sum() < 0.2

    @pytest.mark.parametrize("place", [(0, 0, 0), (0.01, 0, 0.01)])
    def test_hardly_any_mood_has_no_name(self, place: tuple[float, float, float]) -> None:
        assert mood_name(place) == "neutral"


class TestSpeaking:
    def test_an_average_person_feels_what_is_said(self) -> None:
        assert speak(at_rest(BigFive()), EmotionState.of("fear"), 1.0, BigFive()).emotion == pytest.approx(
            channels("fear")
        )

    def test_without_certainty_nothing_changes(self) -> None:
        rest = at_rest(ANXIOUS)
        assert speak(rest, EmotionState.of("fear"), 0.0, ANXIOUS).emotion == pytest.approx(rest.emotion)

    def test_the_anxious_are_more_upset_than_the_stable_by_the_same(self) -> None:
        anxious, stable = (
            speak(at_rest(person), EmotionState.of("fear", 0.6), 1.0, person) for person in (ANXIOUS, STABLE)
        )
        assert anxious.emotion[PLACE][0] < stable.emotion[PLACE][0] - 0.1
        assert anxious.emotion[PLACE][1] > stable.emotion[PLACE][1] + 0.1
        assert strength(anxious, "fear") > strength(stable, "fear")

    def test_extraverts_rejoice_more(self) -> None:
        out, inward = (
            speak(at_rest(BigFive()), EmotionState.of("happiness", 0.5), 1.0, BigFive(extraversion=trait)).emotion[
                PLACE
            ]
            for trait in (0.9, 0.1)
        )
        assert out[0] > inward[0] + 0.1

    @given(personalities, places, st.sampled_from(CATEGORIES), unit, unit)
    def test_feelings_stay_in_range(
        self, personality: BigFive, place: np.ndarray, category: str, intensity: float, certainty: float
    ) -> None:
        said = EmotionState.of(category, intensity)
        emotion = speak(Feelings(felt(place), place.copy()), said, certainty, personality).emotion
        assert np.isfinite(emotion).all()
        assert np.abs(emotion).max() <= 1
        assert emotion[: PLACE.start].min() >= 0
        assert emotion[: PLACE.start].sum() <= 1 + 1e-9


class TestHearing:
    def test_neutral_speech_changes_nothing(self) -> None:
        feelings = Feelings(channels("anger"), np.zeros(3))
        assert hear(feelings, channels("neutral"), BigFive()).emotion == pytest.approx(feelings.emotion)

    @pytest.mark.parametrize("word", ["happiness", "sadness", "anger", "fear"])
    def test_an_average_person_shares_a_part_of_it(self, word: str) -> None:
        heard = hear(at_rest(BigFive()), channels(word), BigFive())
        assert heard.emotion == pytest.approx(CONTAGION * channels(word))

    def test_anger_makes_the_agreeable_yield_and_the_disagreeable_answer(self) -> None:
        yielding, opposing = (reaction(channels("anger"), BigFive(agreeableness=trait)) for trait in (1.0, 0.0))
        assert yielding[PLACE][2] < 0 < opposing[PLACE][2]
        assert yielding[CATEGORIES.index("fear")] > 0.1 > opposing[CATEGORIES.index("fear")]
        assert opposing[PLACE][0] < 0

    def test_the_joy_of_others_pleases_the_agreeable_only(self) -> None:
        pleased, displeased = (reaction(channels("happiness"), BigFive(agreeableness=trait)) for trait in (1.0, 0.0))
        assert displeased[PLACE][0] < 0 < pleased[PLACE][0]

    @given(personalities, places, places)
    def test_feelings_stay_in_range(self, personality: BigFive, place: np.ndarray, other: np.ndarray) -> None:
        emotion = hear(Feelings(felt(place), place.copy()), felt(other), personality).emotion
        assert np.isfinite(emotion).all()
        assert np.abs(emotion).max() <= 1
        assert emotion[: PLACE.start].sum() <= 1 + 1e-9
