"""EmotionML 1.0 (W3C Recommendation, 22 May 2014): reading, checking, writing, and tracks from and to documents."""

from espressivo.conditioning.emotionml.document import Document, Emotion, EmotionMLError
from espressivo.conditioning.emotionml.reader import parse_emotionml, read_emotionml
from espressivo.conditioning.emotionml.tracks import track_from_emotionml, track_to_emotionml, write_emotionml
from espressivo.conditioning.emotionml.writer import format_emotionml

__all__ = [
    "Document",
    "Emotion",
    "EmotionMLError",
    "format_emotionml",
    "parse_emotionml",
    "read_emotionml",
    "track_from_emotionml",
    "track_to_emotionml",
    "write_emotionml",
]
