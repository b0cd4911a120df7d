"""Whether it stays the same person, and the same room: `python -m espressivo.eval.portrait.identity PORTRAITS...`.

Identity is the Euclidean distance of face-api's descriptors (see `espressivo.eval.face.identity`) of the photograph
and of frames: six emotions over intensities, and turned heads without and with emotion. The room is what lies out of
the head's reach: the whole photograph with the moving head in it is compared with the photograph there.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import tyro
from jaxtyping import Bool, Float, UInt8

from espressivo.eval.face.identity import SAME_PERSON, distances
from espressivo.eval.portrait.faces import EMOTIONS, face_of
from espressivo.eval.portrait.given import GivenTable
from espressivo.eval.portrait.sitting import STRAIGHT, Sitting, describe
from espressivo.eval.portrait.tables import estimated, markdown, shown
from espressivo.generators.face.arkit import ARKIT_NAMES
from espressivo.generators.portrait.avatar.expression import PortraitExpression
from espressivo.generators.portrait.avatar.mesh import load_face_mesh
from espressivo.generators.portrait.avatar.photograph import Photograph

SIZE = 512
INTENSITIES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.85, 1.0)
USUAL = 0.7
"""Up to this intensity the median distance shall be at most `MEDIAN_GOAL`."""
MEDIAN_GOAL = 0.30
TURNS_DEG = {
    "yaw -15": (0.0, -15.0, 0.0),
    "yaw 15": (0.0, 15.0, 0.0),
    "pitch -10": (-10.0, 0.0, 0.0),
    "pitch 10": (10.0, 0.0, 0.0),
    "roll 8": (0.0, 0.0, 8.0),
}
"""As `FaceMotion.head_rad`, degrees."""
REACH = 1.5
"""Radius about the middle of the face, in heights of its oval, that head, hair and neck reach to."""
_LEAST_ROOM = 0.02
"""Share of the picture that must lie out of reach for it to be measured."""


@dataclass(frozen=True, eq=False)
class Likeness:
    """One portrait."""

    sitter: str
    by_intensity: Float[np.ndarray, "emotions intensities"]
    """Distance from the photograph; intensities as `INTENSITIES`."""
    turned: Float[np.ndarray, "turns 2"]
    """The same of turned heads, without emotion and with one of `USUAL` intensity."""
    room_db: Float[np.ndarray, "frames"] | None
    """PSNR out of the head's reach, turned and emotional frames; None where the picture shows nothing there."""


def measure(sitting: Sitting, expression: PortraitExpression) -> tuple[Likeness, Float[np.ndarray, "128"]]:
    """Measure one portrait; also return the descriptor of its photograph."""
    photograph = sitting.photograph
    own = describe(photograph.image, photograph.points_px)
    by_intensity = np.empty((len(EMOTIONS), len(INTENSITIES)))
    rooms, outside = [], out_of_reach(photograph)
    for row, emotion in enumerate(EMOTIONS):
        frames = [sitting.frame(face_of(expression, emotion, intensity)) for intensity in INTENSITIES]
        by_intensity[row] = distances(sitting.descriptors(frames), own)
        rooms.append(frames[-1])
    turned = np.empty((len(TURNS_DEG), 2))
    for row, angles_deg in enumerate(TURNS_DEG.values()):
        head_rad = STRAIGHT + np.radians(angles_deg)
        usual = face_of(expression, EMOTIONS[row % len(EMOTIONS)], USUAL)
        frames = [sitting.frame(weights, head_rad) for weights in (np.zeros(len(ARKIT_NAMES)), usual)]
        turned[row] = distances(sitting.descriptors(frames), own)
        rooms += frames
    room_db = None
    if outside.mean() >= _LEAST_ROOM:
        room_db = np.array([psnr_db(sitting.avatar.paste(frame), photograph.image, outside) for frame in rooms])
    return Likeness(sitting.sitter.name, by_intensity, turned, room_db), own


def out_of_reach(photograph: Photograph) -> Bool[np.ndarray, "h w"]:
    """Say which pixels of a photograph no movement of the head should change."""
    oval = photograph.points_px[load_face_mesh().oval_ring, :2]
    centre, height = oval.mean(axis=0), np.ptp(oval[:, 1])
    rows, columns = np.mgrid[: photograph.image.shape[0], : photograph.image.shape[1]] + 0.5
    return np.hypot(columns - centre[0], rows - centre[1]) > REACH * height


