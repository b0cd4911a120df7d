"""Benchmark definitions: what ships can be read, what is wrong is said in a sentence, cases keep their names."""

from pathlib import Path

import pytest

from espressivo.conditioning.notation import parse_emotion
from espressivo.errors import EspressivoError, InputError
from espressivo.eval.benchmark import BenchmarkDefinition, list_benchmarks, load_benchmark
from espressivo.eval.shipped_lines import shipped_lines

SMALL = 'name = "small"\nlines = ["joy"]\nemotions = ["fear"]\n'


@pytest.mark.parametrize("name", list_benchmarks())
def test_what_ships_can_be_read(name: str) -> None:
    definition = load_benchmark(name)
    cases = definition.cases()
    assert definition.name == name
    assert len({case.id for case in cases}) == len(cases)
    assert f"{len(cases)} clips" in definition.summary
    by_id = {case.id: case for case in cases}
    for case in cases:
        parse_emotion(case.emotion)
        neutral = by_id[case.neutral_id]
        assert (neutral.line, neutral.identity, neutral.seed) == (case.line, case.identity, case.seed)
        assert neutral.asked_emotion == "neutral"


def test_how_much_is_made() -> None:
    """The sizes are chosen for the time a release may take: about 7 s per clip of 5 s on two cores."""
    assert len(load_benchmark("quick").cases()) <= 20
    assert len(load_benchmark("faces").cases()) <= 240


def test_cases() -> None:
    text = SMALL + 'intensities = [0.25, 1]\nseeds = [3]\ntimelines = ["@0 neutral @1.5 fear:0.2+anger:0.6"]\n'
    neutral, weak, strong, change = BenchmarkDefinition.from_toml(text).cases()
    assert (neutral.id, neutral.emotion, neutral.neutral_id) == ("joy-default-s3-neutral", "neutral", neutral.id)
    assert (weak.id, weak.emotion, weak.asked_intensity) == ("joy-default-s3-fear-025", "fear:0.25", 0.25)
    assert (strong.id, strong.emotion) == ("joy-default-s3-fear-100", "fear:1")
    assert (change.asked_emotion, change.asked_intensity, change.neutral_id) == ("anger", None, neutral.id)
    assert Path(change.id).name == change.id


def test_names_stay_when_a_definition_grows() -> None:
    small = {case.id for case in BenchmarkDefinition.from_toml(SMALL).cases()}
    more = SMALL.replace('["fear"]', '["anger", "fear"]').replace('["joy"]', '["joy", "calm"]') + "seeds = [0, 1]\n"
    assert small <= {case.id for case in BenchmarkDefinition.from_toml(more).cases()}


def test_heads_take_turns_and_a_line_keeps_its_head() -> None:
    text = SMALL.replace('["joy"]', '["joy", "calm"]') + 'identities = ["mei", "ruth"]\n'
    heads = {(case.line, case.identity) for case in BenchmarkDefinition.from_toml(text).cases()}
    assert heads == {("joy", "mei"), ("calm", "ruth")}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SMALL.replace("fear", "hapiness"), "'hapiness' is no emotion category; did you mean happiness"),
        (SMALL.replace("fear", "neutral"), "neutral, whose takes are made anyway"),
        (SMALL.replace('"joy"', '"joi"'), "'joi' is no line that ships; did you mean joy"),
        (SMALL.replace('"joy"', ""), "lines is empty"),
        (SMALL.replace('"fear"', ""), "emotions is empty"),
        (SMALL.replace('lines = ["joy"]\n', ""), "lines cannot be used: field required"),
        (SMALL + 'identities = ["chid"]', "'chid' is no head; did you mean chidi"),
        (SMALL + "intensities = [0]", "intensities.0 0 cannot be used"),
        (SMALL + "intensities = [0.2, 0.201]", "intensities at least 0.01 apart"),
        (SMALL + "seeds = [1, 1]", "seeds holds 1 twice"),
        (SMALL + 'timelines = ["@0 foo"]', "'foo' is no known emotion"),
        (SMALL + "size = 511", "size 511 cannot be used"),
        (SMALL + 'dimensions = ["beauty"]', "'beauty' cannot be used"),
        (SMALL + "colour = 1", "colour 1 cannot be used"),
        (SMALL + "fps = [", "no valid TOML"),
        (SMALL.replace('["joy"]', '"joy"'), "lines 'joy' cannot be used"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as raised:
        load_benchmark(file)
    assert message in str(raised.value)
    assert str(file) in str(raised.value)
    assert str(raised.value).count("\n") == 0


@pytest.mark.parametrize("name", ["quik", "no-such-thing", "absent.toml"])
def test_a_benchmark_that_is_not_there(name: str) -> None:
    with pytest.raises(EspressivoError, match=name):
        load_benchmark(name)


def test_the_lines_that_ship() -> None:
    for name, line in shipped_lines().items():
        assert line.name == name
        assert line.speech.transcript == line.text
        assert line.speech.phone_source == "given"
