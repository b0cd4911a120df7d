import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from espressivo.conditioning.easing import EASES
from espressivo.conditioning.notation import format_emotion, parse_emotion
from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.textfile import MAX_BYTES
from espressivo.conditioning.track import EmotionTrack, Keyframe
from espressivo.conditioning.vocabulary import CATEGORIES, PROTOTYPES, known_words
from espressivo.errors import EmotionError, EspressivoError

STATES = st.builds(
    EmotionState.from_strengths,
    st.dictionaries(st.sampled_from(CATEGORIES), st.floats(0, 1), max_size=4),
    st.none() | st.tuples(*[st.floats(-1, 1)] * 3),
    st.none() | st.sampled_from(["warm", "low-key", "x_2"]),
)
TRACKS = st.builds(
    EmotionTrack,
    st.lists(st.builds(Keyframe, st.floats(0, 1e5), STATES, st.sampled_from(EASES)), min_size=1, max_size=6).map(tuple),
)


def only_state(text):
    (keyframe,) = parse_emotion(text).keyframes
    assert keyframe.t_s == 0
    return keyframe.state


def strengths(state):
    return {name: round(float(value), 9) for name, value in zip(CATEGORIES, state.strengths(), strict=True) if value}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("happiness", {"happiness": 1.0}),
        ("happiness:0.8", {"happiness": 0.8}),
        (" Angry : .5 ", {"anger": 0.5}),
        ("happiness:0.6+surprise:0.3", {"happiness": 0.6, "surprise": 0.3}),
        ("happiness:0.6 + surprise:0.3", {"happiness": 0.6, "surprise": 0.3}),
        ("anger:0.9+fear:0.9", {"anger": 0.5, "fear": 0.5}),
        ("neutral", {}),
        ("anger:0", {}),
        ("annoyed", {"anger": round(1 / 3, 9)}),
        ("annoyed:0.9", {"anger": 0.9}),
        ("being hurt:0.5", {"sadness": 0.35, "anger": 0.15}),
    ],
)
def test_strengths_of_words(text, expected):
    assert strengths(only_state(text)) == expected


def test_vad_alone_finds_categories_and_beside_words_only_sets_the_place():
    alone = only_state("vad:0.7,0.5,0.2")
    assert alone.vad == (0.7, 0.5, 0.2)
    assert max(alone.weights, key=lambda name: alone.weights[name]) == "happiness"
    beside = only_state("sadness:0.5+vad:0.1,-0.2,0.3")
    assert strengths(beside) == {"sadness": 0.5}
    assert beside.vad == (0.1, -0.2, 0.3)


def test_a_word_with_a_place_of_its_own_keeps_it():
    assert only_state("terrified:0.5").vad == pytest.approx(0.5 * np.array(PROTOTYPES["terror"].vad))
    assert only_state("terrified:0") == EmotionState.of("fear", 0.0)


def test_keyframes():
    track = parse_emotion("@0 neutral @1.5~smooth anger:0.9 @4 sadness~low")
    assert track == EmotionTrack(
        (
            Keyframe(0, EmotionState.neutral()),
            Keyframe(1.5, EmotionState.of("anger", 0.9), "smooth"),
            Keyframe(4, EmotionState({"sadness": 1.0}, style="low")),
        )
    )


@pytest.mark.parametrize("word", known_words())
def test_every_known_word_can_be_written(word):
    assert only_state(word).intensity > 0 or word in ("neutral", "neutrality", "none", "outofbreath")


@given(TRACKS)
def test_round_trip(track):
    again = parse_emotion(format_emotion(track))
    assert [(key.t_s, key.ease, key.state.style) for key in again.keyframes] == [
        (key.t_s, key.ease, key.state.style) for key in track.keyframes
    ]
    for after, before in zip(again.keyframes, track.keyframes, strict=True):
        assert after.state.strengths() == pytest.approx(before.state.strengths(), abs=1e-12)
        assert after.state.vad == pytest.approx(before.state.vad, abs=1e-12)


