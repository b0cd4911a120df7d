"""The demo take: a line that ships with the program, said with joy that turns to surprise."""

import json
from pathlib import Path

from espressivo.performance import PerformanceRequest

SPEECH_FOLDER = Path(__file__).parent / "assets" / "speech"


def demo_lines() -> tuple[str, ...]:
    """Return the names of the speech lines that ship."""
    return tuple(sorted(path.stem for path in SPEECH_FOLDER.glob("*.wav")))


def demo_request(line: str = "joy") -> PerformanceRequest:
    """Return the request of the demo take for one of `demo_lines()`, with its transcript and own emotion."""
    facts = json.loads((SPEECH_FOLDER / f"{line}.json").read_text(encoding="utf-8"))
    return PerformanceRequest(
        speech=SPEECH_FOLDER / f"{line}.wav",
        transcript=facts["text"],
        emotion=facts["emotion"],
        formats=("mp4", "glb", "csv", "npz"),
    )
