"""Whether an emotion belongs to nobody: `python -m espressivo.eval.portrait.kinship PORTRAITS...`.

The same emotion is shown on every portrait, the mesh network reads the frames, and what is a person's own is taken
off: the pose of the head (the rigid parts of the standard face laid over both meshes) and the resting face. What is
left, in centimetres of the standard face, is correlated between portraits.

Across seeds an emotion may look different. How different is measured on the motion itself: the distances between
takes of one emotion beside those between the means of two emotions, as the mesh of the standard face moves.
"""

from itertools import combinations
from typing import Annotated

import numpy as np
import tyro
from jaxtyping import Float

from espressivo.conditioning.bank.embedding import default_embedding
from espressivo.conditioning.faces.pose import head_poses
from espressivo.conditioning.state import EmotionState
from espressivo.eval.portrait.faces import EMOTIONS, face_of
from espressivo.eval.portrait.given import GivenTable
from espressivo.eval.portrait.sitting import SIZE, Sitting
from espressivo.eval.portrait.tables import estimated, markdown, shown
from espressivo.generators.face.expression.layer import STREAM, performer_faces
from espressivo.generators.portrait.avatar.expression import PortraitExpression
from espressivo.generators.portrait.avatar.gains import gains
from espressivo.generators.portrait.avatar.mesh import load_face_mesh
from espressivo.generators.portrait.dicetalk.conditioning import Variant


def main(given: Annotated[GivenTable, tyro.conf.OmitArgPrefixes], seeds: int = 20) -> None:
    """Measure how alike an emotion moves different people, and how different it is by seed.

    Args:
        given: portraits and table.
        seeds: how many takes of each emotion.
    """
    table, sittings = given.table, list(given.sittings(SIZE))
    faces = [face_of(table, emotion, 1.0) for emotion in EMOTIONS]
    moved = np.stack([[movement_cm(sitting, face) for face in faces] for sitting in sittings])
    same, other = likeness(moved)
    takes = np.stack([take_cm(table, seed) for seed in range(seeds)])
    within, between = spread_cm(takes)
    rows = [
        (
            emotion,
            shown(estimated(same[e].tolist())),
            f"{other[e]:.2f}",
            f"{10 * within[e]:.2f}",
            f"{10 * between[e].min():.2f} ({EMOTIONS[_nearest(between, e)]})",
            f"{within[e] / between[e].min():.2f}",
        )
        for e, emotion in enumerate(EMOTIONS)
    ]
    print(f"\n{len(sittings)} portraits, {seeds} seeds\n")
    head = (
        "emotion",
        "r between portraits",
        "r with others",
        "spread by seed, mm",
        "nearest emotion, mm",
        "ratio",
    )
    print(markdown(head, rows))
    given.write(
        {
            "portraits": [sitting.sitter.name for sitting in sittings],
            "seeds": seeds,
            "emotions": {
                emotion: {
                    "same_emotion_r": estimated(same[e].tolist()),
                    "other_emotions_r": round(float(other[e]), 3),
                    "spread_by_seed_mm": round(10 * float(within[e]), 3),
                    "nearest_other_mm": round(10 * float(between[e].min()), 3),
                    "nearest_other": EMOTIONS[_nearest(between, e)],
                }
                for e, emotion in enumerate(EMOTIONS)
            },
        },
    )


def movement_cm(sitting: Sitting, weights: Float[np.ndarray, "52"]) -> Float[np.ndarray, "936"]:
    """Return what a face moves on a portrait, as seen in the frame, in the plane of the standard face."""
    mesh = sitting.mesh_px(sitting.frame(weights))
    moved = canonical_cm(sitting.neutral_mesh_px if mesh is None else mesh) - canonical_cm(sitting.neutral_mesh_px)
    return moved[:, :2].ravel()


def canonical_cm(mesh_px: Float[np.ndarray, "468 3"]) -> Float[np.ndarray, "468 3"]:
    """Return a mesh with the pose of its head taken off, in centimetres of the standard face."""
    pose = head_poses(mesh_px)
    return (mesh_px - pose.shift_px) @ pose.rotation.T / pose.scale


def likeness(
    moved: Float[np.ndarray, "portraits emotions coordinates"],
) -> tuple[Float[np.ndarray, "emotions portraits"], Float[np.ndarray, "emotions"]]:
    """Correlate movements of portraits.

    Returns:
        For each emotion and portrait the mean correlation with the same emotion of the others, and for each emotion
        the mean correlation with other emotions of other portraits.
    """
    people, emotions, _ = moved.shape
    r = np.corrcoef(moved.reshape(people * emotions, -1)).reshape(people, emotions, people, emotions)
    others = ~np.eye(people, dtype=bool)
    same = np.array([[r[p, e, others[p], e].mean() for p in range(people)] for e in range(emotions)])
    elsewhere = ~np.eye(emotions, dtype=bool)
    apart = np.array([[r[p, e][others[p]][:, elsewhere[e]].mean() for p in range(people)] for e in range(emotions)])
    return same, apart.mean(axis=1)


def take_cm(expression: PortraitExpression, seed: int) -> Float[np.ndarray, "emotions coordinates"]:
    """Return where one seed's performer puts the standard face in each emotion, with DICE-Talk's variation."""
    shapes = load_face_mesh().shapes_cm * gains()[:, np.newaxis, np.newaxis]
    faces = performer_faces(np.random.default_rng([seed, STREAM]))
    variant = Variant(default_embedding(), seed)
    moved = []
    for emotion in EMOTIONS:
        strengths = variant.state(EmotionState.from_strengths({emotion: 1.0})).strengths()
        weights = np.maximum(expression.emotional(strengths @ faces, strengths), 0)
        moved.append(np.tensordot(weights, shapes, 1).ravel())
    return np.stack(moved)


def spread_cm(
    takes: Float[np.ndarray, "seeds emotions coordinates"],
) -> tuple[Float[np.ndarray, "emotions"], Float[np.ndarray, "emotions emotions"]]:
    """Return the mean distance of takes from their emotion's mean, and the distances of the means of two emotions.

    Distances are root mean squares over the points of the mesh, cm; of an emotion from itself: infinite.
    """
    points = takes.shape[-1] / 3
    centres = takes.mean(axis=0)
    within = np.linalg.norm(takes - centres, axis=2).mean(axis=0) / np.sqrt(points)
    between = np.full((len(centres), len(centres)), np.inf)
    for a, b in combinations(range(len(centres)), 2):
        between[a, b] = between[b, a] = np.linalg.norm(centres[a] - centres[b]) / np.sqrt(points)
    return within, between


def _nearest(between: Float[np.ndarray, "emotions emotions"], e: int) -> int:
    return int(between[e].argmin())


if __name__ == "__main__":
    tyro.cli(main)
