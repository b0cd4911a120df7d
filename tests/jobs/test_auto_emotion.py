"""Emotion that follows the voice, or is borrowed from a clip, from the command line to the take."""

import json
from pathlib import Path

import numpy as np
import pytest

from espressivo.cli import main
from espressivo.conditioning.emotionml import read_emotionml, track_from_emotionml
from espressivo.conditioning.speech import Speech
from espressivo.conditioning.track import EmotionTrack
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.demo import SPEECH_FOLDER
from espressivo.performance import repeat
from espressivo.take import Take

ANGRY, SAD = SPEECH_FOLDER / "anger.wav", SPEECH_FOLDER / "sadness.wav"


def made(out: Path, emotion: str, *dials: str, speech: Path = ANGRY) -> EmotionTrack:
    """Perform on the command line; return the track that the take holds."""
    arguments = ["perform", "--speech", str(speech), "--emotion", emotion, "--out", str(out), "--formats", "csv"]
    assert main([*arguments, "--overwrite", *dials]) == 0
    return track_from_emotionml(read_emotionml(out / "emotion.emotionml"))


def arousal(track: EmotionTrack) -> float:
    return float(track.sample(np.arange(0.0, 4.0, 0.1)).vad[:, 1].mean())


def test_auto_follows_the_voice(tmp_path: Path) -> None:
    angry, sad = made(tmp_path / "angry", "auto"), made(tmp_path / "sad", "auto", speech=SAD)
    assert len(angry.keyframes) > 1
    assert arousal(angry) > arousal(sad) + 0.2


def test_dials_change_what_is_performed(tmp_path: Path) -> None:
    assert made(tmp_path / "take", "auto", "--strength", "0").sample(np.arange(4.0)).strengths.max() == 0
    leaning = made(tmp_path / "take", "auto", "--preferred", "happiness", "--preferred-weight", "1")
    assert {name for keyframe in leaning.keyframes for name in keyframe.state.weights} == {"happiness"}


def test_the_emotion_of_another_clip(tmp_path: Path) -> None:
    own = made(tmp_path / "own", "auto", speech=SAD)
    borrowed = made(tmp_path / "borrowed", f"of:{ANGRY}", speech=SAD)
    assert arousal(borrowed) > arousal(own) + 0.2


def test_a_clip_can_be_analysed_and_performed_by_its_track(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "heard"
    assert main(["analyse", str(ANGRY), "--max-emotions", "1", "--out", str(out)]) == 0
    assert "dominance" in capsys.readouterr().out
    record = Take.open(out).record
    assert set(record["files"]) == {"emotion.csv", "emotion.emotionml"}
    assert list(record["recognisers"]) == ["voice-emotion"]
    table = np.genfromtxt(out / "emotion.csv", delimiter=",", names=True)
    probabilities = np.stack([table[name] for name in CATEGORIES])
    assert probabilities.sum(axis=0) == pytest.approx(np.ones(len(table)), abs=1e-3)
    assert table["time_s"][-1] == pytest.approx(Speech.read(ANGRY).duration_s, abs=0.3)
    performed = made(tmp_path / "take", str(out / "emotion.emotionml"))
    assert arousal(performed) == pytest.approx(
        arousal(made(tmp_path / "take", "auto", "--max-emotions", "1")), abs=0.02
    )


def test_what_cannot_be_analysed_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.wav").touch()
    for name, sentence in (("none.wav", "does not exist or is no file"), ("empty.wav", "empty.wav is empty")):
        assert main(["analyse", str(tmp_path / name), "--out", str(tmp_path / "out")]) == 2
        assert sentence in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["empty.wav"]


def test_a_take_tells_the_clip_s_name_not_its_folder_and_repeats(tmp_path: Path) -> None:
    made(tmp_path / "take", f"voice:{ANGRY}", "--max-emotions", "2", speech=SAD)
    record = json.loads((tmp_path / "take" / "take.json").read_text())
    assert record["request"]["emotion"] == "voice:anger.wav"
    assert str(ANGRY.parent) not in json.dumps(record)
    again = repeat(Take.open(tmp_path / "take"), tmp_path / "again")
    assert again.record["files"] == record["files"]


def test_a_take_says_which_weights_decided_and_what_may_be_done_with_them(tmp_path: Path) -> None:
    tracks = [made(tmp_path / name, "auto", *dials) for name, dials in (("a", ()), ("b", ("--non-commercial",)))]
    free, bound = (json.loads((tmp_path / name / "take.json").read_text())["recognisers"] for name in "ab")
    assert list(free) == ["voice-emotion"]
    assert "NC" not in free["voice-emotion"]
    assert "CC BY-NC-SA" in bound["voice-emotion-nc"]
    assert tracks[0] != tracks[1]


@pytest.mark.parametrize(
    ("emotion", "dials", "said"),
    [
        ("happiness", ("--contrast", "2"), "--contrast is for recognised emotions"),
        ("happiness", ("--non-commercial",), "--non-commercial is for recognised emotions"),
        ("of:no/such/clip.mp4", (), "does not exist"),
        ("of:", (), "names no file"),
        ("auto", ("--preferred", "glea"), "no known emotion"),
        ("auto:text", (), "--transcript"),
    ],
)
def test_what_cannot_be_followed_is_refused_in_one_sentence(
    emotion: str, dials: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["perform", "--speech", str(ANGRY), "--emotion", emotion, "--out", str(tmp_path / "take"), *dials]
    assert main(arguments) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("espressivo: ")
    assert said in error
    assert not (tmp_path / "take").exists()
