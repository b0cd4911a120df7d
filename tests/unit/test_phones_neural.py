"""The neural phone recogniser: the shipped weights, the numpy network against torch, and what is heard."""

from pathlib import Path

import numpy as np
import pytest

from espressivo.conditioning.phones_neural.decode import decode
from espressivo.conditioning.phones_neural.features import SAMPLE_RATE_HZ, frame_count, mel_power, speech_features
from espressivo.conditioning.phones_neural.inventory import INDEX, PHONES, phone_frames
from espressivo.conditioning.phones_neural.network import WEIGHTS, PhoneNetwork, default_network
from espressivo.conditioning.phones_neural.recogniser import NeuralPhoneRecogniser, mouth_opening
from espressivo.conditioning.speech import ARPABET, SILENCE, Speech, read_phones
from espressivo.errors import Cancelled, InputError
from espressivo.generators.face.visemes import PHONE_TO_VISEME
from espressivo.weights.manifest import damaged_files, read_manifest

GOLDEN = Path(__file__).parents[1] / "fixtures" / "phones_neural" / "golden.npz"
LINES = Path(__file__).parents[2] / "assets" / "speech"
FRAMES_RIGHT = 0.42  # of 15 visemes at 100 Hz, over frames with speech; chance is about .1


def tone_bursts(duration_s: float) -> np.ndarray:
    """Sound with structure: five buzzes of different pitch with rests between."""
    times_s = np.arange(int(duration_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    pitch_hz = 90.0 + 60.0 * (times_s // 0.4 % 5)
    buzz = np.sign(np.sin(2 * np.pi * pitch_hz * times_s)) * (times_s % 0.4 < 0.3)
    return (0.1 * buzz).astype(np.float32)


def test_weights_are_those_of_the_manifest() -> None:
    entry = next(entry for entry in read_manifest() if entry.id == "phones-en")
    assert {file.path.rsplit("/", 1)[-1] for file in entry.files} >= {"model.safetensors", "config.json"}
    assert damaged_files(entry) == []
    assert sum(file.bytes for file in entry.files) < 4_000_000


def test_inventory_is_arpabet() -> None:
    assert set(PHONES) == {*ARPABET, SILENCE}


def test_network_equals_torch() -> None:
    with np.load(GOLDEN) as golden:
        features, outputs = golden["features"].astype(np.float32), golden["outputs"].astype(np.float32)
    scores = default_network().scores(features)
    logits = outputs[:, :-1]
    shifted = logits - logits.max(axis=1, keepdims=True)
    expected = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(scores.log_posterior, expected, atol=0.05)  # 16-bit weights
    np.testing.assert_allclose(scores.opening, 1 / (1 + np.exp(-outputs[:, -1])), atol=0.01)


@pytest.mark.parametrize("chunk_frames", [37, 100, 250])
def test_chunks_leave_no_trace(chunk_frames: int) -> None:
    network = default_network()
    features = speech_features(tone_bursts(2.5), network.prior)
    whole = network.scores(features, chunk_frames=10_000)
    cut = network.scores(features, chunk_frames=chunk_frames)
    np.testing.assert_allclose(cut.log_posterior, whole.log_posterior, atol=1e-4)
    np.testing.assert_allclose(cut.opening, whole.opening, atol=1e-5)


def test_features_do_not_depend_on_where_a_minute_ends() -> None:
    long = np.concatenate([np.zeros(59 * SAMPLE_RATE_HZ, np.float32), tone_bursts(2.0)])
    short = np.concatenate([np.zeros(SAMPLE_RATE_HZ, np.float32), tone_bursts(2.0)])
    np.testing.assert_allclose(mel_power(long)[-200:], mel_power(short)[-200:], rtol=1e-4, atol=1e-6)


def test_level_and_frame_count_do_not_matter() -> None:
    prior = default_network().prior
    loud = tone_bursts(1.23)
    assert len(speech_features(loud, prior)) == frame_count(len(loud)) == 124
    np.testing.assert_allclose(speech_features(0.2 * loud, prior), speech_features(loud, prior), atol=1e-3)


@pytest.mark.parametrize("level", [0.0, 1e-4, 0.02])
def test_no_voice_is_silence(level: float) -> None:
    noise = np.random.default_rng(0).normal(0.0, level, 2 * SAMPLE_RATE_HZ).astype(np.float32)
    phones, words = NeuralPhoneRecogniser().recognise(Speech(noise))
    assert [(phone.label, phone.start_s, phone.end_s) for phone in phones] == [(SILENCE, 0.0, 2.0)]
    assert words is None
    assert mouth_opening(Speech(noise)).max() < 0.15


@pytest.mark.parametrize("samples", [1, 100, 1600])
def test_short_sounds_are_covered(samples: int) -> None:
    speech = Speech(tone_bursts(0.1)[:samples])
    phones, _ = NeuralPhoneRecogniser().recognise(speech)
    assert phones[0].start_s == 0.0
    assert phones[-1].end_s == pytest.approx(speech.duration_s)


def test_phones_of_a_line_are_gap_free_and_confident() -> None:
    speech = Speech(tone_bursts(3.1))
    heard, scores = NeuralPhoneRecogniser().hear(speech)
    line = speech.with_phones([each.phone for each in heard], "recognised")  # refuses gaps
    assert line.phones is not None
    assert len(scores.opening) == frame_count(len(speech.samples))
    assert all(0.0 < each.confidence <= 1.0 for each in heard)


def test_decoding_smooths_a_flicker_away() -> None:
    sure = np.full((40, len(PHONES)), -8.0)
    sure[:20, INDEX["M"]] = sure[20:, INDEX["AA"]] = -0.1
    sure[10, INDEX["M"]], sure[10, INDEX["S"]] = -8.0, -0.1
    flat = np.zeros((len(PHONES), len(PHONES)))
    heard = decode(sure, np.zeros(len(PHONES)), flat, 0.4)
    assert [(each.phone.label, each.phone.end_s) for each in heard] == [("M", pytest.approx(0.195)), ("AA", 0.4)]


def test_opening_follows_the_phone() -> None:
    index, opening = phone_frames([("M", 0.0, 0.1), ("AY", 0.1, 0.2)], 21, 100.0)
    assert [PHONES[i] for i in index[[0, 9, 10, 19, 20]]] == ["M", "M", "AY", "AY", "SIL"]
    assert opening[[0, 10, 15, 16, 20]] == pytest.approx([0.0, 0.8, 0.8, 0.3, 0.0])


def test_cancelling_stops_the_work() -> None:
    def cancel(_: object) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        NeuralPhoneRecogniser().recognise(Speech(tone_bursts(0.5)), cancel)


def test_damaged_weights_are_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes((WEIGHTS / "config.json").read_bytes())
    (tmp_path / "model.safetensors").write_bytes((WEIGHTS / "model.safetensors").read_bytes()[:1000])
    with pytest.raises(InputError, match=tmp_path.name):
        PhoneNetwork.load(tmp_path)


def test_shipped_lines_are_heard() -> None:
    """Against the speech synthesiser's own times, with which even the aligner that knows the words agrees to .60."""
    kinds = list(dict.fromkeys(visemes[:1] for visemes in PHONE_TO_VISEME.values()))
    viseme = np.array([kinds.index(PHONE_TO_VISEME[phone][:1]) for phone in PHONES])
    right = []
    for sound in LINES.glob("*.wav"):
        speech = Speech.read(sound)
        want, show = (
            phone_frames([(phone.label, phone.start_s, phone.end_s) for phone in phones], frames, 100.0)[0]
            for frames in [frame_count(len(speech.samples))]
            for phones in (
                read_phones(sound.with_suffix(".json"), speech.duration_s),
                NeuralPhoneRecogniser().recognise(speech).phones,
            )
        )
        right.append((viseme[want] == viseme[show])[want != INDEX[SILENCE]])
    assert np.concatenate(right).mean() >= FRAMES_RIGHT
