"""MIDI files that are broken, empty, endless or made to harm: refused with one sentence, or read as what they can mean.

Written byte by byte, since no library would write them.
"""

import os
import struct
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("symusic")

from espressivo.conditioning.music_emotion.recogniser import load_reader, recognise_music
from espressivo.errors import InputError
from espressivo.generators.music.attributes.attributes import attributes_of
from espressivo.generators.music.muser import tokens as muser
from espressivo.generators.music.piano_roll_page import piano_roll_page
from espressivo.generators.music.picture import draw_score
from espressivo.generators.music.score import Score, midi_of, parse_score, read_score, write_midi
from espressivo.generators.music.sound.render import RATE_HZ, render
from espressivo.media.notes import parse_notes, read_notes

_END = b"\0\xff\x2f\0"


def number(value: int) -> bytes:
    """A MIDI number of variable length."""
    parts = [value & 0x7F]
    while value := value >> 7:
        parts.append(value & 0x7F | 0x80)
    return bytes(reversed(parts))


def header(kind: int = 1, tracks: int = 1, division: int = 480) -> bytes:
    return b"MThd" + struct.pack(">IHHH", 6, kind, tracks, division)


def track(events: bytes, end: bytes = _END, length: int | None = None) -> bytes:
    content = events + end
    return b"MTrk" + struct.pack(">I", len(content) if length is None else length) + content


def on(delta: int, pitch: int, velocity: int = 80, channel: int = 0) -> bytes:
    return number(delta) + bytes([0x90 | channel, pitch, velocity])


def off(delta: int, pitch: int, channel: int = 0) -> bytes:
    return number(delta) + bytes([0x80 | channel, pitch, 0])


def note(delta: int, length: int, pitch: int, channel: int = 0) -> bytes:
    return on(delta, pitch, 80, channel) + off(length, pitch, channel)


def meta(delta: int, kind: int, content: bytes) -> bytes:
    return number(delta) + bytes([0xFF, kind]) + number(len(content)) + content


def tempo(microseconds: int) -> bytes:
    return meta(0, 0x51, microseconds.to_bytes(3, "big"))


def metre(numerator: int, power: int) -> bytes:
    return meta(0, 0x58, bytes([numerator, power, 24, 8]))


def mark(text: bytes) -> bytes:
    return meta(0, 6, text)


TUNE = b"".join(note(0, 480, 60 + 7 * step % 12) for step in range(16))


def song(before: bytes = b"", division: int = 480, kind: int = 1) -> bytes:
    return header(kind, 1, division) + track(before + TUNE)


def hours(count: int) -> bytes:
    """A note every two seconds."""
    return header() + track(b"".join(note(960, 960, 48 + 5 * step % 24) for step in range(1800 * count)))


GOOD = song()
RMI = b"RIFF" + struct.pack("<I", len(GOOD) + 12) + b"RMIDdata" + struct.pack("<I", len(GOOD)) + GOOD
EMOTION = b'espressivo:emotion {"keyframes":[{"t_s":NaN,"weights":{"happiness":Infinity}}]}'

