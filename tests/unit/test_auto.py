"""The track that is made of recognised emotion, and its dials."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from espressivo.conditioning.auto import curves_of, track_of
from espressivo.conditioning.auto_dials import AutoEmotion
from espressivo.conditioning.recognition import RecognisedEmotion
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.errors import EmotionError, InputError


def found_as(rows: list[tuple[str, float]], step_s: float = 0.25) -> RecognisedEmotion:
    """What is recognised of these categories at these intensities, one after the other."""
    posterior = np.zeros((len(rows), len(CATEGORIES)))
    posterior[np.arange(len(rows)), [CATEGORIES.index(name) for name, _ in rows]] = 1.0
    intensity = np.array([amount for _, amount in rows])
    vad = intensity[:, None] * np.array([0.2, 0.4, -0.1])
    return RecognisedEmotion(
        source="text",
        times_s=np.arange(len(rows)) * step_s,
        posterior=posterior,
        vad=vad,
        confidence=np.ones(len(rows)),
        intensity=intensity,
    )


class TestAutoEmotion:
    def test_strength_nought_is_neutral_throughout(self) -> None:
        track = track_of(found_as([("anger", 0.8)] * 9), AutoEmotion(strength=0.0))
        assert [keyframe.state.intensity for keyframe in track.keyframes] == [0.0]
        assert not track.sample(np.arange(3.0)).vad.any()

    def test_a_steady_emotion_is_one_keyframe(self) -> None:
        track = track_of(found_as([("anger", 0.8)] * 40))
        assert len(track.keyframes) == 1
        assert track.keyframes[0].state.strengths()[CATEGORIES.index("anger")] == pytest.approx(0.8, abs=1e-3)

    @given(st.lists(st.tuples(st.sampled_from(CATEGORIES), st.floats(0, 1)), min_size=1, max_size=30), st.floats(0, 2))
    @settings(max_examples=40, deadline=None)
    def test_the_track_follows_the_curves(self, rows: list[tuple[str, float]], smoothing_s: float) -> None:
        recognised, auto = found_as(rows), AutoEmotion(smoothing_s=smoothing_s, max_emotions=9)
        strengths, _ = curves_of(recognised, auto)
        sampled = track_of(recognised, auto).sample(recognised.times_s)
        assert np.abs(sampled.strengths - strengths).max() < 0.05

    def test_smoothing_keeps_the_mean_and_lowers_peaks(self) -> None:
        recognised = found_as([("anger", float(number == 20)) for number in range(41)])
        sharp, smooth = (curves_of(recognised, AutoEmotion(smoothing_s=width))[0] for width in (0.0, 1.0))
        assert smooth.max() < 0.5 * sharp.max()
        assert smooth.sum() == pytest.approx(sharp.sum(), rel=1e-3)

    def test_at_most_so_many_emotions_at_a_time(self) -> None:
        recognised = found_as([("neutral", 0.9)] * 6)
        posterior = np.zeros((6, len(CATEGORIES)))
        posterior[:, [CATEGORIES.index(name) for name in ("anger", "fear", "disgust")]] = 0.5, 0.3, 0.2
        recognised = replace(recognised, posterior=posterior)
        for count in (1, 2, 3):
            strengths, _ = curves_of(recognised, AutoEmotion(max_emotions=count, smoothing_s=1.0))
            assert ((strengths > 0).sum(axis=1) == count).all()
            assert strengths.sum(axis=1) == pytest.approx(0.9, abs=0.02)

    def test_a_rare_emotion_is_not_given_away_to_the_common_ones(self) -> None:
        rows = [("sadness", 0.9)] * 20 + [("happiness", 0.9)] * 20 + [("fear", 0.9)] * 20 + [("anger", 0.9)] * 12
        strengths, _ = curves_of(found_as(rows), AutoEmotion(max_emotions=1, smoothing_s=1.0))
        assert strengths[66].argmax() == CATEGORIES.index("anger")

    def test_contrast_gives_the_likeliest_more(self) -> None:
        recognised = found_as([("anger", 0.8)] * 3)
        posterior = np.zeros((3, len(CATEGORIES)))
        posterior[:, [CATEGORIES.index("anger"), CATEGORIES.index("fear")]] = 0.6, 0.4
        recognised = replace(recognised, posterior=posterior)
        anger = [
            curves_of(recognised, AutoEmotion(contrast=contrast))[0][0, CATEGORIES.index("anger")]
            for contrast in (0.5, 1.0, 3.0)
        ]
        assert anger[0] < anger[1] < anger[2]

    def test_a_preferred_emotion_takes_its_share(self) -> None:
        recognised = found_as([("anger", 0.8)] * 3)
        leaning = curves_of(recognised, AutoEmotion(preferred="happiness", preferred_weight=0.5))[0][0]
        assert leaning[CATEGORIES.index("happiness")] == pytest.approx(0.5)
        assert leaning[CATEGORIES.index("anger")] == pytest.approx(0.4)
        alone = track_of(recognised, AutoEmotion(preferred="happiness", preferred_weight=1.0)).keyframes[0].state
        assert dict(alone.weights) == {"happiness": 1.0}

    def test_dials_out_of_range_are_refused(self) -> None:
        assert AutoEmotion(preferred="glee").preferred == "happiness"
        with pytest.raises(EmotionError, match="did you mean happiness"):
            AutoEmotion(preferred="hapiness")
        with pytest.raises(InputError, match="max-emotions"):
            AutoEmotion(max_emotions=0)

    def test_a_voice_has_to_sound_more_like_disgust_than_a_text_has_to_read(self) -> None:
        posterior = np.zeros((5, len(CATEGORIES)))
        posterior[:, [CATEGORIES.index("disgust"), CATEGORIES.index("anger")]] = 0.6, 0.4
        read = replace(found_as([("anger", 0.8)] * 5), posterior=posterior)
        disgust, anger = (CATEGORIES.index(name) for name in ("disgust", "anger"))
        strengths = curves_of(read, AutoEmotion())[0]
        assert strengths[2, disgust] > strengths[2, anger]
        strengths = curves_of(replace(read, source="voice"), AutoEmotion())[0]
        assert strengths[2, disgust] < strengths[2, anger]


def test_what_was_recognised_cannot_be_changed() -> None:
    with pytest.raises(ValueError):
        found_as([("anger", 0.8)]).vad[0] = 0.0
