"""A picture of what a face expressed: `python -m espressivo.conditioning.face_emotion.picture VIDEO --out FILE.png`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from espressivo.conditioning.auto import track_of
from espressivo.conditioning.face_emotion.recogniser import READINGS_HZ, recognise_video
from espressivo.conditioning.recognition import RecognisedEmotion
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.media.video import probe, read_video_frames

_COLOURS = {
    "neutral": "#cccccc",
    "happiness": "#f2b705",
    "sadness": "#3b6db5",
    "surprise": "#e58536",
    "fear": "#8e5ea8",
    "disgust": "#5b9a50",
    "anger": "#d03a34",
}
_THUMBNAILS = 8


def main() -> None:
    """Read the command line and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    found = recognise_video(arguments.video)
    facts = probe(arguments.video)
    pictures = list(read_video_frames(arguments.video, max(1, round(facts.fps / READINGS_HZ))))
    chosen = np.linspace(0, len(pictures) - 1, _THUMBNAILS).astype(int)
    draw(found, [pictures[number] for number in chosen], arguments.out)


def draw(found: RecognisedEmotion, pictures: Sequence[UInt8[np.ndarray, "h w 3"]], path: Path) -> None:
    """Draw pictures of a clip in their order, what was recognised in it, and the track that is made of that.

    Raises:
        ModuleNotFoundError: matplotlib is not installed (extra `evaluate`).
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 7), layout="constrained")
    grid = figure.add_gridspec(3, len(pictures), height_ratios=[1.0, 1.6, 1.2])
    for column, picture in enumerate(pictures):
        axes = figure.add_subplot(grid[0, column])
        axes.imshow(picture)
        axes.axis("off")
    shares, places = figure.add_subplot(grid[1, :]), figure.add_subplot(grid[2, :])
    known = [number for number, name in enumerate(CATEGORIES) if name in _COLOURS]
    shares.stackplot(
        found.times_s,
        found.posterior[:, known].T,
        labels=[CATEGORIES[number] for number in known],
        colors=[_COLOURS[CATEGORIES[number]] for number in known],
    )
    shares.set(ylabel="probability", ylim=(0, 1), xlim=(found.times_s[0], found.times_s[-1]))
    shares.legend(ncols=len(known), loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    curves = track_of(found).sample(found.times_s)
    for axis, name in enumerate(("valence", "arousal", "dominance")):
        places.plot(found.times_s, curves.vad[:, axis], label=name)
    places.set(ylabel="track", xlabel="seconds", ylim=(-1, 1), xlim=(found.times_s[0], found.times_s[-1]))
    places.axhline(0, color="#cccccc", linewidth=0.8, zorder=0)
    places.legend(ncols=3, frameon=False, loc="upper right")
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    main()
