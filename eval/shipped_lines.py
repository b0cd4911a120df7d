"""The spoken lines that ship: sound, words and true phone times, for benchmarks and studies that need no data."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from espressivo.conditioning.speech import Speech, read_phones

_FOLDER = Path(__file__).resolve().parents[1] / "assets" / "speech"


@dataclass(frozen=True)
class ShippedLine:
    """One line."""

    name: str
    sound: Path
    text: str
    emotion: str
    """What the line is about, as a canonical category."""

    @property
    def speech(self) -> Speech:
        """The sound with its words and the phone times that the synthesiser gave."""
        return _speech(self)


@cache
def shipped_lines() -> dict[str, ShippedLine]:
    """Return the lines by name, sorted."""
    lines = {}
    for sound in sorted(_FOLDER.glob("*.wav")):
        facts = json.loads(sound.with_suffix(".json").read_text(encoding="utf-8"))
        lines[sound.stem] = ShippedLine(sound.stem, sound, facts["text"], facts["emotion"])
    return lines


@cache
def _speech(line: ShippedLine) -> Speech:
    speech = Speech.read(line.sound, line.text)
    return speech.with_phones(read_phones(line.sound.with_suffix(".json"), speech.duration_s), "given")
