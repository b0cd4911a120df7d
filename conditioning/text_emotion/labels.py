"""The 28 labels of GoEmotions and what each stands for here.

D. Demszky et al., "GoEmotions: A Dataset of Fine-Grained Emotions", ACL 2020; order of their `emotions.txt`.
"""

from functools import cache

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.vocabulary import CATEGORIES, resolve

_LABELS = (
    "admiration amusement anger annoyance approval caring confusion curiosity desire disappointment disapproval "
    "disgust embarrassment excitement fear gratitude grief joy love nervousness optimism pride realization relief "
    "remorse sadness surprise neutral"
)
LABELS = tuple(_LABELS.split())

# Disapproval on Plutchik's wheel is surprised sadness; a comment that disapproves is closer to annoyed (as in the
# authors' own grouping into Ekman's emotions). Strengths of both are estimates, as all of the vocabulary's.
_OWN_WEIGHTS = {"disapproval": {"anger": 0.6, "contempt": 0.4}}
_OWN_STRENGTHS = {"approval": 0.4, "disapproval": 0.5, "realization": 0.4, "desire": 0.6, "admiration": 0.8}


@cache
def label_weights() -> Float[np.ndarray, "labels categories"]:
    """Return each label's shares of `CATEGORIES`; rows sum to 1."""
    meanings = [_OWN_WEIGHTS.get(label) or resolve(label).weights for label in LABELS]
    return np.array([[weights.get(category, 0.0) for category in CATEGORIES] for weights in meanings])


@cache
def label_strengths() -> Float[np.ndarray, " labels"]:
    """Return how strong each label is, in [0, 1]; 0 for neutral."""
    strengths = [_OWN_STRENGTHS.get(label, resolve(label).intensity) for label in LABELS]
    return np.array(strengths) * (np.array(LABELS) != "neutral")
