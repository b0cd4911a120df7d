"""Write a video with its sound as an MP4 that every player and browser shows: H.264 and AAC."""

import contextlib
import queue
import threading
import time
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, TypeAlias

import numpy as np
from jaxtyping import UInt8

from espressivo.errors import MediaError
from espressivo.media.video import Sound, Video
from espressivo.media.whole_file import unwritable, whole_file
from espressivo.progress import ProgressCallback, ProgressEvent, track

if TYPE_CHECKING:
    import av
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.video.stream import VideoStream

Image: TypeAlias = UInt8[np.ndarray, "height width 3"]

_STAGE = "video"
_QUEUED_FRAMES = 8
"""How far rendering may run ahead of encoding: enough to smooth both, little enough to keep memory flat."""
_SOUND_RATE_HZ = 48_000
"""AAC starts with 1024 samples of silence that the edit list hides. A player that ignores the list is 21 ms late at
48 kHz, which nobody notices, but 64 ms late at the 16 kHz of speech."""
_SOUND_BIT_RATE = 128_000
_SOUND_BLOCK_S = 0.1
_BT709: Final = 1  # the same code for primaries, transfer and matrix (ITU-T H.273, tables 2 to 4)
_LIMITED_RANGE: Final = 1


def write_mp4(
    path: Path,
    video: Video,
    progress: ProgressCallback | None = None,
    total_frames: int | None = None,
    preset: str = "veryfast",
    crf: int = 18,
) -> None:
    """Encode `video` to `path`; the frames are made in the calling thread while a second one encodes.

    The file is as long as the longer of pictures and sound, can be played while it loads, and appears under its name
    only when it is whole: after an error or a cancellation nothing is left and an earlier file is untouched.

    Args:
        path: Where to write; an existing file is replaced.
        video: Frames of one even size, and optionally sound.
        progress: Called from the calling thread; cancels by raising `Cancelled`.
        total_frames: How many frames will come, if known; without it the reported fraction stays 0 until the end.
        preset: Speed of x264, from `ultrafast` to `veryslow`.
        crf: Constant rate factor of x264: 0 without loss, 18 without visible loss, 51 worst.

    Raises:
        MediaError: no frames, or frames of odd, changing or wrong shape.
        OutputError: the file cannot be written.
    """
    with whole_file(path) as partial:
        frames = _checked(_reported(video.frames, progress, total_frames), path)
        first = next(frames, None)
        if first is None:
            raise MediaError(f"{path} cannot be written because the video holds no frames; give at least one.")
        height, width, _ = first.shape
        with _Encoder(path, partial, width, height, video.fps, video.sound, preset, crf) as encoder:
            encoder.add(first)
            for frame in frames:
                encoder.add(frame)


def with_sound(source: Path, sound: Sound, path: Path) -> None:
    """Write the pictures of an MP4 file, as they are, with another sound.

    Raises:
        OutputError: the file cannot be written.
    """
    import av
    import av.error

    with whole_file(path) as partial:
        try:
            with (
                av.open(str(source)) as given,
                av.open(str(partial), "w", format="mp4", options={"movflags": "+faststart"}) as container,
            ):
                pictures = given.streams.video[0]
                stream = container.add_stream_from_template(pictures)
                heard = _SoundTrack(container, sound)
                for packet in given.demux(pictures):
                    if packet.dts is None:  # the demuxer's end mark
                        continue
                    heard.write_until(Fraction(packet.dts) * Fraction(packet.time_base))
                    packet.stream = stream
                    container.mux(packet)
                heard.finish()
        except av.error.FFmpegError as error:
            raise unwritable(path, error) from error


def _reported(frames: Iterable[Image], progress: ProgressCallback | None, total_frames: int | None) -> Iterator[Image]:
    if progress is None or total_frames is not None:
        yield from track(frames, _STAGE, total_frames or 0, progress)
        return
    last = 0.0
    for frame in frames:
        yield frame
        if time.monotonic() - last >= 0.1:
            last = time.monotonic()
            progress(ProgressEvent(_STAGE, 0.0))
    progress(ProgressEvent(_STAGE, 1.0, 0.0))


def _checked(frames: Iterable[Image], path: Path) -> Iterator[Image]:
    """Pass on frames that H.264 with halved chroma can hold."""
    shape: tuple[int, ...] | None = None
    for number, frame in enumerate(frames):
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
            raise MediaError(
                f"Frame {number} for {path} is {frame.dtype} {frame.shape}; give uint8 (height, width, 3)."
            )
        if shape is None and (frame.shape[0] % 2 or frame.shape[1] % 2 or 0 in frame.shape):
            raise MediaError(
                f"{path} cannot be {frame.shape[1]}x{frame.shape[0]} pixels; give an even width and height."
            )
        if shape is not None and frame.shape != shape:
            raise MediaError(f"Frame {number} of {path} is {frame.shape}, those before it {shape}; give one size.")
        shape = frame.shape
        yield frame


