"""Video: frames one after the other with their sound, and reading them back from a file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, UInt8

from espressivo.errors import MediaError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

# A container is recognised by its content, whatever its name says: a playlist or a concat script named `.mp4` would
# open other files. Only these demuxers may look at the input, and they may open nothing but that one file.
_CONTAINERS = "mov,matroska,webm,avi,ogg,mpegts"
_OPEN_OPTIONS = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}


@dataclass(frozen=True, eq=False)
class Sound:
    """What is heard with a video; sample n sounds at n / rate_hz after the first frame appears."""

    samples: Float[np.ndarray, "samples"]
    """Mono, in [-1, 1]."""
    rate_hz: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 1:
            raise ValueError(f"Sound.samples has shape {self.samples.shape}, expected one dimension.")
        if self.rate_hz <= 0:
            raise ValueError(f"Sound.rate_hz is {self.rate_hz}, expected more than 0.")

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate_hz


@dataclass(frozen=True, eq=False)
class Video:
    """Frames that are made while they are asked for, so that a long clip needs no more memory than a short one."""

    frames: Iterable[UInt8[np.ndarray, "height width 3"]]
    """RGB; frame k is shown from k / fps on. A generator can be read once."""
    fps: float
    sound: Sound | None = None

    def __post_init__(self) -> None:
        if not self.fps > 0:
            raise ValueError(f"Video.fps is {self.fps}, expected more than 0.")


@dataclass(frozen=True)
class VideoInfo:
    """What a video file says of itself."""

    duration_s: float
    fps: float
    width: int
    height: int
    frame_count: int
    """As the container states it; 0 where it does not."""
    video_codec: str
    audio_codec: str | None
    audio_rate_hz: int | None


def probe(path: Path) -> VideoInfo:
    """Read the facts about a video file without decoding it.

    Raises:
        MediaError: the file is missing, is no video, or is of a format that is not read.
    """
    import av.error

    try:
        with _open(path) as container:
            video = _video_stream(container, path)
            audio = next(iter(container.streams.audio), None)
            rate = video.average_rate or Fraction(0)
            return VideoInfo(
                duration_s=(container.duration or 0) / 1_000_000,
                fps=float(rate),
                width=video.codec_context.width,
                height=video.codec_context.height,
                frame_count=video.frames,
                video_codec=video.codec_context.name,
                audio_codec=audio.codec_context.name if audio else None,
                audio_rate_hz=audio.codec_context.sample_rate if audio else None,
            )
    except (av.error.FFmpegError, OSError) as error:
        raise _unreadable(path) from error


def read_video_frames(path: Path) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """Decode a video file frame by frame, as RGB.

    Raises:
        MediaError: the file is missing, is no video, or is damaged.
    """
    import av.error

    try:
        with _open(path) as container:
            for frame in container.decode(_video_stream(container, path)):
                yield frame.to_ndarray(format="rgb24")
    except (av.error.FFmpegError, OSError) as error:
        raise _unreadable(path) from error


def _open(path: Path) -> "InputContainer":
    import av

    return av.open(str(path), options=dict(_OPEN_OPTIONS))


def _video_stream(container: "InputContainer", path: Path) -> "VideoStream":
    if not container.streams.video:
        raise MediaError(f"{path} holds no video stream; give a video file such as an MP4.")
    return container.streams.video[0]


def _unreadable(path: Path) -> MediaError:
    return MediaError(f"{path} cannot be read as a video; give an MP4, MOV, MKV, WebM, AVI, OGG or MPEG-TS file.")
