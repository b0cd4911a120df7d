"""Draw a bank: `python -m espressivo.conditioning.bank.picture --out FILE [--bank NAME]`.

Which emotions it holds to be alike, where the categories and their natural variants lie at three intensities (the two
directions in which the full emotions differ most), and which rows each attends to. Needs matplotlib, which is no
dependency of the product.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.bank.embedding import DEFAULT, EmotionEmbedding
from espressivo.conditioning.bank.states import LEVELS
from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.vocabulary import CATEGORIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {
    "neutral": "#8a8a8a",
    "happiness": "#d9a400",
    "sadness": "#3b6fb6",
    "surprise": "#e377c2",
    "fear": "#7b4ea3",
    "disgust": "#4d9a4d",
    "anger": "#cc3327",
    "contempt": "#8c6d5a",
    "calm": "#35a3a3",
    "boredom": "#5b6878",
}
_VARIANTS = 60
_LEAST_SHARE = 0.02
"""Rows that no category attends to more than this are left out."""


def main() -> None:
    """Read the arguments and draw."""
    parser = argparse.ArgumentParser(description="Draw a bank of emotions.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--bank", default=DEFAULT, help="a bank that ships, or a folder with one")
    arguments = parser.parse_args()
    draw(
        EmotionEmbedding.load(Path(arguments.bank) if Path(arguments.bank).is_dir() else arguments.bank), arguments.out
    )


def draw(bank: EmotionEmbedding, path: Path) -> None:
    """Draw the three parts into one picture."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 11), layout="constrained")
    grid = figure.add_gridspec(2, 2, height_ratios=(1.5, 1), width_ratios=(1, 1.25))
    _draw_kinship(figure.add_subplot(grid[0, 0]), bank)
    _draw_places(figure.add_subplot(grid[0, 1]), bank)
    _draw_attention(figure.add_subplot(grid[1, :]), bank)
    figure.suptitle(f"{bank.id}: {len(bank.rows)} rows of {bank.rows.shape[1]} numbers", fontsize=14)
    figure.savefig(path, dpi=110)


def _draw_kinship(axes: "Axes", bank: EmotionEmbedding) -> None:
    order = _by_kinship(bank.correlations())
    together = bank.correlations()[np.ix_(order, order)]
    image = axes.imshow(together, cmap="RdBu_r", vmin=-1, vmax=1)
    for (row, column), value in np.ndenumerate(together):
        colour = "white" if abs(value) > 0.6 else "black"
        axes.text(
            column,
            row,
            f"{value:.2f}".replace("-", "\N{MINUS SIGN}"),
            ha="center",
            va="center",
            color=colour,
            fontsize=8,
        )
    names = [CATEGORIES[index] for index in order]
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.figure.colorbar(image, ax=axes, shrink=0.75, label="cosine, less the mean of all")
    axes.set_title("Emotions that the bank holds to be alike")


def _draw_places(axes: "Axes", bank: EmotionEmbedding) -> None:
    full = np.vstack([bank.embed(EmotionState({name: 1.0})) for name in CATEGORIES])
    _, _, directions = np.linalg.svd(full - full.mean(axis=0))

    def flat(values: Float[np.ndarray, "n 128"]) -> Float[np.ndarray, "2 n"]:
        return ((values - bank.neutral) @ directions[:2].T).T

    for name in CATEGORIES[1:]:
        states = [EmotionState({name: 1.0}, level) for level in (0.0, *LEVELS)]
        for state in states[1:]:
            cloud = np.vstack([bank.sample(state, seed) for seed in range(_VARIANTS)])
            axes.scatter(*flat(cloud), s=5, color=COLOURS[name], alpha=0.12 + 0.2 * state.intensity, linewidths=0)
        way = flat(np.vstack([bank.embed(state) for state in states]))
        axes.plot(*way, color=COLOURS[name], marker="o", markersize=5, linewidth=1.5)
        axes.annotate(
            name,
            (way[0, -1], way[1, -1]),
            xytext=(5, 5),
            textcoords="offset points",
            weight="bold",
            color=COLOURS[name],
        )
    axes.plot(0, 0, "o", color=COLOURS["neutral"], markersize=9)
    axes.annotate(
        "neutral", (0, 0), xytext=(6, -12), textcoords="offset points", weight="bold", color=COLOURS["neutral"]
    )
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_xlabel("first direction")
    axes.set_ylabel("second direction")
    axes.set_title("Three intensities of each category, with variants from its Gaussian")


def _draw_attention(axes: "Axes", bank: EmotionEmbedding) -> None:
    order = _by_kinship(bank.correlations())
    shares = np.vstack([bank.attention(EmotionState({CATEGORIES[index]: 1.0})) for index in order])
    used = np.flatnonzero(shares.max(axis=0) > _LEAST_SHARE)
    used = used[np.argsort(shares[:, used].T @ np.arange(len(order)) / shares[:, used].sum(axis=0))]
    image = axes.imshow(shares[:, used], cmap="magma_r", vmin=0, aspect="auto")
    axes.set_yticks(range(len(order)), [CATEGORIES[index] for index in order])
    axes.set_xticks(range(len(used)), [str(row) for row in used], fontsize=8)
    axes.set_xlabel("row of the bank")
    axes.figure.colorbar(image, ax=axes, label="attention", pad=0.01)
    axes.set_title("Rows that each category attends to, at full intensity")


def _by_kinship(together: Float[np.ndarray, "categories categories"]) -> list[int]:
    """Order categories so that the alike stand side by side: from one to the most alike of those that are left."""
    order = [CATEGORIES.index("happiness")]
    while len(order) < len(together):
        left = [index for index in range(len(together)) if index not in order]
        order.append(max(left, key=lambda index: together[order[-1], index]))
    return order


if __name__ == "__main__":
    main()
