"""From a script to emotion: what each line shows, and what it does to everybody who hears it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from espressivo.conditioning.notation import format_emotion
from espressivo.conditioning.personality.big_five import BigFive
from espressivo.conditioning.personality.direction import read_direction
from espressivo.conditioning.personality.mood import (
    PLACE,
    Feelings,
    at_rest,
    beyond_rest,
    mood_name,
    settle,
    settle_vad,
)
from espressivo.conditioning.personality.script import Line, Script
from espressivo.conditioning.personality.transition import hear, speak
from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.text_emotion.recogniser import TextEmotion, load_text_recogniser
from espressivo.conditioning.track import EmotionTrack, Keyframe
from espressivo.conditioning.vocabulary import CATEGORIES, VAD
from espressivo.errors import EmotionError, ScriptError
from espressivo.progress import ProgressCallback, track

Origin = Literal["direction", "words"]
ReadText = Callable[[str], TextEmotion]

WORDS_PER_S = 2.5
"""How fast a line is spoken where nothing says so: 150 words a minute."""
PAUSE_S = 0.3
"""Between lines without times (estimate)."""
ONSET_S = 0.6
"""How long a speaker's emotion takes to answer to what is being said (estimate)."""
_SHORTEST_S = 0.4
_FAINT = 0.02  # a category of less strength is left out of what is performed


@dataclass(frozen=True, eq=False)
class AnalysedLine:
    """A line with the emotion to perform it with."""

    line: Line
    start_s: float
    end_s: float
    origin: Origin
    """Whether a stage direction or the words themselves said what is expressed."""
    said: EmotionState
    """What the direction or the words express, whoever says them."""
    confidence: float
    """In [0, 1]: how sure that is; 1 for a direction."""
    state: EmotionState
    """What this person answers it with: the strongest of the emotions that the line's sentences bring about."""
    mood: VAD
    """The speaker's mood at its end."""
    track: EmotionTrack
    """The emotion over the line; times count from its beginning."""

    @property
    def notation(self) -> str:
        """The track as `espressivo perform --emotion` reads it."""
        return format_emotion(self.track)

    @property
    def mood_name(self) -> str:
        """The mood's octant."""
        return mood_name(self.mood)


@dataclass(frozen=True, eq=False)
class FeltStory:
    """Feelings of one person through a dialogue: what they change to, and when; in between they settle."""

    personality: BigFive
    times_s: Float[np.ndarray, "changes"]
    feelings: tuple[Feelings, ...]

    def sample(
        self, times_s: Float[np.ndarray, "times"]
    ) -> tuple[Float[np.ndarray, "times 3"], Float[np.ndarray, "times 3"]]:
        """Return the VAD of the emotion and that of the mood at some times."""
        latest = np.searchsorted(self.times_s, times_s, side="right") - 1
        felt = np.array(
            [
                settle_vad(self.feelings[index], time_s - self.times_s[index], self.personality)
                for index, time_s in zip(np.maximum(latest, 0), times_s, strict=True)
            ]
        )
        return felt[:, 0], felt[:, 1]


@dataclass(frozen=True, eq=False)
class DialogueAnalysis:
    """A dialogue, line by line and person by person."""

    script: Script
    lines: tuple[AnalysedLine, ...]
    stories: Mapping[str, FeltStory]
    """What every speaker feels."""

    @property
    def duration_s(self) -> float:
        """When the last line ends."""
        return max(line.end_s for line in self.lines)


def analyse_script(
    script: Script,
    read: ReadText | None = None,
    words_per_s: float = WORDS_PER_S,
    progress: ProgressCallback | None = None,
) -> DialogueAnalysis:
    """Follow the feelings of all speakers through a script.

    Everybody begins at rest. Before a sentence its speaker's feelings have faded, with it they move towards what it
    expresses, and at the end of a line everybody else responds to what the speaker shows beyond a temperament that they
    are used to.

    Args:
        script: what is said.
        read: finds the emotion of words; the shipped recogniser by default.
        words_per_s: how fast lines without times are spoken.
        progress: called once a line.

    Raises:
        ScriptError: a direction cannot be understood; the message names the line.
    """
    read = read or load_text_recogniser().read
    people = {name: _Person(script.personality_of(name)) for name in script.speakers}
    analysed: list[AnalysedLine] = []
    now_s = 0.0
    for line in track(script.lines, "read lines", len(script.lines), progress):
        start_s = now_s if line.start_s is None else line.start_s
        end_s = start_s + _spoken_s(line.text, words_per_s) if line.end_s is None else line.end_s
        speaker = people[line.speaker]
        one = _say(line, start_s, end_s, speaker, read)
        heard = beyond_rest(speaker.feelings, speaker.personality)
        for name, listener in people.items():
            if name != line.speaker:
                listener.wait_until(end_s)
                listener.feel(hear(listener.feelings, heard, listener.personality))
        analysed.append(one)
        now_s = max(now_s, end_s + PAUSE_S)
    return DialogueAnalysis(script, tuple(analysed), {name: person.story() for name, person in people.items()})


