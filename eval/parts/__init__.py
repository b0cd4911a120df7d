"""How each part of a clip is measured: its video, its face motion, its body motion, its music."""

from collections.abc import Callable, Mapping
from typing import Any

from espressivo.eval.parts.measurer import Measurer
from espressivo.eval.request import EvaluationRequest
from espressivo.eval.subjects import Part


def _video(request: EvaluationRequest) -> Measurer[Any]:
    from espressivo.eval.parts.video import VideoMeasurer

    return VideoMeasurer(request.evaluators, request.trust_programs)


def _motion(request: EvaluationRequest) -> Measurer[Any]:
    from espressivo.eval.parts.motion import MotionMeasurer

    return MotionMeasurer()


def _body(request: EvaluationRequest) -> Measurer[Any]:
    from espressivo.eval.parts.body import BodyMeasurer

    return BodyMeasurer()


def _score(request: EvaluationRequest) -> Measurer[Any]:
    from espressivo.eval.parts.score import ScoreMeasurer

    return ScoreMeasurer()


MEASURERS: Mapping[Part, Callable[[EvaluationRequest], Measurer[Any]]] = {
    "video": _video,
    "motion": _motion,
    "body": _body,
    "score": _score,
}
"""What measures each part, as a request asks; loaded where needed, since packages are large."""
