import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from espressivo.conditioning.easing import EASES
from espressivo.conditioning.emotionml import (
    EmotionMLError,
    format_emotionml,
    parse_emotionml,
    read_emotionml,
    track_from_emotionml,
    track_to_emotionml,
    write_emotionml,
)
from espressivo.conditioning.emotionml.document import KINDS, Document, Emotion
from espressivo.conditioning.emotionml.vocabularies import BUILT_IN
from espressivo.conditioning.notation import parse_emotion
from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.track import EmotionTrack, Keyframe
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.errors import EmotionError, OutputError

FIXTURES = Path(__file__).parents[1] / "fixtures" / "emotionml"
EXPECTED = json.loads((FIXTURES / "expected.json").read_text(encoding="utf-8"))
BIG6 = 'category-set="http://www.w3.org/TR/emotion-voc/xml#big6"'
PAD = 'dimension-set="http://www.w3.org/TR/emotion-voc/xml#pad-dimensions"'

STATES = st.builds(
    EmotionState.from_strengths,
    st.dictionaries(st.sampled_from(CATEGORIES), st.floats(0, 1), max_size=4),
    st.none() | st.tuples(*[st.floats(-1, 1)] * 3),
    st.none() | st.just("low-key"),
)
TRACKS = st.builds(
    EmotionTrack,
    st.lists(
        st.builds(Keyframe, st.integers(0, 30_000).map(lambda ms: ms / 1000), STATES, st.sampled_from(EASES)),
        min_size=1,
        max_size=6,
    ).map(tuple),
)


def document(body: str, attributes: str = BIG6) -> bytes:
    head = f'<emotionml version="1.0" xmlns="http://www.w3.org/2009/10/emotionml" {attributes}>'
    return f"{head}\n{body}\n</emotionml>".encode()


def parse_track(body: str, attributes: str = BIG6, **options) -> EmotionTrack:
    return track_from_emotionml(parse_emotionml(document(body, attributes)), **options)


def content(parsed: Document) -> dict:
    """The document in the form of expected.json: absent keys are absent attributes."""
    vocabularies = {one.id: {"type": one.kind, "items": list(one.items)} for one in parsed.vocabularies}
    found = {"emotions": [emotion_content(emotion) for emotion in parsed.emotions]}
    return {"vocabularies": vocabularies, **found} if vocabularies else found


def emotion_content(emotion: Emotion) -> dict:
    plain = {
        "id": emotion.id,
        "start": emotion.start_ms,
        "end": emotion.end_ms,
        "duration": emotion.duration_ms,
        "time_ref_uri": emotion.time_ref_uri,
        "time_ref_anchor_point": emotion.time_ref_anchor_point,
        "offset_to_start": emotion.offset_to_start_ms,
        "expressed_through": list(emotion.expressed_through) or None,
        "references": [[one.uri, one.role] for one in emotion.references] or None,
    }
    found: dict = {name: value for name, value in plain.items() if value is not None}
    for one in emotion.descriptors:
        trace = {"freq_hz": one.trace.freq_hz, "samples": list(one.trace.samples)} if one.trace else None
        parts = {"value": one.value, "confidence": one.confidence, "trace": trace}
        of_kind = found.setdefault(one.kind.replace("-", "_"), {})
        of_kind[one.name] = {name: value for name, value in parts.items() if value is not None}
    return found


def with_expected_keys(found: dict, expected: dict) -> dict:
    """expected.json leaves out time-ref-uri of the keyframes document: compare what it names."""
    emotions = [
        {key: value for key, value in one.items() if key in wanted or key != "time_ref_uri"}
        for one, wanted in zip(found["emotions"], expected["emotions"], strict=True)
    ]
    return {**found, "emotions": emotions}


