"""Measure the rules on counts of emotions in dialogue:
`python -m espressivo.conditioning.personality.measure TRANSITIONS.csv --out FILE`.

The table has the columns Speaker_1, Emotion_1, Emotion_2, Emotion_3, count: somebody shows Emotion_1, another answers
with Emotion_2, and the first one's next line has Emotion_3. What the rules leave of the first two emotions is turned
into probabilities of the third by a softmax over its strengths and its distances to the emotions in VAD space, whose
weights are fitted, as the baselines are, on the other roles only. The rules know nothing of the words that are said.
`contagion` is the search for the constant of that name in `transition`, over all roles.
"""

import argparse
import csv
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize

from espressivo.conditioning.personality.big_five import BigFive
from espressivo.conditioning.personality.mood import Feelings, at_rest, settle
from espressivo.conditioning.personality.transition import CONTAGION, hear
from espressivo.conditioning.state import EmotionState
from espressivo.errors import InputError

EMOTIONS = {
    "neutral": EmotionState.neutral(),
    "joy": EmotionState.of("happiness"),
    "sadness": EmotionState.of("sadness"),
    "surprise": EmotionState.of("surprise"),
    "fear": EmotionState({"fear": 1.0}, 1.0, EmotionState.of("terror").vad),
    "disgust": EmotionState.of("disgust"),
    "anger": EmotionState.of("anger"),
}
"""The labels of PELD and where its authors put them: joy is the row Happy, fear the row Terrified."""

ROLES = {
    "Chandler": BigFive(0.648, 0.375, 0.386, 0.58, 0.477),
    "Joey": BigFive(0.574, 0.614, 0.297, 0.545, 0.455),
    "Monica": BigFive(0.713, 0.457, 0.457, 0.66, 0.511),
    "Phoebe": BigFive(0.6, 0.48, 0.31, 0.46, 0.56),
    "Rachel": BigFive(0.635, 0.354, 0.521, 0.552, 0.469),
    "Ross": BigFive(0.722, 0.489, 0.6, 0.533, 0.356),
}
"""Traits of PELD's roles (Wen et al., Findings of ACL 2021)."""

TURN_S = 3.2
"""Length of a turn: eight words at 150 words a minute. The counts say nothing about time."""

Counts = Float[np.ndarray, "first second third"]
Model = Callable[[Counts, str], Float[np.ndarray, "first second third"]]
_GRID = np.arange(0.0, 1.01, 0.05)


