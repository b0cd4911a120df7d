"""Music FaderNets as a generator: faders for rhythm and density, and arousal, on a user's piece or on new music."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from espressivo.errors import InputError, MissingDependencyError
from espressivo.generators.base import GeneratorSpec
from espressivo.generators.music.request import KeyInput, TimedRequest, existing_midi
from espressivo.progress import ProgressCallback, ProgressEvent
from espressivo.weights.manifest import FOLDER

if TYPE_CHECKING:
    from jaxtyping import Float

    from espressivo.conditioning.track import EmotionTrack
    from espressivo.generators.music.faders.events import Grid
    from espressivo.generators.music.faders.pieces import Source
    from espressivo.generators.music.faders.pretrained import Model
    from espressivo.generators.music.score import Score
    from espressivo.media.notes import Notes

_STAGE = "composing"
_USUAL_BPM, _TEMPO_OCTAVES = 80.0, 0.2
"""Median of tempi of new music, and how far they vary around it; POP909's songs have a median of 76."""
_SLOWEST, _FASTEST = 60.0, 108.0
_BEATS = 4
_TICKS = 480


class FadersRequest(TimedRequest):
    """How a piece is to be changed, or what new music should be.

    Of the emotion only arousal is heard, at most as strongly as the emotion is; neutral leaves it alone. The network
    moves rhythm and density for it; loudness follows by rule, as it does dominance.
    """

    source: Path | None = None
    """MIDI file to change: all its pitched notes are played by one piano on sixteenths, drums stay as they are, tempo
    and metre too. Without one, music is made up over chords of the key."""
    rhythm: float | None = Field(default=None, ge=0, le=1)
    """How often something begins: the middle is usual; by default as in the source."""
    density: float | None = Field(default=None, ge=0, le=1)
    """How many notes sound at a time: the middle is usual; by default as in the source."""
    key: KeyInput | None = None
    """Key to move to; by default that of the source, or one that the seed decides."""
    tempo: float | None = Field(default=None, ge=16, le=256)
    """Quarter notes per minute of new music; by default one that the seed decides."""
    temperature: float = Field(default=1.0, ge=0.1, le=3)
    """Below 1 the music is more regular, above 1 more surprising."""

    @field_validator("source")
    @classmethod
    def _is_there(cls, path: Path | None) -> Path | None:
        return None if path is None else existing_midi(path)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.source is not None and (self.bars, self.seconds, self.tempo) != (None, None, None):
            raise InputError("A piece that is changed keeps its length and tempo; leave out bars, seconds and tempo.")
        return self


class MusicFaderNets:
    """A variational auto-encoder with a fader for each of two attributes (Tan & Herremans 2020), trained on POP909."""

    spec: ClassVar = GeneratorSpec(
        name="faders",
        kind="music",
        summary="faders for rhythm and note density, and arousal, on your own MIDI file or on new piano music",
        licence="MIT (trained on POP909, MIT)",
        extras=("music",),
    )
    Request: ClassVar = FadersRequest
    _weights: ClassVar = "faders-pop"

    def __init__(self, model: "Model") -> None:
        self.model = model

    @classmethod
    def from_pretrained(cls, checkpoint: Path | None = None, device: str = "auto") -> Self:
        """Load the weights that ship, those of `faders.train` (a folder), or the authors' (a .pt file).

        Decoding one event after another is faster on the CPU than anywhere else, whatever `device` is. The authors'
        network is decoded as theirs is, and needs a source.

        Raises:
            InputError: `checkpoint` holds no such model.
            MissingDependencyError: the extra `music` is not installed.
        """
        try:
            from espressivo.generators.music.faders.pretrained import load_model
        except ImportError as error:
            raise MissingDependencyError(
                f"Music FaderNets needs {error.name}: pip install 'espressivo[music]' (and torch's CPU build)."
            ) from None
        return cls(load_model(checkpoint or FOLDER / cls._weights))

    def generate(self, request: FadersRequest, progress: ProgressCallback | None = None) -> "Score":
        """Write the music.

        Raises:
            InputError: the source cannot be read, or has nothing to change.
            Cancelled: `progress` asked for it.
        """
        from espressivo.generators.music.faders.composing import (
            Wish,
            encoded,
            invented,
            loudness,
            moved,
            with_touch,
            written,
        )
        from espressivo.generators.music.faders.pieces import joined

        _report(progress, 0.0)
        random = np.random.default_rng(request.seed)
        source = _planned(request, random) if request.source is None else _read(request.source, request)
        segments = len(source.chroma)
        wish = Wish(request.rhythm, request.density, request.temperature)
        faders = encoded(self.model, source.grids) if source.grids else invented(self.model, segments, random)
        arousal = _arousal(request.emotion, source.begins_s)
        faders = moved(faders, self.model, arousal, wish, is_new=not source.grids)
        grids: list[Grid] = []
        for part in written(self.model, source, faders, wish, random):
            for grid in part:
                own = source.grids[len(grids)] if source.grids else None
                grids.append(loudness(grid, own, float(arousal[len(grids)])))
            _report(progress, len(grids) / segments)
        notes = joined(grids, source)
        return _score(notes if source.grids else with_touch(notes, request.emotion), source, request)


