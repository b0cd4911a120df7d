"""Scores as sound."""

import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from espressivo.errors import InputError, MissingDependencyError
from espressivo.generators.music.score import Instrument, Score
from espressivo.generators.music.sound import additive, fluid, sampled, timbres
from espressivo.generators.music.sound.loudness import CEILING_DBTP, integrated_lufs, true_peak_db
from espressivo.generators.music.sound.render import RATE_HZ, render, write_stereo_wav
from espressivo.media.notes import Notes

PIANO = Instrument()


def notes_of(*rows: tuple[int, int, int, int, int]) -> Notes:
    """Rows of start, end (ticks of a thousandth of a second), pitch, velocity, track; track 9 is drums."""
    start, end, pitch, velocity, track = np.array(rows, dtype=np.int64).reshape(-1, 5).T
    return Notes(pitch, velocity, start, end, track, track == 9, 500)


def tune() -> Score:
    rows = [(400 * step, 400 * step + 380, 60 + (7 * step) % 12, 50 + 5 * step, 0) for step in range(10)]
    rows += [(1000 * step, 1000 * step + 1000, 43 + step, 70, 1) for step in range(4)]
    players = (PIANO, Instrument("Strings", 48))
    return Score(notes_of(*rows), players)


def note(pitch: int, velocity: int, seconds: float = 1.0, instrument: Instrument = PIANO) -> np.ndarray:
    length = round(seconds * 1000)
    return additive.play(notes_of((0, length, pitch, velocity, 0)), instrument, round((seconds + 1) * RATE_HZ), RATE_HZ)


def can_play_soundfonts() -> bool:
    return sampled.is_installed() or fluid.is_installed()


def level_db(sound: np.ndarray) -> float:
    return 20 * float(np.log10(np.sqrt((sound.astype(float) ** 2).mean()) + 1e-12))


def centroid_hz(sound: np.ndarray) -> float:
    power = np.abs(np.fft.rfft(sound[:RATE_HZ].sum(axis=1))) ** 2
    return float((power * np.fft.rfftfreq(RATE_HZ, 1 / RATE_HZ)).sum() / power.sum())


@pytest.mark.parametrize("pitch", [21, 40, 60, 80, 108])
def test_louder_is_louder_and_brighter(pitch: int) -> None:
    soft, middle, hard = (note(pitch, velocity) for velocity in (1, 64, 127))
    assert level_db(soft) + 6 < level_db(middle) < level_db(hard) - 6
    assert level_db(soft) > -80
    assert centroid_hz(soft) < centroid_hz(hard)


@pytest.mark.parametrize("program", [0, 16, 24, 48, 56, 73])
def test_an_octave_higher_has_twice_the_pitch(program: int) -> None:
    def peak_hz(pitch: int) -> float:
        sound = note(pitch, 50, 2.0, Instrument("", program))[: 2 * RATE_HZ].sum(axis=1)
        spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 1 << 19))
        hz = np.fft.rfftfreq(1 << 19, 1 / RATE_HZ)
        near = np.abs(hz / (440 * 2 ** ((pitch - 69) / 12)) - 1) < 0.2
        return float(hz[near][spectrum[near].argmax()])

    assert peak_hz(69) == pytest.approx(440, rel=0.01)
    assert peak_hz(81) / peak_hz(69) == pytest.approx(2, rel=0.01)


