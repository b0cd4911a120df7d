"""A study of music: what it asks for, keeps and measures, on pieces whose answer is plain."""

import json
import tarfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from espressivo.conditioning.notation import parse_emotion
from espressivo.errors import InputError
from espressivo.eval.music import recognition, typical
from espressivo.eval.music.breakage import breaks_of
from espressivo.eval.music.carried import only_carried
from espressivo.eval.music.curve_following import (
    HeardCurve,
    _weighted_correlations,
    follow,
    heard_curve,
    windows_of,
)
from espressivo.eval.music.judges import QUADRANTS, load_music_judges, quadrant_of
from espressivo.eval.music.study import main
from espressivo.eval.music.study_pieces import (
    ASKED,
    CURVE,
    CURVE_S,
    NEUTRAL,
    SHAPES,
    asked_curve,
    curve_text,
    loaded,
    made_by,
    make_pieces,
    orders_of,
    read_made,
)
from espressivo.eval.music.study_report import draw_study, study_table
from espressivo.generators.music.emogen.tokens import GRID
from espressivo.generators.music.request import MusicRequest
from espressivo.generators.music.score import Score, midi_of, write_midi
from espressivo.media.notes import Notes, TimeSignature, parse_notes

BAR = 4 * GRID


class Drone:
    """A generator that is quick and loud for high arousal, in major for high valence; it refuses seed 3."""

    Request = MusicRequest
    made = 0

    @classmethod
    def from_pretrained(cls, checkpoint: Path | None = None, device: str = "auto") -> "Drone":
        return cls()

    def generate(self, request: MusicRequest, progress: object = None) -> Score:
        if request.seed == 3:
            raise InputError("Seed 3 brings bad luck; take another.")
        Drone.made += 1
        seconds = request.seconds or 2.0 * (request.bars or 1)
        times = np.arange(0, seconds, 0.25)
        valence, arousal, _ = request.emotion.sample(times).vad.T
        played = (np.arange(len(times)) % np.where(arousal > 0.05, 1, np.where(arousal < -0.05, 4, 2))) == 0
        triad = np.where(
            np.arange(len(times)) % 3 == 1, np.where(valence < 0, 63, 64), 60 + 7 * (np.arange(len(times)) % 3)
        )
        pitch, step = triad[played], np.flatnonzero(played) * GRID // 2
        return Score.of(line(pitch, step, np.full(len(step), GRID // 2), np.where(arousal > 0, 100, 50)[played]))


def line(pitch: np.ndarray, start: np.ndarray, length: np.ndarray, velocity: np.ndarray) -> Notes:
    return Notes(
        pitch=pitch.astype(int),
        velocity=velocity.astype(int),
        start_tick=start,
        end_tick=start + length,
        track=np.zeros(len(pitch), int),
        is_drum=np.zeros(len(pitch), bool),
        ticks_per_quarter=GRID,
    )


def scale(bars: int = 8) -> Notes:
    """Eighths up and down C major."""
    places = np.arange(8 * bars)
    pitch = np.array([60, 62, 64, 65, 67, 69, 71, 72])[np.abs((places % 14) - 7)]
    return line(pitch, places * GRID // 2, np.full(len(places), GRID // 2), np.full(len(places), 70))


def test_quadrants_are_asked_for_equally_often_and_as_their_names_say() -> None:
    orders = orders_of(20, 3, 2)
    asked = [order for order in orders if order.kind == ASKED]
    assert len(asked) == 20
    assert len({order.path(Path()) for order in orders}) == len(orders)
    for order in asked:
        vad = parse_emotion(order.request["emotion"]).state_at(0.0).vad
        assert quadrant_of(vad[0], vad[1]) == order.name[:2]
    assert [order.name[:2] for order in asked].count("Q3") == 5
    assert all("emotion" not in order.request for order in orders if order.kind == NEUTRAL)
    assert sorted(order.name.partition("-")[0] for order in orders if order.kind == CURVE) == sorted([*SHAPES] * 2)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_curve_is_asked_for_as_it_is_compared(shape: str) -> None:
    times = np.linspace(0, CURVE_S, 50)
    assert np.allclose(parse_emotion(curve_text(shape)).sample(times).vad[:, :2], asked_curve(shape, times))
    assert np.allclose(asked_curve(shape, times / 2, CURVE_S / 2), asked_curve(shape, times), atol=1e-3)


def test_curves_go_where_they_are_said_to() -> None:
    ends = {shape: asked_curve(shape, np.array([1.0, CURVE_S - 1])) for shape in SHAPES}
    assert ends["rise"][0, 1] < -0.5
    assert ends["rise"][1, 1] > 0.5
    assert ends["fall"][0, 1] > 0.5
    assert ends["fall"][1, 1] < -0.5
    assert ends["brighten"][:, 0].tolist() == pytest.approx([-0.6, 0.6])
    assert ends["darken"][:, 0].tolist() == pytest.approx([0.6, -0.6])


def test_pieces_are_made_once_and_refusals_are_told(tmp_path: Path) -> None:
    drone, orders = Drone(), orders_of(8, 0, 0)
    before = Drone.made
    refused = make_pieces(drone, orders, {}, "drone", tmp_path)  # type: ignore[arg-type]
    assert Drone.made - before == 7
    assert list(refused) == ["asked/Q4-0003"]
    make_pieces(drone, orders, {}, "drone", tmp_path)  # type: ignore[arg-type]
    assert Drone.made - before == 7
    assert made_by(tmp_path)["generator"] == "drone"
    pieces, broken = read_made(tmp_path, ASKED)
    assert [piece.label for piece in pieces].count("Q1") == 2
    assert not broken


def test_pieces_of_two_generators_are_not_mixed(tmp_path: Path) -> None:
    make_pieces(Drone(), orders_of(1, 0, 0), {}, "drone", tmp_path)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="name another folder"):
        make_pieces(Drone(), orders_of(1, 0, 0), {"seed": 9}, "drone", tmp_path)  # type: ignore[arg-type]


def test_a_file_that_is_no_music_is_counted_and_one_without_a_label_refused(tmp_path: Path) -> None:
    (tmp_path / ASKED).mkdir()
    (tmp_path / ASKED / "Q1-0000.mid").write_bytes(b"MThd")
    pieces, broken = read_made(tmp_path, ASKED)
    assert not pieces
    assert list(broken) == ["asked/Q1-0000"]
    write_midi(tmp_path / ASKED / "happy.mid", Score.of(scale()))
    with pytest.raises(InputError, match="does not say what was asked for"):
        read_made(tmp_path, ASKED)


def test_generators_are_found_by_module_and_class() -> None:
    assert isinstance(loaded(f"{__name__}:Drone", None), Drone)
    for wrong in ("no.such.module:Thing", f"{__name__}:Nobody"):
        with pytest.raises(InputError, match="MODULE:CLASS"):
            loaded(wrong, None)


def test_the_best_zero_parts_two_groups() -> None:
    felt = np.array([0.3, 0.4, 0.5, 0.8, 0.9, 1.0])
    assert 0.5 < recognition.best_zero(felt, felt > 0.6) < 0.8
    with pytest.raises(ValueError, match="between high and low"):
        recognition.best_zero(felt, felt > 0)


@given(st.lists(st.integers(0, 5), min_size=2, max_size=20), st.data())
def test_area_under_the_curve_counts_pairs(values: list[int], data: st.DataObject) -> None:
    felt = np.array(values, float)
    high = np.array(data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values))))
    area = recognition.area_under_curve(felt, high)
    pairs = [(a > b) + 0.5 * (a == b) for a in felt[high] for b in felt[~high]]
    assert area == pytest.approx(np.mean(pairs)) if pairs else np.isnan(area)


