"""MusER's compound words: eight ids per token, sixteen positions per bar of four quarters (after Hsiao et al. 2021).

A piece is a token of its emotion, for each bar a token `Bar`, for each sixteenth where notes begin a token `Beat_k`
with tempo and chord, then its notes from high to low; a last `Bar` and the end.
"""

from dataclasses import dataclass
from itertools import groupby

import numpy as np
from jaxtyping import Int

from espressivo.errors import InputError
from espressivo.generators.music.muser.chords import NO_CHORD, chords_of
from espressivo.generators.music.muser.dictionary import Dictionary, reconstructed
from espressivo.generators.music.muser.elements import COLUMN, FIELDS
from espressivo.media.notes import Notes, Tempo, TimeSignature

TICKS_PER_QUARTER = 480
STEP = 120
"""Ticks of a position."""
BAR = 16 * STEP
QUADRANTS = (1, 2, 3, 4)
_LONGEST = BAR
_SOFTEST = 40
_SHORTEST_TICKS = 60
"""What a duration of 0 is played as."""

CompoundWords = Int[np.ndarray, "length 8"]


@dataclass(frozen=True, eq=False)
class Read:
    """A piece from compound words."""

    notes: Notes
    chords: tuple[tuple[int, str], ...]
    """Tick and name of each change of chord."""
    quadrant: int
    """1..4, or 0 where none was written."""
    malformed: int
    """Notes without pitch, duration or loudness: passed over."""


def tokenise(notes: Notes, quadrant: int, dictionary: Dictionary | None = None) -> CompoundWords:
    """Write a piece as compound words, from its first bar with notes on.

    Args:
        notes: the piece; its quarters should be musical beats (see `music.beats`). Drums are left out.
        quadrant: emotion 1..4 (Russell's quadrants, by arousal and valence ++, +-, --, -+).
        dictionary: by default the one that ships.

    Raises:
        InputError: the piece has no notes with a pitch that the dictionary knows.
        ValueError: there is no such quadrant.
    """
    if quadrant not in QUADRANTS:
        raise ValueError(f"There is no quadrant {quadrant}; they are 1 to 4.")
    return _Writer(dictionary or reconstructed()).written(notes.pitched, quadrant)


