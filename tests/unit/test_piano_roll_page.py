"""The interactive piano roll: what is in the page, and that nothing else can get into it."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.track import EmotionTrack, Keyframe
from espressivo.errors import InputError
from espressivo.generators.music.keys import Key
from espressivo.generators.music.piano_roll_page import piano_roll_page, summary_of, write_piano_roll
from espressivo.generators.music.score import Chord, Instrument, KeyChange, Score
from espressivo.media.notes import Notes, Tempo, TimeSignature

MARKUP = "</script><script>alert(1)</script><!--<img src=x onerror=alert(2)>\"'&@@PIECE@@\x00\ud800"


def notes_of(pitches: list[int], **more: object) -> Notes:
    count = len(pitches)
    start = np.arange(count) * 480
    columns = (np.array(pitches, np.int64), np.arange(count) + 40, start, start + 400, np.zeros(count, np.int64))
    return replace(Notes(*columns, np.zeros(count, bool), 480), **more)  # pyright: ignore[reportArgumentType]


def piece() -> Score:
    track = EmotionTrack((Keyframe(0, EmotionState({"sadness": 1.0})), Keyframe(4, EmotionState({"happiness": 1.0}))))
    return Score(
        notes_of([60, 64, 67, 72, 60, 64, 67, 72]),
        (Instrument("Harp", 46),),
        keys=(KeyChange(0, Key(10)),),
        chords=(Chord(0, "C_M7"), Chord(960, "F#_m7b5"), Chord(1920, "N_N")),
        emotion=track,
        title="Evening",
    )


class _Reader(HTMLParser):
    """What a browser would take for elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, str] = {}
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open = f"{tag}#{dict(attrs).get('id')}"

    def handle_data(self, data: str) -> None:
        self.text[self._open] = self.text.get(self._open, "") + data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def content_of(page: str) -> dict:
    return json.loads(_Reader(page).text["script#piece"])


def test_the_page_holds_the_piece() -> None:
    content = content_of(piano_roll_page(piece()))
    assert content["pitch"] == [60, 64, 67, 72, 60, 64, 67, 72]
    assert content["start"] == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]
    assert content["length"] == [0.417] * 8
    assert content["velocity"] == list(range(40, 48))
    assert content["bars"] == {"every": 1, "lines": [0, 2, 4], "count": 2}
    assert content["chords"] == [[0, "Cmaj7"], [1, "F♯ø7"], [2, "N.C."]]
    assert content["keys"] == [[0, "B♭ major"]]
    assert content["tracks"] == [{"name": "Harp", "drums": False}]
    valence = content["emotion"]["valence"]
    assert valence[0] < 0 < valence[-1]
    assert valence == sorted(valence)
    assert content["emotion"]["time"][-1] == pytest.approx(piece().seconds, abs=1e-3)


def test_notes_of_many_tracks_come_in_the_order_of_time() -> None:
    # Over a tempo change, and with an order of tracks that is not that of time.
    notes = notes_of([60, 64, 67], tempi=(Tempo(0, 120.0), Tempo(480, 60.0)), track=np.array([1, 0, 1]))
    content = content_of(piano_roll_page(Score(notes.where(np.array([True] * 3)), (Instrument(""), Instrument("B")))))
    assert content["start"] == [0, 0.5, 1.5]
    assert content["track"] == [1, 0, 1]
    assert content["tracks"][0]["name"] == "Program 1"


def test_words_say_what_the_roll_shows() -> None:
    words = summary_of(piece())
    assert words.startswith("2 bars of 4/4 at 120 beats a minute, in B♭ major: 3.9 s. 8 notes from C4 to C5, velocity")
    assert "40 to 47" in words
    assert re.search(r"Valence goes from −0\.\d to \+0\.\d and arousal goes from ", words)
    page = _Reader(piano_roll_page(piece()))
    assert page.text["p#summary"].strip() == words
    assert [each["id"] for each in page.named("div") if each.get("role") == "slider"] == ["roll"]
    drums = replace(notes_of([36]), is_drum=np.array([True]))
    assert "1 stroke on drums." in summary_of(Score.of(drums))
    assert "Untitled piece" in piano_roll_page(Score.of(drums))


