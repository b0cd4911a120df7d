"""Every measure of gesture, applied to a motion, its sound and the real motion, or to a set of motions."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from espressivo.eval.gesture.beats import (
    TIGHT_SIGMA_S,
    TRIMMED_S,
    beat_consistency,
    chance_consistency,
    shifted,
    sound_onsets,
)
from espressivo.eval.gesture.diversity import l1_diversity, pairwise_diversity, srgr
from espressivo.eval.gesture.dynamics import body_positions, extent_m, foot_slide, legs_move, mean_magnitude, reach_m
from espressivo.eval.gesture.emotion import JUDGE_ID, shipped_judge
from espressivo.eval.gesture.fgd import ENCODER_ID, ENCODER_SHA6, FGD_NAME, fgd, halves_fgd, motion_features
from espressivo.eval.gesture.kinematics import LEAST_FRAMES
from espressivo.eval.metric import Metric, NotMeasured, Value, Values
from espressivo.generators.gesture.motion import BodyMotion
from espressivo.generators.gesture.skeleton import load_skeleton

FPS = 30.0
"""Every motion is measured at this rate."""

CAVEAT = (
    "No measure of gesture stands in for people: in the GENEA challenges the objective metrics did not track human "
    "ratings; only the Frechet distance correlates with them, and weakly."
)
"""To be printed beside the table of gesture."""

CLIP_METRICS: tuple[Metric, ...] = (
    Metric(
        "gesture_l1_diversity_m",
        "L1 diversity",
        "gesture",
        "reference",
        "Sum over the coordinates of 22 joints, seen from the pelvis, of the distance from their mean over the clip, "
        "per frame; as EMAGE, but on 22 joints instead of 55, so values do not compare with published ones.",
        "m",
    ),
    Metric(
        "gesture_speed_m_s",
        "Hand speed",
        "gesture",
        "reference",
        "Mean speed of the wrists as seen from the pelvis.",
        "m/s",
    ),
    Metric(
        "gesture_jerk_m_s3",
        "Hand jerk",
        "gesture",
        "reference",
        "Mean length of the third derivative of the wrists' places as seen from the pelvis, at 30 fps: high is jitter, "
        "low is floating. Real motion: 15 (elderly) over 60 (neutral) to 290 (active).",
        "m/s³",
        1,
    ),
    Metric(
        "gesture_extent_m",
        "Hand extent",
        "gesture",
        "reference",
        "Side of a cube as large as the box in which a wrist stays for 90 % of the time; mean of both wrists.",
        "m",
    ),
    Metric(
        "gesture_reach_m",
        "Hand reach",
        "gesture",
        "reference",
        "Level distance of the farther wrist from the pelvis, 95th percentile over the clip.",
        "m",
    ),
    Metric(
        "gesture_foot_slide_m_s",
        "Foot sliding",
        "gesture",
        "lower",
        "Mean level speed of a toe joint while it is within 3 cm of its lowest height (2nd percentile) and rises or "
        "sinks by less than 0.2 m/s. Real standing motion: 0.003 to 0.05.",
        "m/s",
    ),
    Metric(
        "gesture_beat_consistency",
        "Beat consistency",
        "gesture",
        "neither",
        "How near onsets of the sound are to moments at which spine, head and arms slow down, exp(-d²/2σ²), σ 0.3 s as "
        "EMAGE, 2 s dropped at either end. It saturates on fluent speech: only the gap beside it means anything.",
    ),
    Metric(
        "gesture_beat_consistency_shuffled",
        "… by chance",
        "gesture",
        "neither",
        "Beat consistency of the same motion with its own sound shifted round the clip, mean of 20 drawn shifts.",
    ),
    Metric(
        "gesture_beat_gap",
        "Beat gap",
        "gesture",
        "higher",
        "Beat consistency minus what it is by chance (shifted sound).",
    ),
    Metric(
        "gesture_beat_gap_100ms",
        "Beat gap, tight",
        "gesture",
        "higher",
        "The same with σ 0.1 s, at which the measure does not saturate.",
    ),
    Metric(
        "gesture_srgr",
        "SRGR",
        "gesture",
        "higher",
        "Share of the 22 joints, seen from the pelvis, that are within 10 cm of the real motion frame by frame; recall "
        "as EMAGE, without semantic weights.",
    ),
    Metric(
        "gesture_arousal",
        "Arousal of motion",
        "gesture",
        "neither",
        "Arousal that a linear judge reads from speed, size and posture; fitted to assumed places of acted styles.",
        evaluator=JUDGE_ID,
    ),
)

SET_METRICS: tuple[Metric, ...] = (
    Metric(
        FGD_NAME,
        f"FGD-own ({ENCODER_SHA6})",
        "gesture",
        "lower",
        "Frechet distance between the features of 32-frame windows of the set and of real motion, by our own encoder "
        "of that hash, trained on Bandai-Namco motion: never to be compared with a published FGD.",
        evaluator=ENCODER_ID,
    ),
    Metric(
        f"{FGD_NAME}_real_halves",
        "FGD-own, real halves",
        "gesture",
        "neither",
        "The same distance between two halves of the real motion, drawn by clip: about the floor; a little high, "
        "since fewer windows make it larger.",
        evaluator=ENCODER_ID,
    ),
    Metric(
        f"gesture_diversity_own_{ENCODER_SHA6}",
        f"Diversity ({ENCODER_SHA6})",
        "gesture",
        "reference",
        "Mean Euclidean distance of all pairs of clips in the mean features of the same encoder.",
        evaluator=ENCODER_ID,
    ),
)

METRICS: tuple[Metric, ...] = CLIP_METRICS + SET_METRICS

_SAMPLE_RATE_HZ = 16000
_LEAST_BEAT_S = 1.0
_LENGTH_SLACK_S = 0.1


def measure_gesture(
    motion: BodyMotion, samples: Float[np.ndarray, "samples"] | None, real: BodyMotion | None
) -> Values:
    """Return a value for each of `CLIP_METRICS`.

    Args:
        motion: of any rate; measured at 30 fps.
        samples: the sound it goes with, 16 kHz, in [-1, 1]; None if there is none.
        real: what the speaker really did, for SRGR; None if that is not known.
    """
    motion = motion.resampled(FPS)
    if len(motion) < LEAST_FRAMES:
        reason = NotMeasured(f"the motion has {len(motion)} frames at 30 fps, fewer than {LEAST_FRAMES}")
        return {metric.name: reason for metric in CLIP_METRICS}
    world = load_skeleton().positions(motion)
    relative = world - world[:, :1]
    facing = body_positions(motion)
    return {
        "gesture_l1_diversity_m": l1_diversity(relative),
        "gesture_speed_m_s": mean_magnitude(relative, FPS, 1),
        "gesture_jerk_m_s3": mean_magnitude(relative, FPS, 3),
        "gesture_extent_m": extent_m(facing),
        "gesture_reach_m": reach_m(facing),
        "gesture_foot_slide_m_s": _foot_slide(motion, world),
        **_beats(relative, samples),
        "gesture_srgr": _srgr(relative, real),
        "gesture_arousal": float(shipped_judge().vad(motion)[1]),
    }


def measure_gesture_set(motions: Sequence[BodyMotion], real_motions: Sequence[BodyMotion]) -> Values:
    """Return a value for each of `SET_METRICS`; `real_motions` may be empty."""
    features, real = motion_features(motions), motion_features(real_motions)
    clips = [windows.mean(axis=0) for windows in features if len(windows)]
    missing = NotMeasured("needs real motions")
    values: list[Value] = [
        fgd(features, real) if real and features else missing,
        halves_fgd(real) if real else missing,
        pairwise_diversity(clips) if len(clips) > 1 else NotMeasured("needs two motions of 32 frames or more"),
    ]
    return {metric.name: value for metric, value in zip(SET_METRICS, values, strict=True)}


def _foot_slide(motion: BodyMotion, world_m: Float[np.ndarray, "frames joints 3"]) -> Value:
    if not legs_move(motion):
        return NotMeasured("the legs do not move: it is a motion of the upper body")
    return foot_slide(world_m, FPS) or NotMeasured("no foot ever stands")


def _beats(positions_m: Float[np.ndarray, "frames joints 3"], samples: Float[np.ndarray, "samples"] | None) -> Values:
    names = [metric.name for metric in CLIP_METRICS if metric.name.startswith("gesture_beat")]
    if samples is None:
        return dict.fromkeys(names, NotMeasured("the motion has no sound"))
    duration_s = min(len(positions_m) / FPS, len(samples) / _SAMPLE_RATE_HZ) - 2 * TRIMMED_S
    if duration_s < _LEAST_BEAT_S:
        return dict.fromkeys(names, NotMeasured("needs 5 s: 2 s are dropped at either end"))
    kept = positions_m[round(TRIMMED_S * FPS) : round((TRIMMED_S + duration_s) * FPS)]
    first = round(TRIMMED_S * _SAMPLE_RATE_HZ)
    onsets = sound_onsets(samples[first : first + round(duration_s * _SAMPLE_RATE_HZ)])
    if not len(onsets):
        return dict.fromkeys(names, NotMeasured("nothing sets in in the sound"))
    others = shifted(onsets, duration_s)
    consistency, chance = beat_consistency(kept, onsets), chance_consistency(kept, others)
    tight = beat_consistency(kept, onsets, sigma_s=TIGHT_SIGMA_S)
    tight_chance = chance_consistency(kept, others, sigma_s=TIGHT_SIGMA_S)
    return dict(zip(names, (consistency, chance, consistency - chance, tight - tight_chance), strict=True))


def _srgr(relative_m: Float[np.ndarray, "frames joints 3"], real: BodyMotion | None) -> Value:
    if real is None:
        return NotMeasured("needs the real motion of the line")
    places = load_skeleton().positions(real.resampled(FPS))
    if abs(len(places) - len(relative_m)) > _LENGTH_SLACK_S * FPS:
        return NotMeasured(f"lasts {len(relative_m) / FPS:.1f} s, the real motion {len(places) / FPS:.1f} s")
    frames = min(len(places), len(relative_m))
    return srgr(relative_m[:frames], (places - places[:, :1])[:frames])
