"""A portrait in a performance and alone: what is made, what is kept about the person, what is refused beforehand."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from espressivo.cli import main
from espressivo.conditioning.speech import SAMPLE_RATE_HZ, Speech
from espressivo.demo import SPEECH_FOLDER, demo_lines
from espressivo.errors import FaceError, InputError, MediaError
from espressivo.generators.face.export.livelink import read_livelink_csv
from espressivo.generators.portrait.consent import SHIPPED
from espressivo.generators.portrait.pctalk.controls import LipControls
from espressivo.generators.registry import load_generator
from espressivo.media.encode import write_mp4
from espressivo.media.image import read_image
from espressivo.media.video import probe, read_video_frames
from espressivo.media.wav import write_wav
from espressivo.performance import PerformanceRequest, perform, repeat
from espressivo.take import Take

LINE = SPEECH_FOLDER / f"{demo_lines()[0]}.wav"
PORTRAIT = SHIPPED / "cg_head.jpg"
CONSENT = "It is a picture of nobody."


@pytest.fixture(scope="module")
def photograph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of somebody, for all the program knows."""
    path = tmp_path_factory.mktemp("photos") / "me.jpg"
    Image.fromarray(read_image(PORTRAIT)[2:]).save(path)
    return path


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The beginning of the line, where it is only asked whether something is made."""
    path = tmp_path_factory.mktemp("lines") / "short.wav"
    write_wav(path, Speech.read(LINE).samples[: 3 * SAMPLE_RATE_HZ // 2], SAMPLE_RATE_HZ)
    return str(path)


@pytest.fixture(scope="module")
def take(photograph: Path, tmp_path_factory: pytest.TempPathFactory) -> Take:
    request = PerformanceRequest(
        speech=LINE,
        emotion="happiness:0.8",
        portrait=photograph,
        formats=("csv",),
        fps=12,
        size=96,
        seed=4,
        label=True,
        consent=CONSENT,
        speaking=LipControls(style="broad", regions=("brows=surprise:0.5",)),
    )
    return perform(request, tmp_path_factory.mktemp("takes") / "line")


def test_the_portrait_stands_beside_the_face(take: Take) -> None:
    made = {file.name for file in take.folder.iterdir()}
    assert made == {"take.json", "speech.wav", "emotion.emotionml", "face.csv", "portrait.mp4", "photograph.png"}
    facts = probe(take.file("portrait.mp4"))
    assert (facts.width, facts.height, facts.fps) == (96, 96, 12)
    assert facts.audio_rate_hz == 48_000
    assert facts.duration_s == pytest.approx(take.record["speech"]["duration_s"], abs=0.1)


def test_the_take_tells_of_consent_label_and_licences(take: Take) -> None:
    assert take.record["portrait"] == {"source": "me.jpg", "consent": CONSENT, "label": True}
    assert take.record["generators"]["portrait"]["name"] == "avatar"
    assert take.record["generators"]["portrait"]["licence"]
    assert take.record["request"]["portrait"] == "photograph.png"
    assert str(take.folder.parent) not in take.file("take.json").read_text()


def test_the_take_keeps_the_pixels_of_the_picture_and_nothing_else(take: Take, photograph: Path) -> None:
    kept = take.file("photograph.png")
    assert np.array_equal(read_image(kept), read_image(photograph))
    assert not Image.open(kept).getexif()


def test_the_face_moves_as_the_portrait_does(take: Take) -> None:
    frames = np.stack(list(read_video_frames(take.file("portrait.mp4")))).astype(float)
    assert np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2, 3)).max() > 0.5
    motion = read_livelink_csv(take.file("face.csv"))
    assert motion.channel("browInnerUp").mean() > 0.2
    assert motion.channel("jawOpen").max() > 0.2


def test_whatever_a_portrait_can_be_asked_for_a_performance_can(photograph: Path, short: str, tmp_path: Path) -> None:
    """What a request calls otherwise than a performance does is named here; all else has to go by one name."""
    otherwise = {"face": "portrait_face", "motion": "face", "controls": "speaking", "face_controls": "controls"}
    asked = {otherwise.get(name, name) for name in load_generator("avatar").Request.model_fields}
    assert asked <= set(PerformanceRequest.model_fields)
    common = {"speech": short, "portrait": photograph, "formats": ("csv",), "fps": 5, "size": 128, "consent": CONSENT}
    still, breathing = (
        perform(PerformanceRequest(**common, breath=breath), tmp_path / str(breath)).file("portrait.mp4")
        for breath in (0.0, 2.0)
    )
    assert still.read_bytes() != breathing.read_bytes()


def test_it_repeats_to_the_byte(take: Take, tmp_path: Path) -> None:
    assert repeat(take, tmp_path / "again").record["files"] == take.record["files"]


def test_a_picture_without_statement_of_consent_is_remembered(
    photograph: Path, short: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["generate", "avatar", "--speech", short, "--emotion", "sadness:0.5", "--size", "64", "--fps", "5"]
    assert main([*arguments, "--portrait", str(photograph), "--out", str(tmp_path / "one")]) == 0
    assert "ask for their consent" in capsys.readouterr().err
    assert set(Take.open(tmp_path / "one").record["files"]) == {"face.csv", "portrait.mp4"}
    stated = [*arguments, "--portrait", str(photograph), "--consent", CONSENT, "--whole"]
    assert main([*stated, "--out", str(tmp_path / "two")]) == 0
    assert "consent" not in capsys.readouterr().err
    assert Take.open(tmp_path / "two").record["request"]["consent"] == CONSENT
    width, height = Image.open(photograph).size
    facts = probe(tmp_path / "two" / "portrait.mp4")
    assert (facts.width, facts.height) == (width, height)


def test_words_may_stand_in_a_file(tmp_path: Path, short: str) -> None:
    avatar = load_generator("avatar")
    (tmp_path / "words.txt").write_text("You will not")
    about = {"speech": short, "emotion": "joy", "portrait": PORTRAIT}
    assert avatar.Request(**about, transcript=str(tmp_path / "words.txt")).transcript == "You will not"
    assert avatar.Request(**about).transcript is None
    with pytest.raises(InputError, match="Transcript nowhere"):
        avatar.Request(**about, transcript="nowhere.txt")
    with pytest.raises(InputError, match="is no text file"):
        avatar.Request(**about, transcript=short)


def test_it_can_feel_like_a_picture(tmp_path: Path, photograph: Path, short: str) -> None:
    arguments = ["generate", "avatar", "--speech", short, "--emotion", f"of:{PORTRAIT}", "--size", "64"]
    options = ["--fps", "5", "--portrait", str(photograph), "--consent", CONSENT, "--out", str(tmp_path / "take")]
    assert main([*arguments, *options]) == 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"label": True}, "--label is for portraits"),
        ({"consent": CONSENT}, "--consent is for portraits"),
        ({"breath": 0.5}, "--breath is for portraits"),
        ({"variants": {"kinship": 0.5}}, "--kinship is for portraits"),
        ({"portrait": PORTRAIT, "portraitist": "parametric"}, "no portrait generator; choose avatar"),
        ({"portrait": PORTRAIT, "portraitist": "pctalk"}, "espressivo generate pctalk takes; choose avatar"),
        ({"face": "avatar"}, "no face generator; choose parametric"),
        ({"transcript": str(PORTRAIT)}, "no text file"),
        ({"transcript": "no words of this", "speaking": {"edits": ("never: wide 1.5",)}}, "not said in the line"),
        ({"portrait": PORTRAIT, "portrait_face": 3}, "no face 3"),
        ({"speaking": {"style": "mumbled"}}, "did you mean 'mumbling'"),
        ({"speaking": {"edits": ("never wide",)}}, "none of purse, wide and open"),
        ({"speaking": {"edits": ("never: wide 1.5",)}}, "--transcript"),
        ({"speaking": {"regions": ("nose=joy",)}}, "no region"),
    ],
)
def test_what_cannot_be_made_is_said_in_a_sentence(options: dict, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=sentence):
        perform(PerformanceRequest(speech=LINE, **options), tmp_path / "take")
    assert not list(tmp_path.iterdir())


def test_a_word_that_is_not_said_shows_before_the_line_is_read(tmp_path: Path) -> None:
    speaking = LipControls(edits=("never: wide 1.5",))
    with pytest.raises(InputError, match="not said"):
        perform(PerformanceRequest(speech=tmp_path / "none.wav", transcript="always", speaking=speaking))


def test_a_picture_without_a_face_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    Image.new("RGB", (320, 320), "grey").save(tmp_path / "wall.png")
    with pytest.raises(FaceError, match="no face"):
        perform(PerformanceRequest(speech=LINE, portrait=tmp_path / "wall.png"), tmp_path / "take")
    assert not (tmp_path / "take").exists()


def test_a_take_cannot_name_a_picture_outside_of_it(take: Take, photograph: Path, tmp_path: Path) -> None:
    hostile = Path(shutil.copytree(take.folder, tmp_path / "hostile"))
    record = take.record | {"request": take.record["request"] | {"portrait": f"../{photograph.name}"}}
    (hostile / "take.json").write_text(json.dumps(record))
    shutil.copy(photograph, tmp_path)
    with pytest.raises(MediaError, match="does not exist"):
        repeat(Take.open(hostile), tmp_path / "again")


@pytest.mark.parametrize("name", ["notes.png", "notes.mp4"])
def test_a_file_that_is_no_picture_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("a note")
    with pytest.raises(MediaError, match="cannot be read"):
        perform(PerformanceRequest(speech=LINE, portrait=tmp_path / name), tmp_path / "take")


def test_a_video_gets_another_line(tmp_path: Path, short: str) -> None:
    avatar = load_generator("avatar")
    line = Speech.read(LINE)
    said = Speech(line.samples[: 2 * SAMPLE_RATE_HZ])
    filmed = avatar.generate(avatar.Request(speech=said, emotion="neutral", portrait=PORTRAIT, size=256, fps=12))
    write_mp4(tmp_path / "clip.mp4", filmed, crf=12)
    request = PerformanceRequest(
        speech=SPEECH_FOLDER / "calm.wav", portrait=tmp_path / "clip.mp4", formats=("csv",), consent=CONSENT
    )
    with pytest.raises(InputError, match=r"but clip.mp4 only 2.0 s"):
        perform(request, tmp_path / "long")
    asked: list[str] = []
    with pytest.raises(InputError, match=r"but clip.mp4 only 2.0 s"):
        avatar.generate(
            avatar.Request(speech=line, emotion="joy", portrait=tmp_path / "clip.mp4"),
            lambda event: asked.append(event.stage),
        )
    assert not asked  # the video was not followed for that
    with pytest.raises(FaceError, match=r"clip.mp4: At most 1 face"):
        perform(request.model_copy(update={"speech": Path(short), "portrait_face": 2}), tmp_path / "third")
    take = perform(request.model_copy(update={"speech": Path(short)}), tmp_path / "take")
    assert (take.folder / "footage.mp4").read_bytes() == (tmp_path / "clip.mp4").read_bytes()
    facts = probe(take.file("portrait.mp4"))
    assert (facts.width, facts.height, facts.fps) == (256, 256, 12)
    before = np.stack(list(read_video_frames(tmp_path / "clip.mp4"))).astype(float)
    after = np.stack(list(read_video_frames(take.file("portrait.mp4")))).astype(float)
    assert len(after) == 18
    change = np.abs(after - before[: len(after)]).mean(axis=(0, 3))
    mouth, forehead = change[128:160, 112:144].mean(), change[60:80, 100:156].mean()
    assert mouth > 3 * forehead


def test_a_word_of_the_3d_face_can_be_edited_as_well(tmp_path: Path) -> None:
    words = json.loads((SPEECH_FOLDER / f"{LINE.stem}.json").read_text())["text"]
    plain = PerformanceRequest(speech=LINE, transcript=words, formats=("csv",))
    edited = plain.model_copy(update={"speaking": LipControls(edits=("never: open 2",))})
    takes = [perform(request, tmp_path / str(number)) for number, request in enumerate((plain, edited))]
    before, after = (read_livelink_csv(take.file("face.csv")).weights for take in takes)
    changed = np.flatnonzero((before != after).any(axis=1)) / plain.fps
    assert 0.1 < np.ptp(changed) < 0.6


def test_the_demo_goes_without_a_portrait_where_faces_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)  # as if it were not installed
    assert main(["demo", "--out", str(tmp_path / "demo")]) == 0
    assert (tmp_path / "demo" / "face.mp4").is_file()
    assert not (tmp_path / "demo" / "portrait.mp4").exists()
    assert "pip install 'espressivo[portrait]'" in capsys.readouterr().out
