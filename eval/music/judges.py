"""Who says what a piece of music feels like: two judges, trained on different music and different listeners.

One knows 876 clips of pop piano whose quadrant one annotator each named (EMOPIA); the other 163 pieces of game music
whose valence and arousal some thirty listeners followed (VGMIDI). Both read the same statistics (`features`), not the
same data: where a generator was trained on the one set, believe the judge of the other.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.numpy import load
from scipy.special import ndtr

from espressivo.errors import InputError
from espressivo.eval.music.features import FEATURES, features
from espressivo.eval.music.models import KernelRegression, SoftmaxRegression, Standard
from espressivo.media.notes import Notes
from espressivo.weights.manifest import FOLDER

EMOPIA, VGMIDI = "music-judge-emopia", "music-judge-vgmidi"
"""Ids of the judges that ship, and of their weights."""
QUADRANTS = ("Q1", "Q2", "Q3", "Q4")
"""Of valence and arousal: (+,+), (-,+), (-,-), (+,-)."""
HIGH_AROUSAL, HIGH_VALENCE = (0, 1), (0, 3)
"""Places in `QUADRANTS`."""
Judge = TypeVar("Judge")


class MusicJudge(Protocol):
    """Anything that says what a piece feels like."""

    @property
    def id(self) -> str:
        """Id of the evaluator."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """The quadrants, in the order of `probabilities`."""
        ...

    def probabilities(self, notes: Notes) -> Float[np.ndarray, "4"]:
        """Return the probability of each quadrant.

        Raises:
            ValueError: the piece has no pitched notes.
        """
        ...

    def valence_arousal(self, notes: Notes) -> Float[np.ndarray, "2"]:
        """Return valence and arousal, -1..1, on this judge's own scale: signs and order mean something, sizes little.

        Raises:
            ValueError: the piece has no pitched notes.
        """
        ...


@dataclass(frozen=True, eq=False)
class QuadrantJudge:
    """Knows quadrants; valence and arousal are how far the positive half outweighs the negative one."""

    id: str
    model: SoftmaxRegression
    labels: tuple[str, ...] = QUADRANTS

    def probabilities(self, notes: Notes) -> Float[np.ndarray, "4"]:
        """Return the probability of each quadrant."""
        return self.model.probabilities(features(notes)[None])[0]

    def valence_arousal(self, notes: Notes) -> Float[np.ndarray, "2"]:
        """Return 2 P(valence > 0) - 1 and 2 P(arousal > 0) - 1."""
        return signed_halves(self.probabilities(notes)[None])[0]


@dataclass(frozen=True, eq=False)
class ValenceArousalJudge:
    """Knows valence and arousal as listeners' means; quadrants follow from how sure their signs are."""

    id: str
    valence: KernelRegression
    arousal: KernelRegression
    labels: tuple[str, ...] = QUADRANTS

    def probabilities(self, notes: Notes) -> Float[np.ndarray, "4"]:
        """Return the probability of each quadrant, the errors of both regressions taken as normal and independent."""
        valence, arousal = self.valence_arousal(notes)
        return quadrants_of_signs(ndtr(valence / self.valence.error), ndtr(arousal / self.arousal.error))

    def valence_arousal(self, notes: Notes) -> Float[np.ndarray, "2"]:
        """Return what the mean listener would say; pieces of the training data reach from -.44 to .59."""
        x = features(notes)[None]
        return np.clip([self.valence.predict(x)[0], self.arousal.predict(x)[0]], -1, 1)


def signed_halves(probabilities: Float[np.ndarray, "pieces 4"]) -> Float[np.ndarray, "pieces 2"]:
    """Return 2 P - 1 for high valence and high arousal."""
    halves = [probabilities[:, places].sum(axis=1) for places in (HIGH_VALENCE, HIGH_AROUSAL)]
    return 2 * np.stack(halves, axis=1) - 1


def quadrants_of_signs(high_valence: float, high_arousal: float) -> Float[np.ndarray, "4"]:
    """Return the probability of each quadrant from those of the two signs."""
    valence, arousal = float(high_valence), float(high_arousal)
    return np.array(
        [valence * arousal, (1 - valence) * arousal, (1 - valence) * (1 - arousal), valence * (1 - arousal)]
    )


def quadrant_of(valence: float, arousal: float) -> str | None:
    """Return the quadrant of two signs; None on an axis, where there is none."""
    if valence == 0 or arousal == 0:
        return None
    return {(True, True): "Q1", (False, True): "Q2", (False, False): "Q3", (True, False): "Q4"}[
        valence > 0, arousal > 0
    ]


@cache
def load_music_judges() -> tuple[QuadrantJudge, ValenceArousalJudge]:
    """Load the judges that ship: EMOPIA's and VGMIDI's.

    Raises:
        InputError: the weights are missing, damaged, or made for other features.
    """
    return load_quadrant_judge(FOLDER / EMOPIA), load_valence_arousal_judge(FOLDER / VGMIDI)


def load_quadrant_judge(folder: Path) -> QuadrantJudge:
    """Load `model.safetensors` and `config.json` of a judge that knows quadrants.

    Raises:
        InputError: they are missing, damaged, or made for other features.
    """
    return _load(folder, _quadrant_judge)


def load_valence_arousal_judge(folder: Path) -> ValenceArousalJudge:
    """Load `model.safetensors` and `config.json` of a judge that knows valence and arousal.

    Raises:
        InputError: they are missing, damaged, or made for other features.
    """
    return _load(folder, _valence_arousal_judge)


def _quadrant_judge(config: dict[str, Any], tensors: dict[str, Float[np.ndarray, "..."]]) -> QuadrantJudge:
    standard = Standard(tensors["mean"], tensors["deviation"])
    return QuadrantJudge(config["id"], SoftmaxRegression(standard, tensors["weights"], tensors["bias"]))


def _valence_arousal_judge(config: dict[str, Any], tensors: dict[str, Float[np.ndarray, "..."]]) -> ValenceArousalJudge:
    standard = Standard(tensors["mean"], tensors["deviation"])
    valence, arousal = (
        KernelRegression(standard, tensors[f"{target}.pieces"], tensors[f"{target}.weights"], **config[target])
        for target in ("valence", "arousal")
    )
    return ValenceArousalJudge(config["id"], valence, arousal)


def _load(folder: Path, build: Callable[[dict[str, Any], dict[str, Float[np.ndarray, "..."]]], Judge]) -> Judge:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        tensors = load((folder / "model.safetensors").read_bytes())
        if tuple(config["features"]) != FEATURES:
            raise InputError(f"{folder} was made for other features; train it again with train_judges.")
        return build(config, {name: tensor.astype(np.float64) for name, tensor in tensors.items()})
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise InputError(f"{folder} holds no whole judge of music ({error}); install espressivo again.") from error
