"""Train the language model: `python -m espressivo.generators.music.emogen.train MUSIC --corpora pop909 --out DIR`.

MUSIC is a folder with the corpora's archives. Self-supervised (Kang et al. 2023, section 3.3): each block of music is
its own label, its attributes are what the model is told. Attributes are hidden at random, all or some of them, so that
any may be left open and guidance has something to steer away from. Stops and goes on where it was.
"""

import argparse
import json
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn.functional import cross_entropy

from espressivo.generators.music.attributes.attributes import bits_of
from espressivo.generators.music.emogen.corpora import READERS, Blocks, read_blocks, transposed
from espressivo.generators.music.emogen.mode import MODE, mode_of
from espressivo.generators.music.emogen.network import END, PAD, UNSET, EmoGenLanguageModel, EmoGenSize
from espressivo.generators.music.emogen.tokens import piano, spell

SMALL = EmoGenSize(width=256, feed_forward=1024, attributes=MODE + 1, half_lives=(2, 4, 8, 16, 32, 64, 256, 1024))
"""The size that ships: 5.6 million parameters."""
_SHIFTS = tuple(range(-5, 7))
_HIDE_ALL, _HIDE_SOME = 0.1, 0.3
_TOKENS_PER_STEP = 4096
_CLIP = 1.0


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("music", type=Path, help="folder of the corpora's archives")
    parser.add_argument("--corpora", nargs="+", choices=list(READERS), default=["pop909"])
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints and weights")
    parser.add_argument("--start", type=Path, help="weights to start from (model.safetensors)")
    parser.add_argument("--steps", type=int, default=12000)
    parser.add_argument("--rate", type=float, default=3e-3, help="highest learning rate")
    parser.add_argument("--dropout", type=float, default=0.0, help="worth its time only where music is scarce")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.out.mkdir(parents=True, exist_ok=True)
    blocks = _cached_blocks(arguments.music, arguments.corpora, arguments.out / "blocks.npz")
    _Training(blocks, arguments).run()


