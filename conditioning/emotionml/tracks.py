"""Emotion tracks from and to EmotionML.

A category's value is its strength (weight times intensity), or its share where an `intensity` dimension is beside it.
Valence, arousal and dominance are the PAD or FSRE dimensions, x in [-1, 1] written as (x + 1) / 2. Neutral, which no
standard vocabulary names, is `intensity` 0. Eases and styles stand in `info`, for readers that know them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.emotionml.document import (
    Descriptor,
    Document,
    Emotion,
    ForeignElement,
    Info,
    Kind,
    Trace,
    Vocabulary,
)
from espressivo.conditioning.emotionml.vocabularies import BUILT_IN, vocabulary_uri
from espressivo.conditioning.emotionml.writer import format_emotionml
from espressivo.conditioning.state import EmotionState, layer
from espressivo.conditioning.track import EmotionTrack, Keyframe
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.errors import EmotionError, OutputError

TRACK_NAMESPACE = "urn:espressivo:track"
_PAD = ("pleasure", "arousal", "dominance")
_AXES = {"pleasure": 0, "valence": 0, "arousal": 1, "dominance": 2, "potency": 2}
_WORDS = {vocabulary_uri("occ-categories"): "alma"}  # OCC emotions have VAD places of their own
_OWN_CATEGORIES = Vocabulary("category", "espressivo-categories", CATEGORIES)
_OWN_DIMENSIONS = Vocabulary("dimension", "espressivo-dimensions", ("intensity", *_PAD))


def track_from_emotionml(document: Document, media_duration_s: float | None = None) -> EmotionTrack:
    """Turn annotations into keyframes.

    An emotion without duration is one keyframe; with a duration (or start and end) it holds that long; a trace gives a
    keyframe per sample. Absolute times count from the earliest `start`. Of two emotions at one time the later wins.

    Args:
        document: what `read_emotionml` gave.
        media_duration_s: length of the sound, needed for offsets from its end.

    Raises:
        EmotionError: there is no emotion, or one lies before the sound, is unknown or has nothing to perform.
    """
    if not document.emotions:
        raise EmotionError("The EmotionML document holds no emotion; add at least one.")
    origin_ms = min((emotion.start_ms for emotion in document.emotions if emotion.start_ms is not None), default=0)
    placed = sorted(
        ((_start_s(emotion, origin_ms, media_duration_s), emotion) for emotion in document.emotions),
        key=lambda pair: pair[0],
    )
    starts_s = [start_s for start_s, _ in placed]
    keyframes: list[Keyframe] = []
    for start_s, emotion in placed:
        next_s = min((other_s for other_s in starts_s if other_s > start_s), default=float("inf"))
        keyframes += _read_keyframes(emotion, {**document.sets, **emotion.sets}, start_s, next_s)
    return EmotionTrack(tuple(keyframes))


def track_to_emotionml(track: EmotionTrack, time_ref_uri: str | None = None, trace_hz: float | None = None) -> Document:
    """Turn a track into annotations, which `track_from_emotionml` reads back (times to the millisecond).

    Args:
        track: the track.
        time_ref_uri: the sound that times refer to.
        trace_hz: write curves with this many samples per second, not keyframes.
    """
    if trace_hz is not None and not 0 < trace_hz <= 1000:
        raise EmotionError(f"Traces need a rate above 0 and up to 1000 Hz; {trace_hz:g} is none.")
    used = {name for keyframe in track.keyframes for name in keyframe.state.weights} - {"neutral"}
    category_set, vocabularies = _category_set(used)
    if trace_hz is None:
        emotions = tuple(_write_keyframes(track, time_ref_uri))
    else:
        emotions = (_write_traces(track, sorted(used, key=CATEGORIES.index), time_ref_uri, trace_hz),)
    if any(f"#{_OWN_DIMENSIONS.id}" in emotion.sets.values() for emotion in emotions):
        vocabularies = (*vocabularies, _OWN_DIMENSIONS)
    return Document(emotions, vocabularies, category_set)


def write_emotionml(path: str | Path, track: EmotionTrack, time_ref_uri: str | None = None) -> None:
    """Write a track's keyframes to a file.

    Raises:
        OutputError: it cannot be written.
    """
    text = format_emotionml(track_to_emotionml(track, time_ref_uri))
    try:
        Path(path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}); choose another folder.") from None


def _start_s(emotion: Emotion, origin_ms: int, media_duration_s: float | None) -> float:
    anchor_s = 0.0
    if emotion.time_ref_anchor_point == "end":
        if media_duration_s is None:
            raise EmotionError("An emotion is timed from the end of a sound of unknown length; time it from the start.")
        anchor_s = media_duration_s
    absolute_ms = 0 if emotion.start_ms is None else emotion.start_ms - origin_ms
    start_s = anchor_s + (absolute_ms + (emotion.offset_to_start_ms or 0)) / 1000
    if start_s < 0:
        raise EmotionError(f"An emotion starts {-start_s:g} s before its sound; offset-to-start must be 0 or more.")
    return start_s


def _read_keyframes(emotion: Emotion, sets: Mapping[Kind, str], start_s: float, next_s: float) -> Iterator[Keyframe]:
    ease, style = _read_info(emotion.info)
    times_s, values = _columns(emotion.descriptors)
    states = [_read_state(emotion.descriptors, row, sets, style) for row in values]
    if len(times_s) > 1:
        yield from (Keyframe(start_s + t_s, state) for t_s, state in zip(times_s, states, strict=True))
        return
    length_s = _length_ms(emotion) / 1000
    if ease is not None or length_s == 0:
        yield Keyframe(start_s, states[0], ease or "linear")  # pyright: ignore[reportArgumentType] - Keyframe checks
        return
    yield Keyframe(start_s, states[0], "step")
    if start_s + length_s < next_s:
        yield Keyframe(start_s + length_s, states[0])


def _length_ms(emotion: Emotion) -> int:
    if emotion.duration_ms is None and emotion.start_ms is not None and emotion.end_ms is not None:
        return emotion.end_ms - emotion.start_ms
    return emotion.duration_ms or 0


def _columns(descriptors: tuple[Descriptor, ...]) -> tuple[list[float], list[list[float | None]]]:
    """Sample all descriptors at the times of all traces (at 0 without traces); None for a value that is absent."""
    traces = [descriptor.trace for descriptor in descriptors if descriptor.trace]
    times_s = sorted({index / trace.freq_hz for trace in traces for index in range(len(trace.samples))}) or [0.0]
    columns: list[Sequence[float | None]] = []
    for descriptor in descriptors:
        if descriptor.trace is None:
            columns.append([descriptor.value] * len(times_s))
        else:
            samples = descriptor.trace.samples
            columns.append(np.interp(times_s, np.arange(len(samples)) / descriptor.trace.freq_hz, samples).tolist())
    return times_s, [list(row) for row in zip(*columns, strict=True)]


def _read_state(
    descriptors: tuple[Descriptor, ...], values: list[float | None], sets: Mapping[Kind, str], style: str | None
) -> EmotionState:
    words: list[EmotionState] = []
    place: list[float] | None = None
    intensity: float | None = None
    for descriptor, value in zip(descriptors, values, strict=True):
        if descriptor.kind == "category":
            words.append(EmotionState.of(descriptor.name, value, _WORDS.get(sets["category"], "words")))
        elif descriptor.kind == "dimension" and descriptor.name == "intensity":
            intensity = value
        elif descriptor.kind == "dimension" and descriptor.name in _AXES and value is not None:
            place = place or [0.0, 0.0, 0.0]
            # Rounded: 2 * 0.7169 - 1 is 0.43379999999999996.
            place[_AXES[descriptor.name]] = round(2 * value - 1, 12)
    if not words and place is None and intensity is None:
        names = ", ".join(sorted(descriptor.name for descriptor in descriptors))
        raise EmotionError(f"An emotion with only {names} cannot be performed; add a category or PAD dimensions.")
    vad = None if place is None else (place[0], place[1], place[2])
    if words:
        state = words[0] if len(words) == 1 else layer(words)
    else:
        state = EmotionState.neutral() if vad is None else EmotionState.from_vad(vad)
    if intensity is not None and state.intensity > 0:
        state = state.with_intensity(intensity)
    return EmotionState(state.weights, state.intensity, vad or state.vad_override, style)


def _read_info(info: Info | None) -> tuple[str | None, str | None]:
    """Ease and style that this program left."""
    own = [one for one in (info.elements if info else ()) if (one.namespace, one.name) == (TRACK_NAMESPACE, "keyframe")]
    attributes = own[0].attributes if own else {}
    return attributes.get((None, "ease")), attributes.get((None, "style"))


def _category_set(used: set[str]) -> tuple[dict[Kind, str], tuple[Vocabulary, ...]]:
    """Choose the smallest standard vocabulary that names all that is used, else one of our own."""
    if not used:
        return {}, ()
    for name in ("big6", "fsre-categories"):
        if used <= set(BUILT_IN[vocabulary_uri(name)][1]):
            return {"category": vocabulary_uri(name)}, ()
    return {"category": f"#{_OWN_CATEGORIES.id}"}, (_OWN_CATEGORIES,)


def _write_keyframes(track: EmotionTrack, time_ref_uri: str | None) -> Iterator[Emotion]:
    offsets_ms = [round(keyframe.t_s * 1000) for keyframe in track.keyframes]
    lengths_ms: list[int | None] = [later - earlier for earlier, later in pairwise(offsets_ms)]
    for keyframe, offset_ms, length_ms in zip(track.keyframes, offsets_ms, [*lengths_ms, None], strict=True):
        state = keyframe.state
        strengths = [
            Descriptor("category", name, weight * state.intensity)
            for name, weight in state.weights.items()
            if name != "neutral"
        ]
        dimensions: list[tuple[str, float]] = [] if strengths else [("intensity", 0.0)]
        if state.vad_override is not None:
            dimensions += zip(_PAD, _to_unit(np.array(state.vad_override)).tolist(), strict=True)
        yield Emotion(
            (*strengths, *(Descriptor("dimension", name, value) for name, value in dimensions)),
            info=_write_info(keyframe),
            sets=_dimension_set(name for name, _ in dimensions),
            time_ref_uri=time_ref_uri,
            offset_to_start_ms=offset_ms,
            duration_ms=length_ms if keyframe.ease == "step" else None,
        )


def _write_traces(track: EmotionTrack, used: list[str], time_ref_uri: str | None, trace_hz: float) -> Emotion:
    last_s = track.keyframes[-1].t_s
    curves = track.sample_fps(trace_hz, last_s + 1 / trace_hz)
    columns: dict[tuple[Kind, str], np.ndarray] = {
        ("category", name): curves.strengths[:, CATEGORIES.index(name)].astype(float) for name in used
    }
    if not used:
        columns["dimension", "intensity"] = np.zeros(len(curves.times_s))
    if any(keyframe.state.vad_override for keyframe in track.keyframes):
        columns |= {("dimension", name): _to_unit(curves.vad[:, axis].astype(float)) for axis, name in enumerate(_PAD)}
    return Emotion(
        tuple(
            Descriptor(kind, name, trace=Trace(float(trace_hz), tuple(samples.round(7).tolist())))
            for (kind, name), samples in columns.items()
        ),
        sets=_dimension_set(name for kind, name in columns if kind == "dimension"),
        time_ref_uri=time_ref_uri,
        offset_to_start_ms=0,
        duration_ms=round(last_s * 1000),
    )


def _dimension_set(names: Iterable[str]) -> dict[Kind, str]:
    found = frozenset(names)
    if not found:
        return {}
    for name in ("pad-dimensions", "intensity-dimension"):
        if found <= set(BUILT_IN[vocabulary_uri(name)][1]):
            return {"dimension": vocabulary_uri(name)}
    return {"dimension": f"#{_OWN_DIMENSIONS.id}"}


def _write_info(keyframe: Keyframe) -> Info | None:
    known = {"ease": None if keyframe.ease == "linear" else keyframe.ease, "style": keyframe.state.style}
    attributes: dict[tuple[str | None, str], str] = {
        (None, name): value for name, value in known.items() if value is not None
    }
    return Info(elements=(ForeignElement(TRACK_NAMESPACE, "keyframe", attributes),)) if attributes else None


def _to_unit(vad: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    return (vad + 1) / 2
