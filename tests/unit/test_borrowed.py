"""Emotion taken from the line itself or from a clip."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from espressivo.conditioning.borrowed import Borrowed, parse_borrowed, with_words
from espressivo.conditioning.recognition import RecognisedEmotion, Source
from espressivo.conditioning.speech import Speech
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.demo import SPEECH_FOLDER, demo_lines
from espressivo.errors import EmotionError, EspressivoError, FaceError, InputError
from espressivo.media.wav import write_wav
from espressivo.weights.manifest import read_manifest

LINES = [SPEECH_FOLDER / f"{name}.wav" for name in demo_lines()]


def said(category: str, valence: float, confidence: float, source: Source = "text") -> RecognisedEmotion:
    """One emotion for four seconds."""
    posterior = np.zeros((4, len(CATEGORIES)))
    posterior[:, CATEGORIES.index(category)] = 1.0
    return RecognisedEmotion(
        source=source,
        times_s=np.arange(4.0),
        posterior=posterior,
        vad=np.tile([valence, 0.3, 0.1], (4, 1)),
        confidence=np.full(4, confidence),
        intensity=np.full(4, 0.8),
    )


@pytest.mark.parametrize(
    ("text", "source"), [("auto", "voice"), (" AUTO ", "voice"), ("auto:voice", "voice"), ("auto:text", "text")]
)
def test_auto_is_the_line_itself(text: str, source: str) -> None:
    assert parse_borrowed(text) == Borrowed(source, None)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("text", ["happiness:0.8", "vad:0.1,0.2,0.3", "@0 neutral @1 anger", "track.json", "automatic"])
def test_other_emotions_are_not_borrowed(text: str) -> None:
    assert parse_borrowed(text) is None


@pytest.mark.parametrize(
    ("name", "source"), [("song.mid", "music"), ("poem.txt", "text"), ("me.jpg", "face"), ("line.wav", "voice")]
)
def test_a_clip_says_by_itself_what_it_is(name: str, source: str, tmp_path: Path) -> None:
    (path := tmp_path / name).write_bytes(b"x")
    assert parse_borrowed(f"of:{path}") == Borrowed(source, path)  # pyright: ignore[reportArgumentType]
    assert parse_borrowed(f"voice: {path}") == Borrowed("voice", path)


def test_a_file_that_says_an_emotion_needs_no_recognising(tmp_path: Path) -> None:
    (path := tmp_path / "track.emotionml").write_text("<emotionml/>")
    with pytest.raises(EmotionError, match="says an emotion itself; name it without of:"):
        parse_borrowed(f"of:{path}")


def test_a_picture_without_a_face_is_named(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert", reason="the evaluate extra")
    Image.new("RGB", (200, 200), "grey").save(tmp_path / "wall.png")
    with pytest.raises(FaceError, match=r"wall\.png: No face can be seen"):
        Borrowed("face", tmp_path / "wall.png").recognise_clip()


@pytest.mark.parametrize("text", ["of:", "voice: ", "of:no/such/clip.wav", "face:."])
def test_a_clip_that_is_not_there_is_refused_before_any_work(text: str) -> None:
    with pytest.raises(EspressivoError):
        parse_borrowed(text)


def test_a_clip_of_another_length_is_stretched_to_the_line(tmp_path: Path) -> None:
    long = np.concatenate([Speech.read(path).samples for path in LINES[:2]])
    write_wav(clip := tmp_path / "clip.wav", long, 16_000)
    line = Speech.read(LINES[0])
    found = Borrowed("voice", clip).recognise(line)
    assert found.times_s[0] == 0.0
    assert found.times_s[-1] == pytest.approx(line.duration_s)
    own = Borrowed("voice", None).recognise(Speech(long))
    assert np.allclose(found.vad, own.vad, atol=0.05)  # 16-bit file


def test_words_move_valence_as_far_as_they_are_sure() -> None:
    voice = said("anger", -0.2, 0.7, "voice")
    assert with_words(voice, said("happiness", 0.8, 0.0)).vad[:, 0] == pytest.approx(-0.2)
    assert with_words(voice, said("neutral", 0.8, 1.0)).vad[:, 0] == pytest.approx(-0.2)
    moved = with_words(voice, said("happiness", 0.8, 1.0))
    assert moved.vad[:, 0] == pytest.approx(0.4 * -0.2 + 0.6 * 0.8)
    assert np.array_equal(moved.vad[:, 1:], voice.vad[:, 1:])
    assert moved.posterior.sum(axis=1) == pytest.approx(1.0)
    assert moved.posterior[0].argmax() == CATEGORIES.index("anger")


def test_the_words_of_a_line_are_needed_to_read_them() -> None:
    with pytest.raises(EmotionError, match="--transcript"):
        Borrowed("text", None).recognise(Speech.read(LINES[0]))


def test_what_a_take_tells_of_a_clip_is_its_name() -> None:
    assert str(Borrowed("face", Path("/home/me/holiday.mp4"))) == "face:holiday.mp4"
    assert str(Borrowed("voice")) == "auto:voice"


def test_a_missing_clip_is_an_input_error() -> None:
    with pytest.raises(InputError, match="does not exist"):
        parse_borrowed("of:no/such/clip.wav")


def test_a_text_file_is_read_in_the_time_of_the_line(tmp_path: Path) -> None:
    (path := tmp_path / "poem.txt").write_text("I am so happy! I love you all. Then my dog died. I cried all night.")
    line = Speech.read(LINES[0])
    track = Borrowed("text", path).track(line)
    valence = track.sample(np.array([0.15, 0.85]) * line.duration_s).vad[:, 0]
    assert valence[0] > 0.2 > -0.1 > valence[1]


def test_the_words_of_a_line_have_a_say_in_auto() -> None:
    line = Speech.read(LINES[0])
    glad, sad = (
        Borrowed("voice").recognise(Speech(line.samples, words)).vad[:, 0].mean()
        for words in ("What a wonderful day, I am so happy.", "This is terrible, I hate it, what a disaster.")
    )
    assert glad > sad + 0.2


@pytest.mark.parametrize("non_commercial", [False, True])
@pytest.mark.parametrize("source", ["voice", "text", "face", "music"])
def test_weights_that_decide_are_in_the_manifest_and_free_unless_asked(source: Source, non_commercial: bool) -> None:
    licences = {entry.id: entry.licence for entry in read_manifest()}
    decided = Borrowed(source, None, non_commercial).weights
    assert set(decided) <= set(licences)
    if not non_commercial:
        assert not any("NC" in licences[name] for name in decided)
