"""Still pictures, as they come from cameras and from strangers."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from espressivo.errors import MediaError
from espressivo.media.image import read_image

PICTURE = np.random.default_rng(0).integers(0, 256, (6, 4, 3)).astype(np.uint8)


@pytest.mark.parametrize("suffix", [".png", ".bmp"])
def test_pixels_are_those_of_the_file(suffix: str, tmp_path: Path) -> None:
    Image.fromarray(PICTURE).save(path := tmp_path / f"picture{suffix}")
    assert np.array_equal(read_image(path), PICTURE)


def test_a_camera_held_sideways_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the top of the scene is at the right
    Image.fromarray(PICTURE).save(path := tmp_path / "picture.png", exif=exif)
    assert np.array_equal(read_image(path), np.rot90(PICTURE, -1))


def test_what_is_transparent_lies_on_white(tmp_path: Path) -> None:
    clear = np.dstack([PICTURE, np.zeros((6, 4), np.uint8)])
    clear[0, 0, 3] = 255
    Image.fromarray(clear).save(path := tmp_path / "picture.png")
    shown = read_image(path)
    assert np.array_equal(shown[0, 0], PICTURE[0, 0])
    assert (shown[1:] == 255).all()


@pytest.mark.parametrize("deep", [1, 257], ids=["8 bits", "16 bits"])
def test_grey_and_deep_pictures_become_rgb(deep: int, tmp_path: Path) -> None:
    grey = PICTURE[..., 0] if deep == 1 else PICTURE[..., 0].astype(np.uint16) * 257
    Image.fromarray(grey).save(path := tmp_path / "grey.png")
    assert np.array_equal(read_image(path), np.repeat(PICTURE[..., :1], 3, axis=2))


def test_pictures_for_print_become_rgb(tmp_path: Path) -> None:
    smooth = Image.fromarray(PICTURE).resize((64, 64), Image.Resampling.BICUBIC)
    smooth.convert("CMYK").save(path := tmp_path / "print.jpg", quality=95)
    assert np.abs(read_image(path).astype(int) - np.asarray(smooth)).mean() < 3


@pytest.mark.parametrize("name", ["moving.png", "moving.webp"])
def test_of_a_moving_picture_the_first_frame_is_read(name: str, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(path := tmp_path / name, save_all=True, append_images=frames[1:], lossless=True)
    assert (read_image(path) == (255, 0, 0)).all()


@pytest.mark.parametrize(
    "content",
    [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a" + bytes(40), b"<svg xmlns='http://www.w3.org/2000/svg'/>", bytes(1000)],
    ids=["empty", "only a head", "gif", "svg", "zeros"],
)
def test_what_is_no_picture_is_refused_in_one_sentence(content: bytes, tmp_path: Path) -> None:
    (path := tmp_path / "picture.png").write_bytes(content)
    with pytest.raises(MediaError, match=r"picture\.png cannot be read as a picture; give"):
        read_image(path)


def test_a_cut_off_file_is_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (100, 100, 3)).astype(np.uint8)
    Image.fromarray(noise).save(buffer := io.BytesIO(), "PNG")
    (path := tmp_path / "cut.png").write_bytes(buffer.getvalue()[:5000])
    with pytest.raises(MediaError):
        read_image(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="does not exist"):
        read_image(tmp_path / "none.png")


@pytest.mark.parametrize("side", [8_000, 60_000])
def test_a_bomb_is_refused_unopened(side: int, tmp_path: Path) -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    (path := tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IEND", b""))
    with pytest.raises(MediaError):
        read_image(path)