def psnr_db(
    picture: UInt8[np.ndarray, "h w 3"], other: UInt8[np.ndarray, "h w 3"], where: Bool[np.ndarray, "h w"]
) -> float:
    """Return the peak signal-to-noise ratio of some pixels; 99 where they are equal."""
    squared = np.mean((picture[where].astype(np.float64) - other[where]) ** 2)
    return float(min(99.0, 10 * np.log10(255**2 / squared))) if squared > 0 else 99.0


def main(given: Annotated[GivenTable, tyro.conf.OmitArgPrefixes]) -> None:
    """Measure likeness and room."""
    table = given.table
    measured = [measure(sitting, table) for sitting in given.sittings(SIZE)]
    likenesses = [likeness for likeness, _ in measured]
    own = np.stack([descriptor for _, descriptor in measured])
    apart = np.linalg.norm(own[:, np.newaxis] - own[np.newaxis], axis=2)
    curves = np.stack([likeness.by_intensity for likeness in likenesses])
    rows = [
        (f"{intensity:g}", f"{np.median(at):.3f}", f"{at.max():.3f}", f"{np.sum(at > SAME_PERSON)} of {at.size}")
        for intensity, at in zip(INTENSITIES, np.moveaxis(curves, 2, 0), strict=True)
    ]
    print(f"\ndistance from the photograph, {len(likenesses)} portraits x {len(EMOTIONS)} emotions\n")
    print(markdown(("intensity", "median", "largest", f"above {SAME_PERSON}"), rows))
    turned = np.stack([likeness.turned for likeness in likenesses])
    print("\nturned heads\n")
    turns = [
        (
            name,
            f"{np.median(at[:, 0]):.3f}",
            f"{at[:, 0].max():.3f}",
            f"{np.median(at[:, 1]):.3f}",
            f"{at[:, 1].max():.3f}",
        )
        for name, at in zip(TURNS_DEG, np.moveaxis(turned, 1, 0), strict=True)
    ]
    print(markdown(("turn", "median", "largest", "median with emotion", "largest with emotion"), turns))
    usual = curves[:, :, [intensity <= USUAL for intensity in INTENSITIES]]
    rooms = [likeness.room_db for likeness in likenesses if likeness.room_db is not None]
    worst_db = [float(room.min()) for room in rooms]
    summary = {
        "median_up_to_usual": round(float(np.median(usual)), 3),
        "largest": round(float(max(curves.max(), turned.max())), 3),
        "mean_at_full": estimated(curves[:, :, -1].mean(axis=1).tolist()),
        "other_people_median": round(float(np.median(apart[np.triu_indices(len(own), 1)])), 3)
        if len(own) > 1
        else None,
        "room_worst_db": estimated(worst_db),
        "room_at_least_40_db": estimated([worst >= 40 for worst in worst_db]),
    }
    print(
        f"\nmedian up to {USUAL}: {summary['median_up_to_usual']} (goal {MEDIAN_GOAL}); largest of all: "
        f"{summary['largest']} (goal {SAME_PERSON}); between portraits: {summary['other_people_median']}\n"
        f"room, mean of every portrait's worst frame: {shown(summary['room_worst_db'])} dB, "
        f"worst of all: {min(worst_db, default=float('nan')):.1f} dB, "
        f"at least 40 dB on {shown(summary['room_at_least_40_db'])} of {len(rooms)} portraits"
    )
    given.write(
        {
            "size": given.size or SIZE,
            "summary": summary,
            "intensities": INTENSITIES,
            "emotions": EMOTIONS,
            "turns_deg": TURNS_DEG,
            "portraits": {
                likeness.sitter: {
                    "by_intensity": likeness.by_intensity.round(3).tolist(),
                    "turned": likeness.turned.round(3).tolist(),
                    "room_db": None if likeness.room_db is None else likeness.room_db.round(1).tolist(),
                }
                for likeness in likenesses
            },
        },
    )


if __name__ == "__main__":
    tyro.cli(main)
