"""Dialogues: what each line shows, who is moved by whom, and what is written about it."""

import csv
import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from espressivo.conditioning.emotionml import read_emotionml, track_from_emotionml
from espressivo.conditioning.notation import parse_emotion
from espressivo.conditioning.personality.big_five import PRESETS, BigFive, temperament
from espressivo.conditioning.personality.dialogue import PAUSE_S, DialogueAnalysis, analyse_script
from espressivo.conditioning.personality.direction import read_direction
from espressivo.conditioning.personality.mood import REST_GAIN
from espressivo.conditioning.personality.records import strongest, write_csv, write_json, write_line_tracks
from espressivo.conditioning.personality.script import Script, parse_script
from espressivo.conditioning.personality.script_files import read_script
from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.text_emotion.recogniser import TextEmotion
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.errors import ScriptError

EXAMPLE = Path(__file__).parents[2] / "assets" / "scripts" / "quarrel.txt"


def read_words(text: str) -> TextEmotion:
    """Read emotion words only: enough to drive the rules, whatever the shipped recogniser makes of a sentence."""
    sentences = tuple(_sentence(sentence.strip()) for sentence in text.split(".") if sentence.strip())
    whole = _sentence(text)
    return TextEmotion(text, whole.vad, whole.posterior, whole.intensity, whole.confidence, "lexicon", 0, sentences)


def _sentence(text: str) -> TextEmotion:
    state = read_direction(text) or EmotionState.neutral()
    posterior = dict.fromkeys(CATEGORIES, 0.0) | dict(state.weights)
    return TextEmotion(text, state.vad, posterior, state.intensity, 1.0, "lexicon")


def analysed(text: str) -> DialogueAnalysis:
    return analyse_script(parse_script(text), read_words)


def test_without_emotion_nothing_drifts() -> None:
    analysis = analysed("A: one two three\nB: four five\n" * 50)
    for line in analysis.lines:
        assert line.state == EmotionState.neutral()
        assert line.mood == (0.0, 0.0, 0.0)
        assert line.mood_name == "neutral"


def test_people_stay_at_their_temperament_when_nothing_happens() -> None:
    analysis = analysed("A = anxious\n" + "A: one two three\nB: four five\n" * 50)
    vad, mood = analysis.stories["A"].sample(np.linspace(0, analysis.duration_s, 50))
    rest = REST_GAIN * np.array(temperament(PRESETS["anxious"]))
    assert np.abs(vad - rest).max() < 1e-9
    assert np.abs(mood - rest).max() < 1e-9
    assert analysis.lines[0].mood_name == "anxious"


def test_the_same_line_differs_between_an_anxious_and_a_stable_person() -> None:
    text = "A: I am afraid of the dark"
    anxious = analysed(f"A = neuroticism .9\n{text}").lines[0].state
    stable = analysed(f"A = neuroticism .1\n{text}").lines[0].state
    assert strongest(anxious) == strongest(stable) == "fear"
    assert anxious.vad[0] < stable.vad[0] - 0.1
    assert anxious.vad[1] > stable.vad[1] + 0.1


def test_a_direction_goes_before_the_words() -> None:
    line = analysed("A (sadly): I am so happy").lines[0]
    assert (line.origin, strongest(line.said), strongest(line.state)) == ("direction", "sadness", "sadness")
    assert analysed("A: I am so happy").lines[0].origin == "words"
    assert strongest(analysed("A (sitting down): I am so happy").lines[0].state) == "happiness"


def test_anger_lingers_in_the_next_line_and_fades_with_time() -> None:
    soon, later = (analysed(f"A: I am angry\n[{start_s}] A: The door").lines[1].state for start_s in (3, 60))
    assert strongest(soon) == "anger"
    assert later.intensity < 0.1 < soon.intensity


def test_listeners_are_moved_by_what_speakers_show() -> None:
    moved = analysed("A: I am angry\nB: The door").lines[1].state
    assert strongest(moved) == "anger"
    assert 0.1 < moved.intensity < 0.5
    yielding = analysed("B = agreeableness 1\nA: I am angry\nB: The door").lines[1].state
    assert yielding.vad[2] < 0 < moved.vad[2]


def test_moods_move_slowly() -> None:
    analysis = analysed("A: I am angry\n" * 40)
    moods = np.array([line.mood for line in analysis.lines])
    assert np.abs(np.diff(moods, axis=0)).max() < 0.02
    assert analysis.lines[-1].mood_name == "hostile"


