"""A study of a generator of music: `python -m espressivo.eval.music.study GENERATOR --music FOLDER --out FILE.json`.

It lets the generator write pieces (those that are in the folder of pieces are not written again), or, without a
generator, takes those of a folder; then it measures

- recognition: whether both judges hear the quadrant that was asked for, between real EMOPIA clips above and
  unconditioned pieces and shuffled labels below;
- quality: the share of pieces within the range of real EMOPIA clips, and the same share of held-out real clips;
- memorisation: the longest copy from the training corpora, and the same in real clips of songs that are not in them;
- breakage: pieces that are no whole music;
- curve following: asked and heard emotion in windows of four bars, and the same for VGMIDI's listeners.

FOLDER holds the archives of POP909, EMOPIA and VGMIDI (see `eval.music.labelled`, `generators.music.emogen.corpora`).
Beside FILE.json a table is written to FILE.md and a figure to FILE.png. Every interval is one of 95 % (bootstrap over
pieces, over songs for real clips); the number of pieces is that of each row.
"""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tyro

from espressivo.errors import InputError
from espressivo.eval.music.breakage import breaks_of
from espressivo.eval.music.carried import only_carried
from espressivo.eval.music.curve_following import follow, heard_curve
from espressivo.eval.music.felt_curves import follow_listeners
from espressivo.eval.music.judges import QUADRANTS, VGMIDI, load_music_judges
from espressivo.eval.music.labelled import LabelledClips, read_emopia
from espressivo.eval.music.memorisation import KnownMusic, written
from espressivo.eval.music.recognition import AXES, LabelledMusic, recognise, share
from espressivo.eval.music.study_pieces import (
    ASKED,
    BARS,
    CURVE,
    CURVE_S,
    NEUTRAL,
    SHAPES,
    MadePiece,
    asked_curve,
    loaded,
    made_by,
    make_pieces,
    orders_of,
    read_made,
)
from espressivo.eval.music.study_report import draw_study, study_table
from espressivo.eval.music.typical import compare, measured_table, on_its_beats
from espressivo.generators.music.emogen.corpora import READERS
from espressivo.media.notes import Notes
from espressivo.media.whole_file import write_whole

SHORT_COPY_BARS, SOME_NOTES = 2.0, 8
"""Two held chords are two bars of somebody else's music too: copies of eight notes and more are told apart."""
_LONGEST_LISTED = 5


def main(
    generator: str = "",
    /,
    *,
    music: Path,
    out: Path,
    folder: Path | None = None,
    pieces: int = 200,
    neutral: int = 60,
    curves: int = 8,
    checkpoint: Path | None = None,
    option: dict[str, str] | None = None,
    carries: tuple[Literal["valence", "arousal"], ...] = AXES,
) -> None:
    """Write pieces, measure them, and write the figures.

    Args:
        generator: registered name or MODULE:CLASS; without one the folder's pieces are judged as they are.
        music: folder with the archives of EMOPIA, VGMIDI and POP909.
        out: JSON file; table and figure are written beside it.
        folder: of the pieces; by default beside `out`.
        pieces: over the four quadrants.
        neutral: pieces without an emotion.
        curves: pieces of every shape of curve; 0 where the generator takes none.
        checkpoint: other weights than those that ship.
        option: further fields of its request, as JSON, such as `--option best_of 8`.
        carries: what of an emotion it is told; figures of the rest are left out.
    """
    kept = folder or out.with_suffix("")
    refused = _make(generator, checkpoint, option or {}, (pieces, neutral, curves), kept) if generator else {}
    report = {"pieces_of": made_by(kept), "refused": refused, **only_carried(study(kept, music), carries)}
    write_whole(out, (json.dumps(report, indent=1) + "\n").encode())
    table = study_table(report)
    write_whole(out.with_suffix(".md"), table.encode())
    draw_study(out.with_suffix(".png"), report)
    print(table)


def study(folder: Path, music: Path) -> dict[str, Any]:
    """Measure the pieces of a folder.

    Raises:
        InputError: the folder has no pieces, or `music` lacks an archive.
    """
    asked, unreadable = read_made(folder, ASKED)
    if not asked:
        raise InputError(f"{folder} holds no pieces under {ASKED}; name a generator, or a folder that it wrote.")
    plain, plain_unreadable = read_made(folder, NEUTRAL)
    curved, curved_unreadable = read_made(folder, CURVE)
    clips = read_emopia(music)
    labelled = _labelled("generated", asked)
    return {
        "recognition": _recognition(labelled, plain, clips),
        "quality": _quality(asked, clips),
        "memorisation": _memorisation(asked, clips, music),
        "breakage": _breakage(asked, [*plain, *curved], unreadable | plain_unreadable | curved_unreadable),
        "curves": _curves(curved, plain, music),
    }


def _make(
    name: str, checkpoint: Path | None, options: dict[str, str], counts: tuple[int, int, int], folder: Path
) -> dict[str, str]:
    fields = {field: json.loads(value) for field, value in options.items()}
    source = f"{name} {checkpoint.name}" if checkpoint else name
    return make_pieces(loaded(name, checkpoint), orders_of(*counts), fields, source, folder)


