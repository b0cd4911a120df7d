"""What models say of values from outside that do not fit."""

import numpy as np
import pytest

from espressivo.conditioning.speech import Speech
from espressivo.errors import InputError
from espressivo.generators.portrait.request import PortraitRequest
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


def test_a_branch_of_a_union_is_not_named() -> None:
    line = {"speech": Speech(np.zeros(1600)), "portrait": "ada.jpg"}
    with pytest.raises(InputError, match=r"^emotion \{'joy': 1\} cannot be used: input should be an instance of"):
        PortraitRequest.model_validate(line | {"emotion": {"joy": 1}})