class MusicFaderNetsVgmidi(MusicFaderNets):
    """Music FaderNets whose arousal is that of people who listened to game music (VGMIDI)."""

    spec: ClassVar = GeneratorSpec(
        name="faders-nc",
        kind="music",
        summary="faders, with arousal as listeners to game music have named it",
        licence="research use (tuned on VGMIDI, which states no licence)",
        extras=("music",),
    )
    _weights: ClassVar = "faders-vgmidi-nc"


def _read(path: Path, request: FadersRequest) -> "Source":
    from espressivo.generators.music.faders.pieces import read_source

    source = read_source(path)
    return source if request.key is None else source.moved_to(request.key)


def _planned(request: FadersRequest, random: np.random.Generator) -> "Source":
    from espressivo.generators.music.faders.pieces import plan_of
    from espressivo.generators.music.keys import Key
    from espressivo.media.notes import Notes, Tempo

    drawn_bpm = _USUAL_BPM * 2.0 ** (_TEMPO_OCTAVES * random.standard_normal())
    bpm = request.tempo or round(float(np.clip(drawn_bpm, _SLOWEST, _FASTEST)))
    bars = request.bars_or_usual or max(1, round((request.seconds or 0.0) * bpm / (60.0 * _BEATS)))
    drawn = Key(int(random.integers(12)))
    none = np.zeros(0, np.int64)
    empty = Notes(none, none, none, none, none, none.astype(bool), _TICKS, (Tempo(0, bpm),))
    return plan_of(bars, request.key or drawn, empty, random)


def _arousal(track: "EmotionTrack", times_s: "Float[np.ndarray, 'segments']") -> "Float[np.ndarray, 'segments']":
    """Return the arousal of each segment, -1..1: 1 for emotions as aroused as they come."""
    from espressivo.generators.music.moods import Mood

    return np.array([Mood.of(track.state_at(float(time))).place[1] for time in times_s])


def _score(notes: "Notes", source: "Source", request: FadersRequest) -> "Score":
    from espressivo.generators.music.dominance import with_loudness
    from espressivo.generators.music.score import KeyChange, Score
    from espressivo.generators.music.sections import on_time

    if request.seconds is not None and (request.sections or request.exact):
        notes = on_time(notes, request.sections, request.seconds)
    score = Score.of(with_loudness(notes, request.emotion), emotion=request.emotion)
    return replace(score, keys=(KeyChange(0, source.key),))


def _report(progress: ProgressCallback | None, share: float) -> None:
    if progress is not None:
        progress(ProgressEvent(_STAGE, share))
