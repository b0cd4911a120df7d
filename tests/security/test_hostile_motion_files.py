"""Motion files from strangers: refused with one sentence, quickly, and without running anything."""

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from espressivo.errors import InputError
from espressivo.generators.face.arkit import ARKIT_NAMES
from espressivo.generators.face.export.livelink import read_livelink_csv
from espressivo.generators.face.export.npz import read_motion_npz


class Trap:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self._path,)


def test_pickled_arrays_are_not_unpickled(tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    trapped = np.empty(1, object)
    trapped[0] = Trap(sprung)
    np.savez(
        tmp_path / "face.npz",
        weights=trapped,
        head_rad=np.zeros((1, 3)),
        gaze_rad=np.zeros((1, 2)),
        fps=np.array(30.0),
        names=np.array(ARKIT_NAMES),
    )
    with pytest.raises(InputError, match=r"face\.npz"):
        read_motion_npz(tmp_path / "face.npz")
    (tmp_path / "bare.npz").write_bytes(pickle.dumps(Trap(sprung)))
    with pytest.raises(InputError, match=r"bare\.npz"):
        read_motion_npz(tmp_path / "bare.npz")
    assert not sprung.exists()


def test_archive_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    with (
        zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("weights.npy", "w", force_zip64=True) as member,
    ):
        for _ in range(1100):
            member.write(bytes(1 << 20))
    with pytest.raises(InputError, match="unpacks to more than 1024 MiB"):
        read_motion_npz(tmp_path / "bomb.npz")


def test_array_header_that_claims_more_than_it_holds_is_refused(tmp_path: Path) -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 52), }"
    header += b" " * (118 - len(header)) + b"\n"
    with zipfile.ZipFile(tmp_path / "face.npz", "w") as archive:
        for name in ("weights", "head_rad", "gaze_rad", "fps", "names"):
            archive.writestr(f"{name}.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    with pytest.raises(InputError, match=r"face\.npz"):
        read_motion_npz(tmp_path / "face.npz")


@pytest.mark.parametrize("cut", [1, 20, 200, -1, -30])
def test_cut_archive_is_refused(tmp_path: Path, cut: int) -> None:
    np.savez(tmp_path / "face.npz", weights=np.zeros((3, 52)))
    (tmp_path / "face.npz").write_bytes((tmp_path / "face.npz").read_bytes()[:cut])
    with pytest.raises(InputError):
        read_motion_npz(tmp_path / "face.npz")


@pytest.mark.parametrize(
    "content",
    [
        b"JawOpen," * 2_000_000,  # one header of 16 MB
        b"JawOpen\n" + b"0" * 2_000_000,
        b'JawOpen\n"' + b"0.5\n" * 100_000,  # a quote that is never closed
        b"JawOpen\n\x00\x00\n",
        b"JawOpen\n\xff\xfe\n",
        b"\x1f\x8b\x08\x00" + bytes(range(256)),
        "JawOpen,Timecode\n0.5,００:００:００:００\n".encode(),
        b"JawOpen\n1e999\n",
        b"JawOpen\n=cmd()\n",
    ],
)
def test_hostile_tables_are_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "face.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"face\.csv") as caught:
        read_livelink_csv(path, fps=30)
    assert len(str(caught.value)) < 400 + len(str(path))


def test_folder_and_special_file_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, Path("/dev/null")):
        with pytest.raises(InputError):
            read_livelink_csv(path)
        with pytest.raises(InputError):
            read_motion_npz(path)
