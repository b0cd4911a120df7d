"""What training and measuring look at: features of recordings in one form for voices, faces, texts and music."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import numpy as np
from jaxtyping import Bool, Float, Int

from espressivo.conditioning.bank.features import read_sentences
from espressivo.conditioning.music_emotion.corpora import read_clips, read_pieces
from espressivo.conditioning.music_emotion.listening import listen
from espressivo.conditioning.text_emotion.corpora import balanced, read_emobank, read_goemotions
from espressivo.conditioning.text_emotion.labels import label_weights
from espressivo.conditioning.text_emotion.recogniser import GAIN, NEUTRAL_RATING
from espressivo.conditioning.vocabulary import CATEGORIES
from espressivo.conditioning.voice_emotion.corpus import read_corpus
from espressivo.conditioning.voice_emotion.features import describe
from espressivo.conditioning.voice_emotion.frames import analyse_frames
from espressivo.conditioning.voice_emotion.priors import NEUTRAL, expected_rating
from espressivo.errors import InputError
from espressivo.progress import ProgressCallback, track

Modality = Literal["speech", "face", "text", "music"]
FOLDS = 4
UNKNOWN = -1

_RATED_SHARE = 0.65  # acted voices are rated this far out of where their words lie (`priors`)
_TURNED_RAD = 0.45
_PER_LABEL = 150
_CLEAR = 0.6
_WHOLE_S = 1e9  # no windows


@dataclass(frozen=True, eq=False)
class Table:
    """Recordings of one modality."""

    modality: Modality
    features: Float[np.ndarray, "rows features"]
    category: Int[np.ndarray, "rows"]
    """Index into `CATEGORIES`, `UNKNOWN` where nobody said."""
    vad: Float[np.ndarray, "rows 3"]
    """On the scale of `vocabulary.MEANS`, neutral at 0; NaN on axes nobody rated."""
    quadrant: Int[np.ndarray, "rows"]
    """Row of `music_emotion.corpora.SIGNS`, `UNKNOWN` where nobody said."""
    group: np.ndarray
    """Speaker, song, or nothing: rows of one group are alike for other reasons than emotion."""
    fold: Int[np.ndarray, "rows"]
    """0..`FOLDS`-1; a group lies in one."""

    def __len__(self) -> int:
        return len(self.features)

    def where(self, rows: Bool[np.ndarray, "rows"]) -> "Table":
        """Return some of the rows."""
        parts = (self.features, self.category, self.vad, self.quadrant, self.group, self.fold)
        return Table(self.modality, *(part[rows] for part in parts))

    def split(self, fold: int | None) -> tuple["Table", "Table"]:
        """Return the rows outside and inside of a fold; all are outside of None."""
        inside = self.fold == fold if fold is not None else np.zeros(len(self), bool)
        return self.where(~inside), self.where(inside)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            names = ("features", "category", "vad", "quadrant", "group", "fold")
            return cls(str(stored["modality"]), *(stored[name] for name in names))  # pyright: ignore[reportArgumentType]

    def write(self, path: Path) -> None:
        """Store the table, so that a second training need not listen again."""
        np.savez_compressed(path, **vars(self))


def speech_table(folder: Path, progress: ProgressCallback | None = None) -> Table:
    """Describe acted speech in the form of EMO-DB (see `voice_emotion.corpus`); folds by speaker."""
    corpus = read_corpus(folder)
    rows = corpus.recordings
    listed = track(rows, f"features of {corpus.name}", len(rows), progress)
    speakers = sorted({row.speaker for row in rows})
    rated = np.array([expected_rating(row.category, row.strength, row.recognised) for row in rows])
    return Table(
        "speech",
        np.nan_to_num(np.array([describe(analyse_frames(row.samples())) for row in listed])).astype(np.float32),
        np.array([CATEGORIES.index(row.category) for row in rows]),
        np.clip((rated - NEUTRAL) / _RATED_SHARE, -1, 1),
        np.full(len(rows), UNKNOWN),
        np.array([row.speaker for row in rows]),
        np.array([speakers.index(row.speaker) % FOLDS for row in rows]),
    )


def face_table(folder: Path) -> Table:
    """Read ARKit weights of labelled still faces (`arkit_scores.npz`), those that look ahead; folds as they come.

    Raises:
        InputError: the file is not there or not of that form.
    """
    try:
        with np.load(folder / "arkit_scores.npz", allow_pickle=False) as stored:
            ahead = (np.abs(stored["pose_rad"].astype(float)) < _TURNED_RAD).all(axis=1)
            scores = stored["scores_u8"][ahead].astype(np.float32) / 255.0
            names = stored["classes"][stored["label"][ahead]]
            fold = stored["fold"][ahead] % FOLDS
    except (OSError, KeyError, ValueError) as error:
        raise InputError(f"{folder} holds no table of faces ({error}); it needs arkit_scores.npz.") from error
    count = len(scores)
    category = np.array([CATEGORIES.index(str(name)) for name in names])
    nobody = np.full(count, "")
    return Table(
        "face", scores, category, np.full((count, 3), np.nan), np.full(count, UNKNOWN), nobody, fold.astype(int)
    )


def text_table(emobank: Path, goemotions: Path, seed: int = 0) -> Table:
    """Read texts the text recogniser was not trained on: the development parts of EmoBank and GoEmotions.

    Of GoEmotions those comments that clearly are of one category, at most some of each label.
    """
    rated = read_emobank(emobank, "dev")
    labelled = balanced(read_goemotions(goemotions / "dev.tsv"), _PER_LABEL, np.random.default_rng(seed))
    shares = labelled.targets @ label_weights()
    clear = np.flatnonzero(shares.max(axis=1) >= _CLEAR)
    labelled, shares = labelled.take(clear.tolist()), shares[clear]
    texts = (*rated.texts, *labelled.texts)
    count = len(texts)
    vad = np.full((count, 3), np.nan)
    vad[: len(rated)] = np.clip(GAIN * (rated.targets - np.array(NEUTRAL_RATING)) / 2, -1, 1)
    category = np.concatenate([np.full(len(rated), UNKNOWN), shares.argmax(axis=1)])
    return Table(
        "text",
        read_sentences(texts),
        category,
        vad,
        np.full(count, UNKNOWN),
        np.full(count, ""),
        np.arange(count) % FOLDS,
    )


def music_table(folder: Path) -> Table:
    """Read EMOPIA's clips (quadrants) and VGMIDI's pieces (valence and arousal) as wholes; folds by song and game."""
    clips, pieces = read_clips(folder), read_pieces(folder)
    rows = len(clips) + len(pieces)
    vad = np.full((rows, 3), np.nan)
    curves = np.array([piece.mean_between(0.0, np.inf) for piece in pieces])
    vad[len(clips) :, :2] = curves - curves.mean(axis=0)  # how good listeners feel on the whole is a habit of theirs
    quadrant = np.array([clip.quadrant for clip in clips] + [UNKNOWN] * len(pieces))
    group = np.array([clip.song for clip in clips] + [piece.game for piece in pieces])
    features = np.array([listen(item.notes, _WHOLE_S).whole for item in (*clips, *pieces)], np.float32)
    return Table("music", features, np.full(rows, UNKNOWN), vad, quadrant, group, np.array([*map(_fold, group)]))


def _fold(name: str) -> int:
    return hashlib.sha256(name.encode()).digest()[0] % FOLDS
