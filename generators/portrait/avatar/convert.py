"""Makes `assets/portrait/mesh.npz`: `python -m espressivo.generators.portrait.avatar.convert NPZ [--out FILE]`.

NPZ is the transfer table `arkit52_to_facemesh468.npz`, whose making `assets/portrait/LICENSE.md` tells. Kept is what
the renderer reads; shapes are put into the order of `ARKIT_NAMES` and stored as float16, as they came.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from espressivo.errors import EspressivoError, InputError
from espressivo.generators.face.arkit import ARKIT_NAMES
from espressivo.generators.portrait.avatar.mesh import MESH_FILE, PARTS
from espressivo.media.npz import write_npz

_NAMES = {
    "vertices": "vertices_cm",
    "uv": "uv",
    "faces": "triangles",
    "face_hole": "covers",
    "mirror": "mirror",
    "ring_mouth_inner": "mouth_ring",
    "ring_eye_right": "right_eye_ring",
    "ring_eye_left": "left_eye_ring",
    "ring_oval": "oval_ring",
    "pairs_inner_lip": "lip_pairs",
    "pairs_lid_right": "right_lid_pairs",
    "pairs_lid_left": "left_lid_pairs",
    "rows_upper_lip": "upper_lip_rows",
    "rows_lower_lip": "lower_lip_rows",
    "eyeball_right_left": "eyeballs_cm",
}
"""Arrays of the transfer table and what they are called here."""


def main() -> int:
    """Convert the table and say what came out."""
    parser = argparse.ArgumentParser(prog="python -m espressivo.generators.portrait.avatar.convert")
    parser.add_argument("table", type=Path, help="arkit52_to_facemesh468.npz")
    parser.add_argument("--out", type=Path, default=MESH_FILE, help="the npz to write")
    options = parser.parse_args()
    try:
        arrays = convert(options.table)
    except EspressivoError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    options.out.parent.mkdir(parents=True, exist_ok=True)
    write_npz(options.out, arrays)
    print(f"{options.out}: {len(arrays)} arrays, {options.out.stat().st_size / 1e3:.0f} kB")
    return 0


def convert(table: Path) -> dict[str, np.ndarray]:
    """Return the arrays of `mesh.npz`.

    Raises:
        InputError: `table` is missing or is not the transfer table.
    """
    try:
        with np.load(table, allow_pickle=False) as archive:
            names = archive["names"].tolist()
            order = [names.index(name) for name in ARKIT_NAMES]
            arrays = {new: archive[old] for old, new in _NAMES.items()}
            arrays["shapes_cm"] = archive["delta_sealed"][order]
            for part in PARTS:
                arrays[f"{part}_vertices_cm"] = archive[f"{part}_v"]
                arrays[f"{part}_triangles"] = archive[f"{part}_f"]
                arrays[f"{part}_shapes_cm"] = archive[f"{part}_delta"][order]
    except (OSError, KeyError, ValueError) as error:
        raise InputError(f"{table} is not the transfer table; give arkit52_to_facemesh468.npz.") from error
    return arrays


if __name__ == "__main__":
    sys.exit(main())
