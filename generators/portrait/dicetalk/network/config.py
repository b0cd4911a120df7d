"""Sizes of DICE-Talk's conditioning networks; the defaults are those of the released checkpoints."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ProjectorSize:
    """From a vector to tokens that the diffusion model attends to."""

    inputs: int
    hidden: int = 1024
    width: int = 1024
    tokens: int = 32


@dataclass(frozen=True)
class AudioSize:
    """Windows of Whisper's hidden states."""

    steps: int = 10
    layers: int = 5
    channels: int = 384
    hidden: int = 1024
    width: int = 1024
    tokens: int = 32

    @property
    def projector(self) -> ProjectorSize:
        """Of a flattened window."""
        return ProjectorSize(self.steps * self.layers * self.channels, self.hidden, self.width, self.tokens)


@dataclass(frozen=True)
class EmotionSize:
    """The emotion model."""

    inputs: int = 256
    """Of the mean of an emotion's Gaussian."""
    width: int = 1024
    tokens: int = 32
    bank: int = 64
    heads: int = 8
    classifier: tuple[int, ...] = (1280, 512, 256, 22)
    """From a feature of the diffusion model to seven emotions at three levels, and neutral (an estimate of what the 22
    stand for)."""


@dataclass(frozen=True)
class PoseSize:
    """The pose guider."""

    widths: tuple[int, ...] = (16, 32, 96, 256)
    outputs: int = 320
