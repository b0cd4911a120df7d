"""Train the reader: `python -m espressivo.conditioning.music_emotion.train MUSIC_DATA --out DIR`.

MUSIC_DATA is described in `corpora`. Learned from: the reader's own half of EMOPIA's official training songs (`is_own`)
and its own half of VGMIDI's pieces, as wholes and as windows; nothing else is looked at, and settings and temperatures
come from folds by song within that half. One network answers both: EMOPIA's labels are signs of its two outputs,
VGMIDI's curves lines through them, so that listeners' habits (who feels good on the whole) stay out of the reader.
"""

import argparse
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from safetensors.numpy import save_file
from torch import Tensor, nn

from espressivo.conditioning.music_emotion.corpora import SIGNS, Clip, Piece, is_own, read_clips, read_pieces
from espressivo.conditioning.music_emotion.features import FEATURES
from espressivo.conditioning.music_emotion.listening import WINDOW_S, Listening, listen
from espressivo.conditioning.music_emotion.network import REACH, NetworkReader
from espressivo.conditioning.music_emotion.recogniser import NON_COMMERCIAL, log_odds_of

_HIDDEN, _DROPOUT, _NOISE = 32, 0.4, 0.3
_EPOCHS, _BATCH, _RATE, _DECAY = 20, 128, 4e-3, 0.01
_NETWORKS = 8
_FOLDS = 4
_HOP_S = 4.0
_STEEPNESS = 4.0
"""Log-odds of the sign for each unit of an output: outputs stay about within -1..1."""
_CURVE_ERROR = 0.2
"""Standard deviation that VGMIDI's curves are allowed around the line: about that of the curves themselves."""
_PIECE_COUNTS = 2.0
"""A piece of VGMIDI, heard by thirty, counts for as many clips of EMOPIA, heard by one."""


@dataclass(frozen=True, eq=False)
class Rows:
    """What the networks see: passages of all lengths, each piece of music with the same weight over its passages."""

    features: Float[np.ndarray, "rows features"]
    target: Float[np.ndarray, "rows 2"]
    """Signs of valence and arousal, or listeners' means of them."""
    weight: Float[np.ndarray, "rows"]
    is_sign: np.ndarray


class _Net(nn.Module):
    """Features -> valence, arousal; and the lines from these to listeners' curves."""

    def __init__(self) -> None:
        super().__init__()
        sizes = (len(FEATURES), _HIDDEN, _HIDDEN, 2)
        self.linear = [nn.Linear(*pair) for pair in pairwise(sizes)]
        self.layers = nn.ModuleList(self.linear)
        self.sign_offset = nn.Parameter(torch.zeros(2))
        self.curve_slope = nn.Parameter(torch.full((2,), 0.3))
        self.curve_offset = nn.Parameter(torch.full((2,), 0.1))

    def forward(self, x: Float[Tensor, "n features"]) -> Float[Tensor, "n 2"]:
        """Outputs; dropout and noise while training."""
        if self.training:
            x = x + _NOISE * torch.randn_like(x)
        for layer in self.linear[:-1]:
            x = nn.functional.dropout(nn.functional.gelu(layer(x)), _DROPOUT, self.training)
        return self.linear[-1](x)

    def loss(self, x: Float[Tensor, "n features"], target: Float[Tensor, "n 2"], is_sign: Tensor) -> Float[Tensor, "n"]:
        """Cross-entropy of signs, squared error of curves."""
        found = self(x)
        odds = _STEEPNESS * (found + self.sign_offset)
        signs = nn.functional.binary_cross_entropy_with_logits(odds, (target > 0).float(), reduction="none")
        curves = ((found * self.curve_slope + self.curve_offset - target) / _CURVE_ERROR) ** 2
        return torch.where(is_sign[:, None], signs, curves).mean(dim=1)


def main() -> None:
    """Read the arguments, train, and write the weights."""
    parser = argparse.ArgumentParser(description="Train the reader of music.")
    parser.add_argument("data", type=Path, help="folder with EMOPIA and VGMIDI")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    clips = [clip for clip in read_clips(arguments.data) if clip.official == "train" and is_own(clip.song)]
    pieces = [piece for piece in read_pieces(arguments.data) if is_own(piece.name)]
    heard = [listen(clip.notes, _HOP_S) for clip in clips]
    parts = [listen(piece.notes, _HOP_S) for piece in pieces]
    temperature = _temperature(clips, heard, pieces, parts)
    _write(fit(rows_of(clips, heard, pieces, parts), temperature), len(clips), len(pieces), arguments.out)


def rows_of(
    clips: Sequence[Clip], heard: Sequence[Listening], pieces: Sequence[Piece], parts: Sequence[Listening]
) -> Rows:
    """Lay out wholes and windows of clips and pieces with their labels."""
    features, target, weight, is_sign = [], [], [], []
    for clip, listened in zip(clips, heard, strict=True):
        features.append(np.vstack([listened.whole, listened.windows]))
        target.append(np.tile(SIGNS[clip.quadrant], (len(features[-1]), 1)))
        weight.append(_weights(len(listened.windows), 1.0))
        is_sign.append(np.ones(len(features[-1]), bool))
    for piece, listened in zip(pieces, parts, strict=True):
        features.append(np.vstack([listened.whole, listened.windows]))
        around = [piece.mean_between(time_s - WINDOW_S / 2, time_s + WINDOW_S / 2) for time_s in listened.times_s]
        target.append(np.vstack([piece.mean_between(0.0, np.inf), *around]))
        weight.append(_weights(len(listened.windows), _PIECE_COUNTS))
        is_sign.append(np.zeros(len(features[-1]), bool))
    return Rows(np.vstack(features), np.vstack(target), np.concatenate(weight), np.concatenate(is_sign))