def main() -> None:
    """Read the arguments, measure, and write JSON."""
    parser = argparse.ArgumentParser(description="Measure the rules of emotion transition on counts.")
    parser.add_argument("transitions", type=Path, help="table of counts of emotion triples per role")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    counts = read_transitions(arguments.transitions)
    figures = {"unseen roles": unseen_figures(counts), "contagion": contagion_figures(counts)}
    arguments.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def read_transitions(path: Path) -> dict[str, Counts]:
    """Return how often each triple of emotions (`EMOTIONS`) was counted, by role.

    Raises:
        InputError: the table cannot be read or names another role or emotion.
    """
    names = list(EMOTIONS)
    counts = {role: np.zeros((len(names),) * 3) for role in ROLES}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                triple = tuple(names.index(row[f"Emotion_{place}"]) for place in (1, 2, 3))
                counts[row["Speaker_1"]][triple] += int(row["count"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is no table of emotion triples ({error}).") from None
    return counts


def unseen_figures(counts: Mapping[str, Counts]) -> dict[str, Any]:
    """Judge each model on every role after fitting it on the others, and on all roles together."""
    figures: dict[str, Any] = {}
    for name, model in MODELS.items():
        scores = {}
        for role, own in counts.items():
            others = np.sum([table for other, table in counts.items() if other != role], axis=0)
            scores[role] = _score(own, model(others, role))
        triples = np.array([table.sum() for table in counts.values()])
        together = {
            figure: float(np.average([score[figure] for score in scores.values()], weights=triples))
            for figure in ("log_likelihood", "top_1")
        }
        figures[name] = {role: _rounded(score) for role, score in ({"all": together} | scores).items()}
    return figures


def contagion_figures(counts: Mapping[str, Counts]) -> dict[str, Any]:
    """Search the contagion under which the counts are likeliest."""
    everybody = np.sum(list(counts.values()), axis=0)
    likelihoods = {
        round(float(contagion), 2): _score(everybody, _fitted(everybody, _feelings(BigFive(), contagion)))
        for contagion in _GRID
    }
    best = max(likelihoods, key=lambda contagion: likelihoods[contagion]["log_likelihood"])
    return {"best": best, "log_likelihood": {str(key): round(s["log_likelihood"], 4) for key, s in likelihoods.items()}}


def _feelings(personality: BigFive, contagion: float) -> Float[np.ndarray, "first second channels"]:
    """What is felt after the first emotion, the second one heard, and a turn's time after either."""
    rest = at_rest(personality)
    shown = [np.concatenate([state.strengths(), state.vad]) for state in EMOTIONS.values()]

    def after(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        before = settle(Feelings(first.copy(), rest.mood), TURN_S, personality)
        return settle(hear(before, second, personality, contagion), TURN_S, personality).emotion

    return np.array([[after(first, second) for second in shown] for first in shown])


def _fitted(counts: Counts, feelings: Float[np.ndarray, "first second channels"]) -> Float[np.ndarray, "1 2 3"]:
    """Probabilities of the third emotion: how common it is, how strongly it is felt, how near it lies."""
    evidence = _evidence(feelings)
    weights = _weights_of_evidence(counts, evidence)
    return _probabilities(weights, evidence)


def _evidence(feelings: Float[np.ndarray, "first second channels"]) -> Float[np.ndarray, "first second third 2"]:
    shown = np.array([np.concatenate([state.strengths(), state.vad]) for state in EMOTIONS.values()])
    strengths = feelings[..., :-3] @ shown[:, :-3].T
    distances = np.square(feelings[..., None, -3:] - shown[:, -3:]).sum(-1)
    return np.stack([strengths, -distances], axis=-1)


def _weights_of_evidence(counts: Counts, evidence: Float[np.ndarray, "first second third 2"]) -> np.ndarray:
    """Fit a bias per emotion and a weight for either evidence by maximum likelihood (convex)."""
    total = counts.sum()

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        chances = _probabilities(weights, evidence)
        residual = (counts - counts.sum(-1, keepdims=True) * chances) / total
        gradient = np.concatenate([residual.sum((0, 1)), (residual[..., None] * evidence).sum((0, 1, 2))])
        return -float((counts * np.log(chances)).sum()) / total, -gradient

    return minimize(loss, np.zeros(counts.shape[-1] + 2), jac=True, method="L-BFGS-B").x


def _probabilities(weights: np.ndarray, evidence: np.ndarray) -> np.ndarray:
    odds = weights[:-2] + evidence @ weights[-2:]
    odds = np.exp(odds - odds.max(-1, keepdims=True))
    return odds / odds.sum(-1, keepdims=True)


def _conditional(counts: np.ndarray) -> np.ndarray:
    """Shares along the last axis, each cell counted once more (Laplace)."""
    return (counts + 1) / (counts + 1).sum(-1, keepdims=True)


def _stay(counts: Counts, role: str) -> np.ndarray:
    same = np.einsum("iji->", counts) / counts.sum()
    chances = np.where(np.eye(len(EMOTIONS)) > 0, same, (1 - same) / (len(EMOTIONS) - 1))
    return np.broadcast_to(chances[:, None], counts.shape)


MODELS: dict[str, Model] = {
    "stay": _stay,
    "marginal": lambda counts, role: np.broadcast_to(_conditional(counts.sum((0, 1))), counts.shape),
    "first-order Markov (own last emotion)": lambda counts, role: np.broadcast_to(
        _conditional(counts.sum(1))[:, None], counts.shape
    ),
    "second-order Markov (both emotions)": lambda counts, role: _conditional(counts),
    "rules without hearing": lambda counts, role: _fitted(counts, _feelings(ROLES[role], 0.0)),
    "rules, everybody average": lambda counts, role: _fitted(counts, _feelings(BigFive(), CONTAGION)),
    "rules": lambda counts, role: _fitted(counts, _feelings(ROLES[role], CONTAGION)),
}
"""Each is fitted on counts of other roles and predicts those of one role."""


def _score(counts: Counts, chances: Float[np.ndarray, "first second third"]) -> dict[str, float]:
    """Mean log-likelihood of a triple in nats, and how often the likeliest emotion came."""
    hits = np.take_along_axis(counts, chances.argmax(-1)[..., None], -1).sum()
    total = counts.sum()
    return {"log_likelihood": float((counts * np.log(chances)).sum() / total), "top_1": float(hits / total)}


def _rounded(score: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in score.items()}


if __name__ == "__main__":
    main()
