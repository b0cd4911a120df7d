"""Whether an edit of one region leaves the others alone: `python -m espressivo.eval.portrait.regions PORTRAITS...`.

Six emotions are shown on the lips, the eyes or the brows alone, at eight strengths, as `--region lips=happiness:0.8`
does. What moves is read three ways: *drawn*, off the mesh that is drawn, which is exact; *pixels*, how much the
pictures change around the points of a part; and *seen*, off the frames by the mesh network, which takes one part of a
face for a hint at the others and so has a share of its own in what it finds.

Restrictiveness is Music FaderNets' (`eval.control.sliders`): 1 minus the spread of a part that should stay, over the
strengths, in standard deviations that the part has over all emotions of the whole face.
"""

from typing import Annotated, Final, Literal, get_args

import numpy as np
import tyro
from jaxtyping import Bool, Float

from espressivo.eval.control.sliders import rank_correlations, restrictiveness, sweep
from espressivo.eval.portrait.faces import EMOTIONS, face_of
from espressivo.eval.portrait.given import GivenTable
from espressivo.eval.portrait.sitting import SIZE, Sitting
from espressivo.eval.portrait.tables import estimated, markdown, shown
from espressivo.generators.portrait.avatar.expression import PortraitExpression
from espressivo.generators.portrait.pctalk.regions import REGIONS, RegionName

PARTS: Final[dict[RegionName, tuple[int, ...]]] = {
    "lips": (*(61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409),
             *(78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415)),
    "eyes": (*(33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173),
             *(263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398)),
    "brows": (70, 63, 105, 66, 107, 46, 53, 52, 65, 55, 300, 293, 334, 296, 336, 276, 283, 282, 295, 285),
}  # fmt: skip
"""Points of the mesh on each part: outer and inner lips, edges of the lids, upper and lower edges of the brows."""
_EYE_CORNERS = (33, 263)
_AREA_REACH = 0.04
GOAL = 0.95

Reading = Literal["drawn", "seen", "pixels"]
READINGS: Final[tuple[Reading, ...]] = get_args(Reading)


def main(given: Annotated[GivenTable, tyro.conf.OmitArgPrefixes]) -> None:
    """Measure how restrictive edits of regions are."""
    table, sittings = given.table, list(given.sittings(SIZE))
    by_region = {region: moves(sittings, table, region) for region in (*PARTS, "all")}
    rows, record = [], {}
    for reading in READINGS:
        stds = {part: float(np.nanstd(by_region["all"][reading][part])) for part in PARTS}
        for region in PARTS:
            moved = by_region[region][reading]
            leaks = {
                part: [restrictiveness(ladders, stds[part]) for ladders in moved[part]]
                for part in PARTS
                if part != region
            }
            follows = [float(rank_correlations(sweep(0, 1), ladders).mean()) for ladders in moved[region]]
            overall = estimated(np.mean(list(leaks.values()), axis=0).tolist())
            worst = min(leaks, key=lambda part: np.mean(leaks[part]))
            record[f"{region} ({reading})"] = {
                "restrictiveness": overall,
                "by_part": {part: estimated(values) for part, values in leaks.items()},
                "spearman": estimated(follows),
            }
            name = f"{worst} {np.mean(leaks[worst]):.2f}"
            rows.append((region, reading, shown(overall), f"{GOAL}", name, f"{np.mean(follows):.2f}"))
    print(markdown(("edited", "read off", "restrictiveness", "goal", "worst", "Spearman of the edited part"), rows))
    given.write({"portraits": [sitting.sitter.name for sitting in sittings], "regions": record})


Moves = dict[RegionName, Float[np.ndarray, "portraits emotions steps"]]
"""How far each part has gone from the neutral frame."""


def moves(
    sittings: list[Sitting],
    expression: PortraitExpression,
    region: RegionName,
    emotions: tuple[str, ...] = EMOTIONS,
) -> dict[Reading, Moves]:
    """Show emotions on one region, and read how every part moves."""
    steps = sweep(0, 1)
    shape = (len(sittings), len(emotions), len(steps))
    found: dict[Reading, Moves] = {reading: {part: np.zeros(shape) for part in PARTS} for reading in READINGS}
    channels = REGIONS[region].channels
    for s, sitting in enumerate(sittings):
        rest = sitting.points_px(np.zeros(len(channels)))
        areas = {part: _area(rest, places, sitting.avatar.size) for part, places in PARTS.items()}
        for e, emotion in enumerate(emotions):
            for k, intensity in enumerate(steps):
                weights = face_of(expression, emotion, float(intensity)) * channels
                points, frame = sitting.points_px(weights), sitting.frame(weights)
                mesh = sitting.mesh_px(frame)
                change = np.abs(frame.astype(np.float32) - sitting.neutral).mean(axis=2)
                for part, places in PARTS.items():
                    found["drawn"][part][s, e, k] = _moved(points, rest, places)
                    found["seen"][part][s, e, k] = _moved(
                        sitting.neutral_mesh_px if mesh is None else mesh, sitting.neutral_mesh_px, places
                    )
                    found["pixels"][part][s, e, k] = change[areas[part]].mean()
    return found


def _area(points: Float[np.ndarray, "468 3"], places: tuple[int, ...], size: int) -> Bool[np.ndarray, "size size"]:
    """Return the pixels of a part: within reach of its points."""
    reach = _AREA_REACH * np.linalg.norm(points[_EYE_CORNERS[0], :2] - points[_EYE_CORNERS[1], :2])
    rows, columns = np.mgrid[:size, :size] + 0.5
    away = np.hypot(columns[..., np.newaxis] - points[list(places), 0], rows[..., np.newaxis] - points[list(places), 1])
    return away.min(axis=2) < reach


def _moved(points: Float[np.ndarray, "468 3"], rest: Float[np.ndarray, "468 3"], places: tuple[int, ...]) -> float:
    unit = np.linalg.norm(rest[_EYE_CORNERS[0], :2] - rest[_EYE_CORNERS[1], :2])
    chosen = list(places)
    return float(np.linalg.norm(points[chosen, :2] - rest[chosen, :2], axis=1).mean() / unit)


if __name__ == "__main__":
    tyro.cli(main)
