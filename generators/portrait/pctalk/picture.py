"""Draw what PC-Talk's controls do: `python -m espressivo.generators.portrait.pctalk.picture PORTRAIT --out FILE`.

One moment of one line, said neutrally, with each control turned. Rows: emotions on regions, speaking styles, edits of
the clip and of the word that is spoken at this moment.
"""

import json
from pathlib import Path
from typing import Final

import numpy as np
import tyro
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

from espressivo.conditioning.phones import recognise_phones
from espressivo.conditioning.speech import Speech
from espressivo.generators.portrait.pctalk.controls import LipControls
from espressivo.generators.registry import load_generator

ROWS: Final[tuple[tuple[tuple[str, str, LipControls], ...], ...]] = (
    (
        ("neutral", "neutral", LipControls()),
        ("happiness", "happiness", LipControls()),
        ("lips=happiness", "neutral", LipControls(regions=("lips=happiness",))),
        ("upper=happiness", "neutral", LipControls(regions=("upper=happiness",))),
        ("brows=anger, lips=happiness", "neutral", LipControls(regions=("brows=anger", "lips=happiness"))),
        ("eyes=fear, lower=sadness", "neutral", LipControls(regions=("eyes=fear", "lower=sadness"))),
    ),
    tuple(
        (style, "neutral", LipControls(style=style))
        for style in ("mumbling", "reserved", "enunciating", "broad", "pouting", "loud")
    ),
    (
        ("open 0.3", "neutral", LipControls(edits=("open 0.3",))),
        ("open 1.5", "neutral", LipControls(edits=("open 1.5",))),
        ("wide 2.5", "neutral", LipControls(edits=("wide 2.5",))),
        ("WORD: wide +0.6", "neutral", LipControls(edits=("WORD: wide +0.6",))),
        ("WORD: purse +0.8", "neutral", LipControls(edits=("WORD: purse +0.8",))),
        ("lip-scale 0.4", "neutral", LipControls(lip_scale=0.4)),
    ),
)
_SIZE: Final = 320
_STRIP: Final = 28
_PAPER, _INK = (250, 250, 248), (30, 30, 34)


def main(portrait: tyro.conf.Positional[Path], speech: Path, word: str, out: Path, seed: int = 0) -> None:
    """Draw the sheet.

    Args:
        portrait: a picture with a face.
        speech: sound file with a line; its words stand in a JSON file of that name as "text".
        word: of the line, in whose middle everything is shown.
        out: PNG or JPEG file to write.
        seed: of the takes.
    """
    text = json.loads(speech.with_suffix(".json").read_text(encoding="utf-8"))["text"]
    line = recognise_phones(Speech.read(speech, text))
    spoken = next(one for one in line.words or () if one.text.lower() == word.lower())
    moment_s = (spoken.start_s + spoken.end_s) / 2
    rows = []
    for row in ROWS:
        cells = []
        for name, emotion, controls in row:
            edits = tuple(edit.replace("WORD", word) for edit in controls.edits)
            turned = controls.model_copy(update={"edits": edits})
            cells.append(_cell(name.replace("WORD", word), _shown(portrait, line, emotion, turned, moment_s, seed)))
        rows.append(np.hstack(cells))
    Image.fromarray(np.vstack(rows)).save(out)


def _shown(
    portrait: Path, line: Speech, emotion: str, controls: LipControls, moment_s: float, seed: int
) -> UInt8[np.ndarray, "h w 3"]:
    avatar = load_generator("avatar")
    request = avatar.Request(
        speech=line, emotion=emotion, portrait=portrait, controls=controls, size=_SIZE, seed=seed, consent="drawn"
    )
    video = avatar.generate(request)
    wanted = round(moment_s * video.fps)
    return next(frame for number, frame in enumerate(video.frames) if number == wanted)


def _cell(name: str, picture: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "cell w 3"]:
    strip = Image.new("RGB", (picture.shape[1], _STRIP), _PAPER)
    font = ImageFont.load_default(15)
    ImageDraw.Draw(strip).text((strip.width / 2, _STRIP / 2), name, _INK, font, anchor="mm")
    return np.vstack([picture, np.asarray(strip)])


if __name__ == "__main__":
    tyro.cli(main)
