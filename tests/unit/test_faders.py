"""Music FaderNets with a small untrained network: events, segments, decoding that keeps to its tracks, whole pieces."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from espressivo.errors import Cancelled, InputError
from espressivo.generators.music.faders.composing import Wish, encoded, moved, with_touch
from espressivo.generators.music.faders.decoding import PITCHES, write_events
from espressivo.generators.music.faders.events import END, EVENTS, STEPS, Grid, level_of, read, spell, velocity_of
from espressivo.generators.music.faders.generator import MusicFaderNets
from espressivo.generators.music.faders.guide import places
from espressivo.generators.music.faders.network import Faders, FaderSize, MusicFaderNet
from espressivo.generators.music.faders.pieces import read_source
from espressivo.generators.music.faders.pretrained import Model, load_model
from espressivo.generators.music.faders.scales import Scales
from espressivo.generators.music.faders.segments import (
    HOLD,
    ONSET,
    REST,
    Tracks,
    chroma_of,
    key_strengths,
    on_sixteenths,
    tracks_of,
    windows,
)
from espressivo.generators.music.keys import Key
from espressivo.generators.music.score import Instrument, Score, midi_of, write_midi
from espressivo.media.notes import Notes, Tempo
from espressivo.progress import ProgressEvent

SCALES = Scales(0.5, 0.2, 3.0, 1.0)


def model(*, guided: bool = True) -> Model:
    torch.manual_seed(1)
    size = FaderSize(hidden=8, latent=3, over_time=not guided, guided=guided)
    return Model(MusicFaderNet(size).eval().requires_grad_(requires_grad=False), SCALES)


@pytest.fixture(scope="module")
def generator() -> MusicFaderNets:
    return MusicFaderNets(model())


def piece(rows: list[tuple[int, int, int, int]], drums: tuple[int, ...] = (), bpm: float = 96.0) -> Score:
    """Notes (begin and end in sixteenths, pitch, velocity) and drum strokes, at 480 ticks per quarter."""
    all_rows = sorted([(*row, 0) for row in rows] + [(at, at + 1, 36, 100, 1) for at in drums])
    begin, end, pitch, velocity, track = np.array(all_rows).T
    notes = Notes(pitch, velocity, begin * 120, end * 120, track, track == 1, 480, (Tempo(0, bpm),))
    players = (Instrument(), Instrument("Drums", 0, is_drum=True))[: 2 if drums else 1]
    return Score(notes, players)


TUNE = [(4 * n, 4 * n + 3, 60 + (0, 4, 7, 5)[n % 4], 70) for n in range(16)] + [
    (16 * n, 16 * n + 15, 48, 60) for n in range(4)
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "tune.mid"
    write_midi(path, piece(TUNE, drums=(0, 8, 16)))
    return path


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    rows = draw(
        st.lists(
            st.tuples(st.integers(0, 15), st.integers(1, 16), st.integers(21, 108), st.integers(1, 127)), max_size=30
        )
    )
    ticks = np.array(rows, dtype=np.int64).reshape(-1, 4)
    notes = Notes(
        ticks[:, 2], ticks[:, 3], ticks[:, 0] * 120, np.minimum(1920, (ticks[:, 0] + ticks[:, 1]) * 120),
        np.zeros(len(ticks), int), np.zeros(len(ticks), bool), 480,
    )  # fmt: skip
    return on_sixteenths(notes)


@given(grids())
def test_segments_are_written_and_read_as_events(grid: Grid) -> None:
    events = spell(grid)
    assert events[-1] == END
    assert all(0 < event < EVENTS for event in events)
    back = read(events)
    assert np.array_equal(back[:, :3], grid[:, :3])
    assert np.abs(back[:, 3] - grid[:, 3]).max(initial=0) <= 1


@given(st.integers(1, 127))
def test_levels_of_loudness_are_two_velocities_wide(velocity: int) -> None:
    assert 1 <= level_of(velocity) <= 64
    assert abs(velocity_of(level_of(velocity)) - velocity) <= 1


def test_events_of_any_model_are_read_without_complaint() -> None:
    random = np.random.default_rng(0)
    for _ in range(50):
        found = read(random.integers(0, EVENTS, 200).tolist())
        assert (found[:, 0] < found[:, 1]).all()
        assert found[:, 1].max(initial=0) <= STEPS


def test_tracks_are_as_the_paper_defines_them() -> None:
    grid = np.array([[0, 4, 60, 80], [2, 4, 64, 80], [8, 10, 60, 80]])
    tracks = tracks_of(grid)
    held = [ONSET, HOLD, ONSET, HOLD, REST, REST, REST, REST, ONSET, HOLD] + [REST] * 6
    assert tracks.rhythm.tolist() == held
    assert tracks.notes.tolist() == [1, 1, 2, 2, 0, 0, 0, 0, 1, 1] + [0] * 6
    assert tracks.rhythm_density == 3 / 16
    assert tracks.note_density == 8 / 16


def test_a_note_struck_again_is_heard_again() -> None:
    notes = piece([(0, 4, 60, 80), (4, 8, 60, 80)]).notes
    assert (tracks_of(on_sixteenths(notes)).rhythm == ONSET).sum() == 2


def test_windows_hold_all_that_sounds() -> None:
    grid = on_sixteenths(piece([(0, 40, 50, 64), (14, 18, 60, 64), (20, 21, 72, 64)]).notes)
    cut = list(windows(grid))
    assert [each[:, :3].tolist() for each in cut] == [
        [[0, 16, 50], [14, 16, 60]],
        [[0, 16, 50], [0, 2, 60], [4, 5, 72]],
        [[0, 8, 50]],
    ]


@pytest.mark.parametrize("name", ["C", "F# minor", "Bb", "A minor"])
def test_a_scale_is_known_by_its_strengths(name: str) -> None:
    key = Key.of(name)
    chroma = np.array([(c in key.scale) + (c in key.tonic_chord) for c in range(12)], float)
    strengths = key_strengths(chroma)
    assert strengths.argmax() == key.tonic + 12 * (key.mode == "minor")
    assert 1 <= (strengths > 0).sum() <= 3
    assert key_strengths(np.zeros(12)).sum() == 0


def test_the_guide_knows_where_an_event_stands() -> None:
    grid = np.array([[0, 3, 60, 64], [0, 16, 64, 64], [3, 5, 67, 64]])
    events = torch.tensor([spell(grid)])
    step, sounding, begun = (each[0].tolist() for each in places(events))
    # loudness, 60, 64, three sixteenths, 60 ends, 67, two sixteenths, 67 ends, eleven sixteenths (as 100 + 10), ...
    assert step == [0, 0, 0, 0, 3, 3, 3, 5, 5, 15, 16, 16]
    assert sounding == [0, 0, 1, 2, 2, 1, 2, 2, 1, 1, 1, 0]
    assert begun == [0, 0, 1, 2, 0, 0, 1, 0, 0, 0, 0, 0]


@st.composite
def tracks(draw: st.DrawFn) -> Tracks:
    """Any rhythm, with numbers of notes that are possible with it."""
    rhythm, notes, sounding = [], [], 0
    for _ in range(STEPS):
        rhythm.append(draw(st.sampled_from([REST, ONSET, HOLD] if sounding else [REST, ONSET])))
        sounding = {REST: 0, ONSET: draw(st.integers(1, 8)), HOLD: draw(st.integers(1, max(1, sounding)))}[rhythm[-1]]
        notes.append(sounding)
    return Tracks(np.array(rhythm), np.array(notes))


@settings(max_examples=25, deadline=None)
@given(tracks(), st.integers(0, 99))
def test_what_is_decoded_has_the_tracks_that_were_asked_for(wanted: Tracks, seed: int) -> None:
    network = model().network
    random = np.random.default_rng(seed)
    faders = Faders(*torch.from_numpy(random.standard_normal((2, 1, 3))).float())
    leaning = random.normal(size=(1, STEPS, PITCHES))
    events = write_events(network, faders, np.zeros((1, 24)), np.full((1, 12), 1 / 12), [wanted], leaning, random)[0]
    found = tracks_of(read(events))
    assert found.rhythm.tolist() == wanted.rhythm.tolist()
    assert found.notes.tolist() == wanted.notes.tolist()


def test_padding_is_not_heard() -> None:
    network = model().network
    short = torch.tensor([spell(np.array([[0, 8, 60, 64], [4, 9, 65, 64]]))])
    longer = torch.cat([short, torch.zeros(1, 9, dtype=torch.long)], dim=1)
    lengths = torch.tensor([short.shape[1]])
    for one, other in zip(network.encode(short), network.encode(longer, lengths), strict=True):
        assert torch.allclose(one.mean, other.mean, atol=1e-6)
    assert not torch.allclose(network.encode(short)[0].mean, network.encode(longer)[0].mean, atol=1e-4)


def test_training_and_decoding_step_alike() -> None:
    """The logits of `follow` for events that were decoded are those that they were drawn from."""
    network = model().network
    grid = np.array([[0, 4, 60, 64], [4, 16, 67, 64]])
    own, events = tracks_of(grid), torch.tensor([spell(grid)])
    faders = Faders(torch.ones(1, 3), -torch.ones(1, 3))
    key, chroma = torch.zeros(1, 24), torch.full((1, 12), 1 / 12)
    rhythm, notes = torch.from_numpy(own.rhythm)[None].long(), torch.from_numpy(own.notes)[None].long()
    before = torch.cat([torch.tensor([[341]]), events[:, :-1]], dim=1)
    logits = network.follow(faders, key, chroma, rhythm, notes, events, before)
    changed = before.clone()
    changed[0, 3] = 50
    other = network.follow(faders, key, chroma, rhythm, notes, events, changed)
    assert torch.equal(logits[:, :3], other[:, :3])
    assert not torch.allclose(logits[:, 3:], other[:, 3:])


def test_faders_are_set_and_arousal_goes_both_ways() -> None:
    own = model()
    faders = encoded(own, [np.array([[0, 8, 60, 64]]), np.array([[0, 2, 60, 64], [2, 4, 62, 64]])])
    still = moved(faders, own, np.zeros(2), Wish())
    assert all(torch.equal(one, other) for one, other in zip(faders, still, strict=True))
    up, down = (moved(faders, own, np.full(2, arousal), Wish()) for arousal in (1.0, -1.0))
    for start, high, low in zip(faders, up, down, strict=True):
        assert torch.allclose(high - start, start - low, atol=1e-5)
        assert not torch.allclose(high, start, atol=1e-3)
    set_to = moved(faders, own, np.ones(2), Wish(rhythm=0.75, density=0.0))
    assert set_to.rhythm[:, 0].tolist() == [1.0, 1.0]
    assert set_to.notes[:, 0].tolist() == [-2.0, -2.0]
    assert torch.equal(set_to.rhythm[:, 1:], up.rhythm[:, 1:])


def changed(generator: MusicFaderNets, source: Path | None = None, **request: object) -> Score:
    return generator.generate(MusicFaderNets.Request.model_validate({"source": source, **request}))


def test_a_piece_keeps_its_tempo_length_and_drums(generator: MusicFaderNets, source: Path) -> None:
    score = changed(generator, source)
    assert score.bars == 4
    assert [round(tempo.bpm, 3) for tempo in score.notes.tempi] == [96.0]
    drums = score.notes.where(score.notes.is_drum)
    assert drums.start_tick.tolist() == [0, 960, 1920]
    assert score.instruments[1].is_drum
    assert not score.instruments[0].is_drum


def test_rhythm_and_density_follow_their_faders(generator: MusicFaderNets, source: Path) -> None:
    def measured(**request: object) -> tuple[float, float]:
        found = [tracks_of(each) for each in windows(on_sixteenths(changed(generator, source, **request).notes))]
        return float(np.mean([t.rhythm_density for t in found])), float(np.mean([t.note_density for t in found]))

    assert measured(rhythm=0.05)[0] < measured(rhythm=0.5)[0] < measured(rhythm=0.95)[0]
    assert measured(density=0.05)[1] < measured(density=0.95)[1]


def test_the_same_seed_gives_the_same_piece_and_no_emotion_is_none(generator: MusicFaderNets, source: Path) -> None:
    for where in (None, source):
        plain = midi_of(changed(generator, where, seed=3))
        assert plain == midi_of(changed(generator, where, seed=3))
        assert plain != midi_of(changed(generator, where, seed=4))
        still = changed(generator, where, seed=3, emotion="happiness:0")
        assert plain == midi_of(replace(still, emotion=MusicFaderNets.Request().emotion))
        aroused = changed(generator, where, seed=3, emotion="Q1")
        assert not np.array_equal(aroused.notes.start_tick, still.notes.start_tick)


def test_arousal_follows_the_emotion_in_time(generator: MusicFaderNets, source: Path) -> None:
    """Bars before a turn are as without it."""
    turning = changed(generator, source, emotion="@0 neutral @5 neutral @5.1 Q1").notes
    still = changed(generator, source).notes
    first = [notes.where(notes.start_tick < 2 * 1920) for notes in (turning, still)]
    # Draws come in order of segments, two before the turn: their rhythm is the same.
    assert set(first[0].start_tick.tolist()) == set(first[1].start_tick.tolist())
    assert not np.array_equal(turning.start_tick, still.start_tick)


def test_a_key_moves_the_piece(generator: MusicFaderNets, source: Path) -> None:
    score = changed(generator, source, key="Eb minor", temperature=0.5)
    assert score.keys[0].key == Key.of("Eb minor")
    piano = score.notes.pitched
    assert np.isin(piano.pitch % 12, list(Key.of("Eb minor").scale)).mean() > 0.8


@pytest.mark.parametrize("bars", [1, 2, 9])
def test_new_music_has_the_asked_length_key_and_tempo(generator: MusicFaderNets, bars: int) -> None:
    score = changed(generator, bars=bars, key="D", tempo=90)
    assert score.bars == bars
    assert score.notes.tempi[0].bpm == 90
    assert score.keys[0].key == Key.of("D")
    assert changed(generator, seconds=10.0, tempo=96).bars == 4
    notes = changed(generator, seconds=11.0, sections=(5.2,), tempo=96).notes
    lines_s = notes.seconds_at(notes.bar_edges)
    assert lines_s[-1] == pytest.approx(11.0, abs=1e-6)
    assert np.abs(lines_s - 5.2).min() < 1e-6


def test_new_music_is_held_by_the_pedal_and_as_loud_as_its_arousal() -> None:
    rows = [(4 * number, 4 * number + 2, pitch, 90) for number, pitch in enumerate([60, 64, 67, 72] * 4)]
    written = piece(rows).notes
    quiet, lively = (
        with_touch(written, MusicFaderNets.Request.model_validate({"emotion": name}).emotion) for name in ("Q3", "Q2")
    )
    written_ticks, quiet_ticks, lively_ticks = (each.end_tick - each.start_tick for each in (written, quiet, lively))
    assert (quiet_ticks >= lively_ticks).all()
    assert (lively_ticks >= written_ticks).all()
    assert quiet_ticks.mean() > lively_ticks.mean() > written_ticks.mean()
    assert lively.velocity.mean() > 70 > 60 > quiet.velocity.mean()
    # Arousal alone is told: the valence of a mood changes nothing.
    glad = with_touch(written, MusicFaderNets.Request.model_validate({"emotion": "Q1"}).emotion)
    assert np.array_equal(glad.velocity, lively.velocity)


def test_new_pieces_differ_in_tempo_and_in_how_full_they_are(generator: MusicFaderNets) -> None:
    pieces = [changed(generator, bars=4, seed=seed) for seed in range(6)]
    assert len({score.notes.tempi[0].bpm for score in pieces}) > 3
    assert np.std([len(score.notes) for score in pieces]) > 2


def test_silence_stays_silent(generator: MusicFaderNets, tmp_path: Path) -> None:
    path = tmp_path / "gap.mid"
    write_midi(path, piece([(0, 4, 60, 80), (35, 38, 62, 80)]))
    notes = changed(generator, path).notes
    assert not ((notes.start_tick >= 1920) & (notes.start_tick < 3840)).any()
    assert (notes.start_tick >= 3840).any()


def test_pieces_off_the_grid_and_beyond_the_piano_are_read(tmp_path: Path) -> None:
    path = tmp_path / "odd.mid"
    random = np.random.default_rng(0)
    onsets = np.cumsum(random.integers(50, 170, 60))
    notes = Notes(
        random.integers(0, 128, 60), np.full(60, 80), onsets, onsets + 90, np.zeros(60, int), np.zeros(60, bool), 480
    )
    write_midi(path, Score.of(notes))
    found = read_source(path)
    pitches = np.concatenate([grid[:, 2] for grid in found.grids])
    assert pitches.min() >= 21
    assert pitches.max() <= 108
    assert np.allclose([chroma_of(grid).sum() for grid in found.grids if len(grid)], 1)


def test_what_cannot_be_changed_is_refused(generator: MusicFaderNets, source: Path, tmp_path: Path) -> None:
    drums = tmp_path / "drums.mid"
    kit = np.array([0, 480, 960])
    write_midi(
        drums,
        Score.of(Notes(np.full(3, 36), np.full(3, 90), kit, kit + 100, np.zeros(3, int), np.ones(3, bool), 480)),
    )
    with pytest.raises(InputError, match="drums alone"):
        changed(generator, drums)
    with pytest.raises(InputError, match="keeps its length"):
        changed(generator, source, bars=4)
    with pytest.raises(InputError, match="no such file"):
        changed(generator, tmp_path / "none.mid")
    broken = tmp_path / "broken.mid"
    broken.write_bytes(b"MThd\0\0")
    with pytest.raises(InputError, match="not a whole MIDI file"):
        changed(generator, broken)


def test_it_can_be_cancelled_and_tells_how_far_it_is(generator: MusicFaderNets) -> None:
    seen: list[float] = []

    def stop(event: ProgressEvent) -> None:
        seen.append(event.fraction)
        if event.fraction > 0:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        generator.generate(MusicFaderNets.Request(bars=40), stop)
    assert seen == [0.0, pytest.approx(0.8)]


def test_the_authors_network_is_loaded_strictly_and_decoded_as_theirs(source: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "music_attr_vae_reg_gmm.pt"
    torch.manual_seed(0)
    state = MusicFaderNet(FaderSize()).state_dict()
    torch.save(state, checkpoint)
    generator = MusicFaderNets.from_pretrained(checkpoint)
    assert generator.model.network.size == FaderSize()
    score = generator.generate(MusicFaderNets.Request(source=source, rhythm=0.9))
    assert score.bars <= 4
    torch.save({name: each for name, each in state.items() if name != "c_r.weight"}, checkpoint)
    with pytest.raises(InputError, match="other tensors"):
        load_model(checkpoint)
    checkpoint.write_bytes(b"nothing")
    with pytest.raises(InputError, match="cannot be read as weights"):
        load_model(checkpoint)
    with pytest.raises(InputError, match="cannot be read as weights"):
        load_model(tmp_path / "nowhere")
