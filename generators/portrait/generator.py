"""A photograph speaks, or a filmed face says something else.

Moved by any face generator, controlled as in PC-Talk, varied as in DICE-Talk.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from espressivo.conditioning.borrowed import Borrowed
from espressivo.conditioning.speech import SAMPLE_RATE_HZ
from espressivo.errors import InputError
from espressivo.generators.base import Generator, GeneratorSpec
from espressivo.generators.portrait.consent import remind_of_consent
from espressivo.generators.portrait.request import PortraitRequest
from espressivo.progress import ProgressCallback

if TYPE_CHECKING:
    from espressivo.generators.face.articulation.closure import LipGap
    from espressivo.generators.portrait.avatar.avatar import Avatar
    from espressivo.generators.portrait.redub.redub import Redub
    from espressivo.generators.portrait.video import Frame, TalkingPortrait


class PortraitAvatar:
    """A textured mesh of the face in a picture: no checkpoint, no training, any picture."""

    spec: ClassVar = GeneratorSpec(
        name="avatar",
        kind="portrait",
        summary="a photograph or painting speaks and feels, or a video gets another line; drawn on the CPU",
        licence="Apache-2.0 (face mesh), CC0-1.0 (shapes)",
        extras=("portrait",),
    )
    Request: ClassVar = PortraitRequest

    def __init__(self, lip_gap: "LipGap") -> None:
        self._lip_gap = lip_gap
        self._faces: dict[str, Generator] = {}
        self._drawer: tuple[tuple[object, ...], Avatar | Redub] | None = None

    @classmethod
    def from_pretrained(cls, checkpoint: Path | None = None, device: str = "auto") -> Self:
        """Load the tables that ship. They run on the CPU, whatever `device` is.

        Raises:
            InputError: a checkpoint was given; this generator has none.
        """
        if checkpoint is not None:
            raise InputError(f"The avatar takes no checkpoint, so {checkpoint} cannot be used; leave it out.")
        from espressivo.generators.face.articulation.closure import LipGap
        from espressivo.generators.face.rig import load_head

        return cls(LipGap.of(load_head().lip_gap_mm))

    def generate(self, request: PortraitRequest, progress: ProgressCallback | None = None) -> "TalkingPortrait":
        """Return the video; its motion is made at once, its frames are drawn as they are read.

        Raises:
            EspressivoError: the picture shows no face that can be moved, or something that is asked cannot be done.
        """
        from espressivo.conditioning.bank.embedding import default_embedding
        from espressivo.conditioning.phones import recognise_phones
        from espressivo.generators.portrait.avatar.expression import load_portrait_expression
        from espressivo.generators.portrait.dicetalk.conditioning import Variant
        from espressivo.generators.portrait.label import draw_label
        from espressivo.generators.portrait.pctalk.control import control
        from espressivo.generators.portrait.pctalk.direction import Direction, check_edits
        from espressivo.generators.portrait.redub.footage import check_line
        from espressivo.generators.portrait.redub.redub import Redub
        from espressivo.generators.portrait.video import DrawnFrames, TalkingPortrait
        from espressivo.media.video import Sound

        check_line(request.portrait, request.speech.duration_s)
        remind_of_consent(request.portrait, request.consent)
        drawer = self._drawer_of(request, progress)
        fps = drawer.footage.face.fps if isinstance(drawer, Redub) else request.fps
        mover = self._face(request.motion)
        check_edits(request.controls, request.heard().transcript)
        direction = Direction.of(request.controls, progress)
        speech = recognise_phones(request.heard(), progress=progress)
        if isinstance(drawer, Redub):
            drawer.footage.check_length(speech.duration_s)
        emotion = request.emotion
        if isinstance(emotion, Borrowed):
            emotion = emotion.track(speech, progress=progress)
        variant = Variant(default_embedding(), request.seed, request.variants.variety, request.variants.kinship)
        conditions = tuple(replace(one, emotion=variant.track(one.emotion)) for one in direction.conditions)
        face = control(
            mover,
            speech,
            variant.track(emotion),
            replace(direction, conditions=conditions),
            fps,
            request.seed,
            request.face_controls,
            progress,
        )
        drawn = face.emphasised(load_portrait_expression().emotional, self._lip_gap)

        def draw() -> "Iterator[Frame]":
            if isinstance(drawer, Redub):
                return drawer.frames(drawn)
            return drawer.frames(drawn, request.whole, request.breath)

        frames = DrawnFrames(draw, *([draw_label] if request.label else []))
        sound = Sound(speech.samples, SAMPLE_RATE_HZ)
        return TalkingPortrait(frames, fps, sound, motion=face.motion(self._lip_gap), drawn=drawn)

    def _drawer_of(self, request: PortraitRequest, progress: ProgressCallback | None) -> "Avatar | Redub":
        """Return what draws the portrait; the last one is kept, for as long as the file does not change."""
        from espressivo.generators.portrait.avatar.avatar import Avatar
        from espressivo.generators.portrait.avatar.photograph import Photograph
        from espressivo.generators.portrait.redub.footage import Footage, is_footage
        from espressivo.generators.portrait.redub.redub import Redub

        path, size = request.portrait, None if request.whole else request.size
        key = (path.resolve(), path.stat().st_mtime_ns if path.is_file() else 0, request.face, size)
        if self._drawer is None or self._drawer[0] != key:
            if is_footage(path):
                drawer = Redub(Footage.read(path, request.face or 0, progress))
            else:
                drawer = Avatar.of(Photograph.read(path, request.face), size)
            self._drawer = key, drawer
        return self._drawer[1]

    def _face(self, name: str) -> Generator:
        """Load a face generator, once."""
        from espressivo.generators.registry import load_of_kind

        if name not in self._faces:
            self._faces[name] = load_of_kind("face", name)
        return self._faces[name]
