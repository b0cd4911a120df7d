"""Making one recording sound like many: other voices, rooms, microphones, tempi and noises, on power spectra."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from scipy.signal import lfilter

from espressivo.conditioning.phones_neural.corpus import Example
from espressivo.conditioning.phones_neural.features import BANDS, FRAME_RATE_HZ, mel_filters, normalise

_WARPS = tuple(np.round(np.linspace(0.8, 1.24, 23), 3))


class Augmenter:
    """Draws crops from examples and disturbs them. The same seed draws the same batches."""

    def __init__(
        self, examples: Sequence[Example], prior: Float[np.ndarray, "bands"], frames: int, rng: np.random.Generator
    ) -> None:
        self._examples = examples
        self._prior = prior
        self._frames = frames
        self._rng = rng
        lengths = np.array([len(example.phone) for example in examples], dtype=np.float64)
        self._odds = lengths / lengths.sum()

    def batch(
        self, size: int
    ) -> tuple[
        Float[np.ndarray, "size frames bands"], Int[np.ndarray, "size frames"], Float[np.ndarray, "size frames"]
    ]:
        """Return features, phone indices (`corpus.UNKNOWN` where not known) and mouth openings of `size` crops."""
        crops = [self._crop(self._examples[i]) for i in self._rng.choice(len(self._examples), size, p=self._odds)]
        features, phones, openings = zip(*crops, strict=True)
        return np.stack(features), np.stack(phones), np.stack(openings)

    def _crop(self, example: Example) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rng = self._rng
        power, phone, opening = self._played(example)
        if rng.random() < 0.05:  # noise alone is silence
            power, phone, opening = power * 0 + 1e-9, np.zeros_like(phone), np.zeros_like(opening)
        elif rng.random() < 0.4:
            power = self._reverberate(power)
        power = power * np.exp(self._smooth_curve(rng.uniform(0, 1.2)))
        power = self._with_noise(power)
        features = normalise(power, self._prior)
        if rng.random() < 0.6:
            self._mask(features)
        return features, phone, opening

    def _played(self, example: Example) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Cut out a stretch at a random tempo, through warped filters, in random silence."""
        rng = self._rng
        tempo = float(np.exp(rng.uniform(np.log(0.75), np.log(1.35)))) if rng.random() < 0.7 else 1.0
        length = len(example.phone)
        position = rng.uniform(0, max(length - self._frames * tempo, 0)) + np.arange(self._frames) * tempo
        if length < self._frames * tempo:
            position -= rng.uniform(0, self._frames * tempo - length)
        elif rng.random() < 0.15:  # a pause before or after, as in trimmed and padded files
            position += rng.uniform(-0.5, 0.5) * self._frames * tempo
        inside = (position >= 0) & (position <= length - 1)
        position = np.clip(position, 0, length - 1)
        below = position.astype(np.int64)
        share = (position - below).astype(np.float32)[:, None]
        above = np.minimum(below + 1, length - 1)
        filters = mel_filters(float(rng.choice(_WARPS)) if rng.random() < 0.8 else 1.0)
        first, last = below.min(), above.max() + 1
        power = np.exp(example.power[first:last].astype(np.float32)) @ filters
        power = power[below - first] * (1 - share) + power[above - first] * share
        nearest = np.round(position).astype(np.int64)
        power[~inside] = 1e-9
        return (
            power,
            np.where(inside, example.phone[nearest], 0),
            np.where(inside, example.opening[nearest], 0).astype(np.float32),
        )

    def _reverberate(self, power: np.ndarray) -> np.ndarray:
        """Add an exponential tail of power, as a room does; what was said stays where it was said."""
        decay = 10.0 ** (-6.0 / (self._rng.uniform(0.15, 0.9) * FRAME_RATE_HZ))
        tail = np.asarray(lfilter([1.0 - decay], [1.0, -decay], power, axis=0))
        wet = self._rng.uniform(0.05, 0.6)
        return ((1 - wet) * power + wet * tail).astype(np.float32)

    def _with_noise(self, power: np.ndarray) -> np.ndarray:
        """Add coloured noise, and at times other voices, below the speech."""
        rng = self._rng
        speech = float(np.percentile(power.mean(axis=1), 90)) + 0.1
        ratio_db = rng.uniform(3, 25) if rng.random() < 0.5 else rng.uniform(25, 60)
        colour = np.exp(self._smooth_curve(1.5) + rng.uniform(-2, 2) * np.linspace(1, 0, BANDS))
        flutter = rng.gamma(2.0, 0.5, power.shape)  # a noise's power in a band and frame is spread like this
        noise = colour / colour.mean() * flutter * speech * 10.0 ** (-ratio_db / 10.0)
        power = power + noise.astype(np.float32)
        if rng.random() < 0.15:
            other = self._played(self._examples[int(rng.integers(len(self._examples)))])[0]
            level = speech * 10.0 ** (-rng.uniform(8, 25) / 10.0)
            power = power + other * (level / (float(np.percentile(other.mean(axis=1), 90)) + 1e-6))
        return power

    def _smooth_curve(self, strength: float) -> Float[np.ndarray, "bands"]:
        """Return a smooth random curve over the bands, as of a microphone (nepers of power)."""
        knots = self._rng.normal(0, strength, 6)
        return np.interp(np.linspace(0, 5, BANDS), np.arange(6), knots).astype(np.float32)

    def _mask(self, features: np.ndarray) -> None:
        """Hide bands and stretches of time (SpecAugment: Park et al., 2019, section 2)."""
        rng = self._rng
        for _ in range(2):
            width = rng.integers(0, 9)
            low = rng.integers(0, BANDS - width)
            features[:, low : low + width] = 0.0
        width = rng.integers(0, 15)
        start = rng.integers(0, len(features) - width)
        features[start : start + width] = 0.0
