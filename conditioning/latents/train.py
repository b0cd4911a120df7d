"""Train: `python -m espressivo.conditioning.latents.train RAVDESS EMODB --out DIR`.

First the encoders learn with a decoder, by exchange (K. Chhatre et al., "AMUSE", CVPR 2024; R. Danecek et al., "EMOTE",
SIGGRAPH Asia 2023): a clip is said with its own three vectors, with the content of another speaker's clip of the
sentence, with the emotion of another clip of that emotion, and with the style of another clip of the speaker; all four
must sound like the clip (L1, weight 1). Each vector must tell its own label (cross-entropy, weight 1) and hide the
other two from judges. Then style is reduced to the few directions that tell speakers and nothing else, in steps, and
the decoder learns once more from the vectors as they are at run time.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from espressivo.conditioning.latents.clips import read_clips
from espressivo.conditioning.latents.encoder import PARTS, SPREAD, LatentEncoder, Layers
from espressivo.conditioning.latents.erasure import discriminants, scatters
from espressivo.conditioning.latents.hearing import moving_features
from espressivo.conditioning.latents.material import Material, gather, joined
from espressivo.conditioning.latents.network import CODES, DIMENSIONS, Decoder, Encoder, Judge
from espressivo.conditioning.latents.segments import parts_of

STYLE_DIRECTIONS = 6
STYLE_STEP = 2.0
"""Of the grid, in standard deviations of one speaker's clips: smaller differences are mood and words."""
STEPS = 2000

_BATCH = 128
_RATE, _JUDGE_RATE = 2e-3, 3e-3
_DECAY = 1e-2
_SHAPES = 64
_HIDING = {"content": 1.0, "emotion": 1.0, "style": 1.0}
_SMALLNESS = 0.01
"""Of style, so that it cannot outgrow the noise."""
_WARM_UP = 0.3
"""Share of the steps in which hiding sets in."""


class Pool:
    """Training clips as tensors, and who may lend what to whom."""

    def __init__(self, material: Material, scale: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]) -> None:
        voice_mean, voice_spread, clock_mean, clock_spread = scale
        voice = np.clip((material.voice - voice_mean) / voice_spread, -SPREAD, SPREAD)
        clock = ((material.clock - clock_mean) / clock_spread).reshape(len(voice), -1)
        parts = [parts_of(phones[:steps]) for phones, steps in zip(material.phones, material.steps, strict=True)]
        self.heard = material.voice[:, 0]
        self.voice = torch.tensor(voice, dtype=torch.float32)
        self.moving = torch.tensor(moving_features())
        self.parts = torch.tensor(np.array(parts))
        self.known = torch.tensor(np.isfinite(clock), dtype=torch.float32)
        self.clock = torch.tensor(np.nan_to_num(clock), dtype=torch.float32)
        speakers = [f"{name} at {speed}" for name, speed in zip(material.speaker, material.speed, strict=True)]
        acted = [f"{a} {b} {c}" for a, b, c in zip(material.corpus, material.emotion, material.strength, strict=True)]
        labels = [_numbers(material.sentence), _numbers(material.emotion), _numbers(speakers)]
        corpus = _numbers(material.corpus)
        self.labels = {name: torch.tensor(column) for name, column in zip(PARTS, labels, strict=True)}
        self.classes = {name: int(column.max()) + 1 for name, column in self.labels.items()}
        self.possible = {name: _seen_together(corpus, column.numpy()) for name, column in self.labels.items()}
        self.corpus = torch.tensor(corpus)
        lenders = {"content": labels[0], "emotion": _numbers(acted), "style": labels[2]}
        self.lenders = {name: _fellows(keys) for name, keys in lenders.items()}
        self.share = _evenly(_numbers(acted))

    def numbers(self, name: str, rows: Int[np.ndarray, "batch"], generator: np.random.Generator) -> Tensor:
        """What an encoder hears of these rows: the whole clip or a stretch of it."""
        if name == "content":
            return self.parts[rows]
        heard = self.voice[rows, generator.integers(0, self.voice.shape[1], len(rows))]
        return heard * self.moving if name == "emotion" else heard

    def whole(self, name: str) -> Tensor:
        """The same of all clips, as they are at run time."""
        heard = self.parts if name == "content" else self.voice[:, 0]
        return heard * self.moving if name == "emotion" else heard

    def lent(self, name: str, rows: Int[np.ndarray, "batch"], generator: np.random.Generator) -> np.ndarray:
        """For each row another one with the same sentence, emotion or speaker."""
        return np.array([generator.choice(self.lenders[name][row]) for row in rows])

    def unlikeness(self, said: Float[Tensor, "batch outputs"], rows: Int[np.ndarray, "batch"]) -> Float[Tensor, ""]:
        """Mean absolute difference where the clock is known."""
        known = self.known[rows]
        return ((said - self.clock[rows]).abs() * known).sum() / known.sum()

    def surprise(self, name: str, log_odds: Float[Tensor, "batch classes"], rows: np.ndarray) -> Float[Tensor, ""]:
        """Cross-entropy among the labels of the row's own corpus, so that telling corpora apart earns nothing."""
        possible = self.possible[name][self.corpus[rows]]
        return functional.cross_entropy(log_odds.masked_fill(~possible, -1e9), self.labels[name][rows])


