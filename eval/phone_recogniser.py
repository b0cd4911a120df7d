"""How well phones are heard without a transcript: visemes, lip closures and mouth opening on real speech.

`python -m espressivo.eval.phone_recogniser --corpora realspeech DIR emodb DIR ravdess DIR` prints one JSON object.
Measured are the dev speakers of realspeech (machine-aligned labels; the others were trained on), EMO-DB (German, hand
labels) and RAVDESS (machine-aligned, emotional); every method on the same clips, read out at 30 frames per second.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from jaxtyping import Bool, Float, Int
from scipy.ndimage import uniform_filter1d

from espressivo.conditioning.phones.loop import PocketsphinxLoop
from espressivo.conditioning.phones_neural.features import FRAME_RATE_HZ
from espressivo.conditioning.phones_neural.inventory import phone_frames
from espressivo.conditioning.phones_neural.network import PhoneNetwork
from espressivo.conditioning.phones_neural.recogniser import NeuralPhoneRecogniser
from espressivo.conditioning.prosody import runs
from espressivo.conditioning.speech import Phone, Speech
from espressivo.eval.corpora import Clip, read_corpora
from espressivo.eval.mouth_measures import OPENNESS, Interval, correlation
from espressivo.generators.face.articulation.segments import visemes_of
from espressivo.generators.face.visemes import VISEME, VISEMES, VOWELS

FPS = 30.0
_SILENCE, _BILABIAL = VISEME["sil"], VISEME["PP"]
_OPENNESS = np.array([OPENNESS[name] for name in VISEMES])


@dataclass(frozen=True, eq=False)
class Line:
    """A line of speech, and the visemes that its labels ask for."""

    speech: Speech
    visemes: Sequence[Interval]


@dataclass(frozen=True, eq=False)
class Reading:
    """What a method makes of a clip: a viseme (or none) and mouth openings at every frame."""

    visemes: Int[np.ndarray, " frames"] | None
    openings: dict[str, Float[np.ndarray, " frames"]]


Method = Callable[[Speech, Float[np.ndarray, " frames"]], Reading]


def main(corpora: dict[str, Path], weights: Path | None = None, every: int = 1, pocketsphinx: bool = False) -> None:
    """Measure phone recognition without transcript.

    Args:
        corpora: names and folders of realspeech, emodb and ravdess.
        weights: folder of another network than the one that ships.
        every: measure every n-th clip only.
        pocketsphinx: measure its free phone loop on the same clips.
    """
    methods: dict[str, Method] = {"neural": neural_method(weights), "energy": energy_method}
    if pocketsphinx:
        methods["pocketsphinx"] = pocketsphinx_method()
    report = {}
    for name, clips in read_corpora(corpora):
        unheard = [clip for clip in clips if name != "realspeech" or clip.part == "dev"]
        report[name] = measure([_line(clip) for clip in unheard[::every]], methods)
    print(json.dumps(report, indent=1))


def neural_method(weights: Path | None = None) -> Method:
    """Return the method that ships, or the same with other weights."""
    recogniser = NeuralPhoneRecogniser(None if weights is None else PhoneNetwork.load(weights))

    def read(speech: Speech, times_s: Float[np.ndarray, " frames"]) -> Reading:
        heard, scores = recogniser.hear(speech)
        phones = [each.phone for each in heard]
        grid_s = np.arange(len(scores.opening)) / FRAME_RATE_HZ
        openings = {
            "opening": np.interp(times_s, grid_s, scores.opening),
            "phones": _phone_opening(phones, times_s),
        }
        return Reading(viseme_frames(visemes_of(phones), times_s), openings)

    return read


def energy_method(speech: Speech, times_s: Float[np.ndarray, " frames"]) -> Reading:
    """Open the mouth with the level alone: log energy over the 25 dB below the clip's 95th percentile, smoothed.

    Range and smoothing (50 ms) are those that did best on these very sets, so that the baseline is not weak.
    """
    hop = 160
    padded = np.pad(speech.samples.astype(np.float64) ** 2, (200, 400))
    sums = np.cumsum(padded)
    starts = np.arange(0, len(speech.samples) + 1, hop)
    level_db = 10.0 * np.log10((sums[starts + 400] - sums[starts]) / 400 + 1e-10)
    share = np.clip(1.0 + (level_db - np.percentile(level_db, 95)) / 25.0, 0.0, 1.5)
    curve = uniform_filter1d(share, 5)
    return Reading(None, {"energy": np.interp(times_s, np.arange(len(curve)) / FRAME_RATE_HZ, curve)})


def pocketsphinx_method() -> Method:
    """Return the free loop over phones by pocketsphinx."""
    recogniser = PocketsphinxLoop()

    def read(speech: Speech, times_s: Float[np.ndarray, " frames"]) -> Reading:
        phones = recogniser.recognise(speech).phones
        return Reading(viseme_frames(visemes_of(phones), times_s), {"phones": _phone_opening(phones, times_s)})

    return read


def viseme_frames(visemes: Sequence[Interval], times_s: Float[np.ndarray, " frames"]) -> Int[np.ndarray, " frames"]:
    """Return which of `VISEMES` each time shows; silence outside all of `visemes`."""
    index = np.full(len(times_s), _SILENCE)
    for name, start_s, end_s in visemes:
        index[(times_s >= start_s) & (times_s < end_s)] = VISEME[name]
    return index


def measure(lines: Sequence[Line], methods: Mapping[str, Method]) -> dict[str, dict[str, float]]:
    """Return the figures of each method over all lines together (correlations also as the median line's)."""
    times = [(np.arange(int(line.speech.duration_s * FPS)) + 0.5) / FPS for line in lines]
    wanted = [viseme_frames(line.visemes, times_s) for line, times_s in zip(lines, times, strict=True)]
    figures: dict[str, dict[str, float]] = {"set": {"clips": len(lines), "frames": sum(map(len, times))}}
    for name, method in methods.items():
        readings = [method(line.speech, times_s) for line, times_s in zip(lines, times, strict=True)]
        figures[name] = _opening_figures(wanted, readings)
        shown = [reading.visemes for reading in readings if reading.visemes is not None]
        if shown:
            figures[name] |= _viseme_figures(wanted, shown) | _closure_figures(lines, wanted, shown)
    return {name: {key: round(value, 3) for key, value in row.items()} for name, row in figures.items()}


def _viseme_figures(wanted: list[np.ndarray], shown: list[np.ndarray]) -> dict[str, float]:
    want, show = np.concatenate(wanted), np.concatenate(shown)
    speech = want != _SILENCE
    near = np.concatenate([_near(w, s) for w, s in zip(wanted, shown, strict=True)])
    return {
        "accuracy": float((want == show).mean()),
        "accuracy_speech": float((want == show)[speech].mean()),
        "accuracy_speech_near": float(near[speech].mean()),
        "silence_recall": float((show == _SILENCE)[~speech].mean()) if (~speech).any() else float("nan"),
        "silence_on_speech": float((show == _SILENCE)[speech].mean()),
    }


def _closure_figures(lines: Sequence[Line], wanted: list[np.ndarray], shown: list[np.ndarray]) -> dict[str, float]:
    """Return how often the lips close (one frame either side allowed) at P/B/M and, to compare, at vowels."""
    at_closures, at_vowels, right = [], [], []
    for line, want, show in zip(lines, wanted, shown, strict=True):
        closed = _widened(show == _BILABIAL)
        for names, hits in ((("PP",), at_closures), (VOWELS, at_vowels)):
            for _, start_s, end_s in _merged(line.visemes, frozenset(names)):
                first, last = int(np.ceil(start_s * FPS - 0.5)), int(np.ceil(end_s * FPS - 0.5))
                if first < len(want):
                    hits.append(closed[first : max(last, first + 1)].any())
        asked = _widened(want == _BILABIAL)
        right += [asked[first:last].any() for first, last in runs(show == _BILABIAL)]
    return {
        "bilabial_recall": float(np.mean(at_closures)),
        "bilabial_at_vowels": float(np.mean(at_vowels)),
        "bilabial_precision": float(np.mean(right)) if right else float("nan"),
    }


def _opening_figures(wanted: list[np.ndarray], readings: list[Reading]) -> dict[str, float]:
    """Return correlations of mouth opening: over all frames, over all speech frames, and the median clip's of these."""
    want = np.concatenate(wanted)
    speech = want != _SILENCE
    figures = {}
    for name in readings[0].openings:
        curves = [reading.openings[name] for reading in readings]
        curve = np.concatenate(curves)
        figures[f"r_{name}"] = _opening_r(want, curve)
        figures[f"r_{name}_speech"] = _opening_r(want[speech], curve[speech])
        by_clip = [_opening_r(w[w != _SILENCE], c[w != _SILENCE]) for w, c in zip(wanted, curves, strict=True)]
        figures[f"r_{name}_speech_clip"] = float(np.nanmedian(by_clip))
    return figures


def _phone_opening(phones: Sequence[Phone], times_s: Float[np.ndarray, " frames"]) -> Float[np.ndarray, " frames"]:
    """Return the opening that a line of phones asks for, smoothed over 50 ms."""
    grid = int(phones[-1].end_s * FRAME_RATE_HZ) + 1
    _, opening = phone_frames([(each.label, each.start_s, each.end_s) for each in phones], grid, FRAME_RATE_HZ)
    return np.interp(times_s, np.arange(grid) / FRAME_RATE_HZ, uniform_filter1d(opening, 5))


def _opening_r(visemes: Int[np.ndarray, " frames"], curve: Float[np.ndarray, " frames"]) -> float:
    return correlation(_OPENNESS[visemes], curve)


def _line(clip: Clip) -> Line:
    return Line(Speech.read(clip.sound), clip.visemes)


def _merged(visemes: Sequence[Interval], names: frozenset[str]) -> Iterator[Interval]:
    """Yield the stretches of visemes in `names`; those that touch and are alike are one (a closure and its burst)."""
    open_one: Interval | None = None
    for name, start_s, end_s in visemes:
        if open_one and name == open_one[0] and start_s - open_one[2] < 1e-3:
            open_one = (name, open_one[1], end_s)
            continue
        if open_one:
            yield open_one
        open_one = (name, start_s, end_s) if name in names else None
    if open_one:
        yield open_one


def _widened(flags: Bool[np.ndarray, " frames"]) -> Bool[np.ndarray, " frames"]:
    return np.convolve(flags, [1, 1, 1], mode="same") > 0


def _near(want: Int[np.ndarray, " frames"], show: Int[np.ndarray, " frames"]) -> Bool[np.ndarray, " frames"]:
    """Return where what is shown is wanted at the frame or one beside it."""
    padded = np.pad(want, 1, mode="edge")
    return (padded[:-2] == show) | (want == show) | (padded[2:] == show)


if __name__ == "__main__":
    tyro.cli(main)
