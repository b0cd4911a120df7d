"""How a fader's latent number relates to what it stands for: standard units of the training data."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int

from espressivo.generators.music.faders.segments import ONSET

if TYPE_CHECKING:
    from torch import Tensor

    from espressivo.generators.music.faders.corpus import Segments

_REACH = 2.0
"""Standard deviations from the mean to either end of a fader."""


@dataclass(frozen=True)
class Scales:
    """Means and standard deviations of the attributes, over training segments."""

    rhythm_mean: float
    rhythm_std: float
    """Of rhythm density, the share of sixteenths with an onset."""
    notes_mean: float
    notes_std: float
    """Of note density, the mean number of pitches that sound."""

    @classmethod
    def of(cls, segments: "Segments") -> "Scales":
        """Measure segments."""
        rhythm, notes = (segments.rhythm == ONSET).mean(axis=1), segments.notes.mean(axis=1)
        return cls(*(round(float(x), 5) for x in (rhythm.mean(), rhythm.std(), notes.mean(), notes.std())))

    @classmethod
    def load(cls, folder: Path) -> "Scales":
        """Read them from the `config.json` of trained weights."""
        return cls(**json.loads((folder / "config.json").read_text(encoding="utf-8"))["scales"])

    def standard(
        self, rhythm: Int[np.ndarray, "segments steps"], notes: Int[np.ndarray, "segments steps"]
    ) -> "tuple[Tensor, Tensor]":
        """Return rhythm and note density of tracks in standard units: where their faders should stand."""
        import torch

        densities = (rhythm == ONSET).mean(axis=1), notes.mean(axis=1)
        standard = (
            (densities[0] - self.rhythm_mean) / self.rhythm_std,
            (densities[1] - self.notes_mean) / self.notes_std,
        )
        return torch.from_numpy(standard[0].astype(np.float32)), torch.from_numpy(standard[1].astype(np.float32))

    def densities(self, rhythm: float, notes: float) -> tuple[float, float]:
        """Return the rhythm and note density that faders in standard units stand for; never less than none."""
        return (
            float(np.clip(self.rhythm_mean + self.rhythm_std * rhythm, 1 / 16, 1.0)),
            max(0.0, self.notes_mean + self.notes_std * notes),
        )


def latent_of(setting: float) -> float:
    """Return the latent number of a fader's setting 0..1: 2 standard deviations below the mean to 2 above."""
    return _REACH * (2.0 * setting - 1.0)
