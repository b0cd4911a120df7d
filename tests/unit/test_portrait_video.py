"""What is around a portrait's frames: the label, the reminder of consent, frames that can be read again."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from espressivo.demo import SPEECH_FOLDER
from espressivo.errors import InputError
from espressivo.generators.face.controls import FaceControls
from espressivo.generators.portrait.consent import SHIPPED, remind_of_consent
from espressivo.generators.portrait.label import draw_label
from espressivo.generators.portrait.video import DrawnFrames
from espressivo.generators.registry import load_generator


@pytest.mark.parametrize("shape", [(512, 512), (96, 96), (64, 300), (1080, 1920), (20, 30)])
def test_the_label_stands_in_the_lower_left_corner(shape: tuple[int, int]):
    plain = np.full((*shape, 3), 120, np.uint8)
    frame = draw_label(plain.copy())
    rows, columns = np.nonzero((frame != plain).any(axis=2))
    assert len(rows) > 50
    assert rows.min() >= shape[0] * 0.4 or shape[0] < 40
    assert columns.min() < shape[1] / 4
    assert frame.max() > (200 if min(shape) > 100 else 170)
    assert frame.min() < 90


def test_the_label_can_be_read_on_white_and_on_black():
    for grey in (0, 255):
        frame = draw_label(np.full((256, 256, 3), grey, np.uint8))[..., 0].astype(int)
        box = frame[235:249, 10:70]
        assert box.max() - box.min() > 90


def test_the_label_is_the_same_in_every_frame():
    frames = [draw_label(np.full((128, 128, 3), 60, np.uint8)) for _ in range(2)]
    assert np.array_equal(frames[0], frames[1])


def test_consent_is_asked_for_where_somebody_may_be_seen():
    with pytest.warns(UserWarning, match="If me.jpg shows a real person, ask for their consent"):
        remind_of_consent(Path("me.jpg"), None)
    with pytest.warns(UserWarning, match="consent"):
        remind_of_consent(Path("me.jpg"), "")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        remind_of_consent(Path("me.jpg"), "I am on it.")
        remind_of_consent(SHIPPED / "cg_head.jpg", None)


def test_frames_are_drawn_anew_each_time_and_have_an_even_size():
    drawn: list[int] = []

    def draw():
        for number in range(3):
            drawn.append(number)
            yield np.full((9, 7, 3), number, np.uint8)

    frames = DrawnFrames(draw)
    assert not drawn
    first = next(iter(frames))
    assert first.shape == (8, 6, 3)
    assert drawn == [0]
    assert len(list(frames)) == len(list(frames)) == 3


def test_the_same_emotion_moves_every_portrait_alike():
    """No photograph has a part in what the face does: the identity cannot leak into the emotion."""
    avatar = load_generator("avatar")
    line, made = SPEECH_FOLDER / "calm.wav", []
    for name in ("cg_head.jpg", "ada.jpg"):
        request = avatar.Request(speech=line, emotion="fear:0.8", portrait=SHIPPED / name, fps=10, size=64, seed=2)
        made.append(avatar.generate(request))
    one, other = made
    assert np.array_equal(one.drawn.weights, other.drawn.weights)
    assert np.array_equal(one.motion.head_rad, other.motion.head_rad)
    assert not np.array_equal(next(iter(one.frames)), next(iter(other.frames)))


def test_another_generator_can_move_it_and_one_of_music_cannot():
    avatar = load_generator("avatar")
    asked = {"speech": SPEECH_FOLDER / "calm.wav", "emotion": "joy", "portrait": SHIPPED / "cg_head.jpg", "size": 64}
    with pytest.raises(InputError, match="no registered generator"):
        avatar.generate(avatar.Request(**asked, motion="parametrics"))
    with pytest.raises(InputError, match="'emogen' is no face generator; choose parametric"):
        avatar.generate(avatar.Request(**asked, motion="emogen"))


def test_dials_of_the_face_reach_it():
    avatar = load_generator("avatar")
    asked = {
        "speech": SPEECH_FOLDER / "calm.wav",
        "emotion": "neutral",
        "portrait": SHIPPED / "cg_head.jpg",
        "size": 64,
    }
    held = avatar.generate(avatar.Request(**asked, fps=10, face_controls=FaceControls(head=0.0)))
    assert not held.motion.head_rad.any()