def test_quadrants_and_signs_are_each_other() -> None:
    places = np.arange(4)
    assert recognition.quadrant_places(recognition.signs_of(places)).tolist() == places.tolist()
    for place, (valence, arousal) in enumerate(recognition.signs_of(places)):
        assert quadrant_of(1 if valence else -1, 1 if arousal else -1) == QUADRANTS[place]


def test_a_generator_that_obeys_stands_above_shuffled_labels() -> None:
    pieces = [
        Drone().generate(MusicRequest(**order.request)) for order in orders_of(35, 0, 0) if "0003" not in order.name
    ]
    places = np.array([n % 4 for n in range(35) if n != 3])
    music = recognition.LabelledMusic("drone", [piece.notes for piece in pieces], places, [str(n) for n in range(34)])
    table = recognition.recognise(load_music_judges(), music, None, music, replace(music, name="real"))
    rows = {(row["judge"], row["reading"], row["music"]): row for row in table["rows"]}
    obeyed = rows["music-judge-vgmidi", recognition.EMOPIA_ZERO, "drone"]
    chance = rows["music-judge-vgmidi", recognition.EMOPIA_ZERO, "drone, labels shuffled"]
    assert obeyed["arousal"]["value"] == 1.0
    assert chance["arousal"]["interval_95"][1] < 1.0
    assert 0.3 < chance["arousal"]["value"] < 0.7
    assert chance["quadrant"]["value"] == pytest.approx(0.25, abs=0.12)
    assert table["without_judges"]["arousal_density"]["value"] > 0.8


