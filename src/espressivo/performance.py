"""The composer: one speech and one emotion become a take."""

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from espressivo.conditioning.auto_dials import AutoEmotion
from espressivo.errors import InputError
from espressivo.generators.face.controls import FaceControls
from espressivo.generators.portrait.dicetalk.controls import VariantControls
from espressivo.generators.portrait.pctalk.controls import LipControls
from espressivo.inputmodel import Gain, InputModel
from espressivo.portraiture import (
    VIDEO,
    check_portrait,
    keep_portrait,
    kept_name,
    write_portrait,
)
from espressivo.progress import ProgressCallback, ProgressEvent
from espressivo.take import Take, check_out, chosen_folder, environment, staged_take, write_record

if TYPE_CHECKING:
    from espressivo.conditioning.borrowed import Borrowed
    from espressivo.conditioning.speech import Speech
    from espressivo.conditioning.track import EmotionTrack
    from espressivo.generators.base import Generator
    from espressivo.generators.face.motion import FaceMotion
    from espressivo.generators.face.rig import Head
    from espressivo.media.video import Sound, Video

Format = Literal["mp4", "glb", "csv", "npz", "a2f"]
SOUND_RATE_HZ = 48_000
_LATE_S = 0.5
"""A keyframe that is no further than this behind the end of the line is meant for its end."""
_OF_PORTRAITS = ("portrait_face", "whole", "breath", "variants", "label", "consent")
_FACE_FIELDS = {"fps": "fps", "seed": "seed", "controls": "controls"}
"""Fields of a face generator's request, and those of a performance that fill them in."""
_PORTRAIT_FIELDS = {
    **{name: name for name in ("portrait", "fps", "size", "whole", "breath", "seed", "label", "consent", "variants")},
    **{"face": "portrait_face", "motion": "face", "controls": "speaking", "face_controls": "controls"},
}
"""The same of a portrait generator's."""


class PerformanceRequest(InputModel):
    """What a take is made from. The same request and speech give the same take on the same platform."""

    speech: Path
    """Sound or video file with the line that is spoken."""
    emotion: str = "neutral"
    """A word with a strength ("happiness:0.8"), a mix ("joy:0.6+surprise:0.3"), a point ("vad:0.7,0.5,0.2"),
    keyframes ("@0 neutral @1.5 anger:0.9") or an EmotionML or JSON file. "auto" follows the voice and words of the
    line, "of:clip.mp4" the emotion of a video, portrait, voice, text or MIDI file."""
    auto: AutoEmotion = AutoEmotion()
    """How an emotion that is recognised ("auto", "of:...") is performed."""
    non_commercial: bool = False
    """Recognise emotion with weights that may not be used commercially, where they are better; the take says so."""
    transcript: str | None = None
    """The words that are spoken, or a .txt file with them. Without it, the lips follow what the sound alone tells."""
    face: str = "parametric"
    """Name of the face generator (see `espressivo generators`)."""
    identity: str = "default"
    """Name of the head: default, ada, ben, chidi, imani, mei, ravi or ruth."""
    identity_seed: int = Field(default=0, ge=0, lt=2**32)
    """Another seed varies the features of the head a little; 0 is the head itself."""
    formats: tuple[Format, ...] = ("mp4", "glb", "csv")
    """What to export: mp4 (video with sound), glb (animated head), csv (Live Link Face), npz (arrays), a2f
    (Audio2Face JSON)."""
    fps: float = Field(default=30.0, ge=5, le=120)
    """Frames per second."""
    size: int = Field(default=512, ge=64, le=2048, multiple_of=2)
    """Width and height of the video in pixels, an even number."""
    renderer: Literal["auto", "cpu", "opengl"] = "auto"
    """What draws the video."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Another seed gives other blinks, glances and nods."""
    controls: FaceControls = FaceControls()
    """Gains and speaking style of the face."""
    speaking: LipControls = LipControls()
    """How the lips are spoken, and which part of the face shows what."""
    portrait: Path | None = None
    """A photograph or painting with a face, which speaks the line as well (portrait.mp4); or a video of somebody, who
    then says the line instead, with the head as it was filmed."""
    portrait_face: int | None = Field(default=None, ge=0)
    """Which face of the picture, counted from the largest, 0."""
    portraitist: str = "avatar"
    """Name of the portrait generator (see `espressivo generators`)."""
    whole: bool = False
    """Show the whole picture with the moving head in it instead of a square around the head, in its own resolution;
    one in which that square has more than 1280 pixels a side is made smaller."""
    breath: Gain = 1.0
    """How far the head and shoulders of a portrait move with the breath; in a video they move as they were filmed."""
    variants: VariantControls = VariantControls()
    """How the emotion of a portrait varies from take to take."""
    label: bool = False
    """Write "AI-generated" into the portrait's video."""
    consent: str | None = None
    """A statement of consent of the person in the picture; the take keeps it."""
    music: bool = False
    """Write music under the speech that follows its emotion, and mix both into performance.mp4."""
    composer: str = "emogen"
    """Name of the music generator (see `espressivo generators`)."""


