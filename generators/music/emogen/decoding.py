"""The language model at work on several pieces side by side: one token each at a time, in constant time and memory.

Every piece is read twice where it is guided: with its command, and with none (classifier-free guidance):
logits = open + strength * (told - open). Strength 0 is the model on its own, 1 the plain command, more exaggerates it.
"""

from collections.abc import Sequence
from copy import copy
from typing import Self

import numpy as np
import torch
from jaxtyping import Float, Int

from espressivo.generators.music.emogen.network import UNSET, EmoGenLanguageModel
from espressivo.generators.music.emogen.stepping import Stepper


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
        self._model = model
        self._stepper = Stepper(model)
        self._branches = (["told"] if told else []) + (["open"] if open_too else [])
        self._pieces = pieces
        rows = pieces * len(self._branches)
        self._past = self._stepper.past(rows)
        self._position = np.zeros(rows, int)
        self._commands = np.repeat(self._command(np.full(model.size.attributes, UNSET)), rows, axis=0)

    def position(self, piece: int) -> int:
        """How many tokens of a piece are remembered."""
        return int(self._position[piece])

    def tell(self, piece: int, command: Int[np.ndarray, "attributes"]) -> None:
        """Let a piece follow another command from its next token on."""
        if "told" in self._branches:
            self._commands[piece] = self._command(command)[0]

    @torch.inference_mode()
    def read(self, piece: int, tokens: Sequence[int]) -> None:
        """Forget what a piece was, and remember these tokens instead."""
        rows = [piece + branch * self._pieces for branch in range(len(self._branches))]
        self._position[rows] = len(tokens)
        if not tokens:
            self._past.key_values[:, rows], self._past.keys[:, rows] = 0.0, 0.0
            return
        ids = torch.tensor(list(tokens)).repeat(len(rows), 1)
        for layer, sums in enumerate(self._model.read(ids, torch.from_numpy(self._commands[rows]))):
            self._past.key_values[layer, rows] = sums.key_values.numpy()
            self._past.keys[layer, rows] = sums.keys.numpy()

    def step(
        self, tokens: Sequence[int], strengths: Float[np.ndarray, "pieces"]
    ) -> Float[np.ndarray, "pieces vocabulary"]:
        """Remember one more token of each piece, and return the logits of what follows it."""
        ids = np.tile(np.array(tokens), len(self._branches))
        values = self._stepper.step(ids, self._commands, self._position, self._past).astype(float)
        self._position += 1
        if len(self._branches) == 1:
            return values
        led, alone = values[: self._pieces], values[self._pieces :]
        return alone + strengths[:, None] * (led - alone)

    def alone(self, piece: int) -> Self:
        """Return the state of one piece, which does not change with this one."""
        other = copy(self)
        other.keep([piece])
        return other

    def keep(self, pieces: Sequence[int]) -> None:
        """Go on with these pieces only; one that is named twice is there twice."""
        rows = [piece + branch * self._pieces for branch in range(len(self._branches)) for piece in pieces]
        self._past = self._past.of(rows)
        self._position, self._commands = self._position[rows], self._commands[rows]
        self._pieces = len(pieces)

    @torch.inference_mode()
    def _command(self, bits: Int[np.ndarray, "attributes"]) -> Float[np.ndarray, "1 width"]:
        return self._model.command(torch.from_numpy(bits)[None].long()).numpy()
