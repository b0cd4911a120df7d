"""Video: frames one after the other with their sound, and reading them back from a file."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, UInt8

from espressivo.errors import MediaError

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

# A container is recognised by its content, whatever its name says: a playlist or a concat script named `.mp4` would
# open other files. Only these demuxers may look at the input, and they may open nothing but that one file.
_CONTAINERS = "mov,matroska,webm,avi,ogg,mpeg,mpegts"
_OPEN_OPTIONS = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}

MAX_PIXELS = 7680 * 4320
"""Per picture (8K). A small file can declare pictures that fill the memory."""
MAX_FRAMES = 500_000
MAX_DURATION_S = 2 * 3600.0
MAX_DECODING_S = 600.0
"""Time spent in decoding alone, not with what is done with the frames."""
_AT_MOST = f"at most {MAX_DURATION_S / 3600:g} hours are read, so cut it first."


@dataclass(frozen=True, eq=False)
class Sound:
    """What is heard with a video; sample n sounds at n / rate_hz after the first frame appears."""

    samples: Float[np.ndarray, "samples"] | Float[np.ndarray, "samples 2"]
    """Mono, or left and right, in [-1, 1]."""
    rate_hz: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 1 and self.samples.shape[1:] != (2,):
            raise ValueError(f"Sound.samples has shape {self.samples.shape}, expected one column or two.")
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
    """Of pictures as they are stored; those of a phone may be turned when they are read."""
    frame_count: int
    """As the container states it; 0 where it does not."""
    video_codec: str
    audio_codec: str | None
    audio_rate_hz: int | None
    sound_offset_s: float = 0.0
    """How much later than the first frame the first sample sounds, by the clock of the container."""


def probe(path: Path) -> VideoInfo:
    """Read the facts about a video file without decoding it.

    Raises:
        MediaError: the file is missing, is no video, is of a format that is not read, or its pictures are too large.
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
                sound_offset_s=_start_s(audio) - _start_s(video) if audio else 0.0,
            )
    except (av.error.FFmpegError, OSError) as error:
        raise _unreadable(path) from error


def read_video_frames(path: Path, every: int = 1) -> Iterator[UInt8[np.ndarray, "h w 3"]]:
    """Decode a video file frame by frame, as RGB, upright as the camera was held.

    Args:
        path: the file.
        every: give only the first of so many frames; the others are decoded, but not converted to RGB.

    Raises:
        MediaError: the file is missing, is no video, is damaged, or is too large in pixels, frames or time.
    """
    import av.error

    try:
        with _open(path) as container:
            video = _video_stream(container, path)
            declared_s = (container.duration or 0) / 1_000_000
            if declared_s > MAX_DURATION_S:
                raise MediaError(f"{path} declares a length of {declared_s / 3600:.1f} hours; {_AT_MOST}")
            spent_s, started = 0.0, time.monotonic()
            for count, frame in enumerate(container.decode(video), start=1):
                _check_size(path, frame.width, frame.height)
                picture = None if (count - 1) % every else _upright(frame)
                spent_s += time.monotonic() - started
                if count > MAX_FRAMES:
                    raise MediaError(f"{path} has more than {MAX_FRAMES} frames; {_AT_MOST}")
                if spent_s > MAX_DECODING_S:
                    raise MediaError(f"{path} takes more than {MAX_DECODING_S:.0f} s to decode; convert it to H.264.")
                if picture is not None:
                    yield picture
                started = time.monotonic()
    except (av.error.FFmpegError, OSError) as error:
        raise _unreadable(path) from error


def _upright(frame: "VideoFrame") -> UInt8[np.ndarray, "h w 3"]:
    """Return a picture as players show it: phones store it as the sensor lies, with a note how it is to be turned."""
    quarters = round(frame.rotation / 90) % 4
    picture = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(picture, quarters)) if quarters else picture


def _open(path: Path) -> "InputContainer":
    import av

    return av.open(str(path), options=dict(_OPEN_OPTIONS))


def _video_stream(container: "InputContainer", path: Path) -> "VideoStream":
    if not container.streams.video:
        raise MediaError(f"{path} holds no video stream; give a video file such as an MP4.")
    video = container.streams.video[0]
    _check_size(path, video.codec_context.width, video.codec_context.height)
    return video


def _start_s(stream: "AudioStream | VideoStream") -> float:
    return float((stream.start_time or 0) * (stream.time_base or 0))


def _check_size(path: Path, width: int, height: int) -> None:
    if not width or not height:  # FFmpeg forgets a size that would not fit in its memory
        raise MediaError(f"{path} has pictures that are far too large, or of no size; scale it to at most 7680 x 4320.")
    if width * height > MAX_PIXELS:
        raise MediaError(f"{path} has pictures of {width} x {height} pixels; scale it to at most 7680 x 4320.")


def _unreadable(path: Path) -> MediaError:
    return MediaError(f"{path} cannot be read as a video; give an MP4, MOV, MKV, WebM, AVI, OGG or MPEG file.")
