"""What every phone recogniser keeps, and the table of those there are."""

import importlib
from typing import ClassVar, NamedTuple, Protocol

from espressivo.conditioning.speech import Phone, Speech, Word
from espressivo.errors import InputError
from espressivo.progress import ProgressCallback

RECOGNISERS = {
    "align": "espressivo.conditioning.phones.aligner:PocketsphinxAligner",
    "loop": "espressivo.conditioning.phones.loop:PocketsphinxLoop",
    "neural": "espressivo.conditioning.phones_neural.recogniser:NeuralPhoneRecogniser",
}
"""Name -> where its class is; a class is imported when it is asked for."""


class Recognition(NamedTuple):
    """What a recogniser found: phones without gaps over the whole speech, and words where it knows them."""

    phones: tuple[Phone, ...]
    words: tuple[Word, ...] | None


class PhoneRecogniser(Protocol):
    """Finds the phones of speech."""

    name: ClassVar[str]
    source: ClassVar[str]
    """What `Speech.phone_source` says of its phones: "aligned" or "recognised"."""

    def recognise(self, speech: Speech, progress: ProgressCallback | None = None) -> Recognition:
        """Phones (and words). Raises `InputError` where the speech is not what the recogniser needs."""
        ...


def load_recogniser(name: str) -> PhoneRecogniser:
    """The recogniser of that name. Raises `InputError` for a name that is not in `RECOGNISERS`."""
    if name not in RECOGNISERS:
        raise InputError(f"There is no phone recogniser {name!r}; choose auto, {', '.join(RECOGNISERS)}.")
    module, _, attribute = RECOGNISERS[name].partition(":")
    return getattr(importlib.import_module(module), attribute)()
