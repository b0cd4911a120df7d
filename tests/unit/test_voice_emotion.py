"""Emotion heard in voices: features, windows, fitting, and the track that is made of it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from espressivo.conditioning.speech import SAMPLE_RATE_HZ, Speech
from espressivo.conditioning.vocabulary import CATEGORIES, MEANS
from espressivo.conditioning.voice_emotion.corpus import read_corpus
from espressivo.conditioning.voice_emotion.features import coarse_features, describe, feature_names
from espressivo.conditioning.voice_emotion.fit import Described, fit_head, fitted_spread, fitted_temperature
from espressivo.conditioning.voice_emotion.frames import RATE_HZ, analyse_frames, mel_filters, yin
from espressivo.conditioning.voice_emotion.head import Head
from espressivo.conditioning.voice_emotion.measure import calibration, concordance, figures_on, recall, unseen_figures
from espressivo.conditioning.voice_emotion.priors import NEUTRAL, RATING_SPREADS, expected_rating, rating_distribution
from espressivo.conditioning.voice_emotion.recogniser import load_recogniser, recognise_emotion
from espressivo.conditioning.voice_emotion.train import Material, train
from espressivo.conditioning.voice_emotion.windows import listen
from espressivo.errors import InputError

NOISE = np.random.default_rng(0)


def syllables(f0_hz: float = 140.0, seconds: float = 2.0, rate_hz: float = 4.0) -> np.ndarray:
    """A buzz that rises and falls like syllables, its pitch gliding a little."""
    times_s = np.arange(int(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    phase = np.cumsum(f0_hz * (1.0 + 0.03 * np.sin(2 * np.pi * times_s))) / SAMPLE_RATE_HZ
    buzz = sum(np.cos(2 * np.pi * number * phase) / number for number in range(1, 12))
    loudness = np.clip(np.sin(2 * np.pi * rate_hz * times_s), 0.0, None) ** 0.5
    return (0.1 * buzz * loudness).astype(np.float32)


class TestFrames:
    @pytest.mark.parametrize("f0_hz", [80.0, 147.0, 233.0, 410.0])
    def test_yin_finds_the_pitch_of_a_harmonic_sound(self, f0_hz: float) -> None:
        times_s = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
        tone = sum(np.sin(2 * np.pi * f0_hz * number * times_s) / number for number in (1, 2, 3))
        found_hz, periodicity = yin(np.asarray(tone, np.float32))
        assert np.allclose(found_hz[10:90], f0_hz, rtol=0.01)
        assert periodicity[10:90].min() > 0.95

    def test_noise_is_not_periodic(self) -> None:
        _, periodicity = yin(NOISE.normal(0, 0.1, SAMPLE_RATE_HZ).astype(np.float32))
        assert np.median(periodicity) < 0.5

    def test_filters_spectra_and_pitch_are_those_of_librosa(self) -> None:
        librosa = pytest.importorskip("librosa")
        sound = syllables()
        theirs = librosa.filters.mel(sr=SAMPLE_RATE_HZ, n_fft=512, n_mels=40, fmin=50, fmax=7600)
        assert np.allclose(mel_filters(), theirs, atol=1e-6)
        frames = analyse_frames(sound)
        power = np.abs(librosa.stft(sound, n_fft=512, hop_length=160, win_length=400)) ** 2
        gain = frames.power.sum() / power.sum()  # frames are levelled
        assert np.allclose(frames.power, gain * power.T, rtol=1e-3, atol=1e-3)
        pitch_hz = librosa.yin(sound, fmin=65, fmax=500, sr=SAMPLE_RATE_HZ, frame_length=1024, hop_length=160)
        sure = (frames.periodicity > 0.9) & (frames.energy > np.percentile(frames.energy, 50))
        assert sure.sum() > 50
        assert np.allclose(yin(sound)[0][sure], pitch_hz[sure], rtol=0.02)


class TestFeatures:
    def test_there_is_one_name_for_each(self) -> None:
        assert len(feature_names()) == len(set(feature_names())) == len(describe(analyse_frames(syllables())))

    def test_recording_level_changes_nothing(self) -> None:
        whole = describe(analyse_frames(syllables()))
        assert np.allclose(describe(analyse_frames(0.05 * syllables())), whole, rtol=1e-3, atol=2e-3)

    def test_silence_around_the_words_changes_next_to_nothing(self) -> None:
        bare = describe(analyse_frames(syllables()))
        padded = describe(analyse_frames(np.pad(syllables(), (8000, 16000))))
        names = np.array(feature_names())
        timed = np.isin(names, ["active.share", "voiced.share", "energy.sd", "onset.rate", "glide.rate"])
        assert np.allclose(padded[timed], bare[timed], rtol=0.05)
        pitched = np.char.startswith(names, "pitch") | np.char.startswith(names, "bands.mean")
        assert np.allclose(padded[pitched], bare[pitched], atol=0.15)

    def test_coarse_ones_are_all_but_single_bands_and_high_cepstra(self) -> None:
        fine = {name for name, coarse in zip(feature_names(), coarse_features(), strict=True) if not coarse}
        assert {name.split(".")[0] for name in fine} == {"bands", "cepstra"}
        assert {"bands.mean.0", "bands.sd.39", "cepstra.mean.13", "cepstra.step.19"} <= fine
        assert not {"cepstra.mean.0", "cepstra.mean.12", "pitch.percentile.4"} & fine

    def test_an_octave_is_twelve_semitones(self) -> None:
        place = feature_names().index("pitch.percentile.2")
        low, high = (describe(analyse_frames(syllables(f0_hz)))[place] for f0_hz in (110.0, 220.0))
        assert high - low == pytest.approx(12.0, abs=0.1)

    @settings(max_examples=10, deadline=None)
    @given(st.integers(1, 4000), st.sampled_from([0.0, 1e-6, 1.0]))
    def test_any_sound_gives_finite_numbers(self, length: int, level: float) -> None:
        sound = (level * np.random.default_rng(length).uniform(-1, 1, length)).astype(np.float32)
        assert np.isfinite(describe(analyse_frames(sound))).all()


class TestWindows:
    def test_a_long_recording_is_heard_as_its_parts_are(self) -> None:
        part = syllables(seconds=4.0)
        long = listen(np.tile(part, 12))
        alone = listen(part)
        assert len(long.times_s) == 4 * 48 + 1
        # Windows in the middle of the 4th repetition, across which no stretch is cut, and of the 9th, after a cut.
        for repetition in (3, 9):
            inner = slice(repetition * 16 + 4, repetition * 16 + 12)
            assert np.allclose(long.features[inner], alone.features[4:12], atol=0.05)
            middle = repetition * 16 + 8
            assert np.allclose(long.context[middle], alone.context[8], atol=0.05)

    def test_the_context_is_the_whole_of_a_short_line_and_four_seconds_of_a_long_one(self) -> None:
        line = syllables(seconds=3.0)
        windows = listen(line)
        assert np.allclose(windows.context, describe(analyse_frames(line)), atol=0.02)
        low, high = syllables(110.0, seconds=8.0), syllables(220.0, seconds=8.0)
        pitch = listen(np.concatenate([low, high])).context[:, feature_names().index("pitch.percentile.2")]
        assert np.allclose(np.diff(pitch[[8, 23, 41, 56]]), [0.0, 12.0, 0.0], atol=0.2)

    @pytest.mark.parametrize(
        "sound",
        [
            np.zeros(SAMPLE_RATE_HZ * 3),
            NOISE.normal(0, 0.1, SAMPLE_RATE_HZ * 3),
            0.2 * np.asarray(lfilter([0.05], [1.0, -0.98], NOISE.normal(0, 1, SAMPLE_RATE_HZ * 3))),
            NOISE.normal(0, 0.1, SAMPLE_RATE_HZ * 3) * (1 + np.sin(np.arange(SAMPLE_RATE_HZ * 3) * 0.0016)),
            0.3 * np.sin(np.arange(SAMPLE_RATE_HZ * 3) * 0.0393) + 0.1 * np.sin(np.arange(SAMPLE_RATE_HZ * 3) * 0.0785),
            np.zeros(7),
        ],
        ids=["silence", "white noise", "rumble", "wavering noise", "hum", "seven samples"],
    )
    def test_what_is_no_voice_is_neutral_without_confidence(self, sound: np.ndarray) -> None:
        speech = Speech(np.clip(sound, -1, 1).astype(np.float32))
        heard = recognise_emotion(speech)
        assert heard.confidence.max() < 0.1
        assert heard.posterior[:, 0].min() > 0.9
        assert heard.intensity.max() < 0.1
        assert load_recogniser().classify(speech.samples)[0][0] > 0.9

    def test_only_the_part_with_a_voice_is_heard(self) -> None:
        sound = np.concatenate([np.zeros(3 * SAMPLE_RATE_HZ), syllables(seconds=4.0)]).astype(np.float32)
        voice = listen(sound).voice
        assert voice[:8].max() == 0.0
        assert voice[16:28].min() > 0.9

    def test_noise_as_loud_as_the_voice_after_it_is_no_voice(self) -> None:
        line = syllables(seconds=4.0)
        noise = NOISE.normal(0, line.std(), 3 * SAMPLE_RATE_HZ).astype(np.float32)
        voice = listen(np.concatenate([noise, line])).voice
        assert voice[:8].max() < 0.1
        assert voice[16:28].min() > 0.9

    def test_what_is_far_quieter_than_the_rest_is_not_heard_wherever_it_is(self) -> None:
        part = syllables(seconds=4.0)
        loud = np.tile(part, 10)
        voice = listen(np.concatenate([loud, 0.003 * part, loud])).voice
        assert voice[164:172].max() == 0.0
        assert np.delete(voice, slice(155, 181)).min() > 0.9


class TestRecogniser:
    def test_what_is_heard_is_well_formed(self) -> None:
        heard = recognise_emotion(Speech(syllables(seconds=3.1)))
        assert heard.times_s[0] == 0.0
        assert heard.times_s[-1] <= 3.1
        assert np.allclose(heard.posterior.sum(axis=1), 1.0)
        assert np.abs(heard.vad).max() <= 1.0
        for curve in (heard.confidence, heard.intensity):
            assert curve.min() >= 0.0
            assert curve.max() <= 1.0
        known = [CATEGORIES.index(name) for name in load_recogniser().categories]
        assert not np.delete(heard.posterior, known, axis=1).any()
        with pytest.raises(ValueError):
            heard.vad[0] = 0.0

    def test_what_is_around_a_window_has_its_say(self) -> None:
        recogniser = load_recogniser()
        line = syllables(seconds=3.0)
        windows = listen(line)
        heard = recogniser.recognise(Speech(line))
        head, known = recogniser.stranger, [CATEGORIES.index(name) for name in recogniser.categories]
        views = [windows.features, windows.context]
        posterior = head.calibrated(np.mean([head.log_odds(view) for view in views], axis=0))
        sure = windows.voice == 1.0
        assert sure.sum() > 5
        assert np.allclose(heard.posterior[sure][:, known], posterior[sure], atol=1e-6)
        assert not np.allclose(posterior[sure], head.posterior(windows.features)[sure], atol=0.02)
        assert np.allclose(heard.ratings[sure], np.mean([head.ratings(view) for view in views], axis=0)[sure])

    def test_strangers_and_familiar_voices_have_a_head_each(self) -> None:
        recogniser = load_recogniser()
        lines = [syllables(f0_hz) for f0_hz in (110, 160)]
        voice = recogniser.learn_voice(lines)
        deaf = replace(
            recogniser.stranger,
            weight=0 * recogniser.stranger.weight,
            coefficients=0 * recogniser.stranger.coefficients,
        )
        for head, learned in (("familiar", None), ("stranger", voice)):
            known = replace(recogniser, **{head: deaf}).classify(lines[0], learned)
            assert np.array_equal(known[0], recogniser.classify(lines[0], learned)[0])

    def test_valence_to_perform_leans_to_what_the_likely_emotions_have(self) -> None:
        heard = recognise_emotion(Speech(syllables(seconds=3.0)))
        rated = np.clip((heard.ratings - NEUTRAL) / 0.65, -1.0, 1.0)
        assert np.allclose(heard.vad[:, 1:], rated[:, 1:])
        assert np.allclose(heard.vad[:, 0], 0.5 * (rated[:, 0] + heard.posterior @ MEANS[:, 0]))

    def test_a_familiar_voice_is_heard_relative_to_itself(self) -> None:
        recogniser = load_recogniser()
        lines = [syllables(f0_hz, rate_hz=rate) for f0_hz, rate in ((110, 3), (120, 4), (150, 4), (210, 6))]
        voice = recogniser.learn_voice(lines)
        arousal = [recogniser.classify(line, voice)[1][1] for line in lines]
        assert arousal[3] > arousal[0] + 0.2

    def test_a_voice_is_not_learned_from_one_recording(self) -> None:
        with pytest.raises(InputError, match="two recordings"):
            load_recogniser().learn_voice([syllables()])

    def test_unknown_recognisers_are_refused_in_one_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="no voice recogniser"):
            load_recogniser("voices")
        (tmp_path / "config.json").write_text("{}")
        with pytest.raises(InputError, match="does not hold"):
            type(load_recogniser()).load(tmp_path)


def toy(noise: float, seed: int = 0) -> Material:
    """Six speakers whose voices differ more than three emotions do, in six features."""
    generator = np.random.default_rng(seed)
    categories = ("neutral", "sadness", "anger")
    category = np.array(categories * 20 * 6)
    speaker = np.repeat([f"toy/{number}" for number in range(6)], 60)
    offsets = generator.normal(0, 2.0, (6, 6)) * [0, 0, 0, 1, 1, 1]
    clean = generator.normal(0, noise, (360, 6)) + np.repeat(offsets, 60, axis=0)
    clean[:, :3] += np.eye(3)[[categories.index(name) for name in category]]
    clean[:, 3] += (category == "anger") * 1.0
    changed = clean[:, None] + generator.normal(0, 0.1, (360, 2, 6))
    rating = np.array([expected_rating(name) for name in category])
    acted = Described(clean, changed, category, speaker, rating, coarse=np.ones(6, bool))
    return Material(acted, categories, tuple((f"toy/{number}",) for number in range(6)), offsets)


class TestFitting:
    def test_unseen_speakers_are_recognised_and_probabilities_are_as_often_right_as_they_say(self) -> None:
        figures = unseen_figures(toy(noise=0.5))
        for view in ("raw", "normalised"):
            assert figures[view]["uar"] > 0.75
            assert figures[view]["calibration_error"] < 0.1

    def test_other_peoples_voices_say_what_not_to_listen_to(self) -> None:
        material = toy(noise=0.5)
        weight = train(material).stranger.weight
        deaf = train(replace(material, voices=np.zeros_like(material.voices))).stranger.weight
        assert np.abs(weight[3:]).sum() < 0.9 * np.abs(deaf[3:]).sum()

    def test_the_linear_rule_sees_coarse_features_only(self) -> None:
        material = toy(noise=0.5)
        coarse = np.array([True, True, False, True, True, True])
        head = train(replace(material, acted=replace(material.acted, coarse=coarse))).stranger
        assert not head.weight[~coarse].any()
        assert head.weight[coarse].all()
        assert np.abs(head.coefficients).max() > 0

    def test_ratings_have_the_mean_and_spread_of_listeners(self) -> None:
        category = np.array([name for name in RATING_SPREADS for _ in range(40)])
        opinions = np.random.default_rng(0).normal(0.3, 0.05, (200, 3))
        gain, offset = fitted_spread(opinions, category)
        stretched = opinions * gain + offset
        mean, spread = rating_distribution()
        assert np.allclose(stretched.mean(axis=0), mean)
        assert np.allclose(stretched.std(axis=0), spread)

    @pytest.mark.parametrize("overstated", [0.5, 3.0])
    def test_the_temperature_undoes_overstatement(self, overstated: float) -> None:
        generator = np.random.default_rng(1)
        log_odds = generator.normal(0, 1.5, (4000, 4))
        odds = np.exp(log_odds)
        labels = np.array([generator.choice(4, p=row / row.sum()) for row in odds])
        assert fitted_temperature(log_odds * overstated, labels) == pytest.approx(overstated, rel=0.1)

    def test_probabilities_are_scores_by_the_temperature(self) -> None:
        head = train(toy(noise=0.5)).stranger
        features = toy(noise=0.5).acted.clean[:10]
        log_posterior = np.log(replace(head, temperature=np.array(4.0)).posterior(features))
        scores = head.log_odds(features)
        assert np.allclose(np.diff(log_posterior, axis=1), np.diff(scores, axis=1) / 4.0)

    def test_what_no_line_can_part_likenesses_do(self) -> None:
        material = toy(noise=1.0)
        around = np.where(np.linalg.norm(material.acted.clean[:, :3], axis=1) > 2.0, "anger", "neutral")
        acted = replace(material.acted, category=around)
        head = fit_head(acted, ("neutral", "anger"), None)
        unlike = replace(head, coefficients=np.zeros_like(head.coefficients))
        names = np.array(["neutral", "anger"])
        with_likeness, without = (
            recall(names[each.log_odds(acted.clean).argmax(axis=1)], around) for each in (head, unlike)
        )
        assert with_likeness > without + 0.1

    def test_who_was_trained_on_noise_is_unsure(self) -> None:
        material = toy(noise=0.5)
        shuffled = np.random.default_rng(0).permutation(material.acted.category)
        recogniser = train(replace(material, acted=replace(material.acted, category=shuffled)))
        assert recogniser.stranger.posterior(material.acted.clean).max(axis=1).mean() < 0.4

    def test_a_head_survives_its_file(self) -> None:
        recogniser = train(toy(noise=0.5))
        features = toy(noise=0.5).relative().acted.clean
        again = Head.from_tensors(recogniser.familiar.tensors("x"), "x")
        assert len(again.landmarks)
        assert np.allclose(again.posterior(features), recogniser.familiar.posterior(features), atol=0.01)

    def test_only_shared_categories_count_across_corpora(self) -> None:
        recogniser = train(toy(noise=0.3))
        other = toy(noise=0.3, seed=1).acted
        other = replace(other, category=np.where(other.category == "sadness", "surprise", other.category))
        figures = figures_on(recogniser, other)
        assert figures["raw"]["categories"] == ("neutral", "anger")
        assert figures["raw"]["clips"] == 240


class TestMeasures:
    def test_recall_weighs_categories_the_same(self) -> None:
        assert recall(np.array(["a"] * 10), np.array(["a"] * 9 + ["b"])) == 0.5

    def test_concordance_punishes_what_correlation_does_not(self) -> None:
        x = np.random.default_rng(0).normal(size=100)
        assert concordance(x, x) == pytest.approx(1.0)
        assert concordance(x, x + 1.0) < 0.8
        assert concordance(x, 0.2 * x) < 0.5
        assert concordance(x, np.zeros(100)) == pytest.approx(0.0)

    def test_calibration_error_is_the_gap_between_saying_and_being_right(self) -> None:
        posterior = np.tile([0.9, 0.1], (100, 1))
        error, rows = calibration(posterior, np.repeat([1.0, 0.0], 50))
        assert error == pytest.approx(0.4)
        assert rows == [(100, 0.9, 0.5)]


class TestCorpus:
    def test_acted_and_read_folders_are_told_apart(self, tmp_path: Path) -> None:
        acted, read = tmp_path / "acted", tmp_path / "read"
        acted.mkdir()
        read.mkdir()
        (acted / "labels.csv").write_text(
            "clip,actor,emotion,intensity,recognised_pct\na,01,anger,strong,80\nb,02,sadness,normal,\n"
        )
        (read / "transcripts.csv").write_text("clip,speaker\nc,7\n")
        corpus = read_corpus(acted)
        assert corpus.acted
        assert corpus.categories == ("sadness", "anger")
        assert [recording.recognised for recording in corpus.recordings] == [0.8, 1.0]
        assert list(corpus.folds()) == [("01",), ("02",)]
        assert not read_corpus(read).acted

    def test_listeners_ratings_go_before_what_labels_are_worth(self, tmp_path: Path) -> None:
        (tmp_path / "labels.csv").write_text("clip,speaker,emotion,V,A,D\na,1,anger,-0.5,0.25,1\nb,1,anger,,,\n")
        assert [recording.rated for recording in read_corpus(tmp_path).recordings] == [(-0.5, 0.25, 1.0), None]

    def test_other_folders_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="holds no recordings"):
            read_corpus(tmp_path)


def test_ratings_of_weak_or_misheard_acting_lie_nearer_to_neutral() -> None:
    away = [
        np.linalg.norm(expected_rating("anger", strength, share) - NEUTRAL)
        for strength, share in (("strong", 1.0), ("normal", 1.0), ("normal", 0.5), ("normal", 0.0))
    ]
    assert np.all(np.diff(away) < 0)
    assert away[-1] == 0.0


def test_frames_come_a_hundred_times_a_second() -> None:
    assert len(analyse_frames(np.zeros(SAMPLE_RATE_HZ, np.float32))) == RATE_HZ + 1
