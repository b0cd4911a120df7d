"""Vectors of content, emotion and style: hearing, clock, erasure, codes, exchange, training and probes."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from espressivo.conditioning.latents.clips import read_clips
from espressivo.conditioning.latents.clock import STEPS, sampled, warp
from espressivo.conditioning.latents.encoder import LatentEncoder, encode_speech, load_encoder, run
from espressivo.conditioning.latents.erasure import discriminants, scatters
from espressivo.conditioning.latents.exchange import exchange, mix
from espressivo.conditioning.latents.hearing import hear, moving_features
from espressivo.conditioning.latents.measure import readings, unseen_clips
from espressivo.conditioning.latents.probes import halves, reading
from espressivo.conditioning.latents.segments import COUNT, parts_of
from espressivo.conditioning.speech import SAMPLE_RATE_HZ, Speech
from espressivo.conditioning.voice_emotion.features import feature_names
from espressivo.errors import InputError
from espressivo.media.wav import write_wav

SECOND = SAMPLE_RATE_HZ


def syllables(f0_hz: float = 140.0, seconds: float = 1.5, rate_hz: float = 4.0) -> np.ndarray:
    """A buzz that rises and falls like syllables."""
    times_s = np.arange(int(seconds * SECOND)) / SECOND
    phase = np.cumsum(f0_hz * (1.0 + 0.03 * np.sin(2 * np.pi * times_s))) / SECOND
    buzz = sum(np.cos(2 * np.pi * number * phase) / number for number in range(1, 12))
    return (0.1 * buzz * np.clip(np.sin(2 * np.pi * rate_hz * times_s), 0.0, None) ** 0.5).astype(np.float32)


def tiny_encoder(seed: int = 0) -> LatentEncoder:
    """The real class with random weights and few of them."""
    generator = np.random.default_rng(seed)

    def layers(inputs: int, outputs: int) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
        sizes = ((inputs, 6), (6, outputs))
        return tuple((generator.normal(size=s).astype(np.float16).astype(np.float32), np.zeros(s[1])) for s in sizes)

    return LatentEncoder(
        voice_mean=np.zeros(387),
        voice_spread=np.ones(387),
        clock_mean=np.zeros(42),
        clock_spread=np.ones(42),
        content=layers(COUNT * 40, 5),
        emotion=layers(387, 4),
        style=layers(387, 3),
        content_codes=generator.normal(size=(5, 4)),
        emotion_codes=generator.normal(size=(4, 3)),
        decoder=layers(10, STEPS * 42),
        speakers=("a/1",),
    )


class TestHearing:
    def test_silence_before_and_after_changes_no_phones(self) -> None:
        sound = syllables()
        padded = np.concatenate([np.zeros(SECOND // 2, np.float32), sound, np.zeros(SECOND // 2, np.float32)])
        alone, within = hear(sound), hear(padded)
        assert abs(len(alone.phones) - len(within.phones)) <= 1

    @pytest.mark.parametrize(
        "samples", [np.zeros(1), np.zeros(SECOND), np.ones(100), np.random.default_rng(0).normal(0, 0.3, 5000)]
    )
    def test_any_sound_gives_finite_numbers(self, samples: np.ndarray) -> None:
        heard = hear(samples.astype(np.float32))
        assert np.isfinite(heard.voice).all()
        assert len(heard.phones) >= 1
        assert np.isfinite(parts_of(heard.phones)).all()

    def test_the_emotion_hears_no_mean_spectra(self) -> None:
        names = np.array(feature_names())[moving_features()]
        assert not any(name.startswith(("bands.", "cepstra.mean")) for name in names)
        assert "pitch.sd" in names
        assert 150 < len(names) < 387


class TestParts:
    @given(steps=st.integers(1, 150), seed=st.integers(0, 99))
    @settings(max_examples=40, deadline=None)
    def test_parts_keep_the_mean_whatever_the_length(self, steps: int, seed: int) -> None:
        phones = np.random.default_rng(seed).random((steps, 7))
        parts = parts_of(phones).reshape(COUNT, 7)
        assert np.allclose(parts.mean(axis=0), phones.mean(axis=0), atol=1e-5)

    def test_saying_it_slower_changes_little(self) -> None:
        phones = np.random.default_rng(0).random((40, 7))
        assert np.allclose(parts_of(np.repeat(phones, 3, axis=0)), parts_of(phones), atol=1e-6)


class TestClock:
    def rows(self, count: int) -> np.ndarray:
        """Phones that come and go, as unit vectors."""
        rows = np.exp(-np.square(np.linspace(0, 8, count)[:, None] - np.arange(9)))
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def test_a_slower_clip_is_found_at_its_places(self) -> None:
        template, slow = self.rows(80), self.rows(160)
        found = warp(slow, template)
        assert np.abs(found.places - (np.arange(STEPS) + 0.5) * 160 / STEPS).max() < 4
        assert np.median(found.rate) == pytest.approx(np.log(2.0), abs=0.1)
        assert np.abs(sampled(slow, found.places) - sampled(template, found.places / 2.0)).max() < 0.1

    def test_a_cut_clip_is_unknown_behind_its_end(self) -> None:
        template = self.rows(80)
        found = warp(template[:60], template)
        assert np.isfinite(found.places[:46]).all()
        assert np.isnan(found.places[50:]).all()
        assert np.isnan(sampled(template, found.places)[50:]).all()


class TestErasure:
    def test_kept_labels_stay_and_erased_ones_go(self) -> None:
        generator = np.random.default_rng(0)
        kept, erased = generator.integers(0, 4, 2000), generator.integers(0, 4, 2000)
        vectors = generator.normal(size=(2000, 12))
        vectors[:, 0] += 3.0 * kept + 2.0 * erased
        vectors[:, 1] += 1.0 * erased
        share = {}
        for way, labels in (("plain", []), ("erasing", [erased])):
            away = vectors @ discriminants(vectors, kept, labels, 1)
            share[way] = [(scatters(away, of)[0] / away.var()).item() for of in (kept, erased)]
        assert share["plain"][1] > 0.05
        assert share["erasing"][0] > 0.6
        assert share["erasing"][1] < 0.01

    def test_scatters_add_up_to_the_covariance(self) -> None:
        vectors = np.random.default_rng(1).normal(size=(50, 3))
        between, within = scatters(vectors, np.arange(50) % 7)
        assert np.allclose(between + within, np.cov(vectors.T, bias=True))


class TestEncoder:
    def test_saved_and_loaded_it_gives_the_same(self, tmp_path: Path) -> None:
        encoder = tiny_encoder()
        encoder.save(tmp_path)
        again = LatentEncoder.load(tmp_path)
        heard = hear(syllables())
        for one, other in zip(
            encoder.vectors(heard.voice[None] * 0.1, parts_of(heard.phones)[None]),
            again.vectors(heard.voice[None] * 0.1, parts_of(heard.phones)[None]),
            strict=True,
        ):
            assert np.allclose(one, other, atol=1e-4)
        assert again.speakers == ("a/1",)

    @pytest.mark.parametrize("damage", ["config.json", "model.safetensors"])
    def test_damaged_files_are_refused_in_one_sentence(self, tmp_path: Path, damage: str) -> None:
        tiny_encoder().save(tmp_path)
        (tmp_path / damage).write_bytes(b"{}")
        with pytest.raises(InputError, match=r"does not hold an encoder"):
            LatentEncoder.load(tmp_path)

    def test_there_is_no_other_encoder(self) -> None:
        with pytest.raises(InputError, match="is no encoder"):
            load_encoder("latents")

    def test_style_lies_on_a_grid_and_vectors_are_mixtures_of_codes(self) -> None:
        encoder = tiny_encoder()
        voice = np.random.default_rng(0).normal(size=(9, 387))
        content, emotion, style = encoder.vectors(voice, np.random.default_rng(1).random((9, COUNT * 40)))
        assert np.array_equal(style, np.round(style))
        assert len(np.unique(style)) > 2
        for vectors, codes in ((content, encoder.content_codes), (emotion, encoder.emotion_codes)):
            assert (vectors.max(axis=0) <= codes.max(axis=0) + 1e-6).all()

    def test_mean_spectra_do_not_reach_the_emotion(self) -> None:
        encoder = tiny_encoder()
        voice = np.random.default_rng(0).normal(size=(4, 387))
        other = np.where(moving_features(), voice, 9.0)
        assert np.array_equal(encoder.emotions(voice), encoder.emotions(other))
        assert not np.array_equal(encoder.places(voice), encoder.places(other))

    def test_layers_are_affine_with_relu_between(self) -> None:
        layers = ((np.array([[1.0, -1.0]]), np.zeros(2)), (np.array([[2.0], [3.0]]), np.ones(1)))
        assert np.allclose(run(layers, np.array([[2.0], [-2.0]])), [[5.0], [7.0]])

    def test_a_line_has_its_emotion_over_time(self) -> None:
        latents = encode_speech(Speech(syllables(seconds=3.0)), tiny_encoder())
        assert latents.emotion_over_time.shape == (len(latents.times_s), 3)
        assert not latents.emotion.flags.writeable

    @pytest.mark.parametrize("samples", [np.zeros(1), np.zeros(SECOND), np.random.default_rng(0).normal(0, 0.1, 700)])
    def test_hostile_sound_is_encoded(self, samples: np.ndarray) -> None:
        latents = encode_speech(Speech(samples), tiny_encoder())
        assert all(np.isfinite(array).all() for array in vars(latents).values())


class TestExchange:
    def pair(self):
        encoder = tiny_encoder()
        return (encode_speech(Speech(syllables(f0)), encoder) for f0 in (110.0, 260.0))

    def test_only_the_part_asked_for_changes(self) -> None:
        one, other = self.pair()
        for part in ("content", "emotion", "style"):
            edited = exchange(one, other, part)
            for name in ("content", "emotion", "style"):
                expected = other if name == part else one
                assert np.array_equal(getattr(edited, name), getattr(expected, name))

    @given(amount=st.floats(0.0, 1.5))
    @settings(max_examples=25, deadline=None)
    def test_the_slider_is_a_straight_line(self, amount: float) -> None:
        own, other = np.arange(3.0), np.array([2.0, 0.0, -4.0])
        assert np.allclose(mix(own, other, amount) - own, amount * (other - own))

    def test_the_course_over_time_moves_along(self) -> None:
        one, other = self.pair()
        edited = exchange(one, other, "emotion", 0.5)
        assert np.allclose(edited.emotion_over_time - one.emotion_over_time, edited.emotion - one.emotion)

    @pytest.mark.parametrize("amount", [-0.1, 2.0, float("nan")])
    def test_amounts_that_mean_nothing_are_refused(self, amount: float) -> None:
        one, other = self.pair()
        with pytest.raises(InputError, match="cannot be used"):
            exchange(one, other, "style", amount)


class TestProbes:
    def test_halves_share_every_label(self) -> None:
        cells = [(s, e, t, str(r)) for s in "ab" for e in "xyz" for t in "12" for r in range(4)]
        half = halves(cells)
        for place in range(3):
            labels = np.array([cell[place] for cell in cells])
            for name in np.unique(labels):
                assert half[labels == name].mean() == 0.5

    def test_a_reading_knows_chance_and_interval(self) -> None:
        labels = np.array(["a"] * 30 + ["b"] * 10)
        found = reading(np.array(["a"] * 40), labels)
        assert found.recall == found.chance == 0.5
        assert found.low <= 0.5 <= found.high


def corpus(folder: Path, speakers: tuple[str, ...], takes: int) -> Path:
    """A folder of buzzes: speakers differ in pitch, emotions in pace, sentences in length."""
    (folder / "flac").mkdir(parents=True)
    rows = []
    for number, speaker in enumerate(speakers):
        for place, emotion in enumerate(("neutral", "anger")):
            for sentence in ("01", "02"):
                for take in range(takes):
                    name = f"{speaker}-{emotion}-{sentence}-{take}"
                    sound = syllables(100 + 60 * number + take, 1.0 + 0.4 * int(sentence), 3.0 + 3 * place)
                    write_wav(folder / "flac" / f"{name}.flac", sound, SAMPLE_RATE_HZ)
                    rows.append({"clip": name, "actor": speaker, "emotion": emotion, "statement": sentence})
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


class TestCorpora:
    def test_speakers_trained_on_are_not_measured_on(self, tmp_path: Path) -> None:
        folder = corpus(tmp_path / "a", ("1", "2", "3"), 1)
        clips = unseen_clips(tiny_encoder(), folder)
        assert {clip.speaker for clip in clips} == {"a/2", "a/3"}
        with pytest.raises(InputError, match="fewer than two"):
            unseen_clips(replace(tiny_encoder(), speakers=("a/1", "a/2")), folder)

    def test_a_folder_without_list_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"labels\.csv"):
            read_clips(tmp_path)

    def test_a_probe_reads_what_is_there_and_nothing_else(self, tmp_path: Path) -> None:
        pytest.importorskip("sklearn")
        clips = read_clips(corpus(tmp_path / "a", ("1", "2", "3"), 3))
        emotion = np.array([[float(clip.emotion == "anger")] for clip in clips])
        rows = readings({"raw": emotion}, clips)
        found = {(row["protocol"], row["label"], row["probe"]): row["recall"] for row in rows}
        assert found["other speakers", "emotion", "linear"] == found["same speakers", "emotion", "radial"] == 1.0
        assert found["same speakers", "speaker", "linear"] < 0.5
        assert found["other speakers", "sentence", "linear"] < 0.7

    def test_training_tells_labels_and_gives_back_the_sound(self, tmp_path: Path) -> None:
        torch = pytest.importorskip("torch")
        from espressivo.conditioning.latents.material import gather
        from espressivo.conditioning.latents.train import train

        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        material = gather(read_clips(corpus(tmp_path / "a", ("1", "2", "3"), 2)))
        encoder = train(material, steps=60)
        torch.set_num_threads(threads)
        assert encoder.speakers == ("a/1", "a/2", "a/3")
        sound = material.plain
        parts = np.array([parts_of(phones[:steps]) for phones, steps in zip(sound.phones, sound.steps, strict=True)])
        vectors = encoder.vectors(sound.voice[:, 0], parts)
        said = encoder.say(*vectors)
        away = np.nanmean(np.abs(said - sound.clock) / encoder.clock_spread)
        still = np.nanmean(np.abs(encoder.clock_mean - sound.clock) / encoder.clock_spread)
        assert away < 0.8 * still
        angry = sound.emotion == "anger"
        apart = np.linalg.norm(vectors[1][angry].mean(axis=0) - vectors[1][~angry].mean(axis=0))
        assert apart > vectors[1][angry].std(axis=0).max()
