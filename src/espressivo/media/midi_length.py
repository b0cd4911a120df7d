"""Where a MIDI file ends: what symusic, which reads all else, does not tell."""

import struct

_META, _SYSEX = 0xFF, (0xF0, 0xF7)
_DATA_BYTES = {0xC: 1, 0xD: 1}
"""Of channel messages, by the high half of their status; all others have two."""


def last_tick(midi: bytes) -> int | None:
    """Return the tick of the last event of any track, its end included; None for a file that is not whole."""
    place, latest = 0, None
    try:
        while place + 8 <= len(midi):
            kind, length = struct.unpack_from(">4sI", midi, place)
            place += 8
            if kind == b"MTrk":
                latest = max(latest or 0, _ticks(midi[place : place + length]))
            place += length
    except IndexError:
        return None
    return latest


def _ticks(track: bytes) -> int:
    """Add up the delta times of a track."""
    place, tick, status = 0, 0, 0
    while place < len(track):
        delta, place = _variable(track, place)
        tick += delta
        if track[place] & 0x80:
            status = track[place]
            place += 1
        if status == _META:
            length, place = _variable(track, place + 1)
            place += length
        elif status in _SYSEX:
            length, place = _variable(track, place)
            place += length
        else:
            place += _DATA_BYTES.get(status >> 4, 2)
    return tick


def _variable(track: bytes, place: int) -> tuple[int, int]:
    """Read a number of variable length; return it and where it ends."""
    value = 0
    while True:
        byte = track[place]
        place += 1
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            return value, place
