"""Train our Music FaderNets: `python -m espressivo.generators.music.faders.train SEGMENTS.npz --out DIR`.

The table comes from `corpus`. The loss is the paper's (events, rhythm, notes, divergence from the Gaussian of low or
high arousal, order of the faders; Tan and Herremans 2020, sections 3.2 to 3.4), with these changes:

- the weight of the divergence rises from 0 (the authors' schedule is negative for a while), and a component's constant
  log-variance is a variance everywhere, and 0;
- losses are sums over a segment, so that they and the divergence are on one scale;
- the first number of each latent vector is also drawn to the attribute itself, so that faders are linear, not only
  ordered; this weighs more than the order does;
- decoders are told faders that stand exactly at the attributes, not at what the encoder believes of them;
- time shifts and the end, which follow from the tracks (`decoding`), are not learned;
- segments are transposed, and the decoder is not shown every event before, so that it heeds what it is told.

Stops and goes on where it was.
"""

import argparse
import json
import math
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn.functional import mse_loss, nll_loss

from espressivo.generators.music.faders.corpus import Segments
from espressivo.generators.music.faders.events import END, HIGHEST, LOWEST, OFF, ON, PAD, SHIFT, START, VELOCITY
from espressivo.generators.music.faders.network import Faders, FaderSize, MusicFaderNet, Posterior
from espressivo.generators.music.faders.scales import Scales

SMALL = FaderSize(hidden=128, latent=32, over_time=False, guided=True)
"""The size that ships: 0.7 million parameters in use."""
_SHIFTS = tuple(range(-5, 7))
_HIDDEN_EVENTS = 0.15
_DIVERGENCE, _RISES_FOR = 0.2, 200
_ORDER, _LINEAR = 4.0, 10.0
_CLIP = 5.0
_POOL = 8


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("segments", type=Path, help=".npz file of faders.corpus")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints and weights")
    parser.add_argument("--start", type=Path, help="weights to start from (a folder)")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=4e-3, help="highest learning rate")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.out.mkdir(parents=True, exist_ok=True)
    _Training(Segments.load(arguments.segments), arguments).run()