def _labelled(name: str, pieces: Sequence[MadePiece]) -> LabelledMusic:
    places = np.array([QUADRANTS.index(piece.label) for piece in pieces])
    return LabelledMusic(name, [piece.notes for piece in pieces], places, [piece.name for piece in pieces])


def _recognition(generated: LabelledMusic, plain: Sequence[MadePiece], clips: LabelledClips) -> dict[str, Any]:
    # Nobody asked neutral pieces for a quadrant: they are dealt all four in turn.
    dealt = [MadePiece(piece.name, QUADRANTS[number % 4], piece.notes) for number, piece in enumerate(plain)]
    return recognise(
        load_music_judges(),
        generated,
        _labelled("neutral, labels dealt out", dealt) if dealt else None,
        _part(clips, "real EMOPIA, training part", in_training=True),
        _part(clips, "real EMOPIA, validation part", in_training=False),
    )


def _part(clips: LabelledClips, name: str, in_training: bool) -> LabelledMusic:
    places = np.flatnonzero(clips.in_training == in_training)
    notes, songs = [clips.notes[place] for place in places], [clips.song[place] for place in places]
    return LabelledMusic(name, notes, clips.quadrant[places], songs)


def _quality(asked: Sequence[MadePiece], clips: LabelledClips) -> dict[str, Any]:
    real, held_out = (_part(clips, "", in_training) for in_training in (True, False))
    return compare(
        measured_table([on_its_beats(piece.notes) for piece in asked]),
        [piece.label for piece in asked],
        [piece.name for piece in asked],
        measured_table([on_its_beats(notes) for notes in real.notes]),
        measured_table([on_its_beats(notes) for notes in held_out.notes]),
        held_out.units,
    )


def _memorisation(asked: Sequence[MadePiece], clips: LabelledClips, music: Path) -> dict[str, Any]:
    """Copies from the training corpora, which hold EMOPIA's training songs only, in pieces and in real other clips."""
    known = [(f"{corpus}/{name}", notes) for corpus in READERS for name, notes in READERS[corpus](music)]
    held_out = _part(clips, "real_held_out", in_training=False)
    named = {
        "generated": ([(piece.name, piece.notes) for piece in asked], [piece.name for piece in asked]),
        "real_held_out": (list(zip(held_out.units, held_out.notes, strict=True)), held_out.units),
    }
    found: dict[str, Any] = {"known_pieces": len(known)}
    for kind, transposed in (("exact", False), ("transposed", True)):
        index = KnownMusic(known, transposed)
        found[kind] = {name: _copies(index, *pieces) for name, pieces in named.items()}
    return found


def _copies(known: KnownMusic, pieces: Sequence[tuple[str, Notes]], units: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    on_sixteenths = [(name, written(notes)) for name, notes in pieces]
    for kind, fewest in (("any", 2), ("of_some_notes", SOME_NOTES)):
        copies = [(name, known.longest_copy(piece, fewest)) for name, piece in on_sixteenths]
        bars = np.array([copy.bars for _, copy in copies])
        longest = sorted(copies, key=lambda item: -item[1].bars)[:_LONGEST_LISTED]
        found[kind] = {
            "short": share(bars < SHORT_COPY_BARS, units),
            "bars_50_95_100": np.percentile(bars, (50, 95, 100)).round(3).tolist(),
            "notes_median": float(np.median([copy.notes for _, copy in copies])),
            "longest": [{"piece": name, **copy._asdict()} for name, copy in longest],
        }
    return found


def _breakage(asked: Sequence[MadePiece], others: Sequence[MadePiece], unreadable: dict[str, str]) -> dict[str, Any]:
    found = dict(unreadable)
    checked = [(piece.name, breaks_of(piece.notes, BARS)) for piece in asked]
    checked += [(piece.name, breaks_of(piece.notes)) for piece in others]
    found |= {name: "; ".join(wrong) for name, wrong in checked if wrong}
    return {"pieces": len(asked) + len(others) + len(unreadable), "broken": len(found), "why": found}


def _curves(curved: Sequence[MadePiece], plain: Sequence[MadePiece], music: Path) -> dict[str, Any] | None:
    """Curves that were asked for; real ones, as listeners felt them; neutral pieces, as if one had been asked for."""
    if not curved:
        return None
    judge = next(judge for judge in load_music_judges() if judge.id == VGMIDI)
    heard = [heard_curve(judge, piece.notes, partial(asked_curve, piece.label)) for piece in curved]
    unasked = [
        heard_curve(judge, piece.notes, partial(asked_curve, SHAPES[number % len(SHAPES)], seconds=piece.notes.seconds))
        for number, piece in enumerate(plain)
    ]
    by_shape = {
        shape: follow([curve for curve, piece in zip(heard, curved, strict=True) if piece.label == shape])
        for shape in SHAPES
    }
    return {
        "seconds": CURVE_S,
        "all": follow(heard),
        "real_listeners": follow_listeners(music),
        "neutral_as_if_asked": follow(unasked) if unasked else None,
        "by_shape": by_shape,
    }


if __name__ == "__main__":
    tyro.cli(main)
