"""What workers do for the Perform tab, beside `performance.perform` itself."""

from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from espressivo.errors import EspressivoError
from espressivo.progress import ProgressCallback, ProgressEvent

if TYPE_CHECKING:
    from espressivo.conditioning.auto_dials import AutoEmotion
    from espressivo.conditioning.state import EmotionState
    from espressivo.conditioning.track import EmotionTrack
    from espressivo.generators.portrait.avatar.avatar import Avatar

DRAFT_PX = 320
_PEAKS_PER_S = 60
_MOST_PEAKS = 4000


def hear(path: Path, transcript: str | None, progress: ProgressCallback) -> dict[str, Any]:
    """Read a line: how long it is, its waveform, and when its words are said where they are known.

    Returns:
        `duration_s`, `peaks` (each in [0, 1], evenly spread) and `words` (`text`, `start_s`, `end_s`).

    Raises:
        EspressivoError: the sound cannot be read.
    """
    import numpy as np

    from espressivo.conditioning.phones import recognise_phones
    from espressivo.conditioning.speech import Speech

    progress(ProgressEvent("read speech", 0.0))
    speech = Speech.read(path, transcript)
    count = int(min(_MOST_PEAKS, max(100, speech.duration_s * _PEAKS_PER_S)))
    parts = np.array_split(np.abs(speech.samples), min(count, len(speech.samples)))
    peaks = np.array([part.max() for part in parts])
    peaks = peaks / max(float(peaks.max()), 1e-3)
    words = (recognise_phones(speech, progress=progress).words if transcript else None) or ()
    progress(ProgressEvent("read speech", 1.0))
    return {
        "duration_s": round(speech.duration_s, 3),
        "peaks": np.round(peaks, 3).tolist(),
        "words": [
            {"text": word.text, "start_s": round(word.start_s, 3), "end_s": round(word.end_s, 3)} for word in words
        ],
    }


def recognise(
    path: Path, transcript: str | None, source: str, dials: "AutoEmotion", progress: ProgressCallback
) -> "EmotionTrack":
    """Recognise the emotion of a line or a clip, as a track that can be edited.

    Args:
        path: the line.
        transcript: its words, where they are known.
        source: as `--emotion` has it: "auto", "auto:text", or "of:" and a file.
        dials: how it is performed.
        progress: hears how far it has come.

    Raises:
        EspressivoError: nothing can be recognised in it.
    """
    from espressivo.conditioning.borrowed import parse_borrowed
    from espressivo.conditioning.phones import recognise_phones
    from espressivo.conditioning.speech import Speech
    from espressivo.errors import EmotionError

    borrowed = parse_borrowed(source)
    if borrowed is None:
        raise EmotionError(f"{source[:60]!r} names no way to recognise an emotion; choose the voice, words or a clip.")
    borrowed.check(transcript)
    speech = Speech.read(path, transcript)
    if transcript:
        speech = recognise_phones(speech, progress=progress)
    return borrowed.track(speech, dials, progress)


def read_speaking_style(path: Path, progress: ProgressCallback) -> str:
    """Read how somebody speaks off a video, as a style that can be typed and edited.

    Raises:
        EspressivoError: nobody speaks in it, or not for long enough.
    """
    from espressivo.generators.portrait.pctalk.style_reading import read_style
    from espressivo.generators.portrait.pctalk.styles import format_style

    return format_style(read_style(path, progress))


def prepare_drafts() -> None:
    """Draw ours, to nobody: what every draft needs is loaded then, and compiled where it never was."""
    from espressivo.conditioning.state import EmotionState
    from espressivo.demo import PORTRAIT

    with suppress(EspressivoError):  # without the extra for portraits there are no drafts
        draft_portrait(PORTRAIT, None, EmotionState.neutral(), DRAFT_PX, lambda event: None)


def draft_portrait(path: Path, face: int | None, state: "EmotionState", size: int, progress: ProgressCallback) -> bytes:
    """Draw a photograph with an emotion, small and still, as a JPEG.

    Args:
        path: the picture.
        face: which face of it, counted from the largest.
        state: the emotion.
        size: side of the square around the head, px.
        progress: hears how far it has come.

    Raises:
        EspressivoError: the picture cannot be read or shows no face that can be moved.
    """
    import io

    import numpy as np
    from PIL import Image

    from espressivo.generators.face.expression.table import load_table
    from espressivo.generators.portrait.avatar.expression import load_portrait_expression

    progress(ProgressEvent("draw the portrait", 0.0))
    avatar = _avatar(path, path.stat().st_mtime_ns, face, size)
    strengths = state.strengths()
    weights = np.clip(load_portrait_expression().emotional(strengths @ load_table().mean, strengths), 0, 1)
    picture = io.BytesIO()
    Image.fromarray(avatar.draw(weights, (0.0, 0.0, 0.0), (0.0, 0.0))).save(picture, "JPEG", quality=82)
    progress(ProgressEvent("draw the portrait", 1.0))
    return picture.getvalue()


@lru_cache(maxsize=4)
def _avatar(path: Path, changed_at: int, face: int | None, size: int) -> "Avatar":
    from espressivo.generators.portrait.avatar.avatar import Avatar
    from espressivo.generators.portrait.avatar.photograph import Photograph

    return Avatar.of(Photograph.read(path, face), size)
