"""The demo take: a line that ships with the program, said with the emotion it is about."""

import json
from importlib.util import find_spec
from pathlib import Path

from espressivo.performance import PerformanceRequest

_INTENSITY = 0.8
SPEECH_FOLDER = Path(__file__).parent / "assets" / "speech"
PORTRAIT = Path(__file__).parent / "assets" / "portraits" / "ada.jpg"


def demo_lines() -> tuple[str, ...]:
    """Return the names of the speech lines that ship."""
    return tuple(sorted(path.stem for path in SPEECH_FOLDER.glob("*.wav")))


def portraits_can_be_read() -> bool:
    """Return whether the extra that reads the face of a portrait is installed."""
    return find_spec("ai_edge_litert") is not None


def demo_request(line: str = "joy", portrait: bool = False) -> PerformanceRequest:
    """Return the request of the demo take for one of `demo_lines()`, with its transcript and own emotion.

    Args:
        line: which line.
        portrait: whether a picture that ships speaks it as well.
    """
    facts = json.loads((SPEECH_FOLDER / f"{line}.json").read_text(encoding="utf-8"))
    return PerformanceRequest(
        speech=SPEECH_FOLDER / f"{line}.wav",
        transcript=facts["text"],
        emotion=f"{facts['emotion']}:{_INTENSITY}",
        formats=("mp4", "glb", "csv", "npz"),
        portrait=PORTRAIT if portrait else None,
    )
