"""A vector becomes tokens, as DICE-Talk does it for sound, for emotions and for its bank."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from espressivo.generators.portrait.dicetalk.network.config import AudioSize, ProjectorSize


class Projector(nn.Module):
    """Three linear layers, cut into tokens, each normed."""

    def __init__(self, size: ProjectorSize) -> None:
        super().__init__()
        self.size = size
        self.proj1 = nn.Linear(size.inputs, size.hidden)
        self.proj2 = nn.Linear(size.hidden, size.hidden)
        self.proj3 = nn.Linear(size.hidden, size.tokens * size.width)
        self.norm = nn.LayerNorm(size.width)

    def forward(self, x: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch tokens width"]:
        """Return the tokens of each vector."""
        x = functional.relu(self.proj2(functional.relu(self.proj1(x))))
        return self.norm(self.proj3(x).unflatten(-1, (self.size.tokens, self.size.width)))


class AudioProjector(Projector):
    """Tokens of what is heard around each frame."""

    def __init__(self, size: AudioSize) -> None:
        super().__init__(size.projector)

    def forward(
        self, x: Float[Tensor, "batch frames steps layers channels"]
    ) -> Float[Tensor, "batch frames tokens width"]:
        """Return the tokens of each window of Whisper's hidden states."""
        return super().forward(x.flatten(2))
