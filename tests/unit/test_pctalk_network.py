"""PC-Talk's own networks around their parity: a whole portrait with small random networks, and the parts by hand."""

from argparse import Namespace
from collections.abc import Callable
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from espressivo.conditioning.speech import SAMPLE_RATE_HZ, Phone, Speech, Word
from espressivo.errors import Cancelled, InputError, MissingDependencyError
from espressivo.generators.portrait.avatar.photograph import Photograph
from espressivo.generators.portrait.consent import SHIPPED
from espressivo.generators.portrait.liveportrait.keypoints import rotations
from espressivo.generators.portrait.liveportrait.pretrained import load_live_portrait
from espressivo.generators.portrait.liveportrait.template import MotionTemplate
from espressivo.generators.portrait.pctalk.network.config import LIPS
from espressivo.generators.portrait.pctalk.network.control import shaped_lips
from espressivo.generators.portrait.pctalk.network.generator import LIVE_PORTRAIT, PCTalk
from espressivo.generators.portrait.pctalk.network.gestures import DIRECTIONS, FULL, edited
from espressivo.generators.portrait.pctalk.network.pretrained import FILES, load_talker
from espressivo.generators.portrait.pctalk.network.regions import KEYPOINTS
from espressivo.generators.portrait.pctalk.network.request import PCTalkRequest
from espressivo.generators.portrait.pctalk.network.smoothing import NOISE, WANDERING, smoothed
from espressivo.generators.portrait.pctalk.network.video import KeypointPortrait
from espressivo.generators.portrait.pctalk.network.windows import in_windows
from espressivo.media.encode import write_mp4
from espressivo.media.image import read_image
from espressivo.media.video import Video, probe
from espressivo.progress import ProgressEvent
from tests.portrait_checkpoints import INPUT_PX, write_live_portrait, write_talker
from tests.portrait_checkpoints import LIVE_PORTRAIT as TINY

