"""Reading small files that users bring, within a size limit."""

from pathlib import Path

from espressivo.errors import EmotionError

MAX_BYTES = 8 * 2**20


def read_limited(path: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """Return a file's bytes.

    Raises:
        EmotionError: there is no such file, it cannot be read, or it holds more than `max_bytes`.
    """
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except FileNotFoundError:
        raise EmotionError(f"There is no emotion file {path}; check its name and folder.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise EmotionError(f"Emotion file {path} cannot be read ({reason}).") from None
    if len(data) > max_bytes:
        raise EmotionError(f"Emotion file {path} is over {max_bytes / 2**20:g} MiB; an emotion track is smaller.")
    return data
