import warnings
from pathlib import Path

import numpy as np
import pytest

from espressivo import conditioning
from espressivo.conditioning.phones import RECOGNISERS, load_recogniser, recognise_phones
from espressivo.conditioning.phones.letters import pronounce, spell
from espressivo.conditioning.phones.transcript import number_words, spoken_words
from espressivo.conditioning.speech import ARPABET, SILENCE, Phone, Speech, read_phones
from espressivo.errors import InputError

DEMO = Path(conditioning.__file__).resolve().parents[1] / "assets" / "speech"
JOY = "You will not believe this. We actually won, and everybody is coming over tonight!"


def agreement(phones: tuple[Phone, ...] | None, others: tuple[Phone, ...] | None) -> float:
    times_s = np.arange(0.005, 4.9, 0.01)
    labels = [
        [next((phone.label for phone in line or () if phone.start_s <= time < phone.end_s), "") for time in times_s]
        for line in (phones, others)
    ]
    return float(np.mean(np.array(labels[0]) == np.array(labels[1])))


def test_aligned_phones_agree_with_the_synthesiser() -> None:
    speech = recognise_phones(Speech.read(DEMO / "joy.wav", JOY))
    assert speech.phone_source == "aligned"
    assert [word.text for word in speech.words or ()] == spoken_words(JOY)
    assert agreement(speech.phones, read_phones(DEMO / "joy.json", speech.duration_s)) > 0.55


def test_free_recognition_hears_a_good_part() -> None:
    speech = recognise_phones(Speech.read(DEMO / "joy.wav"), "loop")
    assert speech.phone_source == "recognised"
    assert agreement(speech.phones, read_phones(DEMO / "joy.json", speech.duration_s)) > 0.3


def test_names_in_no_dictionary_are_aligned() -> None:
    text = JOY.replace("everybody", "Evribaddee")
    speech = recognise_phones(Speech.read(DEMO / "joy.wav", text))
    assert speech.phone_source == "aligned"
    assert "evribaddee" in [word.text for word in speech.words or ()]


@pytest.mark.parametrize(
    "text", ["Привет", "No.", "Good evening. Please take a seat by the window, and we will begin in a moment."]
)
def test_a_transcript_that_does_not_fit_gives_way_with_a_warning(text: str) -> None:
    with pytest.warns(UserWarning, match="transcript"):
        speech = recognise_phones(Speech.read(DEMO / "joy.wav", text))
    assert speech.phone_source == "recognised"


@pytest.mark.parametrize("samples", [np.zeros(32_000), np.full(1600, 0.1), np.sin(np.arange(48_000) * 0.1) / 2])
def test_no_speech_is_one_silence(samples: np.ndarray) -> None:
    with pytest.warns(UserWarning, match="No speech is heard"):
        speech = recognise_phones(Speech(samples, "Hello there."))
    assert [phone.label for phone in speech.phones or ()] == [SILENCE]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert recognise_phones(Speech(samples)).phones == speech.phones


def test_registry() -> None:
    assert {load_recogniser(name).name for name in RECOGNISERS} == set(RECOGNISERS)
    with pytest.raises(InputError, match="no phone recogniser 'nobody'"):
        load_recogniser("nobody")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don’t — stop!", "don't stop"),
        ("21st of May 1984", "twenty first of may nineteen eighty four"),
        ("$5.50 & 100%", "five point five zero dollars and one hundred percent"),
        ("[laughs] well-known naïve FBI", "well known naive FBI"),
        ("Привет ...", ""),
    ],
)
def test_spoken_words(text: str, words: str) -> None:
    assert " ".join(spoken_words(text)) == words


def test_letters_to_sounds() -> None:
    assert pronounce("nation") == ("N", "EY", "SH", "AH", "N")
    assert pronounce("phone") == ("F", "OW", "N")
    assert spell("FBI") == ("EH", "F", "B", "IY", "AY")
    assert {phone for word in ("zqxj", "espressivo", "wojciech") for phone in pronounce(word)} <= set(ARPABET)
    assert number_words(1_002_030) == ["one", "million", "two", "thousand", "thirty"]


@pytest.mark.parametrize(
    "text", ["Please take seven purple cabbages to the mountain of my uncle.", "Blue bananas swim."]
)
def test_words_that_are_not_said_are_noticed(text: str) -> None:
    with pytest.warns(UserWarning, match=r"transcript .* words"):
        speech = recognise_phones(Speech.read(DEMO / "joy.wav", text))
    assert speech.phone_source == "recognised"