def test_half_of_the_real_pieces_lie_within_their_own_quartiles() -> None:
    random = np.random.default_rng(0)
    real = {name: random.normal(size=400) for name in typical.MEASURES}
    inside = typical.within(real, real, typical.HALF)
    assert all(inside[name].mean() == pytest.approx(0.5, abs=0.01) for name in real)
    assert inside[typical.ALL].mean() < 0.05
    unknown = {name: np.full(3, np.nan) for name in real}
    assert not typical.within(unknown, real, typical.MOST)[typical.ALL].any()


def test_groove_does_not_depend_on_the_resolution_of_the_file() -> None:
    notes = scale()
    fine = replace(notes, start_tick=notes.start_tick * 40, end_tick=notes.end_tick * 40, ticks_per_quarter=GRID * 40)
    assert typical.groove_on_sixteenths(fine) == typical.groove_on_sixteenths(notes)


def test_whole_music_is_not_called_broken() -> None:
    assert breaks_of(parse_notes(midi_of(Score.of(scale())), "scale"), 8) == ()


def test_each_way_to_be_broken_is_named() -> None:
    notes = scale()
    first = notes.end_tick.copy()
    first[0] = notes.start_tick[0]
    assert "has notes without length" in breaks_of(replace(notes, end_tick=first))
    again = replace(notes, pitch=np.full(len(notes), 60), end_tick=notes.end_tick + 1)
    assert "strikes a key that sounds" in breaks_of(again)
    assert "changes when written and read" in breaks_of(again)
    odd = replace(notes, metres=(TimeSignature(0, 33, 8),))
    assert "breaks the grammar of its tokens" in breaks_of(odd)
    assert breaks_of(notes, 16) == ("is not as long as asked for",)


def test_windows_hold_every_note_of_whole_four_bars_once() -> None:
    notes = scale(10)
    windows = windows_of(notes)
    assert [len(window) for *_, window in windows] == [32, 32]
    assert [begin for begin, _, _ in windows] == [0.0, 8.0]
    assert len(windows_of(scale(2))) == 1


def test_a_curve_that_is_followed_is_told_from_one_that_is_not() -> None:
    judge = load_music_judges()[1]
    rising = Drone().generate(MusicRequest(emotion=parse_emotion(curve_text("rise")), seconds=CURVE_S)).notes
    heard = heard_curve(judge, rising, lambda times: asked_curve("rise", times))
    assert len(heard.asked) == 9
    assert heard.left_out == 0
    followed = follow([heard] * 8)["arousal"]
    backwards = follow([HeardCurve(heard.asked[::-1], heard.heard, 0)] * 3)["arousal"]
    assert followed["pooled"]["value"] > 0.6
    assert followed["within_pieces"]["value"] > 0.6
    assert backwards["pooled"]["value"] < -0.6
    assert follow([heard])["valence"]["pooled"] is None


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=12))
def test_a_weight_is_how_often_a_value_stands(rows: list[tuple[int, int, int]]) -> None:
    one, other, weight = np.array(rows).T
    found = _weighted_correlations(one.astype(float), other.astype(float), weight[None].astype(float))[0]
    repeated = np.repeat(one, weight), np.repeat(other, weight)
    if weight.sum() and all(np.ptp(values) for values in repeated):
        assert found == pytest.approx(spearmanr(*repeated)[0])


def test_a_curve_of_silence_says_nothing() -> None:
    held = line(np.array([60]), np.array([0]), np.array([16 * BAR]), np.array([64]))
    heard = heard_curve(load_music_judges()[1], held, lambda times: asked_curve("rise", times))
    assert heard.left_out == 4
    assert follow([heard])["arousal"] == {"pooled": None, "within_pieces": None}


