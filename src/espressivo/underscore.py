"""Music under a performance: as long as the speech, turning where its emotion turns, and out of the voice's way."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.track import EmotionTrack
from espressivo.errors import InputError
from espressivo.generators.music.sections import turning_points
from espressivo.generators.registry import class_of_kind
from espressivo.media.decode import read_audio
from espressivo.progress import ProgressCallback

if TYPE_CHECKING:
    from espressivo.generators.base import Generator
    from espressivo.generators.music.score import Score

_SHORTEST_S = 2.0
_FADE_S = 0.4
_DUCK_DB = -12.0
_UNKNOWN_LUFS = -20.0
"""Of speech that is silence, or too short to be measured."""


def composer_of(name: str) -> "type[Generator]":
    """Return the class of a music generator that can be told seconds and sections; its weights take seconds to load.

    Raises:
        InputError: there is no such generator, or it makes something else or no music to measure.
    """
    found = class_of_kind("music", name)
    if "sections" not in found.Request.model_fields:
        raise InputError(f"'{name}' writes no music for a speech; choose a generator with sections, such as emogen.")
    return found


def check_music_length(seconds: float) -> None:
    """Refuse a speech that is too short for music.

    Raises:
        InputError: it is shorter than two seconds.
    """
    if seconds < _SHORTEST_S:
        raise InputError(f"A speech of {seconds:.1f} s is too short for music; it needs {_SHORTEST_S:g} s.")


def compose_under(
    generator: "Generator",
    emotion: EmotionTrack,
    seconds: float,
    seed: int,
    progress: ProgressCallback | None = None,
) -> "Score":
    """Write music for a speech of this length.

    Raises:
        InputError: the speech is shorter than two seconds.
    """
    check_music_length(seconds)
    request = generator.Request(
        emotion=emotion, seconds=seconds, sections=turning_points(emotion, seconds), exact=True, seed=seed
    )
    return generator.generate(request, progress)


def write_music(
    folder: Path, score: "Score", speech: Path, rate_hz: int, progress: ProgressCallback | None = None
) -> Float[np.ndarray, "samples 2"]:
    """Write `music.mid` and `music.wav`, and return speech and music together, as long as the speech.

    The music is as loud as the speech, and 12 dB softer where somebody speaks.
    """
    from espressivo.generators.music.score import write_midi
    from espressivo.generators.music.sound.ducking import duck
    from espressivo.generators.music.sound.loudness import integrated_lufs, normalised
    from espressivo.generators.music.sound.render import render, write_stereo_wav

    voice = read_audio(speech, rate_hz)
    sound = render(score, progress=progress)
    write_midi(folder / "music.mid", score)
    write_stereo_wav(folder / "music.wav", sound.mix)
    music = np.zeros((len(voice), 2), np.float32)
    music[: len(sound.mix)] = sound.mix[: len(voice)]
    fade = np.clip((len(voice) - 1 - np.arange(len(voice))) / (_FADE_S * rate_hz), 0.0, 1.0)
    loudness = integrated_lufs(voice[:, None], rate_hz)
    bed, _ = normalised(music, rate_hz, float(np.clip(loudness, -40, -16)) if np.isfinite(loudness) else _UNKNOWN_LUFS)
    together = duck(bed * fade[:, None].astype(np.float32), voice, rate_hz, _DUCK_DB) + voice[:, None]
    peak = np.abs(together).max(initial=1.0)
    return (together / peak).astype(np.float32)
