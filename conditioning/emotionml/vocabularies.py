"""The vocabularies of the W3C note "Vocabularies for EmotionML" (10 May 2012), as data: nothing is fetched."""

from espressivo.conditioning.emotionml.document import Kind

VOCABULARY_BASE = "http://www.w3.org/TR/emotion-voc/xml"

_ITEMS: dict[tuple[Kind, str], str] = {
    ("category", "big6"): "anger disgust fear happiness sadness surprise",
    ("category", "everyday-categories"): "affectionate afraid amused angry bored confident content disappointed "
    "excited happy interested loving pleased relaxed sad satisfied worried",
    ("category", "occ-categories"): "admiration anger disappointment distress fear fears-confirmed gloating "
    "gratification gratitude happy-for hate hope joy love pity pride relief remorse reproach resentment satisfaction "
    "shame",
    ("category", "fsre-categories"): "anger anxiety being-hurt compassion contempt contentment despair disappointment "
    "disgust fear guilt happiness hate interest irritation jealousy joy love pleasure pride sadness shame stress "
    "surprise",
    ("category", "frijda-categories"): "anger arrogance desire disgust enjoyment fear humility indifference interest "
    "resignation shock surprise",
    ("dimension", "pad-dimensions"): "pleasure arousal dominance",
    ("dimension", "fsre-dimensions"): "valence potency arousal unpredictability",
    ("dimension", "intensity-dimension"): "intensity",
    ("appraisal", "occ-appraisals"): "desirability praiseworthiness appealingness desirability-for-other "
    "deservingness liking likelihood effort strength-of-identification expectation-of-deviation familiarity",
    ("appraisal", "scherer-appraisals"): "suddenness familiarity predictability intrinsic-pleasantness "
    "relevance-person relevance-relationship relevance-social-order outcome-probability consonant-with-expectation "
    "goal-conduciveness urgency agent-self agent-other agent-nature cause-intentional control power "
    "adjustment-possible norm-compatibility self-compatibility",
    ("appraisal", "ema-appraisals"): "relevance desirability agency blame likelihood unexpectedness urgency "
    "ego-involvement controllability changeability power adaptability",
    ("action-tendency", "frijda-action-tendencies"): "approach avoidance being-with attending rejecting nonattending "
    "agonistic interrupting dominating submitting",
}

BUILT_IN: dict[str, tuple[Kind, tuple[str, ...]]] = {
    f"{VOCABULARY_BASE}#{name}": (kind, tuple(items.split())) for (kind, name), items in _ITEMS.items()
}
"""URI -> kind and items."""


def vocabulary_uri(name: str) -> str:
    """Return the URI of a vocabulary of the note, such as "big6"."""
    uri = f"{VOCABULARY_BASE}#{name}"
    if uri not in BUILT_IN:
        raise KeyError(f"{name!r} is no vocabulary of the W3C note.")
    return uri
