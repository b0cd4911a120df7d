"""A speaking style survives the way through a video: rendered in three styles, read again, in the right order."""

from pathlib import Path

import pytest

from espressivo.demo import demo_request
from espressivo.generators.portrait.consent import SHIPPED
from espressivo.generators.portrait.pctalk.controls import LipControls
from espressivo.generators.portrait.pctalk.style_reading import read_style
from espressivo.generators.portrait.pctalk.styles import Style
from espressivo.generators.registry import load_generator
from espressivo.media.encode import write_mp4

NAMES = ("mumbling", "neutral", "enunciating")


@pytest.fixture(scope="module")
def styles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Style]:
    folder: Path = tmp_path_factory.mktemp("styles")
    avatar, demo = load_generator("avatar"), demo_request("anger")
    read = {}
    for name in NAMES:
        request = avatar.Request(
            speech=demo.speech,
            transcript=demo.transcript,
            emotion="neutral",
            portrait=SHIPPED / "cg_head.jpg",
            size=192,
            controls=LipControls(style=name),
        )
        write_mp4(folder / f"{name}.mp4", avatar.generate(request), preset="ultrafast")
        read[name] = read_style(folder / f"{name}.mp4")
    return read


@pytest.mark.parametrize("number", ["opening", "widening", "pursing"])
def test_the_order_of_styles_is_kept(styles: dict[str, Style], number: str) -> None:
    mumbling, neutral, enunciating = (getattr(styles[name], number) for name in NAMES)
    assert mumbling < neutral < enunciating


def test_who_mumbles_moves_the_head_less(styles: dict[str, Style]) -> None:
    assert styles["mumbling"].head < 0.9 * styles["neutral"].head


def test_neutral_is_read_as_about_neutral(styles: dict[str, Style]) -> None:
    neutral = styles["neutral"]
    assert all(0.5 < value < 1.6 for value in (neutral.opening, neutral.widening, neutral.pursing, neutral.head))
