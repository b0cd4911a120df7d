"""MusER as a generator, with small untrained networks: grammar, lengths, endings, emotion, and transfer of elements."""

import pickle
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from espressivo.conditioning.state import EmotionState
from espressivo.errors import Cancelled, InputError
from espressivo.generators.music.keys import Key, key_of
from espressivo.generators.music.moods import Mood
from espressivo.generators.music.muser.chords import ROOTS
from espressivo.generators.music.muser.composing import Plan, write
from espressivo.generators.music.muser.decoding import CodeWriter, Leader, WordWriter
from espressivo.generators.music.muser.dictionary import reconstructed
from espressivo.generators.music.muser.elements import COLUMN, TYPE
from espressivo.generators.music.muser.ending import with_cadence
from espressivo.generators.music.muser.generator import MusER, _within_piano
from espressivo.generators.music.muser.grammar import POSITIONS, Grammar
from espressivo.generators.music.muser.manners import AUTHORS, OWN
from espressivo.generators.music.muser.meanings import BAR as BAR_LINE
from espressivo.generators.music.muser.meanings import END, NOTE, POSITION, CodePlace, rooms_of
from espressivo.generators.music.muser.network import MusER as Network
from espressivo.generators.music.muser.network import MusERSize
from espressivo.generators.music.muser.pretrained import Model, load_model
from espressivo.generators.music.muser.prior import Prior, PriorSize
from espressivo.generators.music.muser.tokens import BAR, spell, tokenise
from espressivo.generators.music.muser.transfer import with_elements_of
from espressivo.generators.music.score import Score, midi_of
from espressivo.media.notes import Notes
from espressivo.progress import ProgressEvent


def model(*, guided: bool = True) -> Model:
    """Make a small one; as the authors' if it is not guided."""
    torch.manual_seed(1)
    network = Network(MusERSize(16, 1, 32, 1, 1, 4, 2, 20, 0.0, guided)).eval()
    prior = Prior(PriorSize(18, 32, 1, 4, 2, 0.0, guided)).eval()
    kinds = np.array([BAR_LINE] * 3 + [POSITION] * 4 + [NOTE] * 10 + [END]) if guided else None
    leans = {"velocity": torch.linspace(-1, 1, 42) * torch.tensor([[1.0], [1.0], [-1.0], [-1.0]])} if guided else {}
    manners = OWN if guided else AUTHORS
    return Model(network, prior, torch.arange(18), kinds, leans, reconstructed(), manners, guided=guided, in_c=guided)


@pytest.fixture(scope="module")
def generator() -> MusER:
    return MusER(model())


def composed(generator: MusER, **request: object) -> Score:
    return generator.generate(MusER.Request.model_validate({"bars": 2, "best_of": 1, **request}))


def same(one: Score, other: Score) -> bool:
    return midi_of(one) == midi_of(other)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 3), st.booleans(), st.sampled_from(["Q1", "Q3:0.4", "neutral"]))
def test_whatever_is_drawn_can_be_played(seed: int, bars: int, guided: bool, emotion: str) -> None:
    made = model(guided=guided)
    plan = MusER(made).plan(MusER.Request.model_validate({"bars": bars, "emotion": emotion}))
    written = list(write(made, plan, [np.random.default_rng(seed)]))
    grammar, numbers = Grammar(made.dictionary), made.dictionary.numbers("pitch")
    assert len(written) == bars
    assert written[-1].share == 1
    for bar in written:
        assert len(bar.words) == len(bar.codes) >= 3
        assert [grammar.begins_bar(word) for word in bar.words] == [True] + [False] * (len(bar.words) - 1)
        positions = [grammar.position(word) for word in bar.words[1:] if word[TYPE] == grammar.metrical]
        assert positions == sorted(set(positions))
        assert set(positions) <= set(range(POSITIONS))
        for word, after in zip(bar.words[1:], (*bar.words[2:], None), strict=True):
            notes = after is not None and after[TYPE] == grammar.note
            if word[TYPE] == grammar.metrical:
                assert notes
            elif after is not None and notes:
                assert numbers[after[COLUMN["pitch"]]] < numbers[word[COLUMN["pitch"]]]
    assert spell(np.array([word for bar in written for word in bar.words])).malformed == 0