def test_a_line_changes_with_its_sentences() -> None:
    line = analysed("A: I am so happy today. Now I am very sad though.").lines[0]
    early, late = line.track.state_at(1.5), line.track.state_at(line.end_s)
    assert (strongest(early), strongest(late)) == ("happiness", "sadness")
    assert line.track.state_at(0.0) == EmotionState.neutral()


def test_times() -> None:
    analysis = analysed("A: one two three four five\n[10] B: six\n[20-24] A: seven\nB: eight")
    times_s = np.array([(line.start_s, line.end_s) for line in analysis.lines])
    assert times_s == pytest.approx(np.array([(0, 2), (10, 10.4), (20, 24), (24 + PAUSE_S, 24.4 + PAUSE_S)]))
    assert analysis.lines[2].track.keyframes[-1].t_s == 4
    faster = analyse_script(analysis.script, read_words, words_per_s=5.0)
    assert faster.lines[0].end_s == pytest.approx(1.0)


def test_a_strength_that_cannot_be_names_its_line() -> None:
    with pytest.raises(ScriptError, match=r"^Line 2: Direction anger:7 is stronger"):
        analysed("A: x\nA (anger:7): y")


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("ABC"), st.sampled_from(["I am angry", "so sad", "the door", "what joy", "I fear it. ha"])
        ),
        min_size=1,
        max_size=12,
    ),
    st.builds(BigFive, *[st.floats(0, 1)] * 5),
)
def test_tracks_are_whole_repeat_and_read_back(said: list[tuple[str, str]], personality: BigFive) -> None:
    script = parse_script("\n".join(f"{name}: {text}" for name, text in said))
    script = Script(script.lines, {said[0][0]: personality})
    first, second = (analyse_script(script, read_words) for _ in range(2))
    for line, again in zip(first.lines, second.lines, strict=True):
        assert line.track == again.track
        times_s = np.linspace(0, line.end_s - line.start_s, 20)
        curves, read_back = line.track.sample(times_s), parse_emotion(line.notation).sample(times_s)
        assert np.abs(curves.strengths - read_back.strengths).max() < 1e-6
        assert np.abs(curves.vad - read_back.vad).max() < 1e-6


def test_overlapping_lines_are_taken_in_their_order() -> None:
    analysis = analysed("[0-10] A: I am angry\n[2-4] B: The door\n[5-6] A: and sad")
    assert [line.start_s for line in analysis.lines] == [0, 2, 5]
    assert np.isfinite(analysis.stories["A"].sample(np.arange(10.0))[0]).all()


class TestRecords:
    def test_json_and_table_say_the_same(self, tmp_path: Path) -> None:
        analysis = analyse_script(read_script(EXAMPLE), read_words)
        write_json(tmp_path / "dialogue.json", analysis)
        write_csv(tmp_path / "lines.csv", analysis)
        record = json.loads((tmp_path / "dialogue.json").read_text(encoding="utf-8"))
        with (tmp_path / "lines.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert record["speakers"]["THEO"]["temperament_name"] == "relaxed"
        notations = [line.notation for line in analysis.lines]
        assert [row["emotion"] for row in rows] == [line["emotion"] for line in record["lines"]] == notations
        assert [float(row["arousal"]) for row in rows] == [line["state"]["vad"]["arousal"] for line in record["lines"]]
        assert rows[4]["category"] == "anger"

    def test_each_line_has_an_emotionml_file(self, tmp_path: Path) -> None:
        analysis = analysed("A b/../c: I am angry\n你: so sad")
        write_line_tracks(tmp_path / "lines", analysis)
        files = sorted((tmp_path / "lines").iterdir())
        assert [file.name for file in files] == ["0001-a-b-c.emotionml", "0002.emotionml"]
        for file, line in zip(files, analysis.lines, strict=True):
            times_s = np.linspace(0, 1, 10)
            read = track_from_emotionml(read_emotionml(file)).sample(times_s)
            assert np.abs(read.vad - line.track.sample(times_s).vad).max() < 1e-3


def test_the_picture_has_a_bar_per_line_and_survives_any_name(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from PIL import Image

    from espressivo.conditioning.personality.picture import write_picture

    analysis = analysed("A $x_{2$: I am angry $$\n你 <b>: so happy\n" * 30)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_picture(tmp_path / "dialogue.png", analysis)
    pixels = np.asarray(Image.open(tmp_path / "dialogue.png").convert("RGB")).astype(int)
    red = (np.abs(pixels - (0xCF, 0x3A, 0x35)).max(axis=2) < 12).sum()
    assert red > 500
