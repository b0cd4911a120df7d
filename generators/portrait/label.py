"""A label in the picture that says how it was made."""

from functools import cache
from typing import Final

import numpy as np
from jaxtyping import Float32, UInt8

TEXT: Final = "AI-generated"
_HEIGHT: Final = 0.05
"""Of the picture; a label is never lower than `_LEAST_PX`."""
_LEAST_PX: Final = 11
_MARGIN: Final = 0.6
"""Space to the picture's edge, in heights of the label."""
_PAD: Final = 0.55
"""Space before and after the text, in heights of the label."""
_TEXT_SIZE: Final = 0.62
_DARK: Final = 0.5
_FINE: Final = 4
"""It is drawn so many times as large and made smaller, so that its edges are smooth."""


def draw_label(frame: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w 3"]:
    """Draw `TEXT` on a dark pill into the lower left corner, in place, and return the frame."""
    height, width = frame.shape[:2]
    veil, ink, (top, left) = _label(height, width)
    box = frame[top : top + veil.shape[0], left : left + veil.shape[1]]
    box[:] = np.clip(box * (1.0 - veil) + ink + 0.5, 0, 255).astype(np.uint8)
    return frame


@cache
def _label(
    height: int, width: int
) -> tuple[Float32[np.ndarray, "label_h label_w 1"], Float32[np.ndarray, "label_h label_w 1"], tuple[int, int]]:
    """Return for a picture of this size: how much of it the label covers, what it adds, and where it stands."""
    from PIL import Image, ImageDraw, ImageFont

    tall = max(_LEAST_PX, round(_HEIGHT * min(height, width)))
    font = ImageFont.load_default(_TEXT_SIZE * tall * _FINE)
    wide = int(font.getlength(TEXT) / _FINE + 2 * _PAD * tall)
    pill = Image.new("L", (wide * _FINE, tall * _FINE))
    ImageDraw.Draw(pill).rounded_rectangle((0, 0, wide * _FINE - 1, tall * _FINE - 1), tall * _FINE // 2, 255)
    words = Image.new("L", pill.size)
    ImageDraw.Draw(words).text((pill.width / 2, pill.height / 2), TEXT, 255, font, anchor="mm")
    shape = min(wide, width), min(tall, height)
    small = (part.resize((wide, tall), Image.Resampling.BOX).crop((0, 0, *shape)) for part in (pill, words))
    shade, letters = (np.asarray(part, np.float32)[..., np.newaxis] / 255 for part in small)
    gap = min(round(_MARGIN * tall), width - shape[0], height - shape[1])
    veil = 1.0 - (1.0 - _DARK * shade) * (1.0 - letters)
    return veil.astype(np.float32), (255.0 * letters).astype(np.float32), (height - shape[1] - gap, gap)
