"""Features of whole corpora, as training and measuring need them."""

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.voice_emotion.corpus import Corpus
from espressivo.conditioning.voice_emotion.disturb import disturbed
from espressivo.conditioning.voice_emotion.features import coarse_features, describe
from espressivo.conditioning.voice_emotion.fit import Described
from espressivo.conditioning.voice_emotion.frames import RATE_HZ, analyse_frames
from espressivo.conditioning.voice_emotion.priors import expected_rating
from espressivo.progress import ProgressCallback, track

VARIANTS = 8
_READ_CUT_S = 2.2


def describe_acted(
    corpus: Corpus, variants: int = VARIANTS, seed: int = 0, progress: ProgressCallback | None = None
) -> Described:
    """Measure every clip of a corpus of acted emotion, and `variants` disturbed versions of it."""
    clean, changed = [], []
    listed = list(enumerate(corpus.recordings))
    for number, recording in track(listed, f"features of {corpus.name}", len(listed), progress):
        samples = recording.samples()
        clean.append(describe(analyse_frames(samples)))
        # A stream per clip: adding a clip changes no other's variants.
        generator = np.random.default_rng([seed, number])
        changed.append([describe(analyse_frames(variant)) for variant in disturbed(samples, variants, generator)])
    rows = corpus.recordings
    return Described(
        clean=np.array(clean),
        disturbed=np.array(changed).reshape(len(rows), variants, len(clean[0])),
        category=np.array([row.category for row in rows]),
        speaker=np.array([f"{corpus.name}/{row.speaker}" for row in rows]),
        rating=np.array([row.rated or expected_rating(row.category, row.strength, row.recognised) for row in rows]),
        coarse=coarse_features(),
    )


def mean_voices(corpus: Corpus, progress: ProgressCallback | None = None) -> Float[np.ndarray, "speakers features"]:
    """Mean features of every reader, over stretches as long as an acted clip."""
    by_speaker: dict[str, list[np.ndarray]] = {}
    length = round(_READ_CUT_S * RATE_HZ)
    for recording in track(corpus.recordings, f"voices of {corpus.name}", len(corpus.recordings), progress):
        frames = analyse_frames(recording.samples())
        for first in range(0, max(1, len(frames) - length + 1), length):
            by_speaker.setdefault(recording.speaker, []).append(describe(frames, first, first + length))
    return np.array([np.mean(parts, axis=0) for parts in by_speaker.values()])
