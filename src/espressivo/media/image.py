"""Still pictures."""

import warnings
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from espressivo.errors import MediaError

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp"})
"""Of files that are taken for pictures."""
MAX_PIXELS = 50_000_000
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
_DEEP = ("I;16", "I;16B", "I")
"""Modes of grey with 16 bits."""
_WHITE = (255, 255, 255, 255)


def read_image(path: Path) -> UInt8[np.ndarray, "h w 3"]:
    """Read a picture as RGB, upright as the camera was held, what is transparent on white.

    Raises:
        MediaError: the file is missing, is no picture, is damaged, or has more than `MAX_PIXELS`.
    """
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings(), Image.open(path, formats=_FORMATS) as opened:
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit below is stricter
            if opened.width * opened.height > MAX_PIXELS:
                raise MediaError(
                    f"{path} has {opened.width} x {opened.height} pixels; at most {MAX_PIXELS // 1_000_000} million "
                    "are read, so make it smaller."
                )
            upright = ImageOps.exif_transpose(opened)
            if upright.has_transparency_data:
                upright = Image.alpha_composite(Image.new("RGBA", upright.size, _WHITE), upright.convert("RGBA"))
            if upright.mode in _DEEP:  # Pillow would make all of it white that is brighter than 255 of 65535
                upright = Image.fromarray((np.asarray(upright).clip(0, 65535) >> 8).astype(np.uint8))
            return np.asarray(upright.convert("RGB"))
    except FileNotFoundError:
        raise MediaError(f"{path} does not exist; give a picture.") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise MediaError(f"{path} cannot be read as a picture; give a PNG, JPEG, WebP or BMP file.") from error
