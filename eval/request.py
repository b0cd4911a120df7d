"""What a user asks an evaluation for."""

from pathlib import Path

import tyro

from espressivo.inputmodel import InputModel


class EvaluationRequest(InputModel):
    """What is evaluated, against what."""

    paths: tyro.conf.Positional[tuple[Path, ...]]
    """Takes, videos, motions, MIDI files, or folders of them; a folder of clips is one system."""
    compare: bool = False
    """Hold the systems against each other, clip by clip; the first is what the others are compared with."""
    real: Path | None = None
    """Folder of real clips, named like the clips of the systems."""
    evaluators: Path | None = None
    """Folder with evaluators that cannot ship (syncnet_v2.model, pt_inception-2015-12-05, ...)."""
    trust_programs: bool = False
    """Also run evaluators that are programs (i3d_torchscript.pt, for FVD): they may do whatever you may, so only with
    files whose origin you trust."""
    sliders: tuple[str, ...] = ()
    """Also move every slider of these generators and measure what follows."""
