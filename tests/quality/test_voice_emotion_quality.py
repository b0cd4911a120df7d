"""The recognisers that ship, on voices, a language and microphones that they were not trained on."""

from pathlib import Path

import numpy as np
import pytest

from espressivo.conditioning.auto import track_of
from espressivo.conditioning.speech import Speech
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.conditioning.voice_emotion.features import coarse_features
from espressivo.conditioning.voice_emotion.fit import Described
from espressivo.conditioning.voice_emotion.measure import figures_on
from espressivo.conditioning.voice_emotion.recogniser import (
    DEFAULT,
    NON_COMMERCIAL,
    VoiceRecogniser,
    load_recogniser,
    recognise_emotion,
)
from espressivo.weights.manifest import FOLDER

ROOT = Path(__file__).parents[2]
REAL = ROOT / "tests" / "fixtures" / "voice_emotion"
SYNTHETIC = ROOT / "assets" / "speech"


@pytest.fixture(params=[DEFAULT, NON_COMMERCIAL])
def recogniser(request: pytest.FixtureRequest) -> VoiceRecogniser:
    return load_recogniser(request.param)


def arousal(recogniser: VoiceRecogniser, path: Path) -> float:
    return float(recogniser.recognise(Speech.read(path)).vad[:, 1].mean())


def test_an_angry_voice_is_more_aroused_than_a_sad_one(recogniser: VoiceRecogniser) -> None:
    for folder, suffix, names in (
        (REAL, "flac", ("Mark_anger", "Mark_sadness")),
        (SYNTHETIC, "wav", ("anger", "sadness")),
    ):
        angry, sad = (arousal(recogniser, folder / f"{name}.{suffix}") for name in names)
        assert angry > sad + 0.2


def test_strength_of_the_microphone_and_a_little_noise_do_not_matter(recogniser: VoiceRecogniser) -> None:
    speech = Speech.read(REAL / "Mark_anger.flac")
    vad = recogniser.classify(speech.samples)[1]
    assert np.allclose(recogniser.classify(speech.samples * 0.1)[1], vad, atol=0.02)
    noise = np.random.default_rng(0).normal(0, 0.03 * speech.samples.std(), len(speech.samples))
    noisy = recogniser.classify((speech.samples + noise).astype(np.float32))[1]
    assert np.abs(noisy - vad).max() < 0.35


def test_an_angry_line_is_performed_as_anger_more_than_as_sadness_and_the_other_way_round() -> None:
    angry, sad = (track_of(recognise_emotion(Speech.read(REAL / f"Mark_{name}.flac"))) for name in ("anger", "sadness"))
    low = [CATEGORIES.index(name) for name in ("sadness", "boredom")]
    high = [CATEGORIES.index(name) for name in ("anger", "happiness", "fear")]
    for track, more, less in ((angry, high, low), (sad, low, high)):
        strengths = track.sample(np.arange(0.0, 5.5, 0.1)).strengths.mean(axis=0)
        assert strengths[more].sum() > strengths[less].sum() + 0.1
        assert len(track.keyframes) < 12


def test_the_default_keeps_its_figures_on_english_actors_it_never_heard() -> None:
    table = np.load(REAL / "acted_english.npz")
    features = table["features"] * table["step"].astype(np.float64) + table["middle"]
    none_disturbed = np.zeros((len(features), 0, features.shape[1]))
    clips = Described(
        features, none_disturbed, table["category"], table["speaker"], table["rating"], coarse=coarse_features()
    )
    figures = figures_on(load_recogniser(), clips)
    # Measured: .52 raw, .56 normalised; raw V .28, A .65, D .54.
    assert figures["raw"]["uar"] > 0.48
    assert figures["normalised"]["uar"] > 0.52
    for axis, least in {"V": 0.2, "A": 0.6, "D": 0.45}.items():
        assert figures["raw"]["expected_ratings_ccc"][axis] > least


def test_the_non_commercial_recogniser_says_so_first() -> None:
    card = (FOLDER / NON_COMMERCIAL / "CARD.md").read_text(encoding="utf-8")
    assert "CC BY-NC-SA 4.0" in card[:400]
    assert "CC BY-NC-SA" not in (FOLDER / DEFAULT / "CARD.md").read_text(encoding="utf-8")[:400]