@pytest.mark.parametrize("name", EXPECTED["valid"])
def test_valid_documents_are_recovered_and_written_back(name):
    parsed = read_emotionml(FIXTURES / "valid" / f"{name}.emotionml")
    expected = json.loads(json.dumps(EXPECTED["valid"][name]))
    vads = [emotion.pop("vad", None) for emotion in expected["emotions"]]
    assert with_expected_keys(content(parsed), expected) == expected
    for vad in filter(None, vads):
        assert track_from_emotionml(parsed).keyframes[0].state.vad == pytest.approx(vad)
    assert parse_emotionml(format_emotionml(parsed).encode()) == parsed


@pytest.mark.parametrize("name", EXPECTED["invalid"])
def test_invalid_documents_are_refused_by_the_rule_they_break(name):
    path = FIXTURES / "invalid" / f"{name}.emotionml"
    with pytest.raises(EmotionMLError) as caught:
        read_emotionml(path)
    assert caught.value.rule == EXPECTED["invalid"][name]["rule"]
    assert caught.value.line in (2, 3)
    assert str(path) in str(caught.value)


def test_all_fixtures_are_expected():
    for folder in ("valid", "invalid"):
        assert {path.stem for path in (FIXTURES / folder).iterdir()} == set(EXPECTED[folder])


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ('<emotion id="1x"><category name="fear"/></emotion>', "unique-id"),
        ('<emotion id="a"><category name="fear"/></emotion>' * 2, "unique-id"),
        ('<emotion start="9" end="3"><category name="fear"/></emotion>', "time-order"),
        ('<emotion duration="-1"><category name="fear"/></emotion>', "duration-nonnegative"),
        ('<emotion duration="1.5"><category name="fear"/></emotion>', "duration-nonnegative"),
        ('<emotion offset-to-start="soon"><category name="fear"/></emotion>', "offset-integer"),
        ('<emotion time-ref-anchor-point="middle"><category name="fear"/></emotion>', "anchor-point"),
        ('<emotion version="1.1"><category name="fear"/></emotion>', "version-fixed-1.0"),
        ("<emotion><category/></emotion>", "name-required"),
        ('<emotion><category name="fear" value="NaN"/></emotion>', "value-range"),
        ('<emotion><category name="fear" value=""/></emotion>', "value-range"),
        ('<emotion><category name="fear" value="1_0"/></emotion>', "value-range"),
        ('<emotion><category name="fear">very</category></emotion>', "no-text"),
        ('<emotion><category name="fear"/><reference/></emotion>', "reference-uri"),
        ('<emotion><category name="fear"><trace freq="0Hz" samples="1"/></category></emotion>', "trace-freq-pattern"),
        ('<emotion><category name="fear"/><info/></emotion>', "child-order"),
        ('<emotion><info/><info/><category name="fear"/></emotion>', "child-order"),
        ('<emotion><mood/><category name="fear"/></emotion>', "unknown-element"),
        ('<emotion xmlns:x="urn:x"><x:mood/><category name="fear"/></emotion>', "unknown-element"),
        ("<emotion><info><emotion/></info></emotion>", "info-foreign"),
        ('<vocabulary type="mood" id="v"><item name="a"/></vocabulary>', "vocabulary-type"),
        ('<vocabulary id="v"><item name="a"/></vocabulary>', "vocabulary-type"),
        ('<vocabulary type="category"><item name="a"/></vocabulary>', "vocabulary-id"),
        ('<vocabulary type="category" id="v"/>', "vocabulary-items"),
        ('<vocabulary type="category" id="v"><item name="a b"/></vocabulary>', "item-nmtoken"),
        ('<emotion><category name="fear"></emotion>', "well-formed"),
        ("<emotion>&undefined;</emotion>", "well-formed"),
        ('<emotion><info xmlns:x="urn:x">' + "<x:a>" * 50 + "</x:a>" * 50 + "</info></emotion>", "depth"),
    ],
)
def test_rules_that_the_fixtures_do_not_break(body, rule):
    with pytest.raises(EmotionMLError) as caught:
        parse_emotionml(document(body))
    assert caught.value.rule == rule
    assert caught.value.line == 2


