"""The authors' own checkpoints of EmoGen's language model, as fairseq wrote them."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from espressivo.errors import InputError
from espressivo.generators.music.emogen.composing import Composer
from espressivo.generators.music.emogen.network import EmoGenLanguageModel, EmoGenSize
from espressivo.generators.music.emogen.tokens import Vocabulary, many_instruments, piano
from espressivo.generators.stored_tensors import read_stored

_UNUSED = ("decoder.version", "decoder.embed_positions._float_tensor")


def load_official(path: Path) -> Composer:
    """Load `checkpoint_best.pt`; the number of its tokens tells whether it is the piano's or that of many instruments.

    The file is a pickle: tensors and plain settings are read from it, anything else is refused.

    Raises:
        InputError: the file cannot be read, holds other things, or another model.
    """
    stored = read_stored(
        path,
        lambda error: InputError(
            f"{path} cannot be read as a checkpoint ({type(error).__name__}); give EmoGen's checkpoint_best.pt."
        ),
    )
    tensors = stored.get("model") if isinstance(stored, dict) else None
    if not isinstance(tensors, dict) or not all(isinstance(tensor, Tensor) for tensor in tensors.values()):
        raise InputError(f"{path} holds no model; give EmoGen's checkpoint_best.pt.")
    return of_tensors(tensors, str(path))


def of_tensors(tensors: Mapping[str, Tensor], name: str) -> Composer:
    """Return the composer with the authors' full-size model; every tensor has to have its place.

    Args:
        tensors: by the authors' names.
        name: what errors call them.

    Raises:
        InputError: tensors are missing, left over or of other shapes.
    """
    vocabulary = _vocabulary_of(tensors, name)
    model = EmoGenLanguageModel(EmoGenSize(vocabulary=len(vocabulary)))
    learned = {key: tensor for key, tensor in tensors.items() if key not in _UNUSED}
    expected = model.state_dict()
    wrong = sorted(
        (expected.keys() ^ learned.keys())
        | {key for key in expected.keys() & learned.keys() if expected[key].shape != learned[key].shape}
    )
    if wrong:
        raise InputError(
            f"{name} is no EmoGen model of the authors' size ({len(wrong)} tensors differ, the first is {wrong[0]}); "
            "give their checkpoint_best.pt."
        )
    model.load_state_dict(learned)
    return Composer(model, vocabulary)


def _vocabulary_of(tensors: Mapping[str, Tensor], name: str) -> Vocabulary:
    rows = len(tensors.get("decoder.embed_tokens.weight", ()))
    for vocabulary in (piano(), many_instruments()):
        if len(vocabulary) == rows:
            return vocabulary
    raise InputError(
        f"{name} knows {rows} tokens; EmoGen's models know {len(piano())} (piano) or {len(many_instruments())}."
    )
