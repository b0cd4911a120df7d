"""The emotion notation of the command line and the studio.

```
happiness                          an emotion at its own strength: 1 unless the word is a mild one (annoyed, worried)
happiness:0.8                      at a given strength
happiness:0.6+surprise:0.3         a mix; strengths that sum to more than 1 are scaled down
vad:0.7,0.5,0.2                    valence, arousal, dominance; beside words it only sets the place in VAD space
@0 neutral @1.5~smooth anger:0.9   keyframes in seconds; ~step, ~linear (default), ~smooth or ~pchip to the next one
sadness:0.5~whispering             a manner of performing
line.emotionml                     an EmotionML (.emotionml, .xml) or JSON (.json) file
```
"""

import re
from pathlib import Path
from typing import cast

from espressivo.conditioning.easing import EASES, Ease
from espressivo.conditioning.emotionml import read_emotionml, track_from_emotionml
from espressivo.conditioning.state import EmotionState, layer
from espressivo.conditioning.textfile import read_limited
from espressivo.conditioning.track import EmotionTrack, Keyframe
from espressivo.conditioning.vocabulary import VAD
from espressivo.errors import EmotionError

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e-?\d+)?", re.ASCII | re.IGNORECASE)
_STRENGTH_OTHERWISE = re.compile(r"(?P<word>[^\W\d]+)\s*[=\s,(]\s*(\d+\.?\d*|\.\d+)\s*[%)]?", re.ASCII)
_KEYFRAME = re.compile(r"@\s*(?P<time>[^\s~@]*)(~(?P<ease>[^\s@]*))?(?P<state>[^@]*)")
_MAX_CHARACTERS = 100_000


def parse_emotion(text: str) -> EmotionTrack:
    """Read an emotion written in the notation of this module, or the file that it names.

    Raises:
        EmotionError: the text is no such emotion; one sentence says what is wrong with which part.
    """
    text = text.strip()
    if not text:
        raise EmotionError("The emotion is empty; write for example happiness:0.8.")
    if len(text) > _MAX_CHARACTERS:
        raise EmotionError(f"The emotion is {len(text)} characters long; write more than {_MAX_CHARACTERS} to a file.")
    reader = _FILE_READERS.get(Path(text).suffix.lower())
    if reader is not None:
        return reader(Path(text))
    if "@" not in text:
        return EmotionTrack.constant(_parse_state(text))
    if not text.startswith("@"):
        raise EmotionError(f"Emotion {_short(text)} must begin with @ and the first keyframe's time, as in @0 neutral.")
    return EmotionTrack(tuple(_parse_keyframe(match) for match in _KEYFRAME.finditer(text)))


def format_emotion(track: EmotionTrack) -> str:
    """Write a track in the notation; `parse_emotion` reads the same track from it."""
    if len(track.keyframes) == 1 and track.keyframes[0] == Keyframe(0.0, track.keyframes[0].state):
        return _format_state(track.keyframes[0].state)
    return " ".join(_format_keyframe(keyframe) for keyframe in track.keyframes)


def _parse_keyframe(match: re.Match[str]) -> Keyframe:
    ease = match["ease"] if match["ease"] is not None else "linear"
    if ease not in EASES:
        raise EmotionError(f"Ease {_short(ease)} in {_short(match[0].strip())} must be one of {', '.join(EASES)}.")
    t_s = _parse_number(match["time"], match[0].strip())
    if not match["state"].strip():
        raise EmotionError(f"Keyframe {_short(match[0].strip())} names no emotion; write for example @0 neutral.")
    return Keyframe(t_s, _parse_state(match["state"]), cast(Ease, ease))


def _parse_state(text: str) -> EmotionState:
    blend, tilde, style = text.strip().partition("~")
    place: VAD | None = None
    words: list[EmotionState] = []
    for term in blend.split("+"):
        name, colon, value = (part.strip() for part in term.partition(":"))
        if not name:
            raise EmotionError(f"Emotion {_short(text.strip())} has an empty part; write for example joy:0.6+fear:0.3.")
        if name.lower() == "vad":
            if place is not None:
                raise EmotionError(f"Emotion {_short(text.strip())} gives vad twice; it can only lie in one place.")
            place = _parse_vad(value, term.strip())
        else:
            _refuse_other_notation(term.strip(), value if colon else "")
            words.append(EmotionState.of(name, _parse_number(value, term.strip()) if colon else None))
    style_name = style.strip() if tilde else None
    if place is not None and not words:
        return EmotionState.from_vad(place, style=style_name)
    state = words[0] if len(words) == 1 else layer(words)
    return EmotionState(state.weights, state.intensity, place or state.vad_override, style_name)


def _refuse_other_notation(term: str, value: str) -> None:
    """Say how it is written here where somebody writes `joy 0.8`, `joy=0.8`, `joy:80%` or `joy:0.6, fear:0.3`."""
    if "," in value:
        raise EmotionError(f"{_short(term)} is no emotion; mix emotions with a plus, as in joy:0.6+fear:0.3.")
    if _STRENGTH_OTHERWISE.fullmatch(term) or value.endswith("%"):
        raise EmotionError(f"{_short(term)} is no emotion; write its strength from 0 to 1, as in joy:0.8.")


def _parse_vad(value: str, term: str) -> VAD:
    numbers = [_parse_number(number.strip(), term) for number in value.split(",")]
    if len(numbers) != 3:
        raise EmotionError(f"{_short(term)} needs valence, arousal and dominance, as in vad:0.7,0.5,0.2.")
    return numbers[0], numbers[1], numbers[2]


def _parse_number(text: str, context: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise EmotionError(f"{_short(text)} in {_short(context)} is no number; write it like 0.8.")
    return float(text)


def _format_keyframe(keyframe: Keyframe) -> str:
    ease = "" if keyframe.ease == "linear" else f"~{keyframe.ease}"
    return f"@{_format_number(keyframe.t_s)}{ease} {_format_state(keyframe.state)}"


def _format_state(state: EmotionState) -> str:
    terms = [f"{name}:{_format_number(weight * state.intensity)}" for name, weight in state.weights.items()]
    if state.weights.keys() == {"neutral"}:
        terms = ["neutral"]
    if state.vad_override is not None:
        terms.append("vad:" + ",".join(map(_format_number, state.vad_override)))
    return "+".join(terms) + (f"~{state.style}" if state.style else "")


def _format_number(value: float) -> str:
    return repr(int(value)) if value == int(value) else repr(float(value))


def _short(text: str, limit: int = 60) -> str:
    return repr(text if len(text) <= limit else f"{text[:limit]}...")


def _read_emotionml_track(path: Path) -> EmotionTrack:
    return track_from_emotionml(read_emotionml(path))


def _read_json_track(path: Path) -> EmotionTrack:
    try:
        return EmotionTrack.from_json(read_limited(path))
    except EmotionError as error:
        raise EmotionError(f"{path}: {error}") from None


_FILE_READERS = {".emotionml": _read_emotionml_track, ".xml": _read_emotionml_track, ".json": _read_json_track}
