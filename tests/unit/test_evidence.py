from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from espressivo.conditioning.faces.track import FaceTrack
from espressivo.conditioning.speech import SAMPLE_RATE_HZ, Phone, Speech

pytest.importorskip("torch", reason="the evaluate extra")

from espressivo.eval.evidence import (
    FEWEST_JUDGED,
    JUDGED_FPS,
    MOST_OFFSET_S,
    STILLS,
    VideoEvidence,
    begun,
    judged_frames,
    still_frames,
    turned,
)

MOST_LOST_S = 0.0025
"""Turning cuts two phones; pieces of a millisecond are left out."""

lengths_s = st.lists(st.floats(0.02, 0.3), min_size=1, max_size=6)
LABELS: tuple[str, ...] = ("SIL", "P", "AA", "T", "M", "IY")
labels = st.sampled_from(LABELS)


def line(lengths: list[float], names: list[str], seed: int = 0) -> Speech:
    samples = np.random.default_rng(seed).uniform(-0.5, 0.5, round(sum(lengths) * SAMPLE_RATE_HZ))
    whole_s = len(samples) / SAMPLE_RATE_HZ
    edges = [0.0, *accumulate(lengths)]
    edges = [edge / edges[-1] * whole_s for edge in edges]
    phones = [Phone(name, start, end) for name, (start, end) in zip(names, pairwise(edges), strict=True)]
    return Speech(samples.astype(np.float32)).with_phones(phones, "given")


@st.composite
def lines(draw: st.DrawFn) -> Speech:
    lengths = draw(lengths_s)
    return line(lengths, draw(st.lists(labels, min_size=len(lengths), max_size=len(lengths))))


def time_of_each(speech: Speech) -> dict[str, float]:
    assert speech.phones is not None
    totals = dict.fromkeys(LABELS, 0.0)
    for phone in speech.phones:
        totals[phone.label] += phone.end_s - phone.start_s
    return totals


class TestTurned:
    @given(lines(), st.floats(-3.0, 3.0))
    def test_nothing_is_lost(self, speech: Speech, by_s: float) -> None:
        moved = turned(speech, by_s)
        assert len(moved.samples) == len(speech.samples)
        assert np.array_equal(np.sort(moved.samples), np.sort(speech.samples))
        for label, total_s in time_of_each(speech).items():
            assert time_of_each(moved)[label] == pytest.approx(total_s, abs=MOST_LOST_S)

    @given(lines(), st.integers(-2, 2))
    def test_whole_turns_change_nothing(self, speech: Speech, turns: int) -> None:
        moved = turned(speech, turns * speech.duration_s)
        assert np.array_equal(moved.samples, speech.samples)
        assert time_of_each(moved) == pytest.approx(time_of_each(speech), abs=1e-9)

    def test_phones_go_with_the_sound(self) -> None:
        speech = line([0.4, 0.2, 0.4], ["SIL", "P", "AA"])
        moved = turned(speech, 0.3)
        assert moved.phones is not None
        rows = [(phone.label, round(phone.start_s, 6), round(phone.end_s, 6)) for phone in moved.phones]
        assert rows == [("AA", 0.0, 0.3), ("SIL", 0.3, 0.7), ("P", 0.7, 0.9), ("AA", 0.9, 1.0)]
        late = round(0.3 * SAMPLE_RATE_HZ)
        assert np.array_equal(moved.samples[late:], speech.samples[:-late])
        assert moved.phone_source == "given"

    def test_sound_without_phones_stays_without(self) -> None:
        assert turned(Speech(np.ones(160, np.float32)), 0.005).phones is None


class TestBegun:
    samples = np.random.default_rng(0).uniform(-1, 1, 1600).astype(np.float32)

    def test_sound_that_starts_later_comes_after_silence(self) -> None:
        moved = begun(self.samples, 0.05)
        assert np.array_equal(moved[800:], self.samples)
        assert not moved[:800].any()

    def test_what_was_heard_before_the_first_frame_is_left_out(self) -> None:
        assert np.array_equal(begun(self.samples, -0.05), self.samples[800:])

    @pytest.mark.parametrize("offset_s", [0.0, -0.1, 1.01 * MOST_OFFSET_S, -1e9, float("inf"), float("nan")])
    def test_a_broken_clock_is_not_believed(self, offset_s: float) -> None:
        assert np.array_equal(begun(self.samples, offset_s), self.samples)


class TestChosenFrames:
    @given(st.integers(1, 5000), st.floats(5, 120))
    def test_judged_frames_are_enough_and_of_the_clip(self, count: int, fps: float) -> None:
        judged = judged_frames(count, fps)
        assert {0} <= judged <= set(range(count))
        assert len(judged) >= min(count, FEWEST_JUDGED)
        assert len(judged) <= max(FEWEST_JUDGED, count * JUDGED_FPS / fps + 1)
        assert count - 1 in judged or len(judged) == 1

    @pytest.mark.parametrize(("count", "fps", "looked_at"), [(1, 25, 1), (4, 25, 4), (8, 50, 6), (100, 25, 50)])
    def test_how_many(self, count: int, fps: float, looked_at: int) -> None:
        assert len(judged_frames(count, fps)) == looked_at

    @given(st.integers(1, 5000))
    def test_stills_are_of_the_clip(self, count: int) -> None:
        stills = still_frames(count)
        assert stills <= set(range(count))
        assert min(count, 2) <= len(stills) <= STILLS
        assert count < 20 or len(stills) == STILLS


def evidence(speech: Speech | None) -> VideoEvidence:
    points = np.random.default_rng(1).uniform(0, 100, (5, 468, 3)).astype(np.float32)
    return VideoEvidence(
        path=Path("clip.mp4"),
        track=FaceTrack(points, np.ones(5, bool), 25.0, 100, 100),
        speech=speech,
        readings=(),
        pictures={},
        descriptors=np.zeros((STILLS, 128)),
    )


class TestAnchors:
    def test_a_face_held_still_keeps_its_length_and_its_sound(self) -> None:
        seen = evidence(line([0.2], ["AA"]))
        still = seen.held_still()
        assert still.track.points_px.shape == seen.track.points_px.shape
        assert np.ptp(still.track.points_px, axis=0).max() == 0
        assert np.array_equal(still.track.points_px[0], seen.track.points_px[0])
        assert still.speech is seen.speech

    def test_exchanged_sound_leaves_the_face_alone(self) -> None:
        seen, other = evidence(line([0.2], ["AA"])), evidence(line([0.2], ["P"], seed=1))
        exchanged = seen.with_sound_of(other)
        assert exchanged.track is seen.track
        assert exchanged.speech is other.speech

    def test_a_silent_clip_has_no_sound_to_turn(self) -> None:
        assert evidence(None).sound_turned(0.2).speech is None