def spell(words: CompoundWords, dictionary: Dictionary | None = None, *, close_gaps: bool = False) -> Read:
    """Read compound words as a piece; what makes no sense is passed over. The first bar begins at tick 0.

    Args:
        words: the piece.
        dictionary: by default the one that ships.
        close_gaps: whether a note that begins a bar or more after the end of the one before, and all after it, are
            moved ahead by as many whole bars: so the authors write what they generate.
    """
    dictionary = dictionary or reconstructed()
    value = {name: dictionary.numbers(name) for name in ("tempo", "bar-beat", "pitch", "duration", "velocity")}
    end, metrical, note = (dictionary.number("type", word) for word in ("EOS", "Metrical", "Note"))
    bar_id = dictionary.number("bar-beat", "Bar")
    bar, tick, quadrant, malformed = -1, 0, 0, 0
    rows: list[tuple[int, int, int, int]] = []
    tempi: dict[int, Tempo] = {}
    chords: list[tuple[int, str]] = []
    for word in words:
        tempo, chord, place, kind, pitch, duration, velocity, emotion = (int(number) for number in word)
        quadrant = quadrant or emotion
        if kind == end:
            break
        if kind == metrical and place == bar_id:
            bar += 1
            tick = bar * BAR
        elif kind == metrical and place and bar >= 0:
            tick = bar * BAR + int(value["bar-beat"][place]) * STEP
            if value["tempo"][tempo] > 0:
                tempi[tick] = Tempo(tick, float(value["tempo"][tempo]))
            name = dictionary.words[COLUMN["chord"]][chord]
            if chord and name != "CONTI":
                chords.append((tick, str(name)))
        elif kind == note:
            numbers = [
                int(value[name][number])
                for name, number in zip(("pitch", "duration", "velocity"), word[4:7], strict=True)
            ]
            if bar < 0 or min(pitch, duration, velocity) == 0:
                malformed += 1
                continue
            if close_gaps and rows and (empty := (tick - rows[-1][2]) // BAR) > 0:
                bar, tick = bar - empty, tick - empty * BAR
            rows.append((tick, numbers[0], tick + (numbers[1] or _SHORTEST_TICKS), numbers[2]))
    return Read(_notes(rows, tempi), tuple(chords), quadrant, malformed)


class _Writer:
    def __init__(self, dictionary: Dictionary) -> None:
        self._dictionary = dictionary
        self._tempi, self._pitches, self._velocities = (
            np.sort(numbers[numbers >= 0])
            for numbers in (dictionary.numbers(name) for name in ("tempo", "pitch", "velocity"))
        )

    def written(self, notes: Notes, quadrant: int) -> CompoundWords:
        known = np.isin(notes.pitch, self._pitches)
        if not known.any():
            raise InputError(
                f"The music holds no notes between MIDI pitches {self._pitches[0]} and {self._pitches[-1]}; "
                "transpose it or give another piece."
            )
        notes = notes.where(known)
        scale = TICKS_PER_QUARTER / notes.ticks_per_quarter
        onset = np.rint(notes.start_tick * scale / STEP).astype(int) * STEP
        length = np.minimum((notes.end_tick - notes.start_tick) * scale, _LONGEST)
        length = np.rint(length / STEP).astype(int) * STEP
        first = int(onset.min()) // BAR * BAR
        onset -= first
        bars = int(onset.max()) // BAR + 1
        beats = bars * BAR // TICKS_PER_QUARTER
        chords = chords_of(notes.pitch, onset, onset + length, beats, TICKS_PER_QUARTER)
        rows = sorted(
            zip(onset.tolist(), (-notes.pitch).tolist(), length.tolist(), notes.velocity.tolist(), strict=True)
        )
        by_bar = {number: list(group) for number, group in groupby(rows, key=lambda row: row[0] // BAR)}
        tokens = [self._word(type="Emotion", emotion=quadrant)]
        tempo, chord = "", ""
        for bar in range(bars):
            tokens.append(self._word(type="Metrical", bar_beat="Bar"))
            for tick, here in groupby(by_bar.get(bar, []), key=lambda row: row[0]):
                before, tempo = tempo, self._tempo(notes, (tick + first) / scale)
                earlier, chord = chord, self._chord(chords[tick // TICKS_PER_QUARTER])
                tokens.append(
                    self._word(
                        type="Metrical",
                        bar_beat=f"Beat_{tick % BAR // STEP}",
                        tempo="CONTI" if tempo == before else tempo,
                        chord="CONTI" if chord == earlier else chord,
                    )
                )
                tokens += [
                    self._word(
                        type="Note",
                        pitch=f"Note_Pitch_{-pitch}",
                        duration=f"Note_Duration_{duration}",
                        velocity=f"Note_Velocity_{_nearest(self._velocities, max(_SOFTEST, velocity))}",
                    )
                    for _, pitch, duration, velocity in here
                ]
        tokens += [self._word(type="Metrical", bar_beat="Bar"), self._word(type="EOS")]
        return np.array(tokens)

    def _tempo(self, notes: Notes, tick: float) -> str:
        reached = [tempo.bpm for tempo in notes.tempi if tempo.tick <= tick + 1e-6]
        return f"Tempo_{_nearest(self._tempi, reached[-1])}"

    def _chord(self, name: str) -> str:
        return name if name in self._dictionary.ids[COLUMN["chord"]] else NO_CHORD

    def _word(self, **fields: int | str) -> list[int]:
        named = {name.replace("_", "-"): word for name, word in fields.items()}
        return [
            self._dictionary.number(field.name, named[field.name]) if field.name in named else 0 for field in FIELDS
        ]


def _nearest(values: Int[np.ndarray, "n"], value: float) -> int:
    """Return the nearest of rising values, the lower one of two."""
    return int(values[np.abs(values - value).argmin()])


def _notes(rows: list[tuple[int, int, int, int]], tempi: dict[int, Tempo]) -> Notes:
    start, pitch, end, velocity = np.array(sorted(rows), int).reshape(-1, 4).T
    first = min(tempi.values(), key=lambda tempo: tempo.tick, default=Tempo(0, 120.0))
    return Notes(
        pitch=pitch,
        velocity=velocity,
        start_tick=start,
        end_tick=end,
        track=np.zeros(len(rows), int),
        is_drum=np.zeros(len(rows), bool),
        ticks_per_quarter=TICKS_PER_QUARTER,
        # The first tempo holds from the beginning on.
        tempi=tuple(tempo for _, tempo in sorted({**tempi, 0: Tempo(0, first.bpm)}.items())),
        metres=(TimeSignature(0, 4, 4),),
    )
