"""Moves every slider of a generator and measures what follows: `python -m espressivo.eval.control.study`.

Sliders are the intensity of each emotion and every `Gain` of the generator's request. Contents are the shipped lines
times seeds; while a gain moves, each of them shows a strong emotion, since many gains turn what an emotion does.
Attributes are divided by their standard deviation over a reference set: what the generator itself makes at default
settings for all contents and emotions (no corpus of real motion ships). So figures compare the sliders of one
generator, and versions of it, rather than systems with other reference sets.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import tyro
from jaxtyping import Float

from espressivo.conditioning.notation import parse_emotion
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.errors import InputError
from espressivo.eval.control.attributes import ATTRIBUTES, Aim, Content, KindAttributes
from espressivo.eval.control.gains import HIGHEST, LOWEST, find_gains, options_at
from espressivo.eval.control.results import SliderResult, StudyResult, markdown_table
from espressivo.eval.control.sliders import METRICS, measure_slider, sweep
from espressivo.eval.control.timeline import curve_lag
from espressivo.eval.metric import NotMeasured, Value
from espressivo.eval.shipped_lines import shipped_lines
from espressivo.generators.base import Generator
from espressivo.generators.registry import load_generator
from espressivo.progress import ProgressCallback, ProgressEvent, track

EMOTIONS = CATEGORIES[1:]
SEEDS = (0, 1, 2)
_SHOWN = ("happiness:0.8", "anger:0.8", "sadness:0.8", "surprise:0.8")
_REFERENCE_STRENGTH = 0.6
_TIMELINE = "@0 neutral @1 {0}:1 @2 neutral @3 {0}:1 @4 neutral"
_STAGE = "move sliders"


def default_contents(seeds: tuple[int, ...] = SEEDS) -> tuple[Content, ...]:
    """Return the shipped lines times seeds, with a strong emotion each."""
    return tuple(
        Content(f"{line.name}/{seed}", line.speech, _SHOWN[(number + seed) % len(_SHOWN)], seed)
        for number, line in enumerate(shipped_lines().values())
        for seed in seeds
    )


@dataclass(frozen=True)
class Slider:
    """One dial."""

    name: str
    """The emotion, or the path of the gain ("controls.jaw")."""
    values: Float[np.ndarray, "steps"]
    aim: Aim | None
    """None if it is not known what the dial is for."""
    path: tuple[str, ...] = ()
    """Where the gain is in the request; empty for the intensity of an emotion."""


@dataclass(frozen=True)
class SliderStudy:
    """All sliders of one generator on the same contents.

    Raises:
        InputError: nothing is known about the generator's kind.
    """

    generator: Generator
    contents: tuple[Content, ...] = field(default_factory=default_contents)

    def __post_init__(self) -> None:
        if self.generator.spec.kind not in ATTRIBUTES:
            known = ", ".join(ATTRIBUTES)
            raise InputError(
                f"'{self.generator.spec.name}' makes {self.generator.spec.kind}, whose sliders cannot be measured yet; "
                f"choose a generator of {known}."
            )

    @cached_property
    def sliders(self) -> tuple[Slider, ...]:
        """Intensities first, then gains in the order of the request."""
        kind = self._kind
        intensities = [Slider(emotion, sweep(0.0, 1.0), kind.emotion) for emotion in EMOTIONS]
        gains = [
            Slider(".".join(path), sweep(LOWEST, HIGHEST), kind.gains.get(path[-1]), path)
            for path in find_gains(self.generator.Request)
        ]
        return (*intensities, *gains)

    def run(self, progress: ProgressCallback | None = None) -> StudyResult:
        """Generate everything and measure it."""
        results = [self.measure(slider) for slider in track(self.sliders, _STAGE, len(self.sliders), progress)]
        return StudyResult(
            generator=self.generator.spec.name,
            contents=tuple(content.name for content in self.contents),
            sliders=tuple(results),
            neutral_at_zero=self.neutral_at_zero(),
            lags_ms={emotion: self.lag_ms(emotion) for emotion in EMOTIONS},
            stds=self._reference_stds,
        )

    def measure(self, slider: Slider) -> SliderResult:
        """Move one slider over all contents."""
        stds = self._reference_stds
        rows = [list(self._row(slider, content)) for content in self.contents]
        matrices = {name: np.array([[step[name] for step in row] for row in rows]) for name in self._kind.attributes}
        units = {name: attribute.unit for name, attribute in self._kind.attributes.items()}
        if slider.aim is None:
            unknown = NotMeasured("it is not known what the slider is for")
            values = {metric.name: unknown for metric in METRICS}
            return SliderResult(slider.name, slider.values, None, matrices, units, values, {})
        aim = slider.aim
        others = {name: matrix for name, matrix in matrices.items() if name not in (aim.target, *aim.parts)}
        values = measure_slider(slider.values, matrices[aim.target], stds[aim.target], others, stds)
        leaks = {name: float((matrix.std(axis=1) / stds[name]).mean()) for name, matrix in others.items() if stds[name]}
        return SliderResult(slider.name, slider.values, aim.target, matrices, units, values, leaks)

    def neutral_at_zero(self) -> float:
        """Return the share of emotions and contents whose intensity 0 is the neutral artefact to the bit."""
        arrays = self._kind.arrays
        same = [
            all(
                np.array_equal(one, other)
                for one, other in zip(
                    arrays(self._make(content, f"{emotion}:0")), arrays(self._neutrals[content.name]), strict=True
                )
            )
            for emotion in EMOTIONS
            for content in self.contents
        ]
        return float(np.mean(same))

    def lag_ms(self, emotion: str) -> Value:
        """Return how late the change follows a time line, mean over the contents on which it can be said."""
        lags = [self._lag_on(content, emotion) for content in self.contents]
        numbers = [float(lag) for lag in lags if not isinstance(lag, NotMeasured)]
        return float(np.mean(numbers)) if numbers else lags[0]

    @property
    def _kind(self) -> KindAttributes:
        return ATTRIBUTES[self.generator.spec.kind]

    def _make(self, content: Content, emotion: str, options: Mapping[str, Any] | None = None) -> Any:
        return self.generator.generate(self._kind.request(self.generator, content, emotion, options or {}))

    @cached_property
    def _neutrals(self) -> dict[str, Any]:
        """What each content looks like without emotion, at default settings."""
        return {content.name: self._make(content, "neutral") for content in self.contents}

    @cached_property
    def _reference_stds(self) -> dict[str, float]:
        rows = [
            self._describe(
                self._make(content, f"{emotion}:{_REFERENCE_STRENGTH}"), self._neutrals[content.name], content
            )
            for content in self.contents
            for emotion in CATEGORIES
        ]
        return {name: float(np.std([row[name] for row in rows])) for name in self._kind.attributes}

    def _describe(self, artefact: Any, neutral: Any, content: Content) -> dict[str, float]:
        return {
            name: attribute.measure(artefact, neutral, content) for name, attribute in self._kind.attributes.items()
        }

    def _row(self, slider: Slider, content: Content) -> Iterator[dict[str, float]]:
        """What the content becomes at each value of the slider."""
        for value in slider.values:
            if not slider.path:
                artefact, neutral = self._make(content, f"{slider.name}:{value:g}"), self._neutrals[content.name]
            else:
                options = options_at(slider.path, float(value))
                artefact = self._make(content, content.emotion, options)
                neutral = self._make(content, "neutral", options)
            yield self._describe(artefact, neutral, content)

    def _lag_on(self, content: Content, emotion: str) -> Value:
        text = _TIMELINE.format(emotion)
        measured = self._kind.change(self._make(content, text), self._neutrals[content.name])
        times_s = np.arange(len(measured)) / self._kind.fps
        strengths = parse_emotion(text).sample(times_s).strengths
        return curve_lag(times_s, strengths[:, CATEGORIES.index(emotion)], measured).value


def prepare_study(generator: str) -> SliderStudy:
    """Load a generator for a study of its sliders.

    Raises:
        InputError: no generator has this name, or nothing is known about the sliders of its kind.
    """
    return SliderStudy(load_generator(generator))


def main(generator: str = "parametric", out: Path | None = None, seeds: int = len(SEEDS)) -> None:
    """Study the sliders of a generator.

    Args:
        generator: its registered name.
        out: file for all numbers (JSON).
        seeds: how many variations of each line.
    """
    result = SliderStudy(load_generator(generator), default_contents(tuple(range(seeds)))).run(_print_progress)
    print(markdown_table(result))
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(result.record(), indent=1) + "\n", encoding="utf-8")


def _print_progress(event: ProgressEvent) -> None:
    left = "" if not event.eta_s else f", {event.eta_s:.0f} s left"
    print(
        f"\r{event.stage}: {event.fraction:4.0%}{left}     ", end="\n" if event.fraction == 1 else "", file=sys.stderr
    )


if __name__ == "__main__":
    tyro.cli(main)
