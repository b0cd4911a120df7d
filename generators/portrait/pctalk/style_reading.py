"""The speaking style of whoever talks in a video, read off the face mesh.

Lips are laid out along the same three directions that a style scales (`articulation.DIRECTIONS`), with pose and size
taken out. Only how far they go counts, so the shape of a face and a constant smile fall out. It is divided by what our
neutral speaker shows when it is read in the same way from a video.

`python -m espressivo.generators.portrait.pctalk.style_reading FILE...` prints what is measured and the styles.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import tyro
from jaxtyping import Bool, Float, Int

from espressivo.conditioning.faces.pose import head_poses
from espressivo.conditioning.faces.track import FaceTrack, named, track_face
from espressivo.errors import InputError, MediaError
from espressivo.generators.portrait.pctalk.accents import RAISED
from espressivo.generators.portrait.pctalk.articulation import DIRECTIONS
from espressivo.generators.portrait.pctalk.styles import LARGEST, Style
from espressivo.media.video import probe, read_video_frames
from espressivo.progress import ProgressCallback, track

SHORTEST_S: Final = 2.0
"""Of a video that tells a style."""
LONGEST_S: Final = 60.0
"""Of what is read of a longer one."""
_READ_HZ: Final = 30.0
_SILENT: Final = 0.02
"""A mouth that goes less far in opening does not speak."""
_BROW_POINTS: Final = (70, 63, 105, 66, 107, 300, 293, 334, 296, 336)
_EYE_CORNERS: Final = (33, 133, 263, 362)


@dataclass(frozen=True)
class Manner:
    """How far somebody's face moves in speech, in our directions' own units."""

    opening: float
    """From the 10th to the 90th percentile."""
    widening: float
    pursing: float
    brows: float
    """From the median to the 98th percentile of the raise."""
    head_deg: float
    """Root of the summed variance of pitch, yaw and roll."""


NEUTRAL: Final = Manner(opening=0.31, widening=0.60, pursing=0.16, brows=0.13, head_deg=1.82)
"""What our neutral speaker shows: medians over `espressivo generate avatar` of the four lines that ship, with their
words, "neutral", assets/portraits/cg_head.jpg at 320 px. Six speakers of GRID show .39, .43, .14, .09 and 1.29. The
face mesh sees little of pursed lips and of brows in either."""


def read_style(path: Path, progress: ProgressCallback | None = None) -> Style:
    """Read the style of the largest face of a video.

    Raises:
        MediaError: the file is no video.
        FaceError: no face is seen in most of it.
        InputError: it is too short, or nobody speaks in it.
    """
    return style_of(measure(*_tracked(path, progress), str(path)))


def style_of(manner: Manner) -> Style:
    """Return the style that turns our neutral speaker's movements into these."""
    return Style(  # to the thousandth, so that a take can write it down and be repeated
        opening=_factor(manner.opening, NEUTRAL.opening),
        widening=_factor(manner.widening, NEUTRAL.widening),
        pursing=_factor(manner.pursing, NEUTRAL.pursing),
        brows=round(float(np.clip(manner.brows - NEUTRAL.brows, 0.0, LARGEST)), 3),
        head=_factor(manner.head_deg, NEUTRAL.head_deg),
    )


def measure(face: FaceTrack, speaking: Bool[np.ndarray, "frames"], name: str = "The video") -> Manner:
    """Measure how a tracked face moves where it speaks.

    Raises:
        InputError: it speaks for too short a time, or does not move its mouth.
    """
    if speaking.sum() < SHORTEST_S * face.fps:
        raise InputError(f"{name} shows {speaking.sum() / face.fps:.1f} s of speech; a style needs {SHORTEST_S:g} s.")
    poses = head_poses(face.points_px)
    turned = (face.points_px - poses.shift_px[:, np.newaxis]) / poses.scale[:, np.newaxis, np.newaxis]
    places_cm = turned @ np.swapaxes(poses.rotation, 1, 2)
    lips, brows = _layouts()
    reach = lips.along(places_cm)[speaking]
    opening, widening, pursing = (float(high - low) for low, high in np.percentile(reach, (10, 90), axis=0).T)
    if opening < _SILENT:
        raise InputError(f"{name} shows a mouth that hardly moves; give a video of somebody who speaks.")
    raised = brows.along(places_cm)[:, 0]
    return Manner(
        opening=opening,
        widening=widening,
        pursing=pursing,
        brows=float(np.percentile(raised, 98) - np.median(raised)),
        head_deg=float(np.sqrt(poses.angles_deg.var(axis=0).sum())),
    )


