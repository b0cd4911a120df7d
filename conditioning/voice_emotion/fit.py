"""Fitting a head: linear discriminants that know how voices and microphones differ, ratings, and calibration.

Closed forms in numpy and scipy; nothing is drawn but the kernel's landmarks.
"""

from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.optimize import OptimizeResult, minimize_scalar
from scipy.special import log_softmax

from espressivo.conditioning.voice_emotion.head import REACH, SPREAD_FLOOR, Head, likeness
from espressivo.conditioning.voice_emotion.priors import RATING_SPREADS, RATINGS, ratings

_SHRINKAGE = 0.1
"""Share of the covariance's diagonal in place of the whole: few clips say little of how features go together."""
_VOICES = 0.5
"""Weight of the scatter of other people's voices beside the scatter within an emotion."""
_LANDMARKS = 600
_KERNEL_WIDTH = 3.0
"""Times the number of features."""
_KERNEL_RIDGE = 1e-4
_STRANGERS_KERNEL, _FAMILIAR_KERNEL = 8.0, 32.0
"""Log-odds per unit of the kernel's regression (0 to 1); what tells strangers apart is in its likenesses too."""
_RATING_RIDGE = 1.0


@dataclass(frozen=True, eq=False)
class Described:
    """Features of acted clips, and of the same clips disturbed."""

    clean: Float[np.ndarray, "clips features"]
    disturbed: Float[np.ndarray, "clips variants features"]
    category: np.ndarray
    """Names."""
    speaker: np.ndarray
    rating: Float[np.ndarray, "clips 3"]
    """What listeners are expected to say (`priors.expected_rating`)."""
    coarse: Bool[np.ndarray, "features"]
    """What the linear discriminants look at (`features.coarse_features`)."""

    def of(self, chosen: np.ndarray) -> "Described":
        """The clips chosen by a mask."""
        return replace(
            self,
            clean=self.clean[chosen],
            disturbed=self.disturbed[chosen],
            category=self.category[chosen],
            speaker=self.speaker[chosen],
            rating=self.rating[chosen],
        )

    def relative(self) -> "Described":
        """The same with features as deviations from each speaker's mean, in that speaker's standard deviations."""
        clean, disturbed = self.clean.copy(), self.disturbed.copy()
        for speaker in np.unique(self.speaker):
            own = self.speaker == speaker
            mean, spread = self.clean[own].mean(axis=0), self.clean[own].std(axis=0) + SPREAD_FLOOR
            clean[own], disturbed[own] = (clean[own] - mean) / spread, (disturbed[own] - mean) / spread
        return replace(self, clean=clean, disturbed=disturbed)


def fit_head(
    acted: Described,
    categories: tuple[str, ...],
    voices: Float[np.ndarray, "speakers features"] | None,
    also_rated: Described | None = None,
    seed: int = 0,
) -> Head:
    """Fit everything but the calibration.

    Args:
        acted: clips of these categories.
        categories: names, in the order of the head's outputs.
        voices: mean features of people who read without emotion. What they differ in, and emotions should not be told
            by, is added to the scatter within an emotion (within-class covariance normalisation: A. Hatch,
            S. Kajarekar, A. Stolcke, Interspeech 2006). With None the head is for features relative to the speaker:
            nothing is left of that, and the kernel expansion weighs more.
        also_rated: further clips, for the regression of ratings only.
        seed: of the choice of landmarks.
    """
    mean, scale = acted.clean.mean(axis=0), acted.clean.std(axis=0) + 1e-6
    clips, labels = _pooled(acted, mean, scale, np.searchsorted(np.sort(categories), acted.category))
    labels = np.argsort(categories)[labels]
    scatter = (
        np.zeros((len(mean),) * 2) if voices is None else _VOICES * np.cov(voices / scale, rowvar=False, bias=True)
    )
    weight = np.zeros((len(mean), len(categories)))
    seen = acted.coarse
    weight[seen], bias = _discriminants(clips[:, seen], labels, len(categories), scatter[np.ix_(seen, seen)])
    width, count = _KERNEL_WIDTH * len(mean), len(acted.clean)
    chosen = np.random.default_rng(seed).choice(count, min(_LANDMARKS, count), replace=False)
    landmarks = clips[:count][chosen].astype(np.float16).astype(np.float64)
    share = _FAMILIAR_KERNEL if voices is None else _STRANGERS_KERNEL
    coefficients = share * _kernel_regression(clips, labels, len(categories), landmarks, width)
    rated = acted if also_rated is None else _joined(acted, also_rated)
    rated_clips, rows = _pooled(rated, mean, scale, np.arange(len(rated.clean)))
    rating_weight, rating_bias = _ridge(rated_clips, rated.rating[rows], _rarity(rated.category[rows]), _RATING_RIDGE)
    return Head(
        mean=mean,
        scale=scale,
        weight=weight,
        bias=bias,
        landmarks=landmarks,
        coefficients=coefficients,
        kernel_width=np.array(width),
        rating_weight=rating_weight,
        rating_bias=rating_bias,
        category_ratings=ratings(categories),
        rating_gain=np.ones(3),
        rating_offset=np.zeros(3),
        temperature=np.array(3.0),
    )


