"""The phones that the network knows, and how far each opens the mouth."""

import numpy as np
from jaxtyping import Float, Int

from espressivo.conditioning.speech import SILENCE

PHONES = (
    SILENCE,
    *("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"),
    *("B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N", "NG", "P", "R", "S", "SH", "T", "TH", "V", "W"),
    *("Y", "Z", "ZH"),
)
INDEX = {phone: number for number, phone in enumerate(PHONES)}

# Opening of the mouth in [0, 1] at the start and at the end of a phone (diphthongs move): a design choice, ordered by
# vowel height as in the IPA chart; consonants by where the tongue or lips close.
_OPENING = {
    **dict.fromkeys(("SIL", "P", "B", "M"), (0.0, 0.0)),
    **dict.fromkeys(("F", "V", "S", "Z"), (0.1, 0.1)),
    **dict.fromkeys(("TH", "DH", "T", "D", "N", "L", "SH", "ZH", "CH", "JH"), (0.2, 0.2)),
    **dict.fromkeys(("K", "G", "NG", "R", "UH", "UW", "W"), (0.25, 0.25)),
    **dict.fromkeys(("IH", "IY", "Y"), (0.3, 0.3)),
    **dict.fromkeys(("AH", "EH"), (0.5, 0.5)),
    **dict.fromkeys(("AA", "AE"), (0.8, 0.8)),
    "AO": (0.55, 0.55),
    "HH": (0.4, 0.4),
    "ER": (0.5, 0.25),
    "EY": (0.5, 0.3),
    "AY": (0.8, 0.3),
    "AW": (0.8, 0.25),
    "OW": (0.55, 0.25),
    "OY": (0.55, 0.3),
}
_DIPHTHONG_TURN = 0.6


def phone_frames(
    phones: list[tuple[str, float, float]], frames: int, rate_hz: float
) -> tuple[Int[np.ndarray, " frames"], Float[np.ndarray, " frames"]]:
    """Return, at frames i / rate_hz, the index of the phone and the mouth opening it asks for.

    Args:
        phones: label, start and end in seconds, in order.
        frames: how many frames; those outside all phones are silence.
        rate_hz: frames per second.
    """
    index = np.zeros(frames, dtype=np.int64)
    opening = np.zeros(frames, dtype=np.float32)
    for label, start_s, end_s in phones:
        turn_s = start_s + _DIPHTHONG_TURN * (end_s - start_s)
        first, turn, last = (int(np.ceil(time_s * rate_hz - 1e-6)) for time_s in (start_s, turn_s, end_s))
        index[first:last] = INDEX[label]
        opening[first:turn], opening[turn:last] = _OPENING[label]
    return index, opening