def main() -> None:
    """Read the arguments and train."""
    parser = argparse.ArgumentParser(description="Train disentangled vectors of content, emotion and style.")
    parser.add_argument("data", type=Path, nargs="+", help="folders in the form of RAVDESS or EMO-DB")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--without", nargs="*", default=[], help="speakers to leave out, as CORPUS/SPEAKER")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    material = joined([gather(read_clips(folder), arguments.seed) for folder in arguments.data])
    kept = ~np.isin(material.speaker, arguments.without)
    train(material.of(kept), arguments.seed).save(arguments.out)


def train(material: Material, seed: int = 0, steps: int = STEPS) -> LatentEncoder:
    """Train encoders and decoder; the same material and seed give the same result on the same machine."""
    torch.manual_seed(seed)
    generator = np.random.default_rng(seed)
    scale = _scale(material)
    pool = Pool(material, scale)
    encoders = {name: Encoder(name, pool.whole(name).shape[1]) for name in PARTS}
    _learn_to_encode(pool, encoders, generator, steps)
    for encoder in encoders.values():
        encoder.eval()
    speakers = pool.labels["style"].numpy()
    with torch.no_grad():
        style = encoders["style"](pool.whole("style")).numpy().astype(np.float64)
    directions = discriminants(
        style,
        speakers,
        (np.char.add(material.corpus, material.emotion), material.sentence),
        STYLE_DIRECTIONS,
    )
    directions /= STYLE_STEP * np.sqrt(np.diag(scatters(style @ directions, speakers)[1]))
    offset = -style.mean(axis=0) @ directions
    found = LatentEncoder(
        voice_mean=scale[0],
        voice_spread=scale[1],
        clock_mean=scale[2],
        clock_spread=scale[3],
        content=_layers(encoders["content"]),
        emotion=_layers(encoders["emotion"]),
        style=_layers(encoders["style"], directions, offset),
        content_codes=_codes(encoders["content"]),
        emotion_codes=_codes(encoders["emotion"]),
        decoder=(),
        speakers=tuple(sorted(set(map(str, material.speaker)))),
    )
    return found.with_decoder(_learn_to_say(pool, found, generator, steps // 2))


def _learn_to_encode(pool: Pool, encoders: dict[str, Encoder], generator: np.random.Generator, steps: int) -> None:
    decoder = Decoder(sum(DIMENSIONS.values()), pool.clock.shape[1], _principal_shapes(pool))
    tellers = {name: nn.Linear(DIMENSIONS[name], pool.classes[name]) for name in PARTS}
    judges = {
        (name, other): Judge(DIMENSIONS[name], pool.classes[name] * (name in CODES), pool.classes[other])
        for name in PARTS
        for other in PARTS
        if other != name
    }
    learners = nn.ModuleList([*encoders.values(), decoder, *tellers.values()])
    optimiser = torch.optim.AdamW(learners.parameters(), lr=_RATE, weight_decay=_DECAY)
    judging = torch.optim.AdamW(nn.ModuleList(list(judges.values())).parameters(), lr=_JUDGE_RATE)
    for step in range(steps):
        rows = generator.choice(len(pool.clock), _BATCH, p=pool.share)
        own = {name: encoders[name](pool.numbers(name, rows, generator)) for name in PARTS}
        loss = pool.unlikeness(decoder(torch.cat(list(own.values()), 1)), rows) / 4
        loss = loss + _SMALLNESS * own["style"].square().mean()
        for name in PARTS:
            lent = encoders[name](pool.numbers(name, pool.lent(name, rows, generator), generator))
            loss = loss + pool.unlikeness(decoder(torch.cat(list({**own, name: lent}.values()), 1)), rows) / 4
            loss = loss + pool.surprise(name, tellers[name](own[name]), rows)
        hiding = min(1.0, step / (_WARM_UP * steps))
        for (name, other), judge in judges.items():
            log_odds = judge(own[name], pool.labels[name][rows], _HIDING[name] * hiding)
            loss = loss + pool.surprise(other, log_odds, rows)
        _update(loss, (optimiser, judging), _RATE * min(1.0, (steps - step) / (0.4 * steps)))


def _learn_to_say(
    pool: Pool, found: LatentEncoder, generator: np.random.Generator, steps: int
) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Fit a decoder to the vectors as the finished encoder gives them, with the same exchanges."""
    vectors = [torch.tensor(each, dtype=torch.float32) for each in found.vectors(pool.heard, pool.parts.numpy())]
    decoder = Decoder(sum(each.shape[1] for each in vectors), pool.clock.shape[1], _principal_shapes(pool)).eval()
    optimiser = torch.optim.AdamW(decoder.parameters(), lr=_RATE, weight_decay=_DECAY)
    for step in range(steps):
        rows = generator.choice(len(pool.clock), _BATCH, p=pool.share)
        loss = torch.zeros(())
        for exchanged in (None, *PARTS):
            lent = [rows if name != exchanged else pool.lent(name, rows, generator) for name in PARTS]
            said = decoder(torch.cat([each[of] for each, of in zip(vectors, lent, strict=True)], 1))
            loss = loss + pool.unlikeness(said, rows)
        _update(loss, (optimiser,), _RATE * min(1.0, (steps - step) / (0.4 * steps)))
    return _affine(decoder.layers)


def _update(loss: Tensor, optimisers: tuple[torch.optim.Optimizer, ...], rate: float) -> None:
    optimisers[0].param_groups[0]["lr"] = rate
    for optimiser in optimisers:
        optimiser.zero_grad()
    loss.backward()
    for optimiser in optimisers:
        optimiser.step()


def _scale(material: Material) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    voice = material.voice.reshape(-1, material.voice.shape[-1]).astype(np.float64)
    clock = material.clock.reshape(-1, material.clock.shape[-1]).astype(np.float64)
    return voice.mean(axis=0), voice.std(axis=0) + 1e-6, np.nanmean(clock, axis=0), np.nanstd(clock, axis=0) + 1e-6


def _principal_shapes(pool: Pool) -> Float[Tensor, "outputs shapes"]:
    _, values, shapes = torch.linalg.svd(pool.clock, full_matrices=False)
    return shapes[:_SHAPES].T * values[:_SHAPES] / len(pool.clock) ** 0.5


def _affine(layers: nn.Sequential) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    return tuple(
        (layer.weight.detach().numpy().T.astype(np.float32), layer.bias.detach().numpy().astype(np.float32))
        for layer in layers
        if isinstance(layer, nn.Linear)
    )


def _layers(encoder: Encoder, directions: np.ndarray | None = None, offset: np.ndarray | None = None) -> Layers:
    """The encoder's two layers, the second followed by a projection if there is one."""
    first, (weight, bias) = _affine(encoder.layers)
    if directions is None or offset is None:
        return first, (weight, bias)
    return first, ((weight @ directions).astype(np.float32), (bias @ directions + offset).astype(np.float32))


def _codes(encoder: Encoder) -> np.ndarray:
    assert encoder.codes is not None
    return encoder.codes.vectors.detach().numpy().astype(np.float32)


def _numbers(labels: object) -> Int[np.ndarray, "rows"]:
    return np.unique(np.asarray(labels), return_inverse=True)[1]


def _fellows(keys: Int[np.ndarray, "rows"]) -> list[np.ndarray]:
    """For every row the rows of the same key."""
    groups = [np.flatnonzero(keys == key) for key in range(keys.max() + 1)]
    return [groups[key] for key in keys]


def _seen_together(corpus: np.ndarray, labels: np.ndarray) -> Tensor:
    """Which labels occur in which corpus."""
    table = np.zeros((corpus.max() + 1, labels.max() + 1), bool)
    table[corpus, labels] = True
    return torch.tensor(table)


def _evenly(groups: Int[np.ndarray, "rows"]) -> Float[np.ndarray, "rows"]:
    weights = 1.0 / np.bincount(groups)[groups]
    return weights / weights.sum()


if __name__ == "__main__":
    main()
