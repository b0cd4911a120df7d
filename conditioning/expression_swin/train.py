"""Train the recogniser: `python -m espressivo.conditioning.expression_swin.train FER2013.npz --out DIR`.

AdamW at a constant rate for the plain epochs, then SAM at a rate that falls to nothing: SAM costs twice as much a step
and does its work late in training (Andriushchenko and Flammarion 2022, section 4), so only the last epochs have it.
What is saved is the moving average of the weights at the last step; no epoch is chosen by its accuracy. Folds 0 and 1
are never learned from. Training goes on from DIR/checkpoint.pt; interrupted or not, the same arguments give the same
weights on the same machine. Needs the `train` extra.
"""

import argparse
import copy
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from jaxtyping import Float, Int
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from espressivo.conditioning.expression_swin.data import (
    CALIBRATION_FOLD,
    HELD_OUT_FOLD,
    Faces,
    read_faces,
    standardised,
    varied,
)
from espressivo.conditioning.expression_swin.network import LABELS, ExpressionSwin, SwinShape
from espressivo.conditioning.expression_swin.sam import sam_gradients
from espressivo.errors import InputError

_CLASS_WEIGHT_POWER = 0.25
"""How strongly rare classes are raised: 0 not at all, 1 until all count the same."""


@dataclass(frozen=True)
class Plan:
    """How to train.

    Attributes:
        plain_epochs: epochs of AdamW alone, the first of them a warm-up.
        sam_epochs: epochs of SAM after that, over which the rate falls along half a cosine.
        batch: faces a step.
        rate: greatest learning rate.
        decay: weight decay.
        rho: radius of SAM.
        smoothing: share of the label given to all classes.
        average: share that the moving average of the weights keeps at each step.
        seed: of the initial weights, the order of the faces and their variation.
    """

    plain_epochs: int = 18
    sam_epochs: int = 5
    batch: int = 96
    rate: float = 1.5e-3
    decay: float = 0.05
    rho: float = 0.05
    smoothing: float = 0.1
    average: float = 0.998
    seed: int = 0

    @property
    def epochs(self) -> int:
        """All epochs."""
        return self.plain_epochs + self.sam_epochs

    def rate_at(self, epoch: float) -> float:
        """Return the learning rate after `epoch` epochs, a broken number."""
        if epoch < 1.0:
            return self.rate * epoch
        if epoch < self.plain_epochs:
            return self.rate
        return self.rate * 0.5 * (1.0 + math.cos(math.pi * (epoch - self.plain_epochs) / self.sam_epochs))