def test_markup_in_names_stays_text() -> None:
    hostile = replace(piece(), title=MARKUP, instruments=(Instrument(MARKUP, 46),))
    page = piano_roll_page(hostile)
    page.encode()
    elements, plain = _Reader(page).elements, _Reader(piano_roll_page(piece())).elements
    assert [tag for tag, _ in elements] == [tag for tag, _ in plain]
    assert not any(name.startswith("on") for _, attributes in elements for name in attributes)
    name = content_of(page)["tracks"][0]["name"]
    assert name.startswith("</script><script>alert(1)")
    assert "\x00" not in page
    assert "@@" in name, "text that looks like a place of the template is text"
    long = piano_roll_page(replace(piece(), title="x" * 1_000_000))
    assert len(long) < 100_000


def test_only_the_scripts_of_the_page_may_run_and_nothing_is_fetched() -> None:
    page = piano_roll_page(piece())
    assert not re.search(r"https?://|//[a-z]+\.", page.split("<script>")[0])
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script.group(1).encode()).digest()).decode()
    policy = next(each["content"] for each in _Reader(page).named("meta") if "http-equiv" in each)
    assert policy is not None
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert not [tag for tag, attributes in _Reader(page).elements if {"src", "href", "style"} & attributes.keys()]


def test_a_sound_is_put_into_the_page_or_asked_for(tmp_path: Path) -> None:
    sound = tmp_path / "piece.wav"
    sound.write_bytes(b"RIFF sound")
    address = _Reader(piano_roll_page(piece(), sound)).named("audio")[0]["src"]
    assert address == "data:audio/wav;base64," + base64.b64encode(b"RIFF sound").decode()
    for given in ("take/music.wav", "https://example.org/a.mp3?x=1&y=2", 'a".wav', "data:audio/wav;base64,AAAA"):
        assert _Reader(piano_roll_page(piece(), given)).named("audio")[0]["src"] == given
    assert not _Reader(piano_roll_page(piece())).named("audio")


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "JavaScript:x", " javascript:x", "file:///a", "data:text/html,x"]
)
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(InputError, match="no address of a sound"):
        piano_roll_page(piece(), address)


def test_sounds_that_cannot_be_put_in(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be opened"):
        piano_roll_page(piece(), tmp_path / "missing.wav")
    (tmp_path / "folder.wav").mkdir()
    with pytest.raises(InputError, match="cannot be opened"):
        piano_roll_page(piece(), tmp_path / "folder.wav")
    with pytest.raises(InputError, match=r"browsers play; give one of \.wav"):
        piano_roll_page(piece(), tmp_path / "x.mid")
    large = tmp_path / "large.wav"
    with large.open("wb") as file:
        file.truncate(100_000_001)
    with pytest.raises(InputError, match="larger than 100 MB"):
        piano_roll_page(piece(), large)


def test_a_file_is_the_page_and_the_same_every_time(tmp_path: Path) -> None:
    for name in ("a.html", "b.html"):
        write_piano_roll(tmp_path / name, piece())
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes() == piano_roll_page(piece()).encode()
    with pytest.raises(InputError, match="no notes"):
        write_piano_roll(tmp_path / "c.html", Score.of(notes_of([])))
    assert not (tmp_path / "c.html").exists()


def test_very_many_bars_are_thinned() -> None:
    notes = notes_of([60] * 300, metres=(TimeSignature(0, 1, 64),))
    content = content_of(piano_roll_page(Score.of(notes)))
    assert content["bars"]["count"] == 4798
    assert content["bars"]["every"] == 2
    assert len(content["bars"]["lines"]) <= 4000
