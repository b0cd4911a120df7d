"""How each part of a clip is measured: its video, its face motion, its body motion, its music."""

from collections.abc import Callable, Mapping
from typing import Any

from espressivo.eval.parts.measurer import Measurer
from espressivo.eval.subjects import Part


def _video() -> Measurer[Any]:
    from espressivo.eval.parts.video import VideoMeasurer

    return VideoMeasurer()


def _motion() -> Measurer[Any]:
    from espressivo.eval.parts.motion import MotionMeasurer

    return MotionMeasurer()


def _body() -> Measurer[Any]:
    from espressivo.eval.parts.body import BodyMeasurer

    return BodyMeasurer()


def _score() -> Measurer[Any]:
    from espressivo.eval.parts.score import ScoreMeasurer

    return ScoreMeasurer()


MEASURERS: Mapping[Part, Callable[[], Measurer[Any]]] = {
    "video": _video,
    "motion": _motion,
    "body": _body,
    "score": _score,
}
"""What measures each part; loaded when a clip has it, since some need large packages."""
