"""The readers of music are worth what their figures say, on music whose songs they have not seen."""

from pathlib import Path

import numpy as np
import pytest

from espressivo.conditioning.music_emotion.corpora import SIGNS
from espressivo.conditioning.music_emotion.listening import Listening
from espressivo.conditioning.music_emotion.recogniser import (
    DEFAULT,
    NON_COMMERCIAL,
    emotion_of,
    feeling_of,
    load_reader,
    log_odds_of,
    recognise_music,
)
from espressivo.conditioning.vocabulary import CATEGORIES

FIXTURES = Path(__file__).parents[1] / "fixtures"
TABLES = np.load(FIXTURES / "music_emotion" / "unseen_music.npz")


def heard(kind: str) -> list[Listening]:
    windows, place = TABLES[f"{kind}_windows"].astype(float), TABLES[f"{kind}_of_window"]
    return [
        Listening(np.arange((place == row).sum()) * 8.0, windows[place == row], whole, np.ones((place == row).sum()))
        for row, whole in enumerate(TABLES[f"{kind}_wholes"].astype(float))
    ]


@pytest.mark.parametrize(
    ("name", "quadrant", "valence", "arousal"), [(DEFAULT, 0.62, 0.70, 0.86), (NON_COMMERCIAL, 0.57, 0.65, 0.85)]
)
def test_quadrants_of_unseen_songs(name: str, quadrant: float, valence: float, arousal: float) -> None:
    reader = load_reader(name)
    label = TABLES["clip_quadrant"]
    clips = heard("clip")
    odds = np.array([log_odds_of(clip, reader) for clip in clips])
    found = [int(np.argmax(feeling_of(clip, reader).quadrants)) for clip in clips]
    assert (np.array(found) == label).mean() >= quadrant
    right = (np.sign(odds) == SIGNS[label]).mean(axis=0)
    assert right[0] >= valence
    assert right[1] >= arousal


@pytest.mark.parametrize(("name", "valence", "arousal"), [(DEFAULT, 0.57, 0.75), (NON_COMMERCIAL, 0.76, 0.79)])
def test_listeners_ratings_of_unseen_pieces(name: str, valence: float, arousal: float) -> None:
    reader = load_reader(name)
    odds = np.array([log_odds_of(piece, reader) for piece in heard("piece")])
    rated = TABLES["piece_va"]
    assert np.corrcoef(odds[:, 0], rated[:, 0])[0, 1] >= valence
    assert np.corrcoef(odds[:, 1], rated[:, 1])[0, 1] >= arousal


def test_the_likeliest_emotion_of_each_quadrant_is_its_own() -> None:
    reader = load_reader()
    clips = [emotion_of(clip, reader).posterior[:, 1:].mean(axis=0) for clip in heard("clip")]
    for quadrant, names in enumerate((("happiness",), ("anger", "fear"), ("sadness", "boredom"), ("calm",))):
        mean = np.mean([row for row, label in zip(clips, TABLES["clip_quadrant"], strict=True) if label == quadrant], 0)
        own = sum(mean[CATEGORIES.index(name) - 1] for name in names)
        assert own / mean.sum() > 0.4


def test_music_that_another_system_made_can_be_read() -> None:
    for path in sorted((FIXTURES / "metrics_music").glob("*.mid")):
        found = recognise_music(path)
        assert np.isfinite(found.vad).all()
        assert found.confidence.max() > 0.2
