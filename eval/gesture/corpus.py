"""Reads packed motion capture: what the motion encoder and the emotion judge are fitted and tested on."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from espressivo.errors import InputError
from espressivo.generators.gesture.motion import BodyMotion

PACK = "bandai_dev.npz"
_ARRAYS = ("dpose", "trans", "start", "name", "content", "style", "dataset", "scale", "fps")
_HELD_OUT_CONTENTS = ("bye", "guide")
_LOCOMOTION = ("walk", "walk-back", "walk-right", "run", "dash")


@dataclass(frozen=True, eq=False)
class LabelledTake:
    """One take: who acts what in which manner."""

    name: str
    dataset: int
    """1 (17 acts in 15 styles, few takes each) or 2 (5 arm gestures in 7 styles, many takes each)."""
    content: str
    style: str
    number: int
    """Number of the take, the last part of its name."""
    motion: BodyMotion

    @property
    def held_out(self) -> bool:
        """Whether the take is kept out of training: two whole contents, and each seventh take of dataset 2."""
        return self.content in _HELD_OUT_CONTENTS if self.dataset == 1 else self.number % 7 == 1

    @property
    def standing(self) -> bool:
        """Whether the performer stays in place."""
        return self.content not in _LOCOMOTION


def read_takes(data: Path) -> list[LabelledTake]:
    """Read the takes of the Bandai-Namco Research Motiondataset as packed for SMPL-X joints in `data`/bandai_dev.npz.

    The pack holds the local rotation vectors of 22 joints as differences in time, modulo 2^16, of 16-bit steps.

    Raises:
        InputError: the file is missing or is another.
    """
    path = data / PACK
    try:
        with np.load(path, allow_pickle=False) as archive:
            steps, places, start, names, contents, styles, datasets, scale, fps = (archive[name] for name in _ARRAYS)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path} cannot be read ({error}); give the folder that holds {PACK}.") from error
    takes = []
    for row, (first, last) in enumerate(pairwise(start)):
        # The sum wraps around in 16 bits, as the differences did.
        angles = np.cumsum(steps[first:last].astype(np.int32), axis=0).astype(np.int16) * float(scale)
        motion = BodyMotion.from_body(angles.reshape(last - first, -1, 3), places[first:last], float(fps))
        name = str(names[row])
        number = int(name.rsplit("_", 1)[1])
        takes.append(LabelledTake(name, int(datasets[row]), str(contents[row]), str(styles[row]), number, motion))
    return takes
