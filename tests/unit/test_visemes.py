import numpy as np
import pytest

from espressivo.conditioning.speech import ARPABET, Phone
from espressivo.generators.face.arkit import ARKIT_NAMES, CHANNEL
from espressivo.generators.face.articulation.segments import SHORTEST_SILENCE_S, viseme_segments
from espressivo.generators.face.visemes import CHANNEL_GROUPS, PHONE_TO_VISEME, VISEME, VISEME_WEIGHTS, VISEMES


def phones(*rows):
    """Phones one after the other from (label, duration_s)."""
    ends = np.cumsum([duration for _, duration in rows])
    return [Phone(label, end - duration, end) for (label, duration), end in zip(rows, ends, strict=True)]


def names(segments):
    return [VISEMES[index] for index in segments.viseme]


def test_every_phone_shows_known_visemes():
    assert set(PHONE_TO_VISEME) == {*ARPABET, "SIL"}
    assert {viseme for shown in PHONE_TO_VISEME.values() for viseme in shown} == set(VISEMES)


def test_weights_are_valid_and_rest_is_silence():
    assert VISEME_WEIGHTS.shape == (15, 52)
    assert VISEME_WEIGHTS.min() >= 0
    assert VISEME_WEIGHTS.max() <= 1
    assert not VISEME_WEIGHTS[VISEME["sil"]].any()


def test_aa_is_widest_and_u_is_roundest():
    jaw, pucker = VISEME_WEIGHTS[:, CHANNEL["jawOpen"]], VISEME_WEIGHTS[:, CHANNEL["mouthPucker"]]
    assert VISEMES[jaw.argmax()] == "aa"
    assert VISEMES[pucker.argmax()] == "U"


def test_groups_share_no_channel_and_stay_on_the_mouth():
    channels = [channel for group in CHANNEL_GROUPS.values() for channel in group]
    assert len(channels) == len(set(channels))
    assert all(ARKIT_NAMES[channel].startswith(("jaw", "mouth", "tongue")) for channel in channels)


def test_diphthong_is_split_sixty_to_forty():
    segments = viseme_segments(phones(("OY", 0.2)))
    assert names(segments) == ["O", "I"]
    assert segments.duration_s == pytest.approx([0.12, 0.08])


def test_h_takes_the_shape_of_the_next_sound():
    assert names(viseme_segments(phones(("SIL", 0.3), ("HH", 0.1), ("UW", 0.1)))) == ["sil", "U"]
    assert names(viseme_segments(phones(("AA", 0.1), ("HH", 0.1)))) == ["aa", "sil"]


def test_repeats_merge_across_words():
    segments = viseme_segments(phones(("P", 0.08), ("P", 0.06), ("AA", 0.1)))
    assert names(segments) == ["PP", "aa"]
    assert segments.duration_s == pytest.approx([0.14, 0.1])


@pytest.mark.parametrize(("pause_s", "expected"), [(0.2, ["aa", "O"]), (SHORTEST_SILENCE_S, ["aa", "sil", "O"])])
def test_short_pause_between_sounds_is_absorbed(pause_s, expected):
    segments = viseme_segments(phones(("AA", 0.1), ("SIL", pause_s), ("AO", 0.1)))
    assert names(segments) == expected
    assert segments.start_s[1:] == pytest.approx(segments.end_s[:-1])


def test_pauses_at_the_ends_stay_however_short():
    assert names(viseme_segments(phones(("SIL", 0.05), ("AA", 0.1), ("SIL", 0.05)))) == ["sil", "aa", "sil"]