def perform(
    request: PerformanceRequest,
    out: str | Path | None = None,
    overwrite: bool = False,
    progress: ProgressCallback | None = None,
) -> Take:
    """Make a take. Nothing is left behind when it fails or is cancelled.

    Args:
        request: what to make.
        out: the folder to make; by default `takes/<name of the speech file>`, numbered if that exists.
        overwrite: replace an earlier take at `out`, once the new one is whole.
        progress: called with the stage and how far it has come; raises `Cancelled` to stop.

    Raises:
        EspressivoError: the input cannot be used or the result cannot be written; the message says what to do.
    """
    from espressivo.conditioning.borrowed import Borrowed
    from espressivo.generators.face.rig import load_head
    from espressivo.generators.inputs import read_transcript
    from espressivo.generators.portrait.pctalk.direction import check_edits, resolved
    from espressivo.generators.portrait.video import TalkingPortrait
    from espressivo.generators.registry import load_of_kind
    from espressivo.underscore import composer_of
    from espressivo.weights.manifest import licences_of

    check_out(chosen_folder(out, request.speech.stem), overwrite)
    transcript = None if request.transcript is None else read_transcript(request.transcript)
    wanted = _emotion(request)
    head = load_head(request.identity, request.identity_seed)
    check_edits(request.speaking, transcript)
    generator = load_of_kind("face", request.face)
    composer_class = composer_of(request.composer) if request.music else None
    clock = _Stopwatch(progress)
    portraitist = _portraitist(request)
    with clock.stage("read the style") if request.speaking.style.startswith("of:") else nullcontext() as report:
        speaking = resolved(request.speaking, report)

    folder = chosen_folder(out, request.speech.stem)
    with staged_take(folder, overwrite) as staging:
        with clock.stage("read speech"):
            speech = _take_in_speech(request.speech, staging / "speech.wav", transcript)
            _check_length(request, speech.duration_s)
        composer = None if composer_class is None else composer_class.from_pretrained(None, "auto")
        with clock.stage("find phones") as report:
            from espressivo.conditioning.phones import recognise_phones

            speech = recognise_phones(speech, progress=report)
        if isinstance(wanted, Borrowed):
            with clock.stage("recognise emotion") as report:
                emotion = wanted.track(speech, request.auto, report)
        else:
            emotion = wanted
            _mind_the_end(emotion, speech.duration_s)
        with clock.stage("move the face") as report:
            video = None
            if portraitist is not None:
                video = _portray(request, portraitist, speech, emotion, speaking, staging, report)
            if isinstance(video, TalkingPortrait):
                motion = video.motion
            else:
                motion = _move(request, generator, speech, emotion, speaking, report)
        with clock.stage("export"):
            _export(request, staging, emotion, speech, motion, head)
        if "mp4" in request.formats:
            with clock.stage("render") as report:
                renderer = _render(request, staging, motion, head, report)
        else:
            renderer = None
        if video is not None:
            with clock.stage("draw the portrait") as report:
                write_portrait(staging, video, _heard(staging), report)
        if composer is not None:
            _score_it(staging, composer, emotion, speech.duration_s, request.seed, clock)
        record = {
            "request": request.model_dump(mode="json")
            | {"speech": "speech.wav", "transcript": transcript, "speaking": speaking.model_dump(mode="json")}
            | ({} if request.portrait is None else {"portrait": kept_name(request.portrait)})
            | ({"emotion": str(wanted)} if isinstance(wanted, Borrowed) else {}),
            "source": request.speech.name,
            "made_with": environment() | {"renderer": renderer},
            "generators": {
                made.spec.kind: {"name": made.spec.name, "licence": made.spec.licence}
                for made in (generator, portraitist, composer)
                if made is not None
            },
            **({} if request.portrait is None else {"portrait": _said_of(request)}),
            "speech": {"duration_s": round(speech.duration_s, 3), "phones": speech.phone_source},
            "recognisers": licences_of(wanted.weights) if isinstance(wanted, Borrowed) else {},
            "timings_s": clock.seconds,
        }
        write_record(staging, record)
    return Take.open(folder)


