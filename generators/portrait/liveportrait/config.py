"""Sizes of LivePortrait's networks; the defaults are those of the released checkpoints."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class AppearanceSize:
    """The appearance feature extractor F."""

    block_expansion: int = 64
    """Channels after the first convolution; every halving of the picture doubles them, up to `max_features`."""
    num_down_blocks: int = 2
    max_features: int = 512
    """Has to equal `reshape_channel` x `reshape_depth`."""
    reshape_channel: int = 32
    reshape_depth: int = 16
    num_resblocks: int = 6


@dataclass(frozen=True)
class MotionSize:
    """The motion extractor M, a ConvNeXt V2."""

    num_kp: int = 21
    depths: tuple[int, ...] = (3, 3, 9, 3)
    widths: tuple[int, ...] = (96, 192, 384, 768)
    num_bins: int = 66
    """Bins of 3 degrees that each angle of the head is read from."""


@dataclass(frozen=True)
class DenseMotionSize:
    """The part of W that says for every place of the volume where it comes from."""

    block_expansion: int = 32
    max_features: int = 1024
    num_blocks: int = 5
    reshape_depth: int = 16
    compress: int = 4


@dataclass(frozen=True)
class WarpingSize:
    """The warping module W."""

    num_kp: int = 21
    block_expansion: int = 64
    max_features: int = 512
    num_down_blocks: int = 2
    reshape_channel: int = 32
    dense_motion: DenseMotionSize = DenseMotionSize()

    @property
    def width(self) -> int:
        """Channels of the warped feature."""
        return min(self.max_features, self.block_expansion * 2**self.num_down_blocks)


@dataclass(frozen=True)
class GeneratorSize:
    """The generator G."""

    upscale: int = 2
    """How many times larger than F's input the picture is."""
    block_expansion: int = 64
    max_features: int = 512
    num_down_blocks: int = 2
    out_channels: int = 64
    """Channels of the feature that the last convolution draws."""

    @property
    def width(self) -> int:
        """Channels of the warped feature."""
        return min(self.max_features, self.block_expansion * 2**self.num_down_blocks)


@dataclass(frozen=True)
class RetargetingSize:
    """One of the three small networks that mend keypoints."""

    input_size: int
    hidden_sizes: tuple[int, ...]
    output_size: int


def _stitching() -> RetargetingSize:
    return RetargetingSize(126, (128, 128, 64), 65)


def _lip() -> RetargetingSize:
    return RetargetingSize(65, (128, 128, 64), 63)


def _eye() -> RetargetingSize:
    return RetargetingSize(66, (256, 256, 128, 128, 64), 63)


@dataclass(frozen=True)
class LivePortraitSize:
    """All seven networks."""

    appearance: AppearanceSize = AppearanceSize()
    motion: MotionSize = MotionSize()
    warping: WarpingSize = WarpingSize()
    generator: GeneratorSize = GeneratorSize()
    stitching: RetargetingSize = field(default_factory=_stitching)
    lip: RetargetingSize = field(default_factory=_lip)
    eye: RetargetingSize = field(default_factory=_eye)
