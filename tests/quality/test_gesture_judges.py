"""What the judges of gesture that ship can do, on what ships: their stored ceilings, and made-up motion."""

import numpy as np

from espressivo.eval.gesture.emotion import ceilings, shipped_judge
from espressivo.eval.gesture.fgd import fgd, motion_features
from espressivo.eval.metric import NotMeasured
from espressivo.generators.gesture.motion import BodyMotion
from tests.gestures import gesturing, with_noise


def _recalls(confusion: np.ndarray) -> np.ndarray:
    return confusion.diagonal() / confusion.sum(axis=1)


def test_judge_recognises_acts_it_was_not_fitted_on() -> None:
    found = ceilings()
    assert _recalls(found["all"].confusion).mean() > 0.65
    assert _recalls(found["canonical"].confusion).mean() > 0.65
    assert (_recalls(found["all"].confusion) > 0.125).all()


def test_arousal_rises_with_speed_and_size() -> None:
    judge = shipped_judge()
    for seed in range(4):
        faster = [judge.vad(gesturing(6.0, rate_hz=rate, seed=seed))[1] for rate in (0.3, 0.6, 1.2, 2.4)]
        assert faster == sorted(faster)
        larger = [judge.vad(gesturing(6.0, size=size, seed=seed))[1] for size in (0.3, 0.6, 1.2)]
        assert larger == sorted(larger)


def _distance(motions: list[BodyMotion], real: list[np.ndarray]) -> float:
    found = fgd(motion_features(motions), real)
    assert not isinstance(found, NotMeasured)
    return found


def test_frechet_distance_grows_with_noise_and_when_motion_freezes() -> None:
    ours = [gesturing(14.0, rate_hz=rate, seed=seed) for seed in range(8) for rate in (0.6, 1.2)]
    real = motion_features([gesturing(14.0, rate_hz=rate, seed=seed) for seed in range(8, 16) for rate in (0.6, 1.2)])
    noise = [_distance([with_noise(motion, level) for motion in ours], real) for level in (0.0, 0.02, 0.05, 0.1)]
    assert noise == sorted(noise)
    assert noise[-1] > 5 * noise[0]
    frozen = [BodyMotion(np.repeat(m.poses_rad[:1], len(m), 0), m.translation_m, m.fps) for m in ours]
    assert _distance(frozen, real) > 1.5 * noise[0]
