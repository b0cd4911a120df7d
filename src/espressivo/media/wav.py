"""Write sound as a WAV file."""

import io
import wave
from pathlib import Path

import numpy as np
from jaxtyping import Float

from espressivo.media.whole_file import write_whole


def write_wav(path: Path, samples: Float[np.ndarray, "samples"], rate_hz: int) -> None:
    """Write mono `samples` in [-1, 1] (louder ones are clipped) as 16-bit PCM.

    Raises:
        OutputError: the file cannot be written.
    """
    # The scale that reading divides by, so that a file written from a 16-bit file holds the same numbers.
    pcm = np.clip(np.rint(np.nan_to_num(samples) * 32768.0), -32768, 32767).astype("<i2")
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(pcm.tobytes())
    write_whole(path, content.getvalue())
