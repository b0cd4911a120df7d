"""A photograph speaks: moved by any face generator, controlled as in PC-Talk, varied as in DICE-Talk."""

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
    from espressivo.generators.portrait.video import TalkingPortrait


class PortraitAvatar:
    """A textured mesh of the face in a picture: no checkpoint, no training, any picture."""

    spec: ClassVar = GeneratorSpec(
        name="avatar",
        kind="portrait",
        summary="a photograph or painting speaks and feels; moved by any face generator, drawn on the CPU",
        licence="Apache-2.0 (face mesh), CC0-1.0 (shapes)",
        extras=("portrait",),
    )
    Request: ClassVar = PortraitRequest

    def __init__(self, lip_gap: "LipGap") -> None:
        self._lip_gap = lip_gap
        self._faces: dict[str, Generator] = {}
        self._avatar: tuple[tuple[object, ...], Avatar] | None = None

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
        from espressivo.generators.portrait.pctalk.direction import Direction
        from espressivo.generators.portrait.video import DrawnFrames, TalkingPortrait
        from espressivo.media.video import Sound

        remind_of_consent(request.portrait, request.consent)
        avatar = self.avatar(request.portrait, request.face, None if request.whole else request.size)
        direction = Direction.of(request.controls, progress)
        speech = recognise_phones(request.heard(), progress=progress)
        emotion = request.emotion
        if isinstance(emotion, Borrowed):
            emotion = emotion.track(speech, progress=progress)
        variant = Variant(default_embedding(), request.seed, request.variants.variety, request.variants.kinship)
        conditions = tuple(replace(one, emotion=variant.track(one.emotion)) for one in direction.conditions)
        face = control(
            self._face(request.motion),
            speech,
            variant.track(emotion),
            replace(direction, conditions=conditions),
            request.fps,
            request.seed,
            request.face_controls,
            progress,
        )
        drawn = face.emphasised(load_portrait_expression().emotional, self._lip_gap)
        frames = DrawnFrames(
            lambda: avatar.frames(drawn, request.whole, request.breath), *([draw_label] if request.label else [])
        )
        sound = Sound(speech.samples, SAMPLE_RATE_HZ)
        return TalkingPortrait(frames, request.fps, sound, motion=face.motion(self._lip_gap), drawn=drawn)

    def avatar(self, portrait: Path, face: int | None = None, size: int | None = 512) -> "Avatar":
        """Return the avatar of a picture; the last one is kept, for as long as the picture does not change.

        Args:
            portrait: the picture.
            face: which face, counted from the largest.
            size: side of the square around the head, px; None: as many as the picture has there.

        Raises:
            MediaError: the picture cannot be read.
            FaceError: it shows no face that can be moved.
        """
        from espressivo.generators.portrait.avatar.avatar import Avatar
        from espressivo.generators.portrait.avatar.photograph import Photograph

        key = (portrait.resolve(), _changed_at(portrait), face, size)
        if self._avatar is None or self._avatar[0] != key:
            self._avatar = key, Avatar.of(Photograph.read(portrait, face), size)
        return self._avatar[1]

    def _face(self, name: str) -> Generator:
        """Load a face generator, once."""
        from espressivo.generators.registry import load_generator

        if name not in self._faces:
            self._faces[name] = load_generator(name)
        return self._faces[name]


def _changed_at(path: Path) -> int:
    return path.stat().st_mtime_ns if path.is_file() else 0