class _Training:
    def __init__(self, segments: Segments, arguments: argparse.Namespace) -> None:
        torch.manual_seed(0)
        self._arguments = arguments
        held = segments.held_out()
        self._segments, self._held = segments.rows(~held), segments.rows(held)
        self._scales = Scales.of(self._segments) if arguments.start is None else Scales.load(arguments.start)
        self._model = MusicFaderNet(SMALL)
        for spread in (self._model.logvar_r_lookup, self._model.logvar_n_lookup):
            torch.nn.init.zeros_(spread.weight)
        if arguments.start:
            self._model.load_state_dict(load_file(arguments.start / "model.safetensors"))
        learned = [weight for weight in self._model.parameters() if weight.requires_grad]
        self._optimiser = torch.optim.Adam(learned, lr=arguments.rate, betas=(0.9, 0.98))
        self._step = 0
        self._checkpoint = arguments.out / "checkpoint.pt"
        if self._checkpoint.is_file():
            stored = torch.load(self._checkpoint, weights_only=True)
            self._model.load_state_dict(stored["model"])
            self._optimiser.load_state_dict(stored["optimiser"])
            self._step = stored["step"]

    def run(self) -> None:
        began, seen = time.monotonic(), []
        while self._step < self._arguments.steps:
            # Each step draws by its own number: a run that is resumed goes on as if it had not stopped.
            random = np.random.default_rng([0, self._step])
            rows = self._segments.rows(self._batch(random))
            losses = self._losses(rows, random)
            self._optimiser.zero_grad()
            sum(losses.values(), torch.zeros(())).backward()
            torch.nn.utils.clip_grad_norm_(self._model.parameters(), _CLIP)
            for group in self._optimiser.param_groups:
                group["lr"] = self._arguments.rate * self._pace()
            self._optimiser.step()
            self._step += 1
            seen.append({name: value.item() for name, value in losses.items()})
            if self._step % 20 == 0:
                means = " ".join(f"{name} {np.mean([each[name] for each in seen[-20:]]):.2f}" for name in losses)
                print(f"step {self._step} {means} {(time.monotonic() - began) / len(seen):.2f} s/step", flush=True)
            if self._step % 50 == 0 or self._step == self._arguments.steps:
                self._save()

    def _batch(self, random: np.random.Generator) -> np.ndarray:
        """Segments of about the same length: those around one that is drawn."""
        size = min(self._arguments.batch, len(self._segments))
        drawn = random.choice(len(self._segments), min(_POOL * size, len(self._segments)), replace=False)
        ordered = drawn[np.argsort((self._segments.events[drawn] != PAD).sum(axis=1), kind="stable")]
        begin = int(random.integers(len(ordered) - size + 1))
        return ordered[begin : begin + size]

    def _losses(self, rows: Segments, random: np.random.Generator | None) -> dict[str, Tensor]:
        """Losses per segment; transposed, drawn and partly hidden only where there is a generator."""
        lengths = torch.from_numpy((rows.events != PAD).sum(axis=1))
        events, chroma, key = _transposed(rows, random, int(lengths.max()))
        rhythm, notes = torch.from_numpy(rows.rhythm).long(), torch.from_numpy(rows.notes).long()
        posteriors = self._model.encode(events, lengths)
        noise = [
            torch.zeros_like(each.mean)
            if random is None
            else torch.from_numpy(random.standard_normal(each.mean.shape).astype(np.float32))
            for each in posteriors
        ]
        faders = Faders(*(each.sample(drawn) for each, drawn in zip(posteriors, noise, strict=True)))
        attributes = self._scales.standard(rows.rhythm, rows.notes)
        # Decoders hear faders that stand where they should, whatever the encoder believes of them yet.
        told = Faders(*(torch.cat([a[:, None], z[:, 1:]], dim=1) for z, a in zip(faders, attributes, strict=True)))
        before = torch.cat([torch.full_like(events[:, :1], START), events[:, :-1]], dim=1)
        if random is not None:
            hidden = torch.from_numpy(random.random(before.shape) < _HIDDEN_EVENTS)
            before = torch.where(hidden, START, before)
        logits = self._model.follow(told, key, chroma, rhythm, notes, events, before)
        is_free = (events != PAD) & (events != END) & ~((events >= SHIFT) & (events < VELOCITY))
        read = self._model.attribute_log_probabilities(told, rhythm, notes)
        batch = len(rows)
        arousal = torch.from_numpy(rows.arousal).long()
        weight = _DIVERGENCE * min(1.0, self._step / _RISES_FOR if self._arguments.start is None else 1.0)
        fader = [z[:, 0] for z in faders]
        return {
            "events": nll_loss(logits[is_free].log_softmax(-1), events[is_free], reduction="sum") / batch,
            "rhythm": nll_loss(read[0].flatten(0, 1), rhythm.flatten(), reduction="sum") / batch,
            "notes": nll_loss(read[1].flatten(0, 1), notes.flatten(), reduction="sum") / batch,
            "divergence": weight * self._divergence(posteriors, arousal) / batch,
            "order": _ORDER * sum(map(_order, fader, attributes), torch.zeros(())),
            "linear": _LINEAR * sum(map(mse_loss, fader, attributes), torch.zeros(())),
        }

    def _divergence(self, posteriors: tuple[Posterior, Posterior], arousal: Tensor) -> Tensor:
        """From the posteriors to the Gaussians of the labels, summed."""
        model = self._model
        tables = ((model.mu_r_lookup, model.logvar_r_lookup), (model.mu_n_lookup, model.logvar_n_lookup))
        total = torch.zeros(())
        for posterior, (means, log_variances) in zip(posteriors, tables, strict=True):
            log_variance = log_variances(arousal)
            apart = (posterior.mean - means(arousal)) ** 2 + posterior.std**2
            total = total + 0.5 * (log_variance + apart / log_variance.exp() - 1 - 2 * posterior.std.log()).sum()
        return total

    def _pace(self) -> float:
        """Warm up over fifty steps, then a cosine down to a fiftieth of the rate."""
        return min(self._step / 50 + 0.02, 0.51 + 0.49 * math.cos(math.pi * self._step / self._arguments.steps))

    @torch.no_grad()
    def _validate(self) -> dict[str, float]:
        held = self._held.rows(np.arange(0, len(self._held), max(1, len(self._held) // 512)))
        return {name: round(value.item(), 3) for name, value in self._losses(held, None).items()}

    def _save(self) -> None:
        state = {"model": self._model.state_dict(), "optimiser": self._optimiser.state_dict(), "step": self._step}
        torch.save(state, self._checkpoint)
        held = self._validate()
        print(f"step {self._step} held out {held}", flush=True)
        folder = self._arguments.out
        save_file(
            {name: tensor.half() for name, tensor in self._model.state_dict().items()}, folder / "model.safetensors"
        )
        config = {
            "size": asdict(SMALL),
            "scales": asdict(self._scales),
            "steps": self._step,
            "losses_on_held_out_segments": held,
        }
        (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


def _order(fader: Tensor, attribute: Tensor) -> Tensor:
    """The paper's regulariser: of any two segments, the one with more of the attribute lies higher."""
    return mse_loss(torch.tanh(fader[:, None] - fader), torch.sign(attribute[:, None] - attribute))


def _transposed(rows: Segments, random: np.random.Generator | None, steps: int) -> tuple[Tensor, Tensor, Tensor]:
    """Events, pitch classes and key of segments, each moved by some semitones if its pitches allow it."""
    events = rows.events[:, :steps].astype(np.int64)
    moves = np.zeros(len(rows), int) if random is None else random.choice(_SHIFTS, len(rows))
    is_note = (events >= ON) & (events < SHIFT)
    pitch = np.where(is_note, (events - ON) % (OFF - ON), 0)
    top = HIGHEST - LOWEST
    fits = (pitch.max(axis=1) + moves <= top) & (np.where(is_note, pitch, top).min(axis=1) + moves >= 0)
    moves = np.where(fits, moves, 0)
    events = np.where(is_note, events + moves[:, None], events)
    places = (np.arange(12) - moves[:, None]) % 12
    chroma = np.take_along_axis(rows.chroma, places, axis=1)
    key = np.take_along_axis(rows.key, np.concatenate([places, places + 12], axis=1), axis=1)
    return torch.from_numpy(events), torch.from_numpy(chroma), torch.from_numpy(key)


if __name__ == "__main__":
    main()
