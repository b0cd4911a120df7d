"""Dialogue scripts: text, tables and screenplays, sane and hostile."""

import string
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from espressivo.conditioning.personality.big_five import PRESETS, BigFive
from espressivo.conditioning.personality.direction import read_direction
from espressivo.conditioning.personality.script import MAX_LINES, Line, Script, format_script, parse_script
from espressivo.conditioning.personality.script_files import parse_fountain, parse_table, read_script
from espressivo.conditioning.state import EmotionState
from espressivo.errors import EmotionError, InputError, ScriptError

EXAMPLE = Path(__file__).parents[2] / "assets" / "scripts" / "quarrel.txt"

words = st.text(string.ascii_letters + string.digits + " ,.!?:=#[]-éß你ر😀\"'", max_size=60).map(
    lambda text: " ".join(text.split())
)
names = st.text(string.ascii_letters + " .-éß你", max_size=20).map(lambda text: " ".join(text.split())).filter(bool)
traits = st.floats(0, 1)


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    speakers = draw(st.lists(names, min_size=1, max_size=4, unique_by=str.casefold))
    starts_s = sorted(draw(st.lists(st.floats(0, 1000), max_size=3)))
    lines = [
        Line(
            draw(st.sampled_from(speakers)),
            draw(words.filter(bool)),
            draw(st.text(string.ascii_lowercase + " :.,5", max_size=20).map(lambda text: " ".join(text.split()))),
            start_s,
            draw(st.none() | st.floats(1, 50).map(lambda length_s, s=start_s: s + length_s))
            if start_s is not None
            else None,
        )
        for start_s in [*starts_s, *[None] * draw(st.integers(1, 4))]
    ]
    heard = {line.speaker for line in lines}
    cast = st.fixed_dictionaries({}, optional={name: st.builds(BigFive, traits, traits) for name in sorted(heard)})
    return Script(tuple(lines), draw(cast))


@given(scripts())
def test_round_trip(script: Script) -> None:
    read = parse_script(format_script(script))
    assert tuple(replace(line, number=0) for line in read.lines) == script.lines
    assert read.personalities == script.personalities


@given(scripts())
def test_line_ends_and_byte_order_mark_do_not_matter(script: Script) -> None:
    text = format_script(script)
    assert parse_script("\ufeff" + text.replace("\n", "\r\n")) == parse_script(text)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in (parse_script, parse_table, parse_fountain):
        with suppress(ScriptError):
            assert parse(text).lines


def test_what_a_script_may_hold() -> None:
    script = parse_script(
        "# quarrel\n\nAnna = anxious\nBEN= extraversion .8,neuroticism .2\n\n"
        "ANNA: You sold it?\nBen (calmly) :  I had to.\n(She turns.)\n"
        "Anna: (furious) You (shouting) had to!\n   And why: you never asked.\n[1:02.5-65] BEN: Sorry.\n"
    )
    assert script.speakers == ("Anna", "BEN")
    assert script.personalities == {"Anna": PRESETS["anxious"], "BEN": BigFive(extraversion=0.8, neuroticism=0.2)}
    assert script.lines == (
        Line("Anna", "You sold it?", number=6),
        Line("BEN", "I had to.", "calmly", number=7),
        Line("Anna", "You had to! And why: you never asked.", "furious, shouting", number=9),
        Line("BEN", "Sorry.", start_s=62.5, end_s=65.0, number=11),
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no line"),
        ("# only a comment", "no line"),
        ("ANNA: Hello.\nand no speaker", "^Line 2, 'and no speaker', has no speaker"),
        (": Hello.", "^Line 1, ': Hello.', has no speaker"),
        ("ANNA:", "^Line 1 gives ANNA nothing to say"),
        ("ANNA: (sighs)", "^Line 1 gives ANNA nothing to say"),
        ("x" * 41 + ": Hello.", "^Line 1 has a name of over 40"),
        ("ANNA: " + "x" * 1_000_000, "^Line 1 has 1000006 characters; split"),
        ("ANNA: x\n" + " yyy\n" * 2000, "^Line 1 has 8001 characters; split"),
        ("A: x\n" * 10_000, f"over {MAX_LINES} lines"),
        ("".join(f"A{number}: x\n" for number in range(41)), "over 40 speakers"),
        ("A = anxoius\nA: x", "^Line 1: 'anxoius' is no trait or preset of a personality; did you mean anxious"),
        ("A = bravery .3\nA: x", "^Line 1: 'bravery .3' is no trait"),
        ("A = anxious\nB: x\na = relaxed\nA: x", "^Line 3 gives 'A' a second personality"),
        (" = anxious\nA: x", "^Line 1 has no name before ="),
        ("B = anxious\nA: x", "'B' has a personality but says no line; A do"),
        ("[5-x] A: x", "^Line 1 has the times '5-x'"),
        ("[5-4] A: x", "^Line 1 must end after"),
        ("[5] A: x\n[4] A: y", "^Line 2 begins at 4 s, before"),
        ("[999999] A: x", "^Line 1 must lie between"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_with_its_line(text: str, reason: str) -> None:
    with pytest.raises(ScriptError, match=reason) as caught:
        parse_script(text)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "text", ["(" * 500_000, "[[" * 250_000, "/*" * 250_000, "A" * 500_000, "[" * 9_999, "a " * 4_900]
)
def test_hostile_rows_end_soon(text: str) -> None:
    for parse in (parse_script, parse_table, parse_fountain):
        with pytest.raises(ScriptError):
            parse(text)


class TestTables:
    def test_columns_in_any_order(self) -> None:
        script = parse_table(
            'Line,SPEAKER,emotion,personality,start_s\n"Oh, you!",Anna,angrily,anxious,1.5\n'
            'yes,anna,,,\n"x\ny",Ben,,,9\n'
        )
        assert script.lines == (
            Line("Anna", "Oh, you!", "angrily", 1.5, number=2),
            Line("Anna", "yes", number=3),
            Line("Ben", "x y", start_s=9.0, number=5),
        )
        assert script.personalities == {"Anna": PRESETS["anxious"]}

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "no column 'speaker'"),
            ("speaker\nx", "no column 'line'"),
            ("speaker,line,mood\nx,y,z", "column 'mood'"),
            ("speaker,line,line\nx,y,z", "at most once"),
            ("speaker,line\nA,b,c", "^Line 2 has more cells"),
            ("speaker,line\n,b", "^Line 2 has no speaker"),
            ("speaker,line\nA,", "^Line 2 gives A nothing"),
            ('speaker,line\nA,"b', "CSV table"),
            ("speaker,line,start_s\nA,b,soon", "'soon' as start_s"),
            ("speaker,line,personality\nA,b,x", "^Line 2: 'x' is no trait"),
            ("speaker,line,personality\nA,b,anxious\nA,b,relaxed", "^Line 3 gives 'A' a second"),
        ],
    )
    def test_what_is_wrong_is_said(self, text: str, reason: str) -> None:
        with pytest.raises(ScriptError, match=reason):
            parse_table(text)


