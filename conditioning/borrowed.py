"""Emotion that is taken from somewhere: from the line itself (`auto`), or from any clip (`of:FILE`).

```
auto               as the voice of the line sounds; its words, where they are known, have a say in valence
auto:text          as the words of the line read
of:clip.mp4        as the face of this video, this portrait, voice, text or piece of music (MIDI) expresses
voice:clip.mp4     as its voice sounds; likewise face:FILE, text:FILE, music:FILE
```
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from espressivo.conditioning.auto import track_of
from espressivo.conditioning.auto_dials import AutoEmotion
from espressivo.conditioning.recognition import RecognisedEmotion, Source
from espressivo.conditioning.speech import Speech
from espressivo.conditioning.track import EmotionTrack
from espressivo.errors import EmotionError, InputError
from espressivo.media import image
from espressivo.media.plain_text import read_plain_text
from espressivo.progress import ProgressCallback

AUTO = "auto"
_RECOGNISERS: dict[Source, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "voice": (("voice-emotion",), ("voice-emotion-nc",)),
    "text": (("text-emotion",), ("text-emotion",)),
    "face": (("faceapi-expression", "mini-xception"), ("faceapi-expression", "mini-xception")),
    "music": ((), ("music-emotion-nc",)),
}
"""Weights that each source is recognised with: by default, and where non-commercial ones may be used."""
_OF_ITSELF: dict[str, Source] = {AUTO: "voice", f"{AUTO}:voice": "voice", f"{AUTO}:text": "text"}
_KINDS: dict[str, Source | None] = {"of": None, "voice": "voice", "face": "face", "text": "text", "music": "music"}
_MUSIC_SUFFIXES = frozenset({".mid", ".midi"})
_TEXT_SUFFIXES = frozenset({".txt", ".md"})
_EMOTION_SUFFIXES = frozenset({".emotionml", ".xml", ".json"})
_WORDS_SAY = 0.6
"""Share that words have in valence where they are sure not to be neutral (estimate)."""


@dataclass(frozen=True)
class Borrowed:
    """Where an emotion comes from."""

    source: Source
    path: Path | None = None
    """The clip; None for the line itself."""
    non_commercial: bool = False
    """Whether weights may be used that were trained on non-commercial data."""

    def __str__(self) -> str:
        """The notation, the clip without its folder: what a take may tell."""
        return f"{AUTO}:{self.source}" if self.path is None else f"{self.source}:{self.path.name}"

    @property
    def weights(self) -> tuple[str, ...]:
        """Ids of the weights that decide, as in the manifest; none where a rule does."""
        return _RECOGNISERS[self.source][self.non_commercial]

    def check(self, transcript: str | None) -> None:
        """Refuse what cannot be recognised, before anything is read.

        Raises:
            EmotionError: the words of a line are wanted, and there are none.
        """
        if self.source == "text" and self.path is None and not transcript:
            raise EmotionError(f"{AUTO}:text reads the words of the line; give them with --transcript.")

    def recognise(self, speech: Speech, progress: ProgressCallback | None = None) -> RecognisedEmotion:
        """Recognise the emotion, in the time of `speech`: a clip is stretched to the line's length.

        Raises:
            EspressivoError: the clip cannot be read, or holds no voice, face, words or notes.
        """
        if self.path is not None:
            return _stretched(self.recognise_clip(progress), speech.duration_s)
        self.check(speech.transcript)
        words = _words_of(speech)
        if self.source == "text" and words is not None:
            return words
        voice = self._hear(speech)
        return voice if words is None else with_words(voice, words)

    def track(
        self, speech: Speech, auto: AutoEmotion | None = None, progress: ProgressCallback | None = None
    ) -> EmotionTrack:
        """Recognise the emotion and make a track of it. Raises what `recognise` raises."""
        return track_of(self.recognise(speech, progress), auto)

    def recognise_clip(self, progress: ProgressCallback | None = None) -> RecognisedEmotion:
        """Recognise the emotion of the clip, in its own time.

        Raises:
            EspressivoError: there is no clip, it cannot be read, or it holds no voice, face, words or notes.
        """
        path = self.path
        if path is None:
            raise EmotionError(f"{self} is the emotion of a line; give a clip, as in of:clip.mp4.")
        readers: dict[Source, Callable[[], RecognisedEmotion]] = {
            "voice": lambda: self._hear(Speech.read(path)),
            "face": lambda: _face_of(path, progress),
            "text": lambda: _text_of(path, progress),
            "music": lambda: self._listen(path),
        }
        return readers[self.source]()

    def _hear(self, speech: Speech) -> RecognisedEmotion:
        from espressivo.conditioning.voice_emotion.recogniser import load_recogniser, recognise_emotion

        return recognise_emotion(speech, load_recogniser(*self.weights))

    def _listen(self, path: Path) -> RecognisedEmotion:
        from espressivo.conditioning.music_emotion.recogniser import load_reader, recognise_music

        return recognise_music(path, load_reader(*self.weights))


def parse_borrowed(text: str, non_commercial: bool = False) -> Borrowed | None:
    """Read where an emotion is to come from, in the notation of this module; None if it is none of that.

    Args:
        text: the notation.
        non_commercial: whether weights may be used that were trained on non-commercial data.

    Raises:
        InputError: the clip does not exist, or is of no known kind.
    """
    text = text.strip()
    if text.lower() in _OF_ITSELF:
        return Borrowed(_OF_ITSELF[text.lower()], None, non_commercial)
    kind, colon, name = text.partition(":")
    if not colon or kind.strip().lower() not in _KINDS:
        return None
    if not name.strip():
        raise EmotionError(f"{text!r} names no file; write for example of:clip.mp4.")
    path = Path(name.strip())
    if not path.is_file():
        raise InputError(f"{path} does not exist or is no file; {kind}: needs a clip to take the emotion of.")
    if path.suffix.lower() in _EMOTION_SUFFIXES:
        raise EmotionError(f"{path} says an emotion itself; name it without {kind.strip()}:.")
    return Borrowed(_KINDS[kind.strip().lower()] or _source_in(path), path, non_commercial)


def with_words(voice: RecognisedEmotion, words: RecognisedEmotion) -> RecognisedEmotion:
    """Let the words move the valence of a voice, which sound alone tells badly, as far as they are sure of an emotion.

    Args:
        voice: what was heard.
        words: what was read, in the same time.
    """
    times_s = voice.times_s
    sureness = words.confidence * (1.0 - words.posterior[:, 0])
    share = _WORDS_SAY * np.interp(times_s, words.times_s, sureness)
    valence = np.interp(times_s, words.times_s, words.vad[:, 0])
    vad = voice.vad.copy()
    vad[:, 0] = (1.0 - share) * vad[:, 0] + share * valence
    read = np.stack([np.interp(times_s, words.times_s, column) for column in words.posterior.T], axis=1)
    # Half as much say in the category: anger can be spoken in friendly words, and heard all the same.
    posterior = (1.0 - share[:, None] / 2) * voice.posterior + share[:, None] / 2 * read
    return replace(voice, vad=vad, posterior=posterior)


def _words_of(speech: Speech) -> RecognisedEmotion | None:
    if not speech.transcript:
        return None
    from espressivo.conditioning.text_emotion.spoken import recognise_spoken_words

    return recognise_spoken_words(speech)


def _source_in(path: Path) -> Source:
    suffix = path.suffix.lower()
    if suffix in _MUSIC_SUFFIXES:
        return "music"
    if suffix in _TEXT_SUFFIXES:
        return "text"
    if suffix in image.SUFFIXES or _has_pictures(path):
        return "face"
    return "voice"


def _has_pictures(path: Path) -> bool:
    from espressivo.errors import MediaError
    from espressivo.media.video import probe

    try:
        return probe(path).width > 0
    except MediaError:
        return False  # sound alone, or a file that reading it as sound will explain


def _stretched(found: RecognisedEmotion, duration_s: float) -> RecognisedEmotion:
    """Lay what was found in a clip over a line of another length."""
    last_s = float(found.times_s[-1])
    return found if last_s == 0 else replace(found, times_s=found.times_s * (duration_s / last_s))


def _face_of(path: Path, progress: ProgressCallback | None) -> RecognisedEmotion:
    from espressivo.conditioning.face_emotion.recogniser import recognise_portrait, recognise_video
    from espressivo.conditioning.faces.track import named

    if path.suffix.lower() in image.SUFFIXES:
        with named(path):
            return recognise_portrait(image.read_image(path))
    return recognise_video(path, progress=progress)


def _text_of(path: Path, progress: ProgressCallback | None) -> RecognisedEmotion:
    from espressivo.conditioning.text_emotion.spoken import recognise_text

    return recognise_text(read_plain_text(path, "Text"), progress)
