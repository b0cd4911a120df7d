"""Phones of speech: recognisers behind one protocol, and `recognise_phones`."""

from espressivo.conditioning.phones.recognise import recognise_phones
from espressivo.conditioning.phones.recogniser import RECOGNISERS, PhoneRecogniser, Recognition, load_recogniser

__all__ = ["RECOGNISERS", "PhoneRecogniser", "Recognition", "load_recogniser", "recognise_phones"]
