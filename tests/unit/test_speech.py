import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from espressivo.conditioning.speech import ARPABET, SILENCE, Phone, Speech, fill_gaps, read_phones
from espressivo.errors import InputError

SECOND = np.zeros(16_000, np.float32)
TIMES = st.floats(0, 3, allow_nan=False)


def test_samples_cannot_be_changed() -> None:
    speech = Speech(SECOND)
    with pytest.raises(ValueError):
        speech.samples[0] = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        speech.transcript = "no"  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros((2, 4)), np.array([np.nan]), np.array([1.5])])
def test_what_is_no_sound_is_refused(samples: np.ndarray) -> None:
    with pytest.raises(ValueError):
        Speech(samples)


def test_phones_must_cover_the_line_without_gap() -> None:
    good = [Phone(SILENCE, 0.0, 0.4), Phone("AA", 0.4, 1.0)]
    assert Speech(SECOND).with_phones(good, "given").phones == tuple(good)
    for bad in ([good[1]], [good[0]], [good[0], Phone("AA", 0.5, 1.0)], list(reversed(good))):
        with pytest.raises(ValueError, match="phones"):
            Speech(SECOND).with_phones(bad, "given")


@given(st.lists(st.tuples(st.sampled_from([*ARPABET, SILENCE]), TIMES, st.floats(0.01, 1)), max_size=12))
def test_filled_phones_always_cover(rows: list[tuple[str, float, float]]) -> None:
    phones = fill_gaps([(label, start_s, start_s + length_s) for label, start_s, length_s in rows], 1.0)
    speech = Speech(SECOND).with_phones(phones, "given")
    assert speech.phones is not None
    assert not any(a.label == b.label == SILENCE for a, b in zip(speech.phones, speech.phones[1:], strict=False))


def test_phone_file(tmp_path: Path) -> None:
    file = tmp_path / "phones.json"
    file.write_text(json.dumps({"phones": [["ah0", 0.2, 0.5]]}))
    assert [phone.label for phone in read_phones(file, 1.0)] == [SILENCE, "AH", SILENCE]
    for content in ("nonsense", "[[1, 2]]", '[["QQ", 0, 1]]', '[["AA", 1, 0]]', '{"a": 1}', "7"):
        file.write_text(content)
        with pytest.raises(InputError, match="does not hold phone times"):
            read_phones(file, 1.0)