def test_a_piano_note_decays_and_ends_when_let_go() -> None:
    sound = note(60, 90, 3.0)
    second = [level_db(sound[place * RATE_HZ : (place + 1) * RATE_HZ]) for place in range(4)]
    assert second[0] > second[1] > second[2]
    assert second[0] - second[2] < 25
    # Half a second after the damper.
    assert level_db(sound[round(3.6 * RATE_HZ) :]) < second[2] - 30
    treble, bass = note(96, 90, 2.0), note(36, 90, 2.0)
    fade = [
        level_db(sound[: RATE_HZ // 2]) - level_db(sound[3 * RATE_HZ // 2 : 2 * RATE_HZ]) for sound in (treble, bass)
    ]
    assert fade[0] > fade[1] + 5


@pytest.mark.parametrize("pitch", [21, 60, 100])
def test_a_note_is_the_sum_of_its_partials(pitch: int) -> None:
    # The synthesiser goes in runs of samples; the formula says what each sample is.
    voice = timbres.voice(timbres.PIANO, pitch, 90, RATE_HZ)
    sound = note(pitch, 90, 5.0)
    places = np.arange(RATE_HZ // 10, 4 * RATE_HZ, 7919)
    times_s = places[:, None] / RATE_HZ
    sines = np.exp(-voice.decay * times_s) * np.sin(2 * np.pi * voice.hz * times_s + voice.phase)
    exact = np.stack([sines @ voice.left, sines @ voice.right], axis=1)
    np.testing.assert_allclose(sound[places], exact, atol=3e-5)


def test_nothing_clicks() -> None:
    # A click is a step: the highest frequencies then hold as much as in the stroke itself. At the end of a soft and
    # at the end of a loud note they hold next to nothing.
    for velocity in (20, 120):
        sound = note(60, velocity, 1.0).sum(axis=1)
        step = np.abs(np.diff(sound, 3))
        stroke = step[: RATE_HZ // 20].max()
        assert step[RATE_HZ - 200 : RATE_HZ + 4000].max() < 0.2 * stroke
        assert abs(sound[0]) < 1e-3 * np.abs(sound).max()


@pytest.mark.parametrize("player", ["own", "soundfont"])
def test_loudness_peaks_stems_and_length(player: str) -> None:
    if player == "soundfont" and not (can_play_soundfonts() and sampled.found_soundfont()):
        pytest.skip("no soundfont here")
    sound = render(tune(), player)  # type: ignore[arg-type]
    assert integrated_lufs(sound.mix, RATE_HZ) == pytest.approx(-16, abs=0.3)
    assert true_peak_db(sound.mix) <= CEILING_DBTP
    assert np.isfinite(sound.mix).all()
    assert sound.seconds >= tune().seconds
    if true_peak_db(np.sum(sound.stems, axis=0) * 10 ** (sound.gain_db / 20)) < CEILING_DBTP - 0.2:
        np.testing.assert_allclose(np.sum(sound.stems, axis=0) * 10 ** (sound.gain_db / 20), sound.mix, atol=1e-5)
    quiet = render(tune(), player, target_lufs=-30)  # type: ignore[arg-type]
    np.testing.assert_allclose(np.sum(quiet.stems, axis=0) * 10 ** (quiet.gain_db / 20), quiet.mix, atol=1e-6)
    assert integrated_lufs(quiet.mix, RATE_HZ) == pytest.approx(-30, abs=0.05)


def test_a_loop_has_no_seam_and_keeps_what_rings_on() -> None:
    score = tune()
    once, loop = render(score, "own", target_lufs=-30), render(score, "own", target_lufs=-30, loop=True)
    assert len(loop.mix) == 4 * RATE_HZ  # Two bars of 2 s.
    twice = np.concatenate([loop.mix, loop.mix]).astype(float).sum(axis=1)
    step = np.abs(np.diff(twice, 3))
    seam = len(loop.mix)
    assert step[seam - 6 : seam + 6].max() <= np.percentile(step, 99.9)
    tail = np.sum(once.stems, axis=0)[len(loop.mix) :]
    expected = np.sum(once.stems, axis=0)[: len(loop.mix)]
    expected[: len(tail)] += tail[: len(loop.mix)]
    np.testing.assert_allclose(np.sum(loop.stems, axis=0), expected, atol=1e-5)


def test_a_piece_ends_when_it_has_rung_out() -> None:
    sound = render(tune(), "own", target_lufs=-30).mix
    quiet_s = np.argmax(np.abs(sound[::-1]).max(axis=1) > 1e-3 * np.abs(sound).max()) / RATE_HZ
    assert quiet_s < 0.5
    assert len(sound) >= tune().seconds * RATE_HZ
    assert abs(sound[-1]).max() < 1e-4


@pytest.mark.parametrize("loop", [False, True])
def test_without_stems_it_sounds_the_same(loop: bool) -> None:
    kept, mixed = (render(tune(), "own", target_lufs=-30, loop=loop, stems=stems) for stems in (True, False))
    assert (len(kept.stems), len(mixed.stems)) == (2, 0)
    np.testing.assert_allclose(mixed.mix, kept.mix, atol=1e-5)


def test_the_same_score_sounds_the_same() -> None:
    np.testing.assert_array_equal(render(tune(), "own").mix, render(tune(), "own").mix)


def test_drums_alone_overlaps_and_extremes() -> None:
    kit = (*(PIANO,) * 9, Instrument("Kit", 0, is_drum=True))
    hits = notes_of(*[(100 * step, 100 * step + 50, 27 + step, 1 + 2 * step, 9) for step in range(60)])
    assert integrated_lufs(render(Score(hits, kit), "own").mix, RATE_HZ) == pytest.approx(-16, abs=0.3)
    tangle = notes_of(*[(37 * step, 37 * step + 900, 60 + step % 2, 127, 0) for step in range(40)])
    sound = render(Score.of(tangle), "own")
    assert np.isfinite(sound.mix).all()
    assert true_peak_db(sound.mix) <= CEILING_DBTP
    edges = notes_of((0, 500, 0, 1, 0), (0, 500, 127, 127, 0), (600, 600, 60, 1, 0))
    assert np.isfinite(render(Score.of(edges), "own").mix).all()


@pytest.mark.parametrize("program", range(0, 128, 8))
def test_every_family_sounds(program: int) -> None:
    sound = note(60, 80, 0.5, Instrument("", program))
    assert np.isfinite(sound).all()
    assert level_db(sound[: RATE_HZ // 2]) > -50


def test_what_cannot_be_played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="no notes"):
        render(Score.of(notes_of()))
    with pytest.raises(InputError, match="180 minutes"):
        render(Score.of(notes_of((0, 3 * 3600 * 1000, 60, 80, 0))))
    with pytest.raises(InputError, match="LUFS"):
        render(tune(), "own", target_lufs=3)
    with pytest.raises(InputError, match="60000 notes"):
        render(Score.of(notes_of(*[(0, 1, 60, 80, 0)] * 60_000)))
    half_hours = notes_of(*[(0, 1_700_000, 60, 80, number) for number in range(3)])
    with pytest.raises(InputError, match="3 tracks of 28 minutes are too much to keep apart"):
        render(Score(half_hours, (PIANO,) * 3))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path))
    (tmp_path / "soundfonts").mkdir()
    font = tmp_path / "soundfonts" / "FluidR3_GM.sf2"
    font.write_bytes(b"no soundfont")
    assert sampled.found_soundfont() == font
    if can_play_soundfonts():
        with pytest.raises(InputError, match="FluidR3_GM"):
            render(tune(), "soundfont")
    else:
        with pytest.raises(MissingDependencyError, match="tinysoundfont"):
            render(tune(), "soundfont")


@pytest.mark.skipif(not (fluid.is_installed() and sampled.is_installed()), reason="needs fluidsynth and tinysoundfont")
def test_fluidsynth_plays_what_tinysoundfont_plays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    font = sampled.found_soundfont()
    if font is None:
        pytest.skip("no soundfont here")
    notes = tune().notes.where(tune().notes.track == 0)
    theirs, ours = (player.play(notes, PIANO, 7 * RATE_HZ, RATE_HZ, font) for player in (fluid, sampled))
    halves = [(0.5 * half * RATE_HZ, 0.5 * (half + 1) * RATE_HZ) for half in range(8)]
    for begin, end in halves:
        assert level_db(theirs[int(begin) : int(end)]) == pytest.approx(level_db(ours[int(begin) : int(end)]), abs=6)
    assert np.abs(theirs[round(0.1 * RATE_HZ) :]).max() > 0.01
    assert level_db(theirs[6 * RATE_HZ :]) < -80
    assert not fluid.play(notes.where(np.zeros(len(notes), bool)), PIANO, 100, RATE_HZ, font).any()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not fluid.is_installed()
    assert render(tune(), soundfont=font).player == font.name


def test_a_file_holds_both_channels(tmp_path: Path) -> None:
    sound = np.array([[0.5, -0.5], [0.25, 2.0], [-1.0, 1e-7]], np.float32)
    write_stereo_wav(tmp_path / "x.wav", sound)
    with wave.open(str(tmp_path / "x.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 3, RATE_HZ)
        raw = np.frombuffer(file.readframes(9), np.uint8).reshape(-1, 3).astype(np.int32)
    value = (raw[:, 0] | raw[:, 1] << 8 | raw[:, 2] << 16) << 8 >> 8
    np.testing.assert_array_equal(value, [2**22, -(2**22), 2**21, 2**23 - 1, -(2**23), 1])


def test_a_track_of_its_own_instrument(tmp_path: Path) -> None:
    other = replace(tune(), instruments=(PIANO, Instrument("Flute", 73)))
    one, two = (np.stack([stem[: 4 * RATE_HZ] for stem in render(score, "own").stems]) for score in (other, tune()))
    assert np.abs(one[1] - two[1]).max() > 0.01
    np.testing.assert_array_equal(one[0], two[0])
