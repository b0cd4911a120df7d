"""A portrait that is asked to show faces, and what independent networks see in the pictures that come back."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Float32, UInt8

from espressivo.conditioning.face_emotion.judges import NetworkJudge, face_crop
from espressivo.conditioning.faces.detector import find_faces
from espressivo.conditioning.faces.faceapi.pipeline import identity_descriptor
from espressivo.conditioning.faces.mesh import MIN_SCORE, read_mesh, read_square, square_around
from espressivo.errors import FaceError
from espressivo.eval.face.landmarks68 import MESH_TO_68
from espressivo.eval.portrait.sitters import Sitter
from espressivo.generators.portrait.avatar.avatar import Avatar
from espressivo.generators.portrait.avatar.photograph import Photograph

SIZE = 256
"""Pixels of the frames that are judged: judges look at 64 and 112."""
STRAIGHT = np.zeros(3, np.float32)
AHEAD = np.zeros(2, np.float32)


@dataclass(frozen=True, eq=False)
class Sitting:
    """One portrait before the renderer."""

    sitter: Sitter
    photograph: Photograph
    avatar: Avatar

    @classmethod
    def of(cls, sitter: Sitter, size: int = SIZE) -> "Sitting":
        """Prepare a portrait.

        Raises:
            InputError: the picture shows no face that can be moved.
        """
        photograph = Photograph.read(sitter.picture)
        return cls(sitter, photograph, Avatar.of(photograph, size))

    def frame(
        self,
        weights: Float[np.ndarray, "52"],
        head_rad: Float[np.ndarray, "3"] = STRAIGHT,
        gaze_rad: Float[np.ndarray, "2"] = AHEAD,
    ) -> UInt8[np.ndarray, "size size 3"]:
        """Draw one moment of the face crop, as a video shows it once the photograph's own expression has settled."""
        return self.avatar.draw(np.asarray(weights, np.float32), head_rad, gaze_rad, settled=1.0)

    def points_px(self, weights: Float[np.ndarray, "52"]) -> Float32[np.ndarray, "468 3"]:
        """Return where that moment has the points of the drawn mesh."""
        return self.avatar.fit.pose(np.asarray(weights, np.float32), settled=1.0).points_px

    @cached_property
    def photo(self) -> UInt8[np.ndarray, "size size 3"]:
        """The face crop as the photograph has it: the first frame of a video."""
        return self.avatar.draw(np.zeros(52, np.float32))

    @cached_property
    def neutral(self) -> UInt8[np.ndarray, "size size 3"]:
        """The frame without any motion."""
        return self.frame(np.zeros(52, np.float32))

    @cached_property
    def neutral_mesh_px(self) -> Float32[np.ndarray, "468 3"]:
        """The mesh of that frame, found by the detector.

        Raises:
            FaceError: it is seen as no face.
        """
        faces = find_faces(self.neutral)
        mesh = read_mesh(self.neutral, faces[0]) if faces else None
        if mesh is None:
            raise FaceError(f"No face is seen in the neutral frame of {self.sitter.name}; give another portrait.")
        return mesh

    def mesh_px(self, frame: UInt8[np.ndarray, "size size 3"]) -> Float32[np.ndarray, "468 3"] | None:
        """Read the mesh off a frame, from where the neutral one is; None if it is seen as no face."""
        mesh, score = read_square(frame, square_around(self.neutral_mesh_px))
        return mesh if score >= MIN_SCORE else None

    def opinions(
        self, frames: list[UInt8[np.ndarray, "size size 3"]], judges: tuple[NetworkJudge, ...]
    ) -> Mapping[str, Float[np.ndarray, "n labels"]]:
        """Return what each judge says of frames, as the published networks give it (not calibrated).

        A frame that is seen as no face is cut where the neutral face is.
        """
        crops = [face_crop(frame, self._mesh_or_neutral(frame)) for frame in frames]
        return {judge.id: np.exp(judge.raw_logits(crops)) for judge in judges}

    def descriptors(self, frames: list[UInt8[np.ndarray, "size size 3"]]) -> Float[np.ndarray, "n 128"]:
        """Return what the identity network sees in frames."""
        return np.stack([describe(frame, self._mesh_or_neutral(frame)) for frame in frames])

    def _mesh_or_neutral(self, frame: UInt8[np.ndarray, "size size 3"]) -> Float32[np.ndarray, "468 3"]:
        mesh = self.mesh_px(frame)
        return self.neutral_mesh_px if mesh is None else mesh


def describe(picture: UInt8[np.ndarray, "h w 3"], points_px: Float32[np.ndarray, "468 3"]) -> Float[np.ndarray, "128"]:
    """Return what the identity network sees in one picture, by the landmarks of the mesh."""
    return identity_descriptor(picture, points_px[list(MESH_TO_68)])
