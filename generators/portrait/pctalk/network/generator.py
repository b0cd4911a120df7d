"""PC-Talk with its authors' checkpoints: a photograph speaks and feels, drawn by LivePortrait."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from espressivo.conditioning.borrowed import Borrowed
from espressivo.conditioning.speech import SAMPLE_RATE_HZ
from espressivo.conditioning.vocabulary import CATEGORIES, resolve
from espressivo.errors import MissingDependencyError
from espressivo.generators.base import GeneratorSpec
from espressivo.generators.portrait.consent import remind_of_consent
from espressivo.generators.portrait.pctalk.network.config import EMOTIONS
from espressivo.generators.portrait.pctalk.network.request import PCTalkRequest
from espressivo.progress import ProgressCallback

if TYPE_CHECKING:
    from espressivo.generators.portrait.liveportrait.keypoints import ImplicitMotion
    from espressivo.generators.portrait.liveportrait.portrait import LivePortrait, Source
    from espressivo.generators.portrait.pctalk.articulation import DirectionName
    from espressivo.generators.portrait.pctalk.conditions import Condition
    from espressivo.generators.portrait.pctalk.network.control import PureEmotion
    from espressivo.generators.portrait.pctalk.network.talker import Features, Manner, Talker
    from espressivo.generators.portrait.pctalk.network.video import KeypointPortrait

LIVE_PORTRAIT = "liveportrait"
"""The folder of LivePortrait's files in that of PC-Talk's."""
_COLUMNS = {name: CATEGORIES.index(next(iter(resolve(name, "pc-talk").weights))) for name in EMOTIONS[1:]}
"""PC-Talk's emotion -> its column in an emotion's strengths."""
_NOT_HEARD_OTHERWISE = 3200
"""Samples of silence behind the line: the last frames hear 0.2 s into it."""


class PCTalk:
    """Speech to lips, emotion to the whole face, both as movements of 21 implicit keypoints."""

    spec: ClassVar = GeneratorSpec(
        name="pctalk",
        kind="portrait",
        summary="a photograph speaks and feels: PC-Talk's and LivePortrait's own networks, for those who have them",
        licence="no weights ship; LivePortrait's are MIT, PC-Talk's have the terms of what they were made of",
        extras=("pctalk",),
        needs_checkpoint="the folder of huggingface.co/doubi-killer/PC-Talk, with its liveportrait/",
    )
    Request: ClassVar = PCTalkRequest

    def __init__(self, talker: "Talker", live_portrait: "LivePortrait") -> None:
        self.talker = talker
        self.live_portrait = live_portrait

    @classmethod
    def from_pretrained(cls, checkpoint: Path | None = None, device: str = "auto") -> Self:
        """Load the authors' files from a folder: PC-Talk's four, and LivePortrait's five in liveportrait/.

        Raises:
            InputError: there is no such folder, or a file does not fit.
            MissingDependencyError: no folder is given, files are missing in it, or torch is not installed.
        """
        if checkpoint is None:
            raise MissingDependencyError(
                f"PC-Talk has no weights that may ship; give --checkpoint {cls.spec.needs_checkpoint}."
            )
        try:
            from espressivo.generators.portrait.checkpoints import require_files
            from espressivo.generators.portrait.liveportrait import pretrained as drawing
            from espressivo.generators.portrait.pctalk.network import pretrained as talking
        except ModuleNotFoundError as error:
            raise MissingDependencyError(
                f"PC-Talk needs {error.name}; install it with pip install 'espressivo[pctalk]'."
            ) from error
        files = (*talking.FILES, *(f"{LIVE_PORTRAIT}/{name}" for name in drawing.FILES))
        require_files(checkpoint, files, talking.SYSTEM)
        talker = talking.load_talker(checkpoint, device)
        return cls(talker, drawing.load_live_portrait(checkpoint / LIVE_PORTRAIT, device))

    def generate(self, request: PCTalkRequest, progress: ProgressCallback | None = None) -> "KeypointPortrait":
        """Return the video; the keypoints are moved at once, the frames are drawn as they are read.

        Raises:
            EspressivoError: the picture shows no face that can be moved, or something that is asked cannot be done.
        """
        from espressivo.generators.portrait.avatar.photograph import Photograph
        from espressivo.generators.portrait.label import draw_label
        from espressivo.generators.portrait.liveportrait.template import MotionTemplate
        from espressivo.generators.portrait.pctalk.network.mel import FPS
        from espressivo.generators.portrait.pctalk.network.video import KeypointPortrait
        from espressivo.generators.portrait.video import DrawnFrames
        from espressivo.media.video import Sound

        remind_of_consent(request.portrait, request.consent)
        photograph = Photograph.read(request.portrait, request.face)
        source = self.live_portrait.source(photograph.image, photograph.points_px)
        motion = self.move(source, request, progress)
        keypoints = self.live_portrait.stitched(source, motion.keypoints)
        draw = self.live_portrait.frames if request.whole else self.live_portrait.draw
        return KeypointPortrait(
            DrawnFrames(lambda: draw(source, keypoints), *([draw_label] if request.label else [])),
            FPS,
            Sound(request.speech.samples, SAMPLE_RATE_HZ),
            template=MotionTemplate.of(motion, FPS),
        )

    def move(
        self, source: "Source", request: PCTalkRequest, progress: ProgressCallback | None = None
    ) -> "ImplicitMotion":
        """Return what a portrait's keypoints do in a line.

        Raises:
            EspressivoError: something that is asked cannot be done.
        """
        from espressivo.conditioning.phones import recognise_phones
        from espressivo.conditioning.prosody import analyse_prosody
        from espressivo.generators.portrait.liveportrait.drive import relative
        from espressivo.generators.portrait.liveportrait.template import MotionTemplate
        from espressivo.generators.portrait.pctalk.conditions import Condition, parse_condition
        from espressivo.generators.portrait.pctalk.edits import curves_of, parse_edits
        from espressivo.generators.portrait.pctalk.loudness import lip_scale
        from espressivo.generators.portrait.pctalk.network.control import feeling, shaped_lips, speaking
        from espressivo.generators.portrait.pctalk.network.mel import FPS
        from espressivo.generators.portrait.pctalk.network.smoothing import smoothed
        from espressivo.generators.portrait.pctalk.network.talker import lips_of
        from espressivo.generators.portrait.pctalk.styles import Style, parse_style

        controls = request.controls
        edits = [edit for text in controls.edits for edit in parse_edits(text)]
        style = parse_style(controls.style)
        manner = self._manner(style if isinstance(style, Path) else None, request.person)
        bank = style if isinstance(style, Style) else Style()
        speech = request.heard()
        if any(edit.words for edit in edits):
            speech = recognise_phones(speech, progress=progress)
        emotion = request.emotion
        if isinstance(emotion, Borrowed):
            emotion = emotion.track(speech, progress=progress)

        features = self.talker.hear(np.pad(speech.samples, (0, _NOT_HEARD_OTHERWISE)))
        times_s = np.arange(len(features)) / FPS
        still = source.motion[np.zeros(len(features), int)]
        if request.template is not None:
            still = relative(source.motion, MotionTemplate.read(request.template).to_and_fro(len(features), FPS))
        lips = smoothed(self.talker.lips(features, lips_of(still.undeformed), manner, progress))
        scales, more = curves_of(edits, times_s, speech.words)
        size = lip_scale(
            analyse_prosody(speech), times_s, controls.lip_scale, max(controls.follow_loudness, bank.loudness)
        )
        habits: dict[DirectionName, float] = {
            "opening": bank.opening,
            "widening": bank.widening,
            "pursing": bank.pursing,
        }
        habitual = shaped_lips(lips, size, habits)
        spoken = speaking(still, shaped_lips(habitual, 1.0, scales, more))
        conditions = [Condition(emotion), *(parse_condition(text) for text in controls.regions)]
        return feeling(spoken, self._emotions(features, conditions, controls.emotion_gain, times_s, progress))

    def _manner(self, video: Path | None, person: int) -> "Manner":
        if video is None:
            return self.talker.manner_of_person(person)
        from espressivo.generators.portrait.pctalk.network.style_reading import read_lips

        frames = self.talker.style_encoder.size.period
        return self.talker.manner_of_video(read_lips(video, self.live_portrait, frames))

    def _emotions(
        self,
        features: "Features",
        conditions: "list[Condition]",
        gain: float,
        times_s: np.ndarray,
        progress: ProgressCallback | None,
    ) -> "list[PureEmotion]":
        """Return what each emotion of each condition adds; the network runs once for every one that is felt at all."""
        from espressivo.generators.face.expression.dynamics import shape_onsets
        from espressivo.generators.portrait.pctalk.network.control import PureEmotion
        from espressivo.generators.portrait.pctalk.network.mel import FPS
        from espressivo.generators.portrait.pctalk.network.talker import one_emotion

        curves = [shape_onsets(one.emotion.sample(times_s).strengths, FPS) for one in conditions]
        felt = [name for name, column in _COLUMNS.items() if any(curve[:, column].any() for curve in curves)]
        if not felt:
            return []
        neutral = self.talker.face(features, one_emotion("neutral"), progress=progress)
        pure = {name: self.talker.face(features, one_emotion(name), progress=progress) - neutral for name in felt}
        return [
            PureEmotion(pure[name], gain * curve[:, _COLUMNS[name]], condition.region)
            for condition, curve in zip(conditions, curves, strict=True)
            for name in felt
        ]