class _Training:
    def __init__(self, blocks: Blocks, arguments: argparse.Namespace) -> None:
        torch.manual_seed(0)
        self._arguments = arguments
        self._blocks = blocks
        self._modes = _modes(blocks)
        held = blocks.held_out()
        self._train, self._held = np.flatnonzero(~held), np.flatnonzero(held)
        self._model = EmoGenLanguageModel(replace(SMALL, dropout=arguments.dropout))
        if arguments.start:
            self._model.load_state_dict(load_file(arguments.start))
        self._optimisers = _optimisers(self._model)
        self._step = 0
        self._checkpoint = arguments.out / "checkpoint.pt"
        if self._checkpoint.is_file():
            stored = torch.load(self._checkpoint, weights_only=True)
            self._model.load_state_dict(stored["model"])
            for optimiser, state in zip(self._optimisers, stored["optimisers"], strict=True):
                optimiser.load_state_dict(state)
            self._step = stored["step"]

    def run(self) -> None:
        began, seen = time.monotonic(), 0
        batches = self._batches()
        losses: list[float] = []
        while self._step < self._arguments.steps:
            tokens, bits = next(batches)
            self._model.train()
            self._model.zero_grad(set_to_none=True)
            loss = self._loss(tokens, bits)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self._model.parameters(), _CLIP)
            for optimiser in self._optimisers:
                for group in optimiser.param_groups:
                    group["lr"] = self._arguments.rate * self._pace()
                optimiser.step()
            self._step += 1
            losses.append(loss.item())
            seen += int((tokens != PAD).sum())
            if self._step % 50 == 0:
                pace = seen / (time.monotonic() - began)
                print(f"step {self._step} loss {np.mean(losses[-50:]):.3f} {pace:.0f} tokens/s", flush=True)
            if self._step % 250 == 0 or self._step == self._arguments.steps:
                self._save()

    def _loss(self, tokens: Tensor, bits: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            logits = self._model(tokens[:, :-1], bits)
        return cross_entropy(logits.flatten(0, 1).float(), tokens[:, 1:].flatten(), ignore_index=PAD)

    def _pace(self) -> float:
        """Warm up over a fiftieth of the way, then a cosine down to a fiftieth of the rate."""
        done = self._step / self._arguments.steps
        return min(50 * done + 0.01, 0.51 + 0.49 * math.cos(math.pi * done))

    def _batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Blocks of about the same length together; another transposition and other hidden attributes each time."""
        lengths = np.diff(self._blocks.edges)
        for epoch in range(1_000_000):
            generator = np.random.default_rng([epoch, self._step])
            order = generator.permutation(self._train)
            # Sorted within chunks: little padding, still a mix.
            for chunk in np.array_split(order, max(1, len(order) // 64)):
                batch: list[int] = []
                for number in chunk[np.argsort(lengths[chunk])]:
                    batch.append(int(number))
                    if len(batch) * lengths[number] >= _TOKENS_PER_STEP:
                        yield self._batch(batch, generator)
                        batch = []
                if batch:
                    yield self._batch(batch, generator)

    def _batch(self, numbers: list[int], generator: np.random.Generator) -> tuple[Tensor, Tensor]:
        rows, bits = [], []
        for number in numbers:
            ids, attributes = _transposed_block(self._blocks, number, int(generator.choice(_SHIFTS)))
            told = np.append(bits_of(attributes), self._modes[number])
            if generator.random() < _HIDE_ALL:
                told[:] = UNSET
            elif generator.random() < 0.5:
                told[generator.random(len(told)) < generator.random() * 2 * _HIDE_SOME] = UNSET
            rows.append(torch.from_numpy(np.concatenate([[END], ids, [END]])))
            bits.append(torch.from_numpy(told))
        return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=PAD), torch.stack(bits)

    @torch.no_grad()
    def _validate(self) -> dict[str, float]:
        """Loss per token on pieces that were held out, with their attributes told and hidden."""
        self._model.eval()
        sums, count = {"told": 0.0, "hidden": 0.0}, 0
        for number in self._held[:: max(1, len(self._held) // 100)]:
            ids, attributes = _transposed_block(self._blocks, int(number), 0)
            tokens = torch.from_numpy(np.concatenate([[END], ids, [END]]))[None]
            bits = torch.from_numpy(np.append(bits_of(attributes), self._modes[number]))[None]
            for name, told in (("told", bits), ("hidden", torch.full_like(bits, UNSET))):
                sums[name] += self._loss(tokens, told).item() * len(ids)
            count += len(ids)
        return {name: total / max(1, count) for name, total in sums.items()}

    def _save(self) -> None:
        torch.save(
            {
                "model": self._model.state_dict(),
                "optimisers": [optimiser.state_dict() for optimiser in self._optimisers],
                "step": self._step,
            },
            self._checkpoint,
        )
        held = self._validate()
        print(f"step {self._step} held out {held}", flush=True)
        folder = self._arguments.out
        save_file(
            {name: tensor.half() for name, tensor in self._model.state_dict().items()}, folder / "model.safetensors"
        )
        config = {
            "size": asdict(SMALL),
            "corpora": self._arguments.corpora,
            "steps": self._step,
            "loss_on_held_out_pieces": held,
        }
        (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


def _modes(blocks: Blocks) -> np.ndarray:
    vocabulary = piano()
    return np.array([mode_of(spell(vocabulary.decode(blocks.block(n).tolist())).notes) for n in range(len(blocks))])


def _optimisers(model: EmoGenLanguageModel) -> list[torch.optim.Optimizer]:
    """Muon (K. Jordan, 2024) for the layers' matrices, scaled to move them as far as Adam would; Adam for the rest."""
    matrices = [weight for name, weight in model.named_parameters() if weight.ndim == 2 and ".layers." in name]
    known = {id(weight) for weight in matrices}
    others = [weight for weight in model.parameters() if id(weight) not in known]
    return [
        torch.optim.Muon(matrices, weight_decay=0.01, ns_steps=4, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, betas=(0.9, 0.98), weight_decay=0.01),
    ]


def _transposed_block(blocks: Blocks, number: int, shift: int) -> tuple[np.ndarray, np.ndarray]:
    """Ids and attributes of a block, moved by `shift` semitones if all its pitches stay among the tokens."""
    ids = blocks.block(number).astype(np.int64)
    pitch_of, id_of = _pitches()
    pitch = pitch_of[ids]
    sounding = pitch[pitch >= 0]
    if shift == 0 or not (sounding.min() + shift >= 21 and sounding.max() + shift <= 108):
        return ids, blocks.attributes[number]
    moved = np.where(pitch >= 0, id_of[np.maximum(pitch + shift, 0)], ids)
    return moved, transposed(blocks.attributes[number], sounding, shift)


def _pitches() -> tuple[np.ndarray, np.ndarray]:
    """Pitch of each id (-1 for what is none), and id of each pitch (0 for none)."""
    vocabulary = piano()
    pitch_of, id_of = np.full(len(vocabulary), -1), np.zeros(128, np.int64)
    for token, number in vocabulary.ids.items():
        if token.startswith("p-"):
            pitch_of[number] = int(token[2:])
            id_of[int(token[2:])] = number
    return pitch_of, id_of


def _cached_blocks(folder: Path, corpora: list[str], cache: Path) -> Blocks:
    if cache.is_file():
        return Blocks.load(cache)
    blocks = read_blocks(folder, corpora)
    blocks.save(cache)
    print(f"{len(blocks)} blocks, {len(blocks.tokens)} tokens", flush=True)
    return blocks


if __name__ == "__main__":
    main()
