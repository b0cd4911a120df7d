"""Tables behind `espressivo.conditioning.vocabulary`: prototypes, spreads and systems' labels. Data only.

Axes are valence, arousal, dominance (VAD), each in [-1, 1] with neutral at 0. Every row says how far it can be trusted:
`published` (Russell & Mehrabian 1977, "Evidence for a three-factor theory of emotions", J. Res. Personality 11:273-294,
taken from several secondary listings that agree), `published once` (the same, one listing) or `estimate` (ours).
"""

from typing import Literal

Status = Literal["convention", "published", "published once", "estimate"]
PrototypeRow = tuple[float, float, float, Status, str]

CATEGORIES = (
    "neutral",
    "happiness",
    "sadness",
    "surprise",
    "fear",
    "disgust",
    "anger",
    "contempt",
    "calm",
    "boredom",
)

# name: valence, arousal, dominance, status, the rated term (with its number in the paper where known)
PROTOTYPE_ROWS: dict[str, PrototypeRow] = {
    "neutral": (0.0, 0.0, 0.0, "convention", "origin"),
    "happiness": (0.81, 0.51, 0.46, "published", "Happy (31)"),
    "sadness": (-0.63, -0.27, -0.33, "published", "Sad (151)"),
    "surprise": (0.40, 0.67, -0.13, "published", "Surprised (52)"),
    "fear": (-0.64, 0.60, -0.43, "published", "Fearful (101)"),
    "disgust": (-0.60, 0.35, 0.11, "published", "Disgust (75)"),
    "anger": (-0.51, 0.59, 0.25, "published", "Angry (82)"),
    "contempt": (-0.55, 0.10, 0.40, "estimate", "no row of the paper could be confirmed"),
    "calm": (0.60, -0.46, 0.06, "estimate", "Relaxed, with lower valence"),
    "boredom": (-0.65, -0.62, -0.33, "published", "Bored"),
    "joy": (0.76, 0.48, 0.35, "published", "Joyful"),
    "rage": (-0.44, 0.72, 0.32, "published once", "Enraged"),
    "frustration": (-0.64, 0.52, 0.35, "published once", "Frustrated"),
    "terror": (-0.62, 0.82, -0.43, "published", "Terrified"),
    "depression": (-0.72, -0.29, -0.41, "published once", "Depressed"),
    "excitement": (0.62, 0.75, 0.38, "published", "Excited"),
    "relaxation": (0.68, -0.46, 0.06, "published", "Relaxed"),
    "confusion": (-0.53, 0.27, -0.32, "published", "Confused"),
    "puzzlement": (-0.41, 0.48, -0.33, "published once", "Puzzled"),
    "interest": (0.64, 0.51, 0.17, "published once", "Interested (8)"),
    "curiosity": (0.22, 0.62, -0.01, "published", "Curious"),
    "elation": (0.50, 0.42, 0.23, "published once", "Elated"),
    "triumph": (0.69, 0.57, 0.63, "published once", "Triumphant"),
    "pride": (0.55, 0.22, 0.61, "published once", "Dignified"),
    "love": (0.87, 0.54, -0.18, "published", "Loved"),
    "gratitude": (0.61, 0.10, -0.13, "published once", "Thankful (44)"),
    "hope": (0.51, 0.23, 0.14, "published once", "Hopeful (18)"),
    "awe": (0.18, 0.40, -0.38, "published once", "Awed"),
    "shame": (-0.57, 0.01, -0.34, "published once", "Shamed (108)"),
    "humiliation": (-0.63, 0.43, -0.38, "published once", "Humiliated (99)"),
    "regret": (-0.52, 0.02, -0.21, "published once", "Regretful (123)"),
    "hate": (-0.56, 0.59, 0.13, "published once", "Hate"),
    "sleepiness": (0.20, -0.70, -0.44, "published once", "Sleepy"),
}

DEFAULT_SPREAD = (0.28, 0.28, 0.28)  # estimate
# Standard deviations of listeners' ratings of acted speech in EmoTale (800 clips x 3 raters, (x-3)/2); neutral rounded.
SPREAD_ROWS: dict[str, tuple[float, float, float]] = {
    "neutral": (0.20, 0.20, 0.20),
    "anger": (0.29, 0.25, 0.32),
    "happiness": (0.26, 0.23, 0.17),
    "sadness": (0.23, 0.35, 0.24),
    "boredom": (0.14, 0.25, 0.22),
}

