"""Speech in, speech with phones out: by its transcript where that fits, else from the sound."""

import warnings

from espressivo.conditioning.phones.recogniser import load_recogniser
from espressivo.conditioning.prosody import analyse_prosody, sounds_like_speech
from espressivo.conditioning.speech import SILENCE, Phone, Speech
from espressivo.errors import InputError
from espressivo.progress import ProgressCallback

WITH_TRANSCRIPT = "align"
FROM_SOUND = "neural"
_SHORTEST_S = 0.2
"""Less sound than this holds no recognisable phone."""


def recognise_phones(speech: Speech, recogniser: str = "auto", progress: ProgressCallback | None = None) -> Speech:
    """The speech with its phones.

    "auto" keeps phones that are there, aligns the transcript where there is one, and listens freely where there is
    none or where it does not fit, which is said in a warning. Sound without speech in it (silence, hum, held chords, a
    tenth of a second) is one silence; if it has a transcript, that is said as well.

    Args:
        speech: the line, with or without transcript.
        recogniser: "auto" or a name in `RECOGNISERS`, which is then used whatever the speech holds.
        progress: told of stages.

    Raises:
        InputError: the named recogniser is unknown or cannot use this speech.
    """
    if recogniser != "auto":
        return _with(speech, recogniser, progress)
    if speech.phones is not None:
        return speech
    written = bool(speech.transcript and speech.transcript.strip())
    if speech.duration_s < _SHORTEST_S or not sounds_like_speech(analyse_prosody(speech)):
        if written:
            warnings.warn(
                "No speech is heard in the sound: the lips rest, and its transcript is not used; is it the right file?",
                UserWarning,
                stacklevel=2,
            )
        return speech.with_phones([Phone(SILENCE, 0.0, speech.duration_s)], "recognised", ())
    if written:
        try:
            return _with(speech, WITH_TRANSCRIPT, progress)
        except InputError as error:
            warnings.warn(f"{error} The phones are recognised from the sound alone.", UserWarning, stacklevel=2)
    return _with(speech, FROM_SOUND, progress)


def _with(speech: Speech, name: str, progress: ProgressCallback | None) -> Speech:
    recogniser = load_recogniser(name)
    phones, words = recogniser.recognise(speech, progress)
    return speech.with_phones(phones, recogniser.source, words)
