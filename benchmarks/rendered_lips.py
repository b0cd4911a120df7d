"""Lip sync of finished videos on real recordings: lag behind the sound, and closed lips at P, B and M.

    python benchmarks/rendered_lips.py --corpora realspeech DIR ravdess DIR emodb DIR

Each clip is performed as a user would (with the transcript where the corpus has one), its MP4 is decoded, and a face
mesh that had no part in making it reads the mouth off the frames. Lags are in frames of 40 ms, positive where the
sound comes later; `lag_ms` is the peak of a parabola through the best lag and its neighbours.

Lips are looked at twice, by one threshold: anywhere within 60 ms of a sound's middle (`closed`, as `espressivo
evaluate` does) and on the frame of the middle alone (`closed_in_middle`). The former reaches over short vowels (half
of EMO-DB's last less than 50 ms) into the consonants beside them, so vowels and all sounds are counted in the same way.
"""

import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tyro

from espressivo.conditioning.faces.track import FaceTrack, track_face
from espressivo.eval.corpora import Clip, read_corpora, sample_clips
from espressivo.eval.lipsync.closure import BILABIALS, CLOSED_SHARE, VOWELS, centres_of, closed_at, inner_opening
from espressivo.eval.lipsync.lag import FPS, MAX_LAG, RELIABLE_R, Lag, audio_mouth_lag, mouth_signal
from espressivo.media.decode import read_audio
from espressivo.media.video import read_video_frames
from espressivo.performance import PerformanceRequest, perform

_BILABIALS = BILABIALS | {"p", "b", "m"}
_VOWELS = VOWELS | {"a", "aI", "aU", "AU", "e", "i", "E", "o", "O", "u"}
"""ARPABET and the letters of EMO-DB, whose stops are labelled apart from their bursts (!p, pasp)."""

_KINDS = ("bilabials", "vowels", "all_sounds")


@dataclass(frozen=True)
class Lips:
    """How often the lips were closed at one kind of sounds."""

    sounds: int
    closed: int
    closed_in_middle: int


@dataclass(frozen=True)
class ClipResult:
    """What was measured on one clip's video."""

    clip: str
    emotion: str
    lag_frames: int
    lag_ms: float
    lag_r: float
    bilabials: Lips
    vowels: Lips
    all_sounds: Lips


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


def summary(results: list[ClipResult]) -> dict[str, Any]:
    """Return the shares that the project states."""
    trusted = [result for result in results if result.lag_r >= RELIABLE_R]
    return {
        "clips": len(results),
        "lag_within_1_frame": _mean([abs(result.lag_frames) <= 1 for result in results]),
        "lag_trusted_clips": len(trusted),
        "lag_within_1_frame_of_trusted": _mean([abs(result.lag_frames) <= 1 for result in trusted]),
        "median_lag_frames": float(np.median([result.lag_frames for result in results])),
        "median_lag_ms": float(np.median([result.lag_ms for result in results])),
        "median_lag_r": float(np.median([result.lag_r for result in results])),
        **{kind: _shares([getattr(result, kind) for result in results]) for kind in _KINDS},
    }


def _judge(clip: Clip, face: FaceTrack) -> ClipResult:
    lag = audio_mouth_lag(mouth_signal(face.resampled(FPS).points_px), read_audio(clip.sound))
    opening = inner_opening(face.points_px)
    sounds = frozenset(label for label, _, _ in clip.visemes if label != "sil")
    return ClipResult(
        clip=clip.name,
        emotion=clip.emotion,
        lag_frames=lag.frames,
        lag_ms=round(_peak_ms(lag), 1),
        lag_r=round(lag.r, 3),
        bilabials=_lips(opening, face.fps, centres_of(clip.phones, _BILABIALS)),
        vowels=_lips(opening, face.fps, centres_of(clip.phones, _VOWELS)),
        all_sounds=_lips(opening, face.fps, centres_of(clip.visemes, sounds)),
    )


def _lips(opening: np.ndarray, fps: float, centres_s: list[float]) -> Lips:
    shown_s = [centre for centre in centres_s if centre < len(opening) / fps]
    low, high = np.percentile(opening, (5, 95))
    middles = opening[[int(centre * fps) for centre in shown_s]]
    return Lips(
        sounds=len(shown_s),
        closed=int(closed_at(opening, fps, shown_s).sum()),
        closed_in_middle=int((middles < low + CLOSED_SHARE * (high - low)).sum()),
    )


def _peak_ms(lag: Lag) -> float:
    """Return the lag between frames: the top of the parabola through the best lag and both its neighbours."""
    place = lag.frames + MAX_LAG
    if not 0 < place < len(lag.curve) - 1:
        return lag.ms
    before, best, after = lag.curve[place - 1 : place + 2]
    return lag.ms + 500 / FPS * (before - after) / (before - 2 * best + after)


def _shares(lips: list[Lips]) -> dict[str, float]:
    sounds = sum(one.sounds for one in lips)
    closed, in_middle = sum(one.closed for one in lips), sum(one.closed_in_middle for one in lips)
    shares = {"closed": round(closed / sounds, 4), "closed_in_middle": round(in_middle / sounds, 4)} if sounds else {}
    return {"sounds": sounds, **shares}


def _mean(flags: list[bool]) -> float:
    return float(np.mean(flags)) if flags else 0.0


if __name__ == "__main__":
    tyro.cli(main)