def fitted_temperature(log_odds: Float[np.ndarray, "n categories"], labels: Int[np.ndarray, "n"]) -> float:
    """The temperature with the least log loss on clips of unseen speakers, categories weighing the same.

    C. Guo et al., "On calibration of modern neural networks", ICML 2017.
    """
    weights = _rarity(labels)
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        return -float(weights @ log_softmax(log_odds / np.exp(log_temperature), axis=1)[rows, labels])

    best = cast(OptimizeResult, minimize_scalar(loss, bounds=(-2.0, 4.0), method="bounded"))
    return float(np.exp(best.x))


def fitted_spread(
    opinions: Float[np.ndarray, "n 3"], category: np.ndarray
) -> tuple[Float[np.ndarray, "3"], Float[np.ndarray, "3"]]:
    """Gain and offset that give opinions on unseen speakers the mean and the spread of listeners' ratings.

    A regression's estimates are drawn in towards the mean, listeners' ratings are not; the concordance correlation
    (L. Lin, Biometrics 45(1), 1989) is greatest where both have the same spread. Only categories with measured ratings
    count, each the same.
    """
    rated = [name for name in RATING_SPREADS if (category == name).any()]
    shares = np.zeros(len(category))
    for name in rated:
        shares[category == name] = 1.0 / (len(rated) * (category == name).sum())
    middle = shares @ opinions
    spread = np.sqrt(shares @ np.square(opinions - middle))
    means = np.array([RATINGS[name] for name in rated])
    within = np.square([RATING_SPREADS[name] for name in rated]).mean(axis=0)
    gain = np.sqrt(means.var(axis=0) + within) / spread
    return gain, means.mean(axis=0) - gain * middle


def _pooled(
    acted: Described, mean: np.ndarray, scale: np.ndarray, labels: Int[np.ndarray, "clips"]
) -> tuple[Float[np.ndarray, "n features"], Int[np.ndarray, "n"]]:
    """Standardised clips, the clean ones first, and their labels."""
    variants = acted.disturbed.shape[1]
    features = np.concatenate([acted.clean, acted.disturbed.reshape(-1, acted.clean.shape[1])])
    return np.clip((features - mean) / scale, -REACH, REACH), np.concatenate([labels, np.repeat(labels, variants)])


def _joined(one: Described, other: Described) -> Described:
    variants = min(one.disturbed.shape[1], other.disturbed.shape[1])
    return replace(
        one,
        clean=np.concatenate([one.clean, other.clean]),
        disturbed=np.concatenate([one.disturbed[:, :variants], other.disturbed[:, :variants]]),
        category=np.concatenate([one.category, other.category]),
        speaker=np.concatenate([one.speaker, other.speaker]),
        rating=np.concatenate([one.rating, other.rating]),
    )


def _discriminants(
    clips: Float[np.ndarray, "n features"], labels: Int[np.ndarray, "n"], count: int, scatter: np.ndarray
) -> tuple[Float[np.ndarray, "features categories"], Float[np.ndarray, "categories"]]:
    """Linear discriminant analysis with a shrunk covariance and equal prior probabilities."""
    means = np.stack([clips[labels == label].mean(axis=0) for label in range(count)])
    away = clips - means[labels]
    within = np.mean([np.cov(away[labels == label], rowvar=False, bias=True) for label in range(count)], axis=0)
    within = within + scatter
    within = (1.0 - _SHRINKAGE) * within + _SHRINKAGE * np.diag(np.diag(within)) + 1e-6 * np.eye(len(within))
    weight = np.linalg.solve(within, means.T)
    return weight, -0.5 * (means * weight.T).sum(axis=1)


def _kernel_regression(
    clips: Float[np.ndarray, "n features"],
    labels: Int[np.ndarray, "n"],
    count: int,
    landmarks: Float[np.ndarray, "landmarks features"],
    width: float,
) -> Float[np.ndarray, "landmarks categories"]:
    """Regularised least squares on likenesses to landmarks (C. Williams, M. Seeger, NIPS 2000)."""
    weights = _rarity(labels)
    near = likeness(clips, landmarks, width)
    gram = (near * weights[:, None]).T @ near + _KERNEL_RIDGE * likeness(landmarks, landmarks, width)
    target = np.eye(count)[labels] - 1.0 / count
    return np.linalg.solve(gram + 1e-10 * np.eye(len(gram)), (near * weights[:, None]).T @ target)


def _ridge(
    clips: Float[np.ndarray, "n features"],
    target: Float[np.ndarray, "n 3"],
    weights: Float[np.ndarray, "n"],
    ridge: float,
) -> tuple[Float[np.ndarray, "features 3"], Float[np.ndarray, "3"]]:
    """Weighted ridge regression."""
    middle, middle_target = weights @ clips, weights @ target
    away = clips - middle
    gram = (away * weights[:, None]).T @ away + ridge * np.eye(clips.shape[1])
    weight = np.linalg.solve(gram, (away * weights[:, None]).T @ (target - middle_target))
    return weight, middle_target - middle @ weight


def _rarity(labels: np.ndarray) -> Float[np.ndarray, "n"]:
    """Weights that sum to 1, every category's the same."""
    _, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return 1.0 / (counts[inverse] * len(counts))
