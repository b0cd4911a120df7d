"""LivePortrait's networks together: a photograph is read once, then drawn for every frame of a motion."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from espressivo.conditioning.faces.crops import Square
from espressivo.generators.portrait.liveportrait.appearance import AppearanceFeatureExtractor
from espressivo.generators.portrait.liveportrait.crop import face_square
from espressivo.generators.portrait.liveportrait.drawing import SpadeGenerator
from espressivo.generators.portrait.liveportrait.keypoints import ImplicitMotion, Keypoints, read_motion
from espressivo.generators.portrait.liveportrait.motion import MotionExtractor
from espressivo.generators.portrait.liveportrait.paste import Paster
from espressivo.generators.portrait.liveportrait.retargeting import RetargetingNetwork
from espressivo.generators.portrait.liveportrait.warping import WarpingModule

INPUT_PX = 256
"""Side of the crops that the networks look at."""


@dataclass(frozen=True, eq=False)
class Source:
    """A portrait as the networks know it."""

    image: UInt8[np.ndarray, "h w 3"]
    square: Square
    """The part of the picture that is drawn anew."""
    volume: Float[Tensor, "1 c d h w"]
    motion: ImplicitMotion
    """The portrait's own, one frame."""


@dataclass(frozen=True, eq=False)
class LivePortrait:
    """The seven networks, ready to run on one device."""

    appearance: AppearanceFeatureExtractor
    motion: MotionExtractor
    warping: WarpingModule
    generator: SpadeGenerator
    stitching: RetargetingNetwork
    lip: RetargetingNetwork
    eye: RetargetingNetwork
    input_px: int = INPUT_PX

    @property
    def device(self) -> torch.device:
        """Where the networks run."""
        return next(self.warping.parameters()).device

    def source(self, image: UInt8[np.ndarray, "h w 3"], points_px: Float[np.ndarray, "468 n"]) -> Source:
        """Read a portrait, given the mesh on its face."""
        square = face_square(points_px)
        crop = self._crops([(image, square)])
        with torch.no_grad():
            return Source(image, square, self.appearance(crop), read_motion(self.motion(crop)))

    def read(self, faces: list[tuple[UInt8[np.ndarray, "h w 3"], Square]]) -> ImplicitMotion:
        """Read the motion of faces, one frame per picture and square."""
        with torch.no_grad():
            return read_motion(self.motion(self._crops(faces)))

    def stitched(self, source: Source, driving: Keypoints) -> Keypoints:
        """Mend keypoints so that what lies around the face (neck, shoulders) stays in its place."""
        change = self._retargeted(self.stitching, source, driving.reshape(len(driving), -1))
        moved = driving + change[:, :-2].reshape(driving.shape)
        moved[:, :, :2] += change[:, np.newaxis, -2:]
        return moved

    def lips_changed(self, source: Source, ratios: Float[np.ndarray, "frames 2"]) -> Keypoints:
        """Return what to add to keypoints for lips to open as asked.

        Args:
            source: the portrait.
            ratios: height to width of the gap between the lips, in the portrait and as asked.
        """
        return self._change(self.lip, source, ratios)

    def eyes_changed(self, source: Source, ratios: Float[np.ndarray, "frames 3"]) -> Keypoints:
        """Return what to add to keypoints for eyes to open as asked.

        Args:
            source: the portrait.
            ratios: height to width of the right and left eye in the portrait, and as asked.
        """
        return self._change(self.eye, source, ratios)

    def draw(self, source: Source, keypoints: Keypoints) -> Iterator[UInt8[np.ndarray, "s s 3"]]:
        """Draw the face, one square picture per frame of keypoints, while they are asked for."""
        at_rest = self._tensor(source.motion.keypoints)
        for frame in keypoints:
            with torch.no_grad():
                warped = self.warping(source.volume, at_rest, self._tensor(frame[np.newaxis]))
                picture = self.generator(warped.feature)[0].movedim(0, -1)
            yield (picture * 255).round().to(torch.uint8).numpy(force=True)

    def frames(self, source: Source, keypoints: Keypoints) -> Iterator[UInt8[np.ndarray, "h w 3"]]:
        """Draw the whole photograph, its face moved, frame by frame while they are asked for."""
        paster = None
        for drawing in self.draw(source, keypoints):
            paster = paster or Paster(source.image, source.square, len(drawing))
            yield paster.paste(drawing)

    def _crops(self, faces: list[tuple[UInt8[np.ndarray, "h w 3"], Square]]) -> Float[Tensor, "n 3 s s"]:
        crops = np.stack([square.read(image, self.input_px) for image, square in faces])
        return self._tensor(crops / np.float32(255)).movedim(-1, 1).contiguous()

    def _change(self, net: RetargetingNetwork, source: Source, ratios: Float[np.ndarray, "frames n"]) -> Keypoints:
        return self._retargeted(net, source, ratios).reshape(len(ratios), -1, 3)

    def _retargeted(
        self, net: RetargetingNetwork, source: Source, told: Float[np.ndarray, "frames n"]
    ) -> Float[np.ndarray, "frames m"]:
        own = np.repeat(source.motion.keypoints.reshape(1, -1), len(told), axis=0)
        with torch.no_grad():
            return net(self._tensor(np.concatenate([own, told], axis=1))).numpy(force=True)

    def _tensor(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array, np.float32)).to(self.device)
