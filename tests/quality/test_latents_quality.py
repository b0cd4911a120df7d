"""The encoder that ships, on speakers that it was not trained on: what each vector tells, and what it hides."""

from pathlib import Path

import numpy as np
import pytest

from espressivo.conditioning.latents.encoder import NON_COMMERCIAL, PARTS, LatentEncoder, encode_speech, load_encoder
from espressivo.conditioning.latents.exchange import exchange
from espressivo.conditioning.latents.probes import halves, probe, recall
from espressivo.conditioning.speech import Speech
from espressivo.eval.shipped_lines import shipped_lines

FIXTURE = Path(__file__).parents[1] / "fixtures" / "latents" / "unseen.npz"
TASKS = ("sentence", "emotion", "speaker")


@pytest.fixture(scope="module")
def encoder() -> LatentEncoder:
    return load_encoder(NON_COMMERCIAL)


@pytest.fixture(scope="module")
def clips() -> dict[str, np.ndarray]:
    with np.load(FIXTURE) as file:
        return {name: file[name] for name in file.files}


@pytest.fixture(scope="module")
def vectors(encoder: LatentEncoder, clips: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    found = encoder.vectors(clips["voice"].astype(np.float32), clips["parts"] / np.float32(255))
    return {"raw": clips["voice"].astype(np.float64), **dict(zip(PARTS, found, strict=True))}


def read(vectors: np.ndarray, clips: dict[str, np.ndarray], task: str, kind: str = "linear") -> float:
    """Recall of a probe on the other half of each speaker's clips, or for emotion on speakers it was not fitted on."""
    pytest.importorskip("sklearn")
    cells = [
        tuple(map(str, cell)) for cell in zip(*(clips[n] for n in ("speaker", "emotion", "sentence")), strict=True)
    ]
    folds = clips["speaker"] if task == "emotion" else halves(cells)
    return recall(probe(vectors, clips[task].astype(str), folds, kind), clips[task].astype(str))


@pytest.mark.parametrize(("part", "task"), list(zip(PARTS, TASKS, strict=True)))
def test_each_vector_tells_its_own(
    vectors: dict[str, np.ndarray], clips: dict[str, np.ndarray], part: str, task: str
) -> None:
    assert read(vectors[part], clips, task) >= 0.9 * read(vectors["raw"], clips, task)


@pytest.mark.parametrize("kind", ["linear", "radial"])
@pytest.mark.parametrize(
    ("part", "task", "most"),
    [
        ("content", "emotion", 0.2),
        ("content", "speaker", 0.35),
        ("emotion", "sentence", 0.62),
        ("emotion", "speaker", 0.48),
        ("style", "emotion", 0.27),
        ("style", "sentence", 0.68),
    ],
)
def test_and_hides_the_rest(
    vectors: dict[str, np.ndarray], clips: dict[str, np.ndarray], part: str, task: str, most: float, kind: str
) -> None:
    assert read(vectors[part], clips, task, kind) <= most


def test_the_default_hears_another_language_than_it_was_trained_on(clips: dict[str, np.ndarray]) -> None:
    content, emotion, style = load_encoder().vectors(
        clips["voice"].astype(np.float32), clips["parts"] / np.float32(255)
    )
    assert read(content, clips, "sentence") > 0.7
    assert read(style, clips, "speaker") > 0.65
    assert read(emotion, clips, "emotion") > 0.25
    assert read(content, clips, "emotion") < 0.27
    assert read(emotion, clips, "sentence") < 0.65


def test_lending_anger_raises_the_voice(
    encoder: LatentEncoder, vectors: dict[str, np.ndarray], clips: dict[str, np.ndarray]
) -> None:
    names = ["anger", "calm", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"]
    calm = clips["emotion"] == names.index("neutral")
    angry = vectors["emotion"][clips["emotion"] == names.index("anger")]
    own = encoder.say(vectors["content"][calm], vectors["emotion"][calm], vectors["style"][calm])
    lent = np.mean(
        [encoder.say(vectors["content"][calm], np.tile(one, (calm.sum(), 1)), vectors["style"][calm]) for one in angry],
        axis=0,
    )
    pitch, high, low = 40, slice(20, 40), slice(0, 10)
    assert lent[..., pitch].mean() > own[..., pitch].mean() + 0.15
    tilt = [(said[..., high].mean() - said[..., low].mean()) for said in (lent, own)]
    assert tilt[0] > tilt[1]


def test_level_and_a_pause_before_the_line_matter_little(encoder: LatentEncoder) -> None:
    speech = Speech.read(next(iter(shipped_lines().values())).sound)
    plain = encode_speech(speech, encoder)
    quiet = encode_speech(Speech(speech.samples * 0.25), encoder)
    later = encode_speech(Speech(np.concatenate([np.zeros(8000, np.float32), speech.samples])), encoder)
    for other in (quiet, later):
        assert np.abs(other.style - plain.style).max() <= 1
        assert np.linalg.norm(other.emotion - plain.emotion) < 0.1 * np.linalg.norm(plain.emotion)


def test_a_line_keeps_its_words_when_it_takes_a_mood(encoder: LatentEncoder) -> None:
    lines = [encode_speech(Speech.read(line.sound), encoder) for line in list(shipped_lines().values())[:2]]
    edited = exchange(lines[0], lines[1], "emotion")
    assert np.array_equal(edited.content, lines[0].content)
    assert np.array_equal(edited.emotion, lines[1].emotion)
