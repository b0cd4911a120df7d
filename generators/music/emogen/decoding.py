"""The language model at work on several pieces side by side: one token each at a time, in constant time and memory.

Every piece is read twice where it is guided: with its command, and with none (classifier-free guidance):
logits = open + strength * (told - open). Strength 0 is the model on its own, 1 the plain command, more exaggerates it.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int

from espressivo.generators.music.emogen.network import UNSET, EmoGenLanguageModel
from espressivo.generators.music.linear_attention import Sums


class Decoding:
    """The state of the pieces that are being written. Pieces are numbered by their place among those that go on."""

    def __init__(self, model: EmoGenLanguageModel, pieces: int, *, told: bool, open_too: bool) -> None:
        """Begin `pieces` pieces.

        Args:
            model: in evaluation mode.
            pieces: how many.
            told: whether commands are ever followed.
            open_too: whether the model is also asked what it would do without; needed for strengths other than 1.
        """
        size = model.size
        self._model = model
        self._branches = (["told"] if told else []) + (["open"] if open_too else [])
        self._pieces = pieces
        rows = pieces * len(self._branches)
        head = size.width // size.heads
        self._past = [
            Sums(torch.zeros(rows, size.heads, head, head), torch.zeros(rows, size.heads, head))
            for _ in range(size.layers)
        ]
        self._position = torch.zeros(rows, dtype=torch.long)
        with torch.inference_mode():
            nothing = model.command(torch.full((1, size.attributes), UNSET))
        self._commands = nothing.repeat(rows, 1)

    def position(self, piece: int) -> int:
        """How many tokens of a piece are remembered."""
        return int(self._position[piece])

    @torch.inference_mode()
    def tell(self, piece: int, command: Int[np.ndarray, "attributes"]) -> None:
        """Let a piece follow another command from its next token on."""
        if "told" in self._branches:
            self._commands[piece] = self._model.command(torch.from_numpy(command)[None].long())[0]

    @torch.inference_mode()
    def read(self, piece: int, tokens: Sequence[int]) -> None:
        """Forget what a piece was, and remember these tokens instead."""
        rows = [piece + branch * self._pieces for branch in range(len(self._branches))]
        self._position[rows] = len(tokens)
        read = None
        if tokens:
            ids = torch.tensor(list(tokens)).repeat(len(rows), 1)
            read = self._model.read(ids, self._commands[rows])
        for layer, past in enumerate(self._past):
            past.key_values[rows] = read[layer].key_values if read else 0.0
            past.keys[rows] = read[layer].keys if read else 0.0

    @torch.inference_mode()
    def step(
        self, tokens: Sequence[int], strengths: Float[np.ndarray, "pieces"]
    ) -> Float[np.ndarray, "pieces vocabulary"]:
        """Remember one more token of each piece, and return the logits of what follows it."""
        ids = torch.tensor(list(tokens)).repeat(len(self._branches))
        logits, self._past = self._model.step(ids, self._commands, self._position, self._past)
        self._position += 1
        values = logits.double().numpy()
        if len(self._branches) == 1:
            return values
        led, alone = values[: self._pieces], values[self._pieces :]
        return alone + strengths[:, None] * (led - alone)

    def keep(self, pieces: Sequence[int]) -> None:
        """Go on with these pieces only."""
        rows = torch.tensor(
            [piece + branch * self._pieces for branch in range(len(self._branches)) for piece in pieces],
            dtype=torch.long,
        )
        self._past = [Sums(past.key_values[rows], past.keys[rows]) for past in self._past]
        self._position, self._commands = self._position[rows], self._commands[rows]
        self._pieces = len(pieces)
