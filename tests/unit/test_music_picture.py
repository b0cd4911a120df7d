"""Pictures of music."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.track import EmotionTrack, Keyframe
from espressivo.errors import InputError
from espressivo.generators.music.keys import Key
from espressivo.generators.music.picture import draw_score, draw_spectrogram
from espressivo.generators.music.score import Chord, KeyChange, Score
from espressivo.media.notes import Notes

pytest.importorskip("matplotlib")


def score_of(pitch: list[int], drums: bool = False) -> Score:
    count = len(pitch)
    start = np.arange(count) * 480
    columns = (np.array(pitch, dtype=np.int64), np.full(count, 90), start, start + 400, np.zeros(count, np.int64))
    return Score.of(Notes(*columns, np.full(count, drums), 480))


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def test_notes_harmony_and_emotion_all_leave_ink(tmp_path: Path) -> None:
    plain = score_of([60, 64, 67, 72])
    track = EmotionTrack((Keyframe(0, EmotionState({"sadness": 1.0})), Keyframe(2, EmotionState({"happiness": 1.0}))))
    rich = replace(plain, keys=(KeyChange(0, Key(0)),), chords=(Chord(0, "C_M"), Chord(960, "G_7")))
    draw_score(tmp_path / "plain.png", plain)
    draw_score(tmp_path / "rich.png", rich)
    draw_score(tmp_path / "felt.png", replace(rich, emotion=track, title="$50 & more_"))
    draw_score(tmp_path / "other.png", score_of([60, 64, 67, 50]))
    assert (pixels(tmp_path / "plain.png") != pixels(tmp_path / "rich.png")).any()
    assert (pixels(tmp_path / "plain.png") != pixels(tmp_path / "other.png")).any()
    assert pixels(tmp_path / "felt.png").shape[0] > pixels(tmp_path / "rich.png").shape[0]


def test_chords_do_not_stand_on_each_other(tmp_path: Path) -> None:
    plain = score_of([60] * 64)
    crowd = [replace(plain, chords=tuple(Chord(60 * n, "C_M7") for n in range(count))) for count in (1, 500)]
    inks = []
    for number, score in enumerate(crowd):
        draw_score(path := tmp_path / f"{number}.png", score)
        inks.append((pixels(path)[2:15, 60:1290].sum(axis=2) < 300).any(axis=0))
    assert 0.05 < inks[1].mean() < 0.75
    assert inks[0].sum() < inks[1].sum()


def test_the_same_score_gives_the_same_file(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        draw_score(tmp_path / name, score_of([60, 61]))
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    draw_score(tmp_path / "a.svg", score_of([60, 61]))
    assert "<svg" in (tmp_path / "a.svg").read_text(encoding="utf-8")


def test_drums_alone_can_be_drawn(tmp_path: Path) -> None:
    draw_score(tmp_path / "drums.png", score_of([36, 38, 42], drums=True))
    assert (tmp_path / "drums.png").stat().st_size > 1000


def test_what_cannot_be_drawn(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no notes"):
        draw_score(tmp_path / "x.png", score_of([]))
    with pytest.raises(InputError, match="PNG"):
        draw_score(tmp_path / "x.gif", score_of([60]))
    with pytest.raises(InputError, match="no samples"):
        draw_spectrogram(tmp_path / "x.png", np.zeros((0, 2)), 48_000)
    assert not list(tmp_path.iterdir())


def test_a_spectrogram_shows_where_the_sound_is(tmp_path: Path) -> None:
    times_s = np.arange(48_000) / 48_000
    for name, hz in (("low", 200.0), ("high", 4000.0)):
        tone = np.sin(2 * np.pi * hz * times_s)[:, None] * np.ones(2)
        draw_spectrogram(tmp_path / f"{name}.png", tone, 48_000)
    # Left of the colour bar the brightest row is the tone's, and a higher tone is further up.
    low, high = (pixels(tmp_path / f"{name}.png")[60:400, 200:1100].sum(axis=(1, 2)) for name in ("low", "high"))
    red = [pixels(tmp_path / f"{name}.png")[60:420, 200:1100, 0].sum(axis=1).argmax() for name in ("low", "high")]
    assert red[1] < red[0]
    assert (low != high).any()
    draw_spectrogram(tmp_path / "silence.png", np.zeros((100, 2)), 48_000)