def test_the_folder_says_who_made_its_pieces(tmp_path: Path) -> None:
    assert made_by(tmp_path)["generator"] == "unknown"
    make_pieces(Drone(), orders_of(1, 0, 0), {"seed": 4}, "drone", tmp_path)  # type: ignore[arg-type]
    assert json.loads((tmp_path / "made.json").read_text())["options"] == {"seed": 4}


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out as that of the real corpora, with a dozen pieces of noise in it."""
    folder = tmp_path_factory.mktemp("music")
    random = np.random.default_rng(0)
    songs = [noise(random) for _ in range(30)]
    clips = [f"Q{n % 4 + 1}_song{n}_0" for n in range(16)]
    rows = [f"{name},song{n},{n % 4 + 1},{'val' if n >= 12 else 'train'}" for n, name in enumerate(clips)]
    write_table(folder / "emopia_labels.csv", "clip_id,song_id,quadrant,split", rows)
    games = [f"Game{n % 5}_PC_{n}" for n in range(10)]
    write_table(
        folder / "vgmidi_pieces.csv",
        "piece,valence_mean,arousal_mean",
        [f"{name},{(-1) ** n * 0.1},{0.05 * n - 0.2}" for n, name in enumerate(games)],
    )
    felt = {
        name: {f"{axis}_mean": random.uniform(-1, 1, 16).tolist() for axis in ("valence", "arousal")} for name in games
    }
    (folder / "vgmidi_va_curves.json").write_text(json.dumps(felt))
    pack(folder / "emopia_midi.tar.gz", {f"emopia/midi/{name}.mid": songs[n] for n, name in enumerate(clips)})
    pack(folder / "vgmidi_midi.tar.gz", {f"vgmidi/midi/{name}.mid": songs[16 + n] for n, name in enumerate(games)})
    beats = "\n".join(f"{0.5 * n} {float(n % 2 == 0)} {float(n % 4 == 0)}" for n in range(65)).encode()
    pack(folder / "pop909.tar.gz", {"pop909/001/001.mid": songs[29], "pop909/001/beat_midi.txt": beats})
    return folder


def noise(random: np.random.Generator) -> bytes:
    places = np.arange(128)
    pitch, loud = random.integers(40, 90, 128), random.integers(40, 100, 128)
    return midi_of(Score.of(line(pitch, places * GRID // 2, np.full(128, GRID // 2), loud)))


def write_table(path: Path, head: str, rows: list[str]) -> None:
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")


def pack(path: Path, members: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, BytesIO(content))


def test_a_whole_study_writes_figures_a_table_and_a_picture(archives: Path, tmp_path: Path) -> None:
    out = tmp_path / "drone.json"
    # A piece that is there is kept: this one copies a known piece from beginning to end.
    (tmp_path / "drone" / ASKED).mkdir(parents=True)
    with tarfile.open(archives / "vgmidi_midi.tar.gz") as archive:
        stolen = archive.extractfile("vgmidi/midi/Game0_PC_0.mid")
        assert stolen is not None
        (tmp_path / "drone" / ASKED / "Q1-0000.mid").write_bytes(stolen.read())
    main(f"{__name__}:Drone", music=archives, out=out, pieces=12, neutral=4, curves=1)
    report = json.loads(out.read_text())
    longest = report["memorisation"]["exact"]["generated"]["of_some_notes"]["longest"][0]
    assert (longest["piece"], longest["source"], longest["bars"]) == ("Q1-0000", "vgmidi/Game0_PC_0", 16.0)
    assert report["breakage"]["broken"] == 0
    assert report["curves"]["all"]["pieces"] == len(SHAPES)
    assert report["quality"]["measures"]["notes_per_s"]["held_out_within_5_95"]["value"] is not None
    table = out.with_suffix(".md").read_text()
    assert all(f"\n## {head}" in table for head in ("Recognition", "Within", "Longest copy", "Whole music", "Curves"))
    assert out.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    _is_told_of_arousal_alone(report, tmp_path / "arousal.png")


def _is_told_of_arousal_alone(report: dict[str, Any], picture: Path) -> None:
    told = only_carried(report, ["arousal"])
    rows, before = told["recognition"]["rows"], report["recognition"]["rows"]
    generated = next(row for row in rows if row["music"] == "generated")
    assert generated["valence"]["value"] is generated["quadrant"]["value"] is None
    assert generated["arousal"] == next(row["arousal"] for row in before if row["music"] == "generated")
    assert set(generated["auc"]) == {"arousal"}
    assert [row for row in rows if row["music"].startswith("real")] == [
        row for row in before if row["music"].startswith("real")
    ]
    assert set(told["recognition"]["without_judges"]) == {"arousal_density"}
    assert told["curves"]["all"]["arousal"] == report["curves"]["all"]["arousal"]
    assert "| n/a |" in study_table(told)
    draw_study(picture, told)
    assert only_carried(report, ["valence", "arousal"]) is report


def test_a_study_of_nothing_says_what_would_do(archives: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="name a generator"):
        main(music=archives, out=tmp_path / "none.json")