@pytest.mark.parametrize(
    "text", ["happiness:0.8", "neutral", "happiness:0.6+surprise:0.3", "@0 neutral @1.5~smooth anger:0.9 @4 sadness:1"]
)
def test_canonical_text_is_written_as_it_was_read(text):
    assert format_emotion(parse_emotion(text)) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("hapiness", "did you mean happiness?"),
        ("happiness:7", "intensity of happiness is 7"),
        ("happiness:-0.1", "intensity of happiness is -0.1"),
        ("happiness:nan", "'nan' in 'happiness:nan' is no number"),
        ("happiness:inf", "no number"),
        ("happiness:", "'' in 'happiness:' is no number"),
        ("happiness:1_0", "no number"),
        ("happiness:٣", "no number"),
        ("happiness:0.5:0.5", "no number"),
        ("intensity 7", "'intensity 7' is no emotion; write its strength from 0 to 1, as in joy:0.8"),
        ("joy=0.8", "as in joy:0.8"),
        ("joy(.8)", "as in joy:0.8"),
        ("joy:80%", "as in joy:0.8"),
        ("joy:0.6, fear:0.3", "mix emotions with a plus, as in joy:0.6+fear:0.3"),
        ("+", "empty part"),
        ("joy+", "empty part"),
        ("joy~", "Style ''"),
        ("vad:1,2", "needs valence, arousal and dominance"),
        ("vad:0,0,2", "dominance is 2"),
        ("vad:0,0,nan", "no number"),
        ("vad:0,0,0+vad:0,0,0", "vad twice"),
        ("@-1 joy", "time -1 s"),
        ("@nan joy", "no number"),
        ("@1e9 joy", "must lie between 0 and 1000000 s"),
        ("@ joy", "'joy' in '@ joy' is no number"),
        ("@0", "names no emotion"),
        ("@", "is no number"),
        ("@0 joy @", "is no number"),
        ("@0~fast joy", "Ease 'fast'"),
        ("joy @1 fear", "must begin with @"),
        ("joy\x00", "no known emotion"),
        ("a" * 100_001, "characters long"),
        ("missing.emotionml", "There is no emotion file missing.emotionml"),
        ("missing.json", "There is no emotion file"),
        ("nul\x00.json", "cannot be read"),
        ("n" * 5000 + ".xml", "cannot be read"),
    ],
)
def test_hostile_text_is_refused_in_one_sentence(text, message):
    with pytest.raises(EmotionError) as caught:
        parse_emotion(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value)[-1] in ".?"


@given(st.text(max_size=40) | st.text("@~+:.,0123456789 eadnvjoy-", max_size=40))
def test_any_text_is_read_or_refused(text):
    try:
        track = parse_emotion(text)
    except EspressivoError:
        return
    assert parse_emotion(format_emotion(track)).keyframes[0].t_s == track.keyframes[0].t_s


def test_json_files_are_read(tmp_path):
    track = parse_emotion("@0 neutral @1.5~smooth anger:0.9 @4 sadness~low")
    path = tmp_path / "Track.JSON"
    path.write_text(track.to_json())
    assert parse_emotion(str(path)) == track


def test_bad_files_are_named(tmp_path):
    path = tmp_path / "track.json"
    path.write_text(json.dumps({"keyframes": []}))
    with pytest.raises(EmotionError, match=r"track\.json: An emotion track needs"):
        parse_emotion(str(path))
    path.write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(EmotionError, match=r"track\.json: .*no JSON"):
        parse_emotion(str(path))
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(EmotionError, match="cannot be read"):
        parse_emotion(str(tmp_path / "folder.json"))


@pytest.mark.parametrize("suffix", [".json", ".xml", ".emotionml"])
def test_a_file_of_50_mb_is_refused_unread(tmp_path, suffix):
    path = tmp_path / f"large{suffix}"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(EmotionError, match=f"is over {MAX_BYTES // 2**20} MiB"):
        parse_emotion(str(path))
