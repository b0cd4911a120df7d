"""MusER's models as they are stored: those of `muser.train`, and the authors'."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from espressivo.errors import InputError
from espressivo.generators.music.muser.checkpoints import load_network, load_prior
from espressivo.generators.music.muser.dictionary import Dictionary, plain_pickle, read_dictionary, reconstructed
from espressivo.generators.music.muser.grammar import Grammar
from espressivo.generators.music.muser.manners import AUTHORS, OWN, Manners
from espressivo.generators.music.muser.meanings import Kinds
from espressivo.generators.music.muser.network import MusER, MusERSize
from espressivo.generators.music.muser.prior import Prior, PriorSize
from espressivo.generators.music.muser.stepping import CodeStepper, WordStepper
from espressivo.generators.stored_tensors import read_stored

Leans = Mapping[str, Float[Tensor, "4 classes"]]
"""For codes and elements: by how much the log probability of each is higher in a quadrant than in all music."""
_NETWORK, _PRIOR, _LEAN = "network.", "prior.", "lean."


@dataclass(frozen=True, eq=False)
class Model:
    """Both networks, and what is known of them."""

    network: MusER
    prior: Prior
    used_codes: Int[Tensor, "used"]
    """Code of the network's codebook that each code of the prior stands for."""
    kinds: Kinds | None
    """What the prior's codes stand for, if that is known; of the authors' weights it is not."""
    leans: Leans
    dictionary: Dictionary
    manners: Manners
    guided: bool
    """Whether it was taught pieces without emotion, so that it can be guided."""
    in_c: bool
    """Whether it was taught pieces moved to C (`home.at_home`)."""

    @cached_property
    def words(self) -> WordStepper:
        """The decoder word by word."""
        return WordStepper(self.network)

    @cached_property
    def codes(self) -> CodeStepper:
        """The prior code by code."""
        return CodeStepper(self.prior)

    @cached_property
    def pitches(self) -> Float[np.ndarray, "used"]:
        """The pitch that the decoder expects of a note with each code, at the beginning of a piece without emotion."""
        grammar, codes = Grammar(self.dictionary), len(self.used_codes)
        begun = [grammar.word(type="Emotion"), grammar.word(type="Metrical", bar_beat="Bar")]
        begun.append(grammar.word(type="Metrical", bar_beat="Beat_0"))
        latent = self.network.VQ.embeddings[self.used_codes].detach()
        memory = self.words.memory(latent[:, None].expand(-1, len(begun), -1), codes)
        past, hidden = self.words.past(codes), np.empty(0)
        for word in begun:
            hidden = self.words.step(np.broadcast_to(word, (codes, len(word))), latent.numpy(), memory, past)
        logits = self.words.element("pitch", hidden, grammar.note)
        pitch = self.dictionary.numbers("pitch")
        known = pitch > 0
        weights = np.exp(logits[:, known] - logits[:, known].max(axis=1, keepdims=True))
        return weights @ pitch[known] / weights.sum(axis=1)

    def latent(self, codes: Sequence[int]) -> Float[Tensor, "1 length 112"]:
        """Return the vectors of codes of the prior."""
        return self.network.VQ.embeddings[self.used_codes[torch.tensor(codes, dtype=torch.long)]][None]


def load_model(path: Path) -> Model:
    """Load a folder that `muser.train` wrote, or the authors': two files best.pt (the network's and the prior's).

    The authors' prior may need VQ_dict.data beside them; their dictionary.pkl is read where it is there.

    Raises:
        InputError: it holds no such model.
    """
    model = _own(path) if (path / "config.json").is_file() else _official(path)
    model.network.eval()
    model.prior.eval()
    return model


def _own(folder: Path) -> Model:
    wrong = f"{folder} holds no model of MusER; give a folder that muser.train wrote."
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        tensors = {name: tensor.float() for name, tensor in load_file(folder / "model.safetensors").items()}
        network, prior = MusER(MusERSize(**config["size"])), Prior(PriorSize(**config["prior_size"]))
        used = torch.tensor(config["used_codes"])
        kinds = np.array(config["code_kinds"])
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise InputError(wrong) from error
    load_network(network, _part(tensors, _NETWORK))
    load_prior(prior, _part(tensors, _PRIOR))
    leans = _part(tensors, _LEAN)
    return Model(network, prior, used, kinds, leans, reconstructed(), OWN, guided=True, in_c=True)


def _official(folder: Path) -> Model:
    found = list(_checkpoints(folder))
    networks = [tensors for tensors in found if "VQ.embeddings" in tensors]
    priors = [tensors for tensors in found if "predict_fc.weight" in tensors]
    if not networks or not priors:
        raise InputError(
            f"{folder} does not hold best.pt of MusER's network and best.pt of its prior; give a folder with both."
        )
    network = MusER(MusERSize(codes=len(networks[0]["VQ.embeddings"])))
    prior = Prior(PriorSize(codes=len(priors[0]["predict_fc.weight"])))
    load_network(network, networks[0])
    load_prior(prior, priors[0])
    dictionary = next(iter(sorted(folder.rglob("dictionary.pkl"))), None)
    return Model(
        network,
        prior,
        _used_codes(folder, network.size.codes, prior.size.codes),
        None,
        {},
        read_dictionary(dictionary) if dictionary else reconstructed(),
        AUTHORS,
        guided=False,
        in_c=False,
    )


def _checkpoints(folder: Path) -> Iterator[dict[str, Tensor]]:
    """Yield the tensors of each best.pt; nothing in them is executed."""
    for path in sorted(folder.rglob("best.pt")):
        stored = read_stored(path, partial(_refused, path))
        if isinstance(stored, dict) and isinstance(stored.get("model"), dict):
            yield {name.removeprefix("module."): tensor for name, tensor in stored["model"].items()}


def _refused(path: Path, error: Exception) -> InputError:
    return InputError(
        f"{path} cannot be read as a checkpoint ({type(error).__name__}); give the best.pt that MusER's training wrote."
    )


def _used_codes(folder: Path, codes: int, used: int) -> Int[Tensor, "used"]:
    """Read which codes the prior's stand for: all of them, or those of VQ_dict.data."""
    if used == codes:
        return torch.arange(codes)
    path = next(iter(sorted(folder.rglob("VQ_dict.data"))), folder / "VQ_dict.data")
    wrong = f"{path} does not number {used} of {codes} codes; give the VQ_dict.data that belongs to MusER's prior."
    stored = plain_pickle(path, wrong)
    numbered = stored.get(1) if isinstance(stored, dict) else None
    if not isinstance(numbered, dict) or set(numbered) != set(range(used)):
        raise InputError(wrong)
    values = [numbered[number] for number in range(used)]
    if not all(type(code) is int and 0 <= code < codes for code in values):
        raise InputError(wrong)
    return torch.tensor(values)


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
