"""Major and minor by valence."""

import numpy as np

from espressivo.generators.music.emogen.colour import Colours
from espressivo.generators.music.emogen.tokens import piano
from espressivo.generators.music.keys import Key, key_of_weights
from espressivo.generators.music.moods import Mood

IDS = piano().ids


def weights(valence: float, tonic: int = 2) -> np.ndarray:
    """Likelihood of each pitch class in one octave, as the colour alone would have it."""
    colour = Colours(piano(), tonic).of(Mood(valence, 0.3))
    return np.exp([colour[IDS[f"p-{pitch}"]] for pitch in range(60, 72)])


def test_the_colour_is_the_mode() -> None:
    for tonic in range(12):
        assert key_of_weights(weights(1.0, tonic)) == Key(tonic, "major")
        assert key_of_weights(weights(-1.0, tonic)) == Key(tonic, "minor")


def test_more_valence_has_more_colour_and_none_has_none() -> None:
    spreads = [np.ptp(np.log(weights(valence))) for valence in (0.0, 0.3, 0.6, 1.0)]
    assert spreads[0] == 0
    assert np.all(np.diff(spreads) > 0)
    assert not Colours(piano(), 0).of(Mood(1.0, 1.0, 0.0)).any()


def test_octaves_are_alike_and_nothing_else_is_coloured() -> None:
    colour = Colours(piano(), 5).of(Mood(-1.0, 0.0))
    assert colour[IDS["p-41"]] == colour[IDS["p-89"]]
    others = [number for token, number in IDS.items() if token[0] != "p"]
    assert not colour[others].any()
