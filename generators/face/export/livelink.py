"""CSV as Epic's Live Link Face app writes it: read by Unreal, Blender, Maya and Unity importers.

The app's conventions, measured on five of its recordings (64 to 134 s, published on GitHub with
alexdjulin/LiveLinkFace-CSV-Retarget-For-Motionbuilder):

- `Timecode` is HH:MM:SS:FF.mmm with FF on a base of 60 whatever the frame rate (a 30 fps take steps by 2.000), and
  .mmm thousandths of such a frame. Rows are missing where the phone dropped frames; a row whose `BlendShapeCount` is 0
  ends there, because no face was seen.
- Eye angles are radians. `LeftEyeYaw` against eyeLookOutLeft - eyeLookInLeft: correlation -1.00, slope -0.60;
  `LeftEyePitch` against eyeLookUpLeft - eyeLookDownLeft: correlation -1.00, slope -0.50. So yaw is positive toward the
  performer's right and pitch positive downward.
- Those recordings hold no head rotation. The app computes it by the same formula as the eyes' (public ARKit source of
  Unreal 4: one rotator for both), which maps right-handed yaw, pitch, roll to -yaw, pitch, -roll: assumed, not
  measured.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

import numpy as np
from jaxtyping import Float

from espressivo.errors import InputError
from espressivo.generators.face.arkit import ARKIT_NAMES, CHANNEL
from espressivo.generators.face.export.rotations import head_rad_from, yaw_pitch_roll
from espressivo.generators.face.motion import FaceMotion
from espressivo.media.whole_file import write_whole

_SWAPPED = {"JawLeft": "JawRight", "JawRight": "JawLeft", "MouthLeft": "MouthRight", "MouthRight": "MouthLeft"}
_PASCAL_NAMES = tuple(name[0].upper() + name[1:] for name in ARKIT_NAMES)
WEIGHT_COLUMNS: Final = tuple(_SWAPPED.get(name, name) for name in _PASCAL_NAMES)
"""Apple's order but for right before left in two pairs."""
HEAD_COLUMNS: Final = ("HeadYaw", "HeadPitch", "HeadRoll")
EYE_COLUMNS: Final = ("LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll", "RightEyeYaw", "RightEyePitch", "RightEyeRoll")
COLUMNS: Final = ("Timecode", "BlendShapeCount", *WEIGHT_COLUMNS, *HEAD_COLUMNS, *EYE_COLUMNS)

_HEAD_SIGNS = np.array([-1.0, 1.0, -1.0])  # from right-handed yaw, pitch, roll, and back
_VALUE_COUNT = len(COLUMNS) - 2
_TIMECODE_BASE = 60
_WEIGHT_ORDER = [CHANNEL[name[0].lower() + name[1:]] for name in WEIGHT_COLUMNS]
_GAZE_YAW_PER_WEIGHT_RAD = 0.60
_GAZE_PITCH_PER_WEIGHT_RAD = 0.50

_MAX_BYTES = 1 << 30
_MAX_LINE_CHARACTERS = 1 << 16
_TIMECODE = re.compile(r"(\d{1,2})[:;](\d{1,2})[:;](\d{1,2})[:;](\d{1,3}(?:\.\d{1,6})?)", re.ASCII)
_OTHER_BASES = (60, 30, 25, 24, 50, 48, 100, 120, 240)
_DAY_S = 86_400.0
_RATE_TOLERANCE = 4e-4  # less than half of what tells 29.97 from 30


def write_livelink_csv(path: Path, motion: FaceMotion) -> None:
    """Write `motion` in the 63 columns of Live Link Face, one row per frame, seven decimals.

    Raises:
        OutputError: the file cannot be written.
    """
    # -0.0 + 0.0 is 0.0: a still head is written without a sign.
    yaw, pitch = -motion.gaze_rad[:, 0] + 0.0, motion.gaze_rad[:, 1]
    eye = np.stack([yaw, pitch, np.zeros_like(yaw)], axis=1)
    head = yaw_pitch_roll(motion.head_rad) * _HEAD_SIGNS + 0.0
    table = np.concatenate([motion.weights[:, _WEIGHT_ORDER], head, eye, eye], axis=1)
    lines = [",".join(COLUMNS)]
    for frame, values in enumerate(table.tolist()):
        numbers = ",".join(f"{value:.7f}" for value in values)
        lines.append(f"{_timecode(frame, motion.fps)},{_VALUE_COUNT},{numbers}")
    write_whole(path, ("\n".join(lines) + "\n").encode("ascii"))


