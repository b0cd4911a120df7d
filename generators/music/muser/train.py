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
from espressivo.generators.music.muser.counting import kinds_of, leans_of
from espressivo.generators.music.muser.dictionary import reconstructed
from espressivo.generators.music.muser.elements import COLUMN, ELEMENTS, TYPE
from espressivo.generators.music.muser.layers import ScaledEmbedding
from espressivo.generators.music.muser.network import MusER, MusERSize
from espressivo.generators.music.muser.prior import PRIOR_TEMPERATURE, Prior, PriorSize
from espressivo.generators.music.muser.regulariser import WEIGHT, pair_loss, pooled, pooled_values

SMALL = MusERSize(
    encoder_layers=2,
    decoder_width=128,
    decoder_layers=3,
    subdecoder_layers=1,
    heads=4,
    feed_forward=2,
    codes=384,
    dropout=0.0,
    steady_emotion=True,
)
"""2.3 million parameters. Dropout took a quarter of the time; instead, fields of what is read are left out."""
_TOKENS_PER_STEP = 2048
_CLIP = 3.0
_REVIVE_EVERY, _REVIVE_UNTIL = 25, 0.6
"""Steps, and the share of all steps after which the codes are left alone."""
_UNTOLD = 0.15
"""Pieces whose emotion is not told, so that guidance has something to lead away from."""
_UNREAD = 0.1
"""Fields of tokens that are read as ignored, so that the decoder listens to its codes."""
_IGNORE = -100
_EMOTION = COLUMN["emotion"]
Codes = Int[np.ndarray, "length"]
_Model = TypeVar("_Model", bound=nn.Module)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("music", type=Path, help="folder of EMOPIA's archive")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints and weights")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--prior-steps", type=int, default=3000)
    parser.add_argument("--rate", type=float, default=1e-3, help="highest learning rate")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.out.mkdir(parents=True, exist_ok=True)
    pieces = _cached_pieces(arguments.music, arguments.out / "pieces.npz")
    torch.manual_seed(0)
    network = _Network(pieces)
    network.run(arguments.out / "network.pt", arguments.steps, arguments.rate)
    codes = network.codes()
    prior = _Prior(pieces, codes, network.model.VQ.embeddings)
    prior.run(arguments.out / "prior.pt", arguments.prior_steps, arguments.rate)
    _write(arguments.out, network, prior, pieces, codes)


def _write(folder: Path, network: "_Network", prior: "_Prior", pieces: Pieces, codes: list[Codes]) -> None:
    numbered = [np.searchsorted(prior.used, row) for row in codes]
    tensors = {f"network.{name}": tensor for name, tensor in network.model.state_dict().items()}
    tensors |= {f"prior.{name}": tensor for name, tensor in prior.model.state_dict().items()}
    tensors |= {f"lean.{name}": torch.from_numpy(lean) for name, lean in leans_of(pieces, numbered).items()}
    # Half precision is half the size; no figure changes.
    save_file({name: tensor.half().contiguous() for name, tensor in tensors.items()}, folder / "model.safetensors")
    shares = np.bincount(np.concatenate(numbered)) / sum(map(len, numbered))
    config = {
        "size": asdict(network.model.size),
        "prior_size": asdict(prior.model.size),
        "used_codes": prior.used.tolist(),
        "code_kinds": kinds_of(pieces, numbered).tolist(),
        "steps": network.step,
        "prior_steps": prior.step,
        "perplexity_of_codes": round(float(np.exp(-(shares * np.log(shares)).sum())), 1),
        "loss_on_held_out_songs": _rounded(network.validate() | prior.validate()),
    }
    (folder / "config.json").write_text(json.dumps(config) + "\n", encoding="utf-8")


