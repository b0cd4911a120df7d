"""What is recognised in a voice, a text, a piece of music and a dialogue survives EmotionML and the notation."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from espressivo.conditioning.auto import track_of
from espressivo.conditioning.emotionml import read_emotionml, track_from_emotionml, write_emotionml
from espressivo.conditioning.notation import format_emotion, parse_emotion
from espressivo.conditioning.speech import Speech
from espressivo.conditioning.track import EmotionTrack
from espressivo.demo import SPEECH_FOLDER
from espressivo.media.notes import Notes


def of_a_voice() -> EmotionTrack:
    from espressivo.conditioning.voice_emotion.recogniser import recognise_emotion

    return track_of(recognise_emotion(Speech.read(SPEECH_FOLDER / "anger.wav")))


def of_a_text() -> EmotionTrack:
    from espressivo.conditioning.text_emotion.spoken import recognise_text

    return track_of(recognise_text("I am so happy for you! But then he died. How dare they laugh about it!"))


def of_music() -> EmotionTrack:
    from espressivo.conditioning.music_emotion.recogniser import recognise_music

    generator = np.random.default_rng(0)
    onset = np.sort(generator.integers(0, 40 * 480, 300))
    loud = np.where(onset < 20 * 480, 30, 110)
    notes = Notes(
        pitch=generator.choice([48, 60, 63, 67, 72, 75], 300),
        velocity=loud,
        start_tick=onset,
        end_tick=onset + 240,
        track=np.zeros(300, int),
        is_drum=np.zeros(300, bool),
        ticks_per_quarter=480,
    )
    return track_of(recognise_music(notes))


def of_a_dialogue() -> EmotionTrack:
    from espressivo.conditioning.personality.dialogue import analyse_script
    from espressivo.conditioning.personality.script import parse_script

    script = parse_script("ANNA = anxious\nBEN (proudly): I sold it.\nANNA: You monster! I am so sad. Give it back!")
    return analyse_script(script).lines[1].track


@pytest.mark.parametrize("recognised", [of_a_voice, of_a_text, of_music, of_a_dialogue])
def test_files_and_notation_give_the_track_back(recognised: Callable[[], EmotionTrack], tmp_path: Path) -> None:
    track = recognised()
    assert len(track.keyframes) > 1
    write_emotionml(path := tmp_path / "track.emotionml", track, "line.wav")
    times_s = np.arange(0.0, track.keyframes[-1].t_s + 0.5, 0.05)
    expected = track.sample(times_s)
    for again in (track_from_emotionml(read_emotionml(path)), parse_emotion(format_emotion(track))):
        found = again.sample(times_s)
        assert np.allclose(found.strengths, expected.strengths, atol=1e-5)
        assert np.allclose(found.vad, expected.vad, atol=1e-5)