def repeat(take: Take, out: str | Path, overwrite: bool = False, progress: ProgressCallback | None = None) -> Take:
    """Make `take` again from its own record and sound, into another folder.

    Raises:
        InputError: the record is of no performance, or was written by another version and cannot be read.
    """
    if "speech" not in take.record["request"]:
        raise InputError(f"{take.folder} holds no performance; only what `espressivo perform` made can be repeated.")
    from espressivo.generators.inputs import as_words

    picture, words = take.record["request"].get("portrait"), take.record["request"].get("transcript")
    try:
        request = PerformanceRequest.model_validate(
            take.record["request"]
            | {"speech": take.file("speech.wav"), "emotion": str(take.file("emotion.emotionml"))}
            | {"transcript": as_words(words) if isinstance(words, str) else words}
            | {"auto": {}, "non_commercial": False}
            | ({"portrait": take.file(Path(str(picture)).name)} if picture else {})
        )
    except ValueError as error:
        raise InputError(f"{take.folder} was made by another version and cannot be repeated: {error}") from None
    return perform(request, out, overwrite, progress)


class _Stopwatch:
    """Runs stages one after another: reports each to the user and remembers how long it took."""

    def __init__(self, progress: ProgressCallback | None) -> None:
        self._progress = progress
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[ProgressCallback]:
        started = time.perf_counter()
        report = self._reporter(name)
        report(ProgressEvent(name, 0.0))
        yield report
        report(ProgressEvent(name, 1.0, 0.0))
        self.seconds[name] = round(time.perf_counter() - started, 3)

    def _reporter(self, name: str) -> ProgressCallback:
        def report(event: ProgressEvent) -> None:
            if self._progress is not None:
                self._progress(ProgressEvent(name, event.fraction, event.eta_s))

        return report


def _emotion(request: PerformanceRequest) -> "EmotionTrack | Borrowed":
    """Return the track that is asked for, or where it is to be taken from; whatever is wrong with it shows here."""
    from espressivo.conditioning.borrowed import parse_borrowed
    from espressivo.conditioning.notation import parse_emotion

    borrowed = parse_borrowed(request.emotion, request.non_commercial)
    if borrowed is not None:
        borrowed.check(request.transcript)
        return borrowed
    dials = [*request.auto.model_dump(exclude_defaults=True), *(["non_commercial"] if request.non_commercial else [])]
    if dials:
        dial = dials[0].replace("_", "-")
        raise InputError(f"--{dial} is for recognised emotions; use it with --emotion auto or of:FILE.")
    return parse_emotion(request.emotion)


def _portraitist(request: PerformanceRequest) -> "Generator | None":
    """Return what makes the portrait, if one is asked for; whatever is wrong with the picture shows here.

    Raises:
        EspressivoError: the picture or the generator cannot be used, or something is asked of a portrait that is none.
    """
    from espressivo.generators.registry import load_of_kind

    if request.portrait is not None:
        check_portrait(request.portrait, request.portrait_face)
        return load_of_kind("portrait", request.portraitist)
    turned = request.model_dump(include={*_OF_PORTRAITS}, exclude_defaults=True)
    for name, value in turned.items():
        option = next(iter(value)) if isinstance(value, dict) else name  # the command line has no groups of dials
        raise InputError(f"--{option.replace('_', '-')} is for portraits; add --portrait with a picture.")
    return None


def _check_length(request: PerformanceRequest, line_s: float) -> None:
    """Refuse a line that is too long for its portrait's video or too short for music.

    Raises:
        InputError: it is.
    """
    from espressivo.generators.portrait.redub.footage import check_line
    from espressivo.underscore import check_music_length

    if request.portrait is not None:
        check_line(request.portrait, line_s)
    if request.music:
        check_music_length(line_s)


def _mind_the_end(emotion: "EmotionTrack", line_s: float) -> None:
    """Tell of keyframes that the line does not reach."""
    last_s = emotion.keyframes[-1].t_s
    if last_s > line_s + _LATE_S:
        warnings.warn(
            f"The emotion's last keyframe is at {last_s:g} s, but the line ends at {line_s:.1f} s.", stacklevel=3
        )


def _move(
    request: PerformanceRequest,
    generator: "Generator",
    speech: "Speech",
    emotion: "EmotionTrack",
    speaking: LipControls,
    progress: ProgressCallback,
) -> "FaceMotion":
    """Move the face; a dial of `speaking` that is turned needs it taken apart and put together again."""
    if request.speaking == LipControls():
        return generator.generate(_ask(generator, request, speech, emotion, _FACE_FIELDS), progress)
    from espressivo.generators.face.articulation.closure import LipGap
    from espressivo.generators.face.rig import load_head
    from espressivo.generators.portrait.pctalk.control import control
    from espressivo.generators.portrait.pctalk.direction import Direction

    face = control(
        generator,
        speech,
        emotion,
        Direction.of(speaking),
        fps=request.fps,
        seed=request.seed,
        face_controls=request.controls,
        progress=progress,
    )
    return face.motion(LipGap.of(load_head().lip_gap_mm))


