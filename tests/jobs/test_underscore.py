"""Music under speech, with a small random composer: as long, softer under the voice, in one video with the face."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from espressivo.conditioning.notation import parse_emotion
from espressivo.errors import InputError
from espressivo.generators.music.emogen.generator import EmoGen
from espressivo.generators.music.emogen.network import EmoGenLanguageModel, EmoGenSize
from espressivo.generators.music.score import Score, read_score
from espressivo.generators.music.sound.loudness import integrated_lufs
from espressivo.generators.music.sound.render import render
from espressivo.generators.registry import load_generator
from espressivo.media.encode import with_sound, write_mp4
from espressivo.media.video import Sound, Video, probe
from espressivo.media.wav import write_wav
from espressivo.underscore import compose_under, composer_of, write_music

RATE = 48_000
SECONDS = 9.0


@pytest.fixture(scope="module")
def score(tmp_path_factory: pytest.TempPathFactory) -> Score:
    folder = tmp_path_factory.mktemp("emogen")
    size = EmoGenSize(width=16, feed_forward=16, layers=1, heads=2, attribute_width=2)
    torch.manual_seed(0)
    save_file(EmoGenLanguageModel(size).state_dict(), folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"size": asdict(size)}))
    track = parse_emotion("@0~step sadness @4.5 happiness")
    return compose_under(EmoGen.from_pretrained(folder), track, SECONDS, seed=2)


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of silence, three of a voice, silence again."""
    path = tmp_path_factory.mktemp("speech") / "speech.wav"
    time_s = np.arange(round(SECONDS * RATE)) / RATE
    voice = 0.2 * np.sin(2 * np.pi * 300 * time_s) * ((time_s > 2) & (time_s < 5))
    write_wav(path, voice, RATE)
    return path


def test_it_is_as_long_as_the_speech_and_turns_with_it(score: Score) -> None:
    lines_s = score.notes.seconds_at(score.notes.bar_edges)
    assert lines_s[-1] == pytest.approx(SECONDS, abs=1e-6)
    assert np.abs(lines_s - 4.5).min() < 1e-6


@pytest.mark.parametrize("name", ["muser", "faders"])
def test_other_composers_write_it_too(name: str, speech: Path, tmp_path: Path) -> None:
    track = parse_emotion("@0~step calm @4.5 anger")
    score = compose_under(load_generator(name), track, SECONDS, seed=1)
    lines_s = score.notes.seconds_at(score.notes.bar_edges)
    assert lines_s[-1] == pytest.approx(SECONDS, abs=1e-6)
    assert np.abs(lines_s - 4.5).min() < 1e-6
    calm, angry = (score.notes.where((score.notes.start_s >= 4.5) == later) for later in (False, True))
    assert min(len(calm), len(angry)) > 0
    assert angry.velocity.mean() > calm.velocity.mean()
    mix = write_music(tmp_path, score, speech, RATE)
    assert mix.shape == (round(SECONDS * RATE), 2)
    assert read_score(tmp_path / "music.mid").notes.pitch.tolist() == score.notes.pitch.tolist()


def test_it_makes_room_for_the_voice(score: Score, speech: Path, tmp_path: Path) -> None:
    mix = write_music(tmp_path, score, speech, RATE)
    assert mix.shape == (round(SECONDS * RATE), 2)
    assert np.abs(mix).max() <= 1.0
    assert read_score(tmp_path / "music.mid").notes.pitch.tolist() == score.notes.pitch.tolist()
    voice = np.zeros_like(mix)
    time_s = np.arange(len(mix)) / RATE
    voice[:] = (0.2 * np.sin(2 * np.pi * 300 * time_s) * ((time_s > 2) & (time_s < 5)))[:, None]
    music = mix - voice / max(1.0, np.abs(mix).max())
    plain = render(score).mix[: len(mix)]
    under, between = ((time_s > begin) & (time_s < end) for begin, end in ((2.3, 4.7), (6.0, 8.5)))
    softer = [integrated_lufs(music[when], RATE) - integrated_lufs(plain[when], RATE) for when in (under, between)]
    assert softer[0] < softer[1] - 6
    assert np.abs(mix[-20:]).max() < 1e-3


def test_pictures_stay_as_they_are_when_the_sound_is_exchanged(tmp_path: Path) -> None:
    frames = [np.full((64, 64, 3), 5 * number, np.uint8) for number in range(40)]
    tone = np.sin(np.arange(RATE * 40 // 25) / 20)
    write_mp4(tmp_path / "face.mp4", Video(frames, 25, Sound(tone, RATE)))
    with_sound(tmp_path / "face.mp4", Sound(np.stack([tone, -tone], axis=1), RATE), tmp_path / "both.mp4")
    before, after = probe(tmp_path / "face.mp4"), probe(tmp_path / "both.mp4")
    assert after.frame_count == before.frame_count == 40
    assert after.duration_s == pytest.approx(before.duration_s, abs=0.03)
    import av

    with av.open(str(tmp_path / "face.mp4")) as one, av.open(str(tmp_path / "both.mp4")) as other:
        pictures = [[bytes(packet) for packet in file.demux(video=0) if packet.size] for file in (one, other)]
        assert pictures[0] == pictures[1]
        assert other.streams.audio[0].channels == 2
    with av.open(str(tmp_path / "both.mp4")) as other:
        heard = np.concatenate([frame.to_ndarray() for frame in other.decode(audio=0)], axis=1)
    assert np.corrcoef(heard[0], heard[1])[0, 1] < -0.9


def test_only_composers_may_write_it() -> None:
    with pytest.raises(InputError, match="no music generator; choose emogen"):
        composer_of("parametric")
    with pytest.raises(InputError, match="no registered generator"):
        composer_of("mozart")


def test_a_word_is_too_short_for_music() -> None:
    with pytest.raises(InputError, match="too short"):
        compose_under(EmoGen, parse_emotion("joy"), 1.0, 0)  # type: ignore[arg-type]


def test_that_is_said_before_a_composer_is_loaded(tmp_path: Path) -> None:
    write_wav(tmp_path / "word.wav", np.zeros(16_000, np.float32), 16_000)
    run = f"code = main(['perform', '--speech', {str(tmp_path / 'word.wav')!r}, '--music'])"
    code = f"import sys; from espressivo.cli import main; {run}; print(code, 'torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert "too short for music" in result.stderr
    assert result.stdout.strip() == "2 False"
    assert [path.name for path in tmp_path.iterdir()] == ["word.wav"]
