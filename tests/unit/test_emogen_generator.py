"""EmoGen as a generator: requests, locks, primers, dominance, checkpoints. The models are small and random."""

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from espressivo.errors import InputError
from espressivo.generators.music.emogen.checkpoints import load_official
from espressivo.generators.music.emogen.generator import EmoGen, EmoGenRequest
from espressivo.generators.music.emogen.network import EmoGenLanguageModel, EmoGenSize
from espressivo.generators.music.emogen.tokens import many_instruments, piano
from espressivo.generators.music.keys import Key, key_of
from espressivo.generators.music.score import Score, write_midi
from espressivo.media.notes import Notes, Tempo, read_notes
from espressivo.progress import ProgressEvent

SIZE = EmoGenSize(width=16, feed_forward=16, layers=2, heads=2, attribute_width=2, half_lives=(3.0, 40.0))


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> EmoGen:
    folder = tmp_path_factory.mktemp("emogen")
    torch.manual_seed(0)
    save_file(
        {name: tensor.half() for name, tensor in EmoGenLanguageModel(SIZE).state_dict().items()},
        folder / "model.safetensors",
    )
    (folder / "config.json").write_text(json.dumps({"size": asdict(SIZE)}))
    return EmoGen.from_pretrained(folder)


def of(generator: EmoGen, **wishes: object) -> Score:
    return generator.generate(EmoGenRequest.model_validate({"bars": 3, "best_of": 1, "seed": 1, "density": 6} | wishes))


def columns(score: Score) -> list[list[int]]:
    notes = score.notes
    return [column.tolist() for column in (notes.pitch, notes.velocity, notes.start_tick, notes.end_tick)]