# OCC emotions as pleasure, arousal, dominance: ALMA (Gebhard 2005), several listings agree. Its joy is not joy above.
ALMA_ROWS: dict[str, tuple[float, float, float]] = {
    "admiration": (0.5, 0.3, -0.2),
    "anger": (-0.51, 0.59, 0.25),
    "disappointment": (-0.3, 0.1, -0.4),
    "distress": (-0.4, -0.2, -0.5),
    "fear": (-0.64, 0.60, -0.43),
    "fears-confirmed": (-0.5, -0.3, -0.7),
    "gloating": (0.3, -0.3, -0.1),
    "gratification": (0.6, 0.5, 0.4),
    "gratitude": (0.4, 0.2, -0.3),
    "happy-for": (0.4, 0.2, 0.2),
    "hate": (-0.6, 0.6, 0.4),
    "hope": (0.2, 0.2, -0.1),
    "joy": (0.4, 0.2, 0.1),
    "love": (0.3, 0.1, 0.2),
    "pity": (-0.4, -0.2, -0.5),
    "pride": (0.4, 0.3, 0.3),
    "relief": (0.2, -0.3, 0.4),
    "remorse": (-0.3, 0.1, -0.6),
    "reproach": (-0.3, -0.1, 0.4),
    "resentment": (-0.2, -0.3, -0.2),
    "satisfaction": (0.3, -0.2, 0.4),
    "shame": (-0.3, 0.1, -0.6),
}

# Labels of other systems in each system's own order, and the word that each stands for.
SYSTEM_ROWS: dict[str, dict[str, str]] = {
    "big6": {name: name for name in ("anger", "disgust", "fear", "happiness", "sadness", "surprise")},
    "mead": {
        "neutral": "neutral",
        "angry": "anger",
        "contempt": "contempt",
        "disgusted": "disgust",
        "fear": "fear",
        "happy": "happiness",
        "sad": "sadness",
        "surprised": "surprise",
    },
    "emote": {
        "neutral": "neutral",
        "happy": "happiness",
        "sad": "sadness",
        "surprise": "surprise",
        "fear": "fear",
        "disgust": "disgust",
        "anger": "anger",
        "contempt": "contempt",
    },
    "emoface": {
        "angry": "anger",
        "disgust": "disgust",
        "fear": "fear",
        "happy": "happiness",
        "neutral": "neutral",
        "sad": "sadness",
        "surprise": "surprise",
    },
    "dice-talk": {
        "angry": "anger",
        "contempt": "contempt",
        "disgusted": "disgust",
        "fear": "fear",
        "happy": "happiness",
        "neutral": "neutral",
        "sad": "sadness",
        "surprised": "surprise",
    },
    "pc-talk": {
        "neutral": "neutral",
        "happy": "happiness",
        "sad": "sadness",
        "angry": "anger",
        "fear": "fear",
        "disgusted": "disgust",
        "surprised": "surprise",
        "contempt": "contempt",
    },
    "ravdess": {
        "01": "neutral",
        "02": "calm",
        "03": "happiness",
        "04": "sadness",
        "05": "anger",
        "06": "fear",
        "07": "disgust",
        "08": "surprise",
    },
    "emo-db": {
        "w": "anger",
        "l": "boredom",
        "e": "disgust",
        "a": "fear",
        "f": "happiness",
        "t": "sadness",
        "n": "neutral",
    },
    "emopia": {
        "q1": "high-positive",
        "q2": "high-negative",
        "q3": "low-negative",
        "q4": "low-positive",
    },
    "audio2face": {
        "amazement": "surprise",
        "anger": "anger",
        "cheekiness": "cheekiness",
        "disgust": "disgust",
        "fear": "fear",
        "grief": "grief",
        "joy": "happiness",
        "outofbreath": "outofbreath",
        "pain": "pain",
        "sadness": "sadness",
    },
}