class _Person:
    """Somebody's feelings as the dialogue goes on, and what has changed them."""

    def __init__(self, personality: BigFive) -> None:
        self.personality = personality
        self.feelings = at_rest(personality)
        self._time_s = 0.0
        self._changes = [(0.0, self.feelings)]

    def wait_until(self, time_s: float) -> None:
        """Let feelings fade up to a moment; where lines overlap it may have passed."""
        if time_s > self._time_s:
            self.feelings = settle(self.feelings, time_s - self._time_s, self.personality)
            self._time_s = time_s

    def feel(self, feelings: Feelings) -> None:
        """Change feelings now."""
        self.feelings = feelings
        self._changes.append((self._time_s, feelings))

    def story(self) -> FeltStory:
        """Return what has been felt so far."""
        times_s, feelings = zip(*self._changes, strict=True)
        return FeltStory(self.personality, np.array(times_s), feelings)


def _say(line: Line, start_s: float, end_s: float, speaker: _Person, read: ReadText) -> AnalysedLine:
    directed = _directed(line)
    reading = None if directed else read(line.text)
    keyframes: list[Keyframe] = []
    for cue_s, until_s, state, certainty in _cues(end_s - start_s, directed, reading):
        speaker.wait_until(start_s + cue_s)
        before = _state(speaker.feelings)
        speaker.feel(speak(speaker.feelings, state, certainty, speaker.personality))
        keyframes.append(Keyframe(cue_s, before, "smooth"))
        keyframes.append(Keyframe(cue_s + min(ONSET_S, (until_s - cue_s) / 2), _state(speaker.feelings)))
    answers = [keyframe.state for keyframe in keyframes[1::2]]
    speaker.wait_until(end_s)
    keyframes.append(Keyframe(end_s - start_s, _state(speaker.feelings)))
    return AnalysedLine(
        line=line,
        start_s=start_s,
        end_s=end_s,
        origin="words" if directed is None else "direction",
        said=directed or (reading.state if reading else EmotionState.neutral()),
        confidence=reading.confidence if reading else 1.0,
        state=max(answers, key=lambda state: state.intensity),
        mood=_vad(speaker.feelings.mood),
        track=EmotionTrack(tuple(keyframes)),
    )


def _directed(line: Line) -> EmotionState | None:
    try:
        return read_direction(line.direction)
    except EmotionError as error:
        raise ScriptError(f"Line {line.number}: {error}") from None


def _cues(
    length_s: float, directed: EmotionState | None, reading: TextEmotion | None
) -> Iterator[tuple[float, float, EmotionState, float]]:
    """Yield what is expressed and when: beginning, end, emotion, certainty. A direction counts for the whole line."""
    if directed is not None or reading is None:
        yield 0.0, length_s, directed or EmotionState.neutral(), 1.0
        return
    sentences = reading.sentences or (reading,)
    counts = np.array([max(1, len(sentence.text.split())) for sentence in sentences])
    edges_s = np.append(0, np.cumsum(counts)) / counts.sum() * length_s
    for sentence, begin_s, until_s in zip(sentences, edges_s, edges_s[1:], strict=False):
        # Neutral words say little about how one feels: they leave the feelings to themselves.
        yield float(begin_s), float(until_s), sentence.state, 1.0 - sentence.posterior["neutral"]


def _spoken_s(text: str, words_per_s: float) -> float:
    return max(_SHORTEST_S, len(text.split()) / words_per_s)


def _state(feelings: Feelings) -> EmotionState:
    """Return feelings as something to perform, rounded so that its notation can be read."""
    strengths = {
        name: round(float(strength), 3)
        for name, strength in zip(CATEGORIES, feelings.emotion[: PLACE.start], strict=True)
        if strength >= _FAINT and name != "neutral"
    }
    return (
        EmotionState.from_strengths(strengths, _vad(feelings.emotion[PLACE])) if strengths else EmotionState.neutral()
    )


def _vad(place: Float[np.ndarray, "3"]) -> VAD:
    valence, arousal, dominance = (round(float(axis), 3) + 0.0 for axis in place)
    return valence, arousal, dominance