def fit(rows: Rows, temperature: Float[np.ndarray, "2"], networks: int = _NETWORKS) -> NetworkReader:
    """Train an ensemble; the seeds are 0, 1, ..."""
    mean = np.average(rows.features, axis=0, weights=rows.weight)
    deviation = np.sqrt(np.average((rows.features - mean) ** 2, axis=0, weights=rows.weight)) + 1e-6
    x = torch.tensor(np.clip((rows.features - mean) / deviation, -REACH, REACH), dtype=torch.float32)
    trained = [_fit_one(x, rows, seed) for seed in range(networks)]
    layers = []
    for place in range(len(trained[0].linear)):
        pairs = [(net.linear[place].weight.T, net.linear[place].bias) for net in trained]
        if place == len(trained[0].linear) - 1:
            pairs = [
                (_STEEPNESS * weight, _STEEPNESS * (bias + net.sign_offset))
                for (weight, bias), net in zip(pairs, trained, strict=True)
            ]
        weights = np.stack([weight.detach().double().numpy() for weight, _ in pairs])
        layers.append((weights, np.stack([bias.detach().double().numpy()[None] for _, bias in pairs])))
    return NetworkReader(NON_COMMERCIAL, mean, deviation, tuple(layers), temperature)


def _fit_one(x: Float[Tensor, "n features"], rows: Rows, seed: int) -> _Net:
    torch.manual_seed(seed)
    target = torch.tensor(rows.target, dtype=torch.float32)
    weight = torch.tensor(rows.weight, dtype=torch.float32)
    is_sign = torch.tensor(rows.is_sign)
    net = _Net()
    optimiser = torch.optim.AdamW(net.parameters(), lr=_RATE, weight_decay=_DECAY)
    steps = _EPOCHS * -(-len(x) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps)
    for _ in range(_EPOCHS):
        for batch in torch.randperm(len(x)).split(_BATCH):
            loss = (net.loss(x[batch], target[batch], is_sign[batch]) * weight[batch]).sum() / weight[batch].sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return net.eval()


def _temperature(
    clips: Sequence[Clip], heard: Sequence[Listening], pieces: Sequence[Piece], parts: Sequence[Listening]
) -> Float[np.ndarray, "2"]:
    """Fit what log-odds are divided by to clips whose songs were left out; print what was found on the way."""
    fold = [_fold(clip.song) for clip in clips]
    odds = np.zeros((len(clips), 2))
    for left_out in range(_FOLDS):
        kept = [n for n in range(len(clips)) if fold[n] != left_out]
        rest = [n for n in range(len(pieces)) if _fold(pieces[n].name) != left_out]
        rows = rows_of(
            [clips[n] for n in kept], [heard[n] for n in kept], [pieces[n] for n in rest], [parts[n] for n in rest]
        )
        reader = fit(rows, np.ones(2), networks=2)
        for row in (n for n in range(len(clips)) if fold[n] == left_out):
            odds[row] = log_odds_of(heard[row], reader)
    signs = SIGNS[[clip.quadrant for clip in clips]]
    right = (np.sign(odds) == signs).mean(axis=0)
    print(f"folds by song: valence {right[0]:.3f}, arousal {right[1]:.3f}")
    return np.array([_best_divisor(*column) for column in zip(odds.T, signs.T, strict=True)])


def _best_divisor(odds: Float[np.ndarray, "clips"], signs: Float[np.ndarray, "clips"]) -> float:
    """Return the temperature at which the signs are likeliest."""
    tried = np.geomspace(0.3, 5.0, 200)
    return float(tried[np.logaddexp(0.0, -signs * odds / tried[:, None]).mean(axis=1).argmin()])


def _weights(windows: int, total: float) -> Float[np.ndarray, "windows+1"]:
    """Half for the whole, half for the windows."""
    return np.append(0.5 * total, np.full(windows, 0.5 * total / windows))


def _fold(name: str) -> int:
    return hashlib.sha256(f"fold:{name}".encode()).digest()[0] % _FOLDS


def _write(reader: NetworkReader, clips: int, pieces: int, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {"mean": reader.mean, "deviation": reader.deviation, "temperature": reader.temperature}
    for place, (weights, bias) in enumerate(reader.layers):
        tensors |= {f"weight_{place}": weights, f"bias_{place}": bias}
    whole = {name: np.ascontiguousarray(tensor, np.float32) for name, tensor in tensors.items()}
    save_file(whole, folder / "model.safetensors")
    config = {"id": reader.id, "layers": len(reader.layers), "features": FEATURES, "clips": clips, "pieces": pieces}
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