PORTRAIT = SHIPPED / "cg_head.jpg"
CHANCE = np.random.default_rng(4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pctalk")
    write_talker(made)
    write_live_portrait(made / LIVE_PORTRAIT)
    return made


@pytest.fixture(scope="module")
def pctalk(folder: Path) -> PCTalk:
    return PCTalk(load_talker(folder, "cpu"), load_live_portrait(folder / LIVE_PORTRAIT, "cpu", TINY, INPUT_PX))


@pytest.fixture(scope="module")
def line() -> Speech:
    times_s = np.arange(int(1.2 * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    loudness = 0.3 * np.sin(2 * np.pi * 3 * times_s) ** 2
    return Speech((loudness * np.sin(2 * np.pi * 180 * times_s)).astype(np.float32))


def _request(line: Speech, emotion: str, **options: Any) -> PCTalkRequest:
    return PCTalkRequest.model_validate({"speech": line, "emotion": emotion, "portrait": PORTRAIT, **options})


@pytest.fixture(scope="module")
def perform(pctalk: PCTalk, line: Speech) -> Callable[..., KeypointPortrait]:
    def made(emotion: str = "neutral", **options: Any) -> KeypointPortrait:
        return pctalk.generate(_request(line, emotion, **options))

    return made


@pytest.fixture(scope="module")
def expression(pctalk: PCTalk, line: Speech) -> Callable[..., np.ndarray]:
    """What the keypoints do, without drawing them."""
    photograph = Photograph.read(PORTRAIT)
    source = pctalk.live_portrait.source(photograph.image, photograph.points_px)

    @cache
    def plain() -> np.ndarray:
        return move()

    def move(emotion: str = "neutral", **options: Any) -> np.ndarray:
        request = _request(line, emotion, **options)
        return pctalk.move(source, request).exp

    def made(emotion: str = "neutral", **options: Any) -> np.ndarray:
        return plain() if emotion == "neutral" and not options else move(emotion, **options)

    return made


def test_a_photograph_speaks(perform: Any, line: Speech, tmp_path: Path) -> None:
    video = perform("happiness:0.8 ")
    assert len(video) == round(line.duration_s * video.fps) == 30
    write_mp4(tmp_path / "portrait.mp4", Video(list(islice(video.frames, 5)), video.fps, video.sound))
    facts = probe(tmp_path / "portrait.mp4")
    assert (facts.width, facts.height) == (2 * INPUT_PX, 2 * INPUT_PX)
    assert facts.fps == 25


def test_the_whole_picture_is_kept_around_the_head(perform: Any) -> None:
    frame, labelled = (next(iter(perform(whole=True, label=label).frames)) for label in (False, True))
    image = read_image(PORTRAIT)
    even = image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2]
    assert frame.shape == even.shape
    assert not np.array_equal(frame, labelled)


def test_frames_are_drawn_again_when_they_are_read_again(perform: Any) -> None:
    video = perform("anger")
    assert np.array_equal(next(iter(video.frames)), next(iter(video.frames)))


def test_intensity_0_is_neutral_and_more_is_more(expression: Any) -> None:
    neutral = expression()
    assert np.array_equal(expression("anger:0"), neutral)
    half, full = (expression(f"anger:{level}") - neutral for level in (0.5, 1))
    assert np.abs(half).max() > 0
    np.testing.assert_allclose(full, 2 * half, atol=1e-5)


def test_a_mix_is_the_sum_of_its_parts(expression: Any) -> None:
    neutral = expression()
    parts = [expression(name) - neutral for name in ("happiness:0.5", "surprise:0.5")]
    mix = expression("happiness:0.5+surprise:0.5") - neutral
    np.testing.assert_allclose(mix, sum(parts), atol=1e-5)


def test_calm_leaves_the_face_as_it_is(expression: Any) -> None:
    assert np.array_equal(expression("calm"), expression())


def test_an_emotion_keeps_to_its_time_and_its_region(expression: Any) -> None:
    neutral = expression()
    late = expression("@0 neutral @0.7 neutral @0.8 sadness") - neutral
    assert np.array_equal(late[:10], np.zeros_like(late[:10]))
    assert np.abs(late[27:]).min(axis=0).max() > 0
    brows = expression(controls={"regions": ("brows=anger:0.9",)}) - neutral
    moved = np.flatnonzero(np.abs(brows).max(axis=(0, 2)))
    assert moved.tolist() == KEYPOINTS["brows"]


def test_dials_move_the_lips_alone(expression: Any) -> None:
    plain = expression()
    for dial in ({"lip_scale": 0.5}, {"edits": ("open 1.5",)}, {"style": "pouting"}, {"follow_loudness": 1.0}):
        changed = expression(controls=dial) - plain
        moved = np.flatnonzero(np.abs(changed).max(axis=(0, 2)))
        assert len(moved) > 0
        assert set(moved) <= set(LIPS), dial
    assert not np.array_equal(expression(person=1), plain)


def test_an_edit_of_a_word_moves_the_lips_in_that_word_alone(expression: Any, line: Speech) -> None:
    phones = (Phone("SIL", 0.0, 0.4), Phone("OW", 0.4, 0.8), Phone("SIL", 0.8, line.duration_s))
    spoken = line.with_phones(phones, "given", (Word("oh", 0.4, 0.8),))
    changed = expression(speech=spoken, controls={"edits": ("oh: open 2",)}) - expression()
    assert np.flatnonzero(np.abs(changed).max(axis=(1, 2))).tolist() == list(range(11, 20))
    assert set(np.flatnonzero(np.abs(changed).max(axis=(0, 2)))) <= set(LIPS)


def test_the_head_follows_a_template(perform: Any, tmp_path: Path) -> None:
    still = perform().template
    nodding = still.rotation[:20] @ rotations(
        *np.zeros((3, 20), np.float32) + np.linspace(0, 0.2, 20, dtype=np.float32)
    )
    MotionTemplate(still.exp[:20], nodding, still.scale[:20], still.t[:20], 25.0).write(tmp_path / "nod.npz")
    moved = perform(template=tmp_path / "nod.npz").template
    np.testing.assert_allclose(moved.rotation[:20], nodding, atol=1e-5)
    np.testing.assert_allclose(moved.rotation[20:], nodding[:9:-1], atol=1e-5)
    with pytest.raises(InputError, match="no motion template"):
        perform(template=PORTRAIT)


def test_a_style_is_read_from_a_video(expression: Any, tmp_path: Path) -> None:
    image = read_image(PORTRAIT)
    small = np.ascontiguousarray(image[::2, ::2][: image.shape[0] // 4 * 2, : image.shape[1] // 4 * 2])
    write_mp4(tmp_path / "speaker.mp4", Video([small] * 30, 25.0))
    styled = expression(controls={"style": f"of:{tmp_path / 'speaker.mp4'}"})
    assert not np.array_equal(styled, expression())
    write_mp4(tmp_path / "short.mp4", Video([small] * 10, 25.0))
    with pytest.raises(InputError, match=r"0\.4 s long"):
        expression(controls={"style": f"of:{tmp_path / 'short.mp4'}"})


def test_what_cannot_be_done_is_refused(expression: Any) -> None:
    with pytest.raises(InputError, match="3 persons"):
        expression(person=3)
    with pytest.raises(InputError, match="transcript"):
        expression(controls={"edits": ("never: wide 1.5",)})


def test_it_can_be_stopped(pctalk: PCTalk, line: Speech) -> None:
    def stop(event: ProgressEvent) -> None:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        pctalk.generate(_request(line, "fear"), stop)


def test_checkpoints_are_asked_for_and_checked(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingDependencyError, match="huggingface"):
        PCTalk.from_pretrained()
    with pytest.raises(MissingDependencyError) as caught:
        PCTalk.from_pretrained(tmp_path)
    assert all(name in str(caught.value) for name in (*FILES, "liveportrait/base_models/motion_extractor.pth"))
    with pytest.raises(InputError, match=r"liveportrait.*appearance_feature_extractor"):
        PCTalk.from_pretrained(folder, "cpu")  # the small ones are not LivePortrait's


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("lac.pth", {"model": {"PPE.pe": torch.zeros(3)}}, "model_ft"),
        ("emc.pth", {"model": {"vertice_map.weight": torch.zeros(7, 63)}}, "attention cannot share"),
        ("emc.pth", {"model": {"vertice_map.weight": torch.zeros(8, 63)}}, "obj_vector.weight"),
        ("style_encoder.pth", Namespace(T=3), "named tensors"),
        ("audio_encoder.pth", {"0.conv_block.0.weight": torch.zeros(1)}, "lacks"),
    ],
)
def test_files_that_do_not_fit_are_refused(folder: Path, tmp_path: Path, name: str, content: Any, told: str) -> None:
    for file in FILES:
        (tmp_path / file).write_bytes((folder / file).read_bytes())
    torch.save(content, tmp_path / name)
    with pytest.raises(InputError, match=told) as caught:
        load_talker(tmp_path, "cpu")
    assert name in str(caught.value)


def test_smoothing_is_the_likeliest_course() -> None:
    """Against a solution of all frames at once: steps and noise are Gaussian, so it is least squares."""
    seen = np.cumsum(CHANCE.normal(0, 3e-3, (12, 2)), axis=0) + CHANCE.normal(0, 1e-3, (12, 2))
    steps = np.diff(np.eye(12), axis=0)
    system = np.eye(12) / NOISE + steps.T @ steps / WANDERING
    system[0, 0] += 1.0
    wanted = np.linalg.solve(system, seen / NOISE + np.eye(12)[:, :1] * seen[0])
    np.testing.assert_allclose(smoothed(seen), wanted, atol=1e-9)
    assert np.array_equal(smoothed(seen[:2]), seen[:2])


def test_windows_overlap_and_hand_on_their_ends() -> None:
    asked: list[tuple[int, int, list[float]]] = []

    def predict(first: int, last: int, before: np.ndarray | None) -> np.ndarray:
        asked.append((first, last, [] if before is None else before[:, 0].tolist()))
        return np.arange(first, last, dtype=float)[:, None] + 100 * len(asked)

    made = in_windows(19, 10, predict)
    assert asked == [(0, 10, []), (8, 18, [108, 109]), (16, 19, [216, 217])]
    assert made[:, 0].tolist() == [*range(100, 110), *range(210, 218), 318]


def test_edits_scale_the_projection_alone() -> None:
    opening = DIRECTIONS["opening"]
    across = np.zeros((6, 3))
    across[0, 0] = 0.02  # a keypoint that no direction moves
    lips = (5 * opening + across)[None]
    np.testing.assert_allclose(edited(lips, "opening", 1.4)[0], 7 * opening + across, atol=1e-12)
    np.testing.assert_allclose(edited(lips, "opening", 0.0)[0], across, atol=1e-12)
    more = edited(lips, "opening", more=0.5)[0]
    np.testing.assert_allclose(more, (5 + 0.5 * FULL["opening"]) * opening + across, atol=1e-12)
    assert np.array_equal(shaped_lips(lips), lips)


def test_an_edit_of_some_frames_leaves_the_others() -> None:
    lips = CHANCE.normal(0, 0.01, (4, 6, 3))
    changed = edited(lips, "widening", np.array([1.0, 1.0, 2.0, 1.0]))
    assert np.array_equal(changed[[0, 1, 3]], lips[[0, 1, 3]])
    assert not np.array_equal(changed[2], lips[2])
