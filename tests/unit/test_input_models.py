"""What models say of values from outside that do not fit."""

import pytest

from espressivo.errors import InputError
from espressivo.performance import PerformanceRequest


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"fps": "many"}, "fps 'many' cannot be used: input should be a valid number"),
        ({"controls": {"head": 7}}, "head 7 cannot be used: input should be less than or equal to 2"),
        ({"speaking": []}, r"LipControls \[\] cannot be used: input should be a valid dictionary"),
        ({"colour": 1}, "colour 1 cannot be used: extra inputs are not permitted"),
    ],
)
def test_one_sentence_names_what_does_not_fit(values: dict, said: str) -> None:
    with pytest.raises(InputError, match=f"^{said}"):
        PerformanceRequest.model_validate({"speech": "line.wav"} | values)
