"""A score as an interactive piano roll: one page of HTML that needs no server, no network and no other file."""

import base64
import hashlib
import html
import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from espressivo.errors import InputError
from espressivo.generators.music.score import Instrument, Score
from espressivo.media.whole_file import write_whole

_FOLDER = Path(__file__).resolve().parent
_ASSET = "piano_roll_page"
_MIME = {
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
}
_LARGEST_SOUND_BYTES = 100_000_000
_LONGEST_TEXT = 120
_MOST_LINES = 4000
_MOST_MARKS = 20_000
_CURVE_POINTS = 600
_AXES = ("valence", "arousal")
_PITCHES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")


def write_piano_roll(path: Path, score: Score, sound: Path | str | None = None) -> None:
    """Write the page of `piano_roll_page`; the same score gives the same bytes. Errors as there.

    Raises:
        OutputError: the file cannot be written.
    """
    write_whole(path, piano_roll_page(score, sound).encode())


def piano_roll_page(score: Score, sound: Path | str | None = None) -> str:
    """Return a whole page: notes on a canvas, keys and chords above, valence and arousal below, and a playhead.

    Args:
        score: with at least one note.
        sound: what the playhead follows. The content of a `Path` is put into the page, base64-encoded; a `str` is the
            address of a sound (relative, `https:`, `blob:` or `data:`) that the page asks its server for. Without
            one, the playhead moves in silence.

    Raises:
        InputError: the score has no notes, or the sound cannot be used.
    """
    if not len(score.notes):
        raise InputError("The score has no notes, so there is nothing to show; compose or give one with some.")
    script = roll_script() + _asset("js")
    parts = {
        "TITLE": html.escape(_shown(score.title) or "Untitled piece"),
        "SUMMARY": html.escape(summary_of(score)),
        "STYLE": _asset("css"),
        "SCRIPT": script,
        # Whatever else might get into the page as a script, a browser refuses to run it.
        "SCRIPT_HASH": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        "PIECE": _json(roll_content(score)),
        "SOUND": ""
        if sound is None
        else f'<audio id="sound" preload="auto" src="{html.escape(_address(sound))}"></audio>',
    }
    # In one pass: what is put in is never looked at again.
    return re.sub(r"@@([A-Z_]+)@@", lambda mark: parts[mark.group(1)], _asset("html"))


def summary_of(score: Score) -> str:
    """Return in words what the roll shows: length, tempo, key, range, loudness and the way of the emotion."""
    notes, pitched = score.notes, score.notes.pitched
    bpm = [tempo.bpm for tempo in notes.tempi if tempo.tick <= notes.end]
    low, high = round(min(bpm)), round(max(bpm))
    pace = f"{low} beats a minute" if low == high else f"{low} to {high} beats a minute"
    metre = f"{notes.metres[0].numerator}/{notes.metres[0].denominator}"
    key = f", in {score.keys[0].label}" if score.keys else ""
    sentences = [f"{_count(score.bars, 'bar')} of {metre} at {pace}{key}: {_length(score.seconds)}."]
    if len(pitched):
        reach = f"from {_pitch(int(pitched.pitch.min()))} to {_pitch(int(pitched.pitch.max()))}"
        softest, loudest = int(pitched.velocity.min()), int(pitched.velocity.max())
        sentences.append(f"{_count(len(pitched), 'note')} {reach}, velocity {softest} to {loudest}.")
    if len(notes) > len(pitched):
        sentences.append(f"{_count(len(notes) - len(pitched), 'stroke')} on drums.")
    if score.emotion is not None:
        ends = score.emotion.sample(np.array([0.0, score.seconds])).vad
        ways = (
            f"{name} goes from {_signed(ends[0, row])} to {_signed(ends[1, row])}" for row, name in enumerate(_AXES)
        )
        sentences.append(f"{' and '.join(ways).capitalize()}.")
    return " ".join(sentences)


def roll_script() -> str:
    """Return the script that draws a roll: `pianoRoll(root, piece, audio, chosen)`, for this page and for others."""
    return (_FOLDER / "piano_roll.js").read_text(encoding="utf-8")


