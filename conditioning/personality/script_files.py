"""Scripts in files: plain text, tables (.csv) and screenplays (.fountain)."""

import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path

from espressivo.conditioning.personality.script import (
    MAX_CHARACTERS,
    Cast,
    Line,
    Script,
    one_row,
    parse_script,
    rows_of,
    shown,
    split_direction,
)
from espressivo.errors import ScriptError
from espressivo.media.plain_text import read_plain_text

_COLUMNS = ("speaker", "line", "emotion", "personality", "start_s", "end_s")

# Fountain 1.1: a cue is a row in capitals after a blank row and before one that is not blank.
_CUE = re.compile(r"@?(?P<name>[^()^]*[^()^\s])\s*(?:\([^()]*\)\s*)?\^?")
_REMARK = re.compile(r"\[\[[^\[\]]*\]\]")
_CAST_NOTE = re.compile(r"\[\[([^=\[\]]*)=([^\[\]]*)\]\]")
_SCENE = re.compile(r"(?:INT|EXT|EST|INT\./EXT|INT/EXT|I/E)[. ].*|\..+|.* TO:|>.*", re.IGNORECASE)


def read_script(path: Path) -> Script:
    """Read a script from a file: .csv is a table, .fountain a screenplay, anything else plain text.

    Raises:
        InputError: the file cannot be read.
        ScriptError: its content cannot be understood; the message names the line.
    """
    text = read_plain_text(path, "Script")
    try:
        return {".csv": parse_table, ".fountain": parse_fountain}.get(path.suffix.lower(), parse_script)(text)
    except ScriptError as error:
        raise ScriptError(f"{path}: {error}") from None


def parse_table(text: str) -> Script:
    """Read a CSV table with the columns speaker and line, and any of emotion, personality, start_s and end_s.

    A personality need stand in one of a speaker's rows only.

    Raises:
        ScriptError: a column or cell cannot be understood; the message names the line.
    """
    reader = csv.DictReader(io.StringIO("\n".join(rows_of(text))), strict=True)
    cast = Cast()
    lines: list[Line] = []
    written: dict[str, str] = {}
    try:
        reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
        _check_columns(reader.fieldnames)
        for row in reader:
            number = reader.line_num
            cells = _cells(row, number)
            speaker = cast.name(cells["speaker"])
            personality = cells["personality"]
            if personality and written.setdefault(speaker, personality) != personality:
                raise ScriptError(f"Line {number} gives {shown(speaker)} a second personality; keep one.")
            if personality and speaker not in cast.personalities:
                cast.describe(speaker, personality, f"Line {number}")
            start_s, end_s = (_seconds(cells[column], column, number) for column in ("start_s", "end_s"))
            lines.append(Line(speaker, one_row(cells["line"]), one_row(cells["emotion"]), start_s, end_s, number))
    except csv.Error as error:
        raise ScriptError(f"Line {reader.line_num} is no row of a CSV table ({error}).") from None
    return Script(tuple(lines), cast.personalities)


def parse_fountain(text: str) -> Script:
    """Read the dialogue of a Fountain screenplay. A note `[[ANNA = anxious]]` anywhere gives a personality.

    Raises:
        ScriptError: there is no dialogue, or a personality cannot be understood; the message names the line.
    """
    cast = Cast()
    rows = _said(text, cast)
    lines: list[Line] = []
    before = ""
    for index, row in enumerate(rows):
        follows = index + 1 < len(rows) and bool(rows[index + 1])
        match = _CUE.fullmatch(row) if not before and follows and len(row) <= MAX_CHARACTERS else None
        before = row
        if match is None or not _is_cue(row):
            continue
        end = next((place for place in range(index + 1, len(rows)) if not rows[place]), len(rows))
        direction, words = split_direction(" ".join(rows[index + 1 : end]))
        if words:
            lines.append(Line(cast.name(match["name"]), words, direction, number=index + 1))
    if not lines:
        raise ScriptError("The screenplay has no dialogue; a speaker's name stands in capitals above what is said.")
    return Script(tuple(lines), cast.personalities)


def _check_columns(names: list[str]) -> None:
    for needed in ("speaker", "line"):
        if needed not in names:
            raise ScriptError(f"Line 1 has no column {needed!r}; a table needs the columns speaker and line.")
    for name in names:
        if name not in _COLUMNS or names.count(name) > 1:
            raise ScriptError(f"Line 1 has the column {shown(name)}; use each of {', '.join(_COLUMNS)} at most once.")


def _cells(row: Mapping[str | None, str | list[str] | None], number: int) -> dict[str, str]:
    if None in row:
        raise ScriptError(f"Line {number} has more cells than columns; put quotes around text with commas.")
    return {name: str(row.get(name) or "").strip() for name in _COLUMNS}


def _seconds(cell: str, column: str, number: int) -> float | None:
    if not cell:
        return None
    if not re.fullmatch(r"\d{1,6}(\.\d*)?", cell):
        raise ScriptError(f"Line {number} has {shown(cell)} as {column}; write seconds like 12.5.")
    return float(cell)


def _said(text: str, cast: Cast) -> list[str]:
    """Return the rows, at their places, without remarks and comments; remarks about people go to `cast`."""
    text = _without_comments("\n".join(rows_of(text)))
    for found in _CAST_NOTE.finditer(text):
        cast.describe(found[1], found[2], f"Line {text.count(chr(10), 0, found.start()) + 1}")
    return [row.strip() for row in _REMARK.sub(lambda found: "\n" * found[0].count("\n"), text).split("\n")]


def _without_comments(text: str) -> str:
    kept: list[str] = []
    first, *others = text.split("/*")
    for part in others:
        comment, end, after = part.partition("*/")
        kept.append("\n" * comment.count("\n") + after if end else part)
    return "".join([first, *kept])


def _is_cue(row: str) -> bool:
    if row.startswith("@"):
        return True
    name = row.partition("(")[0]
    return name.isupper() and ":" not in name and not _SCENE.fullmatch(row) and not row.startswith(("!", "~", "="))
