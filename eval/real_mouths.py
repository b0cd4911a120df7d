"""Compare our mouth with real ones that say the same words: `python -m espressivo.eval.real_mouths DIR --out FILE`.

DIR holds clips of the GRID corpus. The sound and words of each clip are articulated as a take would be, and the curve
of our mouth is shifted against that of the real one, read off the video. `late_ms` is the shift of the best fit:
positive where ours comes later than the real mouth. `articulation.composition.LEAD_S` was chosen on it.
"""

import json
from pathlib import Path

import numpy as np
import tyro
from jaxtyping import Float

from espressivo.conditioning.prosody import analyse_prosody
from espressivo.conditioning.speech import Speech
from espressivo.eval.lipsync.gridcorpus import GridClip, read_grid
from espressivo.eval.lipsync.lag import mouth_signal, standard
from espressivo.eval.mouth_measures import correlation
from espressivo.generators.face.arkit import CHANNEL
from espressivo.generators.face.articulation.closure import LipGap, enforce_closures
from espressivo.generators.face.articulation.composition import articulate
from espressivo.generators.face.rig import load_head

_SHIFTS_S = np.arange(-40, 41) * 0.005
_RATE_HZ = 200.0
_MARGIN_S = 0.2  # every shift is judged on the same stretch of the real mouth


def main(folder: tyro.conf.Positional[Path], out: Path | None = None) -> None:
    """Compare on every clip and print the table.

    Args:
        folder: GRID clips (`bbaf2n.mpg`), with their sound beside them (`bbaf2n.wav`) or in them.
        out: JSON file to write.
    """
    lip_gap = LipGap.of(load_head().lip_gap_mm)
    clips = {clip.name: _compare(clip, lip_gap) for clip in read_grid(folder)}
    medians = {name: float(np.median([row[name] for row in clips.values()])) for name in ("late_ms", "r")}
    report = {"summary": {"clips": len(clips), **medians}, "clips": clips}
    print(json.dumps(report, indent=1))
    if out is not None:
        out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def best_shift(real: Float[np.ndarray, "frames"], ours: Float[np.ndarray, "steps"], fps: float) -> tuple[float, float]:
    """Return how many seconds `ours`, in steps of 5 ms, comes later than `real` at `fps`, and r there."""
    times_s = np.arange(len(real)) / fps
    kept = (times_s >= _MARGIN_S) & (times_s <= times_s[-1] - _MARGIN_S)
    ours_s = np.arange(len(ours)) / _RATE_HZ
    fits = [correlation(real[kept], np.interp(times_s[kept] + shift_s, ours_s, ours)) for shift_s in _SHIFTS_S]
    best = int(np.nanargmax(fits))
    return float(_SHIFTS_S[best]), float(fits[best])


def _compare(clip: GridClip, lip_gap: LipGap) -> dict[str, float]:
    speech = Speech(clip.samples).with_phones(clip.phones, "aligned")
    times_s = np.arange(int(speech.duration_s * _RATE_HZ)) / _RATE_HZ
    motion = articulate(speech, analyse_prosody(speech), times_s)
    weights = enforce_closures(motion.weights, motion, lip_gap)
    ours = standard(np.maximum(lip_gap(weights), 0.0)) + standard(weights[:, CHANNEL["jawOpen"]])
    late_s, r = best_shift(mouth_signal(clip.track.points_px), ours, clip.track.fps)
    return {"late_ms": round(1000 * late_s, 1), "r": round(r, 3)}


if __name__ == "__main__":
    tyro.cli(main)
