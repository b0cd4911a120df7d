"""EmoGen's sampling with a small network of random weights: whatever it would say, music comes out, as was asked."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from espressivo.conditioning.music_emotion.listening import listen
from espressivo.conditioning.music_emotion.recogniser import feeling_of, load_reader
from espressivo.errors import Cancelled, InputError
from espressivo.generators.music.choosing import AS_REAL, PHRASE_BARS, Draft, nearest
from espressivo.generators.music.drawing import Manner, draw
from espressivo.generators.music.emogen.composing import Composer, Piece, playable
from espressivo.generators.music.emogen.decoding import Decoding
from espressivo.generators.music.emogen.emotion import command_of
from espressivo.generators.music.emogen.grammar import Grammar, State
from espressivo.generators.music.emogen.lengths import Length
from espressivo.generators.music.emogen.locks import Locks
from espressivo.generators.music.emogen.network import END, UNSET, EmoGenLanguageModel, EmoGenSize
from espressivo.generators.music.emogen.sampling import Bar, Plan, write, write_choosing
from espressivo.generators.music.emogen.stepping import Past, Stepper
from espressivo.generators.music.emogen.tokens import GRID, piano, spell, tokenise
from espressivo.generators.music.keys import Key, key_of
from espressivo.generators.music.moods import Mood, by_bars
from espressivo.media.notes import Notes, Tempo
from espressivo.progress import ProgressEvent

WILD = Manner(temperature=1.0, top_p=1.0)
GLAD, SAD = Mood.quadrant("Q1"), Mood.quadrant("Q3")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def model() -> EmoGenLanguageModel:
    torch.manual_seed(0)
    model = EmoGenLanguageModel(EmoGenSize(width=32, feed_forward=32, layers=2, heads=2)).eval()
    with torch.no_grad():  # opinions, so that commands make a difference
        model.decoder.output_projection.weight *= 4
    return model


@pytest.fixture(scope="module")
def composer(model: EmoGenLanguageModel) -> Composer:
    return Composer(model)


def plan(**more: object) -> Plan:
    return replace(Plan(Length(bars=4), GLAD, manner=WILD), **more)  # pyright: ignore[reportArgumentType]


def words(piece: Piece) -> list[str]:
    return piano().decode(token for bar in piece.bars for token in bar)


def numbers(piece: Piece, letter: str) -> list[int]:
    return [int(word[2:]) for word in words(piece) if word[0] == letter]


def tune(bars: int = 6) -> Notes:
    """Whole bars of quarters up a scale over a low C."""
    start = np.arange(4 * bars)
    pitch = 60 + np.array([0, 2, 4, 5, 7, 9, 11])[start % 7]
    start, pitch = np.append(start, start[::4]), np.append(pitch, np.full(bars, 36))
    order = np.lexsort((pitch, start))
    return Notes(
        pitch=pitch[order],
        velocity=np.full(len(start), 66),
        start_tick=480 * start[order],
        end_tick=480 * start[order] + 480,
        track=np.zeros(len(start), int),
        is_drum=np.zeros(len(start), bool),
        ticks_per_quarter=480,
        tempi=(Tempo(0, 100.0),),
    )


def test_what_is_written_is_music_over_many_seeds(composer: Composer) -> None:
    for piece in composer.drafts(plan(mood=replace(GLAD, intensity=0.4)), seed=3, count=60):
        written = words(piece)
        read = spell(written)
        assert read.malformed == 0
        assert len(read.notes) == sum(word[0] == "v" for word in written) > 0
        # As tokens are written down again, nothing has moved: order and positions are as they should be.
        again = tokenise(read.notes)
        first = next(number for number, bar in enumerate(piece.bars) if len(bar) > 3)
        kept = piano().decode(token for bar in piece.bars[first:] for token in bar)
        assert [word for word in again if word[0] in "op"] == [word for word in kept if word[0] in "op"]
        sounding = list(zip(read.notes.start_tick.tolist(), read.notes.pitch.tolist(), strict=True))
        assert len(set(sounding)) == len(sounding), "no key is struck twice at once"
        assert len(piece.bars) == 4
        assert all(0 <= start < end <= read.edges[-1] for start, end in _spans(piece.notes))


def test_locks_hold(composer: Composer) -> None:
    locks = Locks(
        register=(48, 72),
        key=Key.of("E minor"),
        tempo_bpm=97.0,
        metre=(3, 4),
        velocity=(40, 60),
        most_per_quarter=2,
        most_at_once=1,
    )
    for piece in composer.drafts(plan(locks=locks), seed=1, count=20):
        pitches = numbers(piece, "p")
        assert 48 <= min(pitches) <= max(pitches) <= 72
        assert {pitch % 12 for pitch in pitches} <= Key.of("E minor").scale
        assert set(numbers(piece, "s")) == {8}  # 3/4
        assert piece.notes.tempi == (Tempo(0, 97.0),)
        assert piece.notes.bar_edges.tolist() == [0, 36, 72, 108, 144]
        assert all(40 <= 4 * step + 2 <= 60 for step in numbers(piece, "v"))
        assert np.bincount(piece.notes.start_tick // GRID).max() <= 2
        assert np.bincount(piece.notes.start_tick).max() <= 1


def test_a_key_that_is_not_strict_is_left_less_often_the_stricter_it_is(composer: Composer) -> None:
    def outside(strictness: float) -> float:
        locks = Locks(key=Key.of("C"), strictness=strictness)
        pieces = composer.drafts(plan(locks=locks, cadence=False), count=20)
        pitches = np.concatenate([numbers(piece, "p") for piece in pieces])
        return float(np.mean([pitch % 12 not in Key.of("C").scale for pitch in pitches]))

    assert outside(0.0) > 1.5 * outside(0.9) > 0 == outside(1.0)


@pytest.mark.parametrize("seconds", [3.0, 10.0, 31.7])
def test_pieces_end_on_the_bar_line_nearest_to_the_length_asked_for(composer: Composer, seconds: float) -> None:
    for piece in composer.drafts(plan(length=Length(seconds=seconds)), seed=5, count=12):
        last = piece.written[-1]
        assert abs(piece.seconds - seconds) <= last.seconds / 2 + 1e-9
        read = spell(words(piece))
        end_s = float(read.notes.seconds_at(np.array([read.edges[-1]]))[0])
        assert end_s == pytest.approx(piece.seconds)


def test_a_tempo_that_is_locked_counts_exactly(composer: Composer) -> None:
    locks = Locks(tempo_bpm=100.0, metre=(4, 4))
    piece = composer.compose(plan(length=Length(seconds=24.0), locks=locks))
    assert len(piece.bars) == 10
    assert piece.seconds == pytest.approx(24.0)


def test_the_last_half_bar_has_notes_and_only_those_of_the_tonic_chord(composer: Composer) -> None:
    for key in (Key.of("Eb"), None):
        for piece in composer.drafts(plan(locks=Locks(key=key, metre=(4, 4)), mood=SAD), count=15):
            read = spell(words(piece))
            earlier = spell(piano().decode(token for bar in piece.bars[:-1] for token in bar)).notes
            late = read.notes.pitch[read.notes.start_tick >= read.edges[-2] + 24]
            chord = (key or key_of(earlier)).tonic_chord
            assert len(late)
            assert {int(pitch) % 12 for pitch in late} <= chord


def test_a_last_bar_cannot_end_before_its_chord_was_played() -> None:
    grammar, chord = Grammar(piano(), Locks(key=Key.of("C"), most_per_quarter=1)), Key.of("C").tonic_chord
    end = piano().ids["b-1"]
    for place in (-1, 0, 20):
        state = State("v" if place >= 0 else "t", 48, place, 0, 60, 1, 1, chord)
        assert not grammar.allowed(state)[end]
        assert grammar.allowed(state._replace(chord=frozenset()))[end]
    assert grammar.allowed(State("v", 48, 24, 0, 60, 1, 1, chord))[end]
    only = Grammar(piano(), Locks(most_per_quarter=1)).allowed(State("v", 12, 0, 0, 60, 1, 1, chord))
    assert np.flatnonzero(only).tolist() == [end], "a bar of one quarter that is full has to end"


def test_notes_are_as_long_as_written_but_end_at_the_next_stroke_and_with_the_piece(composer: Composer) -> None:
    cut = 0
    for piece in composer.drafts(plan(locks=Locks(register=(60, 66))), count=10):
        read = spell(words(piece))
        for row, (start, end) in enumerate(_spans(piece.notes)):
            later = read.notes.start_tick[(read.notes.pitch == read.notes.pitch[row]) & (read.notes.start_tick > start)]
            assert end == min(int(read.notes.end_tick[row]), read.edges[-1], *later.tolist())
            cut += end < read.notes.end_tick[row]
    assert cut > 10


def test_the_same_seed_gives_the_same_piece_whatever_is_written_beside_it(composer: Composer) -> None:
    one = composer.drafts(plan(), seed=8, count=1)[0]
    among = composer.drafts(plan(), seed=8, count=7)
    assert one.bars == among[0].bars
    assert len({piece.bars for piece in among}) == 7
    assert composer.compose(plan(), seed=9).bars != one.bars


def test_at_intensity_0_the_mood_does_not_matter_at_all(composer: Composer, model: EmoGenLanguageModel) -> None:
    silent = [composer.compose(plan(mood=replace(mood, intensity=0.0)), seed=2).bars for mood in (GLAD, SAD)]
    assert silent[0] == silent[1]
    curve = by_bars({0: replace(SAD, intensity=0.0)})  # goes through guidance, with strength 0
    assert composer.compose(plan(mood=curve), seed=2).bars == silent[0]
    assert composer.compose(plan(mood=GLAD), seed=2).bars != silent[0]


def test_guidance_is_what_the_formula_says(model: EmoGenLanguageModel) -> None:
    tokens, command = [END, 300, 420, 130, 102], command_of(GLAD)
    decoding = Decoding(model, 2, told=True, open_too=True)
    for piece in (0, 1):
        decoding.tell(piece, command)
        decoding.read(piece, tokens[: 2 * piece])
    for place in (0, 1):
        decoding.step([tokens[place], tokens[2 + place]], np.zeros(2))
    decoding.keep([1])
    found = decoding.step([tokens[4]], np.array([1.7]))[0]
    with torch.inference_mode():
        ids = torch.tensor([tokens])
        told, alone = (
            model(ids, torch.from_numpy(bits)[None])[0, -1].double().numpy() for bits in (command, np.full(100, UNSET))
        )
    assert np.allclose(found, alone + 1.7 * (told - alone), atol=1e-4)
    assert np.abs(told - alone).max() > 0.01


def test_a_curve_switches_at_its_bar_and_not_before(composer: Composer) -> None:
    turns = composer.compose(plan(mood=by_bars({0: SAD, 2: GLAD})), seed=4)
    stays = composer.compose(plan(mood=by_bars({0: SAD})), seed=4)
    assert turns.bars[:2] == stays.bars[:2]
    assert turns.bars[2] != stays.bars[2]
    assert [bar.mood for bar in turns.written] == [SAD, SAD, GLAD, GLAD]


def test_a_curve_in_seconds_is_asked_at_the_times_of_the_bars(composer: Composer) -> None:
    asked: list[tuple[int, float]] = []
    piece = composer.compose(plan(mood=lambda bar, time_s: asked.append((bar, time_s)) or GLAD))
    assert asked[: len(piece.written)] == [(number, bar.begin_s) for number, bar in enumerate(piece.written)]


def test_a_primer_is_kept_and_continued(composer: Composer) -> None:
    primer = tune(4)
    piece = composer.continued(primer, plan(), seed=1)
    assert piano().decode(token for bar in piece.before for token in bar) == tokenise(primer)
    assert len(piece.bars) == 4 + 4
    old = piece.notes.where(piece.notes.start_tick < piece.begin_tick)
    assert old.pitch.tolist() == primer.pitch.tolist()
    assert (old.start_tick * 40).tolist() == primer.start_tick.tolist()
    assert composer.continued(tune(3), plan(), seed=1).written != piece.written, "it listens"


def test_infilling_keeps_all_other_bars_and_every_bar_line(composer: Composer) -> None:
    notes = tune(6)
    bars = composer.bars_of(notes)
    for seed in range(5):
        piece = composer.infilled(notes, 2, 3, plan(locks=Locks(tempo_bpm=60.0)), seed, best_of=1 + seed % 2)
        assert piece.bars[:2] == bars[:2]
        assert piece.bars[4:] == bars[4:]
        assert all(new != old and new[:2] == old[:2] for new, old in zip(piece.bars[2:4], bars[2:4], strict=True))
        assert spell(words(piece)).edges == tuple(range(0, 7 * 48, 48))
        kept = spell(piano().decode(token for bar in bars for token in bar)).notes
        outside = (piece.notes.start_tick < 96) | (piece.notes.start_tick >= 192)
        untouched = kept.where((kept.start_tick < 96) | (kept.start_tick >= 192))
        for column in ("pitch", "start_tick", "end_tick", "velocity"):
            assert getattr(piece.notes.where(outside), column).tolist() == getattr(untouched, column).tolist()
        assert piece.notes.tempi == kept.tempi


@pytest.mark.parametrize(("first", "last"), [(-1, 2), (3, 2), (0, 6)])
def test_bars_that_are_not_there_cannot_be_filled(composer: Composer, first: int, last: int) -> None:
    with pytest.raises(InputError, match="bars 1 to 6"):
        composer.infilled(tune(6), first, last, plan())


def test_a_long_piece_goes_on_within_what_the_model_has_learned(
    composer: Composer, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[int] = []
    step = Stepper.step

    def watched(self: Stepper, tokens: Any, commands: Any, positions: Any, past: Past) -> Any:
        reached.append(int(positions.max()))
        return step(self, tokens, commands, positions, past)

    monkeypatch.setattr(Stepper, "step", watched)
    piece = composer.compose(plan(length=Length(bars=120)))
    assert 900 < max(reached) < 1280
    assert len(piece.bars) == 120
    assert sum(len(bar) for bar in piece.bars) > 2 * 1024
    assert spell(words(piece)).malformed == 0


def test_of_several_drafts_of_a_phrase_the_nearest_to_the_mood_is_kept(composer: Composer) -> None:
    for mood in (GLAD, SAD):
        drafts = composer.drafts(plan(mood=mood), seed=1, count=5)
        heard = [_as_played(piece, mood) for piece in drafts]
        kept = nearest([Draft(notes, [(mood, 1.0)]) for notes in heard], AS_REAL)
        assert composer.compose(plan(mood=mood), seed=1, best_of=5).bars == drafts[kept].bars
        distances = [_distance(notes, mood) for notes in heard]
        assert distances[kept] <= np.median(distances)


def test_every_phrase_is_drafted_and_chosen(model: EmoGenLanguageModel) -> None:
    asked: list[list[list[Bar]]] = []

    def choose(drafts: Any) -> int:
        asked.append([list(draft) for draft in drafts])
        return len(asked) % 2

    curve = by_bars({0: SAD, PHRASE_BARS: GLAD})
    long = plan(length=Length(bars=2 * PHRASE_BARS + 2), mood=curve)
    bars = list(write_choosing(model, piano(), long, [[0, 0], [0, 1]], choose))
    assert [len(draft) for drafts in asked for draft in drafts] == [PHRASE_BARS] * 4 + [2] * 2
    kept = [bar for number, drafts in enumerate(asked) for bar in drafts[(number + 1) % 2]]
    assert [bar.tokens for bar in bars] == [bar.tokens for bar in kept]
    assert [bar.mood for bar in bars] == [SAD] * PHRASE_BARS + [GLAD] * (PHRASE_BARS + 2)
    assert all(one != other for drafts in asked for one, other in [drafts])


def test_drafts_that_nobody_asks_for_are_not_written(model: EmoGenLanguageModel) -> None:
    """The first is near enough, and the piece is what it would be without the others; dice of theirs are not thrown."""
    drafted = list(write_choosing(model, piano(), plan(), [[3, 0], [3, 1]], lambda drafts: 0 * len(next(iter(drafts)))))
    assert [bar.tokens for bar in drafted] == [bar.tokens for bar in write(model, piano(), plan(), [[3, 0]])]


def test_a_phrase_goes_on_from_the_one_that_was_chosen(model: EmoGenLanguageModel) -> None:
    """As if the chosen bars had been written alone: what was remembered of other drafts is gone."""
    sure = Manner(temperature=0.05, top_p=0.001)
    long = plan(length=Length(bars=3 * PHRASE_BARS - 1), manner=sure)
    bars = list(write_choosing(model, piano(), long, [[0, 0], [0, 1], [0, 2]], lambda drafts: len(list(drafts)) - 1))
    assert [bar.tokens for bar in bars] == [bar.tokens for bar in write(model, piano(), long, [[0, 2]])]
    assert len(bars) == 3 * PHRASE_BARS - 1


def test_progress_rises_to_1_and_cancels(composer: Composer) -> None:
    seen: list[ProgressEvent] = []
    composer.drafts(plan(), count=3, progress=seen.append)
    fractions = [event.fraction for event in seen]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)

    def stop(event: ProgressEvent) -> None:
        if event.fraction > 0.3:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        composer.compose(plan(), progress=stop)


def test_what_cannot_be_written_is_refused(composer: Composer) -> None:
    with pytest.raises(InputError, match="shorter than half a bar"):
        composer.compose(plan(length=Length(seconds=0.5), locks=Locks(tempo_bpm=60.0, metre=(4, 4))))
    with pytest.raises(InputError, match="metre"):
        composer.compose(plan(locks=Locks(metre=(17, 3))))
    with pytest.raises(InputError, match="pitch"):
        composer.compose(plan(locks=Locks(register=(61, 61), key=Key.of("C"))))
    with pytest.raises(InputError, match="no notes"):
        composer.continued(tune().where(np.zeros(30, bool)), plan())


def test_drawing_follows_probabilities_within_top_p() -> None:
    random = np.random.default_rng(0)
    logits = np.log([0.5, 0.3, 0.15, 0.05, 100.0])
    allowed = np.array([True, True, True, True, False])
    counts = np.bincount([draw(logits, allowed, Manner(top_p=1.0), random) for _ in range(4000)], minlength=5) / 4000
    assert np.allclose(counts, [0.5, 0.3, 0.15, 0.05, 0.0], atol=0.03)
    kept = np.bincount([draw(logits, allowed, Manner(top_p=0.7), random) for _ in range(4000)], minlength=5) / 4000
    assert np.allclose(kept, [0.625, 0.375, 0, 0, 0], atol=0.03)
    cold = [draw(logits, allowed, Manner(temperature=0.05, top_p=1.0), random) for _ in range(200)]
    assert set(cold) == {0}


def _spans(notes: Notes) -> list[tuple[int, int]]:
    return list(zip(notes.start_tick.tolist(), notes.end_tick.tolist(), strict=True))


def _as_played(piece: Piece, mood: Mood) -> Notes:
    spelled = spell(words(piece))
    notes = playable(spelled.notes, 0, spelled.edges[-1], spelled.edges[-1])
    places = np.tile(mood.place, (len(notes), 1))
    return plan().playing.of(notes, 0, spelled.edges[-1], places, plan().locks.velocity)


def _distance(notes: Notes, mood: Mood) -> float:
    return max(0.3, mood.distance(feeling_of(listen(notes, 4.0), load_reader())))
