"""Measure the lip-sync measures on real clips: `python -m espressivo.eval.lipsync.grid DIR --out FILE`.

DIR holds clips of the GRID corpus. Real speech must come out in sync, with lips that close at P, B and M; what the
measures give here is the ceiling for anything made.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import tyro

from espressivo.eval.lipsync.gridcorpus import GridClip, read_grid
from espressivo.eval.lipsync.lag import FPS, audio_mouth_lag, matched_auc, mouth_signal
from espressivo.eval.lipsync.measures import METRICS, measure_lipsync
from espressivo.eval.metric import NotMeasured, Pooled, Value


def main(folder: tyro.conf.Positional[Path], out: Path | None = None) -> None:
    """Measure every clip and print the summary.

    Args:
        folder: GRID clips (`bbaf2n.mpg`), with their sound beside them (`bbaf2n.wav`) or in them.
        out: JSON file to write.
    """
    clips = list(read_grid(folder))
    rows = {clip.name: _row(clip) for clip in clips}
    report = {"summary": _summary(clips, rows), "clips": rows}
    for name, row in rows.items():
        print(name, json.dumps(row))
    print(json.dumps(report["summary"], indent=1))
    if out is not None:
        out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def _row(clip: GridClip) -> dict[str, Any]:
    mouth = mouth_signal(clip.track.resampled(FPS).points_px)
    lag = audio_mouth_lag(mouth, clip.samples)
    lips = audio_mouth_lag(mouth_signal(clip.track.resampled(FPS).points_px, "lip_only"), clip.samples)
    return {
        "lag_frames": lag.frames,
        "r": round(lag.r, 3),
        "shift_test": lips.shift_test(),
        "shift_test_jaw_lip": lag.shift_test(),
        "missed_frames": round(clip.track.missed, 3),
        **{name: _plain(value) for name, value in measure_lipsync(clip.track, clip.samples, clip.phones).items()},
    }


def _summary(clips: list[GridClip], rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    values = [measure_lipsync(clip.track, clip.samples, clip.phones) for clip in clips]
    mouths = [mouth_signal(clip.track.resampled(FPS).points_px) for clip in clips]
    return {
        "clips": len(clips),
        "lag_within_1_frame": sum(abs(row["lag_frames"]) <= 1 for row in rows.values()),
        "in_sync_preferred": {shift: sum(row["shift_test"][shift] for row in rows.values()) for shift in (2, 3, 5, 8)},
        "own_sound_auc": round(matched_auc(mouths, [clip.samples for clip in clips]), 3),
        **{metric.name: _over_clips([value[metric.name] for value in values]) for metric in METRICS},
    }


def _over_clips(values: list[Value]) -> Any:
    """Return events that count out of all for pooled measures, the mean for others."""
    pooled = [value for value in values if isinstance(value, Pooled)]
    if pooled:
        return f"{sum(value.total for value in pooled):g}/{sum(value.weight for value in pooled):g}"
    numbers = [value for value in values if isinstance(value, float)]
    return round(float(np.mean(numbers)), 3) if numbers else None


def _plain(value: Value) -> Any:
    if isinstance(value, NotMeasured):
        return str(value)
    return f"{value.total:g}/{value.weight:g}" if isinstance(value, Pooled) else round(value, 3)


if __name__ == "__main__":
    tyro.cli(main)
