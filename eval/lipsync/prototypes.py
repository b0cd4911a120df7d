"""Fit the four mouth shapes on real clips: `python -m espressivo.eval.lipsync.prototypes DIR --out FILE`.

DIR holds clips of the GRID corpus. Beside the table stand its honest figures: agreement on clips that were left out of
the fit one by one, and the same with each clip's phones shuffled. With six clips there are sixty sounds, seven of them
closed; the figure of any one shape is rough.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import tyro
from jaxtyping import Float, Int

from espressivo.eval.lipsync.gridcorpus import read_grid
from espressivo.eval.lipsync.visemes import PROTOTYPES, SHAPES, agreement, nearest_shape, shapes_at_phones

_SHUFFLES = 200


def main(folder: tyro.conf.Positional[Path], out: Path = PROTOTYPES, seed: int = 0) -> None:
    """Fit, measure and write the table.

    Args:
        folder: GRID clips, as for `espressivo.eval.lipsync.grid`.
        out: JSON file to write.
        seed: of the shuffles.
    """
    clips = list(read_grid(folder))
    pairs = [shapes_at_phones(clip.track.points_px, clip.track.fps, clip.phones) for clip in clips]
    seen = np.concatenate([pair[0] for pair in pairs])
    wanted = np.concatenate([pair[1] for pair in pairs])
    clip_of = np.repeat(np.arange(len(pairs)), [len(pair[1]) for pair in pairs])
    judged = _left_out(seen, wanted, clip_of)
    shuffled = _shuffled(seen, wanted, clip_of, np.random.default_rng(seed))
    report: dict[str, Any] = {
        "prototypes": {shape: np.round(row, 3).tolist() for shape, row in zip(SHAPES, _fit(seen, wanted), strict=True)},
        "features": ["inner opening, z-scored per clip", "mouth width, z-scored per clip"],
        "fitted_on": [clip.name for clip in clips],
        "sounds": {shape: int((wanted == index).sum()) for index, shape in enumerate(SHAPES)},
        "left_one_clip_out": {
            "balanced_accuracy": round(agreement(judged, wanted), 3),
            **{s: round(float((judged[wanted == k] == k).mean()), 3) for k, s in enumerate(SHAPES)},
        },
        "phones_shuffled_in_clip": {
            "mean": round(float(shuffled.mean()), 3),
            "95th_percentile": round(float(np.percentile(shuffled, 95)), 3),
        },
    }
    print(json.dumps(report, indent=1))
    out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def _fit(seen: Float[np.ndarray, "n 2"], wanted: Int[np.ndarray, "n"]) -> Float[np.ndarray, "4 2"]:
    return np.array([seen[wanted == shape].mean(axis=0) for shape in range(len(SHAPES))])


def _left_out(
    seen: Float[np.ndarray, "n 2"], wanted: Int[np.ndarray, "n"], clip_of: Int[np.ndarray, "n"]
) -> Int[np.ndarray, "n"]:
    """Judge every clip by prototypes fitted on the others."""
    judged = np.empty(len(wanted), int)
    for clip in np.unique(clip_of):
        own = clip_of == clip
        judged[own] = nearest_shape(seen[own], _fit(seen[~own], wanted[~own]))
    return judged


def _shuffled(
    seen: Float[np.ndarray, "n 2"],
    wanted: Int[np.ndarray, "n"],
    clip_of: Int[np.ndarray, "n"],
    rng: np.random.Generator,
) -> Float[np.ndarray, "shuffles"]:
    """Fit and judge with each clip's phones in another order, again and again."""
    results = []
    for _ in range(_SHUFFLES):
        other = wanted.copy()
        for clip in np.unique(clip_of):
            other[clip_of == clip] = rng.permutation(wanted[clip_of == clip])
        results.append(agreement(_left_out(seen, other, clip_of), other))
    return np.array(results)


if __name__ == "__main__":
    tyro.cli(main)
