"""What is evaluated: takes and files of any tool, found on disk and sorted into systems."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from espressivo.conditioning.notation import parse_emotion
from espressivo.conditioning.track import EmotionTrack
from espressivo.errors import InputError
from espressivo.take import RECORD, Take

Part = Literal["video", "sound", "motion", "body", "score", "transcript", "emotion"]

TABLE = "clips.csv"
"""A folder of files may hold this table: columns clip (the file's stem), transcript, emotion and line
(the same for clips that differ only in how they are said); each but the first may be empty or left out."""

_SUFFIXES: dict[str, Part] = {
    **dict.fromkeys((".mp4", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ogv", ".ts"), "video"),
    **dict.fromkeys((".wav", ".flac", ".mp3", ".m4a", ".ogg", ".opus"), "sound"),
    **dict.fromkeys((".mid", ".midi"), "score"),
    **dict.fromkeys((".bvh",), "body"),
    ".txt": "transcript",
    ".emotionml": "emotion",
}
_CONTENTS: dict[str, tuple[tuple[bytes, Part], ...]] = {
    ".npz": ((b"head_rad.npy", "motion"), (b"poses.npy", "body")),
    ".csv": ((b"Timecode,BlendshapeCount", "motion"),),
}
"""Suffixes that many kinds of file have, with what stands near the beginning or the end of the kinds that are read."""

_TAKE_FILES: dict[Part, tuple[str, ...]] = {
    "video": ("portrait.mp4", "face.mp4"),
    "sound": ("speech.wav",),
    "motion": ("face.npz", "face.csv"),
    "body": ("body.npz", "body.bvh"),
    "score": ("music.mid",),
    "emotion": ("emotion.emotionml",),
}
_MEASURABLE: tuple[Part, ...] = ("video", "motion", "body", "score")
_PEEK_BYTES = 4096
_MAX_TEXT_BYTES = 1_000_000


@dataclass(frozen=True)
class Subject:
    """One clip under evaluation: its files, and what was asked of whoever made it."""

    name: str
    """The same in every system that was given the same line."""
    files: Mapping[Part, Path]
    transcript: str | None = None
    emotion: EmotionTrack | None = None
    line: str = ""
    """What is said, apart from the emotion: clips of one line differ only in how it is said."""


@dataclass(frozen=True)
class System:
    """Everything that one system made."""

    name: str
    subjects: tuple[Subject, ...]


def find_systems(paths: Sequence[Path], compare: bool = False) -> tuple[System, ...]:
    """Sort takes, files and folders of them into systems.

    A folder of clips is a system. Takes and files given one by one are one system together, unless they are to be
    compared: then each path is a system of its own.

    Raises:
        InputError: a path is missing or holds nothing that can be evaluated, or two clips of a system share a name.
    """
    if not paths:
        raise InputError("Nothing to evaluate was given; give takes, videos, MIDI files or folders of them.")
    for path in paths:
        if not path.exists():
            raise InputError(f"{path} does not exist; give a take, a video, a MIDI file or a folder of them.")
    singles = [path for path in paths if _is_single(path)]
    if compare or len(singles) < len(paths):
        groups = [(_system_name(path), [path]) for path in paths]
    else:
        groups = [(_common_name(singles), singles)]
    systems = tuple(_system(name, members) for name, members in _with_own_names(groups))
    return _same_single_clip(systems) if compare else systems


def _is_single(path: Path) -> bool:
    return path.is_file() or (path / RECORD).is_file()


def _system_name(path: Path) -> str:
    return path.absolute().stem if path.is_file() else path.absolute().name


def _common_name(singles: Sequence[Path]) -> str:
    return _system_name(singles[0]) if len(singles) == 1 else singles[0].absolute().parent.name or "clips"


def _with_own_names(groups: Iterable[tuple[str, list[Path]]]) -> list[tuple[str, list[Path]]]:
    """Number systems whose folders have the same name, so that no two rows of a report are called alike."""
    named: list[tuple[str, list[Path]]] = []
    for name, members in groups:
        taken = {other for other, _ in named}
        number, candidate = 1, name
        while candidate in taken:
            number += 1
            candidate = f"{name} ({number})"
        named.append((candidate, members))
    return named


def _same_single_clip(systems: tuple[System, ...]) -> tuple[System, ...]:
    """Let systems of one clip each be pairs of the same clip, whatever their files are called."""
    if any(len(system.subjects) != 1 for system in systems):
        return systems
    name = systems[0].subjects[0].name
    return tuple(replace(system, subjects=(replace(system.subjects[0], name=name),)) for system in systems)


def _system(name: str, paths: list[Path]) -> System:
    subjects = [subject for path in paths for subject in _subjects_of(path)]
    if not subjects:
        raise InputError(f"{paths[0]} holds nothing that can be evaluated; give takes, videos, motions or MIDI files.")
    names = [subject.name for subject in subjects]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"Two clips of '{name}' are called '{twice}'; give each clip once, under its own name.")
    return System(name, tuple(sorted(subjects, key=lambda subject: subject.name)))


def _subjects_of(path: Path) -> list[Subject]:
    if path.name == RECORD or (path / RECORD).is_file():
        return [_take_subject(path)]
    if path.is_file():
        beside = [file for file in path.parent.iterdir() if file.stem == path.stem and file != path and file.is_file()]
        found = _file_subjects([path, *beside], path.parent)
        if not found:
            known = ", ".join((*(name for name, part in _SUFFIXES.items() if part in _MEASURABLE), *_CONTENTS))
            raise InputError(f"{path} cannot be evaluated alone; give a take, or a clip as one of {known}.")
        return found
    takes = [folder for folder in sorted(path.iterdir()) if (folder / RECORD).is_file()]
    files = [file for file in sorted(path.iterdir()) if file.is_file() and not file.name.startswith(".")]
    return [_take_subject(folder) for folder in takes] + _file_subjects(files, path)


def _take_subject(path: Path) -> Subject:
    take = Take.open(path)
    request = take.record["request"]
    transcript = request.get("transcript")
    if not isinstance(transcript, str | None):
        raise InputError(f"{take.folder} holds no take that can be read (its transcript is no text); make it again.")
    files: dict[Part, Path] = {}
    for part, names in _TAKE_FILES.items():
        present = [take.file(name) for name in names if take.file(name).is_file()]
        if present:
            files[part] = present[0]
    return Subject(
        name=take.folder.absolute().name,
        files=files,
        transcript=transcript,
        emotion=parse_emotion(str(files["emotion"])) if "emotion" in files else None,
        line="|".join(str(request.get(key)) for key in ("transcript", "seed", "identity", "identity_seed"))
        + f"|{take.record.get('files', {}).get('speech.wav')}",
    )


def _file_subjects(files: Sequence[Path], folder: Path) -> list[Subject]:
    table = _read_table(folder / TABLE)
    clips: dict[str, dict[Part, Path]] = {}
    for file in files:
        part = _part_of(file)
        if part is not None and file.name != TABLE:
            clips.setdefault(file.stem, {}).setdefault(part, file)
    return [
        _file_subject(name, parts, table.get(name, {}))
        for name, parts in clips.items()
        if any(part in parts for part in _MEASURABLE)
    ]


def _part_of(file: Path) -> Part | None:
    suffix = file.suffix.lower()
    if suffix not in _CONTENTS:
        return _SUFFIXES.get(suffix)
    with file.open("rb") as opened:
        ends = opened.read(_PEEK_BYTES)
        opened.seek(max(0, file.stat().st_size - _PEEK_BYTES))
        ends += opened.read()  # an archive lists its members at its end
    return next((part for mark, part in _CONTENTS[suffix] if mark.lower() in ends.lower()), None)


def _file_subject(name: str, parts: dict[Part, Path], row: Mapping[str, str]) -> Subject:
    transcript = row.get("transcript") or (_read_text(parts["transcript"]) if "transcript" in parts else None)
    emotion = row.get("emotion") or (str(parts["emotion"]) if "emotion" in parts else None)
    return Subject(
        name=name,
        files=parts,
        transcript=transcript,
        emotion=parse_emotion(emotion) if emotion else None,
        line=row.get("line") or name,
    )


def _read_table(path: Path) -> dict[str, dict[str, str]]:
    if not path.is_file():
        return {}
    try:
        rows = list(csv.DictReader(_read_text(path).splitlines()))
    except csv.Error as error:
        raise InputError(f"{path} is no table ({error}); its columns are clip, transcript, emotion, line.") from None
    if rows and "clip" not in rows[0]:
        raise InputError(f"{path} has no column 'clip'; its columns are clip, transcript, emotion, line.")
    return {row["clip"]: {key: value or "" for key, value in row.items() if isinstance(key, str)} for row in rows}


def _read_text(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_TEXT_BYTES:
            raise InputError(f"{path} is over 1 MB; give the words of its clip alone.")
        return path.read_text(encoding="utf-8-sig").strip()
    except UnicodeDecodeError:
        raise InputError(f"{path} is not text in UTF-8; save it as UTF-8.") from None
