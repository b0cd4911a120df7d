"""Dialogue scripts: who says what, how, when, and with which personality.

```
# A comment.
ANNA = anxious                          a personality by its preset
BEN = extraversion .8, neuroticism .2   or by its traits

ANNA: You sold it?                      the emotion follows from the words, the person and what was said before
BEN (calmly): I had to.                 a direction that names an emotion goes before the words
ANNA: (furious, crying) You had to!
  And you never asked me.               a line that begins with space goes on with the one before
(She turns away.)                       a row in brackets is read by nobody
[12.5-15] BEN: I am sorry.              seconds (or m:ss) from the beginning; the end may be left out
```
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from espressivo.conditioning.personality.big_five import BigFive, parse_personality
from espressivo.conditioning.personality.big_five import format_personality as _format_personality
from espressivo.errors import EmotionError, ScriptError

MAX_LINES = 5_000
MAX_CHARACTERS = 5_000
"""Of a line."""
MAX_NAME = 40
MAX_SPEAKERS = 40
MAX_TIME_S = 86_400.0


@dataclass(frozen=True)
class Line:
    """What somebody says at once.

    Raises:
        ScriptError: there is no speaker or nothing said, the text is too long, or the times do not rise.
    """

    speaker: str
    text: str
    """In one row, without directions."""
    direction: str = ""
    """How it is said, in words ("angrily", "sitting down"); empty when nothing is said about it."""
    start_s: float | None = None
    """When it begins, kept to the millisecond; None for right after the line before."""
    end_s: float | None = None
    """When it ends; None for as long as its words take."""
    number: int = 0
    """Where it stands in its file, from 1; 0 outside of files."""

    def __post_init__(self) -> None:
        for name in ("start_s", "end_s"):
            if (time_s := getattr(self, name)) is not None:
                object.__setattr__(self, name, round(float(time_s), 3) + 0.0)
        checks = (
            (not self.speaker, "has no speaker; write for example ANNA: You sold it?"),
            (not self.text, f"gives {self.speaker or 'its speaker'} nothing to say; write the words after the colon"),
            (len(self.speaker) > MAX_NAME, f"has a name of over {MAX_NAME} characters before its colon; shorten it"),
            (
                len(self.text) > MAX_CHARACTERS,
                f"has {len(self.text)} characters; split it into lines of at most {MAX_CHARACTERS}",
            ),
            (
                self.end_s is not None and (self.start_s is None or self.end_s <= self.start_s),
                "must end after it begins",
            ),
            (
                not all(0 <= time_s <= MAX_TIME_S for time_s in (self.start_s, self.end_s) if time_s is not None),
                f"must lie between 0 and {MAX_TIME_S:.0f} s",
            ),
        )
        for fails, reason in checks:
            if fails:
                raise ScriptError(f"Line {self.number or ''} {reason}.".replace("  ", " "))


@dataclass(frozen=True)
class Script:
    """A dialogue.

    Raises:
        ScriptError: there is no line, there are too many lines or speakers, a timed line begins before another that
            stands above it, or somebody has a personality and nothing to say.
    """

    lines: tuple[Line, ...]
    personalities: Mapping[str, BigFive] = field(default_factory=dict)
    """By speaker; those who are absent are average."""

    def __post_init__(self) -> None:
        if not self.lines:
            raise ScriptError("The script has no line; write for example ANNA: You sold it?")
        if len(self.lines) > MAX_LINES:
            raise ScriptError(f"The script has over {MAX_LINES} lines; split it up.")
        if len(self.speakers) > MAX_SPEAKERS:
            raise ScriptError(f"The script has over {MAX_SPEAKERS} speakers; split it into scenes.")
        last_s = 0.0
        for line in self.lines:
            if line.start_s is not None and line.start_s < last_s:
                raise ScriptError(f"Line {line.number} begins at {line.start_s:g} s, before the line above it.")
            last_s = max(last_s, line.start_s or 0.0)
        for name in self.personalities:
            if name not in self.speakers:
                raise ScriptError(f"{name!r} has a personality but says no line; {', '.join(self.speakers)} do.")
        object.__setattr__(self, "personalities", MappingProxyType(dict(self.personalities)))

    @property
    def speakers(self) -> tuple[str, ...]:
        """Names in the order of their first lines."""
        return tuple(dict.fromkeys(line.speaker for line in self.lines))

    def personality_of(self, speaker: str) -> BigFive:
        """Return the personality of a speaker, average where none is given."""
        return self.personalities.get(speaker, BigFive())


def parse_script(text: str) -> Script:
    """Read a script in the form above.

    Raises:
        ScriptError: it cannot be understood; the message names the line.
    """
    cast = Cast()
    lines: list[Line] = []
    for number, row in _rows(text):
        name, equals, personality = row.partition("=")
        if equals and ":" not in name and not row.startswith("["):
            cast.describe(name, personality, f"Line {number}")
            continue
        match = _HEAD.match(row)
        if match is None:
            raise ScriptError(f"Line {number}, {shown(row)}, has no speaker; write for example ANNA: You sold it?")
        start_s, end_s = _times(match["times"], number)
        direction, words = split_direction(row[match.end() :])
        directions = [part for part in (match["direction"], direction) if part and part.strip()]
        speaker = cast.name(match["name"])
        lines.append(Line(speaker, words, ", ".join(map(one_row, directions)), start_s, end_s, number))
    return Script(tuple(lines), cast.personalities)


def format_script(script: Script) -> str:
    """Write a script; `parse_script` reads the same from it, but for where lines stand."""
    rows = [f"{name} = {_format_personality(one)}" for name, one in script.personalities.items()]
    for line in script.lines:
        times = (
            ""
            if line.start_s is None
            else f"[{line.start_s!r}" + ("] " if line.end_s is None else f"-{line.end_s!r}] ")
        )
        rows.append(f"{times}{line.speaker}{f' ({line.direction})' if line.direction else ''}: {line.text}")
    return "\n".join(rows) + "\n"


class Cast:
    """Speakers met so far: one spelling for each name, and the personalities given to them."""

    def __init__(self) -> None:
        self.personalities: dict[str, BigFive] = {}
        self._spellings: dict[str, str] = {}

    def name(self, written: str) -> str:
        """Return the first spelling of a name; case and spaces do not matter."""
        name = one_row(written)
        return self._spellings.setdefault(name.casefold(), name)

    def describe(self, written: str, personality: str, where: str) -> None:
        """Take down the personality that is given to somebody; `where`, in words, is for messages.

        Raises:
            ScriptError: there is no name, it has a personality already, or the personality cannot be understood.
        """
        name = self.name(written)
        if not name:
            raise ScriptError(f"{where} has no name before =; write for example ANNA = anxious.")
        if name in self.personalities:
            raise ScriptError(f"{where} gives {shown(name)} a second personality; keep one.")
        try:
            self.personalities[name] = parse_personality(personality)
        except EmotionError as error:
            raise ScriptError(f"{where}: {error}") from None


def split_direction(said: str) -> tuple[str, str]:
    """Take directions in brackets out of what is said: (directions joined by commas, words), each in one row."""
    directions = [one_row(found) for found in _DIRECTION.findall(said)]
    return ", ".join(filter(None, directions)), one_row(_DIRECTION.sub(" ", said))


def rows_of(text: str) -> list[str]:
    """Return the rows of a file, whatever its line ends, without a byte order mark."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def one_row(text: str) -> str:
    """Return a text with single spaces between its words."""
    return " ".join(text.split())