def test_built_in_vocabularies_are_complete():
    sizes = {uri.rpartition("#")[2]: len(items) for uri, (_, items) in BUILT_IN.items()}
    assert sizes == {
        "big6": 6,
        "everyday-categories": 17,
        "occ-categories": 22,
        "fsre-categories": 24,
        "frijda-categories": 12,
        "pad-dimensions": 3,
        "fsre-dimensions": 4,
        "intensity-dimension": 1,
        "occ-appraisals": 11,
        "scherer-appraisals": 20,
        "ema-appraisals": 12,
        "frijda-action-tendencies": 10,
    }
    assert {kind for kind, _ in BUILT_IN.values()} == set(KINDS)
    assert all(len(set(items)) == len(items) for _, items in BUILT_IN.values())


@pytest.mark.parametrize(
    "prologue",
    [
        '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>',
        '<!DOCTYPE a [<!ENTITY c SYSTEM "file:///etc/passwd">]>',
        "<!DOCTYPE emotionml>",
        '<!DOCTYPE a SYSTEM "http://example.org/a.dtd">',
        '<!DOCTYPE a [<!ENTITY % c SYSTEM "http://example.org/a.dtd"> %c;]>',
    ],
)
def test_bombs_and_external_entities_are_refused(prologue):
    with pytest.raises(EmotionMLError) as caught:
        parse_emotionml(prologue.encode() + document("<info>&c;</info>"))
    assert caught.value.rule == "doctype-forbidden"


@pytest.mark.parametrize("data", [b"", b"\x00\xff", b"hello", b'<?xml version="1.0" encoding="klingon"?><a/>'])
def test_what_is_no_xml_is_refused(data):
    with pytest.raises(EmotionMLError, match="well-formed"):
        parse_emotionml(data)


def test_utf16_is_read():
    text = document('<emotion><category name="fear"/></emotion>').decode()
    assert parse_emotionml(text.encode("utf-16")) == parse_emotionml(text.encode())


@given(TRACKS)
def test_keyframes_round_trip(track):
    written = format_emotionml(track_to_emotionml(track, "speech & song.wav"))
    again = track_from_emotionml(parse_emotionml(written.encode()))
    assert [(key.ease, key.state.style) for key in again.keyframes] == [
        (key.ease, key.state.style) for key in track.keyframes
    ]
    for after, before in zip(again.keyframes, track.keyframes, strict=True):
        assert after.t_s == pytest.approx(before.t_s, abs=1e-9)
        assert after.state.strengths() == pytest.approx(before.state.strengths(), abs=1e-9)
        assert after.state.vad == pytest.approx(before.state.vad, abs=1e-9)


@given(TRACKS.filter(lambda track: track.keyframes[-1].t_s < 20))
def test_traces_round_trip(track):
    written = format_emotionml(track_to_emotionml(track, "speech.wav", trace_hz=5))
    again = track_from_emotionml(parse_emotionml(written.encode()))
    before = track.sample_fps(5, track.keyframes[-1].t_s + 0.2)
    after = again.sample(before.times_s)
    assert after.strengths == pytest.approx(before.strengths, abs=2e-6)
    if any(keyframe.state.vad_override for keyframe in track.keyframes):
        assert after.vad == pytest.approx(before.vad, abs=2e-6)


@pytest.mark.parametrize(
    ("emotion", "vocabulary"),
    [
        ("happiness:0.5+fear:0.2", "#big6"),
        ("@0 neutral @1 anger", "#big6"),
        ("contempt:0.4", "#fsre-categories"),
        ("calm", "#espressivo-categories"),
    ],
)
def test_the_smallest_standard_vocabulary_is_declared(emotion, vocabulary):
    written = track_to_emotionml(parse_emotion(emotion))
    assert written.sets["category"].endswith(vocabulary)
    assert bool(written.vocabularies) == (vocabulary == "#espressivo-categories")


def test_a_share_with_an_intensity_beside_it():
    state = (
        track_from_emotionml(read_emotionml(FIXTURES / "valid" / "03_mixture_with_intensity.emotionml"))
        .keyframes[0]
        .state
    )
    assert dict(state.weights) == {"happiness": 0.5, "sadness": 0.5}
    assert state.intensity == 0.7