def test_the_same_seed_gives_the_same_piece(generator: MusER) -> None:
    assert same(composed(generator, emotion="Q2", seed=3), composed(generator, emotion="Q2", seed=3))
    assert not same(composed(generator, emotion="Q2", seed=3), composed(generator, emotion="Q2", seed=4))
    assert not same(composed(generator, emotion="Q2", seed=3), composed(generator, emotion="Q4", seed=3))


@pytest.mark.parametrize("guided", [True, False])
def test_an_emotion_without_intensity_is_neutral_to_the_bit(guided: bool) -> None:
    generator = MusER(model(guided=guided))
    neutral = composed(generator, seed=5)
    silenced = composed(generator, seed=5, emotion="happiness:0")
    assert np.array_equal(neutral.notes.pitch, silenced.notes.pitch)
    assert np.array_equal(neutral.notes.velocity, silenced.notes.velocity)
    assert np.array_equal(neutral.notes.start_tick, silenced.notes.start_tick)
    assert neutral.notes.tempi == silenced.notes.tempi
    assert neutral.chords == silenced.chords


@torch.no_grad()
def test_more_intensity_leads_further(generator: MusER) -> None:
    leader = Leader(generator.model, is_led=True)
    leads = [leader.lead(Mood(1.0, -1.0, intensity)) for intensity in (0.0, 0.5, 1.0)]
    writers = [CodeWriter(generator.model.codes, lead) for lead in leads]
    free, half, full = (writer.logits(lead, 2.0) for writer, lead in zip(writers, leads, strict=True))
    assert np.abs(full - free).max() > 0.1
    assert np.allclose(half - free, 0.5 * (full - free), atol=1e-4)
    louder, softer = (leader.lead(Mood(0.0, arousal)).leans["velocity"] for arousal in (1.0, -1.0))
    assert np.allclose(louder, -softer)
    assert louder[-1] == 1
    followed = leads[1].followed(np.zeros((2, 42)), "velocity", 2.0)
    assert np.allclose(2 * followed, leads[2].followed(np.zeros((2, 42)), "velocity", 2.0))
    only = Leader(generator.model, is_led=False).lead(Mood(0.0, 0.0, 0.0))
    assert np.allclose(CodeWriter(generator.model.codes, only).logits(only, 2.0), free, atol=1e-4)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 17), min_size=1, max_size=80))
def test_codes_are_held_to_bars_of_positions_with_notes(wishes: list[int]) -> None:
    kinds, place, written = model().kinds, CodePlace(), []
    assert kinds is not None
    for wish in wishes:
        allowed = np.flatnonzero(place.allowed(kinds))
        written.append(int(kinds[allowed[wish % len(allowed)]]))
        place = place.after(written[-1])
    assert written[0] == BAR_LINE
    assert END not in written
    for one, other in pairwise(written):
        assert (other == NOTE) if one == POSITION else (other == POSITION or one == NOTE)
    rooms = rooms_of(written)
    assert max(rooms) < POSITIONS
    for number, (kind, room) in enumerate(zip(written, rooms, strict=True)):
        rest = written[number + 1 :]
        bar = rest[: rest.index(BAR_LINE)] if BAR_LINE in rest else rest
        level = bar[: bar.index(POSITION)] if kind == NOTE and POSITION in bar else bar
        assert room == (0 if kind == BAR_LINE else level.count(kind))


@pytest.mark.parametrize("name", ["F#", "Bb minor", "D dorian"])
def test_a_key_that_is_asked_for_is_kept(generator: MusER, name: str) -> None:
    score = composed(generator, key=name, strictness=1.0, loop=True, emotion="Q2")
    assert {int(pitch) % 12 for pitch in score.notes.pitch} <= Key.of(name).scale


def test_bright_emotions_choose_major(generator: MusER) -> None:
    modes = {}
    for emotion in ("Q1", "Q2"):
        request = MusER.Request.model_validate({"emotion": emotion})
        mood = Mood.quadrant(emotion)
        modes[emotion] = [generator.keys(request, np.random.default_rng(seed))(mood).mode for seed in range(40)]
    assert modes["Q1"].count("major") > 30 > 10 > modes["Q2"].count("major")


