"""Everything that is measured on one piece of music."""

from collections.abc import Sequence

from espressivo.eval.metric import Metric, Values
from espressivo.eval.music import description, feeling
from espressivo.eval.music.judges import MusicJudge, load_music_judges
from espressivo.media.notes import Notes

METRICS: tuple[Metric, ...] = description.METRICS + feeling.METRICS
"""Of one piece; those of a set are `feeling.SET_METRICS`."""


def measure_music(
    notes: Notes,
    asked_quadrant: str | None = None,
    asked_va: tuple[float, float] | None = None,
    judges: Sequence[MusicJudge] | None = None,
) -> Values:
    """Apply `METRICS` to one piece.

    Args:
        notes: the piece.
        asked_quadrant: "Q1".."Q4" that was asked for; None takes it from the signs of `asked_va`.
        asked_va: valence and arousal that were asked for, -1..1; None takes their signs from `asked_quadrant`.
        judges: those that ship if None.

    Raises:
        ValueError: `asked_quadrant` is no quadrant, or `asked_va` lies in another one.
        InputError: the judges' weights are missing or damaged.
    """
    known = load_music_judges() if judges is None else judges
    return {**description.describe(notes), **feeling.judge_music(notes, asked_quadrant, asked_va, known)}
