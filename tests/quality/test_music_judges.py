"""The judges of music hear what listeners would not argue about, and their measured worth is what it has to be."""

from pathlib import Path

import numpy as np
import pytest

from espressivo.eval.music.ceilings import JudgeFigures, load_agreements, load_figures, load_music_ceilings
from espressivo.eval.music.judges import EMOPIA, VGMIDI, MusicJudge, load_music_judges
from espressivo.media.notes import Notes, Tempo, read_notes

FIXTURES = Path(__file__).parents[1] / "fixtures" / "metrics_music"
QUARTER = 480
# Triads of I, IV, V, I and of i, iv, v, i on C.
MAJOR = ((60, 64, 67), (65, 69, 72), (67, 71, 74), (60, 64, 67))
MINOR = ((60, 63, 67), (65, 68, 72), (67, 70, 74), (60, 63, 67))


def music(chords: tuple[tuple[int, ...], ...], notes_per_quarter: int, bpm: float, velocity: int) -> Notes:
    """Sixteen bars: chords in the left hand, broken in the right."""
    rows = []
    for bar in range(16):
        chord = chords[bar % len(chords)]
        rows += [(pitch - 12, bar * 4 * QUARTER, 4 * QUARTER) for pitch in chord]
        length = QUARTER // notes_per_quarter
        for step in range(4 * notes_per_quarter):
            rows.append((chord[step % 3] + 12, bar * 4 * QUARTER + step * length, length))
    rows.sort(key=lambda row: (row[1], row[0]))
    pitch, start, length = (np.array(column) for column in zip(*rows, strict=True))
    none = np.zeros(len(rows), int)
    return Notes(
        pitch, none + velocity, start, start + length, none, none.astype(bool), QUARTER, tempi=(Tempo(0, bpm),)
    )


@pytest.fixture(scope="module", params=load_music_judges(), ids=lambda judge: judge.id)
def judge(request: pytest.FixtureRequest) -> MusicJudge:
    return request.param


def test_fast_and_loud_is_more_aroused_than_slow_and_soft(judge: MusicJudge) -> None:
    for chords in (MAJOR, MINOR):
        wild = judge.valence_arousal(music(chords, 4, 150, 100))[1]
        calm = judge.valence_arousal(music(chords, 1, 60, 40))[1]
        assert wild > calm + 0.2
        assert wild > 0


def test_major_is_more_pleasant_than_minor(judge: MusicJudge) -> None:
    for pace in ((4, 140, 90), (1, 70, 50)):
        major, minor = (judge.valence_arousal(music(chords, *pace))[0] for chords in (MAJOR, MINOR))
        assert major > minor + 0.1


def test_speed_alone_raises_arousal_step_by_step(judge: MusicJudge) -> None:
    heard = [judge.valence_arousal(music(MAJOR, 2, bpm, 64))[1] for bpm in (50, 80, 120, 180)]
    assert np.all(np.diff(heard) > 0)


def test_opinions_are_probabilities_on_music_that_other_systems_made(judge: MusicJudge) -> None:
    for path in sorted(FIXTURES.glob("*.mid")):
        notes = read_notes(path)
        probabilities, felt = judge.probabilities(notes), judge.valence_arousal(notes)
        assert probabilities.sum() == pytest.approx(1)
        assert probabilities.min() >= 0
        assert np.all(np.abs(felt) <= 1)
        assert (probabilities[[0, 3]].sum() > 0.5) == (felt[0] > 0)
        assert (probabilities[:2].sum() > 0.5) == (felt[1] > 0)


def figures(judge: str, data: str, fitted_on: str) -> JudgeFigures:
    (found,) = [row for row in load_figures() if (row.judge, row.data, row.fitted_on) == (judge, data, fitted_on)]
    return found


def test_the_judges_reach_the_marks_on_real_music() -> None:
    emopia = figures(EMOPIA, "EMOPIA, all clips", "the other folds, five by song")
    assert emopia.quadrant.accuracy >= 0.68
    assert emopia.arousal.accuracy >= 0.88
    vgmidi = figures(VGMIDI, "VGMIDI, all pieces", "the other folds, five by piece")
    assert (vgmidi.valence.pearson or 0) >= 0.71
    assert (vgmidi.arousal.pearson or 0) >= 0.85


def test_each_judge_orders_the_others_music_better_than_chance() -> None:
    foreign = [row for row in load_figures() if (row.judge == EMOPIA) != row.data.startswith("EMOPIA")]
    assert len(foreign) == 2
    for row in foreign:
        for share in (row.valence, row.arousal):
            assert share.spearman_interval_95 is not None
            assert share.spearman_interval_95[0] > 0.3


def test_counts_and_shares_say_the_same() -> None:
    assert [ceiling.judge for ceiling in load_music_ceilings()][:3:2] == [EMOPIA, VGMIDI]
    for row, ceiling in zip(load_figures(), load_music_ceilings(), strict=True):
        assert ceiling.confusion.sum() == row.pieces
        assert np.trace(ceiling.confusion) / row.pieces == pytest.approx(row.quadrant.accuracy, abs=5e-4)
        low, high = row.quadrant.interval_95
        assert low < row.quadrant.accuracy < high
    assert all(-1 <= row.kappa_quadrant <= 1 for row in load_agreements())
