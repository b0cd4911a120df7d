"""Lip sync of finished portraits: `python -m espressivo.eval.portrait.lips PORTRAITS... --corpora realspeech DIR`.

Recordings of people are performed by the portrait generator as a user would have it, on one portrait after another.
Each video is written as MP4, decoded, and read by a face mesh that had no part in making it: the lag of the mouth
behind the sound, and how often lips are closed at P, B and M (and, in the same way, at vowels).

On clips with words one word is then spoken with wide lips. Frames outside of the word have to stay what they were, to
the bit, and frames inside of it have to change.
"""

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from espressivo.conditioning.faces.track import track_face
from espressivo.conditioning.notation import parse_emotion
from espressivo.conditioning.phones import recognise_phones
from espressivo.conditioning.speech import Speech
from espressivo.eval.corpora import Clip, read_corpora, sample_clips
from espressivo.eval.lipsync.closure import BILABIALS, VOWELS, centres_of, closed_at, inner_opening
from espressivo.eval.lipsync.lag import FPS, RELIABLE_R, audio_mouth_lag, mouth_signal
from espressivo.eval.portrait.given import Given
from espressivo.eval.portrait.sitters import Sitter
from espressivo.eval.portrait.tables import estimated, markdown, shown
from espressivo.generators.face.motion import FaceMotion
from espressivo.generators.portrait.generator import PortraitAvatar
from espressivo.generators.portrait.request import PortraitRequest
from espressivo.media.decode import read_audio
from espressivo.media.encode import write_mp4
from espressivo.media.video import read_video_frames

SIZE = 384
CONSENT = "a picture in the public domain, or of nobody; for measuring"
_BILABIALS = BILABIALS | {"p", "b", "m"}
_VOWELS = VOWELS | {"a", "aI", "aU", "AU", "e", "i", "E", "o", "O", "u"}
EDIT = "wide 1.8, open 1.3"


@dataclass(frozen=True)
class Spoken:
    """One clip, performed by one portrait."""

    clip: str
    portrait: str
    emotion: str
    lag_frames: int
    """Positive: the sound comes later."""
    lag_r: float
    bilabials: int
    bilabials_closed: int
    vowels: int
    vowels_closed: int
    edited_word: str | None
    """None if the clip has no words."""
    changed_outside: int = 0
    """Frames outside of the edited word that are not what they were."""
    changed_inside: float = 0.0
    """Share of the frames in the middle of the word that are not."""


def main(
    given: Annotated[Given, tyro.conf.OmitArgPrefixes],
    corpora: dict[str, Path],
    clips: int = 28,
    fps: float = 25.0,
    seed: int = 0,
) -> None:
    """Measure lip sync on finished videos.

    Args:
        given: portraits; clips go to them in turn.
        corpora: names and folders of realspeech, ravdess and emodb.
        clips: clips per corpus, drawn evenly over speakers.
        fps: of the videos.
        seed: which clips are drawn.
    """
    sitters, size = given.sitters(), given.size or SIZE
    generator = PortraitAvatar.from_pretrained()
    found = {}
    for name, every_clip in read_corpora(corpora):
        chosen = sample_clips(every_clip, clips, seed)
        results = [
            speak(generator, clip, sitters[number % len(sitters)], size, fps) for number, clip in enumerate(chosen)
        ]
        trusted = [result for result in results if result.lag_r >= RELIABLE_R]
        edited = [result for result in results if result.edited_word is not None]
        found[name] = {
            "lag_within_1_frame": estimated([abs(result.lag_frames) <= 1 for result in results]),
            "lag_within_1_frame_of_trusted": estimated([abs(result.lag_frames) <= 1 for result in trusted]),
            "median_lag_r": round(float(np.median([result.lag_r for result in results])), 3),
            "bilabials": sum(result.bilabials for result in results),
            "bilabials_closed": _share(sum(r.bilabials_closed for r in results), sum(r.bilabials for r in results)),
            "vowels_closed": _share(sum(r.vowels_closed for r in results), sum(r.vowels for r in results)),
            "edits": len(edited),
            "edits_that_leave_all_else": estimated([result.changed_outside == 0 for result in edited]),
            "changed_inside": estimated([result.changed_inside for result in edited]),
            "clips": [asdict(result) for result in results],
        }
        print(name, {key: value for key, value in found[name].items() if key != "clips"}, flush=True)
    head = ("corpus", "|lag| <= 1 frame", "of trusted", "P B M closed", "vowels closed", "word edits alone")
    rows = [
        (
            name,
            shown(row["lag_within_1_frame"]),
            shown(row["lag_within_1_frame_of_trusted"]),
            f"{row['bilabials_closed']:.3f} of {row['bilabials']}",
            f"{row['vowels_closed']:.3f}",
            shown(row["edits_that_leave_all_else"]),
        )
        for name, row in found.items()
    ]
    print(markdown(head, rows))
    given.write({"portraits": [s.name for s in sitters], "size": size, "fps": fps, "corpora": found})


def speak(generator: PortraitAvatar, clip: Clip, sitter: Sitter, size: int, fps: float) -> Spoken:
    """Perform a clip, decode its video, and measure the mouth in it."""
    request = PortraitRequest(
        speech=Speech.read(clip.sound, clip.transcript),
        emotion=parse_emotion(clip.emotion),
        portrait=sitter.picture,
        size=size,
        fps=fps,
        consent=CONSENT,
    )
    video = generator.generate(request)
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "portrait.mp4"
        write_mp4(file, video)
        face = track_face(read_video_frames(file), fps)
    lag = audio_mouth_lag(mouth_signal(face.resampled(FPS).points_px), read_audio(clip.sound))
    opening = inner_opening(face.points_px)
    closed = {}
    for kind, labels in (("bilabials", _BILABIALS), ("vowels", _VOWELS)):
        centres_s = [centre for centre in centres_of(clip.phones, labels) if centre < len(opening) / fps]
        closed[kind] = len(centres_s)
        closed[f"{kind}_closed"] = int(closed_at(opening, fps, centres_s).sum()) if centres_s else 0
    return Spoken(
        clip=clip.name,
        portrait=sitter.name,
        emotion=clip.emotion,
        lag_frames=lag.frames,
        lag_r=round(lag.r, 3),
        **closed,
        **_edited(generator, request, video.drawn),
    )


def _edited(generator: PortraitAvatar, request: PortraitRequest, before: FaceMotion) -> dict:
    """Speak the longest word of the middle third with wide lips, and compare the motions that are drawn."""
    words = recognise_phones(request.heard()).words
    if not words:
        return {"edited_word": None}
    middle = words[len(words) // 3 : 2 * len(words) // 3 + 1]
    spoken = [word.text.lower() for word in words]
    word = max(middle, key=lambda word: word.end_s - word.start_s)
    time = spoken[: words.index(word) + 1].count(word.text.lower())
    controls = request.controls.model_copy(update={"edits": (f"{word.text}#{time}: {EDIT}",)})
    after = generator.generate(request.model_copy(update={"controls": controls})).drawn
    changed = (before.weights != after.weights).any(axis=1) | (before.head_rad != after.head_rad).any(axis=1)
    inside = (before.times_s >= word.start_s) & (before.times_s <= word.end_s)
    core = (before.times_s >= word.start_s + 0.04) & (before.times_s <= word.end_s - 0.04)
    return {
        "edited_word": word.text,
        "changed_outside": int(changed[~inside].sum()),
        "changed_inside": round(float(changed[core].mean()), 3) if core.any() else 0.0,
    }


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else float("nan")


if __name__ == "__main__":
    tyro.cli(main)
