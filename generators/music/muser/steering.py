"""Holds a piece to its key, to the habits of its mood and to its own rhythm while it is written.

What each quadrant has more of leans every draw (`counting.leans_of`). Such leans feed on themselves: what was drawn
low is continued, and led lower still. So what is written is compared with plain measures of real music (`habits`), and
draws are pulled back as soon as it strays. Rhythms of pop piano return from bar to bar, and those of a small network
do not by themselves: places at which the bar before had notes are preferred.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int

from espressivo.generators.music.moods import Mood
from espressivo.generators.music.muser.dictionary import Dictionary
from espressivo.generators.music.muser.elements import COLUMN
from espressivo.generators.music.muser.grammar import POSITIONS, Grammar
from espressivo.generators.music.muser.habits import USUAL, Habits, wanted
from espressivo.generators.music.muser.manners import CODES
from espressivo.generators.music.muser.meanings import BAR, NOTE, POSITION, CodePlace, Kinds
from espressivo.generators.music.muser.pretrained import Leans

Scale = Callable[[Mood], frozenset[int]]
"""Pitch classes of a mood's key."""
_STRICT = 12.0
"""What strictness 1 takes from the logits of pitches out of the key: as good as all."""
_RETURNING = 2.0
"""Logits of places that had notes in the bar before (this and all that follow are estimates)."""
_PER_POSITION, _PER_MISS, _PER_NOTE = 0.8, 2.0, 5.0
"""Logits of a bar line for each position that is too many, and for each by which bars were too long of late; and of
one more note for each that positions lacked."""
_PER_RISE, _LEAST_STEP = 0.25, 3.0
"""Logits that codes lose for each semitone that is not so far below the note before: chords are written downwards."""
_PULLS = {"duration": (14.0, 6.0), "pitch": (0.025, 0.3), "velocity": (0.02, 0.2)}
"""Logits per unit (logarithms of lengths, semitones, velocities) for each unit by which the newest notes are off, and
at most."""
_WIDTHS = {"pitch": 15.0, "velocity": 24.0}
"""Of the bell in which notes are held besides, in which pulls do not swing: little wider than clips are."""
_BARS, _ONSETS, _NOTES = 4.0, 12.0, 24.0
"""So many of the newest count."""
_RESTRUCK = 1.15
"""What is written in excess of what sounds: the network strikes keys that sound more often than pianists do."""
_LEAST_DENSITY = 0.05
_STEP, _SHORTEST = 120, 60
_MIDDLE = 43, 78
"""Pitches of which real music has enough in every quadrant to tell classes apart."""


@dataclass
class Course:
    """What the newest music was like; at first, like all music. Changed in place: each draft needs a copy."""

    missed: float = 0.0
    """Positions by which bars were too long."""
    notes_per_onset: float = USUAL.notes_per_onset
    steps: float = 4.0
    """Mean length of notes, in sixteenths."""
    planned_pitch: float = USUAL.pitch
    """Of codes."""
    pitch: float = USUAL.pitch
    velocity: float = USUAL.velocity


