"""Train the phone network: `python -m espressivo.conditioning.phones_neural.train DATA_DIR --out DIR`.

DATA_DIR holds `realspeech/` (LibriSpeech test-clean and Kathleen with aligned phones) and, if there, `face3d/facegood/`
(speech with jaw curves). Training goes on from DIR/checkpoint.pt; the same seed and number of steps give the same
weights on the same machine. Needs the `train` extra.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch  # pyright: ignore[reportMissingImports] - the `train` extra
from safetensors.numpy import save_file
from torch import Tensor, nn  # pyright: ignore[reportMissingImports]
from torch.nn import functional  # pyright: ignore[reportMissingImports]

from espressivo.conditioning.phones_neural.augmentation import Augmenter
from espressivo.conditioning.phones_neural.corpus import (
    DEV_JAW_CLIPS,
    DEV_SPEAKERS,
    UNKNOWN,
    Example,
    read_aligned,
    read_jaws,
)
from espressivo.conditioning.phones_neural.features import BANDS, log_level, mel_filters, normalise
from espressivo.conditioning.phones_neural.inventory import PHONES

_CHANNELS = 128
_KERNEL = 5
_DILATIONS = (1, 2, 4, 1, 2, 4, 8)
_CROP_FRAMES = 300
_BATCH = 12
_EMA = 0.998
_REPORT_STEPS = 200


class PhoneNet(nn.Module):
    """Residual dilated convolutions over time: features (B, T, bands) to phone logits (B, T, P) and opening (B, T)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv1d(BANDS, _CHANNELS, _KERNEL, padding=_KERNEL // 2)
        self.stem_norm = nn.BatchNorm1d(_CHANNELS)
        self.blocks = nn.ModuleList(
            nn.Conv1d(_CHANNELS, _CHANNELS, _KERNEL, padding=_KERNEL // 2 * dilation, dilation=dilation)
            for dilation in _DILATIONS
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(_CHANNELS) for _ in _DILATIONS)
        self.head = nn.Linear(_CHANNELS, len(PHONES) + 1)
        self.dropout = nn.Dropout(0.15)

    def layers(self) -> list[tuple[nn.Conv1d, nn.BatchNorm1d]]:
        """Return every convolution with its normalisation, the first one first."""
        pairs = zip([self.stem, *self.blocks], [self.stem_norm, *self.norms], strict=True)
        return cast(list[tuple[nn.Conv1d, nn.BatchNorm1d]], list(pairs))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return phone logits and the logit of the opening."""
        x = functional.relu(self.stem_norm(self.stem(features.transpose(1, 2))))
        for convolution, norm in zip(self.blocks, self.norms, strict=True):
            x = x + self.dropout(functional.relu(norm(convolution(x))))
        out = self.head(x.transpose(1, 2))
        return out[..., :-1], out[..., -1]


def main() -> None:
    """Read the arguments and train."""
    parser = argparse.ArgumentParser(description="Train the phone network on speech with timed phones.")
    parser.add_argument("data", type=Path, help="folder with realspeech/ and face3d/facegood/")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=4000, help="length of the whole schedule")
    parser.add_argument("--max-minutes", type=float, default=60.0, help="stop, to be resumed, after this long")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    train(**vars(arguments))


def train(data: Path, out: Path, steps: int, max_minutes: float, seed: int = 0) -> None:
    """Train to `steps` or until the time is up; write the checkpoint and the exported weights to `out`.

    Args:
        data: as the module describes.
        out: folder; its `checkpoint.pt` is gone on from.
        steps: length of the whole schedule of the learning rate.
        max_minutes: stop after this long; the next call goes on.
        seed: of weights, crops and disturbances.
    """
    deadline = time.monotonic() + 60.0 * max_minutes
    training, dev = _read_examples(data)
    prior = _prior(training)
    torch.manual_seed(seed)
    net = PhoneNet()
    average = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(_EMA), use_buffers=True
    )
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2.5e-3, total_steps=steps, pct_start=0.08)
    done = 0
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        for part, name in ((net, "net"), (average, "average"), (optimiser, "optimiser"), (schedule, "schedule")):
            part.load_state_dict(state[name])
        done = state["done"]
    statistics = _statistics(training)

    while done < steps and time.monotonic() < deadline:
        # Numbered streams: a resumed run draws what an unbroken one would have drawn.
        augmenter = Augmenter(training, prior, _CROP_FRAMES, np.random.default_rng([seed, done]))
        torch.manual_seed(seed + done)
        net.train()
        losses = []
        for _ in range(min(_REPORT_STEPS, steps - done)):
            optimiser.zero_grad()
            loss = _loss(net, *map(torch.from_numpy, augmenter.batch(_BATCH)))
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            optimiser.step()
            schedule.step()
            average.update_parameters(net)
            losses.append(float(loss.detach()))
        done += len(losses)
        torch.save(
            {
                "net": net.state_dict(),
                "average": average.state_dict(),
                "optimiser": optimiser.state_dict(),
                "schedule": schedule.state_dict(),
                "done": done,
            },
            checkpoint,
        )
        averaged = cast(PhoneNet, average.module)
        figures = _dev_figures(averaged, dev, prior)
        print(json.dumps({"step": done, "loss": round(float(np.mean(losses)), 4), **figures}), flush=True)
        export(averaged, prior, statistics, out)
        write_golden(averaged, out / "golden.npz")


def export(net: PhoneNet, prior: np.ndarray, statistics: dict[str, np.ndarray], out: Path) -> None:
    """Write the weights with the batch norms folded into the convolutions, as (tap, in, out) in 16 bits."""
    tensors: dict[str, Any] = {}
    for number, (convolution, norm) in enumerate(net.layers()):
        bias, variance, mean = cast(
            tuple[Tensor, Tensor, Tensor], (convolution.bias, norm.running_var, norm.running_mean)
        )
        gain = norm.weight / torch.sqrt(variance + norm.eps)
        weight = convolution.weight * gain[:, None, None]
        tensors[f"convolution.{number}.weight"] = weight.permute(2, 1, 0)
        tensors[f"convolution.{number}.bias"] = (bias - mean) * gain + norm.bias
    tensors |= {"head.weight": net.head.weight.T, "head.bias": net.head.bias}
    arrays = {name: np.ascontiguousarray(tensor.detach().numpy(), np.float16) for name, tensor in tensors.items()}
    save_file(arrays | {"prior": prior} | statistics, out / "model.safetensors")
    config = {"phones": PHONES, "dilations": [1, *_DILATIONS], "kernel": _KERNEL, "frame_rate_hz": 100}
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


@torch.no_grad()
def write_golden(net: nn.Module, path: Path) -> None:
    """Write what `net` makes of drawn features, to check the numpy network against."""
    features = np.random.default_rng(0).normal(0.0, 1.0, (80, BANDS)).astype(np.float16)
    logits, opening_logit = net.eval()(torch.from_numpy(features.astype(np.float32))[None])
    outputs = torch.cat([logits[0], opening_logit[0][:, None]], dim=1)
    np.savez_compressed(path, features=features, outputs=outputs.numpy().astype(np.float16))


def _read_examples(data: Path) -> tuple[list[Example], list[Example]]:
    examples = list(read_aligned(data / "realspeech"))
    training = [example for example in examples if example.speaker not in DEV_SPEAKERS]
    dev = list({example.clip: example for example in reversed(examples) if example.speaker in DEV_SPEAKERS}.values())
    jaws = data / "face3d" / "facegood"
    if jaws.is_dir():
        for example in read_jaws(jaws):
            (dev if example.clip in DEV_JAW_CLIPS else training).append(example)
    return training, dev


def _band_power(example: Example) -> np.ndarray:
    return np.exp(example.power.astype(np.float32)) @ mel_filters()


def _prior(examples: list[Example]) -> np.ndarray:
    """Return the mean log level of each band over the active frames of every tenth example."""
    parts = [level[active] for level, active in (log_level(_band_power(example)) for example in examples[::10])]
    return np.concatenate(parts).mean(axis=0).astype(np.float32)


def _statistics(examples: list[Example]) -> dict[str, np.ndarray]:
    """Return the smoothed log share of each phone over frames, and log bigram of phones, for decoding."""
    share, bigram = np.ones(len(PHONES)), np.full((len(PHONES), len(PHONES)), 0.5)
    for example in examples:
        if example.phone[0] == UNKNOWN:
            continue
        np.add.at(share, example.phone, 1)
        runs = example.phone[np.flatnonzero(np.diff(example.phone, prepend=-1))]
        np.add.at(bigram, (runs[:-1], runs[1:]), 1)
    return {
        "log_share": np.log(share / share.sum()).astype(np.float32),
        "log_bigram": np.log(bigram / bigram.sum(axis=1, keepdims=True)).astype(np.float32),
    }


def _loss(net: PhoneNet, features: Tensor, phone: Tensor, opening: Tensor) -> Tensor:
    logits, open_logit = net(features)
    spelled = functional.cross_entropy(
        logits.flatten(0, 1), phone.flatten(), ignore_index=UNKNOWN, label_smoothing=0.05
    )
    return spelled + 2.0 * functional.mse_loss(torch.sigmoid(open_logit), opening)


@torch.no_grad()
def _dev_figures(net: nn.Module, dev: list[Example], prior: np.ndarray) -> dict[str, float]:
    net.eval()
    right, right_speech, frames, speech = 0, 0, 0, 0
    openings: dict[bool, list[np.ndarray]] = {True: [], False: []}
    for example in dev:
        features = torch.from_numpy(normalise(_band_power(example), prior))[None]
        logits, open_logit = net(features)
        known = example.phone[0] != UNKNOWN
        openings[known].append(np.stack([torch.sigmoid(open_logit)[0].numpy(), example.opening]))
        if known:
            hit = logits[0].argmax(dim=1).numpy() == example.phone
            spoken = example.phone != 0
            right, frames = right + int(hit.sum()), frames + len(hit)
            right_speech, speech = right_speech + int(hit[spoken].sum()), speech + int(spoken.sum())
    figures = {"phone_frames": right / frames, "phone_speech_frames": right_speech / speech}
    for known, name in ((True, "opening_r"), (False, "jaw_r")):
        if openings[known]:
            figures[name] = float(np.corrcoef(np.concatenate(openings[known], axis=1))[0, 1])
    return {name: round(value, 4) for name, value in figures.items()}


if __name__ == "__main__":
    main()
