"""Sound in: any common audio or video file becomes mono 16 kHz samples.

Files are hostile until decoded. A white list of containers keeps out the ones that name other files or addresses
(concat scripts, HLS lists), a white list of decoders keeps pictures inside a file from being decoded at all, the file
is handed over as an open handle so that no address is ever followed, and length, size and time are limited while
decoding.
"""

import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from jaxtyping import Float

from espressivo.errors import MediaError

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

SAMPLE_RATE_HZ = 16_000
MAX_DURATION_S = 2 * 3600.0
MAX_FILE_BYTES = 8 * 2**30
MAX_DECODING_S = 600.0
MIN_SHARE = 0.5
"""A damaged or cut-off file is used when at least this share of the length it declares can be decoded."""

CONTAINERS = (
    *("wav", "w64", "aiff", "au", "caf", "voc", "flac", "ogg", "mp3", "aac", "ac3", "eac3", "amr", "wv", "tta", "ape"),
    *("mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "avi", "asf", "flv", "mpeg", "mpegts"),
)
"""Container names as FFmpeg writes them; none of these can point at another file."""

DECODERS = (
    *(
        "aac",
        "aac_latm",
        "ac3",
        "alac",
        "amrnb",
        "amrwb",
        "ape",
        "eac3",
        "dca",
        "flac",
        "gsm_ms",
        "mp1float",
        "mp2",
        "mp2float",
    ),
    *(
        "mp3",
        "mp3float",
        "opus",
        "libopus",
        "truehd",
        "tta",
        "vorbis",
        "wavpack",
        "wmav1",
        "wmav2",
        "wmapro",
        "wmalossless",
    ),
    *("adpcm_ima_wav", "adpcm_ms", "adpcm_ima_qt", "adpcm_yamaha"),
    *(f"pcm_{code}" for code in ("u8", "s8", "s16le", "s16be", "s24le", "s24be", "s32le", "s32be", "alaw", "mulaw")),
    *(f"pcm_{code}" for code in ("f32le", "f32be", "f64le", "f64be", "u16le", "u16be", "s8_planar", "s16le_planar")),
    *("pcm_bluray", "pcm_dvd"),
)
"""Sound decoders only: pictures in a file are never decoded, however large they claim to be."""

_SAMPLE_RATES_HZ = (4_000, 768_000)
_TOO_LONG = f"; at most {MAX_DURATION_S / 3600:g} hours are read, so cut it first."


def read_audio(path: str | Path, rate_hz: int = SAMPLE_RATE_HZ) -> Float[np.ndarray, "samples"]:
    """The sound of an audio or video file: mono (mean of the channels), float32 in [-1, 1], never empty.

    The first sound stream is used. A float file that is louder than full scale is scaled down as a whole. A damaged
    file is used when at least `MIN_SHARE` of its declared length decodes.

    Raises:
        MediaError: one sentence that names the file: missing, unreadable, not a file, empty, too large, too long,
            not sound, no sound stream, mostly undecodable, or holding samples that are not numbers.
    """
    from av.error import FFmpegError

    path = Path(path)
    _check_file(path)
    try:
        with path.open("rb") as handle, _opened(path, handle) as container:
            if not container.streams.audio:
                raise MediaError(f"{path} holds no sound; choose a file with a sound track.")
            stream = container.streams.audio[0]
            declared_s = _declared_duration_s(path, container, stream)
            if declared_s > MAX_DURATION_S:
                raise MediaError(f"{path} declares a length of {declared_s / 3600:.1f} hours{_TOO_LONG}")
            samples = _collect(path, _mono_chunks(path, container, stream, rate_hz), rate_hz)
    except FFmpegError as error:
        raise MediaError(f"{path} cannot be decoded ({error.strerror}); convert it to WAV or FLAC.") from error
    except OSError as error:
        raise MediaError(f"{path} cannot be read ({error.strerror or error}).") from error
    duration_s = len(samples) / rate_hz
    if not len(samples) or duration_s < MIN_SHARE * declared_s:
        raise MediaError(
            f"{path} is damaged or cut off: {duration_s:.2f} s of the {declared_s:.2f} s it declares can be decoded."
            if declared_s
            else f"{path} holds no samples."
        )
    return samples


def _check_file(path: Path) -> None:
    """Refuse what is not a regular file of a usable size, before anything is opened."""
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise MediaError(f"{path} does not exist.") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise MediaError(f"{str(path)!r} cannot be read ({getattr(error, 'strerror', None) or error}).") from error
    if path.is_dir():
        raise MediaError(f"{path} is a folder; name a sound or video file in it.")
    if not path.is_file():
        raise MediaError(f"{path} is not a regular file; copy the sound into one.")
    if status.st_size == 0:
        raise MediaError(f"{path} is empty.")
    if status.st_size > MAX_FILE_BYTES:
        raise MediaError(
            f"{path} has {status.st_size / 2**30:.1f} GiB; at most {MAX_FILE_BYTES // 2**30} GiB are read."
        )


def _opened(path: Path, handle: BinaryIO) -> "InputContainer":
    import av
    from av.error import FFmpegError

    options = {
        "format_whitelist": ",".join(CONTAINERS),
        "codec_whitelist": ",".join(DECODERS),
        "protocol_whitelist": "none",  # an open handle needs no protocol, and nothing else may be opened
    }
    try:
        return av.open(handle, "r", container_options=options)
    except (FFmpegError, ValueError) as error:
        raise MediaError(f"{path} is not a sound or video file that can be read; convert it to WAV or FLAC.") from error


def _declared_duration_s(path: Path, container: "InputContainer", stream: "AudioStream") -> float:
    """Length that the header states, 0 where it states none."""
    if container.format.name == "wav":  # FFmpeg trusts the size of the file here, which hides a file that was cut off
        return _riff_duration_s(path)
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / 1e6


def _riff_duration_s(path: Path) -> float:
    """Length from the sizes in a RIFF header, 0 where the writer left the size open (as a pipe must)."""
    bytes_per_s = 0
    with path.open("rb") as file:
        if file.read(4) != b"RIFF":
            return 0.0
        file.seek(12)
        while len(head := file.read(8)) == 8:
            name, size = struct.unpack("<4sI", head)
            if name == b"data":
                return size / bytes_per_s if bytes_per_s and size < 2**32 - 256 else 0.0
            if name == b"fmt ":
                bytes_per_s = struct.unpack("<8xI4x", file.read(16).ljust(16, b"\0"))[0]
                size -= 16
            file.seek(size + size % 2, 1)
    return 0.0


def _collect(path: Path, chunks: Iterator[Float[np.ndarray, "n"]], rate_hz: int) -> Float[np.ndarray, "samples"]:
    """Join the chunks, refusing too much sound, too much time and values that are not numbers as they come."""
    started = time.monotonic()
    kept, count = [], 0
    for chunk in chunks:
        if not np.isfinite(chunk).all():
            raise MediaError(f"{path} holds samples that are not numbers (NaN or infinite); export the sound again.")
        kept.append(chunk)
        count += len(chunk)
        if count > MAX_DURATION_S * rate_hz:
            raise MediaError(f"{path} is too long{_TOO_LONG}")
        if time.monotonic() - started > MAX_DECODING_S:
            raise MediaError(f"{path} takes more than {MAX_DECODING_S:.0f} s to decode; convert it to WAV or FLAC.")
    samples = np.concatenate(kept) if kept else np.zeros(0, np.float32)
    peak = float(np.abs(samples).max(initial=0.0))
    return samples / np.float32(peak) if peak > 1.0 else samples


def _mono_chunks(
    path: Path, container: "InputContainer", stream: "AudioStream", rate_hz: int
) -> Iterator[Float[np.ndarray, "n"]]:
    """Mono pieces of a stream at `rate_hz`. The channels are averaged first, so only one has to be resampled."""
    from av import AudioFrame, AudioResampler

    resampler, rate = None, 0
    for frame in _frames(container, stream):
        if resampler is None or frame.sample_rate != rate:
            if resampler is not None:  # the stream changed its rate: let out what the old resampler still holds
                yield from (piece.to_ndarray()[0] for piece in resampler.resample(None))
            rate = frame.sample_rate
            if not _SAMPLE_RATES_HZ[0] <= rate <= _SAMPLE_RATES_HZ[1]:
                raise MediaError(f"{path} has a sample rate of {rate} Hz; convert it to 16000 or 48000 Hz.")
            resampler = AudioResampler(format="fltp", layout="mono", rate=rate_hz)
        # A new frame has no time stamp, so broken ones cannot make the resampler insert or drop sound.
        mono = AudioFrame.from_ndarray(_mono(frame)[np.newaxis], "fltp", "mono")
        mono.sample_rate = rate
        yield from (piece.to_ndarray()[0] for piece in resampler.resample(mono))
    if resampler is not None:
        yield from (piece.to_ndarray()[0] for piece in resampler.resample(None))


def _mono(frame: "AudioFrame") -> Float[np.ndarray, "n"]:
    """Mean of a frame's channels, full scale at 1."""
    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(frame.samples, -1).T
    mean = samples.mean(axis=0, dtype=np.float64)
    if samples.dtype.kind == "f":
        return mean.astype(np.float32)
    full_scale = 2.0 ** (8 * samples.dtype.itemsize - 1)
    return ((mean - (full_scale if samples.dtype.kind == "u" else 0.0)) / full_scale).astype(np.float32)


def _frames(container: "InputContainer", stream: "AudioStream") -> Iterator["AudioFrame"]:
    """Decoded frames; a damaged packet is skipped, and a file that breaks off ends there."""
    from av.error import FFmpegError, InvalidDataError

    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, FFmpegError):
            return
        try:
            yield from stream.decode(packet)
        except InvalidDataError:
            continue
