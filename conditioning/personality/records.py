"""What is known about a dialogue, as JSON, as a table, and as an EmotionML file per line."""

import csv
import json
import re
from pathlib import Path
from typing import Any

from espressivo.conditioning.emotionml import write_emotionml
from espressivo.conditioning.personality.big_five import TRAITS, temperament
from espressivo.conditioning.personality.dialogue import AnalysedLine, DialogueAnalysis
from espressivo.conditioning.personality.mood import mood_name
from espressivo.conditioning.state import EmotionState

_AXES = ("valence", "arousal", "dominance")
_COLUMNS = (
    "number",
    "speaker",
    "line",
    "start_s",
    "end_s",
    "origin",
    "category",
    "intensity",
    *_AXES,
    "mood",
    "emotion",
)


def write_json(path: Path, analysis: DialogueAnalysis) -> None:
    """Write everything: speakers with their temperaments, and each line with what was expressed, shown and felt."""
    record = {
        "speakers": {
            name: {
                "personality": {trait: getattr(story.personality, trait) for trait in TRAITS},
                "temperament": _named(temperament(story.personality)),
                "temperament_name": mood_name(temperament(story.personality)),
            }
            for name, story in analysis.stories.items()
        },
        "lines": [_line_record(number, line) for number, line in enumerate(analysis.lines, start=1)],
    }
    text = json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def write_csv(path: Path, analysis: DialogueAnalysis) -> None:
    """Write a table with a row per line; `emotion` is what `espressivo perform --emotion` takes."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(_COLUMNS)
        for number, line in enumerate(analysis.lines, start=1):
            category, intensity, place = strongest(line.state), round(line.state.intensity, 3), line.state.vad
            table.writerow(
                (
                    number,
                    line.line.speaker,
                    line.line.text,
                    *(round(time_s, 3) for time_s in (line.start_s, line.end_s)),
                    line.origin,
                    category,
                    intensity,
                    *(round(axis, 3) for axis in place),
                    line.mood_name,
                    line.notation,
                )
            )


def write_line_tracks(folder: Path, analysis: DialogueAnalysis) -> None:
    """Write each line's emotion to an EmotionML file of its own, named by its number and speaker."""
    folder.mkdir()
    for number, line in enumerate(analysis.lines, start=1):
        write_emotionml(folder / line_file_name(number, line), line.track)


def line_file_name(number: int, line: AnalysedLine) -> str:
    """Return the name of a line's EmotionML file."""
    speaker = "-".join(re.findall(r"[a-z0-9]+", line.line.speaker.lower()))
    return f"{number:04d}{'-' if speaker else ''}{speaker}.emotionml"


def strongest(state: EmotionState) -> str:
    """Return the category of most weight."""
    return max(state.weights, key=lambda name: state.weights[name])


def _line_record(number: int, line: AnalysedLine) -> dict[str, Any]:
    return {
        "number": number,
        "speaker": line.line.speaker,
        "text": line.line.text,
        "direction": line.line.direction,
        "start_s": round(line.start_s, 3),
        "end_s": round(line.end_s, 3),
        "origin": line.origin,
        "said": _state_record(line.said) | {"confidence": round(line.confidence, 3)},
        "state": _state_record(line.state),
        "mood": {"name": line.mood_name} | _named(line.mood),
        "emotion": line.notation,
    }


def _state_record(state: EmotionState) -> dict[str, Any]:
    weights = {name: round(weight, 3) for name, weight in state.weights.items()}
    return {"weights": weights, "intensity": round(state.intensity, 3), "vad": _named(state.vad)}


def _named(vad: tuple[float, float, float]) -> dict[str, float]:
    return {name: round(axis, 3) + 0.0 for name, axis in zip(_AXES, vad, strict=True)}