class Training:
    """A network on its way, and all that must be kept to go on with it."""

    def __init__(self, shape: SwinShape, plan: Plan, faces: Faces) -> None:
        torch.manual_seed(plan.seed)
        self.plan = plan
        self.pixels, self.labels = standardised(faces.pixels), torch.from_numpy(faces.labels)
        self.network = ExpressionSwin(shape)
        for weight in self.network.parameters():
            if weight.ndim == 4:
                # With its kernels in this order a step takes an eighth less.
                weight.data = weight.data.contiguous(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.network).eval().requires_grad_(False)
        self.optimiser = torch.optim.AdamW(parameter_groups(self.network, plan.decay), lr=plan.rate)
        self.weights = class_weights(self.labels)
        self.epoch, self.steps = 0, 0

    def run_epoch(self) -> float:
        """Show every face once; return the mean loss. An epoch's dice depend on the seed and its number alone."""
        torch.manual_seed(self.plan.seed * 1000 + self.epoch)
        dice = torch.Generator().manual_seed(self.plan.seed * 1000 + self.epoch)
        order = torch.randperm(len(self.labels), generator=dice)
        batches = order[: len(order) // self.plan.batch * self.plan.batch].split(self.plan.batch)
        self.network.train()
        losses = []
        for index, chosen in enumerate(batches):
            rate = self.plan.rate_at(self.epoch + (index + 1) / len(batches))
            losses.append(self._step(varied(self.pixels[chosen], dice), self.labels[chosen], rate))
        self.epoch += 1
        return sum(losses) / len(losses)

    def _step(self, faces: Float[Tensor, "n 1 48 48"], labels: Int[Tensor, "n"], rate: float) -> float:
        def loss_of() -> Float[Tensor, ""]:
            # Half the time of 32 bits on processors that multiply bfloat16; the weights and their sums stay in 32 bits.
            with torch.autocast("cpu", torch.bfloat16):
                logits = self.network(faces)
            return functional.cross_entropy(logits.float(), labels, self.weights, label_smoothing=self.plan.smoothing)

        rho = self.plan.rho if self.epoch >= self.plan.plain_epochs else 0.0
        if rho:
            loss = sam_gradients(self.network, loss_of, rho)
        else:
            self.optimiser.zero_grad()
            loss = loss_of()
            loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.step()
        self.steps += 1
        # Before the average has seen much it must forget fast.
        self._remember(min(self.plan.average, (1 + self.steps) / (10 + self.steps)))
        return float(loss.detach())

    @torch.no_grad()
    def _remember(self, kept: float) -> None:
        for mean, now in zip(self.average.state_dict().values(), self.network.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(now, 1.0 - kept)
            else:
                mean.copy_(now)

    def save(self, path: Path) -> None:
        """Keep everything in a file; a whole one or none."""
        state = {"network": self.network.state_dict(), "average": self.average.state_dict()}
        state |= {"optimiser": self.optimiser.state_dict(), "epoch": self.epoch, "steps": self.steps}
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def restore(self, path: Path) -> None:
        """Go on from a file that `save` wrote."""
        state = torch.load(path, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.epoch, self.steps = state["epoch"], state["steps"]


def parameter_groups(network: nn.Module, decay: float) -> list[dict[str, object]]:
    """Return what decays (matrices and kernels) and what does not (gains, biases, position biases)."""
    named = list(network.named_parameters())
    kept = [value for name, value in named if value.ndim < 2 or "relative_bias" in name]
    fading = [value for name, value in named if not (value.ndim < 2 or "relative_bias" in name)]
    return [{"params": fading, "weight_decay": decay}, {"params": kept, "weight_decay": 0.0}]


def class_weights(labels: Int[Tensor, "n"]) -> Float[Tensor, "7"]:
    """Return what a face of each class counts; the mean over the faces is 1. A class without faces counts 0."""
    counts = torch.bincount(labels, minlength=len(LABELS)).float()
    weights = torch.where(counts > 0, counts.clamp(min=1.0) ** -_CLASS_WEIGHT_POWER, 0.0)
    return weights * counts.sum() / (weights * counts).sum()


def export(training: Training, shape: SwinShape, out: Path) -> None:
    """Write the averaged weights in 16 bits, and what they are."""
    weights = {name: value.half().contiguous() for name, value in training.average.state_dict().items()}
    save_file(weights, out / "model.safetensors")
    config = {"shape": shape.model_dump(), "labels": LABELS, "temperature": 1.0, "plan": asdict(training.plan)}
    (out / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Read the command line, train, export."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faces", type=Path, help="FER2013's training split as .npz")
    parser.add_argument("--out", type=Path, required=True, help="folder for weights, checkpoint and log")
    parser.add_argument("--plain-epochs", type=int, default=Plan.plain_epochs)
    parser.add_argument("--sam-epochs", type=int, default=Plan.sam_epochs)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    asked = parser.parse_args()
    plan = Plan(plain_epochs=asked.plain_epochs, sam_epochs=asked.sam_epochs, seed=asked.seed)
    if plan.plain_epochs < 1 or plan.sam_epochs < 1:
        raise InputError("Training needs at least one plain epoch and one of SAM; give numbers above 0.")
    torch.set_num_threads(1)
    asked.out.mkdir(parents=True, exist_ok=True)
    faces = read_faces(asked.faces)
    training = Training(SwinShape(), plan, faces.without(HELD_OUT_FOLD, CALIBRATION_FOLD))
    checkpoint = asked.out / "checkpoint.pt"
    if checkpoint.exists():
        training.restore(checkpoint)
    watched = {name: faces.of(fold) for name, fold in (("fold 0", HELD_OUT_FOLD), ("fold 1", CALIBRATION_FOLD))}
    while training.epoch < plan.epochs:
        began = time.perf_counter()
        line = {"epoch": training.epoch + 1, "sam": training.epoch >= plan.plain_epochs, "loss": training.run_epoch()}
        line |= {name: _accuracy(training.average, held) for name, held in watched.items()}
        line |= {"seconds": time.perf_counter() - began}
        training.save(checkpoint)
        with (asked.out / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps({name: round(value, 4) for name, value in line.items()}) + "\n")
        export(training, SwinShape(), asked.out)
    print(f"Wrote {asked.out / 'model.safetensors'}.")


@torch.no_grad()
def _accuracy(network: nn.Module, faces: Faces) -> float:
    """Return how often the averaged weights are right, without mirror images: quick, for the log alone."""
    batches = standardised(faces.pixels).split(96)
    with torch.autocast("cpu", torch.bfloat16):
        named = torch.cat([network(batch).argmax(dim=1) for batch in batches])
    return float((named == torch.from_numpy(faces.labels)).float().mean())


if __name__ == "__main__":
    main()
