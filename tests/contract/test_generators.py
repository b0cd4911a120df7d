"""The contract that every registered generator keeps, checked on what it generates."""

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.errors import Cancelled, EspressivoError, InputError, MissingDependencyError
from espressivo.generators import registry
from espressivo.generators.base import Generator, GeneratorSpec, Kind
from espressivo.generators.registry import generator_class, list_generators, load_generator
from espressivo.progress import ProgressEvent
from tests.contract.probes import PROBES, Probe

LISTINGS = list_generators()
READY = [listing for listing in LISTINGS if listing.ready]
NAMES = [listing.name for listing in READY]
BROUGHT = [listing.name for listing in LISTINGS if listing.spec and listing.spec.needs_checkpoint]
"""Those without weights of their own: what they make is tested with small networks, in tests of their own."""
FRAMED = [listing.name for listing in READY if listing.spec and PROBES[listing.spec.kind].features is not None]
EMOTIONS = [category for category in CATEGORIES if category != "neutral"]
LEVELS = (0.0, 0.25, 0.5, 0.75, 1.0)
MIXES = (("happiness", "surprise"), ("anger", "disgust"), ("happiness", "sadness"))
MAX_LAG_S = 0.2


@pytest.fixture(scope="module", params=NAMES)
def generator(request: pytest.FixtureRequest) -> Generator:
    return load_generator(request.param)


@pytest.fixture(scope="module", params=FRAMED)
def framed(request: pytest.FixtureRequest) -> Generator:
    return load_generator(request.param)


def _probe(generator: Generator) -> Probe:
    return PROBES[generator.spec.kind]


def _make(generator: Generator, emotion: str, seed: int = 3) -> Any:
    return generator.generate(_probe(generator).request(generator, emotion, seed))


def _features(generator: Generator, emotion: str, seed: int = 3) -> np.ndarray:
    features = _probe(generator).features
    assert features is not None
    return features(_make(generator, emotion, seed))


def _same(generator: Generator, one: Any, other: Any) -> bool:
    arrays = _probe(generator).arrays
    return all(np.array_equal(a, b) for a, b in zip(arrays(one), arrays(other), strict=True))


def test_every_generator_is_listed_ready() -> None:
    assert {listing.name: listing.problem for listing in LISTINGS} == dict.fromkeys([*NAMES, *BROUGHT])
    assert NAMES


@pytest.mark.parametrize("name", BROUGHT)
def test_one_that_needs_a_checkpoint_says_which_and_refuses_others(name: str, tmp_path: Path) -> None:
    brought = generator_class(name)
    assert isinstance(brought.spec, GeneratorSpec)
    assert brought.spec.kind in get_args(Kind)
    assert set(brought.Request.model_json_schema()["properties"]) == set(brought.Request.model_fields)
    with pytest.raises(MissingDependencyError) as caught:
        load_generator(name)
    assert brought.spec.needs_checkpoint in str(caught.value)
    with pytest.raises(InputError, match="no such checkpoint"):
        load_generator(name, checkpoint="no such checkpoint")
    with pytest.raises(MissingDependencyError, match="licence"):
        load_generator(name, checkpoint=tmp_path)


def test_it_keeps_the_protocol(generator: Generator) -> None:
    assert isinstance(generator, Generator)
    assert isinstance(generator.spec, GeneratorSpec)
    assert generator.spec.kind in PROBES, "a new kind needs a probe in tests/contract/probes.py"
    assert set(generator.Request.model_json_schema()["properties"]) == set(generator.Request.model_fields)


def test_an_unknown_option_is_refused(generator: Generator) -> None:
    with pytest.raises(InputError, match="no-such-option"):
        generator.Request(**dict(_probe(generator).request(generator, "neutral", 0)), no_such_option=1)


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_intensity_0_equals_neutral_to_the_bit(generator: Generator, emotion: str) -> None:
    assert _same(generator, _make(generator, f"{emotion}:0"), _make(generator, "neutral"))


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_more_intensity_gives_more_of_the_emotion(framed: Generator, emotion: str) -> None:
    neutral = _features(framed, "neutral")
    amounts = [float(np.abs(_features(framed, f"{emotion}:{level}") - neutral).mean()) for level in LEVELS]
    assert amounts[0] == 0
    assert np.all(np.diff(amounts) > 0), amounts


@pytest.mark.parametrize(("first", "second"), MIXES)
def test_a_mix_lies_between_its_parts(framed: Generator, first: str, second: str) -> None:
    one, other = _features(framed, first).mean(0), _features(framed, second).mean(0)
    mix = _features(framed, f"{first}:0.5+{second}:0.5").mean(0)
    axis = other - one
    place = float((mix - one) @ axis / (axis @ axis))
    assert 0.25 < place < 0.75
    assert np.linalg.norm(mix - (one + other) / 2) < 0.5 * np.linalg.norm(axis)


def test_the_time_line_is_followed(framed: Generator) -> None:
    probe = _probe(framed)
    asked_at = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    asked = np.array([0.0, 1.0, 0.0, 1.0, 0.0])
    track = " ".join(f"@{t:g} {'happiness:1' if on else 'neutral'}" for t, on in zip(asked_at, asked, strict=True))
    measured = np.abs(_features(framed, track) - _features(framed, "neutral")).mean(1)
    times_s = np.arange(len(measured)) / probe.fps
    curve = np.interp(times_s, asked_at, asked)
    shifts = np.arange(-round(0.6 * probe.fps), round(0.6 * probe.fps) + 1)
    inner = slice(len(shifts) // 2, len(curve) - len(shifts) // 2)
    likeness = [np.corrcoef(np.roll(measured, -shift)[inner], curve[inner])[0, 1] for shift in shifts]
    lag_s = shifts[int(np.argmax(likeness))] / probe.fps
    assert abs(lag_s) <= MAX_LAG_S
    assert max(likeness) > 0.8


def test_the_seed_decides(generator: Generator) -> None:
    assert _same(generator, _make(generator, "anger:0.7", 1), _make(generator, "anger:0.7", 1))
    assert not _same(generator, _make(generator, "anger:0.7", 1), _make(generator, "anger:0.7", 2))


def test_progress_is_reported_and_cancels(generator: Generator) -> None:
    request = _probe(generator).request(generator, "anger", 0)
    fractions: list[float] = []

    def record(event: ProgressEvent) -> None:
        fractions.append(event.fraction)

    generator.generate(request, record)
    assert fractions
    assert fractions[-1] == 1.0
    assert fractions == sorted(fractions)

    def cancel(event: ProgressEvent) -> None:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        generator.generate(request, cancel)


def test_a_checkpoint_that_does_not_exist_is_refused(generator: Generator) -> None:
    with pytest.raises(EspressivoError):
        load_generator(generator.spec.name, checkpoint="no/such/checkpoint")


def test_an_unknown_name_gets_a_suggestion() -> None:
    with pytest.raises(InputError, match="parametric"):
        load_generator("parametrik")


def test_one_that_cannot_load_is_listed_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = EntryPoint("broken", "no_such_module:Thing", registry.GROUP)
    hollow = EntryPoint("hollow", "fractions:Fraction", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [broken, hollow])
    listings = {listing.name: listing for listing in list_generators()}
    assert "no_such_module" in (listings["broken"].problem or "")
    assert "generate" in (listings["hollow"].problem or "")
    with pytest.raises(MissingDependencyError, match="no_such_module"):
        load_generator("broken")


def test_listing_imports_no_torch() -> None:
    listing = "from espressivo.generators.registry import list_generators; list_generators()"
    code = f"import sys; {listing}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