def roll_content(score: Score) -> dict[str, Any]:
    """Return what the script draws, its `piece`; times in seconds from tick 0."""
    notes = score.notes
    order = np.lexsort((notes.pitch, notes.start_s))
    marks = (
        [(chord.tick, chord.label) for chord in score.chords],
        [(change.tick, change.label) for change in score.keys],
    )
    chords, keys = ([[_second(score, tick), label] for tick, label in rows[:_MOST_MARKS]] for rows in marks)
    edges = notes.bar_edges
    every = -(-len(edges) // _MOST_LINES)
    return {
        "seconds": max(round(score.seconds, 3), 0.001),
        "start": _rounded(notes.start_s[order]),
        "length": _rounded((notes.end_s - notes.start_s)[order]),
        "pitch": notes.pitch[order].tolist(),
        "velocity": notes.velocity[order].tolist(),
        "track": notes.track[order].tolist(),
        "tracks": [{"name": _named(player), "drums": player.is_drum} for player in score.instruments],
        "bars": {"every": every, "lines": _rounded(notes.seconds_at(edges[::every])), "count": score.bars},
        "chords": chords,
        "keys": keys,
        "emotion": _curves(score),
    }


def _curves(score: Score) -> dict[str, list[float]] | None:
    if score.emotion is None:
        return None
    times_s = np.linspace(0, score.seconds, _CURVE_POINTS)
    vad = score.emotion.sample(times_s).vad.astype(float)
    return {"time": _rounded(times_s), **{name: _rounded(vad[:, column]) for column, name in enumerate(_AXES)}}


def _second(score: Score, tick: int) -> float:
    return round(float(score.notes.seconds_at(np.array([tick]))[0]), 3)


def _rounded(values: np.ndarray) -> list[float]:
    return np.round(values, 3).tolist()


def _address(sound: Path | str) -> str:
    """Return where the page finds the sound: in itself, or where `sound` says."""
    if isinstance(sound, str):
        if re.match(r"(?!https?:|blob:|data:audio/)[a-z][a-z0-9+.-]*:|\s", sound, re.IGNORECASE):
            raise InputError(
                f"{sound[:60]!r} is no address of a sound; give a relative, https, blob or data:audio one."
            )
        return sound
    mime = _MIME.get(sound.suffix.lower())
    if mime is None:
        raise InputError(f"{sound} is no sound that browsers play; give one of {', '.join(_MIME)}.")
    try:
        if sound.stat().st_size > _LARGEST_SOUND_BYTES:
            raise InputError(
                f"{sound} is larger than {_LARGEST_SOUND_BYTES // 1_000_000} MB; give its address, or an MP3 of it."
            )
        return f"data:{mime};base64,{base64.b64encode(sound.read_bytes()).decode()}"
    except OSError as error:
        raise InputError(f"{sound} cannot be opened ({error.strerror}); give a sound file.") from error


def _json(content: dict[str, Any]) -> str:
    """Return JSON that can neither end the script element it stands in nor open a comment there."""
    text = json.dumps(content, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _named(player: Instrument) -> str:
    return _shown(player.name) or ("Drums" if player.is_drum else f"Program {player.program + 1}")


def _shown(text: str) -> str:
    """Return text without control characters and lone surrogates, and no longer than a line."""
    line = "".join(letter if letter.isprintable() else " " for letter in text[: 4 * _LONGEST_TEXT]).strip()
    return line if len(line) <= _LONGEST_TEXT else f"{line[: _LONGEST_TEXT - 1]}…"


def _pitch(number: int) -> str:
    return f"{_PITCHES[number % 12]}{number // 12 - 1}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "−").replace("+0.0", "0").replace("−0.0", "0")


def _length(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{_count(minutes, 'minute')} {rest} s" if minutes else f"{seconds:.1f} s"


def _asset(kind: str) -> str:
    return (_FOLDER / f"{_ASSET}.{kind}").read_text(encoding="utf-8")
