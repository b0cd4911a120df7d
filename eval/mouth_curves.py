"""Measure the mouth on curves: `python -m espressivo.eval.mouth_curves --corpora realspeech DIR emodb DIR ...`.

Per corpus and kind of phones ("aligned" with the transcript, "labelled" by hand, "recognised" from sound, "none"):

- `lag_ok`: share of clips whose mouth follows the sound within one frame of 40 ms; `lag`: the median lag in such
  frames, positive where the sound comes later than the mouth.
- `closed_pbm`: share of P, B, M within 60 ms of whose middle the lips shut; `closed_vowel`: the same for open vowels.
  Half of EMO-DB's vowels last less than 50 ms, so the window takes in their neighbours: the row "labelled" says how
  many count as closed when the mouth knows every sound.
- `opening_r`: correlation of the lip gap with the openness that labels imply, on speech frames, median over clips;
  `energy_r`: the same for the plain level of speech, the baseline.
- `jaw_r`: correlation of jawOpen with a recorded jaw, median over clips; `jaw_energy_r`: the baseline.

Correlations are the best within 60 ms either way, for ours and the baseline alike: timing is what `lag` says, and the
references differ in it (real mouths lead the sound, FACEGOOD's curves follow it by some 20 ms, labels do neither).

FACEGOOD, EMO-DB (one clip in eight), RAVDESS actors 1-8 and four readers of realspeech are development material:
constants were chosen on them.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tyro
from jaxtyping import Bool, Float

from espressivo.conditioning.phones import recognise_phones
from espressivo.conditioning.prosody import analyse_prosody
from espressivo.conditioning.speech import Speech, fill_gaps
from espressivo.eval.corpora import Clip, read_corpora
from espressivo.eval.lipsync.closure import RIG_SHARE, centres_of, closed_at
from espressivo.eval.lipsync.lag import audio_mouth_lag, speech_rows
from espressivo.eval.mouth_measures import Interval, correlation, labelled_openness
from espressivo.generators.face.arkit import CHANNEL
from espressivo.generators.face.articulation.closure import LipGap, enforce_closures
from espressivo.generators.face.articulation.composition import articulate
from espressivo.generators.face.articulation.controls import ArticulationControls
from espressivo.generators.face.rig import load_head
from espressivo.generators.face.visemes import PHONE_TO_VISEME

_CLOSED = frozenset({"PP"})
_OPEN_VOWELS = frozenset({"aa", "E", "O"})
_PHONE = {visemes[0]: phone for phone, visemes in PHONE_TO_VISEME.items() if len(visemes) == 1}
_REACH_S, _STEP_S = 0.06, 0.01
_FIRST_ROW_S, _ROW_S = 0.0125, 0.01  # middles of the windows that the level of speech is taken from

Measures = dict[str, list[float]]


def main(
    corpora: dict[str, Path],
    recogniser: str | None = None,
    every: int = 1,
    fps: float = 30.0,
    out: Path | None = None,
) -> None:
    """Measure the mouth on every corpus and print the table.

    Args:
        corpora: names and folders of realspeech, ravdess, emodb and facegood.
        recogniser: also measure phones that this recogniser hears (the name that `recognise_phones` takes).
        every: take every n-th clip.
        fps: frames per second of the motion, where no recorded jaw sets it.
        out: JSON file to write the table to.
    """
    lip_gap = LipGap.of(load_head().lip_gap_mm)
    gathered: defaultdict[tuple[str, str, str], Measures] = defaultdict(lambda: defaultdict(list))
    for corpus, clips in read_corpora(corpora):
        for clip in clips[::every]:
            for source, speech in _versions(clip, recogniser):
                _measure(clip, speech, lip_gap, fps, gathered[corpus, clip.part, source])
    table = [{"corpus": c, "part": p, "phones": s, **_summary(m)} for (c, p, s), m in gathered.items()]
    _print(table)
    if out is not None:
        out.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


def _versions(clip: Clip, recogniser: str | None) -> Iterator[tuple[str, Speech]]:
    """Yield the line with each kind of phones it can have."""
    speech = clip.speech()
    bare = Speech(speech.samples)
    if speech.phones:
        yield "aligned", speech
    elif clip.visemes:
        yield "labelled", bare.with_phones(fill_gaps(_phones(clip, bare.duration_s), bare.duration_s), "given")
    if recogniser:
        yield "recognised", recognise_phones(bare, recogniser)
    yield "none", bare


def _phones(clip: Clip, duration_s: float) -> list[Interval]:
    """Return an English phone of the same mouth shape for every label of the clip."""
    return [
        (_PHONE[name], start_s, min(end_s, duration_s)) for name, start_s, end_s in clip.visemes if start_s < duration_s
    ]


def _measure(clip: Clip, speech: Speech, lip_gap: LipGap, fps: float, into: Measures) -> None:
    """Add what one clip shows to `into`."""
    fps = fps if clip.jaw is None else clip.jaw_fps
    frames = round(speech.duration_s * fps) if clip.jaw is None else len(clip.jaw)
    times_s = np.arange(frames) / fps
    motion = articulate(speech, analyse_prosody(speech), times_s, ArticulationControls())
    weights = enforce_closures(motion.weights, motion, lip_gap)
    gap_mm = np.maximum(lip_gap(weights), 0.0)
    rows = speech_rows(speech.samples)
    energy = np.interp(times_s, _FIRST_ROW_S + _ROW_S * np.arange(len(rows)), rows)

    into["lag"].append(audio_mouth_lag(gap_mm, speech.samples, fps).frames)
    if clip.jaw is not None:
        everywhere = np.ones(frames, bool)
        into["jaw_r"].append(best_fit(weights[:, CHANNEL["jawOpen"]], clip.jaw, times_s, everywhere))
        into["jaw_energy_r"].append(best_fit(energy, clip.jaw, times_s, everywhere))
    if clip.visemes:
        into["closed_pbm"].extend(closed_at(gap_mm, fps, centres_of(clip.visemes, _CLOSED), RIG_SHARE))
        into["closed_vowel"].extend(closed_at(gap_mm, fps, centres_of(clip.visemes, _OPEN_VOWELS), RIG_SHARE))
        openness, speaking = labelled_openness(clip.visemes, times_s)
        into["opening_r"].append(best_fit(gap_mm, openness, times_s, speaking))
        into["energy_r"].append(best_fit(energy, openness, times_s, speaking))


def best_fit(
    curve: Float[np.ndarray, "frames"],
    wanted: Float[np.ndarray, "frames"],
    times_s: Float[np.ndarray, "frames"],
    counted: Bool[np.ndarray, "frames"],
) -> float:
    """Return the best correlation of `curve`, moved by up to `_REACH_S`, with `wanted` on the counted frames."""
    steps = round(_REACH_S / _STEP_S)
    moved = (np.interp(times_s + _STEP_S * step, times_s, curve) for step in range(-steps, steps + 1))
    fits = [correlation(one[counted], wanted[counted]) for one in moved]
    return float(np.nanmax(fits)) if np.isfinite(fits).any() else float("nan")


def _summary(measures: Measures) -> dict[str, float]:
    lags = np.array(measures["lag"])
    means = {name: float(np.mean(measures[name])) for name in ("closed_pbm", "closed_vowel") if name in measures}
    medians = {
        name: float(np.nanmedian(measures[name]))
        for name in ("opening_r", "energy_r", "jaw_r", "jaw_energy_r")
        if name in measures
    }
    lag_ok = float(np.mean(np.abs(lags) <= 1))
    return {"clips": len(lags), "lag_ok": lag_ok, "lag": float(np.median(lags)), **means, **medians}


def _print(table: list[dict]) -> None:
    from rich.console import Console
    from rich.table import Table

    columns = list(dict.fromkeys(name for row in table for name in row))
    view = Table(*columns)
    for row in table:
        cells = [row.get(name, "") for name in columns]
        view.add_row(*(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in cells))
    Console(width=160).print(view)


if __name__ == "__main__":
    tyro.cli(main)
