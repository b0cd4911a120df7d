"""`espressivo evaluate` from end to end: what is printed and written, against what, and what happens when it stops."""

import csv
import re
import shutil
import signal
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from espressivo.cli import main
from espressivo.conditioning.speech import SAMPLE_RATE_HZ
from espressivo.demo import demo_request
from espressivo.errors import Cancelled
from espressivo.eval.evaluation import evaluate
from espressivo.eval.gesture.fgd import FGD_NAME
from espressivo.eval.metric import NotMeasured, Value
from espressivo.eval.report.files import read_report
from espressivo.eval.request import EvaluationRequest
from espressivo.generators.face.export.livelink import write_livelink_csv
from espressivo.generators.face.export.npz import read_motion_npz, write_motion_npz
from espressivo.generators.face.motion import FaceMotion
from espressivo.generators.gesture.npz import write_body_npz
from espressivo.media.decode import read_audio
from espressivo.media.wav import write_wav
from espressivo.performance import perform
from espressivo.progress import ProgressEvent
from espressivo.reporting import make_report
from tests.gestures import gesturing, with_noise

pytest.importorskip("ai_edge_litert", reason="the evaluate extra")
Score = pytest.importorskip("symusic", reason="the evaluate extra").Score

FIXTURES = Path(__file__).parents[1] / "fixtures" / "metrics_music"

FILES = ("report.csv", "report.html", "report.json", "report.md")
SECONDS = 1.2


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hold two takes of one line, "glad" and "sad"."""
    folder = tmp_path_factory.mktemp("takes")
    sound = tmp_path_factory.mktemp("sound") / "line.wav"
    line = demo_request("joy")
    write_wav(sound, read_audio(line.speech)[: round(SECONDS * SAMPLE_RATE_HZ)], SAMPLE_RATE_HZ)
    for name, emotion in (("glad", "happiness:0.8"), ("sad", "sadness:0.8")):
        asked = {"speech": sound, "transcript": None, "emotion": emotion, "formats": ("mp4", "npz")}
        perform(line.model_copy(update={**asked, "size": 192, "fps": 25.0}), folder / name)
    return folder


@pytest.fixture(scope="module")
def evaluated(takes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hold the take "glad" with its report."""
    take = tmp_path_factory.mktemp("evaluated") / "glad"
    shutil.copytree(takes / "glad", take)
    assert main(["evaluate", str(take)]) == 0
    return take


def test_the_report_goes_into_the_take(evaluated: Path, takes: Path) -> None:
    new = {file.name for file in evaluated.iterdir()} - {file.name for file in (takes / "glad").iterdir()}
    assert new == set(FILES)


def test_the_report_says_the_same_in_every_form(evaluated: Path) -> None:
    report = read_report(evaluated / "report.json")
    (clip,) = (clip for clip in report.clips if clip.role == "system")
    peak = clip.values["av_r_peak"]
    assert isinstance(peak, float)
    assert peak > 0.4
    rows = list(csv.DictReader((evaluated / "report.csv").open()))
    (row,) = (row for row in rows if (row["role"], row["metric"]) == ("system", "av_r_peak"))
    assert float(row["value"]) == peak
    page, text = ((evaluated / name).read_text() for name in ("report.html", "report.md"))
    for sentence in report.summary:
        assert _words(sentence) in _words(page)
        assert _words(sentence) in _words(text)


def test_the_page_needs_nothing_from_outside(evaluated: Path) -> None:
    page = (evaluated / "report.html").read_text()
    assert not re.search(r"""(?:src|href|data|action)\s*=\s*["']?\s*(?!#)[^"'\s>]""", page)
    assert not re.search(r"url\((?!#)|@import|<script|<iframe|<object|<link", page)


def test_anchors_and_evaluators_stand_in_the_report(evaluated: Path) -> None:
    report = read_report(evaluated / "report.json")
    anchors = {clip.system for clip in report.clips if clip.role == "anchor"}
    assert anchors == {"static face", "sound of another clip", "sound 200 ms late", "chance"}
    assert all(len(evaluator.sha256) == 64 and evaluator.licence for evaluator in report.evaluators)
    used = {metric.evaluator for metric in report.metrics if metric.evaluator}
    assert {"face-mesh", "expression-ensemble"} <= used & {evaluator.id for evaluator in report.evaluators}


