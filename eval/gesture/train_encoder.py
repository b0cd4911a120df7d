"""Train the motion encoder: `python -m espressivo.eval.gesture.train_encoder DATA_DIR --out DIR`.

DATA_DIR holds `bandai_dev.npz`, which is CC BY-NC 4.0: so are the weights. Training goes on from DIR/checkpoint.pt; the
same seed and number of steps give the same weights on the same machine. The encoder is the first half of a variational
autoencoder that has to rebuild poses and their changes; the second half is thrown away.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from safetensors.torch import save_file
from torch import Tensor, nn

from espressivo.eval.gesture.corpus import LabelledTake, read_takes
from espressivo.eval.gesture.encoder import FEATURES, WINDOW_FRAMES, MotionEncoder, pose_numbers

_STRIDE = 8
_BATCH = 256
_LEARNING_RATE = 2e-3
_KL_WEIGHT = 1e-3
_LEAST_POSE_STD = 0.03
_LEAST_CHANGE_STD = 0.003
_REPORT_STEPS = 200


class _MotionAutoencoder(nn.Module):
    """The encoder, the log-variance beside its mean, and a decoder that mirrors it."""

    def __init__(self, encoder: MotionEncoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.log_variance = nn.Linear(encoder.mean.in_features, FEATURES)
        self.first = nn.Linear(FEATURES, encoder.mean.in_features)
        self.deconvolutions = nn.ModuleList(
            nn.ConvTranspose1d(layer.out_channels, layer.in_channels, kernel_size=4, stride=2, padding=1)
            for layer in reversed(list(encoder.convolutions))
            if isinstance(layer, nn.Conv1d)
        )

    def forward(self, poses: Float[Tensor, "windows frames 132"]) -> tuple[Tensor, Tensor]:
        """Return the mean squared error of poses and changes, and the KL divergence per window."""
        hidden = self.encoder.hidden(poses)
        mean, log_variance = self.encoder.mean(hidden), self.log_variance(hidden)
        drawn = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean) if self.training else mean
        x = self.first(drawn).reshape(len(poses), -1, 2)
        for number, layer in enumerate(self.deconvolutions):
            x = layer(x if number == 0 else nn.functional.leaky_relu(x, 0.2))
        error = (x.transpose(1, 2) - self.encoder.normalised(poses)).square().mean()
        divergence = 0.5 * (log_variance.exp() + mean.square() - 1 - log_variance).sum(dim=1).mean()
        return error, divergence


def main() -> None:
    """Read the arguments and train."""
    parser = argparse.ArgumentParser(description="Train the motion encoder of FGD-own.")
    parser.add_argument("data", type=Path, help="folder with bandai_dev.npz")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=3000, help="length of the whole schedule")
    parser.add_argument("--max-minutes", type=float, default=60.0, help="stop, to be resumed, after this long")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    train(read_takes(arguments.data), arguments.out, arguments.steps, arguments.max_minutes, arguments.seed)


def train(takes: Sequence[LabelledTake], out: Path, steps: int, max_minutes: float = 60.0, seed: int = 0) -> None:
    """Train to `steps` or until the time is up; write the checkpoint and `encoder.safetensors` to `out`.

    Args:
        takes: of which those that are held out are only measured.
        out: folder; its `checkpoint.pt` is gone on from.
        steps: length of the whole schedule of the learning rate.
        max_minutes: stop after this long; the next call goes on.
        seed: of weights and batches.
    """
    deadline = time.monotonic() + 60 * max_minutes
    training = _windows([take for take in takes if not take.held_out], mirror=True)
    held_out = _windows([take for take in takes if take.held_out], mirror=False)
    torch.manual_seed(seed)
    encoder = MotionEncoder()
    _set_statistics(encoder, training)
    net = _MotionAutoencoder(encoder)
    optimiser = torch.optim.AdamW(net.parameters(), lr=_LEARNING_RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _LEARNING_RATE, total_steps=steps, pct_start=0.1)
    parts = {"net": net, "optimiser": optimiser, "schedule": schedule}
    checkpoint, done = out / "checkpoint.pt", 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        for name, part in parts.items():
            part.load_state_dict(state[name])
        done = state["done"]
    while done < steps and time.monotonic() < deadline:
        # Numbered streams: a resumed run draws what an unbroken one would have drawn.
        torch.manual_seed(seed + done)
        net.train()
        errors = []
        for _ in range(min(_REPORT_STEPS, steps - done)):
            optimiser.zero_grad()
            error, divergence = net(training[torch.randint(len(training), (_BATCH,))])
            (error + _KL_WEIGHT * divergence).backward()
            optimiser.step()
            schedule.step()
            errors.append(float(error.detach()))
        done += len(errors)
        torch.save({name: part.state_dict() for name, part in parts.items()} | {"done": done}, checkpoint)
        figures = {"step": done, "error": round(float(np.mean(errors)), 4), "held_out": _error_of(net, held_out)}
        print(json.dumps(figures), flush=True)
    save_file(
        {name: tensor.half().contiguous() for name, tensor in encoder.state_dict().items()}, out / "encoder.safetensors"
    )


def _windows(takes: Sequence[LabelledTake], mirror: bool) -> Float[Tensor, "windows frames 132"]:
    motions = [take.motion for take in takes]
    if mirror:
        motions += [motion.mirrored() for motion in motions]
    found = []
    for numbers in map(pose_numbers, motions):
        starts = range(0, len(numbers) - WINDOW_FRAMES + 1, _STRIDE)
        found += [numbers[start : start + WINDOW_FRAMES] for start in starts]
    return torch.from_numpy(np.stack(found))


def _set_statistics(encoder: MotionEncoder, windows: Float[Tensor, "windows frames 132"]) -> None:
    encoder.pose_mean.copy_(windows.mean(dim=(0, 1)))
    encoder.pose_std.copy_(windows.flatten(0, 1).std(dim=0).clamp(min=_LEAST_POSE_STD))
    encoder.change_std.copy_(windows.diff(dim=1).flatten(0, 1).std(dim=0).clamp(min=_LEAST_CHANGE_STD))


@torch.no_grad()
def _error_of(net: nn.Module, windows: Float[Tensor, "windows frames 132"]) -> float:
    net.eval()
    return round(float(net(windows)[0]), 4)


if __name__ == "__main__":
    main()
