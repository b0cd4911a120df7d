"""Major and minor by valence."""

import numpy as np

from espressivo.generators.music.emogen.colour import Colours, Tonality
from espressivo.generators.music.emogen.tokens import piano
from espressivo.generators.music.keys import Key, key_of_weights
from espressivo.generators.music.moods import Mood

IDS = piano().ids
COLOURS = Colours(piano())
GLAD = Mood(1.0, 0.0)
TUNES = {
    "C": (60, 62, 64, 65, 67, 69, 71, 60, 64, 67, 60),
    "D": (62, 64, 66, 67, 69, 71, 73, 62, 66, 69, 62),
    "C minor": (60, 62, 63, 65, 67, 68, 71, 60, 63, 67, 60),
    "E alone": (64,),
    "C alone": (60,),
}
SILENCE = Tonality.before_all(0)


def weights(valence: float, tonic: int = 2) -> np.ndarray:
    """Likelihood of each pitch class in one octave, as the colour alone would have it."""
    colour = COLOURS.of(Mood(valence, 0.3), Tonality.before_all(tonic))
    return np.exp([colour[IDS[f"p-{pitch}"]] for pitch in range(60, 72)])


def test_the_colour_is_the_mode() -> None:
    for tonic in range(12):
        assert key_of_weights(weights(1.0, tonic)) == Key(tonic, "major")
        assert key_of_weights(weights(-1.0, tonic)) == Key(tonic, "minor")


def test_more_valence_has_more_colour_and_none_has_none() -> None:
    spreads = [np.ptp(np.log(weights(valence))) for valence in (0.0, 0.3, 0.6, 1.0)]
    assert spreads[0] == 0
    assert np.all(np.diff(spreads) > 0)
    assert not COLOURS.of(Mood(1.0, 1.0, 0.0), SILENCE).any()


def test_octaves_are_alike_and_nothing_else_is_coloured() -> None:
    colour = COLOURS.of(Mood(-1.0, 0.0), Tonality.before_all(5))
    assert colour[IDS["p-41"]] == colour[IDS["p-89"]]
    others = [number for token, number in IDS.items() if token[0] != "p"]
    assert not colour[others].any()


def after(tune: str, tonality: Tonality = SILENCE, mood: Mood = GLAD) -> Tonality:
    return COLOURS.after(tonality, mood, [IDS["o-0"], *(IDS[f"p-{pitch}"] for pitch in TUNES[tune])])


def test_a_mode_that_is_there_needs_no_colour_and_the_other_one_is_insisted_on() -> None:
    nothing, major, minor = (np.ptp(COLOURS.of(GLAD, each)) for each in (SILENCE, after("C"), after("C minor")))
    assert major < nothing < minor
    third = [COLOURS.of(GLAD, each)[IDS["p-63"]] for each in (SILENCE, after("C minor"))]
    assert third[1] < third[0] - 1, "what does not belong to the scale loses most"


def test_music_that_went_to_the_mode_keeps_its_tonic_and_turns_on_it() -> None:
    there = after("D")
    assert there.tonic == 2
    assert COLOURS.of(Mood(-1.0, 0.0), there)[IDS["p-65"]] > COLOURS.of(Mood(-1.0, 0.0), there)[IDS["p-66"]]
    assert after("C minor").tonic == SILENCE.tonic, "in the other mode its tonic says nothing"


def test_what_was_heard_fades() -> None:
    once = after("E alone")
    assert once.heard.tolist() == np.eye(12)[4].tolist()
    later = once
    for _ in range(8):
        later = after("C alone", later)
    assert 0 < later.heard[4] < 0.1 * later.heard[0]
