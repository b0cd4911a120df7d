"""MusER's tensors, as its authors or this project's training wrote them, into networks."""

from collections.abc import Mapping

from torch import Tensor, nn

from espressivo.errors import InputError
from espressivo.generators.music.muser.network import MusER
from espressivo.generators.music.muser.prior import EMOTIONS, Prior

_TRAINING_ONLY = ("DR.", "VQ_pos_embedd.")
_TABLES = ".pe"


def load_network(network: MusER, tensors: Mapping[str, Tensor]) -> None:
    """Put all tensors into `network`, but for the regulariser of training and tables that are computed.

    Raises:
        InputError: tensors are missing, left over, or of other shapes.
    """
    _load(network, tensors, "MusER's network")


def load_prior(prior: Prior, tensors: Mapping[str, Tensor]) -> None:
    """Put all tensors into `prior`.

    Raises:
        InputError: tensors are missing, left over, or of other shapes; the prior has other start ids than emotions.
    """
    learned = _learned(tensors)
    rows = [len(learned[name]) if name in learned else 0 for name in ("emb.lut.weight", "predict_fc.weight")]
    if rows[0] - rows[1] != EMOTIONS:
        raise InputError(
            f"The prior reads {rows[0]} ids and predicts {rows[1]}; MusER's reads {EMOTIONS} more than it predicts, "
            "so give that one."
        )
    _load(prior, tensors, "MusER's prior")


def _load(module: nn.Module, tensors: Mapping[str, Tensor], what: str) -> None:
    learned = _learned(tensors)
    expected = module.state_dict()
    wrong = sorted(
        (expected.keys() ^ learned.keys())
        | {name for name in expected.keys() & learned.keys() if expected[name].shape != learned[name].shape}
    )
    if wrong:
        raise InputError(
            f"The checkpoint does not hold {what} of this size ({len(wrong)} tensors differ, the first is {wrong[0]}); "
            "give the one that was trained with these settings."
        )
    module.load_state_dict(learned)


def _learned(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    bare = {name.removeprefix("module."): tensor for name, tensor in tensors.items()}
    return {
        name: tensor
        for name, tensor in bare.items()
        if not name.startswith(_TRAINING_ONLY) and not name.endswith(_TABLES)
    }
