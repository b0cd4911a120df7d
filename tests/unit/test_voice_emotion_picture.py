"""The picture of what was heard in recordings."""

from pathlib import Path

import numpy as np
import pytest

from espressivo.conditioning.speech import SAMPLE_RATE_HZ, Speech
from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.track import EmotionTrack, Keyframe
from espressivo.conditioning.voice_emotion.picture import Line, draw, heard, main
from espressivo.conditioning.voice_emotion.recogniser import load_recogniser

LINE = Path(__file__).parents[2] / "assets" / "speech" / "anger.wav"


def constant(**strengths: float) -> EmotionTrack:
    return EmotionTrack((Keyframe(0.0, EmotionState.from_strengths(strengths)),))


def test_what_is_heard_is_the_strongest_on_the_whole() -> None:
    assert heard(constant(anger=0.3, fear=0.4), 2.0) == ("fear", pytest.approx(0.4))
    assert heard(constant(anger=0.05, fear=0.04), 2.0) == ("neutral", pytest.approx(0.09))


def test_a_column_says_what_was_acted_and_heard_and_shows_every_keyframe() -> None:
    pytest.importorskip("matplotlib")
    silence = Line("nothing", Speech(np.zeros(2 * SAMPLE_RATE_HZ, np.float32)), "anger")
    figure = draw([Line("angry", Speech.read(LINE)), silence], load_recogniser())
    titles = [axis.get_title() for axis in figure.axes if axis.get_title()]
    assert len(figure.axes) == 6
    assert "acted" not in titles[0]
    assert "acted: anger" in titles[1]
    assert "heard: neutral, mean strength 0.00" in titles[1]
    marks = [line for axis in figure.axes for line in axis.lines if line.get_label() == "keyframe"]
    assert np.size(marks[0].get_xdata()) > 1
    assert np.array_equal(marks[1].get_xdata(), [0.0])


def test_the_command_writes_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    out = tmp_path / "heard.png"
    monkeypatch.setattr("sys.argv", ["picture", f"anger={LINE}", "--out", str(out)])
    main()
    assert out.read_bytes().startswith(b"\x89PNG")
