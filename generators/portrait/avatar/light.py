"""How a photograph was taken, as far as drawn parts must match it: its tint, how sharp and how grainy it is."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32
from scipy.ndimage import gaussian_filter, maximum_filter, minimum_filter

_STANDARD_SKIN = np.array([205.0, 165.0, 140.0])
"""Skin of middle tone in white light, sRGB."""
_GREY_SPREAD = 0.05
"""Hues of a picture without colours differ less than this."""
_STONE, _FLESH = 0.02, 0.06
"""How much redder than its least colour skin is, of its brightness: stone, or a film's cold grading, and flesh."""
_CHEEKS = (50, 101, 118, 205, 36, 280, 330, 347, 425, 266, 4, 5, 195, 9, 151, 108, 337)
"""Points of the mesh on bare skin, whatever the beard: cheeks, bridge of the nose, forehead."""


@dataclass(frozen=True, eq=False)
class Light:
    """What a part must be multiplied with, blurred by and sprinkled with to belong to the photograph."""

    tint: Float32[np.ndarray, "3"]
    """Factor on a colour that was chosen in white light."""
    skin: Float32[np.ndarray, "3"]
    """The typical colour of bare skin, 0..255."""
    colourful: float
    """1 for a picture in colour; 0 for a grey or sepia one or a face of stone: all parts have the hue of its skin."""
    blur_px: float
    """Standard deviation of the blur of the sharpest edges."""
    grain: float
    """Standard deviation of the noise, 0..255."""

    @classmethod
    def of(cls, photo: Float32[np.ndarray, "h w 3"], landmarks: Float[np.ndarray, "468 k"]) -> "Light":
        """Read the light from the skin and the edges of the face."""
        skin = _skin(photo, landmarks)
        tint = skin / _STANDARD_SKIN
        exposure = float(tint @ (0.299, 0.587, 0.114))
        # A dark skin is dark by its pigment, too: teeth and eyes follow only part of the brightness, all of the hue.
        tint = tint / max(exposure, 1e-3) * np.clip(exposure, 0.12, 1.1) ** 0.75
        # Pale skin is less red than the standard one without any blue light on it: no blue or green teeth.
        tint = np.minimum(tint, tint[0] * np.array([1.0, 0.97, 0.98]))
        blur, grain = _edges(photo, landmarks)
        return cls(tint.astype(np.float32), skin.astype(np.float32), _variety(photo) * _flesh(skin), blur, grain)

    def colour(self, white_light: Float[np.ndarray, "*n 3"]) -> Float32[np.ndarray, "*n 3"]:
        """Return colours of flesh or enamel as the photograph would show them: never bluer than they are red."""
        colour = np.asarray(white_light, np.float32) * self.tint
        colour[..., 1] = np.minimum(colour[..., 1], colour[..., 0])
        colour[..., 2] = np.minimum(colour[..., 2], colour[..., 1])
        hue = self.skin / max(float(luminance(self.skin)), 1.0)
        plain = luminance(colour)[..., np.newaxis] * hue
        return (plain + np.float32(self.colourful) * (colour - plain)).astype(np.float32)

    @property
    def shade_hue(self) -> Float32[np.ndarray, "3"]:
        """How much of a change of brightness each of red, green and blue takes.

        Light that went into skin comes out red where it is in shade; a grey picture stays grey.
        """
        return np.array([1 - 0.35 * self.colourful, 1.0, 1 + 0.12 * self.colourful], np.float32)


def luminance(colour: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n"]:
    """Brightness of sRGB values, as BT.601 weighs it."""
    return colour @ np.array([0.299, 0.587, 0.114], colour.dtype)


def paleness(colour: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n"]:
    """How far a colour is from red, 1 for grey: enamel .75 to 1, lips .4 to .7."""
    return 1 - (colour[..., 0] - np.minimum(colour[..., 1], colour[..., 2])) / np.maximum(colour[..., 0], 1)


def _skin(photo: Float32[np.ndarray, "h w 3"], landmarks: Float[np.ndarray, "468 k"]) -> Float[np.ndarray, "3"]:
    height, width = photo.shape[:2]
    x = np.clip(landmarks[list(_CHEEKS), 0].astype(int), 0, width - 1)
    y = np.clip(landmarks[list(_CHEEKS), 1].astype(int), 0, height - 1)
    samples = np.asarray(photo, np.float64)[y, x]
    # The lit half: one side of the face may lie in shadow.
    bright = luminance(samples)
    return np.median(samples[bright >= np.median(bright)], axis=0)


def _variety(photo: Float32[np.ndarray, "h w 3"]) -> float:
    """How much hues differ over the picture: skin, lips, clothes and what is behind."""
    coarse = gaussian_filter(np.asarray(photo, np.float64), (1.5, 1.5, 0))[::3, ::3]
    bright = luminance(coarse)
    seen = (bright > 40) & (bright < 240)
    hue = (coarse[..., 0] - coarse[..., 2])[seen] / bright[seen]
    spread = float(np.subtract(*np.quantile(hue, (0.95, 0.05)))) if hue.size else 0.0
    return float(np.clip((spread - _GREY_SPREAD) / _GREY_SPREAD, 0, 1))


def _flesh(skin: Float[np.ndarray, "3"]) -> float:
    """How much a face is of flesh and blood, 0..1."""
    redder = float(skin[0] - min(skin[1:])) / max(float(luminance(skin)), 1.0)
    return float(np.clip((redder - _STONE) / (_FLESH - _STONE), 0, 1))


def _edges(photo: Float32[np.ndarray, "h w 3"], landmarks: Float[np.ndarray, "468 k"]) -> tuple[float, float]:
    """Blur from the steepest edges, noise from the flattest parts.

    A step that is blurred with deviation s is as steep as contrast / (s sqrt(2 pi)).
    """
    low, high = landmarks[:, :2].min(axis=0).astype(int), landmarks[:, :2].max(axis=0).astype(int) + 1
    low, high = np.maximum(low, 0), np.maximum(high, low + 16)
    grey = luminance(np.asarray(photo[low[1] : high[1], low[0] : high[0]], np.float64))
    down, across = np.gradient(grey)
    slope = np.hypot(down, across)
    contrast = maximum_filter(grey, 9) - minimum_filter(grey, 9)
    steep = slope >= np.quantile(slope, 0.98)
    blur = float(np.median(contrast[steep] / np.maximum(slope[steep], 1e-3))) / np.sqrt(2 * np.pi)
    rough = np.abs(grey - gaussian_filter(grey, 1.0))[2:-2, 2:-2]
    # The flattest tenth: the rest is pores, canvas and hair. A normal variable lies within .126 deviations for a tenth
    # of the time; the filter keeps .93 of white noise.
    grain = float(np.quantile(rough, 0.1)) / (0.126 * 0.93)
    return float(np.clip(blur, 0.5, 4.0)), float(np.clip(grain, 0.0, 3.0))
