"""The 100 attributes of music, on tunes whose attributes can be counted by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from espressivo.errors import InputError
from espressivo.generators.music.attributes.attributes import COUNT, attributes_of, bits_of, table
from espressivo.media.notes import Notes, Tempo

QUARTER = 480


def tune(*rows: tuple[float, float, int, int], bpm: float = 120.0) -> Notes:
    """Notes (onset and length in quarters, pitch, velocity), in this order in the file."""
    start, length, pitch, velocity = (np.array(column) for column in zip(*rows, strict=True))
    ticks = (start * QUARTER).astype(int)
    return Notes(
        pitch=pitch.astype(int),
        velocity=velocity.astype(int),
        start_tick=ticks,
        end_tick=ticks + (length * QUARTER).astype(int),
        track=np.zeros(len(rows), int),
        is_drum=np.zeros(len(rows), bool),
        ticks_per_quarter=QUARTER,
        tempi=(Tempo(0, bpm),),
    )


def named(notes: Notes) -> dict[str, float]:
    return dict(zip(table().names, attributes_of(notes), strict=True))


SCALE = tune(*((float(at), 1.0, 60 + step, 64) for at, step in enumerate((0, 2, 4, 5, 7, 9, 11, 12))))
CADENCE = tune(
    *((0.0, 2.0, pitch, 80) for pitch in (48, 60, 64, 67)),  # C major
    *((2.0, 2.0, pitch, 60) for pitch in (45, 60, 64, 69)),  # A minor
    *((4.0, 4.0, pitch, 70) for pitch in (43, 59, 62, 65)),  # G seventh, first inversion apart
)


def test_there_is_a_name_a_threshold_and_four_commands_for_each() -> None:
    assert len(table().names) == len(set(table().names)) == len(table().thresholds) == COUNT
    assert table().commands.shape == (4, COUNT)
    assert set(np.unique(table().commands)) == {0, 1}
    assert (table().commands == table().commands[0]).all(axis=0).sum() == 16  # the same whatever the quadrant


def test_a_scale() -> None:
    scale = named(SCALE)
    assert scale["Number of Pitches"] == 8
    assert scale["Range"] == 12
    assert scale["Total Number of Notes"] == 8
    assert scale["Mean Pitch"] == (60 + 62 + 64 + 65 + 67 + 69 + 71 + 72) // 8
    assert scale["Melodic Interval Histogram_2"] == pytest.approx(5 / 7)
    assert scale["Prevalence of Most Common Melodic Interval"] == pytest.approx(5 / 7)
    assert scale["Pitch Class Histogram_2"] == pytest.approx(1 / 8)
    assert scale["Importance of Middle Register"] == 1.0
    assert scale["Average Length of Melodic Arcs"] == 0.0  # it never turns
    assert scale["Most Common Rhythmic Value"] == 1.0
    assert scale["Prevalence of Most Common Rhythmic Value"] == 1.0
    assert scale["Mean Rhythmic Value Run Length"] == 8.0
    assert scale["Average Number of Simultaneous Pitches"] == 1.0
    assert scale["Note Density per Quarter Note"] == pytest.approx(1.0)
    assert scale["Duration in Seconds"] == pytest.approx(4.0)
    assert scale["Variation of Dynamics"] == 0.0


def test_chords() -> None:
    chords = named(CADENCE)
    assert chords["Chord Type Histogram_2"] == pytest.approx(2 / 8)
    assert chords["Chord Type Histogram_1"] == pytest.approx(2 / 8)
    assert chords["Seventh Chords"] == pytest.approx(4 / 8)
    assert chords["Minor Major Triad Ratio"] == pytest.approx(1.0)
    assert chords["Average Number of Simultaneous Pitches"] == 4.0
    assert chords["Chord Duration"] == pytest.approx((8 * QUARTER - 2) / 3 / QUARTER)
    # C to Am: bass and top move apart (contrary), each alone against the two that stay (oblique, four pairs).
    # Am to G7: all four fall, the outer two by other steps than the inner two.
    assert chords["Contrary Motion"] == pytest.approx(1 / 11)
    assert chords["Average Note to Note Change in Dynamics"] == pytest.approx((20 + 10) / 12)


def test_tempo_changes_time_but_not_rhythm() -> None:
    slow, fast = named(replace(CADENCE, tempi=(Tempo(0, 60.0),))), named(CADENCE)
    assert slow["Duration in Seconds"] == pytest.approx(2 * fast["Duration in Seconds"])
    for name in ("Most Common Rhythmic Value", "Note Density per Quarter Note", "Chord Duration"):
        assert slow[name] == pytest.approx(fast[name])


def test_transposing_by_an_octave_leaves_all_but_the_register() -> None:
    low, high = attributes_of(CADENCE), attributes_of(CADENCE.transposed(12))
    moved = {table().names[number] for number in np.flatnonzero(~np.isclose(low, high))}
    assert moved == {
        "Importance of Bass Register",
        "Importance of Middle Register",
        "Importance of High Register",
        "Mean Pitch",
        "Most Common Pitch",
        "Relative Note Density of Highest Line",
    }


def test_drums_do_not_count() -> None:
    drums = tune((0.0, 0.5, 36, 120), (1.0, 0.5, 38, 120))
    both = replace(
        CADENCE,
        **{
            name: np.concatenate([getattr(CADENCE, name), getattr(drums, name)])
            for name in ("pitch", "velocity", "start_tick", "end_tick", "track")
        },
        is_drum=np.repeat([False, True], [len(CADENCE), 2]),
    )
    assert np.allclose(attributes_of(both), attributes_of(CADENCE))
    with pytest.raises(InputError, match="pitched"):
        attributes_of(replace(drums, is_drum=np.ones(2, bool)))
    with pytest.raises(InputError, match="longer"):
        attributes_of(replace(drums, end_tick=drums.end_tick + 2_000_000))


def test_a_bit_is_set_above_the_threshold_and_not_at_it() -> None:
    thresholds = table().thresholds
    # Others are means of two such numbers, and have a fifth digit.
    four_digits = np.array([float(f"{threshold:.4g}") == threshold for threshold in thresholds.round(12)])
    assert four_digits.sum() > 50
    assert not bits_of(thresholds)[four_digits].any()
    assert bits_of(thresholds + 0.001 * np.abs(thresholds) + 1e-6).all()
    assert not bits_of(thresholds * (1 + 1e-7))[four_digits].any()
    # 1/13 is the threshold of attribute 81 with all its digits cut to four.
    assert bits_of(np.full(COUNT, 1 / 13))[81] == 0


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(0, 10_000))
def test_any_notes_have_finite_attributes(count: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    rows = [
        (float(generator.integers(0, 20)) / 4, float(generator.integers(0, 9)) / 8, int(pitch), int(loud))
        for pitch, loud in zip(generator.integers(0, 128, count), generator.integers(1, 128, count), strict=True)
    ]
    if not any(length for _, length, _, _ in rows):
        rows.append((0.0, 1.0, 60, 64))
    found = attributes_of(tune(*sorted(rows)))
    assert found.shape == (COUNT,)
    assert np.isfinite(found).all()
