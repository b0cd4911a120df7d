"""Folds of a photographed smile fade as the smile is taken away, and only they do."""

from dataclasses import replace

import numpy as np

from espressivo.generators.face.arkit import weights_from
from espressivo.generators.portrait.avatar.layers import Stage
from espressivo.generators.portrait.avatar.wrinkles.creases import smile_creases
from espressivo.generators.portrait.avatar.wrinkles.wrinkles import Wrinkles
from tests.unit.test_portrait_wrinkles import STAGE

PX_PER_CM = 16
CM = (np.mgrid[-160:161, -160:161].astype(np.float32) / PX_PER_CM)[::-1]
PLACE = np.stack([CM[0], -CM[1]], axis=-1)
"""The standard face itself, 20 cm of it."""
X, Y = np.abs(PLACE[..., 0]), PLACE[..., 1]
ON_FOLD = (np.abs(X - 3.3) < 0.08) & (np.abs(Y + 2.9) < 0.4)


def test_dark_lines_beside_a_mouth_get_as_light_as_the_skin_about_them() -> None:
    skin = np.full(X.shape, 180.0, np.float32)
    skin[ON_FOLD] = 140.0
    lit = skin * np.exp(smile_creases(skin, PLACE, PX_PER_CM))
    middle = ON_FOLD & (np.abs(Y + 2.9) < 0.2)
    assert lit[middle].mean() > 165
    assert np.abs(lit[~ON_FOLD] / skin[~ON_FOLD] - 1).max() < 0.25


def test_what_lies_elsewhere_and_beards_stay_as_they_are() -> None:
    skin = np.full(X.shape, 180.0, np.float32)
    lips, forehead = (X < 2) & (np.abs(Y + 4.2) < 0.1), (X < 3) & (np.abs(Y - 6) < 0.1)
    skin[lips | forehead] = 120.0
    creases = smile_creases(skin, PLACE, PX_PER_CM)
    assert np.abs(creases[forehead]).max() == 0
    assert np.abs(creases[lips]).max() < 0.02
    beard = np.where(np.arange(X.shape[1]) % 6 < 3, 90.0, 150.0).astype(np.float32) * np.ones_like(X)
    assert np.abs(smile_creases(beard, PLACE, PX_PER_CM)).max() == 0
    assert not smile_creases(skin, np.full_like(PLACE, np.nan), PX_PER_CM).any()


def test_folds_fade_with_the_smile_and_not_without_one() -> None:
    photo = STAGE.photo.copy()
    at = STAGE.fit.points_px[[206, 426], :2].astype(int)  # beside the corners of the nose
    for x, y in at:
        photo[y - 8 : y + 9, x - 1 : x + 2] *= 0.75
    smile = weights_from(mouthSmile=0.5).astype(np.float32)
    smiling = replace(STAGE.fit, own=replace(STAGE.fit.own, weights=smile))
    wrinkles = Wrinkles(Stage(photo, smiling))

    def lit(settled: float, **weights: float) -> float:
        gain = wrinkles.gain(smiling.pose(weights_from(**weights), settled=settled))
        return 1.0 if gain is None else float(np.mean([gain[y - 3 : y + 4, x].mean() for x, y in at]))

    assert lit(0.0) == 1.0
    assert 1.0 < lit(0.5) < lit(1.0) < lit(1.0, mouthFrown=0.7)
    assert lit(1.0, mouthFrown=0.7) > 1.12
    assert lit(1.0, mouthFrown=0.7, noseSneer=0.8) < lit(1.0, mouthFrown=0.7) - 0.08  # a sneer folds there, too
    plain = Wrinkles(Stage(photo, STAGE.fit)).gain(STAGE.fit.pose(np.zeros(52), settled=1.0))
    assert plain is not None
    assert all(np.abs(plain[y - 3 : y + 4, x] - 1).max() < 0.01 for x, y in at)
