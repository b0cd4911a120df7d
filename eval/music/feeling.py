"""Is the feeling that was asked for the one that the judges of music hear? Per piece, and over a set.

A judge's numbers for valence and arousal are on its own scale, and on music unlike its own its zero is off: whether
more was heard where more was asked for (Spearman) holds across kinds of music, the share of right signs less so.
Beside the judges stand two checks that nobody trained: asked arousal against notes per second, asked valence against
how major the music is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from espressivo.eval.metric import Better, Metric, NotMeasured, Value, Values
from espressivo.eval.music.judges import EMOPIA, HIGH_AROUSAL, HIGH_VALENCE, QUADRANTS, VGMIDI, MusicJudge, quadrant_of
from espressivo.eval.results import Ceiling
from espressivo.eval.statistics.agreement import cohen_kappa, spearman
from espressivo.media.notes import Notes

FEWEST_NOTES = 10
"""A judge says nothing about less: it knows pieces of half a minute and more."""
FEWEST_PIECES = 4
"""For a correlation over a set."""
_SHORT = {EMOPIA: "emopia", VGMIDI: "vgmidi"}
_KNOWN_MUSIC = {
    EMOPIA: "the judge trained on EMOPIA (876 clips of pop piano, one annotator each)",
    VGMIDI: "the judge trained on VGMIDI (163 pieces of game music, some thirty listeners each)",
}


def _judged(judge: str) -> tuple[Metric, ...]:
    short, who = _SHORT[judge], _KNOWN_MUSIC[judge]
    rows: tuple[tuple[str, str, Better, str], ...] = (
        ("quadrant_hit", "4Q", "higher", f"1 if the quadrant that was asked for is the likeliest for {who}."),
        ("valence_hit", "V sign", "higher", f"1 if {who} hears the sign of valence that was asked for."),
        ("arousal_hit", "A sign", "higher", f"1 if {who} hears the sign of arousal that was asked for."),
        ("quadrant_probability", "P(4Q)", "higher", f"Probability of the asked quadrant by {who}."),
        ("valence", "valence", "neither", f"Valence by {who}, on its own scale within -1..1."),
        ("arousal", "arousal", "neither", f"Arousal by {who}, on its own scale within -1..1."),
    )
    return tuple(
        Metric(f"{name}_{short}", f"{title} ({short.upper()})", "music", better, definition, evaluator=judge)
        for name, title, better, definition in rows
    )


METRICS: tuple[Metric, ...] = (
    *_judged(EMOPIA),
    *_judged(VGMIDI),
    Metric(
        "music_judges_agree",
        "judges agree",
        "music",
        "reference",
        "1 if both judges of music hear the same quadrant. They read the same statistics and know different music.",
    ),
)
"""Of one piece."""


def _ranked(judge: str) -> tuple[Metric, ...]:
    short, who = _SHORT[judge], _KNOWN_MUSIC[judge]
    return (
        *(
            Metric(
                f"{target}_spearman_{short}",
                f"{target} rho ({short.upper()})",
                "music",
                "higher",
                f"Spearman of asked {target} with {target} by {who}, over pieces; where only quadrants were asked for, "
                "of their signs.",
                evaluator=judge,
            )
            for target in ("valence", "arousal")
        ),
        Metric(
            f"quadrant_ceiling_{short}",
            f"4Q on real music ({short.upper()})",
            "music",
            "reference",
            f"Accuracy of {who} on real music of its own kind that it was not fitted on: no system can honestly be "
            "asked for more.",
            evaluator=judge,
        ),
    )


SET_METRICS: tuple[Metric, ...] = (
    *_ranked(EMOPIA),
    *_ranked(VGMIDI),
    Metric(
        "arousal_density_spearman",
        "asked A ~ notes/s",
        "music",
        "higher",
        "Spearman of asked arousal with notes per second over pieces; nobody trained it. Real music: .68 on EMOPIA (of "
        "the sign; two equally frequent values cannot exceed .87), .77 on VGMIDI.",
    ),
    Metric(
        "valence_majorness_spearman",
        "asked V ~ major",
        "music",
        "higher",
        "Spearman of asked valence with majorness over pieces; nobody trained it. Real music: .47 on EMOPIA (of the "
        "sign), .48 on VGMIDI.",
    ),
    Metric(
        "music_judges_kappa",
        "kappa of judges",
        "music",
        "reference",
        "Cohen's kappa of the quadrants that both judges hear; on real music of EMOPIA and VGMIDI they agree little.",
    ),
)
"""Of a set of pieces."""


@dataclass(frozen=True, eq=False)
class MusicPiece:
    """A piece of a set: what was asked for, and what measuring it gave."""

    values: Values
    """By the metrics of `measures.METRICS`."""
    asked_quadrant: str | None = None
    asked_va: tuple[float, float] | None = None
    verdicts: Mapping[str, str] | None = None
    """Likeliest quadrant by id of the judge, where it was judged."""


def asked_feeling(
    asked_quadrant: str | None, asked_va: tuple[float, float] | None
) -> tuple[str | None, tuple[float, float] | None]:
    """Return quadrant, and valence and arousal, each from the other where only one was asked for.

    Raises:
        ValueError: `asked_quadrant` is no quadrant, or `asked_va` lies in another one.
    """
    if asked_quadrant is not None and asked_quadrant not in QUADRANTS:
        raise ValueError(f"{asked_quadrant!r} is no quadrant; give one of {', '.join(QUADRANTS)}.")
    if asked_va is None:
        if asked_quadrant is None:
            return None, None
        place = QUADRANTS.index(asked_quadrant)
        return asked_quadrant, (1.0 if place in HIGH_VALENCE else -1.0, 1.0 if place in HIGH_AROUSAL else -1.0)
    quadrant = quadrant_of(*asked_va)
    if asked_quadrant is not None and quadrant not in (None, asked_quadrant):
        raise ValueError(f"Valence and arousal {asked_va} lie in {quadrant}, not in {asked_quadrant}.")
    return asked_quadrant or quadrant, asked_va


def judge_music(
    notes: Notes, asked_quadrant: str | None, asked_va: tuple[float, float] | None, judges: Sequence[MusicJudge]
) -> Values:
    """Apply `METRICS` of this module to one piece.

    Raises:
        ValueError: as `asked_feeling`.
    """
    quadrant, felt = asked_feeling(asked_quadrant, asked_va)
    by_id = {judge.id: judge for judge in judges}
    values: dict[str, Value] = {}
    for judge_id, short in _SHORT.items():
        opinion = _opinion(by_id.get(judge_id), notes, quadrant, felt)
        values |= {f"{name}_{short}": value for name, value in opinion.items()}
    heard = verdicts(notes, judges)
    agree = len(set(heard.values())) == 1 if len(heard) > 1 else None
    return values | {
        "music_judges_agree": NotMeasured("needs two judges and ten notes") if agree is None else float(agree)
    }


def verdicts(notes: Notes, judges: Sequence[MusicJudge]) -> Mapping[str, str]:
    """Return the likeliest quadrant by id of the judge; empty for a piece that is too short to judge."""
    if len(notes.pitched) < FEWEST_NOTES:
        return {}
    return {judge.id: judge.labels[int(np.argmax(judge.probabilities(notes)))] for judge in judges}


def measure_music_set(pieces: Sequence[MusicPiece], ceilings: Sequence[Ceiling] = ()) -> Values:
    """Apply `SET_METRICS` to the pieces of one system.

    Args:
        pieces: each with its values; those that nothing was asked of count for the agreement of judges only.
        ceilings: the judges on real music; the first of a judge is taken.
    """
    felt = [asked_feeling(piece.asked_quadrant, piece.asked_va)[1] for piece in pieces]
    values: dict[str, Value] = {
        "arousal_density_spearman": _spearman(felt, 1, pieces, "notes_per_s"),
        "valence_majorness_spearman": _spearman(felt, 0, pieces, "majorness"),
        "music_judges_kappa": _kappa(pieces),
    }
    for judge, short in _SHORT.items():
        values[f"valence_spearman_{short}"] = _spearman(felt, 0, pieces, f"valence_{short}")
        values[f"arousal_spearman_{short}"] = _spearman(felt, 1, pieces, f"arousal_{short}")
        values[f"quadrant_ceiling_{short}"] = _ceiling(ceilings, judge)
    return values


def _opinion(
    judge: MusicJudge | None, notes: Notes, quadrant: str | None, felt: tuple[float, float] | None
) -> dict[str, Value]:
    names = ("quadrant_hit", "valence_hit", "arousal_hit", "quadrant_probability", "valence", "arousal")
    if judge is None:
        return dict.fromkeys(names, NotMeasured("this judge was not asked"))
    if len(notes.pitched) < FEWEST_NOTES:
        return dict.fromkeys(names, NotMeasured(f"fewer than {FEWEST_NOTES} pitched notes"))
    probabilities = judge.probabilities(notes)
    valence, arousal = (float(number) for number in judge.valence_arousal(notes))
    unknown = NotMeasured("it is not known which feeling was asked for")
    on_axis = NotMeasured("neither quadrant nor both signs were asked for")
    return {
        "quadrant_hit": float(int(np.argmax(probabilities)) == QUADRANTS.index(quadrant)) if quadrant else on_axis,
        "valence_hit": _same_sign(valence, felt[0]) if felt else unknown,
        "arousal_hit": _same_sign(arousal, felt[1]) if felt else unknown,
        "quadrant_probability": float(probabilities[QUADRANTS.index(quadrant)]) if quadrant else on_axis,
        "valence": valence,
        "arousal": arousal,
    }


def _same_sign(heard: float, asked: float) -> Value:
    return float((heard > 0) == (asked > 0)) if asked else NotMeasured("0 was asked for, which has no sign")


def _spearman(
    felt: Sequence[tuple[float, float] | None], column: int, pieces: Sequence[MusicPiece], name: str
) -> Value:
    pairs = [
        (asked[column], float(value))
        for asked, piece in zip(felt, pieces, strict=True)
        if asked is not None and not isinstance(value := piece.values[name], NotMeasured)
    ]
    if len(pairs) < FEWEST_PIECES:
        return NotMeasured(f"fewer than {FEWEST_PIECES} pieces with an asked feeling")
    asked, heard = zip(*pairs, strict=True)
    found = spearman(asked, heard)
    return found if isinstance(found, NotMeasured) else found.rho


def _kappa(pieces: Sequence[MusicPiece]) -> Value:
    both = [piece.verdicts for piece in pieces if piece.verdicts and {EMOPIA, VGMIDI} <= set(piece.verdicts)]
    if not both:
        return NotMeasured("no piece was judged by both judges")
    kappa = cohen_kappa([heard[EMOPIA] for heard in both], [heard[VGMIDI] for heard in both])
    return kappa if np.isfinite(kappa) else NotMeasured("both judges hear one quadrant throughout")


def _ceiling(ceilings: Sequence[Ceiling], judge: str) -> Value:
    found = next((ceiling for ceiling in ceilings if ceiling.judge == judge), None)
    if found is None:
        return NotMeasured("not measured for this judge")
    return float(np.trace(found.confusion) / found.confusion.sum())
