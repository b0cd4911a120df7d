"""The network: a convolutional stem, two stages of shifted-window attention, squeeze-and-excitation, seven logits.

Swin: Liu et al. 2021, "Swin Transformer: hierarchical vision transformer using shifted windows", section 3.
Squeeze-and-excitation: Hu et al. 2018, "Squeeze-and-excitation networks", section 3. The two together, with SAM, for
expressions: Vats and Chadha 2023, "Facial expression recognition using squeeze and excitation-powered Swin
transformers"; theirs begins from ImageNet weights at 224 pixels. This one is made for 48 pixels, 21,000 faces and one
core of a CPU: the stem is convolutional (Xiao et al. 2021, "Early convolutions help transformers see better"), because
so few faces do not teach attention what an edge is.
"""

import torch
from jaxtyping import Float, Int
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn
from torch.nn import functional

SIZE_PX = 48
LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""The classes of FER2013, in its order."""


class SwinShape(BaseModel):
    """The sizes of an `ExpressionSwin`; what `config.json` beside the weights holds.

    Attributes:
        stem: channels of the stem at 24 x 24.
        channels: channels of the stages at 12 x 12 and 6 x 6.
        blocks: transformer blocks of each stage; the odd ones are shifted where there is more than one window.
        heads: attention heads of each stage.
        window: side of an attention window, in tokens.
        mlp_ratio: width of the hidden layer of a block's perceptron over its channels.
        squeeze: channels over the width of the squeezed layer of an excitation gate.
        drop_path: chance that the last block's branches are left out of a training pass (earlier ones less).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    stem: int = 24
    channels: tuple[int, int] = (64, 128)
    blocks: tuple[int, int] = (2, 2)
    heads: tuple[int, int] = (4, 8)
    window: int = 6
    mlp_ratio: float = 2.0
    squeeze: int = 8
    drop_path: float = 0.1