@dataclass(frozen=True, eq=False)
class _Layout:
    """Points of the mesh, and the directions that they are laid out along."""

    points: Int[np.ndarray, "n"]
    anchors: tuple[int, ...]
    """Points whose mean everything is relative to; none where the pose is enough."""
    reading: Float[np.ndarray, "3*n directions"]
    """Least squares: how far along each direction offsets of the points are, in the directions' own units."""

    @classmethod
    def of(
        cls, points: Int[np.ndarray, "n"], rows: Float[np.ndarray, "directions 52"], anchors: tuple[int, ...] = ()
    ) -> "_Layout":
        from espressivo.generators.portrait.avatar.gains import gains
        from espressivo.generators.portrait.avatar.mesh import load_face_mesh

        shapes_cm = load_face_mesh().shapes_cm * gains()[:, np.newaxis, np.newaxis] * (1.0, -1.0, -1.0)
        offsets_cm = _relative(np.tensordot(rows, shapes_cm, 1), points, anchors)
        return cls(points, anchors, np.linalg.pinv(offsets_cm))

    def along(self, places_cm: Float[np.ndarray, "frames 468 3"]) -> Float[np.ndarray, "frames directions"]:
        """Lay meshes out, up to a constant that belongs to the face."""
        return _relative(places_cm, self.points, self.anchors) @ self.reading


def _relative(
    places_cm: Float[np.ndarray, "n 468 3"], points: Int[np.ndarray, "m"], anchors: tuple[int, ...]
) -> Float[np.ndarray, "n 3*m"]:
    chosen = places_cm[:, points]
    if anchors:
        chosen = chosen - places_cm[:, list(anchors)].mean(axis=1, keepdims=True)
    return chosen.reshape(len(places_cm), -1)


@cache
def _layouts() -> tuple[_Layout, _Layout]:
    """For the lips and for the brows."""
    from espressivo.generators.portrait.avatar.mesh import load_face_mesh

    mesh = load_face_mesh()
    lips = np.unique(np.concatenate([mesh.upper_lip_rows.ravel(), mesh.lower_lip_rows.ravel(), mesh.mouth_ring]))
    rows = np.stack([DIRECTIONS["opening"], DIRECTIONS["widening"], DIRECTIONS["pursing"]])
    return _Layout.of(lips, rows), _Layout.of(np.array(_BROW_POINTS), RAISED[np.newaxis], _EYE_CORNERS)


def _factor(shown: float, neutral: float) -> float:
    return round(float(np.clip(shown / neutral, 0.0, LARGEST)), 3)


def _tracked(path: Path, progress: ProgressCallback | None) -> tuple[FaceTrack, Bool[np.ndarray, "frames"]]:
    """Follow the face through the beginning of a video, and find out in which frames somebody speaks."""
    facts = probe(path)
    step = max(1, round(facts.fps / _READ_HZ))
    fps = facts.fps / step
    total = min(round(LONGEST_S * fps), max(1, round(facts.duration_s * fps)))
    frames = (frame for frame, _ in zip(read_video_frames(path, step), range(total), strict=False))
    with named(path):
        face = track_face(track(frames, "read the style", total, progress), fps)
    return face, _speaking(path, np.arange(len(face.points_px)) / fps, facts.sound_offset_s)


def _speaking(path: Path, times_s: Float[np.ndarray, "frames"], offset_s: float) -> Bool[np.ndarray, "frames"]:
    """Where the video's voice is heard; everywhere in one without sound."""
    from espressivo.conditioning.prosody import analyse_prosody
    from espressivo.conditioning.speech import Speech

    try:
        prosody = analyse_prosody(Speech.read(path))
    except MediaError:
        return np.ones(len(times_s), bool)
    return prosody.at("speaking", times_s - offset_s).astype(bool)


def main(files: tyro.conf.Positional[tuple[Path, ...]]) -> None:
    """Print manners and styles.

    Args:
        files: videos in which somebody speaks.
    """
    for file in files:
        manner = measure(*_tracked(file, None), str(file))
        print(f"{file}\n  {manner}\n  {style_of(manner)}")


if __name__ == "__main__":
    tyro.cli(main)
