"""Training material of the language model: pieces cut into blocks of bars, with the attributes of each.

Three corpora are known by the names of their archives: POP909 (MIT), EMOPIA (CC BY-NC-SA 4.0), VGMIDI (research).
"""

import csv
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

from espressivo.errors import InputError
from espressivo.generators.music.attributes.attributes import attributes_of
from espressivo.generators.music.beats import on_beats, track_beats
from espressivo.generators.music.emogen.tokens import piano, spell, tokenise
from espressivo.media.notes import Notes, Tempo, parse_notes

BLOCK = 1280
"""Tokens of a block at most: so the authors trained."""
_FEWEST_TOKENS = 128
_NOMINAL_BPM, _NOMINAL_TICKS = 120.0, 384


@dataclass(frozen=True, eq=False)
class Blocks:
    """Blocks of several pieces, one after the other."""

    tokens: Int[np.ndarray, "n"]
    """Ids of all blocks."""
    edges: Int[np.ndarray, "blocks+1"]
    """Where each begins in `tokens`."""
    attributes: Float[np.ndarray, "blocks 100"]
    pieces: tuple[str, ...]
    """"corpus/piece" of each block."""

    def __len__(self) -> int:
        return len(self.pieces)

    def block(self, number: int) -> Int[np.ndarray, "n"]:
        """Ids of one block."""
        return self.tokens[self.edges[number] : self.edges[number + 1]]

    def held_out(self, share: float = 0.05) -> Bool[np.ndarray, "blocks"]:
        """Return which blocks belong to pieces for validation: songs go one way or the other by a hash."""
        return np.array([_in_share(_song_of(piece), share) for piece in self.pieces])

    def save(self, path: Path) -> None:
        """Write everything to an .npz file."""
        np.savez_compressed(
            path, tokens=self.tokens, edges=self.edges, attributes=self.attributes, pieces=np.array(self.pieces)
        )

    @classmethod
    def load(cls, path: Path) -> "Blocks":
        """Read what `save` wrote."""
        with np.load(path) as stored:
            return cls(stored["tokens"], stored["edges"], stored["attributes"], tuple(stored["pieces"].tolist()))


def read_blocks(folder: Path, corpora: Iterable[str], progress: Callable[[str], None] = print) -> Blocks:
    """Read corpora (names of `READERS`) from a folder of archives.

    Raises:
        InputError: an archive is missing.
    """
    tokens: list[list[int]] = []
    attributes: list[np.ndarray] = []
    pieces: list[str] = []
    for corpus in corpora:
        passed_over = 0
        for name, notes in READERS[corpus](folder):
            try:
                cut = list(_blocks_of(notes))
            except InputError:
                passed_over += 1
                continue
            for ids, values in cut:
                tokens.append(ids)
                attributes.append(values)
                pieces.append(f"{corpus}/{name}")
        progress(f"{corpus}: {len(pieces)} blocks so far, {passed_over} pieces with bars or notes that have no token")
    edges = np.concatenate([[0], np.cumsum([len(ids) for ids in tokens])])
    return Blocks(np.concatenate(tokens).astype(np.int16), edges, np.array(attributes), tuple(pieces))


def as_performed(notes: Notes) -> Notes:
    """Return the piece at a nominal 120 beats per minute, with all times kept.

    So the published thresholds were made: EMOPIA's files are transcriptions, their bars mean nothing.
    """
    ticks_per_s = _NOMINAL_BPM / 60.0 * _NOMINAL_TICKS
    begin_s = float(notes.start_s.min())
    start = np.rint((notes.start_s - begin_s) * ticks_per_s).astype(int)
    return replace(
        notes,
        start_tick=start,
        end_tick=np.maximum(start + 1, np.rint((notes.end_s - begin_s) * ticks_per_s).astype(int)),
        ticks_per_quarter=_NOMINAL_TICKS,
        tempi=(Tempo(0, _NOMINAL_BPM),),
        last_tick=None,
    )


