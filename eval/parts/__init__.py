"""How each part of a clip is measured: its video, its face motion, its body motion, its music."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from espressivo.eval.parts.measurer import Measurer
from espressivo.eval.subjects import Part


def _video(evaluators: Path | None) -> Measurer[Any]:
    from espressivo.eval.parts.video import VideoMeasurer

    return VideoMeasurer(evaluators)


def _motion(evaluators: Path | None) -> Measurer[Any]:
    from espressivo.eval.parts.motion import MotionMeasurer

    return MotionMeasurer()


def _body(evaluators: Path | None) -> Measurer[Any]:
    from espressivo.eval.parts.body import BodyMeasurer

    return BodyMeasurer()


def _score(evaluators: Path | None) -> Measurer[Any]:
    from espressivo.eval.parts.score import ScoreMeasurer

    return ScoreMeasurer()


MEASURERS: Mapping[Part, Callable[[Path | None], Measurer[Any]]] = {
    "video": _video,
    "motion": _motion,
    "body": _body,
    "score": _score,
}
"""What measures each part, given the folder of brought evaluators; loaded where needed, since packages are large."""
