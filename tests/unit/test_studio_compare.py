"""The grid's plan, and the figures of two takes: which numbers there are, which side is better, what is said else."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from espressivo.errors import Cancelled, InputError
from espressivo.eval.metric import Metric, NotMeasured
from espressivo.eval.report.build import build_report
from espressivo.eval.report.model import Header, Report
from espressivo.eval.results import ClipResult
from espressivo.generators.portrait.consent import SHIPPED
from espressivo.media.image import read_image
from espressivo.media.wav import write_wav
from espressivo.take import Take
from espressivo.ui.studio.compare import grid
from espressivo.ui.studio.compare.figures import Figure, figures, figures_html
from espressivo.ui.studio.compare.showing import grid_html
from espressivo.ui.studio.compare.tab import _make_cells
from espressivo.ui.studio.files import Tickets
from espressivo.ui.studio.library.takes import Library
from espressivo.ui.studio.sessions import Session
from espressivo.ui.studio.studio import Studio
from espressivo.ui.studio.worker import Workers


def _metric(name: str, better: str = "higher") -> Metric:
    return Metric(name, f"<b>{name}</b>", "face", better, "What it is.")  # pyright: ignore[reportArgumentType]


def _report() -> Report:
    metrics = (_metric("up"), _metric("down", "lower"), _metric("half"), _metric("never"))
    nothing = NotMeasured("needs /home/somebody/net.pt & luck")
    return build_report(
        (
            ClipResult("a", "system", "clip", {"up": 0.5, "down": 0.5, "half": 1.0, "never": nothing}),
            ClipResult("b", "system", "clip", {"up": 0.7, "down": 0.7, "half": nothing, "never": nothing}),
        ),
        (),
        metrics,
        (),
        (),
        Header(version="0"),
        baseline="a",
    )


def test_every_metric_has_a_figure_or_a_reason_for_both_sides() -> None:
    ((dimension, rows),) = figures(_report())
    assert dimension == "face"
    assert [(row.metric.name, row.a, row.better) for row in rows] == [
        ("up", 0.5, "b"),
        ("down", 0.5, "a"),
        ("half", 1.0, None),
    ]
    assert rows[2].b == "needs /home/somebody/net.pt & luck"


def test_the_table_escapes_names_and_says_no_folder() -> None:
    page = figures_html(_report())
    assert "&lt;b&gt;up&lt;/b&gt;" in page
    assert "<b>" not in page
    assert "N/A<small>needs net.pt &amp; luck</small>" in page
    assert "/home" not in page
    assert page.count("never") == 1, "what nothing was measured of is listed once"


@pytest.mark.parametrize(
    ("better", "a", "b", "expected"),
    [
        ("higher", 1.0, 2.0, "b"),
        ("lower", 1.0, 2.0, "a"),
        ("zero", -3.0, 1.0, "b"),
        ("zero", -1.0, 1.0, None),
        ("neither", 1.0, 2.0, None),
        ("reference", 1.0, 2.0, None),
        ("higher", 1.0, 1.0, None),
        ("higher", 1.0, "no face", None),
    ],
)
def test_which_side_is_better(better: str, a: float, b: float | str, expected: str | None) -> None:
    assert Figure(_metric("m", better), a, b).better == expected


def test_systems_come_from_the_registry() -> None:
    assert {"parametric": "face", "avatar": "portrait", "emogen": "music"}.items() <= grid.systems().items()
    assert "pctalk" not in grid.systems(), "it needs a checkpoint that is not here"


def test_a_grid_is_every_combination_once() -> None:
    cells = grid.cells_of(["parametric", "faders"], "anger", "0.5, 1 1", "3;4")
    assert [(cell.system, cell.intensity, cell.seed) for cell in cells] == [
        (system, intensity, seed) for system in ("parametric", "faders") for intensity in (0.5, 1.0) for seed in (3, 4)
    ]


@pytest.mark.parametrize(
    ("systems", "emotion", "intensities", "seeds", "said"),
    [
        ([], "anger", "1", "0", "No system"),
        (["../x"], "anger", "1", "0", "no system that"),
        (["parametric"], "<b>", "1", "0", "no emotion"),
        (["parametric"], "anger", "", "0", "No intensity"),
        (["parametric"], "anger", "1.5", "0", "'1.5' is no intensity; write numbers from 0 to 1"),
        (["parametric"], "anger", "nan", "0", "no intensity"),
        (["parametric"], "anger", "1", "-1", "no seed"),
        (["parametric"], "anger", "1", "1e3", "no seed"),
        (["parametric"], "anger", "1", " ".join(map(str, range(25))), "25 cells"),
    ],
)
def test_what_cannot_be_planned_is_said(
    systems: list[str], emotion: str, intensities: str, seeds: str, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        grid.cells_of(systems, emotion, intensities, seeds)


def test_a_line_is_one_that_ships_or_a_take_with_speech(tmp_path: Path) -> None:
    session = Session(tmp_path)
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "take.json").write_text(json.dumps({"request": {}}))
    assert grid.line_of(session, "joy") == "joy"
    with pytest.raises(InputError, match="holds no speech"):
        grid.line_of(session, "music")
    with pytest.raises(InputError, match="no take"):
        grid.line_of(session, "../../etc")


def test_cells_are_listed_in_their_order_once_whole(tmp_path: Path) -> None:
    session = Session(tmp_path)
    for name in ("10-emogen-nc-joy-1-0", "9-emogen-nc-joy-0.5-0"):
        (tmp_path / grid.FOLDER / name).mkdir(parents=True)
        (tmp_path / grid.FOLDER / name / "take.json").write_text("{}")
    (tmp_path / grid.FOLDER / "11-emogen-joy-1-1").mkdir()
    assert [grid.label_of(cell) for cell in grid.grid_cells(session)] == [
        "emogen-nc · joy 0.5 · seed 0",
        "emogen-nc · joy 1 · seed 0",
    ]
    assert session.takes() == []


def test_a_portrait_is_a_cell_as_any_other(tmp_path: Path) -> None:
    """With the picture of the take whose line it says again."""
    take = tmp_path / "take"
    take.mkdir()
    write_wav(take / "speech.wav", 0.1 * np.sin(np.arange(16_000) / 20).astype(np.float32), 16_000)
    Image.fromarray(read_image(SHIPPED / "cg_head.jpg")).save(take / "photograph.png")
    (take / "take.json").write_text(json.dumps({"request": {"consent": "It is nobody."}}))
    session = Session(tmp_path / "mine")
    cell = session.folder / grid.FOLDER / "1-avatar-happiness-1-0"
    grid.make_cell(grid.Cell("avatar", "portrait", "happiness", 1.0, 0), take, cell, lambda event: None)
    assert grid.grid_cells(session) == [cell]
    made = Take.open(cell)
    assert made.record["request"]["consent"] == "It is nobody."
    assert np.array_equal(read_image(cell / "photograph.png"), read_image(SHIPPED / "cg_head.jpg"))
    page = grid_html([cell], Library(session), Tickets())
    assert "portrait.mp4" in page
    assert "avatar · happiness 1 · seed 0" in page


def test_a_grid_that_is_stopped_between_two_cells_makes_no_other(tmp_path: Path) -> None:
    session, workers = Session(tmp_path), Workers(1)
    studio = Studio(None, None, workers, workers, None, None, None, None)  # type: ignore[arg-type]
    try:
        making = _make_cells(studio, session, grid.cells_of(["faders"], "happiness", "0.3, 0.6", "0"), "joy")
        next(event for event in making if event.fraction == 1)
        session.cancel()
        with pytest.raises(Cancelled):
            list(making)
        assert len(grid.grid_cells(session)) == 1
    finally:
        workers.close()