def _blocks_of(notes: Notes) -> Iterator[tuple[list[int], Float[np.ndarray, "100"]]]:
    """Cut a piece at bar lines, each block as long as may be."""
    bars: list[list[str]] = [[]]
    for token in tokenise(notes):
        bars[-1].append(token)
        if token == "b-1":
            bars.append([])
    block: list[str] = []
    for bar in [*bars, None]:
        if bar is not None and len(block) + len(bar) <= BLOCK:
            block += bar
            continue
        if len(block) >= _FEWEST_TOKENS:
            yield piano().encode(block), attributes_of(as_performed(spell(block).notes))
        block = list(bar or []) if bar is not None and len(bar) <= BLOCK else []


def _pop909(folder: Path) -> Iterator[tuple[str, Notes]]:
    """All tracks as one piano, on the beats that came with the songs."""
    beats: dict[str, np.ndarray] = {}
    songs: dict[str, bytes] = {}
    for name, content in _members(folder / "pop909.tar.gz"):
        song = name.split("/")[1]
        if name.endswith("beat_midi.txt"):
            beats[song] = np.loadtxt(BytesIO(content))
        elif name == f"pop909/{song}/{song}.mid":
            songs[song] = content
    for song in sorted(songs.keys() & beats.keys()):
        notes = parse_notes(songs[song], song)
        downbeats = np.flatnonzero(beats[song][:, 2])
        yield (
            song,
            on_beats(
                replace(notes, track=np.zeros(len(notes), int)),
                beats[song][:, 0],
                int(downbeats[0]) if len(downbeats) else None,
            ),
        )


def _emopia(folder: Path) -> Iterator[tuple[str, Notes]]:
    """Transcriptions of the songs for training, on beats that are tracked; the others stay unheard."""
    labels = folder / "emopia_labels.csv"
    if not labels.is_file():
        raise InputError(f"{labels} is missing; it tells which songs are for training.")
    rows = csv.DictReader(labels.read_text(encoding="utf-8").splitlines())
    training = {row["clip_id"] for row in rows if row["split"] == "train"}
    for name, content in _members(folder / "emopia_midi.tar.gz"):
        if name.endswith(".mid") and Path(name).stem in training:
            notes = parse_notes(content, name)
            yield Path(name).stem, on_beats(notes, track_beats(notes))


def _vgmidi(folder: Path) -> Iterator[tuple[str, Notes]]:
    """Whole pieces, in their own bars, as one piano."""
    for name, content in _members(folder / "vgmidi_midi.tar.gz"):
        if "/midi/" in name and name.endswith(".mid"):
            notes = parse_notes(content, name)
            yield Path(name).stem, replace(notes, track=np.zeros(len(notes), int))


READERS: dict[str, Callable[[Path], Iterator[tuple[str, Notes]]]] = {
    "pop909": _pop909,
    "emopia": _emopia,
    "vgmidi": _vgmidi,
}
"""Name of a corpus -> its pieces, in bars."""


def _members(archive: Path) -> Iterator[tuple[str, bytes]]:
    if not archive.is_file():
        raise InputError(f"{archive} is missing; training reads it.")
    with tarfile.open(archive) as opened:
        for member in opened:
            content = opened.extractfile(member)
            if content is not None:
                yield member.name, content.read()


def _song_of(piece: str) -> str:
    """EMOPIA has several clips of a song: all go the same way."""
    corpus, _, name = piece.partition("/")
    return f"{corpus}/{name.split('_', 1)[1].rsplit('_', 1)[0]}" if corpus == "emopia" else piece


def _in_share(name: str, share: float) -> bool:
    return int(sha256(name.encode()).hexdigest(), 16) % 1000 < 1000 * share


def transposed(
    attributes: Float[np.ndarray, "100"], pitch: Int[np.ndarray, "n"], shift: int
) -> Float[np.ndarray, "100"]:
    """Return the attributes of a block that is played `shift` semitones higher: its register changes, no interval."""
    moved = attributes.copy()
    higher = pitch + shift
    mean = int(higher.sum()) // len(higher)
    moved[8:14] = (
        (higher <= 54).mean(),
        ((higher > 54) & (higher <= 72)).mean(),
        (higher > 72).mean(),
        mean,
        (higher % 12).mean(),
        np.bincount(higher).argmax(),
    )
    moved[96] = mean / len(higher)
    return moved
