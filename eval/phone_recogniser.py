"""How well phones are heard without a transcript: visemes, lip closures and mouth opening on real speech.

`python -m espressivo.eval.phone_recogniser --realspeech DIR --emodb DIR --ravdess DIR` prints one JSON object. Each
folder is optional. Measured are the dev speakers of realspeech (machine-aligned labels), EMO-DB (German, hand labels)
and RAVDESS (machine-aligned, emotional); every method on the same clips, read out at 30 frames per second.
"""

import argparse
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.ndimage import uniform_filter1d

from espressivo.conditioning.phones.loop import PocketsphinxLoop
from espressivo.conditioning.phones_neural.corpus import DEV_SPEAKERS
from espressivo.conditioning.phones_neural.features import FRAME_RATE_HZ
from espressivo.conditioning.phones_neural.inventory import phone_frames
from espressivo.conditioning.phones_neural.network import PhoneNetwork
from espressivo.conditioning.phones_neural.recogniser import NeuralPhoneRecogniser
from espressivo.conditioning.speech import Phone, Speech
from espressivo.generators.face.visemes import DIPHTHONG_SPLIT, PHONE_TO_VISEME, VISEME, VISEMES, VOWELS

FPS = 30.0
_SILENCE, _BILABIAL = VISEME["sil"], VISEME["PP"]
# Mouth opening of each viseme, by vowel height and place of the consonant (design choice of the reference notes).
_OPENING = {
    **{"sil": 0.0, "PP": 0.0, "FF": 0.1, "TH": 0.2, "DD": 0.2, "kk": 0.25, "CH": 0.2, "SS": 0.1, "nn": 0.2, "RR": 0.25},
    **{"aa": 0.8, "E": 0.5, "I": 0.3, "O": 0.55, "U": 0.25},
}
_OPENINGS = np.array([_OPENING[name] for name in VISEMES])

Segments = Sequence[tuple[str, float, float]]


@dataclass(frozen=True, eq=False)
class Clip:
    """One recording with the visemes that its labels ask for."""

    speech: Speech
    visemes: Segments


@dataclass(frozen=True, eq=False)
class Reading:
    """What a method makes of a clip: a viseme (or none) and mouth openings at every frame."""

    visemes: Int[np.ndarray, " frames"] | None
    openings: dict[str, Float[np.ndarray, " frames"]]


Method = Callable[[Speech, Float[np.ndarray, " frames"]], Reading]


def main() -> None:
    """Read the arguments, measure and print."""
    parser = argparse.ArgumentParser(description="Measure phone recognition without transcript.")
    parser.add_argument("--realspeech", type=Path, help="folder with transcripts.csv, visemes.json and flac/")
    parser.add_argument("--emodb", type=Path, help="folder with phones.json and flac/")
    parser.add_argument("--ravdess", type=Path, help="folder with visemes_pocketsphinx.json and flac/")
    parser.add_argument("--weights", type=Path, help="folder of another network than the one that ships")
    parser.add_argument("--every", type=int, default=1, help="measure every n-th clip only")
    parser.add_argument("--pocketsphinx", action="store_true", help="measure its free phone loop on the same clips")
    arguments = parser.parse_args()
    methods: dict[str, Method] = {"neural": neural_method(arguments.weights), "energy": energy_method}
    if arguments.pocketsphinx:
        methods["pocketsphinx"] = pocketsphinx_method()
    readers = {"realspeech_dev": read_realspeech, "emodb": read_emodb, "ravdess": read_ravdess}
    folders = (arguments.realspeech, arguments.emodb, arguments.ravdess)
    report = {
        name: measure(list(reader(folder))[:: arguments.every], methods)
        for (name, reader), folder in zip(readers.items(), folders, strict=True)
        if folder is not None
    }
    print(json.dumps(report, indent=1))


def read_realspeech(folder: Path) -> Iterator[Clip]:
    """Yield the clips of the dev speakers."""
    visemes = json.loads((folder / "visemes.json").read_text(encoding="utf-8"))
    for clip, segments in visemes.items():
        if clip.split("-")[0].split("_")[0] in DEV_SPEAKERS:
            yield Clip(Speech.read(folder / "flac" / f"{clip}.flac"), segments)


def read_emodb(folder: Path) -> Iterator[Clip]:
    """Yield the clips with hand labels."""
    labels = json.loads((folder / "phones.json").read_text(encoding="utf-8"))
    for clip, rows in labels.items():
        yield Clip(Speech.read(folder / "flac" / f"{clip}.flac"), rows["visemes"])


def read_ravdess(folder: Path) -> Iterator[Clip]:
    """Yield the clips with machine-aligned labels."""
    visemes = json.loads((folder / "visemes_pocketsphinx.json").read_text(encoding="utf-8"))
    for clip, segments in visemes.items():
        yield Clip(Speech.read(folder / "flac" / f"{clip}.flac"), segments)


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
        return Reading(visemes_at(phones, times_s), openings)

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
        return Reading(visemes_at(phones, times_s), {"phones": _phone_opening(phones, times_s)})

    return read