class _Stage(Generic[_Model]):
    """What training the network and training the prior have in common."""

    def __init__(self, pieces: Pieces, model: _Model) -> None:
        self.model = model
        self._pieces = pieces
        held = pieces.held_out()
        self._train, self._held = np.flatnonzero(~held), np.flatnonzero(held)
        self._step, self._steps = 0, 1

    @property
    def step(self) -> int:
        """How many steps were made."""
        return self._step

    def loss(self, numbers: list[int]) -> tuple[Tensor, int]:
        """Return the loss on some pieces, and how many tokens they have."""
        raise NotImplementedError

    def validate(self) -> dict[str, float]:
        """Return losses on songs that were held out."""
        raise NotImplementedError

    def run(self, checkpoint: Path, steps: int, rate: float) -> None:
        self._steps = steps
        optimiser = torch.optim.Adam(self.model.parameters(), lr=rate, betas=(0.9, 0.98))
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
            loss, tokens = self.loss(next(batches))
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
                print(f"step {self._step} held out {_rounded(self.validate())}", flush=True)

    def _kept(self) -> dict[str, int]:
        """What a checkpoint holds besides tensors."""
        return {}

    def _resume(self, stored: dict[str, int]) -> None:
        """Take back what `_kept` gave."""

    def _batches(self) -> Iterator[list[int]]:
        """Pieces of about the same length together."""
        lengths = np.diff(self._pieces.edges)
        while True:
            generator = np.random.default_rng(self._step)
            # Sorted within chunks: little padding, still a mix.
            for chunk in np.array_split(generator.permutation(self._train), max(1, len(self._train) // 64)):
                batch: list[int] = []
                for number in chunk[np.argsort(lengths[chunk])]:
                    batch.append(int(number))
                    if len(batch) * lengths[number] >= _TOKENS_PER_STEP:
                        yield batch
                        batch = []
                if batch:
                    yield batch

    def _padded(self, numbers: list[int]) -> tuple[Tensor, Tensor]:
        """Compound words of some pieces, padded with the end of a piece as the authors do, and which are real."""
        rows = [torch.from_numpy(self._pieces.piece(number)) for number in numbers]
        lengths = torch.tensor([len(row) for row in rows])
        words = nn.utils.rnn.pad_sequence(rows, batch_first=True)
        return words, torch.arange(words.shape[1]) < lengths[:, None]


class _Network(_Stage[MusER]):
    def __init__(self, pieces: Pieces) -> None:
        super().__init__(pieces, MusER(SMALL))
        _make_small(self.model)
        self._ranks = {name: torch.from_numpy(reconstructed().ranks(name)).float() for name in ELEMENTS}

    def loss(self, numbers: list[int]) -> tuple[Tensor, int]:
        words, real = self._padded(numbers)
        y, kept = words[:, 1:], real[:, 1:]
        with torch.autocast("cpu", torch.bfloat16):
            latent = self.model.latent_linear(self.model.encode(y))
        # The codebook is compared at full precision.
        quantised = self.model.VQ(latent.float())
        if (self._step + 1) % _REVIVE_EVERY == 0 and self._step < _REVIVE_UNTIL * self._steps:
            self.model.VQ.revive(latent.detach().float())
        x = _partly_read(words[:, :-1])
        reconstruction = torch.stack(list(self._reconstruction(x, y, quantised.vectors, kept).values())).mean()
        return reconstruction + quantised.commitment + WEIGHT * self._order(quantised.vectors, y, kept), int(kept.sum())

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        self.model.eval()
        total, count = dict.fromkeys(ELEMENTS, 0.0), 0
        for number in self._held:
            words, real = self._padded([int(number)])
            x, y = _told(words[:, :-1]), words[:, 1:]
            vectors = self.model.quantise(y).vectors
            for name, loss in self._reconstruction(x, y, vectors, real[:, 1:]).items():
                total[name] += loss.item() * words.shape[1]
            count += words.shape[1]
        return {name: value / max(1, count) for name, value in total.items()}

    @torch.no_grad()
    def codes(self) -> list[Codes]:
        """Return the codes of every piece."""
        self.model.eval()
        return [
            self.model.quantise(torch.from_numpy(self._pieces.piece(number))[None, 1:]).codes[0].numpy()
            for number in range(len(self._pieces))
        ]

    def _reconstruction(self, x: Tensor, y: Tensor, vectors: Tensor, kept: Tensor) -> dict[str, Tensor]:
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.model.predict(self.model.decode(x, vectors), y[..., TYPE])
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
    def __init__(self, pieces: Pieces, codes: list[Codes], vectors: Tensor) -> None:
        self.used = np.unique(np.concatenate(codes))
        super().__init__(pieces, Prior(_prior_size(len(self.used))))
        _make_small(self.model)
        _make_alike(self.model, vectors[torch.from_numpy(self.used)])
        self._rows = [
            torch.from_numpy(np.concatenate([[self.model.size.start(int(name[1]))], np.searchsorted(self.used, row)]))
            for name, row in zip(pieces.names, codes, strict=True)
        ]

    def loss(self, numbers: list[int]) -> tuple[Tensor, int]:
        rows = [self._rows[number] for number in numbers]
        targets = nn.utils.rnn.pad_sequence([row[1:] for row in rows], batch_first=True, padding_value=_IGNORE)
        inputs = nn.utils.rnn.pad_sequence([row[:-1] for row in rows], batch_first=True)
        if self.model.training:
            inputs[torch.rand(len(inputs)) < _UNTOLD, 0] = self.model.size.start(0)
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.model(inputs)
        scaled = logits.float().flatten(0, 1) / PRIOR_TEMPERATURE
        return cross_entropy(scaled, targets.flatten(), ignore_index=_IGNORE), int((targets != _IGNORE).sum())

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        self.model.eval()
        losses = [self.loss([int(number)]) for number in self._held]
        count = sum(tokens for _, tokens in losses)
        return {"prior": sum(loss.item() * tokens for loss, tokens in losses) / max(1, count)}


def _prior_size(codes: int) -> PriorSize:
    return PriorSize(codes, width=128, layers=4, heads=4, feed_forward=2, dropout=0.0, steady_emotion=True)


def _make_small(model: nn.Module) -> None:
    """Let embeddings begin no larger than the positions that are added to what becomes of them."""
    for module in model.modules():
        if isinstance(module, ScaledEmbedding):
            nn.init.normal_(module.lut.weight, std=module.lut.embedding_dim**-0.5)


@torch.no_grad()
def _make_alike(prior: Prior, vectors: Tensor) -> None:
    """Let codes that mean alike begin alike, in what is read and what is predicted: as projections of their vectors."""
    alike = (vectors - vectors.mean(0)) / vectors.std()
    for rows in (prior.emb.lut.weight[: len(vectors)], prior.predict_fc.weight):
        projection = torch.randn(alike.shape[1], rows.shape[1]) * alike.shape[1] ** -0.5
        rows.copy_(rows.shape[1] ** -0.5 * (alike @ projection))


def _told(x: Tensor) -> Tensor:
    """Let every token say the emotion of the first."""
    told = x.clone()
    told[..., _EMOTION] = x[:, :1, _EMOTION]
    return told


def _partly_read(x: Tensor) -> Tensor:
    """Do not tell the emotion of some pieces, and leave out some fields of the others' tokens; types stay."""
    read = _told(x)
    read[torch.rand(len(x)) < _UNTOLD, :, _EMOTION] = 0
    unread = torch.rand(x.shape) < _UNREAD
    unread[..., [TYPE, _EMOTION]] = False
    return read.masked_fill(unread, 0)


def _rate(done: float, highest: float) -> float:
    """Warm up over a twentieth of the way, then a cosine down to a twentieth of the rate."""
    return highest * min(20 * done + 1e-3, 0.525 + 0.475 * math.cos(math.pi * done))


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in values.items()}


def _cached_pieces(folder: Path, cache: Path) -> Pieces:
    if cache.is_file():
        return Pieces.load(cache)
    pieces = read_pieces(folder)
    pieces.save(cache)
    print(f"{len(pieces)} pieces, {len(pieces.words)} tokens", flush=True)
    return pieces


if __name__ == "__main__":
    main()
