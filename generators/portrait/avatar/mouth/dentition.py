"""Teeth and gums as two bent sheets: what an arch of teeth looks like, unrolled.

An arch is half of an elliptic cylinder in the standard face (cm, glTF's axes). Its picture has one column per angle on
the ellipse and one row per height. Widths of the crowns: Wheeler's Dental Anatomy (Nelson 2014), table of averages.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

COLUMNS, ROWS = 512, 96
REACH_RAD = 1.25
"""The sheet ends at this angle to either side of the middle."""

_ENAMEL = np.array([234.0, 222.0, 201.0])
_ROOT_ENAMEL = np.array([223.0, 203.0, 174.0])
_GUM = np.array([202.0, 118.0, 112.0])
_GAP = np.array([96.0, 62.0, 50.0])

_UPPER_WIDTHS = (0.85, 0.65, 0.75, 0.70, 0.70, 1.00, 0.90)
_UPPER_LENGTHS = (1.05, 0.90, 1.00, 0.85, 0.85, 0.75, 0.70)
_LOWER_WIDTHS = (0.50, 0.55, 0.70, 0.70, 0.70, 1.10, 1.05)
_LOWER_LENGTHS = (0.90, 0.95, 1.10, 0.85, 0.80, 0.75, 0.70)


@dataclass(frozen=True, eq=False)
class Arch:
    """One row of teeth with its gum."""

    half_width_cm: float
    depth_cm: float
    back_cm: float
    """z of the middle of the ellipse; its front is at back + depth."""
    top_cm: float
    bottom_cm: float
    """y of the first and of the last row of the picture."""
    picture: Float32[np.ndarray, "rows columns 4"]
    """Colour in white light, 0..255, and opacity, 0..1."""

    @property
    def form(self) -> Float32[np.ndarray, "5"]:
        """half width, depth, back, top, bottom: what the drawing kernel reads."""
        return np.array([self.half_width_cm, self.depth_cm, self.back_cm, self.top_cm, self.bottom_cm], np.float32)


def upper_arch() -> Arch:
    """The upper teeth: they overlap the lower ones a little."""
    edge, gum_end = -4.52, -2.4
    picture = _draw(3.5, 5.0, _UPPER_WIDTHS, _UPPER_LENGTHS, gum_end - edge)
    return Arch(3.5, 5.0, -0.4, gum_end, edge, picture)


def lower_arch() -> Arch:
    """The lower teeth, with the jaw closed."""
    edge, gum_end = -4.30, -6.1
    picture = _draw(3.3, 4.75, _LOWER_WIDTHS, _LOWER_LENGTHS, edge - gum_end)
    return Arch(3.3, 4.75, -0.4, edge, gum_end, np.ascontiguousarray(picture[::-1]))


def _draw(
    half_width: float, depth: float, widths: tuple[float, ...], lengths: tuple[float, ...], height: float
) -> Float32[np.ndarray, "rows columns 4"]:
    """Draw teeth that hang from the first row down to the last one."""
    angle = np.linspace(-REACH_RAD, REACH_RAD, COLUMNS)
    # 1 cm of the standard face is .93 cm of a real one.
    arc = _arc_length(half_width, depth, np.abs(angle)) * 0.93
    ends = np.cumsum(widths)
    tooth = np.minimum(np.searchsorted(ends, arc), len(widths) - 1)
    width, length = np.array(widths)[tooth], np.array(lengths)[tooth] / 0.93
    across = np.clip((arc - (ends[tooth] - width / 2)) / (width / 2), -1, 1)
    h = ((np.arange(ROWS) + 0.5) / ROWS * height)[:, None]
    up = height - h
    # The cutting edge: nearly straight, corners rounded; side teeth end higher.
    tip = np.where(tooth == 2, 0.10 * np.abs(across), 0.0) + 0.16 * np.abs(across) ** 5 + _step_up(tooth)
    crown_top = length * (1 - 0.16 * np.abs(across) ** 2.2)
    enamel_mix = np.clip((up - tip) / np.maximum(crown_top - tip, 0.1), 0, 1)[..., None]
    colour = _ENAMEL + (_ROOT_ENAMEL - _ENAMEL) * np.clip(enamel_mix * 1.15 - 0.25, 0, 1)
    colour = colour * np.where(tooth == 2, 0.965, np.where(tooth > 2, 0.95, 1.0))[None, :, None]
    # A translucent edge lets the dark through, the bulge of the crown turns away from the light.
    colour = colour * (1 - 0.16 * np.exp(-((up - tip) / 0.10)))[..., None]
    bulge = 1 - 0.20 * across**2 - 0.10 * (enamel_mix[..., 0] - 0.45) ** 2
    shine = 0.05 * np.exp(-(((across + 0.15) / 0.35) ** 2)) * np.exp(-(((enamel_mix[..., 0] - 0.55) / 0.25) ** 2))
    colour = colour * (bulge + shine)[..., None]
    # Between two crowns there is a dark line, wider towards the edge.
    gap = np.clip(1 - (1 - np.abs(across)) * width / 2 / (0.022 + 0.03 * np.exp(-(up - tip) / 0.12)), 0, 1)
    colour = colour + (_GAP - colour) * (0.75 * gap)[..., None]
    gum = _smoothstep((up - crown_top) / 0.09)
    swell = 1.02 - 0.16 * across**2 + 0.10 * np.exp(-(((up - crown_top - 0.22) / 0.16) ** 2))
    fade = np.clip(1 - 0.20 * (up - crown_top), 0.5, 1)
    gum_colour = _GUM * (swell * fade)[..., None]
    line = 1 - 0.28 * np.exp(-(((up - crown_top) / 0.06) ** 2))
    colour = (colour + (gum_colour - colour) * gum[..., None]) * line[..., None]
    opacity = _smoothstep((up - tip) / 0.05 + 0.5)
    return np.concatenate([colour, opacity[..., None]], axis=2).astype(np.float32)


def _step_up(tooth: np.ndarray) -> Float[np.ndarray, "columns"]:
    """How much shorter the laterals and the side teeth hang, cm."""
    return np.array([0.0, 0.07, 0.0, 0.08, 0.12, 0.16, 0.2])[tooth]


def _arc_length(half_width: float, depth: float, angle: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    """Length of the ellipse from its front to an angle, x = half_width sin, z = depth cos."""
    fine = np.linspace(0, np.pi / 2, 2001)
    speed = np.hypot(half_width * np.cos(fine), depth * np.sin(fine))
    length = np.concatenate([[0], np.cumsum((speed[1:] + speed[:-1]) / 2 * np.diff(fine))])
    return np.interp(angle, fine, length)


def _smoothstep(x: np.ndarray) -> np.ndarray:
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)
