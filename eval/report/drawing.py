"""Pictures as SVG that lives inside a page: its colours follow the page's light or dark, its text is text.

The colours written here are those of the light page; in the SVG each becomes a CSS variable that the page's style sheet
sets for either. All are told apart by people with any kind of colour vision (after Okabe and Ito, 2008), and no figure
relies on colour alone.
"""

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib.figure import Figure

from espressivo.eval.report.wording import short
from espressivo.eval.results import Role

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, MUTED, RULE = "#1c2127", "#656d77", "#d3d9df"
SERIES = ("#0072b2", "#c24e00", "#00805d", "#a8447e", "#7a6200", "#5f4b9b")
MARKERS = "osD^vP"
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)))

_VARIABLES = {INK: "--ink", MUTED: "--muted", RULE: "--rule"} | {
    colour: f"--series-{place + 1}" for place, colour in enumerate(SERIES)
}
_STYLE: dict[Any, Any] = {
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.unicode_minus": True,
    "font.size": 9,
    "grid.color": RULE,
    "grid.linewidth": 0.8,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "svg.fonttype": "none",
    "svg.hashsalt": "espressivo",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 8.5,
}


@dataclass(frozen=True)
class Panel:
    """One picture of a figure."""

    title: str
    """Heading; empty where the figure's own says it."""
    svg: str
    width_px: int
    """Its natural width on a page."""


@dataclass(frozen=True)
class Party:
    """How a row is drawn in every figure: real clips in ink, anchors muted, systems in colours of their own."""

    name: str
    role: Role
    colour: str
    marker: str
    dash: str | tuple[int, tuple[int, ...]]

    @property
    def label(self) -> str:
        """The name, as much of it as fits."""
        return short(self.name)


def styled(parties: Sequence[tuple[Role, str]]) -> dict[tuple[Role, str], Party]:
    """Give every row of a report its look."""
    looks: dict[tuple[Role, str], Party] = {}
    counts = {"real": 0, "anchor": 0, "system": 0}
    for role, name in parties:
        place = counts[role]
        counts[role] += 1
        turn = place % len(SERIES)
        colour = {"real": INK, "anchor": MUTED, "system": SERIES[turn]}[role]
        dash = DASHES[0] if role == "real" else DASHES[(place + 1 if role == "anchor" else place) % len(DASHES)]
        looks[role, name] = Party(name, role, colour, MARKERS[turn], dash)
    return looks


def with_own_ids(svg: str, number: int) -> str:
    """Return a picture whose ids no other picture of the page has, given a number of its own."""
    svg = re.sub(r'\bid="', f'id="f{number}-', svg)
    return re.sub(r'"#|url\(#', lambda found: f"{found[0]}f{number}-", svg)


@contextmanager
def drawn(
    panels: list[Panel], title: str, size_in: tuple[float, float], label: str = "", polar: bool = False
) -> "Iterator[Axes]":
    """Draw on axes; the picture joins `panels` at the end.

    Args:
        panels: takes the picture.
        title: heading above it.
        size_in: natural size in inches of 96 CSS pixels.
        label: what it shows, for those who cannot see it; the title if empty.
        polar: whether the axes are polar.
    """
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=size_in, layout="constrained")
        yield figure.add_subplot(projection="polar" if polar else None)
        panels.append(Panel(title, _svg(figure, label or title), round(96 * size_in[0])))


def _svg(figure: Figure, label: str) -> str:
    file = io.StringIO()
    with warnings.catch_warnings():
        # Text is drawn by the browser, which has more letters than the fonts of this machine.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r' (?:xmlns(?::xlink)?|version|width|height)="[^"]*"', "", text, count=5)
    # Groups are numbered alike in every picture; ids must be unique on a page, and nothing refers to these.
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    text = re.sub(r"font: ([0-9.]+px) [^;\"]*", r"font: \1 var(--sans)", text)
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, f"var({variable})")
    label = label.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return text.replace("<svg", f'<svg role="img" aria-label="{label}"', 1).strip()
