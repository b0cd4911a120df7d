"""The tracks of a piece as sounds of their own."""

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from espressivo.media.whole_file import unwritable, whole_file
from espressivo.progress import ProgressCallback
from espressivo.take import Take
from espressivo.ui.studio.music.roll import score_of

_LONGEST_NAME = 40


def write_stems(take: Path, path: Path, progress: ProgressCallback) -> int:
    """Write one WAV per track into a zip, for a worker; together they are the mix, but for its gain and limiter.

    Returns:
        How many there are.

    Raises:
        InputError: the take holds no music.
        OutputError: the file cannot be written.
    """
    from espressivo.generators.music.sound.render import render, write_stereo_wav

    made = Take.open(take)
    score = score_of(made)
    sound = render(score, loop=made.record["request"].get("loop") is True, progress=progress)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as partial:
        try:
            with ZipFile(partial, "w", ZIP_DEFLATED) as archive:
                for number, (stem, player) in enumerate(zip(sound.stems, score.instruments, strict=True), start=1):
                    single = partial.with_suffix(".wav")
                    write_stereo_wav(single, stem, sound.rate_hz)
                    archive.write(single, f"{number:02}-{_plain(player.name)}.wav")
                    single.unlink()
        except OSError as error:
            raise unwritable(path, error) from error
    return len(sound.stems)


def _plain(name: str) -> str:
    letters = "".join(letter if letter.isalnum() else "-" for letter in name)[:_LONGEST_NAME].strip("-")
    return letters.lower() or "track"
