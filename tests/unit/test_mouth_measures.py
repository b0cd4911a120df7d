"""The measures of the mouth on labelled curves."""

import numpy as np
import pytest

from espressivo.eval.mouth_measures import OPENNESS, correlation, labelled_openness
from espressivo.generators.face.visemes import VISEMES


def test_a_still_curve_has_no_correlation() -> None:
    rising = np.linspace(0.0, 1.0, 30)
    assert correlation(rising, 1.0 - rising) == -1.0
    assert np.isnan(correlation(rising, np.ones(30)))
    assert np.isnan(correlation(rising[:2], rising[:2]))


def test_openness_stands_in_the_middle_of_a_label_and_eases_at_its_edges() -> None:
    times_s = np.arange(30) / 30.0
    openness, speech = labelled_openness([("sil", 0.0, 0.4), ("aa", 0.4, 0.8)], times_s)
    assert openness[[5, 18, 28]] == pytest.approx([0.0, OPENNESS["aa"], 0.0])
    assert 0.0 < openness[12] < OPENNESS["aa"]
    assert speech.tolist() == [0.4 <= time_s < 0.8 for time_s in times_s]


def test_every_viseme_has_an_openness() -> None:
    assert set(OPENNESS) == set(VISEMES)
