"""Lip sync of finished videos on real recordings: lag behind the sound, and closed lips at P, B and M.

    python benchmarks/rendered_lips.py --corpora realspeech DIR ravdess DIR emodb DIR

Each clip is performed as a user would (with the transcript where the corpus has one), its MP4 is decoded, and a face
mesh that had no part in making it reads the mouth off the frames. Lags are in frames of 40 ms, positive where the
sound comes later.
"""

import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import tyro

from espressivo.conditioning.faces.track import FaceTrack, track_face
from espressivo.eval.corpora import Clip, read_corpora, sample_clips
from espressivo.eval.lipsync.closure import BILABIALS, VOWELS, centres_of, closed_at, inner_opening
from espressivo.eval.lipsync.lag import FPS, RELIABLE_R, audio_mouth_lag, mouth_signal
from espressivo.media.decode import read_audio
from espressivo.media.video import read_video_frames
from espressivo.performance import PerformanceRequest, perform

_BILABIAL_LABELS = BILABIALS | {"p", "b", "m"}
_VOWEL_LABELS = VOWELS | {"a", "a:", "E", "E:", "e:", "i:", "I", "o:", "O", "u:", "U", "aI", "aU"}


@dataclass(frozen=True)
class ClipResult:
    """What was measured on one clip's video."""

    clip: str
    emotion: str
    lag_frames: int
    lag_r: float
    bilabials: int
    bilabials_closed: int
    vowels: int
    vowels_closed: int


def main(
    corpora: dict[str, Path],
    clips: int = 40,
    size: int = 384,
    fps: float = 30.0,
    seed: int = 0,
    out: Path | None = None,
) -> None:
    """Measure lip sync on rendered videos.

    Args:
        corpora: names and folders of realspeech, ravdess and emodb.
        clips: clips per corpus, drawn evenly over speakers.
        size: width and height of the videos.
        fps: frames per second of the videos.
        seed: which clips are drawn.
        out: JSON file to write.
    """
    report = {}
    for name, every_clip in read_corpora(corpora):
        chosen = sample_clips(every_clip, clips, seed)
        results = [measure_clip(clip, size, fps) for clip in chosen]
        report[name] = summary(results)
        print(name, json.dumps(report[name]), flush=True)
        report[name]["clips_measured"] = [asdict(result) for result in results]
    if out is not None:
        out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def measure_clip(clip: Clip, size: int = 384, fps: float = 30.0) -> ClipResult:
    """Perform `clip`, decode its video and measure the mouth in it."""
    with tempfile.TemporaryDirectory() as scratch:
        request = PerformanceRequest(
            speech=clip.sound, transcript=clip.transcript, emotion=clip.emotion, formats=("mp4",), size=size, fps=fps
        )
        take = perform(request, Path(scratch) / "take")
        face = track_face(read_video_frames(take.file("face.mp4")), fps)
    return _judge(clip, face)


def summary(results: list[ClipResult]) -> dict[str, float]:
    """Return the shares that the project states."""
    trusted = [result for result in results if result.lag_r >= RELIABLE_R]
    return {
        "clips": len(results),
        "lag_within_1_frame": float(np.mean([abs(result.lag_frames) <= 1 for result in results])),
        "lag_trusted_clips": len(trusted),
        "lag_within_1_frame_of_trusted": float(np.mean([abs(result.lag_frames) <= 1 for result in trusted]))
        if trusted
        else 0.0,
        "median_lag_frames": float(np.median([result.lag_frames for result in results])),
        "median_lag_r": float(np.median([result.lag_r for result in results])),
        "bilabials": sum(result.bilabials for result in results),
        "bilabials_closed": _share([(result.bilabials_closed, result.bilabials) for result in results]),
        "vowels_closed": _share([(result.vowels_closed, result.vowels) for result in results]),
    }


def _judge(clip: Clip, face: FaceTrack) -> ClipResult:
    lag = audio_mouth_lag(mouth_signal(face.resampled(FPS).points_px), read_audio(clip.sound))
    bilabials = centres_of(clip.phones, _BILABIAL_LABELS)
    vowels = centres_of(clip.phones, _VOWEL_LABELS)
    opening = inner_opening(face.points_px)
    return ClipResult(
        clip=clip.name,
        emotion=clip.emotion,
        lag_frames=lag.frames,
        lag_r=round(lag.r, 3),
        bilabials=len(bilabials),
        bilabials_closed=int(closed_at(opening, face.fps, bilabials).sum()),
        vowels=len(vowels),
        vowels_closed=int(closed_at(opening, face.fps, vowels).sum()),
    )


def _share(counts: list[tuple[int, int]]) -> float:
    hits, total = map(sum, zip(*counts, strict=True))
    return round(hits / total, 4) if total else float("nan")


if __name__ == "__main__":
    tyro.cli(main)