def test_a_piece_whose_valence_turns_changes_its_mode_on_the_spot(generator: MusER) -> None:
    request = MusER.Request.model_validate({"emotion": "@0~step Q1 @8 Q2"})
    for seed in range(20):
        key = generator.keys(request, np.random.default_rng(seed))
        assert [key(Mood.quadrant(name)).mode for name in ("Q1", "Q2")] == ["major", "minor"]
        assert key(Mood.quadrant("Q1")).tonic == key(Mood.quadrant("Q2")).tonic
    score = composed(generator, bars=None, seconds=16.0, emotion="@0~step Q1 @8 Q2")
    assert [change.key.mode for change in score.keys] == ["major", "minor"]
    turn = score.keys[1].tick // BAR
    assert turn * BAR == score.keys[1].tick
    assert abs(score.notes.seconds_at(np.array([turn * BAR]))[0] - 8.0) <= 3.0
    last = score.notes.where(score.notes.start_tick == score.notes.start_tick.max())
    assert {int(pitch) % 12 for pitch in last.pitch} == key_of(after(score, turn)).tonic_chord


def after(score: Score, bar: int) -> Notes:
    """What is played from a bar on, up to the final chord."""
    notes = score.notes
    return notes.where((notes.start_tick >= bar * BAR) & (notes.start_tick < notes.start_tick.max()))


@torch.no_grad()
def test_between_quadrants_embeddings_are_mixed(generator: MusER) -> None:
    leader, network = Leader(generator.model, is_led=True), generator.model.network
    rows = network.emotion(torch.eye(5)).numpy()
    happy, calm, between = (leader.lead(mood).for_words[0] for mood in (Mood(1, 1), Mood(1, -1), Mood(1, 0)))
    assert np.allclose(happy, rows[1])
    assert np.allclose(calm, rows[4])
    assert np.allclose(between, (rows[1] + rows[4]) / 2)


@pytest.mark.parametrize("seconds", [0.5, 11.0])
def test_seconds_are_met_within_half_a_bar(generator: MusER, seconds: float) -> None:
    request = MusER.Request.model_validate({"seconds": seconds, "emotion": "Q4", "best_of": 1})
    plan = generator.plan(request)
    written = list(write(generator.model, plan, [np.random.default_rng(0)]))
    end_s = written[-1].begin_s + written[-1].seconds
    assert abs(end_s - seconds) <= written[-1].seconds / 2 or len(written) == 1
    score = generator.generate(request)
    assert score.seconds == pytest.approx(float(score.notes.seconds_at(np.array([BAR * score.bars]))[0]), abs=0.01)


def test_bar_lines_fall_on_the_turns(generator: MusER) -> None:
    notes = composed(generator, bars=None, seconds=13.0, sections=(5.2,), emotion="@0~step Q3 @5.2 Q1").notes
    lines_s = notes.seconds_at(notes.bar_edges)
    assert lines_s[-1] == pytest.approx(13.0, abs=1e-6)
    assert np.abs(lines_s - 5.2).min() < 1e-6


def test_a_piece_may_be_longer_than_a_section(generator: MusER) -> None:
    assert composed(generator, bars=20, emotion="Q1").bars == 20


def test_a_turn_of_the_emotion_reaches_the_bars_after_it(generator: MusER) -> None:
    sad, glad = Mood(-1, -1), Mood(1, 1)
    written = [
        list(write(generator.model, Plan(8, None, curve, is_led=True, manners=OWN), [np.random.default_rng(2)]))
        for curve in (lambda bar, time_s: sad, lambda bar, time_s: sad if bar < 4 else glad)
    ]
    steady, turning = ([np.array(bar.words).tolist() for bar in bars] for bars in written)
    assert steady[:4] == turning[:4]
    assert steady[4:] != turning[4:]
    assert [bar.mood for bar in written[1]] == [sad] * 4 + [glad] * 4