def _phone_opening(phones: Sequence[Phone], times_s: Float[np.ndarray, " frames"]) -> Float[np.ndarray, " frames"]:
    """Return the opening that a line of phones asks for, smoothed over 50 ms."""
    grid = int(phones[-1].end_s * FRAME_RATE_HZ) + 1
    _, opening = phone_frames([(each.label, each.start_s, each.end_s) for each in phones], grid, FRAME_RATE_HZ)
    return np.interp(times_s, np.arange(grid) / FRAME_RATE_HZ, uniform_filter1d(opening, 5))


def visemes_at(phones: Iterable[Phone], times_s: Float[np.ndarray, " frames"]) -> Int[np.ndarray, " frames"]:
    """Return the viseme of each time; diphthongs are split, HH takes the next sound's, what no phone covers is sil."""
    segments: list[tuple[str, float, float]] = []
    following = "sil"
    for phone in reversed(tuple(phones)):
        first, *second = PHONE_TO_VISEME[phone.label] or (following,)
        turn_s = phone.start_s + (DIPHTHONG_SPLIT if second else 1.0) * (phone.end_s - phone.start_s)
        segments.append((first, phone.start_s, turn_s))
        segments += [(each, turn_s, phone.end_s) for each in second]
        following = first
    return _frames(segments, times_s)


def measure(clips: Sequence[Clip], methods: dict[str, Method]) -> dict[str, dict[str, float]]:
    """Return the figures of each method over all clips together (correlations also as the median clip's)."""
    times = [(np.arange(int(clip.speech.duration_s * FPS)) + 0.5) / FPS for clip in clips]
    wanted = [_frames(clip.visemes, times_s) for clip, times_s in zip(clips, times, strict=True)]
    figures: dict[str, dict[str, float]] = {"set": {"clips": len(clips), "frames": sum(map(len, times))}}
    for name, method in methods.items():
        readings = [method(clip.speech, times_s) for clip, times_s in zip(clips, times, strict=True)]
        figures[name] = _opening_figures(wanted, readings)
        shown = [reading.visemes for reading in readings if reading.visemes is not None]
        if shown:
            figures[name] |= _viseme_figures(wanted, shown) | _closure_figures(clips, wanted, shown)
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


def _closure_figures(clips: Sequence[Clip], wanted: list[np.ndarray], shown: list[np.ndarray]) -> dict[str, float]:
    """Return how often the lips close (one frame either side allowed) at P/B/M and, to compare, at vowels."""
    at_closures, at_vowels, right = [], [], []
    for clip, want, show in zip(clips, wanted, shown, strict=True):
        closed = _widened(show == _BILABIAL)
        for names, hits in ((("PP",), at_closures), (VOWELS, at_vowels)):
            for _, start_s, end_s in _merged(clip.visemes, frozenset(names)):
                first, last = int(np.ceil(start_s * FPS - 0.5)), int(np.ceil(end_s * FPS - 0.5))
                if first < len(want):
                    hits.append(closed[first : max(last, first + 1)].any())
        asked = _widened(want == _BILABIAL)
        edges = np.flatnonzero(np.diff((show == _BILABIAL).astype(np.int8), prepend=0, append=0))
        right += [asked[start:stop].any() for start, stop in edges.reshape(-1, 2)]
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
        figures[f"r_{name}"] = _correlation(want, curve)
        figures[f"r_{name}_speech"] = _correlation(want[speech], curve[speech])
        by_clip = [_correlation(w[w != _SILENCE], c[w != _SILENCE]) for w, c in zip(wanted, curves, strict=True)]
        figures[f"r_{name}_speech_clip"] = float(np.nanmedian(by_clip))
    return figures


def _correlation(visemes: Int[np.ndarray, " frames"], curve: Float[np.ndarray, " frames"]) -> float:
    """Return Pearson's r of `curve` with the opening of `visemes`, NaN where one of them does not move."""
    opening = _OPENINGS[visemes]
    if len(opening) < 2 or opening.std() == 0 or curve.std() == 0:
        return float("nan")
    return float(np.corrcoef(opening, curve)[0, 1])


def _frames(segments: Segments, times_s: Float[np.ndarray, " frames"]) -> Int[np.ndarray, " frames"]:
    index = np.full(len(times_s), _SILENCE)
    for name, start_s, end_s in segments:
        index[(times_s >= start_s) & (times_s < end_s)] = VISEME[name]
    return index


def _merged(segments: Segments, names: frozenset[str]) -> Iterator[tuple[str, float, float]]:
    """Yield the stretches of segments in `names`; those that touch and are alike are one (a closure and its burst)."""
    open_one: tuple[str, float, float] | None = None
    for name, start_s, end_s in segments:
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
    main()
