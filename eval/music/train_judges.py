"""Fit both judges of music and measure them: `python -m espressivo.eval.music.train_judges DATA_DIR --out DIR`.

`labelled` says what DATA_DIR holds. DIR receives a folder with `config.json` and `model.safetensors` for each judge,
and `ceilings.json` with what both are worth on real music. EMOPIA is CC BY-NC-SA 4.0, and VGMIDI comes without a
licence: both judges are for research, and EMOPIA's is under that set's licence.

Every figure is on music that the judge was not fitted on: EMOPIA five-fold by song and on the official validation part
(the judge that ships knows the training part only), VGMIDI five-fold by piece and by game (the judge that ships knows
all of its pieces), and each on the other's music. How strongly to regularise is decided on folds of the training part.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from safetensors.numpy import save
from scipy.special import ndtr

from espressivo.eval.emotion.calibration import expected_calibration_error
from espressivo.eval.metric import NotMeasured, Pooled
from espressivo.eval.music.features import FEATURES, features
from espressivo.eval.music.fitting import (
    Folds,
    Kernel,
    best_kernel,
    best_penalty,
    fit_quadrants,
    fit_regression,
    grouped_folds,
    plain_folds,
    unseen_quadrants,
    unseen_regression,
)
from espressivo.eval.music.judges import EMOPIA, QUADRANTS, VGMIDI, quadrant_of, quadrants_of_signs, signed_halves
from espressivo.eval.music.labelled import read_emopia, read_vgmidi
from espressivo.eval.music.models import KernelRegression, SoftmaxRegression
from espressivo.eval.statistics.agreement import cohen_kappa, spearman
from espressivo.eval.statistics.bootstrap import RESAMPLES, Interval, estimate
from espressivo.media.notes import Notes

_TARGETS = ("valence", "arousal")
_VALIDATION = "EMOPIA, official validation part"


@dataclass(frozen=True, eq=False)
class _Truth:
    """Labelled music, as far as figures need it."""

    name: str
    rows: Float[np.ndarray, "n features"]
    valence_arousal: Float[np.ndarray, "n 2"]
    """Of EMOPIA only the signs are known."""
    units: tuple[str, ...]
    """What is drawn in the bootstrap: the song or the piece of each row."""

    @property
    def quadrant(self) -> Int[np.ndarray, "n"]:
        """Places in `QUADRANTS`."""
        found = [quadrant_of(*pair) for pair in self.valence_arousal]
        return np.array([QUADRANTS.index(name) if name else -1 for name in found])

    def part(self, name: str, places: Int[np.ndarray, "m"]) -> "_Truth":
        """Return the rows at `places`."""
        units = tuple(self.units[place] for place in places)
        return _Truth(name, self.rows[places], self.valence_arousal[places], units)


@dataclass(frozen=True, eq=False)
class _Opinion:
    """What a judge says about every row of labelled music."""

    judge: str
    fitted_on: str
    probabilities: Float[np.ndarray, "n 4"]
    valence_arousal: Float[np.ndarray, "n 2"]

    def part(self, places: Int[np.ndarray, "m"]) -> "_Opinion":
        """Return the opinions at `places`."""
        return _Opinion(self.judge, self.fitted_on, self.probabilities[places], self.valence_arousal[places])


def main() -> None:
    """Read the arguments, fit, measure and write."""
    parser = argparse.ArgumentParser(description="Fit and measure the judges of music.")
    parser.add_argument("data", type=Path, help="folder with the archives and tables of EMOPIA and VGMIDI")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    report = train(arguments.data, arguments.out)
    for row in report["judges"]:
        print(json.dumps({name: value for name, value in row.items() if name != "confusion"}))


def train(data: Path, out: Path) -> dict[str, Any]:
    """Fit both judges on the music in `data`, write them and their figures to `out`, and return the figures.

    Raises:
        InputError: `data` lacks a file.
    """
    clips, pieces = read_emopia(data), read_vgmidi(data)
    signs = signed_halves(np.eye(4))[clips.quadrant]
    emopia = _Truth("EMOPIA, all clips", _rows(clips.notes), signs, clips.song)
    numbers = tuple(str(number) for number in range(len(pieces.notes)))
    vgmidi = _Truth("VGMIDI, all pieces", _rows(pieces.notes), pieces.valence_arousal, numbers)

    training = emopia.part("EMOPIA, training part", np.flatnonzero(clips.in_training))
    penalty = best_penalty(training.rows, training.quadrant, grouped_folds(training.units))
    softmax = fit_quadrants(training.rows, training.quadrant, penalty)
    chosen = [best_kernel(vgmidi.rows, felt, grouped_folds(pieces.game)) for felt in vgmidi.valence_arousal.T]
    valence, arousal = (
        fit_regression(vgmidi.rows, felt, kernel, error)
        for felt, (kernel, error) in zip(vgmidi.valence_arousal.T, chosen, strict=True)
    )
    _save_quadrant_judge(softmax, penalty, out / EMOPIA)
    _save_valence_arousal_judge(valence, arousal, [kernel for kernel, _ in chosen], out / VGMIDI)

    by_song = unseen_quadrants(emopia.rows, emopia.quadrant, penalty, grouped_folds(emopia.units))
    songs = _Opinion(EMOPIA, "the other folds, five by song", by_song, signed_halves(by_song))
    by_game = _unseen_opinion(vgmidi, chosen, grouped_folds(pieces.game), "the other folds, five by game")
    by_piece = _unseen_opinion(vgmidi, chosen, plain_folds(len(vgmidi.units)), "the other folds, five by piece")
    softmax_on = {truth.name: _softmax_opinion(softmax, truth) for truth in (emopia, vgmidi)}
    foreign = _regression_opinion(valence, arousal, emopia)
    held_out = np.flatnonzero(~clips.in_training)
    report = {
        "measured_with": "python -m espressivo.eval.music.train_judges DATA_DIR --out DIR",
        "intervals": f"95 %, {RESAMPLES} bootstrap resamples of songs (EMOPIA) or pieces (VGMIDI)",
        "labels": list(QUADRANTS),
        "judges": [
            _figures(emopia, songs),
            _figures(emopia.part(_VALIDATION, held_out), softmax_on[emopia.name].part(held_out)),
            _figures(vgmidi, by_game),
            _figures(vgmidi, by_piece),
            _figures(vgmidi, softmax_on[vgmidi.name]),
            _figures(emopia, foreign),
        ],
        "agreement": [_agreement(emopia, songs, foreign), _agreement(vgmidi, softmax_on[vgmidi.name], by_game)],
    }
    (out / "ceilings.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return report


def _rows(pieces: Sequence[Notes]) -> Float[np.ndarray, "n features"]:
    return np.stack([features(notes) for notes in pieces])


def _softmax_opinion(model: SoftmaxRegression, truth: _Truth) -> _Opinion:
    probabilities = model.probabilities(truth.rows)
    return _Opinion(EMOPIA, "EMOPIA, training part", probabilities, signed_halves(probabilities))


def _regression_opinion(valence: KernelRegression, arousal: KernelRegression, truth: _Truth) -> _Opinion:
    felt = np.stack([valence.predict(truth.rows), arousal.predict(truth.rows)], axis=1)
    return _felt_opinion(felt, (valence.error, arousal.error), "VGMIDI, all pieces")


def _unseen_opinion(truth: _Truth, chosen: Sequence[tuple[Kernel, float]], folds: Folds, fitted_on: str) -> _Opinion:
    felt = [
        unseen_regression(truth.rows, column, kernel, folds)
        for column, (kernel, _) in zip(truth.valence_arousal.T, chosen, strict=True)
    ]
    return _felt_opinion(np.stack(felt, axis=1), [error for _, error in chosen], fitted_on)


def _felt_opinion(felt: Float[np.ndarray, "n 2"], errors: Sequence[float], fitted_on: str) -> _Opinion:
    sure = ndtr(felt / np.asarray(errors))
    return _Opinion(VGMIDI, fitted_on, np.stack([quadrants_of_signs(*pair) for pair in sure]), felt)


def _figures(truth: _Truth, opinion: _Opinion) -> dict[str, Any]:
    """Return accuracies with intervals, rank and linear correlations, and confusion counts."""
    places = truth.quadrant
    verdicts = opinion.probabilities.argmax(axis=1)
    counts = np.zeros((4, 4), int)
    known = places >= 0
    np.add.at(counts, (places[known], verdicts[known]), 1)
    row: dict[str, Any] = {
        "judge": opinion.judge,
        "fitted_on": opinion.fitted_on,
        "data": truth.name,
        "pieces": len(places),
        "quadrant": _share(verdicts == places, truth.units),
        "majority": _rounded(float(counts.sum(axis=1).max() / counts.sum())),
        "calibration_error": _rounded(expected_calibration_error(opinion.probabilities[known], places[known])),
    }
    for column, target in enumerate(_TARGETS):
        asked, said = truth.valence_arousal[:, column], opinion.valence_arousal[:, column]
        row[target] = _share((said > 0) == (asked > 0), truth.units) | {
            **_rank_correlation(asked, said),
            "pearson": _rounded(float(np.corrcoef(asked, said)[0, 1])),
        }
    return row | {"confusion": counts.tolist()}


def _share(hits: Bool[np.ndarray, "n"], units: Sequence[str]) -> dict[str, Any]:
    """Return the share of hits, and its interval when whole songs are drawn."""
    _, unit = np.unique(np.asarray(units), return_inverse=True)
    parts = [Pooled(right, size) for right, size in zip(np.bincount(unit, hits), np.bincount(unit), strict=True)]
    found = estimate(parts)
    assert not isinstance(found, NotMeasured)  # every part is a number
    return {"accuracy": _rounded(found.value), "interval_95": _interval(found.interval)}


def _rank_correlation(asked: Float[np.ndarray, "n"], said: Float[np.ndarray, "n"]) -> dict[str, Any]:
    found = spearman(asked.tolist(), said.tolist())
    if isinstance(found, NotMeasured):
        return {"spearman": None, "spearman_interval_95": None}
    return {"spearman": _rounded(found.rho), "spearman_interval_95": _interval(found.interval)}


def _interval(bounds: Interval | None) -> list[float] | None:
    return [_rounded(bound) for bound in bounds] if bounds else None


def _rounded(number: float) -> float:
    return round(float(number), 3)


def _agreement(truth: _Truth, one: _Opinion, other: _Opinion) -> dict[str, Any]:
    verdicts = [opinion.probabilities.argmax(axis=1) for opinion in (one, other)]
    signs = [opinion.valence_arousal > 0 for opinion in (one, other)]
    both = verdicts[0] == verdicts[1]
    return {
        "data": truth.name,
        "same_quadrant": _rounded(float(both.mean())),
        "kappa_quadrant": _rounded(_kappa(*verdicts)),
        "kappa_valence": _rounded(_kappa(signs[0][:, 0], signs[1][:, 0])),
        "kappa_arousal": _rounded(_kappa(signs[0][:, 1], signs[1][:, 1])),
        "accuracy_where_agreed": _rounded(float((verdicts[0] == truth.quadrant)[both].mean())),
    }


def _kappa(one: Int[np.ndarray, "n"], other: Int[np.ndarray, "n"]) -> float:
    return cohen_kappa([str(verdict) for verdict in one], [str(verdict) for verdict in other])


def _save_quadrant_judge(model: SoftmaxRegression, penalty: float, folder: Path) -> None:
    tensors = {
        "mean": model.standard.mean,
        "deviation": model.standard.deviation,
        "weights": model.weights,
        "bias": model.bias,
    }
    config = {"id": EMOPIA, "labels": list(QUADRANTS), "penalty": penalty, "features": list(FEATURES)}
    _save(folder, tensors, config)


def _save_valence_arousal_judge(
    valence: KernelRegression, arousal: KernelRegression, kernels: Sequence[Kernel], folder: Path
) -> None:
    tensors = {"mean": valence.standard.mean, "deviation": valence.standard.deviation}
    config: dict[str, Any] = {"id": VGMIDI, "features": list(FEATURES)}
    for target, model, kernel in zip(_TARGETS, (valence, arousal), kernels, strict=True):
        tensors |= {f"{target}.pieces": model.pieces, f"{target}.weights": model.weights}
        config[target] = {"bias": model.bias, "gamma": model.gamma, "error": model.error}
        config[f"{target}_fit"] = asdict(kernel)
    _save(folder, tensors, config)


def _save(folder: Path, tensors: dict[str, Float[np.ndarray, "..."]], config: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    single = {name: np.ascontiguousarray(tensor, np.float32) for name, tensor in tensors.items()}
    (folder / "model.safetensors").write_bytes(save(single))
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
