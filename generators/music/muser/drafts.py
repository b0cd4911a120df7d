"""The best of several drafts, by the rule-based reader of music: none of the judges that grade generators."""

from collections.abc import Sequence

import numpy as np

from espressivo.conditioning.music_emotion.listening import listen
from espressivo.conditioning.music_emotion.recogniser import MusicReader, feeling_of, load_reader
from espressivo.conditioning.track import EmotionTrack
from espressivo.generators.music.emogen.emotion import Mood
from espressivo.generators.music.score import Score


def nearest(drafts: Sequence[Score], track: EmotionTrack) -> Score:
    """Return the draft that sounds most like a track; the first, if that is neutral.

    Under a steady mood a draft is read as a whole, under a curve window by window.
    """
    is_led = any(Mood.of(keyframe.state).intensity > 0 for keyframe in track.keyframes)
    if len(drafts) == 1 or not is_led:
        return drafts[0]
    reader = load_reader()
    return min(drafts, key=lambda draft: _distance(draft, track, reader))


def _distance(draft: Score, track: EmotionTrack, reader: MusicReader) -> float:
    heard = listen(draft.notes)
    if len(track.keyframes) == 1:
        return Mood.of(track.keyframes[0].state).distance(feeling_of(heard, reader))
    asked = np.array([Mood.of(track.state_at(float(time_s))).place for time_s in heard.times_s])
    # Half the log-odds' hyperbolic tangent is twice the probability, minus 1: the scale of a mood's place.
    found = np.tanh(reader.log_odds(heard.windows) / 2)
    return float(np.linalg.norm(found - asked, axis=1)[heard.evidence > 0].mean())
