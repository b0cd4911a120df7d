"""Commands from labelled music: `python -m espressivo.generators.music.emogen.commands MUSIC --out FILE`.

Supervised clustering (Kang et al. 2023, section 3.2): all clips of a quadrant are a cluster, and the clip nearest to
its centre lends the quadrant its bits. MUSIC is a folder with `emopia_midi.tar.gz` and `emopia_labels.csv`; its
training songs give the commands, the others only tell how far apart they are. What comes out derives from EMOPIA
(CC BY-NC-SA 4.0): it is not for commercial use.
"""

import argparse
import csv
import json
import tarfile
from io import BytesIO
from pathlib import Path

import numpy as np
from jaxtyping import Int

from espressivo.errors import InputError
from espressivo.generators.music.attributes.attributes import COUNT, attributes_of, bits_of, table
from espressivo.generators.music.emogen.corpora import as_performed
from espressivo.generators.music.emogen.emotion import Commands
from espressivo.media.notes import parse_notes

_QUADRANTS = 4


def main() -> None:
    """Read the command line and write the commands."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("music", type=Path, help="folder with EMOPIA's archive and labels")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    arguments = parser.parse_args()
    names, bits, quadrants = _clips(arguments.music, {"train"})
    nearest = nearest_to_centres(bits, quadrants)
    _, others, theirs = _clips(arguments.music, {"val", "test"})
    found = {
        "licence": "CC BY-NC-SA 4.0 (derived from EMOPIA, Hung et al. 2021)",
        "clips": [names[clip] for clip in nearest],
        "looked_at": [int((quadrants == quadrant).sum()) for quadrant in range(_QUADRANTS)],
        "other_clips": len(others),
        "told_apart": round(told_apart(bits[nearest], others, theirs), 3),
        "told_apart_by_published": round(told_apart(table().commands, others, theirs), 3),
        "commands": bits[nearest].tolist(),
    }
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(found) + "\n", encoding="utf-8")


def read_commands(path: Path) -> Commands:
    """Read what the command above, or that of `heard_commands`, wrote.

    Raises:
        InputError: the file cannot be read, or holds no commands.
    """
    try:
        commands = np.array(json.loads(path.read_text(encoding="utf-8"))["commands"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} holds no commands ({type(error).__name__}); write it with emogen.commands.") from None
    if commands.shape != (_QUADRANTS, COUNT) or not ((commands >= 0) & (commands <= 1)).all():
        raise InputError(
            f"{path} must hold {_QUADRANTS} commands of {COUNT} bits or probabilities; write it with emogen.commands."
        )
    return commands


def nearest_to_centres(bits: Int[np.ndarray, "clips attributes"], quadrants: Int[np.ndarray, "clips"]) -> list[int]:
    """Return for each quadrant 0 to 3 which of its clips is nearest to their mean; of equals the first.

    Raises:
        InputError: a quadrant has no clip.
    """
    chosen = []
    for quadrant in range(_QUADRANTS):
        members = np.flatnonzero(quadrants == quadrant)
        if not len(members):
            raise InputError(f"No clip is labelled Q{quadrant + 1}; a command needs one at least.")
        distances = np.linalg.norm(bits[members] - bits[members].mean(axis=0), axis=1)
        chosen.append(int(members[distances.argmin()]))
    return chosen


def told_apart(
    commands: Commands, bits: Int[np.ndarray, "clips attributes"], quadrants: Int[np.ndarray, "clips"]
) -> float:
    """Return the share of clips that are nearer to their own quadrant's command than to the others (Hamming)."""
    distances = (bits[:, None] != commands).sum(axis=2)
    return float((distances.argmin(axis=1) == quadrants).mean())


def _clips(folder: Path, splits: set[str]) -> tuple[list[str], Int[np.ndarray, "clips 100"], Int[np.ndarray, "clips"]]:
    try:
        labels = (folder / "emopia_labels.csv").read_text(encoding="utf-8").splitlines()
        archive = (folder / "emopia_midi.tar.gz").read_bytes()
    except OSError as error:
        raise InputError(f"{folder} lacks EMOPIA's labels or archive ({error.strerror}).") from None
    wanted = [row for row in csv.DictReader(labels) if row["split"] in splits]
    quadrant_of = {row["clip_id"]: int(row["quadrant"]) - 1 for row in wanted}
    names, rows = [], []
    with tarfile.open(fileobj=BytesIO(archive)) as opened:
        for member in opened:
            name, content = Path(member.name), opened.extractfile(member)
            if name.suffix == ".mid" and name.stem in quadrant_of and content is not None:
                names.append(name.stem)
                rows.append(bits_of(attributes_of(as_performed(parse_notes(content.read(), member.name)))))
    return names, np.array(rows), np.array([quadrant_of[name] for name in names])


if __name__ == "__main__":
    main()
