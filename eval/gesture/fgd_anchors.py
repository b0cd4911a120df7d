"""Show that FGD-own behaves: `python -m espressivo.eval.gesture.fgd_anchors DATA_DIR`.

DATA_DIR holds `bandai_dev.npz`. Takes that the encoder was not trained on are split into halves; one half, disturbed in
known ways, is held against the other. A distance that is any good is least undisturbed and grows with the disturbance.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from espressivo.eval.gesture.corpus import read_takes
from espressivo.eval.gesture.encoder import ENCODER_FILE, WINDOW_FRAMES, encode, pose_numbers, read_encoder
from espressivo.eval.gesture.fgd import fgd
from espressivo.eval.metric import NotMeasured
from espressivo.generators.gesture.joints import BODY_JOINTS
from espressivo.generators.gesture.motion import BodyMotion

NOISE_RAD = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
"""Standard deviations of the noise on every joint angle, drawn anew in each frame."""
_SPLITS = 5


def disturbances(seed: int) -> dict[str, Callable[[BodyMotion], BodyMotion]]:
    """Return what is done to motion, mildest first within each kind."""
    rng = np.random.default_rng(seed)
    noises = {f"noise {level} rad": _noisy(level, rng) for level in NOISE_RAD}
    return {
        "none": lambda motion: motion,
        "mirrored": BodyMotion.mirrored,
        **noises,
        "half as fast": lambda motion: BodyMotion(motion.poses_rad, motion.translation_m, motion.fps / 2),
        "half as large": lambda motion: BodyMotion(
            (motion.poses_rad + motion.poses_rad.mean(axis=0)) / 2, motion.translation_m, motion.fps
        ),
        "frames shuffled": lambda motion: _frames(motion, rng.permutation(len(motion))),
        "first frame held": lambda motion: _frames(motion, np.zeros(len(motion), int)),
        "mean pose held": lambda motion: BodyMotion(
            np.broadcast_to(motion.poses_rad.mean(axis=0), motion.poses_rad.shape), motion.translation_m, motion.fps
        ),
        "rest pose held": lambda motion: BodyMotion(np.zeros_like(motion.poses_rad), motion.translation_m, motion.fps),
    }


def main() -> None:
    """Read the arguments, measure and print."""
    parser = argparse.ArgumentParser(description="Measure how FGD-own responds to known disturbances.")
    parser.add_argument("data", type=Path, help="folder with bandai_dev.npz")
    parser.add_argument("--encoder", type=Path, default=ENCODER_FILE)
    arguments = parser.parse_args()
    takes = [take for take in read_takes(arguments.data) if take.held_out and len(take.motion) >= WINDOW_FRAMES]
    print(json.dumps(measure([take.motion for take in takes], arguments.encoder), indent=1))


def measure(motions: Sequence[BodyMotion], encoder_file: Path) -> dict[str, dict[str, float]]:
    """Return mean and deviation of the distance over five splits into halves, for each disturbance."""
    encoder = read_encoder(encoder_file)
    real = encode(map(pose_numbers, motions), encoder)
    orders = [np.random.default_rng(split).permutation(len(motions)) for split in range(_SPLITS)]
    half = len(motions) // 2
    found: dict[str, dict[str, float]] = {}
    for name, disturb in disturbances(seed=0).items():
        disturbed = encode((pose_numbers(disturb(motion)) for motion in motions), encoder)
        distances = [fgd([disturbed[k] for k in order[:half]], [real[k] for k in order[half:]]) for order in orders]
        numbers = [distance for distance in distances if not isinstance(distance, NotMeasured)]
        found[name] = {"fgd": round(float(np.mean(numbers)), 3), "deviation": round(float(np.std(numbers)), 3)}
    return found | {"windows in each half": {"about": float(sum(map(len, real)) // 2)}}


def _noisy(level_rad: float, rng: np.random.Generator) -> Callable[[BodyMotion], BodyMotion]:
    def disturb(motion: BodyMotion) -> BodyMotion:
        poses = motion.poses_rad.copy()
        poses[:, : len(BODY_JOINTS)] += rng.normal(0, level_rad, (len(motion), len(BODY_JOINTS), 3))
        return BodyMotion(poses, motion.translation_m, motion.fps)

    return disturb


def _frames(motion: BodyMotion, order: np.ndarray) -> BodyMotion:
    return BodyMotion(motion.poses_rad[order], motion.translation_m[order], motion.fps)


if __name__ == "__main__":
    main()
