"""What a release benchmark is: lines × emotions × intensities × seeds, read from TOML and spread out into cases.

The definitions that ship are in `eval/benchmarks`. A case says what is generated; whoever runs the benchmark makes the
takes and hands them to the evaluation.
"""

import difflib
import re
import tomllib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from espressivo.conditioning.notation import parse_emotion
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.errors import EspressivoError, InputError
from espressivo.eval.metric import Dimension
from espressivo.eval.shipped_lines import shipped_lines
from espressivo.generators.face.rig import list_identities
from espressivo.inputmodel import InputModel

_FOLDER = Path(__file__).resolve().parent / "benchmarks"
_EMOTIONS = CATEGORIES[1:]

Intensity = Annotated[float, Field(gt=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Format = Literal["mp4", "glb", "csv", "npz", "a2f"]


@dataclass(frozen=True)
class BenchmarkCase:
    """One take of a benchmark."""

    id: str
    """Made of what the take is, so that it stays the same when a definition grows; letters, digits and hyphens."""
    line: str
    """Name of a shipped line."""
    identity: str
    seed: int
    emotion: str
    """In the command line's notation."""
    asked_emotion: str
    """Canonical category; of a time line, its strongest."""
    asked_intensity: float | None
    """None for a time line."""
    neutral_id: str
    """The neutral case of the same line, head and seed; the case's own id if it is that one."""


class BenchmarkDefinition(InputModel):
    """Which takes a benchmark makes, and what is measured on them.

    Raises:
        InputError: a value that does not fit; one sentence says which and what would do.
    """

    name: str = Field(pattern="^[a-z0-9][a-z0-9-]*$")
    """Lower case, digits and hyphens."""
    summary: str = ""
    """One line about it."""
    kind: Literal["face"] = "face"
    """Kind of generator."""
    lines: tuple[str, ...]
    """Names of shipped lines, with the transcripts that ship."""
    emotions: tuple[str, ...]
    """Canonical categories but neutral, whose takes are always made: one per line, head and seed."""
    intensities: tuple[Intensity, ...] = (1.0,)
    """Each above 0: the neutral takes are 0."""
    timelines: tuple[str, ...] = ()
    """Emotions that change, in the command line's notation, each made on every line."""
    seeds: tuple[Seed, ...] = (0,)
    identities: tuple[str, ...] = ("default",)
    """Heads. They take turns over lines and seeds, so that heads vary at no cost and a line keeps its head."""
    formats: tuple[Format, ...] = ("mp4", "npz")
    """What each take exports."""
    fps: float = Field(default=25.0, ge=5, le=120)
    size: int = Field(default=512, ge=64, le=2048, multiple_of=2)
    """Width and height in pixels."""
    dimensions: tuple[Dimension, ...] = ("lip sync", "emotion", "face", "quality", "identity")
    """Tables of the report that are measured."""

    @model_validator(mode="before")
    @classmethod
    def _lists_hold_something(cls, values: Any) -> Any:
        optional = {"timelines"}
        for name, value in values.items() if isinstance(values, dict) else ():
            if isinstance(value, list | tuple) and not value and name not in optional:
                raise InputError(f"{name} is empty; give at least one entry.")
            if isinstance(value, list | tuple) and (twice := _first_repeated(value)) is not None:
                raise InputError(f"{name} holds {twice!r} twice; a clip that counts twice narrows every interval.")
        return values

    @field_validator("lines")
    @classmethod
    def _lines_ship(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _among(names, shipped_lines(), "line that ships")

    @field_validator("emotions")
    @classmethod
    def _emotions_are_categories(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if "neutral" in names:
            raise InputError("emotions holds neutral, whose takes are made anyway; leave it out.")
        return _among(names, _EMOTIONS, "emotion category")

    @field_validator("identities")
    @classmethod
    def _heads_ship(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _among(names, list_identities(), "head")

    @field_validator("timelines")
    @classmethod
    def _timelines_can_be_read(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            _strongest(text)
        return texts

    @model_validator(mode="after")
    def _cases_have_names_of_their_own(self) -> Self:
        if (twice := _first_repeated([case.id for case in self._spread()])) is not None:
            raise InputError(f"Two takes would be called {twice}; keep intensities at least 0.01 apart.")
        return self

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """Read a definition from TOML."""
        try:
            return cls(**tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"The benchmark is no valid TOML: {error}.") from None

    def cases(self) -> tuple[BenchmarkCase, ...]:
        """Return every take, each content's neutral one first."""
        return tuple(self._spread())

    def _spread(self) -> Iterator[BenchmarkCase]:
        for line_number, line in enumerate(self.lines):
            for seed_number, seed in enumerate(self.seeds):
                identity = self.identities[(line_number + seed_number) % len(self.identities)]
                content = f"{line}-{identity}-s{seed}"
                neutral_id = f"{content}-neutral"
                yield BenchmarkCase(neutral_id, line, identity, seed, "neutral", "neutral", 0.0, neutral_id)
                for emotion in self.emotions:
                    for intensity in self.intensities:
                        case_id = f"{content}-{emotion}-{round(intensity * 100):03d}"
                        text = f"{emotion}:{intensity:g}"
                        yield BenchmarkCase(case_id, line, identity, seed, text, emotion, intensity, neutral_id)
                for text in self.timelines:
                    case_id = f"{content}-{_slug(text)}"
                    yield BenchmarkCase(case_id, line, identity, seed, text, _strongest(text), None, neutral_id)


def list_benchmarks() -> tuple[str, ...]:
    """Return the names of the definitions that ship."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def load_benchmark(name: str | Path) -> BenchmarkDefinition:
    """Load a definition that ships, by name, or one's own `.toml` file.

    Raises:
        InputError: there is no such definition, or it holds a value that does not fit.
    """
    path = Path(name)
    if path.suffix != ".toml":
        _among((str(name),), list_benchmarks(), "benchmark that ships")
        path = _FOLDER / f"{name}.toml"
    try:
        return BenchmarkDefinition.from_toml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); give a benchmark's name or file.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not text in UTF-8; save it as UTF-8.") from None
    except EspressivoError as error:
        raise InputError(f"{path}: {error}") from None


def _among(names: tuple[str, ...], known: Collection[str], what: str) -> tuple[str, ...]:
    """Return `names`, each of which must be known."""
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}."
            raise InputError(f"'{name}' is no {what}; {hint}")
    return names


def _first_repeated(values: Sequence[Any]) -> Any | None:
    return next((value for index, value in enumerate(values) if value in values[:index]), None)


def _strongest(text: str) -> str:
    """The category that a time line shows most strongly at any of its keyframes."""
    peaks = [keyframe.state.strengths() for keyframe in parse_emotion(text).keyframes]
    strengths = [max(column) for column in zip(*peaks, strict=True)]
    return CATEGORIES[strengths.index(max(strengths))]


def _slug(text: str) -> str:
    return re.sub("[^a-z0-9.]+", "-", text.lower()).strip("-")
