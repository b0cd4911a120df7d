"""Probes: how well a fresh classifier reads a label from vectors, and so how much of it is in them.

A linear probe (logistic regression) and a harder one (support vectors with a radial kernel), both on standardised
vectors, their one constant chosen inside the half they are fitted on (G. Alain, Y. Bengio, "Understanding intermediate
layers using linear classifier probes", 2016). Needs scikit-learn.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from espressivo.errors import MissingDependencyError

KINDS = ("linear", "radial")
_INNER_FOLDS = 3
_BOOTSTRAPS = 1000
_GRIDS: dict[str, dict[str, list[float]]] = {
    "linear": {"logisticregression__C": [1e-3, 1e-2, 1e-1, 1.0]},
    "radial": {"svc__C": [1.0, 10.0]},
}


@dataclass(frozen=True)
class Reading:
    """What a probe read."""

    recall: float
    """Unweighted mean of the classes' recalls."""
    low: float
    """95 % bootstrap interval over clips."""
    high: float
    chance: float


def halves(cells: Sequence[tuple[str, ...]]) -> Int[np.ndarray, "clips"]:
    """Divide clips into halves 0 and 1 that share every label evenly.

    Args:
        cells: of each clip (speaker, emotion, sentence, ...), the most important first.
    """
    order = sorted(range(len(cells)), key=lambda place: cells[place])
    half = np.empty(len(cells), int)
    half[order] = np.arange(len(cells)) % 2
    return half


def probe(
    vectors: Float[np.ndarray, "clips n"],
    labels: Sequence[str] | np.ndarray,
    folds: Int[np.ndarray, "clips"],
    kind: str,
    seed: int = 0,
) -> np.ndarray:
    """Return for every clip the label that a probe reads, fitted on the clips of all other folds.

    Raises:
        MissingDependencyError: scikit-learn is not installed.
    """
    try:
        from sklearn.model_selection import GridSearchCV, StratifiedKFold
    except ImportError as error:
        raise MissingDependencyError("Probes need scikit-learn; pip install scikit-learn.") from error
    labels = np.asarray(labels)
    read = np.empty_like(labels)
    for fold in np.unique(folds):
        held = folds == fold
        inner = StratifiedKFold(_INNER_FOLDS, shuffle=True, random_state=seed)
        search = GridSearchCV(_classifier(kind), _GRIDS[kind], cv=inner, scoring="balanced_accuracy")
        with warnings.catch_warnings():
            # A class of two clips is missing from one of the inner folds, which only makes the choice less sure.
            warnings.simplefilter("ignore", UserWarning)
            read[held] = search.fit(vectors[~held], labels[~held]).predict(vectors[held])
    return read


def reading(read: np.ndarray, labels: np.ndarray, seed: int = 0) -> Reading:
    """Score what a probe read."""
    generator = np.random.default_rng(seed)
    draws = generator.integers(0, len(labels), (_BOOTSTRAPS, len(labels)))
    low, high = np.percentile([recall(read[draw], labels[draw]) for draw in draws], (2.5, 97.5))
    return Reading(recall(read, labels), float(low), float(high), 1.0 / len(np.unique(labels)))


def recall(read: np.ndarray, labels: np.ndarray) -> float:
    """Unweighted mean of the classes' recalls."""
    return float(np.mean([np.mean(read[labels == name] == name) for name in np.unique(labels)]))


def _classifier(kind: str):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    model = {
        "linear": LogisticRegression(max_iter=300, class_weight="balanced"),
        "radial": SVC(kernel="rbf", class_weight="balanced"),
    }[kind]
    return make_pipeline(StandardScaler(), model)