def test_the_last_half_bar_is_the_tonic_unless_the_piece_is_a_loop(generator: MusER) -> None:
    score = composed(generator, emotion="Q1")
    last = score.notes.where(score.notes.start_tick >= 2 * BAR - BAR // 2)
    before = score.notes.where(score.notes.start_tick < 2 * BAR - BAR // 2)
    assert {int(pitch) % 12 for pitch in last.pitch} == key_of(before).tonic_chord
    assert int(last.pitch.min()) % 12 == key_of(before).tonic
    assert score.chords[-1].tick == last.start_tick[0]
    assert score.chords[-1].name.startswith(ROOTS[key_of(before).tonic] + "_")
    assert before.end_tick.max() <= 2 * BAR - BAR // 2
    assert set(last.end_tick.tolist()) == {2 * BAR}
    loop = composed(generator, emotion="Q1", loop=True)
    assert loop.notes.end_tick.max() <= 2 * BAR
    assert np.array_equal(loop.notes.pitch[: len(before)], before.pitch)


def test_a_cadence_of_nothing_is_nothing() -> None:
    notes = piece([(0, 60, 80)])
    assert len(with_cadence(notes.where(notes.pitch > 100), 2)) == 0


def test_the_work_can_be_stopped(generator: MusER) -> None:
    seen: list[ProgressEvent] = []

    def stop(event: ProgressEvent) -> None:
        seen.append(event)
        if event.fraction > 0:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        generator.generate(MusER.Request(bars=4), stop)
    assert [event.fraction for event in seen] == sorted(event.fraction for event in seen)


def test_of_several_drafts_one_is_kept(generator: MusER) -> None:
    several = composed(generator, emotion="Q1", best_of=2)
    assert several.bars == 2
    # Where nothing is asked for, there is nothing to choose by.
    assert same(composed(generator, best_of=2), composed(generator))


def test_notes_stay_on_the_keys_of_a_piano() -> None:
    notes = piece([(0, 24, 80), (0, 36, 80), (4, 24, 80), (8, 104, 80), (8, 60, 80)])
    moved = _within_piano(notes, -5)
    # The first C would fall on the key that the upper one has taken.
    assert sorted(zip(moved.start_tick.tolist(), moved.pitch.tolist(), strict=True)) == [
        (0, 31),
        (480, 31),
        (960, 55),
        (960, 99),
    ]
    assert _within_piano(notes, 6).pitch.max() == 98
    assert _within_piano(notes, 0).pitch.tolist() == notes.pitch.tolist()


def test_gaps_are_closed_as_the_authors_close_them() -> None:
    notes = piece([(0, 60, 80), (4, 62, 80), (5 * 16, 64, 80)])
    words = tokenise(notes, 1)
    assert spell(words).notes.start_tick.tolist() == [0, 480, 5 * BAR]
    # The third note begins four whole bars after the end of the second.
    assert spell(words, close_gaps=True).notes.start_tick.tolist() == [0, 480, BAR]


def piece(rows: list[tuple[int, int, int]], length: int = 4) -> Notes:
    """Notes (onset in sixteenths, pitch, velocity)."""
    start, pitch, velocity = np.array(sorted(rows), int).reshape(-1, 3).T
    return Notes(
        pitch=pitch,
        velocity=velocity,
        start_tick=120 * start,
        end_tick=120 * (start + length),
        track=np.zeros(len(start), int),
        is_drum=np.zeros(len(start), bool),
        ticks_per_quarter=480,
    )


def scale(velocity: int, every: int, bars: int = 3) -> Notes:
    return piece([(start, 60 + (start * 7) % 13, velocity) for start in range(0, 16 * bars, every)], every)


@pytest.mark.parametrize("elements", [("velocity",), ("bar-beat", "duration"), ("pitch",), ("tempo", "chord")])
@pytest.mark.parametrize("donor_bars", [1, 8])
def test_transfer_changes_the_named_elements_and_no_others(elements: tuple[str, ...], donor_bars: int) -> None:
    made = model()
    source, donor = tokenise(scale(60, 2), 1), tokenise(scale(110, 4, donor_bars), 1)
    parts = with_elements_of(made, source, donor, elements, Mood(intensity=0.0), OWN, np.random.default_rng(0))
    result = np.concatenate(list(parts))
    kept = [column for name, column in COLUMN.items() if name not in elements]
    assert np.array_equal(result[:, kept], source[1:, kept])
    assert not np.array_equal(result, source[1:])
    read = spell(result)
    assert read.malformed == 0
    assert len(read.notes) == len(scale(60, 2))


def test_transfer_goes_on_beyond_what_is_read_at_once() -> None:
    made, long = model(), tokenise(scale(60, 1, 32), 1)
    parts = list(with_elements_of(made, long, long, ("velocity",), Mood(intensity=0.0), OWN, np.random.default_rng(0)))
    assert len(parts) > 1
    assert sum(map(len, parts)) == len(long) - 1
    with pytest.raises(ValueError, match="no element 'type'"):
        list(with_elements_of(made, long, long, ("type",), Mood(), OWN, np.random.default_rng(0)))


def written(path: Path, notes: Notes) -> Path:
    path.write_bytes(midi_of(Score.of(notes)))
    return path


def test_transfer_between_files_keeps_their_key_and_length(generator: MusER, tmp_path: Path) -> None:
    source = written(tmp_path / "a.mid", piece([(n, pitch, 70) for n, pitch in enumerate([66, 70, 73, 78] * 8)]))
    donor = written(tmp_path / "b.mid", scale(120, 4))
    score = generator.generate(MusER.Request(melody_of=source, elements_of=donor, elements=("velocity",)))
    assert score.notes.pitch.tolist() == [66, 70, 73, 78] * 8
    assert score.notes.start_tick.tolist() == [120 * n for n in range(32)]
    assert score.keys[0].key.tonic == 6


def test_requests_that_do_not_fit_together_are_refused(generator: MusER, tmp_path: Path) -> None:
    there = written(tmp_path / "a.mid", scale(60, 4))
    drums = scale(60, 4)
    drums = Notes(**{**vars(drums), "is_drum": np.ones(len(drums), bool)})
    drummed = written(tmp_path / "drums.mid", drums)
    broken = tmp_path / "broken.mid"
    broken.write_bytes(b"MThd\x00")
    long = written(tmp_path / "long.mid", piece([(16 * bar, 60, 80) for bar in range(600)]))
    with pytest.raises(InputError, match="both --melody-of and --elements-of"):
        MusER.Request(melody_of=there)
    with pytest.raises(InputError, match="leave out bars"):
        MusER.Request(melody_of=there, elements_of=there, bars=4)
    with pytest.raises(InputError, match="no such file"):
        MusER.Request(melody_of=there, elements_of=tmp_path / "none.mid")
    for wrong, said in ((drummed, "drums alone"), (broken, "broken.mid"), (long, "500")):
        with pytest.raises(InputError, match=said):
            generator.generate(MusER.Request(melody_of=wrong, elements_of=there))


def saved_by_authors(folder: Path, *, used: int = 512) -> None:
    for name, network in (("vqvae", Network(MusERSize())), ("prior", Prior(PriorSize(codes=used)))):
        (folder / name).mkdir(parents=True)
        tensors = {f"module.{key}": tensor for key, tensor in network.state_dict().items()}
        torch.save({"model": tensors, "epoch": 3}, folder / name / "best.pt")


def test_the_authors_files_are_read_and_compose(tmp_path: Path) -> None:
    saved_by_authors(tmp_path, used=500)
    with pytest.raises(InputError, match=r"VQ_dict\.data"):
        load_model(tmp_path)
    codes = dict(enumerate(range(12, 512)))
    (tmp_path / "VQ_dict.data").write_bytes(pickle.dumps({0: {v: k for k, v in codes.items()}, 1: codes}))
    loaded = load_model(tmp_path)
    assert loaded.used_codes.tolist() == list(range(12, 512))
    assert not loaded.guided
    (tmp_path / "VQ_dict.data").write_bytes(pickle.dumps({1: {0: 9999}}))
    with pytest.raises(InputError, match="does not number 500 of 512"):
        load_model(tmp_path)


def test_folders_without_a_model_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"best\.pt"):
        load_model(tmp_path)
    (tmp_path / "best.pt").write_bytes(pickle.dumps(print))
    with pytest.raises(InputError, match="cannot be read as a checkpoint"):
        load_model(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(InputError, match="no model of MusER"):
        MusER.from_pretrained(tmp_path)


@torch.no_grad()
def test_words_are_read_in_constant_time_as_they_are_at_once(generator: MusER) -> None:
    network = generator.model.network
    words = torch.from_numpy(tokenise(scale(60, 1, 6), 2))
    words[:, COLUMN["emotion"]] = 2
    latent = generator.model.latent([number % 18 for number in range(len(words) - 1)])
    whole = network.predict(network.decode(words[None, :-1], latent), words[None, 1:, TYPE])
    lead = Leader(generator.model, is_led=True).lead(Mood(-1, 1))
    writer = WordWriter(generator.model.words, latent, len(lead.for_words))
    unled = replace(lead, leans={})
    for place, word in enumerate(words[:-1].numpy()):
        writer.read(word, lead)
        told = np.testing.assert_allclose
        told(writer.types(unled, 1.0), whole["type"][0, place], atol=1e-4)
        for name in ("pitch", "velocity", "tempo"):
            told(writer.element(name, int(words[place + 1, TYPE]), unled, 1.0), whole[name][0, place], atol=1e-4)


def test_moods_come_from_states() -> None:
    assert Mood.of(EmotionState.neutral()).intensity == 0
