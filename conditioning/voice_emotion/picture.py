"""Draw what was heard: `python -m espressivo.conditioning.voice_emotion.picture [ACTED=]CLIP... --out FILE.png`.

Of each clip: the waveform, the strengths of the track's emotions one above the other with its keyframes, and the
track's valence, arousal and dominance. Needs matplotlib, which is no dependency of the product.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from espressivo.conditioning.auto import track_of
from espressivo.conditioning.auto_dials import AutoEmotion
from espressivo.conditioning.speech import SAMPLE_RATE_HZ, Speech
from espressivo.conditioning.track import EmotionTrack
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.conditioning.voice_emotion.recogniser import DEFAULT, VoiceRecogniser, load_recogniser

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {
    "neutral": "#b8b8b8",
    "happiness": "#e6b800",
    "sadness": "#3b6fb6",
    "surprise": "#e377c2",
    "fear": "#7b4ea3",
    "disgust": "#4d9a4d",
    "anger": "#cc3327",
    "contempt": "#8c6d5a",
    "calm": "#59b8b8",
    "boredom": "#6e7b8b",
}
_AXES = {"valence": ("#1b7837", "-"), "arousal": ("#d95f02", "-"), "dominance": ("#404040", "--")}
_PICTURE_RATE_HZ = 50
_SLIGHT = 0.15
"""A mean strength below this reads as neutral."""


@dataclass(frozen=True)
class Line:
    """One recording to draw."""

    name: str
    speech: Speech
    acted: str = ""
    """What the speaker was asked for, if known."""


def main() -> None:
    """Read the arguments and draw."""
    parser = argparse.ArgumentParser(description="Draw the emotion that is heard in recordings.")
    parser.add_argument("clips", nargs="+", help="recordings; anger=FILE says what was acted")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--weights", default=DEFAULT, help="name of a recogniser that ships, or a folder with one")
    arguments = parser.parse_args()
    folder = Path(arguments.weights)
    recogniser = VoiceRecogniser.load(folder) if folder.is_dir() else load_recogniser(arguments.weights)
    draw([_line(clip) for clip in arguments.clips], recogniser).savefig(arguments.out, dpi=90)


def draw(lines: Sequence[Line], recogniser: VoiceRecogniser, auto: AutoEmotion | None = None) -> "Figure":
    """Draw one column for each recording."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.4 * len(lines), 6.2), layout="constrained")
    columns = figure.subplots(3, len(lines), squeeze=False, sharex="col", sharey="row", height_ratios=(1, 1.7, 1.3)).T
    for line, axes in zip(lines, columns, strict=True):
        track = track_of(recogniser.recognise(line.speech), auto)
        _draw_waveform(axes[0], line, heard(track, line.speech.duration_s))
        _draw_strengths(axes[1], track, line.speech.duration_s)
        _draw_vad(axes[2], track, line.speech.duration_s)
    for axis, label in zip(columns[0], ("sound", "strength", "from neutral"), strict=True):
        axis.set_ylabel(label)
    entries = {}
    for axis in columns.T.ravel():
        handles, labels = axis.get_legend_handles_labels()
        entries.update(zip(labels, handles, strict=True))
    figure.legend(list(entries.values()), list(entries), loc="outside lower center", ncols=len(entries), frameon=False)
    return figure


def heard(track: EmotionTrack, duration_s: float) -> tuple[str, float]:
    """Return the emotion that is strongest over a whole track and its mean strength; neutral where it is slight."""
    strengths = track.sample(_moments(duration_s)).strengths.mean(axis=0)
    if strengths.sum() < _SLIGHT:
        return "neutral", float(strengths.sum())
    return CATEGORIES[int(strengths.argmax())], float(strengths.max())


def _line(argument: str) -> Line:
    acted, _, path = argument.rpartition("=")
    return Line(Path(path).stem, Speech.read(Path(path)), acted)


def _moments(duration_s: float) -> np.ndarray:
    return np.arange(0.0, duration_s, 1.0 / _PICTURE_RATE_HZ)


def _draw_waveform(axis: "Axes", line: Line, found: tuple[str, float]) -> None:
    samples = line.speech.samples
    axis.plot(np.arange(len(samples)) / SAMPLE_RATE_HZ, samples / max(1e-6, np.abs(samples).max()), "0.55", lw=0.3)
    acted = f"acted: {line.acted}\n" if line.acted else ""
    axis.set_title(f"{line.name}\n{acted}heard: {found[0]}, mean strength {found[1]:.2f}", fontsize=9)
    axis.set_yticks([])


def _draw_strengths(axis: "Axes", track: EmotionTrack, duration_s: float) -> None:
    moments = _moments(duration_s)
    strengths = track.sample(moments).strengths
    present = [place for place in range(1, len(CATEGORIES)) if strengths[:, place].any()]
    names = [CATEGORIES[place] for place in present]
    if names:
        colours = [COLOURS[name] for name in names]
        axis.stackplot(moments, strengths[:, present].T, labels=names, colors=colours, alpha=0.85)
    shown = [keyframe.t_s for keyframe in track.keyframes]
    axis.plot(shown, np.zeros(len(shown)), "k^", ms=5, clip_on=False, label="keyframe")
    axis.set_ylim(0, 1)


def _draw_vad(axis: "Axes", track: EmotionTrack, duration_s: float) -> None:
    moments = _moments(duration_s)
    for curve, (name, (colour, dashes)) in zip(track.sample(moments).vad.T, _AXES.items(), strict=True):
        axis.plot(moments, curve, dashes, color=colour, label=name)
    axis.axhline(0.0, color="0.8", lw=0.8, zorder=0)
    axis.set_ylim(-1.05, 1.05)
    axis.set_xlabel("seconds")


if __name__ == "__main__":
    main()
