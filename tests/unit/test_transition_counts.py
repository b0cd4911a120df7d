"""The measuring command of emotion transition, on counts made up here."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from espressivo.conditioning.personality.measure import (
    EMOTIONS,
    ROLES,
    contagion_figures,
    read_transitions,
    unseen_figures,
)
from espressivo.errors import InputError

HEADER = "Speaker_1,Emotion_1,Emotion_2,Emotion_3,count\n"


def table(path: Path, weight: np.ndarray) -> Path:
    names = list(EMOTIONS)
    rows = [
        f"{role},{names[first]},{names[second]},{names[third]},{round(weight[first, second, third])}\n"
        for role in ROLES
        for first, second, third in product(range(len(names)), repeat=3)
    ]
    path.write_text(HEADER + "".join(rows), encoding="utf-8")
    return path


@pytest.fixture
def lingering() -> np.ndarray:
    """Counts in which one's own emotion lingers and that of the other hardly counts."""
    same = np.eye(len(EMOTIONS))
    return np.ones((len(EMOTIONS),) * 3) + 12 * same[:, None, :] + 1 * same[None, :, :]


def test_counts_are_read_by_role_and_emotion(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_text(HEADER + "Joey,anger,joy,fear,5\nJoey,anger,joy,joy,2\n", encoding="utf-8")
    counts = read_transitions(path)
    names = list(EMOTIONS)
    assert counts["Joey"].sum() == 7
    assert counts["Joey"][names.index("anger"), names.index("joy"), names.index("fear")] == 5
    assert counts["Ross"].sum() == 0


def test_rules_use_what_lingers(tmp_path: Path, lingering: np.ndarray) -> None:
    figures = unseen_figures(read_transitions(table(tmp_path / "counts.csv", lingering)))
    assert figures["rules"]["all"]["log_likelihood"] > figures["marginal"]["all"]["log_likelihood"] + 0.1
    assert figures["rules"]["all"]["top_1"] > 2 * figures["marginal"]["all"]["top_1"]


def test_more_contagion_is_found_where_there_is_more(tmp_path: Path, lingering: np.ndarray) -> None:
    caught = lingering.transpose(1, 0, 2)
    least, most = (
        contagion_figures(read_transitions(table(tmp_path / "counts.csv", counts)))["best"]
        for counts in (lingering, caught)
    )
    assert least < 0.3 < most


@pytest.mark.parametrize("row", ["Eve,anger,joy,fear,5", "Joey,bliss,joy,fear,5", "Joey,anger,joy,fear,x", "Joey"])
def test_another_table_is_refused(tmp_path: Path, row: str) -> None:
    path = tmp_path / "counts.csv"
    path.write_text(HEADER + row, encoding="utf-8")
    with pytest.raises(InputError, match=r"counts\.csv is no table of emotion triples"):
        read_transitions(path)
