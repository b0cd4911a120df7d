"""Reading what the text recogniser is trained on and measured with: EmoBank and GoEmotions."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.text_emotion.labels import LABELS
from espressivo.errors import InputError

# Names and faiths are masked in GoEmotions; any word of the kind reads better than the mask.
_MASKS = {"[NAME]": "Alex", "[RELIGION]": "faith"}


@dataclass(frozen=True, eq=False)
class TextCorpus:
    """Texts and what raters said of each."""

    texts: tuple[str, ...]
    targets: Float[np.ndarray, "texts targets"]

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: Sequence[int]) -> "TextCorpus":
        """Return the given rows in the given order."""
        return TextCorpus(tuple(self.texts[row] for row in rows), self.targets[list(rows)])


def read_emobank(path: Path, split: str) -> TextCorpus:
    """Read one split of EmoBank: sentences and valence, arousal, dominance on 1 to 5.

    S. Buechel and U. Hahn, "EmoBank", EACL 2017 (CC BY-SA 4.0); columns split, V, A, D and text.

    Raises:
        InputError: the file cannot be read, lacks a column, or holds nothing of that split.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["split"] == split]
        targets = np.array([[float(row[axis]) for axis in "VAD"] for row in rows], np.float32)
    except (OSError, UnicodeDecodeError, KeyError, ValueError, csv.Error) as error:
        raise InputError(f"{path} is no EmoBank table ({error}); it needs columns split, V, A, D and text.") from error
    if not rows:
        raise InputError(f"{path} holds no rows of split {split!r}; EmoBank's are train, dev and test.")
    return TextCorpus(tuple(row["text"] for row in rows), targets)


def read_goemotions(path: Path) -> TextCorpus:
    """Read train.tsv, dev.tsv or test.tsv of GoEmotions: comments and shares of `LABELS`, equal where several.

    Raises:
        InputError: the file cannot be read or is not of that form.
    """
    try:
        rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line]
        targets = np.zeros((len(rows), len(LABELS)), np.float32)
        for target, row in zip(targets, rows, strict=True):
            target[[int(label) for label in row[1].split(",")]] = 1
    except (OSError, UnicodeDecodeError, ValueError, IndexError) as error:
        raise InputError(
            f"{path} is no GoEmotions table ({error}); it needs text, label ids and a comment id."
        ) from error
    return TextCorpus(tuple(_unmasked(row[0]) for row in rows), targets / targets.sum(1, keepdims=True))


def balanced(corpus: TextCorpus, per_label: int, rng: np.random.Generator) -> TextCorpus:
    """Return rows so that no label has more than `per_label`; rows with rare labels are taken first."""
    labelled = corpus.targets > 0
    commonness = np.where(labelled, labelled.sum(0), np.inf).min(1)
    order = rng.permutation(len(corpus))
    taken, counts = [], np.zeros(labelled.shape[1])
    for row in order[np.argsort(commonness[order], kind="stable")]:
        if (counts[labelled[row]] < per_label).all():
            counts += labelled[row]
            taken.append(int(row))
    return corpus.take(taken)


def _unmasked(text: str) -> str:
    for mask, word in _MASKS.items():
        text = text.replace(mask, word)
    return text
