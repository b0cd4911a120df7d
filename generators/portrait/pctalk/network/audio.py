"""The audio-visual encoder: what is heard around a frame becomes a feature (Wav2Lip's audio encoder)."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

_LAYERS: tuple[tuple[int, int, int, int | tuple[int, int], int], ...] = (
    *((1, 32, 3, 1, 1), (32, 32, 3, 1, 1), (32, 32, 3, 1, 1)),
    *((32, 64, 3, (3, 1), 1), (64, 64, 3, 1, 1), (64, 64, 3, 1, 1)),
    *((64, 128, 3, 3, 1), (128, 128, 3, 1, 1), (128, 128, 3, 1, 1)),
    *((128, 256, 3, (3, 2), 1), (256, 256, 3, 1, 1)),
    *((256, 512, 3, 1, 0), (512, 512, 1, 1, 0)),
)
"""Channels in and out, side of the kernel, stride, padding."""


class AudioVisualEncoder(nn.Module):
    """Convolutions over bands and time; layers that keep the size add what came in."""

    def __init__(self) -> None:
        super().__init__()
        self.audio_encoder = nn.Sequential(*(_Block(*layer) for layer in _LAYERS))

    def forward(self, windows: Float[Tensor, "frames 1 80 16"]) -> Float[Tensor, "frames 512"]:
        """Return a feature per window of the spectrogram."""
        return self.audio_encoder(windows).flatten(1)


class _Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int | tuple[int, int], padding: int) -> None:
        super().__init__()
        convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding)
        self.conv_block = nn.Sequential(convolution, nn.BatchNorm2d(outputs))
        self._adds = inputs == outputs and padding > 0

    def forward(self, x: Float[Tensor, "n i h w"]) -> Float[Tensor, "n o h w"]:
        changed = self.conv_block(x)
        return functional.relu(changed + x if self._adds else changed)