def test_a_duration_holds_and_then_leads_to_the_next():
    track = parse_track(
        '<emotion offset-to-start="0" duration="1000"><category name="anger"/></emotion>'
        '<emotion offset-to-start="1000" duration="500"><category name="fear"/></emotion>'
        '<emotion offset-to-start="2000"><category name="sadness"/></emotion>'
    )
    names = [next(iter(keyframe.state.weights)) for keyframe in track.keyframes]
    assert list(zip(track.times_s.tolist(), names, strict=True)) == [
        (0, "anger"),
        (1, "fear"),
        (1.5, "fear"),
        (2, "sadness"),
    ]
    assert [keyframe.ease for keyframe in track.keyframes] == ["step", "step", "linear", "linear"]


def test_a_later_emotion_cuts_the_one_before_it_short():
    track = parse_track(
        '<emotion offset-to-start="0" duration="2000"><category name="anger"/></emotion>'
        '<emotion offset-to-start="1000"><category name="fear"/></emotion>'
    )
    assert track.times_s.tolist() == [0, 1]


def test_absolute_times_count_from_the_earliest():
    track = parse_track(
        '<emotion start="1268647202500"><category name="fear"/></emotion>'
        '<emotion start="1268647200000"><category name="anger"/></emotion>'
    )
    assert track.times_s.tolist() == [0, 2.5]
    assert dict(track.keyframes[1].state.weights) == {"fear": 1.0}


def test_offsets_from_the_end_need_the_length_of_the_sound():
    body = '<emotion offset-to-start="-500" time-ref-anchor-point="end"><category name="fear"/></emotion>'
    with pytest.raises(EmotionError, match="unknown length"):
        parse_track(body)
    assert parse_track(body, media_duration_s=3.0).keyframes[0].t_s == 2.5
    with pytest.raises(EmotionError, match="before its sound"):
        parse_track(body, media_duration_s=0.2)


def test_occ_emotions_have_the_places_of_alma():
    occ = 'category-set="http://www.w3.org/TR/emotion-voc/xml#occ-categories"'
    assert parse_track('<emotion><category name="joy"/></emotion>', occ).keyframes[0].state.vad == (0.4, 0.2, 0.1)


def test_missing_axes_are_neutral():
    state = parse_track('<emotion><dimension name="arousal" value="0.9"/></emotion>', PAD).keyframes[0].state
    assert state.vad == pytest.approx((0, 0.8, 0))


@pytest.mark.parametrize("name", ["08_appraisal_and_tendency", "09_empty_document"])
def test_documents_without_anything_to_perform_are_refused(name):
    with pytest.raises(EmotionError, match="add"):
        track_from_emotionml(read_emotionml(FIXTURES / "valid" / f"{name}.emotionml"))


def test_files(tmp_path):
    track = parse_emotion("@0 neutral @1.5~smooth anger:0.9 @4~step sadness~low @5 calm")
    path = tmp_path / "emotion.emotionml"
    write_emotionml(path, track, "speech.wav")
    assert parse_emotion(str(path)) == track
    with pytest.raises(OutputError, match="cannot be written"):
        write_emotionml(tmp_path / "absent" / "emotion.emotionml", track)
    with pytest.raises(EmotionError, match="cannot be written to EmotionML"):
        write_emotionml(path, track, "a\x01.wav")
    assert parse_emotion(str(path)) == track


def test_foreign_annotations_survive():
    body = (
        '<info id="i">a &amp; &lt;b<x:tool xmlns:x="urn:x" xmlns:y="urn:y" name="a &lt; b" y:kind="1" xml:lang="en">'
        "<x:part>t</x:part></x:tool></info>"
        '<emotion><category name="fear"/><reference uri="a.wav" role="targetedAt" media-type="audio/wav"/></emotion>'
    )
    parsed = parse_emotionml(document(body))
    assert parsed.info is not None
    assert parsed.info.elements[0].attributes["urn:y", "kind"] == "1"
    assert parse_emotionml(format_emotionml(parsed).encode()) == parsed