class ExpressionSwin(nn.Module):
    """Faces in, logits of `LABELS` out."""

    def __init__(self, shape: SwinShape) -> None:
        super().__init__()
        first, second = shape.channels
        drops = torch.linspace(0.0, shape.drop_path, sum(shape.blocks)).tolist()
        self.stem = Stem(shape.stem, first)
        self.stage1 = Stage(shape, first, shape.blocks[0], shape.heads[0], SIZE_PX // 4, drops[: shape.blocks[0]])
        self.merge = PatchMerging(first, second)
        self.stage2 = Stage(shape, second, shape.blocks[1], shape.heads[1], SIZE_PX // 8, drops[shape.blocks[0] :])
        self.norm = nn.LayerNorm(second)
        self.head = nn.Linear(second, len(LABELS))

    def forward(self, faces: Float[Tensor, "n 1 48 48"]) -> Float[Tensor, "n 7"]:
        """Return logits of `LABELS`; `faces` are standardised as `data.standardised` does."""
        tokens = self.stage1(self.stem(faces).permute(0, 2, 3, 1))
        tokens = self.stage2(self.merge(tokens))
        return self.head(self.norm(tokens).mean(dim=(1, 2)))


class Stem(nn.Module):
    """Convolutions that bring 48 x 48 pixels down to 12 x 12 tokens."""

    def __init__(self, width: int, channels: int) -> None:
        super().__init__()
        self.edges = _convolution(1, width, stride=2)
        self.parts = _convolution(width, width, stride=1)
        self.tokens = _convolution(width, channels, stride=2)

    def forward(self, faces: Float[Tensor, "n 1 48 48"]) -> Float[Tensor, "n channels 12 12"]:
        """Return feature maps, a residual step between the two that halve the side."""
        edges = self.edges(faces)
        return self.tokens(edges + self.parts(edges))


class Stage(nn.Module):
    """Blocks at one resolution, windows and shifted windows by turns, then the excitation gate."""

    def __init__(self, shape: SwinShape, channels: int, blocks: int, heads: int, side: int, drops: list[float]) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            Block(shape, channels, heads, side, shifted=bool(index % 2), drop=drops[index]) for index in range(blocks)
        )
        self.excitation = SqueezeExcitation(channels, shape.squeeze)

    def forward(self, tokens: Float[Tensor, "n side side channels"]) -> Float[Tensor, "n side side channels"]:
        """Return the tokens of the stage's end."""
        for block in self.blocks:
            tokens = block(tokens)
        return self.excitation(tokens)


class Block(nn.Module):
    """Attention within windows and a perceptron, each behind a norm and around a residual (Liu et al. 2021, eq. 3)."""

    mask: Float[Tensor, "windows inside inside"]

    def __init__(self, shape: SwinShape, channels: int, heads: int, side: int, *, shifted: bool, drop: float) -> None:
        super().__init__()
        hidden = int(channels * shape.mlp_ratio)
        self.place = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.norm1 = nn.LayerNorm(channels)
        self.attention = WindowAttention(channels, heads, shape.window)
        self.norm2 = nn.LayerNorm(channels)
        self.perceptron = nn.Sequential(nn.Linear(channels, hidden), nn.GELU(), nn.Linear(hidden, channels))
        self.window = shape.window
        # A grid of one window has no neighbour to shift towards.
        self.shift = shape.window // 2 if shifted and side > shape.window else 0
        self.drop = drop
        self.register_buffer("mask", shift_mask(side, shape.window, self.shift), persistent=False)

    def forward(self, tokens: Float[Tensor, "n side side channels"]) -> Float[Tensor, "n side side channels"]:
        """Return `tokens` with what each learned from its window."""
        # A depthwise convolution tells tokens what lies next to them (Chu et al. 2021, conditional position encoding).
        tokens = tokens + self.place(tokens.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        tokens = tokens + self._path(self._attend(self.norm1(tokens)))
        return tokens + self._path(self.perceptron(self.norm2(tokens)))

    def _attend(self, tokens: Float[Tensor, "n side side channels"]) -> Float[Tensor, "n side side channels"]:
        side = tokens.shape[1]
        rolled = tokens.roll((-self.shift, -self.shift), dims=(1, 2)) if self.shift else tokens
        attended = self.attention(windows_of(rolled, self.window), self.mask)
        whole = grid_of(attended, self.window, side)
        return whole.roll((self.shift, self.shift), dims=(1, 2)) if self.shift else whole

    def _path(self, branch: Float[Tensor, "n side side channels"]) -> Float[Tensor, "n side side channels"]:
        """Leave the branch out of some samples while training (stochastic depth, Huang et al. 2016)."""
        if not self.training or self.drop == 0.0:
            return branch
        kept = torch.rand(branch.shape[0], 1, 1, 1) >= self.drop
        return branch * kept / (1.0 - self.drop)


class WindowAttention(nn.Module):
    """Multi-head attention among the tokens of one window, with a learnt bias for each relative position."""

    relative: Int[Tensor, "inside inside"]

    def __init__(self, channels: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(channels, 3 * channels)
        self.out = nn.Linear(channels, channels)
        self.relative_bias = nn.Parameter(torch.empty(heads, (2 * window - 1) ** 2))
        nn.init.trunc_normal_(self.relative_bias, std=0.02)
        self.register_buffer("relative", relative_positions(window), persistent=False)

    def forward(
        self, tokens: Float[Tensor, "n windows inside channels"], mask: Float[Tensor, "windows inside inside"]
    ) -> Float[Tensor, "n windows inside channels"]:
        """Return what each token takes from the others of its window; `mask` is -inf for pairs not to meet."""
        n, windows, inside, channels = tokens.shape
        qkv = self.qkv(tokens).reshape(n, windows, inside, 3, self.heads, channels // self.heads)
        query, key, value = qkv.permute(3, 0, 1, 4, 2, 5)
        scores = query @ key.transpose(-2, -1) * (channels // self.heads) ** -0.5
        scores = scores + (self.relative_bias[:, self.relative] + mask[:, None])
        mixed = scores.softmax(dim=-1) @ value
        return self.out(mixed.transpose(2, 3).reshape(n, windows, inside, channels))


class SqueezeExcitation(nn.Module):
    """Weigh the channels of a face by what the whole face holds."""

    def __init__(self, channels: int, squeeze: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(channels, channels // squeeze)
        self.excite = nn.Linear(channels // squeeze, channels)

    def forward(self, tokens: Float[Tensor, "n side side channels"]) -> Float[Tensor, "n side side channels"]:
        """Return `tokens`, each channel times its gate in 0..1."""
        squeezed = functional.relu(self.squeeze(tokens.mean(dim=(1, 2))))
        return tokens * torch.sigmoid(self.excite(squeezed))[:, None, None]


class PatchMerging(nn.Module):
    """Four neighbouring tokens become one of twice the channels (Liu et al. 2021, section 3.1)."""

    def __init__(self, channels: int, merged: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * channels)
        self.reduce = nn.Linear(4 * channels, merged, bias=False)

    def forward(self, tokens: Float[Tensor, "n side side channels"]) -> Float[Tensor, "n half half merged"]:
        """Return tokens of half the side."""
        n, side, _, channels = tokens.shape
        squares = tokens.reshape(n, side // 2, 2, side // 2, 2, channels).permute(0, 1, 3, 2, 4, 5)
        return self.reduce(self.norm(squares.reshape(n, side // 2, side // 2, 4 * channels)))


def windows_of(
    tokens: Float[Tensor, "n side side channels"], window: int
) -> Float[Tensor, "n windows inside channels"]:
    """Cut a grid of tokens into square windows, row by row."""
    n, side, _, channels = tokens.shape
    across = side // window
    cut = tokens.reshape(n, across, window, across, window, channels).permute(0, 1, 3, 2, 4, 5)
    return cut.reshape(n, across * across, window * window, channels)


def grid_of(
    windows: Float[Tensor, "n windows inside channels"], window: int, side: int
) -> Float[Tensor, "n side side channels"]:
    """Put windows back together: the inverse of `windows_of`."""
    n, _, _, channels = windows.shape
    across = side // window
    laid = windows.reshape(n, across, across, window, window, channels).permute(0, 1, 3, 2, 4, 5)
    return laid.reshape(n, side, side, channels)


def relative_positions(window: int) -> Int[Tensor, "inside inside"]:
    """Return, for each pair of tokens of a window, which of the (2 window - 1)^2 offsets lies between them."""
    rows, columns = torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij")
    rows, columns = rows.flatten(), columns.flatten()
    down = rows[:, None] - rows[None, :] + window - 1
    right = columns[:, None] - columns[None, :] + window - 1
    return down * (2 * window - 1) + right


def shift_mask(side: int, window: int, shift: int) -> Float[Tensor, "windows inside inside"]:
    """Return 0 where two tokens may meet, -inf where only the roll of the grid has made them neighbours."""
    part = torch.zeros(side, dtype=torch.long)
    if shift:
        part[side - window : side - shift] = 1
        part[side - shift :] = 2
    regions = (3 * part[:, None] + part[None, :]).reshape(1, side, side, 1)
    inside = windows_of(regions, window)[0, :, :, 0]
    return torch.zeros(inside.shape[0], window**2, window**2).masked_fill(
        inside[:, :, None] != inside[:, None, :], float("-inf")
    )


def _convolution(inputs: int, outputs: int, *, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.GELU()
    )
