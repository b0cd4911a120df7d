"""Does a face live like people do? Blink, head and gaze figures next to published ones.

`python -m espressivo.eval.liveliness [--speech FILE] [--emotion anger:0.8]` generates the motion and prints them.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import tyro

from espressivo.conditioning.notation import parse_emotion
from espressivo.conditioning.prosody import Prosody, analyse_prosody, runs
from espressivo.conditioning.speech import Speech
from espressivo.generators.face.expression.layer import express
from espressivo.generators.face.liveliness.enliven import enliven
from espressivo.generators.face.liveliness.gaze import CAMERA_SHARE, HEAD_COMPENSATION
from espressivo.generators.face.motion import FaceMotion

PUBLISHED: Final = {
    "blinks_per_min": (10.5, 32.5, "conversation, 95 % interval of people (Bentivoglio et al. 1997, n = 150: mean 26)"),
    "blink_interval_s": (1.8, 5.7, "60 / the rate above"),
    "head_pitch_sd_deg": (0.6, 2.5, "one 20 s take: 1.2; design 1.6 at arousal .5"),
    "head_yaw_sd_deg": (0.7, 3.0, "one 20 s take: 1.4; design 2.0 at arousal .5"),
    "head_roll_sd_deg": (0.4, 1.8, "one 20 s take: 0.9; design 1.0 at arousal .5"),
    "head_range_deg": (3.0, 25.0, "estimate: a seated speaker to camera"),
    "glance_deg": (
        0.75 * 7.2 * CAMERA_SHARE,
        1.25 * 7.2 * CAMERA_SHARE,
        "Lee et al. 2002: 7.2, times the camera share",
    ),
    "away_share": (0.12, 0.35, "Lee et al. 2002: .23 while talking, .05 while listening"),
}
"""Figure -> (least, most, where from), of a neutral, talking face. Blink rate is a published interval; head and
glance ranges are this project's own, around published or measured means (docs/expression.md)."""

_AWAY_DEG: Final = 1.0
_BLINK_DEPTH: Final = 0.4


@dataclass(frozen=True)
class LivelinessFigures:
    """Figures of one motion; not a number where the motion has no such event."""

    blinks_per_min: float
    blink_interval_s: float
    """Median."""
    head_pitch_sd_deg: float
    head_yaw_sd_deg: float
    head_roll_sd_deg: float
    head_range_deg: float
    """Largest of the three ranges between the 1st and the 99th percentile."""
    glance_deg: float
    """Mean size of glances away: their mean excess over the threshold, which for exponential sizes (Lee et al.)
    is the mean of all, small ones included."""
    away_share: float
    """Share of time in which the eyes are off the place where they usually rest."""


def measure_liveliness(motion: FaceMotion) -> LivelinessFigures:
    """Read the figures off any face motion, whoever made it."""
    lid = (motion.channel("eyeBlinkLeft") + motion.channel("eyeBlinkRight")) / 2
    rest = np.median(lid)
    blinks_s = runs(lid > rest + _BLINK_DEPTH * (1 - rest))[:, 0] / motion.fps
    head_deg = np.degrees(motion.head_rad.astype(float))
    low, high = np.percentile(head_deg, [1, 99], axis=0)
    line_of_sight = np.degrees(motion.gaze_rad.astype(float)) + HEAD_COMPENSATION * head_deg[:, [1, 0]]
    off_deg = np.hypot(*(line_of_sight - np.median(line_of_sight, axis=0)).T)
    glances = [off_deg[first:last].max() - _AWAY_DEG for first, last in runs(off_deg > _AWAY_DEG)]
    return LivelinessFigures(
        blinks_per_min=60 * len(blinks_s) / motion.duration_s,
        blink_interval_s=float(np.median(np.diff(blinks_s))) if len(blinks_s) > 1 else np.nan,
        head_pitch_sd_deg=float(head_deg[:, 0].std()),
        head_yaw_sd_deg=float(head_deg[:, 1].std()),
        head_roll_sd_deg=float(head_deg[:, 2].std()),
        head_range_deg=float((high - low).max()),
        glance_deg=float(np.mean(glances)) if glances else np.nan,
        away_share=float((off_deg > _AWAY_DEG).mean()),
    )


def animate(prosody: Prosody, emotion: str, duration_s: float, fps: float = 30.0, seed: int = 0) -> FaceMotion:
    """Expression and liveliness without articulation: what these figures are about."""
    curves = parse_emotion(emotion).sample(np.arange(round(duration_s * fps)) / fps)
    expression = express(curves, fps, seed)
    return enliven(expression.weights, expression.curves, prosody, fps, seed)


def monologue(duration_s: float, seed: int = 0) -> Prosody:
    """A made-up rhythm of talk: utterances of 1.5-5 s, pauses of 0.3-1.2 s, an accent every 0.7 s."""
    rng = np.random.default_rng(seed)
    frames = round(duration_s * Prosody.rate_hz)
    speaking = np.zeros(frames, bool)
    start = 0
    while start < frames:
        spoken, silent = int(rng.uniform(150, 500)), int(rng.uniform(30, 120))
        speaking[start : start + spoken] = True
        start += spoken + silent
    accents = [np.arange(first + 30, last - 10, 70) for first, last in runs(speaking)]
    return Prosody(
        energy_db=np.where(speaking, -20.0, -80.0).astype(np.float32),
        f0_hz=np.where(speaking, 120.0, np.nan).astype(np.float32),
        speaking=speaking,
        loudness=np.where(speaking, 0.7, 0.0).astype(np.float32),
        high_band=np.zeros(frames, np.float32),
        pauses=tuple((first / Prosody.rate_hz, last / Prosody.rate_hz) for first, last in runs(~speaking)),
        accents_s=np.concatenate(accents) / Prosody.rate_hz,
    )


def main(emotion: str = "neutral", speech: Path | None = None, duration_s: float = 600.0, seeds: int = 5) -> None:
    """Compare blinks, head and gaze of generated motion with people's.

    Args:
        emotion: in the command line's notation.
        speech: sound file; without it, a made-up rhythm of talk.
        duration_s: length of the made-up talk in seconds.
        seeds: how many motions are generated.
    """
    if speech is None:
        prosody = monologue(duration_s)
    else:
        line = Speech.read(speech)
        prosody, duration_s = analyse_prosody(line), line.duration_s
    takes = [asdict(measure_liveliness(animate(prosody, emotion, duration_s, seed=seed))) for seed in range(seeds)]
    print(f"{emotion}, {duration_s:.0f} s, {seeds} seeds")
    print(f"{'figure':<18} {'mean':>6} {'least':>6} {'most':>6}   people")
    for name, (least, most, source) in PUBLISHED.items():
        values = np.array([take[name] for take in takes])
        mine = f"{values.mean():6.2f} {values.min():6.2f} {values.max():6.2f}"
        print(f"{name:<18} {mine}   {least:.2f}-{most:.2f}  {source}")


if __name__ == "__main__":
    tyro.cli(main)