def shown(text: str, limit: int = 40) -> str:
    """Return what a message quotes of a text."""
    return repr(text if len(text) <= limit else f"{text[:limit]}...")


_HEAD = re.compile(
    r"(?:\[(?P<times>[^\]]*)\]\s*)?(?P<name>[^:()\[\]=#]*[^:()\[\]=#\s])\s*(?:\((?P<direction>[^()]*)\)\s*)?:"
)
_DIRECTION = re.compile(r"\(([^()]*)\)")
_UNREAD = re.compile(r"#.*|\([^()]*\)")
_TIME = re.compile(r"(?:(?P<minutes>\d{1,4}):)?(?P<seconds>\d{1,6}(?:\.\d*)?)")


def _rows(text: str) -> Iterator[tuple[int, str]]:
    """Yield numbered rows with what continues them, without comments and blank ones."""
    pending: tuple[int, list[str]] | None = None
    for number, row in enumerate(rows_of(text), start=1):
        if len(row) > 2 * MAX_CHARACTERS:
            raise ScriptError(
                f"Line {number} has {len(row)} characters; split it into lines of at most {MAX_CHARACTERS}."
            )
        if not row.strip() or _UNREAD.fullmatch(row.strip()):
            continue
        if row[0].isspace() and pending is not None:
            pending[1].append(row.strip())
            continue
        if pending is not None:
            yield pending[0], " ".join(pending[1])
        pending = (number, [row.strip()])
    if pending is not None:
        yield pending[0], " ".join(pending[1])


def _times(text: str | None, number: int) -> tuple[float | None, float | None]:
    if text is None:
        return None, None
    found = [_TIME.fullmatch(part.strip()) for part in text.split("-")]
    if len(found) > 2 or None in found:
        raise ScriptError(f"Line {number} has the times {shown(text)}; write seconds as in [12.5] or [12.5-15].")
    times = [60 * int(match["minutes"] or 0) + float(match["seconds"]) for match in found if match]
    return times[0], times[1] if len(times) == 2 else None