class _Encoder:
    """An MP4 file that is written by a thread of its own while frames are added."""

    def __init__(
        self,
        path: Path,
        partial: Path,
        width: int,
        height: int,
        fps: float,
        sound: Sound | None,
        preset: str,
        crf: int,
    ) -> None:
        self._path = path
        self._frames: queue.Queue[av.VideoFrame | None] = queue.Queue(_QUEUED_FRAMES)
        self._abandoned = threading.Event()
        self._error: Exception | None = None
        arguments = (partial, width, height, Fraction(fps).limit_denominator(1001), sound, preset, crf)
        self._thread = threading.Thread(target=self._run, args=arguments, name="mp4 encoder", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, error_type: type[BaseException] | None, *_: object) -> None:
        if error_type is None:
            self._put(None)
            self._thread.join()
            self._raise_error()
        else:
            self._abandoned.set()
            self._thread.join()

    def add(self, image: Image) -> None:
        """Hand over the next frame; waits while the encoder is behind. The array may be reused afterwards."""
        import av

        self._put(av.VideoFrame.from_ndarray(image, format="rgb24"))

    def _put(self, frame: "av.VideoFrame | None") -> None:
        while True:
            self._raise_error()
            with contextlib.suppress(queue.Full):
                self._frames.put(frame, timeout=0.1)
                return

    def _raise_error(self) -> None:
        import av.error

        if isinstance(self._error, av.error.FFmpegError | OSError):
            raise unwritable(self._path, self._error) from self._error
        if self._error is not None:
            raise self._error

    def _queued(self) -> "Iterator[av.VideoFrame]":
        """The added frames in order, until the last one or until the file is given up."""
        while not self._abandoned.is_set():
            with contextlib.suppress(queue.Empty):
                frame = self._frames.get(timeout=0.1)
                if frame is None:
                    return
                yield frame

    def _run(
        self, partial: Path, width: int, height: int, fps: Fraction, sound: Sound | None, preset: str, crf: int
    ) -> None:
        import av

        try:
            with av.open(str(partial), "w", format="mp4", options={"movflags": "+faststart"}) as container:
                pictures = _add_pictures(container, width, height, fps, preset, crf)
                heard = _SoundTrack(container, sound) if sound is not None else None
                for number, frame in enumerate(self._queued()):
                    container.mux(pictures.encode(_to_bt709(frame, number)))
                    if heard is not None:
                        heard.write_until((number + 1) / fps)
                if not self._abandoned.is_set():
                    container.mux(pictures.encode(None))
                    if heard is not None:
                        heard.finish()
        except Exception as error:  # whatever it is, the thread that adds the frames raises it
            self._error = error


def _add_pictures(
    container: "OutputContainer", width: int, height: int, fps: Fraction, preset: str, crf: int
) -> "VideoStream":
    # Without B-frames the first picture is shown at time 0 also by players that ignore the edit list.
    stream = container.add_stream("libx264", rate=fps, options={"preset": preset, "crf": str(crf), "bf": "0"})
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    context = stream.codec_context
    context.time_base = 1 / fps
    context.color_primaries = context.color_trc = context.colorspace = _BT709
    context.color_range = _LIMITED_RANGE
    context.thread_count = 0  # as many as there are cores
    return stream


def _to_bt709(frame: "av.VideoFrame", number: int) -> "av.VideoFrame":
    from av.video.reformatter import ColorRange, Colorspace

    converted = frame.reformat(
        format="yuv420p",
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
    )
    converted.pts = number
    return converted


class _SoundTrack:
    """The sound of a video, encoded in step with its pictures so that neither piles up in the muxer."""

    def __init__(self, container: "OutputContainer", sound: Sound) -> None:
        self._container = container
        self._sound = sound
        self._written = 0
        self._layout = "mono" if sound.samples.ndim == 1 else "stereo"
        self._stream: AudioStream = container.add_stream("aac", rate=_SOUND_RATE_HZ, layout=self._layout)
        self._stream.codec_context.bit_rate = _SOUND_BIT_RATE

    def write_until(self, end_s: Fraction) -> None:
        """Encode what sounds before `end_s`."""
        self._write(min(len(self._sound.samples), int(end_s * self._sound.rate_hz)))

    def finish(self) -> None:
        """Encode the rest and what the encoder still holds back."""
        self._write(len(self._sound.samples))
        self._container.mux(self._stream.encode(None))

    def _write(self, end: int) -> None:
        import av

        block = max(1, int(_SOUND_BLOCK_S * self._sound.rate_hz))
        for start in range(self._written, end, block):
            samples = np.clip(self._sound.samples[start : min(start + block, end)], -1.0, 1.0).astype(np.float32)
            planes = np.ascontiguousarray(np.atleast_2d(samples.T))
            frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=self._layout)
            frame.sample_rate = self._sound.rate_hz
            frame.time_base = Fraction(1, self._sound.rate_hz)
            frame.pts = start
            self._container.mux(self._stream.encode(frame))
        self._written = max(self._written, end)