class Steering:
    """What is added to logits, after what was written."""

    def __init__(
        self,
        dictionary: Dictionary,
        course: Course,
        own: Float[np.ndarray, "5"] | None,
        scale: Scale,
        strictness: float,
        pitches: Float[np.ndarray, "codes"],
    ) -> None:
        """Take what a piece is held to.

        Args:
            dictionary: of the words.
            course: of what was written; it is told what is written from now on.
            own: how the piece differs from others (`habits.drawn`); None leaves the model to its own habits.
            scale: of the key that the model writes a mood in.
            strictness: of the key, 0..1.
            pitches: that codes of notes stand for.
        """
        self._pitches = pitches
        self._course, self._own, self._scale, self._strictness = course, own, scale, strictness
        self._grammar = Grammar(dictionary)
        self._numbers = {name: dictionary.numbers(name) for name in ("bar-beat", "pitch", "velocity")}
        self._steps = np.maximum(dictionary.numbers("duration"), _SHORTEST) / _STEP
        self._values = {**self._numbers, "duration": np.log(self._steps)}
        self._density = self._above = 0.0
        self._here: set[int] = set()
        self._before: set[int] = set()
        self._known: dict[Mood, Habits] = {}

    def of_codes(self, mood: Mood, bar_s: float, place: CodePlace, kinds: Kinds) -> Float[np.ndarray, "codes"] | float:
        """Return what is added to codes of some kinds, at a place in a bar that is so long."""
        if self._own is None:
            return 0.0
        habits, leans = self._habits(mood, self._own), np.zeros(4)
        over = place.positions + 0.5 - _positions(habits, bar_s)
        leans[BAR] = _PER_POSITION * over + _PER_MISS * self._course.missed
        leans[POSITION] = -_PER_POSITION * over
        leans[NOTE] = _PER_NOTE * (habits.notes_per_onset - self._course.notes_per_onset)
        pull = _pull("pitch", habits.pitch - self._course.planned_pitch, habits.pitch, self._pitches)
        if place.notes:
            pull = pull - _PER_RISE * np.maximum(0.0, self._pitches + _LEAST_STEP - self._above)
        return leans[kinds] + np.where(kinds == NOTE, pull, 0.0)

    def pass_code(self, mood: Mood, bar_s: float, place: CodePlace, code: int, kind: int) -> None:
        """Count a code of some kind that was written at a place."""
        if self._own is None:
            return
        if kind == NOTE:
            self._above = float(self._pitches[code])
            self._course.planned_pitch += (float(self._pitches[code]) - self._course.planned_pitch) / _NOTES
        if kind != NOTE and place.notes:
            self._course.notes_per_onset += (place.notes - self._course.notes_per_onset) / _ONSETS
        if kind == BAR and place.positions:
            missed = place.positions - _positions(self._habits(mood, self._own), bar_s)
            self._course.missed += (missed - self._course.missed) / _BARS

    def expect(self, kinds: Kinds) -> None:
        """Take what all codes stand for whose words are to be written: how long notes are decides how many sound."""
        steps = POSITIONS * np.count_nonzero(kinds == BAR)
        self._density = max(_LEAST_DENSITY, np.count_nonzero(kinds == NOTE) / max(1, steps))

    def of_element(self, name: str, mood: Mood) -> Float[np.ndarray, "classes"] | float:
        """Return what is added to the classes of an element."""
        added = self._out_of_key(mood) if name == "pitch" else 0.0
        if self._own is None:
            return added
        if name == "bar-beat":
            return _RETURNING * np.isin(self._numbers[name], list(self._before))
        return added + self._pulled(name, self._habits(mood, self._own)) if name in _PULLS else added

    def pass_word(self, word: Int[np.ndarray, "8"], *, is_new: bool = True) -> None:
        """Count a word; of those that were there only rhythm counts, the rest is in the course."""
        if self._grammar.begins_bar(word):
            self._before, self._here = self._here, set()
        elif word[COLUMN["type"]] == self._grammar.metrical:
            self._here.add(self._grammar.position(word))
        elif is_new:
            course = self._course
            pitch, velocity = (int(self._numbers[name][word[COLUMN[name]]]) for name in ("pitch", "velocity"))
            course.pitch += (pitch - course.pitch) / _NOTES
            course.velocity += (velocity - course.velocity) / _NOTES
            course.steps += (float(self._steps[word[COLUMN["duration"]]]) - course.steps) / _NOTES

    def _out_of_key(self, mood: Mood) -> Float[np.ndarray, "classes"]:
        outside = ~np.isin(self._numbers["pitch"] % 12, list(self._scale(mood)))
        return np.where(outside, -_STRICT * self._strictness, 0.0)

    def _pulled(self, name: str, habits: Habits) -> Float[np.ndarray, "classes"]:
        course, middle = self._course, float(getattr(habits, name, 0.0))
        off = {
            "duration": np.log(_RESTRUCK * habits.sounding / self._density / course.steps) if self._density else 0.0,
            "pitch": habits.pitch - course.pitch,
            "velocity": habits.velocity - course.velocity,
        }[name]
        return _pull(name, off, middle, self._values[name])

    def _habits(self, mood: Mood, own: Float[np.ndarray, "5"]) -> Habits:
        if mood not in self._known:
            self._known[mood] = wanted(mood, own)
        return self._known[mood]


def without_steered(leans: Leans, dictionary: Dictionary) -> Leans:
    """Return leans of quadrants without what habits hold: no codes, lengths and loudness, of pitches their classes."""
    kept = {name: lean for name, lean in leans.items() if name not in (CODES, "velocity", "duration")}
    if "pitch" in kept:
        pitch = dictionary.numbers("pitch")
        low, high = _MIDDLE
        middle = (pitch >= low) & (pitch <= high)
        classes = [kept["pitch"][:, middle & (pitch % 12 == each)].mean(dim=1) for each in range(12)]
        of_class = torch.stack(classes, dim=1)
        kept["pitch"] = (of_class - of_class.mean(dim=1, keepdim=True))[:, pitch % 12]
    return kept


def _pull(
    name: str, off: float, middle: float, values: Float[np.ndarray, "n"] | Int[np.ndarray, "n"]
) -> Float[np.ndarray, "n"]:
    per_unit, most = _PULLS[name]
    pull = np.clip(per_unit * off, -most, most) * values
    return pull - 0.5 * ((values - middle) / _WIDTHS[name]) ** 2 if name in _WIDTHS else pull


def _positions(habits: Habits, bar_s: float) -> float:
    return float(np.clip(habits.onsets_per_s * bar_s, 1.0, POSITIONS - 0.5))