@pytest.fixture(scope="module")
def primer(generator: EmoGen, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("primer") / "primer.mid"
    write_midi(path, of(generator, bars=4, metre="4/4", tempo=100))
    return path


def test_an_emotion_changes_the_piece_and_none_does_not(generator: EmoGen) -> None:
    neutral = columns(of(generator))
    assert columns(of(generator, emotion="anger:0")) == neutral
    assert columns(of(generator, emotion="Q2:0")) == neutral
    assert columns(of(generator, emotion="Q2")) != neutral
    assert columns(of(generator, emotion="Q2", guidance=0)) == neutral
    assert columns(of(generator, seed=2)) != neutral


def test_quadrants_are_names_of_points(generator: EmoGen) -> None:
    point = columns(of(generator, emotion="vad:-0.6,0.6,0"))
    assert columns(of(generator, emotion="q2")) == point == columns(of(generator, emotion="Q2:1"))
    with pytest.raises(InputError, match="Q5"):
        of(generator, emotion="Q5")


def test_locks_hold(generator: EmoGen) -> None:
    score = of(
        generator,
        key="D dorian",
        tempo=77,
        metre="3/4",
        pitch_range=(50, 70),
        velocity=(40, 60),
        density=2,
        emotion="joy",
    )
    notes = score.notes
    assert len(notes)
    assert set((notes.pitch % 12).tolist()) <= Key.of("D dorian").scale
    assert 50 <= notes.pitch.min() <= notes.pitch.max() <= 70
    assert 40 <= notes.velocity.min() <= notes.velocity.max() <= 60
    assert {tempo.bpm for tempo in notes.tempi} == {77}
    assert [(metre.numerator, metre.denominator) for metre in notes.metres] == [(3, 4)]
    assert np.bincount(notes.start_tick // notes.ticks_per_quarter).max() <= 2
    assert score.bars == 3
    assert score.keys[0].key == Key.of("D dorian")


def test_a_mode_holds_on_a_tonic_of_its_own(generator: EmoGen, primer: Path) -> None:
    keys = [of(generator, mode="dorian", seed=seed).keys[0].key for seed in range(4)]
    assert {key.mode for key in keys} == {"dorian"}
    assert len({key.tonic for key in keys}) > 1
    notes = of(generator, mode="minor", emotion="joy", bars=4)
    assert set((notes.notes.pitch % 12).tolist()) <= notes.keys[0].key.scale
    assert of(generator, mode="minor", primer=primer).keys[0].key == Key(key_of(read_notes(primer)).tonic, "minor")
    with pytest.raises(InputError, match="leave out one"):
        of(generator, key="C", mode="minor")


def test_calm_music_is_soft_and_angry_music_loud(generator: EmoGen) -> None:
    angry, neutral, calm = (of(generator, emotion=place).notes.velocity.mean() for place in ("Q2", "neutral", "Q4"))
    assert angry > neutral + 10 > calm + 18
    loud, soft = (
        np.mean(
            [of(generator, emotion=place, dynamics=0, bars=8, seed=seed).notes.velocity.mean() for seed in range(4)]
        )
        for place in ("Q2", "Q4")
    )
    assert abs(loud - soft) < 10


def test_the_pedal_lengthens_notes_and_changes_nothing_else(generator: EmoGen) -> None:
    pedalled, dry = (of(generator, emotion="Q1", bars=8, pedal=pedal).notes for pedal in (True, False))
    assert pedalled.pitch.tolist() == dry.pitch.tolist()
    assert pedalled.start_tick.tolist() == dry.start_tick.tolist()
    assert pedalled.velocity.tolist() == dry.velocity.tolist()
    assert (pedalled.end_tick >= dry.end_tick).all()
    assert pedalled.end_tick.sum() > dry.end_tick.sum()


def test_dominance_is_loud_and_low(generator: EmoGen) -> None:
    weak, strong = (of(generator, bars=12, emotion=f"vad:0,0,{place}").notes for place in (-0.9, 0.9))
    assert strong.velocity.mean() > weak.velocity.mean() + 20
    assert strong.pitch.mean() < weak.pitch.mean() - 2


def test_seconds_are_met_to_half_a_bar(generator: EmoGen) -> None:
    score = of(generator, bars=None, seconds=9.5, tempo=120, metre="4/4")
    assert score.bars * 2.0 == pytest.approx(9.5, abs=1.0)


def test_a_primer_is_continued_and_kept(generator: EmoGen, primer: Path) -> None:
    score = of(generator, primer=primer, bars=2, emotion="@0 Q3 @3 Q1")
    before = score.between(0, 4).notes
    original = of(generator, bars=4, metre="4/4", tempo=100).notes
    assert before.pitch.tolist() == original.pitch.tolist()
    assert score.bars == 6
    assert score.emotion is not None
    begin_s = float(score.notes.seconds_at(score.notes.bar_edges[4:5])[0])
    assert score.emotion.times_s.tolist() == pytest.approx([begin_s, begin_s + 3])


def test_bars_are_written_anew_and_the_others_kept(generator: EmoGen, primer: Path) -> None:
    score = of(generator, primer=primer, bars=None, infill=(2, 3), emotion="Q1", seed=5)
    original = of(generator, bars=4, metre="4/4", tempo=100)
    for bar, kept in enumerate((True, False, False, True)):
        same = columns(score.between(bar, bar + 1))[0] == columns(original.between(bar, bar + 1))[0]
        assert same is kept


def test_a_performance_is_put_on_its_beats(generator: EmoGen, tmp_path: Path) -> None:
    onset_s = 0.3 + np.arange(48) * 0.317
    tick = np.round(onset_s * 960).astype(int)
    row = np.full(48, 1)
    notes = Notes(60 + np.arange(48) % 7, 70 * row, tick, tick + 200, 0 * row, row < 0, 480, (Tempo(0, 120.0),))
    write_midi(tmp_path / "played.mid", Score.of(notes))
    score = of(generator, primer=tmp_path / "played.mid", bars=1)
    begins = score.notes.start_s[:48]
    assert np.abs(np.diff(begins) - 0.317).max() < 0.06
    assert score.notes.tempi[0].bpm != 120.0


def test_the_key_and_harmony_are_named(generator: EmoGen) -> None:
    score = of(generator, key="A minor", bars=4)
    assert score.keys[0].key == Key.of("A minor")
    ticks = [chord.tick for chord in score.chords]
    assert ticks == sorted(set(ticks))
    assert ticks[0] == 0


def test_the_best_of_several_drafts_is_kept_and_progress_told(generator: EmoGen) -> None:
    events: list[ProgressEvent] = []
    request = EmoGenRequest.model_validate({"bars": 2, "best_of": 3, "emotion": "Q1"})
    generator.generate(request, events.append)
    shares = [event.fraction for event in events]
    assert shares[0] == 0
    assert shares[-1] == 1
    assert shares == sorted(shares)


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [
        ({"bars": 0}, "bars"),
        ({"bars": 4, "seconds": 10.0}, "one of them"),
        ({"key": "H moll"}, "H moll"),
        ({"metre": "four"}, "metre"),
        ({"metre": "7/5"}, "metre"),
        ({"pitch_range": (70, 60)}, "register"),
        ({"velocity": (10, 200)}, "[Vv]elocit"),
        ({"primer": "there-is-none.mid"}, "there-is-none.mid"),
        ({"infill": (1, 2)}, "primer"),
        ({"emotion": "Q7"}, "Q7"),
        ({"best_of": 0}, "best-of"),
    ],
)
def test_what_cannot_be_met_is_said(generator: EmoGen, wishes: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        of(generator, **wishes)


def test_bars_that_are_not_there_show_before_a_model_is_loaded(primer: Path) -> None:
    for infill in ((3, 9), (2, 1), (0, 1)):
        with pytest.raises(InputError, match="bars"):
            EmoGen.Request(primer=primer, infill=infill)
    with pytest.raises(InputError, match="leave out bars"):
        EmoGen.Request(primer=primer, bars=2, infill=(1, 1))


@pytest.mark.parametrize("vocabulary", [piano(), many_instruments()], ids=["piano", "many"])
def test_the_authors_checkpoint_is_loaded_whole(tmp_path: Path, vocabulary: object) -> None:
    size = EmoGenSize(vocabulary=len(vocabulary))  # type: ignore[arg-type]
    tensors = EmoGenLanguageModel(size).state_dict()
    unused = {"decoder.version": torch.ones(1), "decoder.embed_positions._float_tensor": torch.ones(1)}
    stored = {"args": argparse.Namespace(arch="linear"), "model": tensors | unused}
    torch.save(stored, tmp_path / "checkpoint_best.pt")
    composer = load_official(tmp_path / "checkpoint_best.pt")
    for name, tensor in composer.model.state_dict().items():
        assert torch.equal(tensor, tensors[name])


def test_other_checkpoints_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    whole = EmoGenLanguageModel(replace(SIZE, vocabulary=len(piano()))).state_dict()
    for stored in (
        {"model": whole},
        {"model": dict(list(EmoGenLanguageModel(EmoGenSize()).state_dict().items())[1:])},
        {"model": {"decoder.embed_tokens.weight": torch.zeros(7, 2)}},
        {"weights": whole},
        [1, 2],
        {"model": {"run": print}},
    ):
        torch.save(stored, path)
        with pytest.raises(InputError, match=r"checkpoint\.pt"):
            EmoGen.from_pretrained(path)
    path.write_bytes(b"no checkpoint")
    with pytest.raises(InputError, match="cannot be read"):
        EmoGen.from_pretrained(path)
    with pytest.raises(InputError, match="holds no model"):
        EmoGen.from_pretrained(tmp_path)


def test_bar_lines_fall_on_the_turns(generator: EmoGen) -> None:
    score = of(generator, bars=None, seconds=13.0, sections=(5.2,), metre="4/4", emotion="@0~step Q3 @5.2 Q1")
    lines_s = score.notes.seconds_at(score.notes.bar_edges)
    assert lines_s[-1] == pytest.approx(13.0, abs=1e-6)
    assert np.abs(lines_s - 5.2).min() < 1e-6
    # The first section knows nothing of the second one.
    alone = of(generator, bars=None, seconds=5.2, exact=True, metre="4/4", emotion="Q3", loop=True)
    first = score.notes.where(score.notes.start_s < 5.2 - 1e-6)
    assert first.pitch.tolist() == alone.notes.pitch.tolist()
    assert alone.notes.seconds_at(alone.notes.bar_edges)[-1] == pytest.approx(5.2, abs=1e-6)


def test_sections_that_cannot_be(generator: EmoGen) -> None:
    for wishes in ({"bars": 4, "sections": (2.0,)}, {"seconds": 9.0, "sections": (8.5,)}, {"exact": True}):
        with pytest.raises(InputError, match=r"[Ss]ections"):
            of(generator, **{"bars": None} | wishes)
