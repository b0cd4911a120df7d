"""Commands from unlabelled music: `python -m espressivo.generators.music.emogen.heard_commands MUSIC --out FILE`.

The default reader of music (rules, `music-cues`) listens to blocks of POP909, those that it hears most clearly in each
quadrant are kept, and how probable each attribute's bit is among them is its command, so far as the attribute tells
quadrants apart there; the rest is the authors' published command (MIT). So valence is asked for by what carries it
(their sad clip has major triads), and calm by what no pop song is like. Attributes that depend on the length of a piece
are left open. MUSIC is a folder with `pop909.tar.gz`; `--blocks` takes what `emogen.train` cached of it.
"""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from espressivo.conditioning.music_emotion.listening import listen
from espressivo.conditioning.music_emotion.recogniser import feeling_of, load_reader
from espressivo.errors import InputError
from espressivo.generators.music.attributes.attributes import bits_of, table
from espressivo.generators.music.emogen.corpora import Blocks, read_blocks
from espressivo.generators.music.emogen.tokens import piano, spell

_EDGE = 1 / 3
"""Of all blocks, the share that counts as high, and the share that counts as low."""
_FEWEST = 20
_OF_LENGTH = ("Number of Pitches", "Total Number of Notes", "Duration in Seconds")


def main() -> None:
    """Read the command line and write the commands."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("music", type=Path, help="folder with POP909's archive")
    parser.add_argument("--blocks", type=Path, help="blocks.npz of a training run on POP909")
    parser.add_argument("--every", type=int, default=2, help="listen to every n-th block")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    arguments = parser.parse_args()
    blocks = Blocks.load(arguments.blocks) if arguments.blocks else read_blocks(arguments.music, ["pop909"])
    numbers = range(0, len(blocks), arguments.every)
    bits = np.array([bits_of(blocks.attributes[number]) for number in numbers])
    quadrants = quadrants_of(heard(blocks, numbers))
    found = {
        "licence": "MIT (computed from POP909, Wang, Chen et al. 2020, and EmoGen's commands, Kang et al. 2023)",
        "blocks": [int((quadrants == quadrant).sum()) for quadrant in range(4)],
        "commands": blended(probabilities(bits, quadrants), table().commands).round(3).tolist(),
    }
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(found) + "\n", encoding="utf-8")


def heard(blocks: Blocks, numbers: Iterable[int]) -> Float[np.ndarray, "heard 2"]:
    """Return valence and arousal of some blocks as the default reader hears them."""
    vocabulary, reader = piano(), load_reader()
    feelings = [
        feeling_of(listen(spell(vocabulary.decode(blocks.block(number).tolist())).notes), reader) for number in numbers
    ]
    return np.array([(feeling.valence, feeling.arousal) for feeling in feelings])


def quadrants_of(places: Float[np.ndarray, "blocks 2"]) -> Int[np.ndarray, "blocks"]:
    """Return the quadrant 0 to 3 of each block that lies in the outer thirds of both axes, -1 of the others."""
    low, high = np.quantile(places, [_EDGE, 1 - _EDGE], axis=0)
    sign = (places >= high).astype(int) - (places <= low).astype(int)
    index = {(1, 1): 0, (-1, 1): 1, (-1, -1): 2, (1, -1): 3}
    return np.array([index.get((int(valence), int(arousal)), -1) for valence, arousal in sign])


def probabilities(
    bits: Int[np.ndarray, "blocks attributes"], quadrants: Int[np.ndarray, "blocks"]
) -> Float[np.ndarray, "4 attributes"]:
    """Return how probable it is in each quadrant that a bit is 1 (one more of each was seen).

    Raises:
        InputError: a quadrant has too few blocks to tell.
    """
    rows = []
    for quadrant in range(4):
        members = bits[quadrants == quadrant]
        if len(members) < _FEWEST:
            raise InputError(f"Only {len(members)} blocks are heard in Q{quadrant + 1}; {_FEWEST} are needed.")
        rows.append((members.sum(axis=0) + 1) / (len(members) + 2))
    return np.array(rows)


def blended(
    probable: Float[np.ndarray, "4 attributes"], published: Int[np.ndarray, "4 attributes"]
) -> Float[np.ndarray, "4 attributes"]:
    """Return a mean of both, each attribute's first one weighted by how far apart it holds the quadrants."""
    weight = np.ptp(probable, axis=0)
    mixed = weight * probable + (1 - weight) * published
    mixed[:, [table().names.index(name) for name in _OF_LENGTH]] = 0.5
    return mixed


if __name__ == "__main__":
    main()
