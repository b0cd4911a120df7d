"""The shipped Music FaderNets, held to its figures: linear faders, arousal that moves, pitch classes that stay.

Sources are what it makes up itself: no corpus ships. `benchmarks/music_faders.py` measures held-out songs.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from espressivo.generators.music.faders.generator import MusicFaderNets, MusicFaderNetsVgmidi
from espressivo.generators.music.faders.segments import chroma_of, on_sixteenths, tracks_of, windows
from espressivo.generators.music.score import Score, write_midi
from espressivo.media.notes import Notes

VARIANTS = [MusicFaderNets, MusicFaderNetsVgmidi]
SETTINGS = np.arange(8) / 7


@cache
def loaded(variant: type[MusicFaderNets]) -> MusicFaderNets:
    return variant.from_pretrained()


def made(variant: type[MusicFaderNets], **request: object) -> Score:
    return loaded(variant).generate(variant.Request.model_validate(request))


@pytest.fixture(scope="module", params=VARIANTS, ids=lambda variant: variant.spec.name)
def variant(request: pytest.FixtureRequest) -> type[MusicFaderNets]:
    return request.param


@pytest.fixture(scope="module")
def source(variant: type[MusicFaderNets], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("faders") / "source.mid"
    write_midi(path, made(variant, bars=8, key="G", seed=5))
    return path


def densities(notes: Notes) -> np.ndarray:
    found = [tracks_of(window) for window in windows(on_sixteenths(notes))]
    return np.array([[tracks.rhythm_density, tracks.note_density] for tracks in found])


@pytest.mark.parametrize("fader", ["rhythm", "density"])
def test_faders_are_linear_and_leave_the_other_alone(variant: type[MusicFaderNets], source: Path, fader: str) -> None:
    column = ("rhythm", "density").index(fader)
    measured = np.array([densities(made(variant, source=source, **{fader: float(x)}).notes) for x in SETTINGS])
    own, other = measured[:, :, column], measured[:, :, 1 - column]
    assert np.corrcoef(np.repeat(SETTINGS, own.shape[1]), own.ravel())[0, 1] ** 2 >= 0.9
    scales = loaded(variant).model.scales
    assert np.ptp(other.mean(axis=1)) < (scales.notes_std, scales.rhythm_std)[column]


def test_arousal_moves_events_and_loudness_and_keeps_pitch_classes(variant: type[MusicFaderNets], source: Path) -> None:
    scores = [made(variant, source=source, emotion=f"vad:0,{arousal},0") for arousal in (-0.6, -0.3, 0.3, 0.6)]
    rates = [len(score.notes) / score.seconds for score in scores]
    assert np.all(np.diff(rates) > 0), rates
    assert np.all(np.diff([score.notes.velocity.mean() for score in scores]) > 0)
    before = chroma_of(on_sixteenths(made(variant, bars=8, key="G", seed=5).notes))
    for score in scores:
        assert np.minimum(before, chroma_of(on_sixteenths(score.notes))).sum() >= 0.7


def test_new_music_stays_in_its_key_and_on_the_keyboards_middle(variant: type[MusicFaderNets]) -> None:
    score = made(variant, bars=12, key="E minor", seed=1)
    pitch = score.notes.pitch
    assert np.isin(pitch % 12, list(score.keys[0].key.scale)).mean() > 0.85
    assert np.mean((pitch >= 33) & (pitch <= 90)) > 0.95
