"""The 342 events of Music FaderNets: notes on and off, time, loudness (Tan and Herremans 2020, section 4.1).

Ids: 0 padding, 1 end, then pitches 21..108 on, the same off, time shifts of 1 to 100 hundredths of a second, 64 levels
of loudness. Here music is first put on sixteenths, `UNITS` of time to each (a tempo of 150), so that what the model
knows is rhythm, and tempo is none of its business.
"""

import numpy as np
from jaxtyping import Int

PAD, END = 0, 1
LOWEST, HIGHEST = 21, 108
ON, OFF, SHIFT, VELOCITY = 2, 90, 178, 278
"""First id of each kind: of the lowest pitch, of the shift by 1, of the softest level."""
LONGEST_SHIFT = 100
START = 341
"""What the decoder is told came before the first event."""
EVENTS = 342
UNITS = 10
"""Time steps of a sixteenth."""
STEPS = 16
"""Sixteenths of a segment: four beats."""
MOST_EVENTS = 100
"""Of a segment, the end included."""

Grid = Int[np.ndarray, "notes 4"]
"""Notes on sixteenths: first one, one after the last, pitch, velocity."""


def level_of(velocity: int) -> int:
    """Return the level of loudness, 1..64, of a velocity 1..127."""
    return (velocity - 1) // 2 + 1


def velocity_of(level: int) -> int:
    """Return the velocity of a level, within 1 of every velocity that has this level."""
    return 1 + 2 * (level - 1)


def shifts(units: int) -> list[int]:
    """Return the events that let so many time steps pass."""
    whole, rest = divmod(units, LONGEST_SHIFT)
    return [SHIFT + LONGEST_SHIFT - 1] * whole + ([SHIFT + rest - 1] if rest else [])


def spell(grid: Grid) -> list[int]:
    """Write the notes of a segment as events, the end last.

    At each time, notes end in the order in which they began and then begin from low to high; a level of loudness is
    told when it changes.
    """
    order = np.lexsort((grid[:, 2], grid[:, 0]))
    moments = [(int(end), 0, int(number), 0, 0) for number, end in zip(order, grid[order, 1], strict=True)]
    rank = {int(number): place for place, number in enumerate(order)}
    moments = [(end, 0, rank[number], int(grid[number, 2]), 0) for end, _, number, _, _ in moments]
    moments += [
        (int(grid[number, 0]), 1, place, int(grid[number, 2]), level_of(int(grid[number, 3])))
        for place, number in enumerate(order)
    ]
    events: list[int] = []
    now, level = 0, 0
    for time, begins, _, pitch, new_level in sorted(moments):
        events += shifts((time - now) * UNITS)
        now = time
        if begins and new_level != level:
            events.append(VELOCITY + new_level - 1)
            level = new_level
        events.append((ON if begins else OFF) + pitch - LOWEST)
    return [*events, END]


def read(events: list[int]) -> Grid:
    """Return the notes of events that any model wrote, up to the end: on sixteenths, within one segment.

    What makes no sense does not sound: a note that ends without having begun, time after the last sixteenth.
    """
    sounding: dict[int, tuple[int, int]] = {}
    found: list[tuple[int, int, int, int]] = []
    time, velocity = 0, 64

    def end(pitch: int, step: int) -> None:
        begin, loud = sounding.pop(pitch)
        if step > begin:
            found.append((begin, step, pitch, loud))

    for event in events:
        step = min(STEPS, round(time / UNITS))
        if event == END:
            break
        if ON <= event < OFF:
            pitch = event - ON + LOWEST
            if pitch in sounding:
                end(pitch, step)
            if step < STEPS:
                sounding[pitch] = (step, velocity)
        elif OFF <= event < SHIFT:
            if event - OFF + LOWEST in sounding:
                end(event - OFF + LOWEST, step)
        elif SHIFT <= event < VELOCITY:
            time += event - SHIFT + 1
        elif event >= VELOCITY:
            velocity = velocity_of(event - VELOCITY + 1)
    for pitch in list(sounding):
        end(pitch, STEPS)
    return np.array(sorted(found), dtype=np.int64).reshape(-1, 4)
