"""How well the attributes agree with those computed by others, on EMOPIA: `python -m ...attributes.measure MUSIC`.

MUSIC is a folder with `emopia_midi.tar.gz` and `emopia_attributes_ref.npz` (see the project's data notes).
"""

import argparse
import json
import tarfile
import time
from pathlib import Path

import numpy as np

from espressivo.generators.music.attributes.attributes import attributes_of, table
from espressivo.media.notes import parse_notes


def main() -> None:
    """Print a JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("music", type=Path)
    folder = parser.parse_args().music
    with np.load(folder / "emopia_attributes_ref.npz") as reference:
        theirs = dict(zip(reference["clip_id"].tolist(), reference["x"], strict=True))
    ours: dict[str, np.ndarray] = {}
    spent_s = 0.0
    with tarfile.open(folder / "emopia_midi.tar.gz") as archive:
        for member in archive.getmembers():
            clip, content = Path(member.name).stem, archive.extractfile(member)
            if clip in theirs and content is not None:
                notes = parse_notes(content.read(), member.name)
                began = time.process_time()
                ours[clip] = attributes_of(notes)
                spent_s += (time.process_time() - began) if len(ours) > 1 else 0.0  # the first one compiles
    clips = sorted(ours)
    found, expected = np.array([ours[clip] for clip in clips]), np.array([theirs[clip] for clip in clips])
    apart = np.abs(found - expected) > 5e-5 * np.abs(expected)
    medians = np.abs(np.median(found, axis=0) - np.median(expected, axis=0)) > 5e-5 * np.abs(
        np.median(expected, axis=0)
    )
    figures = {
        "clips": len(clips),
        "values_that_differ": int(apart.sum()),
        "attributes_that_differ": {
            table().names[number]: int(apart[:, number].sum()) for number in np.flatnonzero(apart.any(0))
        },
        "medians_that_differ": [table().names[number] for number in np.flatnonzero(medians)],
        "cpu_ms_per_clip": round(1000 * spent_s / max(1, len(clips) - 1), 1),
    }
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