FOUNTAIN = """Title: The Cello
Author: Nobody

[[Nora = anxious]]

INT. KITCHEN - DAY

Theo is at the stove. /* NORA

NORA
Not this. */

NORA (V.O.)
(angrily)
You sold it!
How could you?

THEO ^
I had [[pause]] to.

NORA (CONT'D)
(sighs)

CUT TO:

!WHAT A DAY
it was.

EXT. STREET - NIGHT
Rain falls.

@McLeod
Hello.
"""


def test_screenplays() -> None:
    script = parse_fountain(FOUNTAIN)
    assert [(line.speaker, line.text, line.direction, line.number) for line in script.lines] == [
        ("Nora", "You sold it! How could you?", "angrily", 13),
        ("THEO", "I had to.", "", 18),
        ("McLeod", "Hello.", "", 32),
    ]
    assert script.personalities == {"Nora": PRESETS["anxious"]}
    with pytest.raises(ScriptError, match="no dialogue"):
        parse_fountain("INT. KITCHEN\n\nNobody speaks.")


class TestFiles:
    def test_the_example_is_read(self) -> None:
        script = read_script(EXAMPLE)
        assert script.speakers == ("NORA", "THEO")
        assert len(script.lines) == 13

    @pytest.mark.parametrize(
        ("name", "text"), [("a.csv", "speaker,line\nA,b"), ("a.Fountain", "\nA\nb"), ("a.md", "A: b")]
    )
    def test_the_suffix_tells_the_form(self, tmp_path: Path, name: str, text: str) -> None:
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert [(line.speaker, line.text) for line in read_script(tmp_path / name).lines] == [("A", "b")]

    @pytest.mark.parametrize("content", [b"A: \xff\xfe", b"\x00", b"", None])
    def test_what_cannot_be_read_names_the_file(self, tmp_path: Path, content: bytes | None) -> None:
        path = tmp_path / "script.txt"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(InputError, match=r"script\.txt"):
            read_script(path)


class TestDirections:
    @pytest.mark.parametrize(
        ("text", "category"),
        [
            ("angrily", "anger"),
            ("furious", "anger"),
            ("sobbing", "sadness"),
            ("sitting down, calm", "calm"),
            ("not angry, sad", "sadness"),
            ("Anxiously", "fear"),
            ("happily", "happiness"),
            ("with disgust", "disgust"),
        ],
    )
    def test_emotions_are_found(self, text: str, category: str) -> None:
        state = read_direction(text)
        assert state is not None
        assert max(state.weights, key=lambda name: state.weights[name]) == category

    @pytest.mark.parametrize("text", ["", "sitting down", "not angry", "to Ben", "1234 :5", "pause"])
    def test_other_directions_name_none(self, text: str) -> None:
        assert read_direction(text) is None

    def test_strengths(self) -> None:
        assert read_direction("anger:0.3") == EmotionState.of("anger", 0.3)
        slightly, plain = read_direction("slightly angry"), read_direction("angry")
        assert slightly is not None
        assert plain is not None
        assert slightly.intensity < 0.5 < plain.intensity
        with pytest.raises(EmotionError, match="stronger than 1"):
            read_direction("anger:3")

    def test_two_at_once(self) -> None:
        state = read_direction("sad:0.4 and angry:0.4")
        assert state is not None
        assert set(state.weights) == {"sadness", "anger"}
