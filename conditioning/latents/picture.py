"""Pictures: `python -m espressivo.conditioning.latents.picture RAVDESS --out FOLDER [--weights NAME or FOLDER]`.

`latents.png`: the three vectors of unseen speakers' clips, each coloured by what it should and should not tell.
`exchange.png`: a clip, the same said with another clip's vectors, and the real clip it should then sound like.
"""

import argparse
from pathlib import Path

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.latents.clips import Clip, read_clips
from espressivo.conditioning.latents.encoder import DEFAULT, PARTS, LatentEncoder
from espressivo.conditioning.latents.hearing import hear
from espressivo.conditioning.latents.material import SPEEDS, gather
from espressivo.conditioning.latents.measure import TASKS, chosen_encoder, unseen_clips
from espressivo.conditioning.latents.segments import parts_of
from espressivo.errors import MissingDependencyError

_BANDS = 40
_JITTER = 0.1
"""Of the vectors' spread: codes lie on top of each other otherwise."""


def main() -> None:
    """Read the arguments and draw."""
    parser = argparse.ArgumentParser(description="Draw vectors and exchanges.")
    parser.add_argument("data", type=Path, help="folder in the form of RAVDESS or EMO-DB")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--weights", default=DEFAULT, help="name of an encoder that ships, or a folder")
    arguments = parser.parse_args()
    encoder = chosen_encoder(arguments.weights)
    clips = unseen_clips(encoder, arguments.data)
    arguments.out.mkdir(parents=True, exist_ok=True)
    draw_vectors(encoder, clips, arguments.out / "latents.png")
    draw_exchange(encoder, clips, read_clips(arguments.data), arguments.out / "exchange.png")


def draw_vectors(encoder: LatentEncoder, clips: tuple[Clip, ...], path: Path) -> None:
    """Draw a grid: rows are vectors, columns what they are coloured by."""
    heard = [hear(clip.samples()) for clip in clips]
    vectors = encoder.vectors(np.array([h.voice for h in heard]), np.array([parts_of(h.phones) for h in heard]))
    figure = _figure(13, 12)
    axes = figure.subplots(3, 3)
    for row, (part, values) in enumerate(zip(PARTS, vectors, strict=True)):
        places = _flat(values)
        for column, task in enumerate(TASKS):
            labels = np.array([getattr(clip, task) for clip in clips])
            for name in np.unique(labels):
                axes[row, column].scatter(*places[labels == name].T, s=9, label=name.rsplit("/", 1)[-1])
            axes[row, column].set_title(f"{part} by {task}" + (" (should tell)" if row == column else ""))
            axes[row, column].set_xticks([])
            axes[row, column].set_yticks([])
            axes[row, column].legend(fontsize=7, ncols=2)
    figure.tight_layout()
    figure.savefig(path, dpi=80)


def draw_exchange(encoder: LatentEncoder, clips: tuple[Clip, ...], among: tuple[Clip, ...], path: Path) -> None:
    """Draw, for two speakers: neutral, the same with the emotion of the other's angry clip, and the own angry clip.

    `among` are the clips with which the encoder was trained, whose clock it knows.
    """
    pairs = [_neutral_and_angry(clips, speaker) for speaker in sorted({clip.speaker for clip in clips})[:2]]
    chosen = tuple(clip for pair in pairs for clip in pair)
    sound = gather(chosen, among=among, speeds=SPEEDS[:1])
    parts = np.array([parts_of(phones[:steps]) for phones, steps in zip(sound.phones, sound.steps, strict=True)])
    content, emotion, style = encoder.vectors(sound.voice[:, 0], parts)
    figure = _figure(15, 6)
    axes = figure.subplots(2, 4)
    for row, (calm, angry, other) in enumerate(((0, 1, 3), (2, 3, 1))):
        shown = {
            f"{clips_name(chosen[calm])}, neutral, real": sound.clock[calm],
            "decoded from its own vectors": encoder.say(content[calm], emotion[calm], style[calm]),
            f"with the anger of {clips_name(chosen[other])}": encoder.say(content[calm], emotion[other], style[calm]),
            f"{clips_name(chosen[angry])}, angry, real": sound.clock[angry],
        }
        for axis, (title, clock) in zip(axes[row], shown.items(), strict=True):
            axis.imshow(clock[:, :_BANDS].T, origin="lower", aspect="auto", vmin=-14, vmax=-2)
            axis.set_title(title, fontsize=9)
            axis.set_xlabel(f"clock; mean pitch {12 * np.nanmean(clock[:, _BANDS]):+.1f} semitones", fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=80)


def clips_name(clip: Clip) -> str:
    """Return who speaks, in short."""
    return f"speaker {clip.speaker.rsplit('/', 1)[-1]}"


def _neutral_and_angry(clips: tuple[Clip, ...], speaker: str) -> tuple[Clip, Clip]:
    def first(emotion: str, sentence: str | None = None) -> Clip:
        return next(
            clip
            for clip in clips
            if (clip.speaker, clip.emotion) == (speaker, emotion) and sentence in (None, clip.sentence)
        )

    calm = first("neutral")
    return calm, first("anger", calm.sentence)


def _flat(values: Float[np.ndarray, "clips n"]) -> Float[np.ndarray, "clips 2"]:
    """The two principal directions, a little shaken."""
    away = values - values.mean(axis=0)
    places = away @ np.linalg.svd(away, full_matrices=False)[2][:2].T
    return places + _JITTER * places.std() * np.random.default_rng(0).normal(size=places.shape)


def _figure(width: float, height: float):
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependencyError("Pictures of vectors need matplotlib; pip install matplotlib.") from error
    return Figure(figsize=(width, height))


if __name__ == "__main__":
    main()