def test_the_summary_is_printed_and_what_has_become_worse(
    evaluated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, before = tmp_path / "mine.html", evaluated / "report.json"
    assert main(["evaluate", str(evaluated), "--baseline", str(before), "--report", str(page)]) == 0
    printed = capsys.readouterr().out.splitlines()
    nothing = f"Nothing has become worse than in {before}."
    assert printed == [*read_report(page.with_suffix(".json")).summary, nothing, str(page)]
    assert {file.name for file in tmp_path.iterdir()} == {
        f"mine{suffix}" for suffix in (".html", ".json", ".csv", ".md")
    }


def test_what_has_become_worse_is_listed(evaluated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tmp_path / "before.json"
    text = (evaluated / "report.json").read_text()
    peak = next(
        clip.values["av_r_peak"] for clip in read_report(evaluated / "report.json").clips if clip.role == "system"
    )
    before.write_text(text.replace(repr(peak), "0.999"))
    assert main(["evaluate", str(evaluated), "--baseline", str(before), "--report", str(tmp_path / "r.html")]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"glad: av_r_peak was 0\.999 and is 0\.\d+", printed), printed


def test_two_takes_are_compared(takes: Path, tmp_path: Path) -> None:
    paths = [str(takes / name) for name in ("glad", "sad")]
    assert main(["evaluate", *paths, "--compare", "--report", str(tmp_path / "r.html")]) == 0
    report = read_report(tmp_path / "r.json")
    (comparison,) = report.comparisons
    assert (comparison.a, comparison.b) == ("glad", "sad")
    assert report.header.title == "glad and sad"
    asked = {seen.system: seen.values["emotion_hit"] for seen in report.clips if seen.role == "system"}
    assert set(asked) == {"glad", "sad"}


def test_a_folder_of_takes_is_measured_against_real_clips(takes: Path, tmp_path: Path) -> None:
    shutil.copytree(takes / "sad", tmp_path / "real" / "glad")
    shutil.copytree(takes / "glad", tmp_path / "ours" / "glad")
    arguments = ["evaluate", str(tmp_path / "ours"), "--real", str(tmp_path / "real")]
    assert main([*arguments, "--report", str(tmp_path / "r.html")]) == 0
    report = read_report(tmp_path / "r.json")
    values = {clip.role: clip.values for clip in report.clips if clip.role != "anchor"}
    for name in ("mouth_lmd_px", "lve_mm2", "psnr_db", "ssim", "identity_distance"):
        assert float(values["system"][name]) > 0, name  # type: ignore[arg-type]
    (still,) = (clip for clip in report.clips if clip.system == "static face")
    assert {"lve_mm2", "theval_lip_dynamics"} <= set(still.values), "the face held still in 3-D and in video is one row"


def test_a_broken_clip_among_good_ones_is_listed_and_the_others_are_measured(
    evaluated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()
    shutil.copy(evaluated / "face.mp4", folder / "good.mp4")
    (folder / "broken.mp4").write_text("I am no video.")
    assert main(["evaluate", str(folder)]) == 0
    report = read_report(tmp_path / "report-clips.json")
    clips = {clip.clip: clip for clip in report.clips if clip.role == "system"}
    assert clips["broken"].failure is not None
    assert "broken.mp4 cannot be read as a video" in clips["broken"].failure
    assert not clips["broken"].values
    assert clips["good"].failure is None
    assert "broken.mp4 cannot be read as a video" in (tmp_path / "report-clips.html").read_text()
    cell = report.cell("clips", "av_r_peak")
    assert cell is not None
    assert (cell.n_used, cell.n_total) == (1, 2)


@pytest.mark.parametrize("stop", [Cancelled("stopped"), KeyboardInterrupt()], ids=["cancelled", "interrupted"])
def test_stopping_leaves_no_half_report(takes: Path, tmp_path: Path, stop: BaseException) -> None:
    seen: list[float] = []

    def cancel(event: ProgressEvent) -> None:
        seen.append(event.fraction)
        if event.fraction > 0.4:
            raise stop

    with pytest.raises(type(stop)):
        make_report(EvaluationRequest(paths=(takes / "glad",)), tmp_path / "r.html", progress=cancel)
    assert seen == sorted(seen)
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_is_heard(takes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    timer = threading.Timer(0.3, signal.raise_signal, (signal.SIGINT,))
    timer.start()
    code = main(["evaluate", str(takes / "glad"), str(takes / "sad"), "--report", str(tmp_path / "r.html")])
    timer.join()
    assert code == 130
    assert "nothing was written" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_overwriting_is_asked_for(evaluated: Path, tmp_path: Path) -> None:
    take = tmp_path / "glad"
    shutil.copytree(evaluated, take)
    (take / "report.html").write_text("mine")
    assert main(["evaluate", str(take)]) == 2
    assert (take / "report.html").read_text() == "mine"
    assert main(["evaluate", str(take), "--overwrite"]) == 0
    assert "<html" in (take / "report.html").read_text()


@pytest.fixture(scope="module")
def motion(takes: Path) -> FaceMotion:
    return read_motion_npz(takes / "glad" / "face.npz")


def test_face_motions_are_held_against_recorded_ones(motion: FaceMotion, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=motion.weights.shape)
    folders = [tmp_path / name for name in ("real", "same", "near", "far")]
    for folder, level in zip(folders, (0.0, 0.0, 0.01, 0.05), strict=True):
        folder.mkdir()
        weights = np.clip(motion.weights + level * noise, 0, 1)
        write_motion_npz(folder / "line.npz", replace(motion, weights=weights))
    found = evaluate(EvaluationRequest(paths=tuple(folders[1:]), compare=True, real=folders[0]))
    values = {result.system: result.values for result in found.clips}
    for name in ("lve_mm2", "lve_l2_mm", "mve_mm"):
        same, near, far = (_number(values[system][name]) for system in ("same", "near", "far"))
        assert same == pytest.approx(0, abs=1e-9)
        assert 0 < near < far / 2
    assert _number(values["static face"]["lve_mm2"]) > _number(values["near"]["lve_mm2"])
    assert isinstance(values["real clips"]["lve_mm2"], NotMeasured), "the recorded face is not held against itself"


def test_a_motion_of_a_phone_is_read_as_well(motion: FaceMotion, tmp_path: Path) -> None:
    for name in ("ours", "real"):
        (tmp_path / name).mkdir()
    write_livelink_csv(tmp_path / "ours" / "line.csv", motion)
    write_motion_npz(tmp_path / "real" / "line.npz", motion)
    found = evaluate(EvaluationRequest(paths=(tmp_path / "ours",), real=tmp_path / "real"))
    (values,) = (result.values for result in found.clips if result.role == "system")
    assert _number(values["mve_mm"]) < 0.01


def test_gestures_are_measured_against_a_body_that_stands_still(tmp_path: Path) -> None:
    calm, shaken = gesturing(6), with_noise(gesturing(6), 0.02)
    write_body_npz(tmp_path / "calm.npz", calm)
    write_body_npz(tmp_path / "shaken.npz", shaken)
    write_wav(tmp_path / "calm.wav", read_audio(demo_request("sadness").speech), SAMPLE_RATE_HZ)
    found = evaluate(EvaluationRequest(paths=(tmp_path,)))
    values = {(result.role, result.clip): result.values for result in found.clips}
    smooth, rough, still = values["system", "calm"], values["system", "shaken"], values["anchor", "calm"]
    assert _number(rough["gesture_jerk_m_s3"]) > 10 * _number(smooth["gesture_jerk_m_s3"])
    assert _number(smooth["gesture_l1_diversity_m"]) > 0.1
    assert _number(still["gesture_l1_diversity_m"]) == pytest.approx(0, abs=1e-9)
    assert 0 <= _number(smooth["gesture_beat_consistency"]) <= 1
    assert isinstance(rough["gesture_beat_consistency"], NotMeasured), "it has no sound"
    assert isinstance(found.sets[0].values[FGD_NAME], NotMeasured), "there are no real motions"


def test_music_is_measured_in_another_register_as_where_it_was(tmp_path: Path) -> None:
    source = FIXTURES / "emogen_piano_0.mid"
    shutil.copy(source, tmp_path / "low.mid")
    Score(source).shift_pitch(12).dump_midi(tmp_path / "high.mid")
    (tmp_path / "clips.csv").write_text("clip,emotion\nlow,happiness:0.8\nhigh,sadness:0.8\n")
    found = evaluate(EvaluationRequest(paths=(tmp_path,)))
    low, high = (
        next(result for result in found.clips if (result.role, result.clip) == ("system", name))
        for name in ("low", "high")
    )
    for name in ("pitch_range", "pitch_classes", "polyphony", "empty_bars", "notes_per_s", "scale_consistency"):
        assert _number(high.values[name]) == pytest.approx(_number(low.values[name]), rel=1e-3), name
    assert _number(high.values["register_mean"]) == pytest.approx(_number(low.values["register_mean"]) + 12, abs=1e-6)
    assert (low.observations.asked_emotion, high.observations.asked_emotion) == ("Q1", "Q3")
    chance = next(result for result in found.clips if result.role == "anchor")
    assert chance.values["quadrant_hit_emopia"] == 0.25


def _number(value: Value) -> float:
    assert not isinstance(value, NotMeasured), value
    return float(value)


def _words(text: str) -> str:
    """The letters and digits of a text, so that forms of it with other marks compare."""
    plain = re.sub(r"<[^>]+>|&#?\w+;", " ", text).replace("\\", "")
    return " ".join(re.findall(r"\w+", plain))