def read_livelink_csv(path: Path, fps: float | None = None) -> FaceMotion:
    """Read a CSV of ARKit weights: of this program, of Live Link Face, or of a tool that writes fewer columns.

    Columns are found by name in any order and case; channels without a column are 0, unknown columns are ignored.
    Without eye columns the gaze follows from the eyeLook channels. Missing rows are filled in between their neighbours.

    Args:
        path: The file.
        fps: Frame rate of rows without timecode. Where there are timecodes these count, unless a rate is given.

    Raises:
        InputError: the file is missing, too large, no such table, or holds a value that cannot be; names the line.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InputError(f"{path} is larger than {_MAX_BYTES >> 20} MiB; cut the recording into parts.")
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = _read_table(file, path)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); give a Live Link Face CSV.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is no CSV text; give a Live Link Face CSV in UTF-8.") from error
    values, rate = _on_even_frames(table, fps, path)
    return _motion(dict(zip(table.names, values.T, strict=True)), rate)


@dataclass(frozen=True)
class _Table:
    """The rows in which a face was seen."""

    names: tuple[str, ...]
    values: Float[np.ndarray, "rows columns"]
    timecodes: tuple[tuple[int, float], ...] | None
    """Whole seconds and frames of each row."""
    lines: tuple[int, ...]
    numbers: Float[np.ndarray, "rows"]
    """The place of each row among all rows, those without a face counted."""


def _read_table(file: TextIO, path: Path) -> _Table:
    rows = csv.reader(_short_lines(file, path))
    header = [name.strip().lower() for name in next(rows, [])]
    known = {name.lower(): name for name in (*WEIGHT_COLUMNS, *HEAD_COLUMNS, *EYE_COLUMNS)}
    columns = {known[name]: index for index, name in enumerate(header) if name in known}
    if not any(name in columns for name in WEIGHT_COLUMNS):
        raise InputError(f"{path} names no ARKit channel in line 1; give a header such as that of Live Link Face.")
    repeated = next((name for name in columns if header.count(name.lower()) > 1), None)
    if repeated:
        raise InputError(f"{path} has two columns {repeated} in line 1; keep one.")
    timecode_at = header.index("timecode") if "timecode" in header else None
    values, timecodes, lines, numbers = [], [], [], []
    for number, row in enumerate(row for row in rows if row):
        if len(row) < len(header) and _without_face(row, header):
            continue
        if len(row) < len(header):
            raise InputError(f"{path} has {len(row)} values in line {rows.line_num}, {len(header)} in its header.")
        where = f"{path}, line {rows.line_num}"
        values.append([_number(row[index], name, where) for name, index in columns.items()])
        if timecode_at is not None:
            timecodes.append(_seconds_and_frames(row[timecode_at], where))
        lines.append(rows.line_num)
        numbers.append(number)
    if not values:
        raise InputError(f"{path} holds no frame with a face; give a recording with at least one.")
    found = tuple(timecodes) if timecode_at is not None else None
    return _Table(tuple(columns), np.array(values), found, tuple(lines), np.array(numbers, float))


def _short_lines(file: TextIO, path: Path) -> Iterator[str]:
    number = 1
    while line := file.readline(_MAX_LINE_CHARACTERS):
        if len(line) >= _MAX_LINE_CHARACTERS:
            raise InputError(f"{path} has more than {_MAX_LINE_CHARACTERS} characters in line {number}; is it a CSV?")
        yield line
        number += 1


def _without_face(row: list[str], header: list[str]) -> bool:
    if "blendshapecount" not in header:
        return False
    index = header.index("blendshapecount")
    return index < len(row) and row[index].strip() == "0"


def _number(text: str, name: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise InputError(f"{where}: {name} is {text[:40]!r}; give a number.")
    is_angle = name in HEAD_COLUMNS or name in EYE_COLUMNS
    if is_angle and abs(value) > 2 * np.pi:
        raise InputError(f"{where}: {name} is {value:g}; give angles in radians.")
    if not is_angle and not -1 <= value <= 2:
        raise InputError(f"{where}: {name} is {value:g}; give weights from 0 to 1.")
    return value


def _seconds_and_frames(text: str, where: str) -> tuple[int, float]:
    match = _TIMECODE.fullmatch(text.strip())
    if not match:
        raise InputError(f"{where}: Timecode is {text[:40]!r}; give HH:MM:SS:FF or HH:MM:SS:FF.mmm.")
    hours, minutes, seconds, frames = match.groups()
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds), float(frames)


def _on_even_frames(table: _Table, fps: float | None, path: Path) -> tuple[Float[np.ndarray, "frames columns"], float]:
    """Put the rows where they belong in time, as frames at one rate from the first row on."""
    if fps is not None or table.timecodes is None:
        if fps is None:
            raise InputError(f"{path} has no Timecode column; give its frame rate.")
        return _interpolated(table.values, table.numbers - table.numbers[0]), fps
    times_s = _times_s(table, path)
    steps_s = np.diff(times_s)
    if not len(steps_s):
        return table.values, float(_TIMECODE_BASE)
    if steps_s.min() <= 0:
        line = table.lines[int(np.argmin(steps_s > 0)) + 1]
        raise InputError(f"{path}, line {line}: its Timecode is not later than that of the row before.")
    step_s = float(np.quantile(steps_s, 0.5, method="lower"))
    if times_s[-1] > 100 * len(times_s) * step_s:
        line = table.lines[int(np.argmax(steps_s)) + 1]
        raise InputError(
            f"{path}, line {line}: its Timecode leaves a gap of {steps_s.max():.0f} s; cut the file there."
        )
    # The exact rate is that of the whole recording; the median step counts how many frames it spans.
    spanned = np.round(steps_s / step_s).clip(1).sum()
    rate = _usual_rate(spanned / times_s[-1])
    return _interpolated(table.values, times_s * rate), rate


def _times_s(table: _Table, path: Path) -> Float[np.ndarray, "rows"]:
    """Seconds since the first row. The base of the frame count is the one that makes the steps most even."""
    assert table.timecodes is not None
    seconds, frames = np.array(table.timecodes).T
    passes_midnight = np.concatenate([[0], np.cumsum(np.diff(seconds) < -_DAY_S / 2)])
    bases = [base for base in _OTHER_BASES if base > frames.max()]
    if not bases:
        line = table.lines[int(np.argmax(frames))]
        raise InputError(
            f"{path}, line {line}: its Timecode counts {frames.max():g} frames in a second; is it damaged?"
        )
    candidates = [seconds + _DAY_S * passes_midnight + frames / base for base in bases]
    times_s = min(candidates, key=_uneven_steps)
    return times_s - times_s[0]


def _uneven_steps(times_s: Float[np.ndarray, "rows"]) -> int:
    steps_s = np.diff(times_s)
    return int((np.abs(steps_s - np.median(steps_s)) > 0.1 * np.median(steps_s)).sum()) if len(steps_s) else 0


def _usual_rate(rate: float) -> float:
    """The whole or NTSC rate that timecodes of limited resolution mean, if one is near."""
    whole = float(max(1, round(rate)))
    ntsc = max(1, round(rate * 1.001)) / 1.001
    nearest = min(whole, ntsc, key=lambda usual: abs(usual - rate))
    return nearest if abs(nearest - rate) <= _RATE_TOLERANCE * rate else rate


def _interpolated(
    values: Float[np.ndarray, "rows columns"], places: Float[np.ndarray, "rows"]
) -> Float[np.ndarray, "frames columns"]:
    """`values` found at fractional frame numbers `places`, for every whole frame number."""
    frames = np.arange(round(float(places[-1])) + 1)
    if len(frames) == len(places) and np.abs(places - frames).max() < 0.25:
        return values  # within the timecode's jitter: the rows are the frames
    return np.stack([np.interp(frames, places, column) for column in values.T], axis=1)


def _motion(columns: dict[str, Float[np.ndarray, "frames"]], fps: float) -> FaceMotion:
    frames = len(next(iter(columns.values())))
    none = np.zeros(frames)
    weights = np.stack([columns.get(name, none) for name in _PASCAL_NAMES], axis=1).clip(0, 1)
    head = np.stack([columns.get(name, none) for name in HEAD_COLUMNS], axis=1) * _HEAD_SIGNS
    yaws = [columns[name] for name in ("LeftEyeYaw", "RightEyeYaw") if name in columns]
    pitches = [columns[name] for name in ("LeftEyePitch", "RightEyePitch") if name in columns]
    seen_yaw, seen_pitch = _gaze_of_weights(weights)
    yaw = -np.mean(yaws, axis=0) if yaws else seen_yaw
    pitch = np.mean(pitches, axis=0) if pitches else seen_pitch
    return FaceMotion(weights, head_rad_from(head) + 0.0, np.stack([yaw, pitch], axis=1) + 0.0, fps)


def _gaze_of_weights(
    weights: Float[np.ndarray, "frames 52"],
) -> tuple[Float[np.ndarray, "frames"], Float[np.ndarray, "frames"]]:
    def look(direction: str, side: str) -> Float[np.ndarray, "frames"]:
        return weights[:, CHANNEL[f"eyeLook{direction}{side}"]]

    left = (look("Out", "Left") - look("In", "Left") + look("In", "Right") - look("Out", "Right")) / 2
    down = (look("Down", "Left") - look("Up", "Left") + look("Down", "Right") - look("Up", "Right")) / 2
    return _GAZE_YAW_PER_WEIGHT_RAD * left, _GAZE_PITCH_PER_WEIGHT_RAD * down


def _timecode(frame: int, fps: float) -> str:
    thousandths = round(frame / fps * _TIMECODE_BASE * 1000)
    seconds, within = divmod(thousandths, _TIMECODE_BASE * 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours % 24:02d}:{minute:02d}:{second:02d}:{within // 1000:02d}.{within % 1000:03d}"
