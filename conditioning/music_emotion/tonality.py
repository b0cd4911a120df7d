"""Key, mode and consonance of what sounds, whatever the key is.

Key profiles: D. Temperley, "Music and Probability", MIT Press 2007 (relative frequency of scale degrees in the
Kostka-Payne corpus); key finding by correlation after Krumhansl and Schmuckler. The judges of music use other profiles.
"""

import numpy as np
from jaxtyping import Bool, Float

from espressivo.conditioning.music_emotion.passage import Passage

_MAJOR = (0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400)
_MINOR = (0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330)
_TRIADS = {"major": (0, 4, 7), "minor": (0, 3, 7), "diminished": (0, 3, 6), "augmented": (0, 4, 8)}

# How rough an interval of 1..6 semitones (octaves aside) sounds, 0..1: estimates; listeners' ratings of dyads agree on
# seconds and tritone as rough, and fourths and fifths as smooth (D. Huron, Music Perception 11(3), 1994).
_ROUGHNESS = (1.0, 0.55, 0.2, 0.15, 0.0, 0.5)
KEY_FEATURES = (
    "majorness",
    "key_clarity",
    "key_margin",
    "class_entropy",
    "third_major",
    "third_minor",
    "sixth_minor",
    "seventh_minor",
    "leading_note",
    "outside_scale",
)
HARMONY_FEATURES = (
    "roughness",
    "semitones",
    "whole_tones",
    "minor_thirds",
    "major_thirds",
    "fourths_fifths",
    "tritones",
    *(f"{name}_triads" for name in _TRIADS),
    "classes_at_once",
    "harmony_changes",
)


def describe_key(passage: Passage) -> Float[np.ndarray, "key_features"]:
    """`KEY_FEATURES`: of the pitch classes, by how long they sound; 0 where no key can be told."""
    shares = passage.sounding @ np.eye(12)[np.arange(128) % 12]
    weights = np.sqrt(shares).sum(axis=0)
    if np.ptp(weights) < 1e-9:
        return np.zeros(len(KEY_FEATURES))
    weights /= weights.sum()
    fits = np.stack([_fits(weights, _MAJOR), _fits(weights, _MINOR)])
    best = int(fits.max(axis=0).argmax())
    ranked = np.sort(fits.ravel())
    degree = np.roll(weights, -best)
    used = weights[weights > 0]
    scale = (0, 2, 4, 5, 7, 9, 11) if fits[0, best] >= fits[1, best] else (0, 2, 3, 5, 7, 8, 10, 11)
    return np.array(
        [
            fits[0].max() - fits[1].max(),
            ranked[-1],
            ranked[-1] - ranked[-2],
            -(used * np.log2(used)).sum(),
            degree[4],
            degree[3],
            degree[8],
            degree[10],
            degree[11],
            1.0 - degree[list(scale)].sum(),
        ]
    )


def describe_harmony(passage: Passage) -> Float[np.ndarray, "harmony_features"]:
    """`HARMONY_FEATURES`: of what sounds together, by how long it does; 0 where nothing does."""
    held = _classes(passage.sounding > 0)
    several = held[held.sum(axis=1) > 1]
    if not len(several):
        return np.zeros(len(HARMONY_FEATURES))
    pairs = np.array([(several & np.roll(several, -step, axis=1)).sum() for step in range(1, 7)], float)
    pairs[5] /= 2  # a tritone is met from both of its ends
    pairs /= max(pairs.sum(), 1.0)
    triads = [
        np.logical_and.reduce([np.roll(several, -step, axis=1) for step in steps]).any(axis=1).mean()
        for steps in _TRIADS.values()
    ]
    changes = (np.diff(held.astype(np.int8), axis=0) != 0).any(axis=1).sum() / passage.seconds
    return np.array([pairs @ _ROUGHNESS, *pairs, *triads, held[held.any(axis=1)].sum(axis=1).mean(), np.log1p(changes)])


def _fits(weights: Float[np.ndarray, "12"], profile: tuple[float, ...]) -> Float[np.ndarray, "12"]:
    """Correlation with the profile in each of the twelve keys."""
    turned = np.stack([np.roll(profile, tonic) for tonic in range(12)])
    return np.corrcoef(np.vstack([weights, turned]))[0, 1:]


def _classes(keys: Bool[np.ndarray, "frames 128"]) -> Bool[np.ndarray, "frames 12"]:
    padded = np.zeros((len(keys), 132), bool)
    padded[:, :128] = keys
    return np.logical_or.reduce(padded.reshape(len(keys), 11, 12), axis=1)
