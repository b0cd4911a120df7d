"""Train a small MusER on EMOPIA: `python -m espressivo.generators.music.muser.train MUSIC --out DIR`.

MUSIC is a folder with EMOPIA's archive (CC BY-NC-SA 4.0: what is trained on it is not for commercial use). First the
network with its codebook, then the prior on the codes that are used. Stops and goes on where it was.
"""

import argparse
import json
import math
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import torch
from jaxtyping import Int
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from espressivo.generators.music.muser.corpus import Pieces, read_pieces
from espressivo.generators.music.muser.dictionary import reconstructed
from espressivo.generators.music.muser.elements import COLUMN, ELEMENTS, TYPE
from espressivo.generators.music.muser.network import MusER, MusERSize
from espressivo.generators.music.muser.prior import Prior, PriorSize
from espressivo.generators.music.muser.regulariser import WEIGHT, pair_loss, pooled, pooled_values

SMALL = MusERSize(encoder_layers=4, decoder_layers=2, subdecoder_layers=1, feed_forward=2)
"""6.6 million parameters."""
SMALL_PRIOR_LAYERS = 4
PRIOR_TEMPERATURE = 0.3
_SHIFTS = tuple(range(-5, 7))
_TOKENS_PER_STEP = 4096
_CLIP = 3.0
_REVIVE_EVERY = 100
_IGNORE = -100
_Model = TypeVar("_Model", bound=nn.Module)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("music", type=Path, help="folder of EMOPIA's archive")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints and weights")
    parser.add_argument("--steps", type=int, default=12000)
    parser.add_argument("--prior-steps", type=int, default=6000)
    parser.add_argument("--rate", type=float, default=5e-4, help="highest learning rate")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.out.mkdir(parents=True, exist_ok=True)
    pieces = _cached_pieces(arguments.music, arguments.out / "pieces.npz")
    torch.manual_seed(0)
    network = _Network(pieces)
    network.run(arguments.out / "network.pt", arguments.steps, arguments.rate)
    save_file(network.model.state_dict(), arguments.out / "model.safetensors")
    prior = _Prior(pieces, network.codes())
    prior.run(arguments.out / "prior.pt", arguments.prior_steps, arguments.rate)
    save_file(prior.model.state_dict(), arguments.out / "prior.safetensors")
    config = {
        "size": asdict(SMALL),
        "prior_size": asdict(prior.model.size),
        "used_codes": prior.used.tolist(),
        "steps": arguments.steps,
        "prior_steps": arguments.prior_steps,
        "loss_on_held_out_songs": network.validate() | prior.validate(),
    }
    (arguments.out / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


class _Stage(Generic[_Model]):
    """What training the network and training the prior have in common."""

    def __init__(self, pieces: Pieces, model: _Model) -> None:
        self.model = model
        self._pieces = pieces
        held = pieces.held_out()
        self._train, self._held = np.flatnonzero(~held), np.flatnonzero(held)
        self._step = 0

    def loss(self, numbers: list[int], shift: int) -> tuple[Tensor, int]:
        """Return the loss on some pieces, and how many tokens they have."""
        raise NotImplementedError

    def validate(self) -> dict[str, float]:
        """Return losses on songs that were held out."""
        raise NotImplementedError

    def run(self, checkpoint: Path, steps: int, rate: float) -> None:
        optimiser = torch.optim.Adam(self.model.parameters(), lr=rate)
        if checkpoint.is_file():
            stored = torch.load(checkpoint, weights_only=True)
            self.model.load_state_dict(stored["model"])
            optimiser.load_state_dict(stored["optimiser"])
            self._step = stored["step"]
            self._resume(stored)
        began, seen, losses = time.monotonic(), 0, []
        batches = self._batches()
        while self._step < steps:
            for group in optimiser.param_groups:
                group["lr"] = _rate(self._step / steps, rate)
            self.model.train()
            loss, tokens = self.loss(*next(batches))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), _CLIP)
            optimiser.step()
            self._step += 1
            seen += tokens
            losses.append(loss.item())
            if self._step % 50 == 0 or self._step == steps:
                pace = seen / (time.monotonic() - began)
                print(f"step {self._step} loss {np.mean(losses[-50:]):.3f} {pace:.0f} tokens/s", flush=True)
            if self._step % 250 == 0 or self._step == steps:
                state = {"model": self.model.state_dict(), "optimiser": optimiser.state_dict(), "step": self._step}
                torch.save(state | self._kept(), checkpoint)
                print(f"step {self._step} held out {self.validate()}", flush=True)

    def _kept(self) -> dict[str, int]:
        """What a checkpoint holds besides tensors."""
        return {}

    def _resume(self, stored: dict[str, int]) -> None:
        """Take back what `_kept` gave."""

    def _batches(self) -> Iterator[tuple[list[int], int]]:
        """Pieces of about the same length together, with a transposition."""
        lengths = np.diff(self._pieces.edges)
        while True:
            generator = np.random.default_rng(self._step)
            # Sorted within chunks: little padding, still a mix.
            for chunk in np.array_split(generator.permutation(self._train), max(1, len(self._train) // 64)):
                batch: list[int] = []
                for number in chunk[np.argsort(lengths[chunk])]:
                    batch.append(int(number))
                    if len(batch) * lengths[number] >= _TOKENS_PER_STEP:
                        yield batch, int(generator.choice(_SHIFTS))
                        batch = []
                if batch:
                    yield batch, int(generator.choice(_SHIFTS))

    def _padded(self, numbers: list[int], shift: int) -> tuple[Tensor, Tensor]:
        """Compound words of some pieces, padded with the end of a piece as the authors do, and which are real."""
        rows = [torch.from_numpy(self._pieces.piece(number, shift)) for number in numbers]
        lengths = torch.tensor([len(row) for row in rows])
        words = nn.utils.rnn.pad_sequence(rows, batch_first=True)
        return words, torch.arange(words.shape[1]) < lengths[:, None]


class _Network(_Stage[MusER]):
    def __init__(self, pieces: Pieces) -> None:
        super().__init__(pieces, MusER(SMALL))
        self._ranks = {name: torch.from_numpy(reconstructed().ranks(name)).float() for name in ELEMENTS}

    def loss(self, numbers: list[int], shift: int) -> tuple[Tensor, int]:
        words, real = self._padded(numbers, shift)
        y, kept = words[:, 1:], real[:, 1:]
        with torch.autocast("cpu", torch.bfloat16):
            latent = self.model.latent_linear(self.model.encode(y))
        # The codebook is compared at full precision.
        quantised = self.model.VQ(latent.float())
        if self.model.training and (self._step + 1) % _REVIVE_EVERY == 0:
            self.model.VQ.revive(latent.detach().float())
        reconstruction = torch.stack(list(self._reconstruction(words, quantised.vectors, kept).values())).mean()
        return reconstruction + quantised.commitment + WEIGHT * self._order(quantised.vectors, y, kept), int(kept.sum())

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        self.model.eval()
        total, count = dict.fromkeys(ELEMENTS, 0.0), 0
        for number in self._held:
            words, real = self._padded([int(number)], 0)
            vectors = self.model.quantise(words[:, 1:]).vectors
            for name, loss in self._reconstruction(words, vectors, real[:, 1:]).items():
                total[name] += loss.item() * words.shape[1]
            count += words.shape[1]
        return {name: value / max(1, count) for name, value in total.items()}

    @torch.no_grad()
    def codes(self) -> list[Int[np.ndarray, "length"]]:
        """Return the codes of every piece."""
        self.model.eval()
        return [
            self.model.quantise(torch.from_numpy(self._pieces.piece(number))[None, 1:]).codes[0].numpy()
            for number in range(len(self._pieces))
        ]

    def _reconstruction(self, words: Tensor, vectors: Tensor, kept: Tensor) -> dict[str, Tensor]:
        y = words[:, 1:]
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.model.predict(self.model.decode(words[:, :-1], vectors), y[..., TYPE])
        return {name: cross_entropy(logits[name][kept].float(), y[..., COLUMN[name]][kept]) for name in ELEMENTS}

    def _order(self, vectors: Tensor, y: Tensor, kept: Tensor) -> Tensor:
        parts = pooled(vectors, kept)
        losses = []
        for name in ELEMENTS:
            ids = y[..., COLUMN[name]]
            # Id 0 says nothing about an element, but for the type, of which every token has one.
            stated = kept if name == "type" else kept & (ids != 0)
            losses.append(pair_loss(parts[name], pooled_values(self._ranks[name][ids], stated)))
        return torch.stack(losses).sum()

    def _kept(self) -> dict[str, int]:
        return {"codebook_updates": self.model.VQ.updates}

    def _resume(self, stored: dict[str, int]) -> None:
        self.model.VQ.updates = stored["codebook_updates"]


class _Prior(_Stage[Prior]):
    def __init__(self, pieces: Pieces, codes: list[Int[np.ndarray, "length"]]) -> None:
        self.used = np.unique(np.concatenate(codes))
        super().__init__(pieces, Prior(PriorSize(len(self.used), layers=SMALL_PRIOR_LAYERS)))
        self._rows = [
            torch.from_numpy(np.concatenate([[self.model.size.start(int(name[1]))], np.searchsorted(self.used, row)]))
            for name, row in zip(pieces.names, codes, strict=True)
        ]

    def loss(self, numbers: list[int], shift: int) -> tuple[Tensor, int]:
        rows = [self._rows[number] for number in numbers]
        targets = nn.utils.rnn.pad_sequence([row[1:] for row in rows], batch_first=True, padding_value=_IGNORE)
        inputs = nn.utils.rnn.pad_sequence([row[:-1] for row in rows], batch_first=True)
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.model(inputs)
        scaled = logits.float().flatten(0, 1) / PRIOR_TEMPERATURE
        return cross_entropy(scaled, targets.flatten(), ignore_index=_IGNORE), int((targets != _IGNORE).sum())

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        self.model.eval()
        losses = [self.loss([int(number)], 0) for number in self._held]
        count = sum(tokens for _, tokens in losses)
        return {"prior": sum(loss.item() * tokens for loss, tokens in losses) / max(1, count)}


def _rate(done: float, highest: float) -> float:
    """Warm up over a twentieth of the way, then a cosine down to a twentieth of the rate."""
    return highest * min(20 * done + 1e-3, 0.525 + 0.475 * math.cos(math.pi * done))


def _cached_pieces(folder: Path, cache: Path) -> Pieces:
    if cache.is_file():
        return Pieces.load(cache)
    pieces = read_pieces(folder)
    pieces.save(cache)
    print(f"{len(pieces)} pieces, {len(pieces.words)} tokens", flush=True)
    return pieces


if __name__ == "__main__":
    main()
