"""Everything training and measuring look at: what is heard in each clip, and its sound on its sentence's clock.

Each clip is heard at three speeds. Played faster or slower a voice is another one, higher or lower and with another
throat, as is usual in speaker recognition (D. Snyder et al., ICASSP 2018; T. Ko et al., Interspeech 2015): three times
the speakers to learn from.
"""

from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Bool, Float
from scipy.signal import resample

from espressivo.conditioning.latents.clips import Clip
from espressivo.conditioning.latents.clock import Warp, sampled, warp
from espressivo.conditioning.latents.hearing import PHONES, active_span, phone_roots, pooled
from espressivo.conditioning.voice_emotion.features import describe
from espressivo.conditioning.voice_emotion.frames import Frames, active_frames, analyse_frames
from espressivo.progress import ProgressCallback, track

SPEEDS = (1.0, 0.9, 1.1)
CUTS = 2
"""Random stretches of each clip at each speed, beside the whole."""
CHANNELS = 42
"""Of the clock's rows: 40 log-mel bands below the clip's level, pitch (octaves above 155 Hz), pace."""
LONGEST_STEPS = 100
"""Phones beyond these (4 s) are cut off in training."""

_SHORTEST_CUT = 0.5
_PITCH_CENTRE = 18.0
_QUIETEST = -14.0


@dataclass(frozen=True, eq=False)
class Material:
    """Rows are clips at a speed; the first speed's rows come first and are the recordings themselves."""

    voice: Float[np.ndarray, "rows stretches 387"]
    """Of the whole clip, then of each cut."""
    phones: Float[np.ndarray, "rows 100 40"]
    steps: np.ndarray
    """Steps of `phones` that are sound, the rest is 0."""
    clock: Float[np.ndarray, "rows 64 42"]
    """NaN where nothing is known: the clip has ended, or pitch is not voiced."""
    corpus: np.ndarray
    sentence: np.ndarray
    emotion: np.ndarray
    speaker: np.ndarray
    strength: np.ndarray
    speed: np.ndarray

    def of(self, rows: Bool[np.ndarray, "rows"]) -> "Material":
        """Return some rows."""
        return Material(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    @property
    def plain(self) -> "Material":
        """The recordings as they are."""
        return self.of(self.speed == SPEEDS[0])


def gather(
    clips: tuple[Clip, ...],
    seed: int = 0,
    progress: ProgressCallback | None = None,
    among: tuple[Clip, ...] | None = None,
    speeds: tuple[float, ...] = SPEEDS,
) -> Material:
    """Hear every clip at every speed.

    Args:
        clips: what to hear.
        seed: of the cuts.
        progress: is told of every clip.
        among: clips to take the templates of sentences from, where they are others; clocks of one template agree.
        speeds: the first is that of the recordings.
    """
    sentences = {clip.sentence for clip in clips}
    templates = {sentence: phone_roots_of_span(_template(among or clips, sentence)) for sentence in sentences}
    jobs = [(number, clip, speed) for speed in speeds for number, clip in enumerate(clips)]
    rows = [
        _row(clip, speed, templates[clip.sentence], np.random.default_rng([seed, number, round(100 * speed)]))
        for number, clip, speed in track(jobs, "hearing clips", len(jobs), progress)
    ]
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    for name in ("corpus", "sentence", "emotion", "speaker", "strength"):
        columns[name] = np.array([getattr(clip, name) for _, clip, _ in jobs])
    columns["speed"] = np.array([speed for *_, speed in jobs])
    return Material(**columns)


def joined(materials: list[Material]) -> Material:
    """One material of several corpora."""
    return Material(
        **{field.name: np.concatenate([getattr(each, field.name) for each in materials]) for field in fields(Material)}
    )


def phone_roots_of_span(clip: Clip) -> Float[np.ndarray, "frames 40"]:
    """Phone probabilities of the active part of a clip."""
    samples = clip.samples()
    first, end = active_span(analyse_frames(samples))
    return phone_roots(samples)[first:end]


def _template(clips: tuple[Clip, ...], sentence: str) -> Clip:
    """Return the calmest whole recording of a sentence: neutral if there is one, uncut if there is one."""
    of_sentence = [clip for clip in clips if clip.sentence == sentence]
    return min(of_sentence, key=lambda clip: (clip.truncated, clip.emotion != "neutral", clip.path.name))


def _row(clip: Clip, speed: float, template: np.ndarray, generator: np.random.Generator) -> dict[str, np.ndarray]:
    samples = clip.samples()
    if speed != SPEEDS[0]:
        samples = np.asarray(resample(samples, int(len(samples) / speed)), np.float32)
    frames = analyse_frames(samples)
    first, end = active_span(frames)
    roots = phone_roots(samples)
    phones = pooled(roots, first, end)[:LONGEST_STEPS]
    padded = np.zeros((LONGEST_STEPS, PHONES), np.float32)
    padded[: len(phones)] = phones
    return {
        "voice": np.array([describe(frames), *_cuts(frames, first, end, generator)], np.float32),
        "phones": padded,
        "steps": np.array(len(phones)),
        "clock": _on_clock(frames, first, warp(roots[first:end], template)).astype(np.float32),
    }


def _cuts(frames: Frames, first: int, end: int, generator: np.random.Generator) -> list[np.ndarray]:
    found = []
    for _ in range(CUTS):
        length = int((end - first) * generator.uniform(_SHORTEST_CUT, 0.9))
        start = int(generator.integers(first, end - length + 1))
        found.append(describe(frames, start, start + length))
    return found


def _on_clock(frames: Frames, first: int, warped: Warp) -> Float[np.ndarray, "64 42"]:
    active = active_frames(frames.energy)
    level = np.log(np.exp(frames.energy[active]).mean())
    bands = np.maximum(frames.bands - level, _QUIETEST)
    places = warped.places + first
    voiced = (active & frames.steady)[np.nan_to_num(places).round().astype(int)]
    pitch = sampled(frames.pitch[:, None], places)[:, 0]
    pitch = np.where(voiced, (pitch - _PITCH_CENTRE) / 12.0, np.nan)
    return np.column_stack([sampled(bands, places), pitch, warped.rate])