BROKEN, IMPOSSIBLE, ENDLESS, SILENT = "not a whole MIDI", "impossible", "longer than", "holds no notes"
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", BROKEN),
    "zero bytes": (lambda: bytes(1000), BROKEN),
    "text": (lambda: b"This is no music at all.\n" * 40, BROKEN),
    "a cut header": (lambda: GOOD[:9], BROKEN),
    "cut in the track": (lambda: GOOD[:60], BROKEN),
    "cut before its end": (lambda: GOOD[:-2], BROKEN),
    "cut in an event": (lambda: header() + track(TUNE[:-2], b""), BROKEN),
    "kind 9": (lambda: song(kind=9), BROKEN),
    "a track longer than the file": (lambda: header() + track(TUNE, length=0xFFFFFFFF), BROKEN),
    "a track that ends in an event": (lambda: header() + track(TUNE, length=20), BROKEN),
    "text longer than the file": (lambda: song(b"\0\xff\x03\xff\xff\xff\x7fabc"), BROKEN),
    "a system message longer than the file": (lambda: song(b"\0\xf0\xff\xff\xff\x7f"), BROKEN),
    "an undefined status": (lambda: song(b"\0\xf4"), BROKEN),
    "running status of nothing": (lambda: header() + track(b"\0\x3c\x40\0\x3c\0"), BROKEN),
    "a number of five bytes": (lambda: header() + track(b"\xff\xff\xff\xff\x7f\x90\x3c\x40" + off(480, 60)), BROKEN),
    "a pitch over 127": (lambda: header() + track(b"\0\x90\xbc\xc0" + off(480, 60)), BROKEN),
    "frames for ticks": (lambda: song(division=0xE728), BROKEN),
    "wrapped in RIFF": (lambda: RMI, BROKEN),
    "junk before": (lambda: b"junk" + GOOD, BROKEN),
    "a header alone": (header, SILENT),
    "a track of no length": (lambda: header() + track(TUNE, length=0), SILENT),
    "no track announced": (lambda: header(1, 0) + track(TUNE), SILENT),
    "only meta events": (lambda: header() + track(meta(0, 3, b"name") + tempo(500_000)), SILENT),
    "only ends of notes": (lambda: header() + track(off(0, 60) * 10), SILENT),
    "only beginnings of notes": (lambda: header() + track(on(480, 60) + on(480, 61)), SILENT),
    "velocity 0": (lambda: header() + track(on(0, 60, 0) + off(480, 60)), SILENT),
    "ticks of no length": (lambda: song(division=0), IMPOSSIBLE),
    "tempo 0": (lambda: song(tempo(0)), IMPOSSIBLE),
    "a tempo of a microsecond": (lambda: song(tempo(1)), IMPOSSIBLE),
    "bars of nothing": (lambda: song(metre(0, 2)), IMPOSSIBLE),
    "128ths": (lambda: song(metre(4, 7)), IMPOSSIBLE),
    "2^-255": (lambda: song(metre(4, 255)), IMPOSSIBLE),
    "a delta of 2^28": (lambda: header() + track(note(0, 480, 60) + note(2**28 - 1, 480, 62)), ENDLESS),
    "deltas over 2^31": (lambda: header() + track(b"".join(note(2**28 - 1, 9, 62) for _ in range(20))), IMPOSSIBLE),
    "seven hours": (lambda: hours(7), ENDLESS),
    "200,001 notes": (lambda: header() + track(note(0, 1, 60) * 200_001), ENDLESS),
    "300 tracks": (lambda: header(1, 300) + track(note(0, 480, 60)) * 300, "more than 256 tracks"),
    "three million bars": (
        lambda: header(1, 1, 32) + track(tempo(60_000) + metre(1, 6) + note(0, 32, 60) + note(32 * 190_000, 32, 62)),
        "more than 256 tracks or 100000 bars",
    ),
    "nine megabytes": (lambda: song(meta(0, 1, b"x" * 9_000_000)), "larger than 8 MB"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_no_music_is_refused(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write, reason = REFUSED[name]
    path = tmp_path / "piece.mid"
    path.write_bytes(write())
    for read in (read_score, read_notes):
        with pytest.raises(InputError, match=reason) as refusal:
            read(path)
        assert "piece.mid" in str(refusal.value)
        assert "\n" not in str(refusal.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("content", [b"{not json", b"[" * 100_000, EMOTION.partition(b" ")[2], b'{"keyframes":[]}'])
def test_an_emotion_that_cannot_be_read_is_refused(content: bytes) -> None:
    midi = song(mark(b"espressivo:emotion " + content))
    assert len(parse_notes(midi, "piece.mid")) == 16
    with pytest.raises(InputError, match=r"^piece\.mid holds an emotion that cannot be read: ") as refusal:
        parse_score(midi, "piece.mid")
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 300


def test_a_name_that_is_no_file_is_refused(tmp_path: Path) -> None:
    loop = tmp_path / "loop.mid"
    loop.symlink_to(loop)
    secret = tmp_path / "secret.mid"
    secret.write_bytes(GOOD)
    secret.chmod(0)
    names = [tmp_path, loop, tmp_path / "missing.mid", tmp_path / ("x" * 400)]
    # Nothing is hidden from root.
    for path in names + ([] if os.geteuid() == 0 else [secret]):
        for read in (read_score, read_notes):
            with pytest.raises(InputError, match=r"cannot be opened \(.+\); give a MIDI file"):
                read(path)


ODD: dict[str, tuple[Callable[[], bytes], int]] = {
    "no end of the track": (lambda: header() + track(TUNE, b""), 16),
    "kind 2": (lambda: header(2, 2) + track(TUNE) * 2, 32),
    "kind 0 with two tracks": (lambda: header(0, 2) + track(TUNE) * 2, 32),
    "65535 tracks announced": (lambda: header(1, 65_535) + track(TUNE), 16),
    "a thousand empty tracks": (lambda: header(1, 1001) + track(b"") * 1000 + track(TUNE), 16),
    "a tick to the beat": (lambda: header(1, 1, 1) + track(note(0, 1, 60) * 16), 16),
    "32767 ticks to the beat": (lambda: song(division=32_767), 16),
    "the slowest tempo": (lambda: header() + track(tempo(0xFFFFFF) + note(0, 120, 60) * 2), 2),
    "10,000 beats a minute": (lambda: song(tempo(6000)), 16),
    "a tempo of one byte": (lambda: song(meta(0, 0x51, b"\x07")), 16),
    "10,000 tempi": (lambda: song(b"".join(number(1) + tempo(300_000 + step)[1:] for step in range(10_000))), 16),
    "4/32": (lambda: song(metre(4, 5)), 16),
    "1/64": (lambda: song(metre(1, 6)), 16),
    "255/1": (lambda: song(metre(255, 0)), 16),
    "10,000 metres": (lambda: song(b"".join(number(1) + metre(1 + step % 7, 2)[1:] for step in range(10_000))), 16),
    "an end before the beginning": (lambda: header() + track(off(0, 60) + note(0, 480, 60)), 1),
    "one note": (lambda: header() + track(note(0, 480, 60)), 1),
    "one note an hour away": (lambda: header() + track(note(480 * 7200, 480, 60)), 1),
    "notes of no length": (lambda: header() + track(note(0, 0, 60) + note(480, 0, 62)), 2),
    "running status": (
        lambda: header() + track(b"\0\x90\x3c\x40" + b"\x60\x3c\0\0\x3e\x40\x60\x3e\0\0\x3c\x40" * 9),
        18,
    ),
    "all pitches at once": (
        lambda: header() + track(b"".join(on(0, p) for p in range(128)) + b"".join(off(99, p) for p in range(128))),
        128,
    ),
    "10,000 notes at once": (
        lambda: header() + track(on(0, 60) * 10_000 + off(480, 60) + off(0, 60) * 9999),
        10_000,
    ),
    "only drums": (lambda: header() + track(b"".join(note(0, 240, 36 + step % 12, 9) for step in range(32))), 32),
    "drums and others": (lambda: header() + track(note(0, 240, 36, 9) + note(0, 240, 60)), 2),
    "sixteen channels": (lambda: header() + track(b"".join(note(0, 240, 60, channel) for channel in range(16))), 16),
    "names of markup": (
        lambda: song(meta(0, 3, b"</script>\0\x1b[31m") + mark(b"espressivo:title <img src=x>\0\x07") + mark(b"A\0")),
        16,
    ),
    "names that are no UTF-8": (lambda: song(meta(0, 3, b"\xe9\xff\xfe") + mark(b"espressivo:title \xff\x80")), 16),
    "a name of a megabyte": (lambda: song(mark(b"espressivo:title " + b"$x_" * 300_000)), 16),
    "a key of 100 sharps": (lambda: song(meta(0, 0x59, b"\x64\5")), 16),
    "a key that is none": (lambda: song(mark(b"espressivo:key H sharp")), 16),
    "5000 chords": (lambda: song(b"".join(meta(1, 6, b"C") for _ in range(5000))), 16),
    "chunks of another kind": (lambda: header() + b"XFIH" + struct.pack(">I", 4) + b"abcd" + track(TUNE), 16),
    "junk behind": (lambda: GOOD + b"junk" * 100, 16),
    "bends and programs": (lambda: song(b"\0\xc0\x7f" + b"\0\xe0\x7f\x7f" * 1000), 16),
    "three hours": (lambda: hours(3), 5400),
}
PLAIN = {
    "no end of the track",
    "kind 2",
    "kind 0 with two tracks",
    "65535 tracks announced",
    "a thousand empty tracks",
    "a tempo of one byte",
    "an end before the beginning",
    "running status",
    "a key of 100 sharps",
    "a key that is none",
    "chunks of another kind",
    "junk behind",
    "bends and programs",
}
"""Odd as files; their notes are like any others once they are read."""


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return {name: write() for name, (write, _) in ODD.items()}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_file_is_read_as_what_it_can_mean(name: str, files: dict[str, bytes]) -> None:
    score = parse_score(files[name], name)
    assert len(score.notes) == ODD[name][1]
    assert np.isfinite(score.notes.end_s).all()
    assert 0 < score.bars <= 100_000
    again = parse_score(midi_of(score), name)
    assert 0 < len(again.notes) <= len(score.notes)
    assert again.title == score.title
    assert all(each.isprintable() for each in (score.title, *(player.name for player in score.instruments)))


def _sound(score: Score) -> None:
    sound = render(score, "own", stems=False).mix
    assert -1 <= len(sound) - score.seconds * RATE_HZ <= 3 * RATE_HZ + 1, "it rings on for three seconds at most"
    assert np.isfinite(sound).all()
    assert 0.01 < np.abs(sound).max() < 1


def _picture(score: Score) -> None:
    path = Path("piece.png")
    draw_score(path, score)
    assert path.stat().st_size > 1000


def _page(score: Score) -> None:
    page = piano_roll_page(score)
    page.encode()
    assert page.count("</script>") == 2
    assert len(page) < 60 * len(score.notes) + 1_000_000


def _attributes(score: Score) -> None:
    assert np.isfinite(attributes_of(score.notes)).all()


def _emotion(score: Score) -> None:
    assert np.isfinite(recognise_music(score.notes, load_reader()).vad).all()


def _muser(score: Score) -> None:
    words = muser.tokenise(score.notes, 1)
    read = muser.spell(words)
    assert read.malformed == 0
    assert 0 < len(read.notes) <= len(score.notes)


def _emogen(score: Score) -> None:
    pytest.importorskip("torch")
    composer, plan = _composer()
    continued = composer.continued(score.notes, plan)
    infilled = composer.infilled(score.notes, 0, 0, plan)
    assert len(continued.bars) == len(infilled.bars) + 2
    assert len(infilled.written) == 1


@cache
def _composer() -> tuple[Any, Any]:
    """A small model of random weights, and two bars for it to write."""
    import torch

    from espressivo.generators.music.emogen.composing import Composer
    from espressivo.generators.music.emogen.lengths import Length
    from espressivo.generators.music.emogen.network import EmoGenLanguageModel, EmoGenSize
    from espressivo.generators.music.emogen.sampling import Plan
    from espressivo.generators.music.moods import Mood

    torch.manual_seed(0)
    model = EmoGenLanguageModel(EmoGenSize(width=32, feed_forward=32, layers=2, heads=2))
    return Composer(model), Plan(Length(bars=2), Mood.quadrant("Q1"))


def _transfer(score: Score) -> None:
    pytest.importorskip("torch")
    generator, path = _transferrer(), Path("piece.mid")
    write_midi(path, score)
    donor = parse_score(GOOD, "donor.mid")
    write_midi(Path("donor.mid"), donor)
    for pair in ({"melody_of": path, "elements_of": "donor.mid"}, {"melody_of": "donor.mid", "elements_of": path}):
        made = generator.generate(generator.Request.model_validate({**pair, "elements": ["velocity"]}))
        assert 0 < len(made.notes) <= max(len(score.notes), len(donor.notes))


@cache
def _transferrer() -> Any:
    """A small MusER of random weights."""
    import torch

    from espressivo.generators.music.muser.dictionary import reconstructed
    from espressivo.generators.music.muser.generator import MusER
    from espressivo.generators.music.muser.manners import OWN
    from espressivo.generators.music.muser.network import MusER as Network
    from espressivo.generators.music.muser.network import MusERSize
    from espressivo.generators.music.muser.pretrained import Model
    from espressivo.generators.music.muser.prior import Prior, PriorSize

    torch.manual_seed(0)
    network = Network(MusERSize(16, 1, 32, 1, 1, 4, 2, 20, 0.0)).eval()
    prior = Prior(PriorSize(20, 32, 1, 4, 2, 0.0)).eval()
    return MusER(Model(network, prior, torch.arange(20), None, {}, reconstructed(), OWN, guided=False, in_c=True))


def _faders(score: Score) -> None:
    pytest.importorskip("torch")
    generator, path = _fader_net(), Path("piece.mid")
    write_midi(path, score)
    made = generator.generate(generator.Request.model_validate({"source": path, "emotion": "anger"}))
    assert len(made.notes) > 0
    assert made.notes.where(made.notes.is_drum).pitch.tolist() == score.notes.where(score.notes.is_drum).pitch.tolist()


@cache
def _fader_net() -> Any:
    """Small Music FaderNets of random weights."""
    import torch

    from espressivo.generators.music.faders.generator import MusicFaderNets
    from espressivo.generators.music.faders.network import FaderSize, MusicFaderNet
    from espressivo.generators.music.faders.pretrained import Model
    from espressivo.generators.music.faders.scales import Scales

    torch.manual_seed(0)
    size = FaderSize(hidden=8, latent=3, over_time=False, guided=True)
    return MusicFaderNets(Model(MusicFaderNet(size).eval(), Scales(0.5, 0.2, 3.0, 1.0)))


def _measures(score: Score) -> None:
    from espressivo.eval.metric import NotMeasured
    from espressivo.eval.music.measures import measure_music

    values = measure_music(score.notes, "Q1")
    numbers = [value for value in values.values() if not isinstance(value, NotMeasured)]
    assert len(numbers) > len(values) / 2 or not len(score.notes.pitched)


LONG: dict[str, str] = dict.fromkeys(("three hours", "one note an hour away"), "longer|minutes")
DRUMS = {"only drums": "pitched|drums|instrument|no notes"}
METRES: dict[str, str] = dict.fromkeys(("4/32", "1/64", "255/1"), "time signature|bars")
KITS: dict[str, str] = dict.fromkeys(("drums and others", "sixteen channels"), "instrument")
RANGE = {"all pitches at once": "pitch"}
TRANSFERRED: dict[str, str] = dict.fromkeys(("three hours", "one note an hour away"), "bars; elements")
FADED = {"three hours": "beats long"}
USES: dict[Callable[[Score], None], dict[str, str]] = {
    _sound: LONG,
    _picture: {},
    _page: {},
    _attributes: LONG | DRUMS,
    _emotion: LONG | DRUMS,
    _muser: DRUMS,
    _emogen: DRUMS | METRES | KITS | RANGE,
    _transfer: DRUMS | TRANSFERRED,
    _faders: DRUMS | FADED,
    _measures: {},
}
"""What may be done with a score, and the files for which it is refused with a sentence that says so."""


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("name", [name for name in ODD if name not in PLAIN])
def test_an_odd_file_can_be_used_or_is_refused(
    use: Callable[[Score], None], name: str, files: dict[str, bytes]
) -> None:
    score = parse_score(files[name], name)
    if name in USES[use]:
        with pytest.raises(InputError, match=USES[use][name]) as refusal:
            use(score)
        assert "\n" not in str(refusal.value)
    else:
        use(score)