def _portray(
    request: PerformanceRequest,
    portraitist: "Generator",
    speech: "Speech",
    emotion: "EmotionTrack",
    speaking: LipControls,
    folder: Path,
    progress: ProgressCallback,
) -> "Video":
    """Let the picture speak; the take keeps it."""
    assert request.portrait is not None
    keep_portrait(request.portrait, folder)
    directed = request.model_copy(update={"speaking": speaking})
    return portraitist.generate(_ask(portraitist, directed, speech, emotion, _PORTRAIT_FIELDS), progress)


def _ask(
    generator: "Generator",
    request: PerformanceRequest,
    speech: "Speech",
    emotion: "EmotionTrack",
    fields: dict[str, str],
) -> Any:
    """Fill in a generator's request; what it has no field for must be left as it is by default."""
    from espressivo.generators.registry import request_for

    asked = {name: getattr(request, of) for name, of in fields.items()}
    at_rest = {name: PerformanceRequest.model_fields[of].default for name, of in fields.items()}
    at_rest["consent"] = request.consent  # the take keeps it, whether or not the generator wants to know
    return request_for(generator, {"speech": speech, "emotion": emotion} | asked, at_rest)


def _said_of(request: PerformanceRequest) -> dict[str, Any]:
    """What a take says about the picture and the person in it."""
    assert request.portrait is not None
    return {"source": request.portrait.name, "consent": request.consent, "label": request.label}


def _take_in_speech(source: Path, wav: Path, transcript: str | None) -> "Speech":
    """Bring any sound into the take's own form; analysis reads that form, so that a repeat hears the same samples."""
    from espressivo.conditioning.speech import Speech
    from espressivo.media.decode import read_audio
    from espressivo.media.wav import write_wav

    write_wav(wav, read_audio(source, SOUND_RATE_HZ), SOUND_RATE_HZ)
    return Speech.read(wav, transcript)


def _export(
    request: PerformanceRequest,
    folder: Path,
    emotion: "EmotionTrack",
    speech: "Speech",
    motion: "FaceMotion",
    head: "Head",
) -> None:
    from espressivo.conditioning.emotionml import write_emotionml
    from espressivo.conditioning.notation import format_emotion
    from espressivo.generators.face.export.audio2face import write_audio2face_json
    from espressivo.generators.face.export.glb import write_glb
    from espressivo.generators.face.export.livelink import write_livelink_csv
    from espressivo.generators.face.export.npz import write_motion_npz

    write_emotionml(folder / "emotion.emotionml", emotion, "speech.wav")
    exporters: dict[Format, Callable[[], Any]] = {
        "glb": lambda: write_glb(
            folder / "face.glb", head, motion, {"emotion": format_emotion(emotion), "seed": request.seed}
        ),
        "csv": lambda: write_livelink_csv(folder / "face.csv", motion),
        "npz": lambda: write_motion_npz(folder / "face.npz", motion),
        "a2f": lambda: write_audio2face_json(folder / "face.a2f.json", motion, "speech.wav"),
    }
    for wanted in request.formats:
        if wanted in exporters:
            exporters[wanted]()


def _render(
    request: PerformanceRequest, folder: Path, motion: "FaceMotion", head: "Head", progress: ProgressCallback
) -> str:
    from espressivo.generators.face.render import open_renderer, render_motion
    from espressivo.media.encode import write_mp4
    from espressivo.media.video import Video

    with open_renderer(head, request.size, request.size, request.renderer) as renderer:
        video = Video(render_motion(motion, renderer), motion.fps, _heard(folder))
        write_mp4(folder / "face.mp4", video, progress, total_frames=len(motion))
        return renderer.name


def _heard(folder: Path) -> "Sound":
    from espressivo.media.decode import read_audio
    from espressivo.media.video import Sound

    return Sound(read_audio(folder / "speech.wav", SOUND_RATE_HZ), SOUND_RATE_HZ)


def _score_it(
    folder: Path, composer: "Generator", emotion: "EmotionTrack", seconds: float, seed: int, clock: _Stopwatch
) -> None:
    """Write the music; where there is a video of the portrait or the face, also one with speech and music together."""
    from espressivo.media.encode import with_sound
    from espressivo.media.video import Sound
    from espressivo.underscore import compose_under, write_music

    with clock.stage("compose") as report:
        score = compose_under(composer, emotion, seconds, seed, report)
    with clock.stage("play") as report:
        mix = write_music(folder, score, folder / "speech.wav", SOUND_RATE_HZ, report)
    seen = next((folder / name for name in (VIDEO, "face.mp4") if (folder / name).is_file()), None)
    if seen is not None:
        with clock.stage("mix"):
            with_sound(seen, Sound(mix, SOUND_RATE_HZ), folder / "performance.mp4")
