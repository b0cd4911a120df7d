"""Corpora are read as they are published, and what is missing is named."""

import json
from pathlib import Path

import numpy as np
import pytest

from espressivo.errors import InputError
from espressivo.eval.corpora import Clip, read_corpora, sample_clips
from espressivo.media.wav import write_wav

PHONES = [["SIL", 0.0, 0.1], ["M", 0.1, 0.2], ["AY", 0.2, 0.4]]


@pytest.fixture
def realspeech(tmp_path: Path) -> Path:
    (tmp_path / "transcripts.csv").write_text("clip,speaker,text\na,121,my\nb,7,my\n", encoding="utf-8")
    (tmp_path / "phones.json").write_text(json.dumps({"a": PHONES, "b": PHONES}), encoding="utf-8")
    return tmp_path


def test_aligned_phones_become_visemes_and_speakers_set_apart_are_told(realspeech: Path) -> None:
    ((name, clips),) = read_corpora({"realspeech": realspeech})
    assert name == "realspeech"
    assert [(clip.name, clip.speaker, clip.part, clip.transcript) for clip in clips] == [
        ("a", "121", "dev", "my"),
        ("b", "7", "test", "my"),
    ]
    assert [viseme for viseme, _, _ in clips[0].visemes] == ["sil", "PP", "aa", "I"]


def test_aligned_phones_go_with_the_speech_and_cover_it(tmp_path: Path) -> None:
    sound = tmp_path / "a.wav"
    write_wav(sound, np.zeros(16_000, np.float32), 16_000)
    rows = (("M", 0.1, 0.2),)
    aligned = Clip("a", sound, "7", "test", phones=rows, aligned=True).speech()
    assert [phone.label for phone in aligned.phones or ()] == ["SIL", "M", "SIL"]
    assert Clip("a", sound, "7", "test", phones=rows).speech().phones is None


def test_a_recorded_jaw_keeps_its_own_rate(tmp_path: Path) -> None:
    (tmp_path / "columns.json").write_text(json.dumps({"arkit_names": ["tongueOut", "jawOpen"]}), encoding="utf-8")
    np.savez(tmp_path / "x.npz", arkit=np.array([[0.0, 0.5], [0.0, 0.25]], np.float32), fps=60)
    ((_, (clip,)),) = read_corpora({"facegood": tmp_path})
    assert clip.jaw is not None
    assert clip.jaw.tolist() == [0.5, 0.25]
    assert (clip.jaw_fps, clip.sound.name) == (60.0, "x.flac")


def test_an_unknown_corpus_and_a_wrong_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'timit' is no corpus; give some of realspeech"):
        list(read_corpora({"timit": tmp_path}))
    for name in ("realspeech", "ravdess", "emodb", "facegood"):
        with pytest.raises(InputError, match="is missing"):
            list(read_corpora({name: tmp_path}))


def test_a_sample_takes_all_speakers_in_turn_and_repeats_by_seed() -> None:
    clips = [Clip(f"{speaker}{n}", Path(), speaker, "test") for speaker in "abc" for n in range(5)]
    sample = sample_clips(clips, 6, seed=3)
    assert sorted(clip.speaker for clip in sample[:3]) == sorted(clip.speaker for clip in sample[3:]) == ["a", "b", "c"]
    assert [clip.name for clip in sample] == [clip.name for clip in sample_clips(clips, 6, seed=3)]
    assert [clip.name for clip in sample] != [clip.name for clip in sample_clips(clips, 6, seed=4)]
