"""The report: what its tables, comparisons and sentences say, and that every form of it can be read."""

import csv
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

from espressivo.errors import InputError
from espressivo.eval.metric import Metric, NotMeasured, Pooled, Value
from espressivo.eval.report.build import build_report
from espressivo.eval.report.comparisons import against, regressions
from espressivo.eval.report.figures import Figure, draw_figures
from espressivo.eval.report.files import read_report, write_csv, write_json
from espressivo.eval.report.html import render_html, write_html
from espressivo.eval.report.markdown import escaped, render_markdown, write_markdown
from espressivo.eval.report.model import Header, Report
from espressivo.eval.report.scores import normalised_score
from espressivo.eval.report.wording import interval_text, listed, number, p_text, signed
from espressivo.eval.results import ClipResult, Observations, Role, SetResult
from tests.fixtures.report.synthetic import EVALUATORS, METRICS, results, synthetic_report

HEADER = Header(version="1")
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "=1+1|`pipe` *bold* [a](javascript:alert(1))",
    "名前 😀 $x^2$ \\alpha {{ jinja }} {% raise %}",
    "long " * 60,
    "line\nbreak, comma; 'quote'",
)

SYNC = Metric("sync", "sync", "lip sync", "higher", "More is better.", decimals=2)
LAG = Metric("lag_ms", "lag", "lip sync", "zero", "Near 0 is better.", "ms", 0)
BLINKS = Metric("blinks", "blinks", "face", "reference", "Like real clips.", "per min", 1)
LENGTH = Metric("length_s", "length", "face", "neither", "Describes.", "s", 1)
FID = Metric("fid", "FID", "quality", "lower", "Of the set.", decimals=1)
SMALL = (SYNC, LAG, BLINKS, LENGTH, FID)


@pytest.fixture(scope="module")
def report() -> Report:
    return synthetic_report()


@pytest.fixture(scope="module")
def page(report) -> str:
    return render_html(report)


@pytest.fixture(scope="module")
def figures(report) -> tuple[Figure, ...]:
    return draw_figures(report)


def clips_of(system: str, values, metric: str = "sync", role: Role = "system") -> list[ClipResult]:
    return [ClipResult(system, role, f"clip{place:02}", {metric: value}) for place, value in enumerate(values)]


def built(clips, sets=(), baseline=None, metrics=SMALL) -> Report:
    return build_report(clips, sets, metrics, (), (), HEADER, baseline)


def spread(mean: float, seed: int = 0, count: int = 12) -> list[float]:
    return (mean + np.random.default_rng(seed).normal(0, 0.1, count)).tolist()


class TestTables:
    def test_one_per_dimension_rows_real_anchors_systems(self, report):
        assert [table.dimension for table in report.tables] == list(dict.fromkeys(m.dimension for m in METRICS))
        roles = [row.role for row in report.tables[0].rows]
        assert roles == sorted(roles, key=("real", "anchor", "system").index)
        assert [row.system for row in report.tables[0].rows][-2:] == ["ours", "peer"]

    def test_what_no_row_has_is_folded_below(self, report):
        sync = report.tables[0]
        assert "lse_d" not in sync.columns
        assert {(entry.metric, entry.reason) for entry in sync.unmeasured} == {
            ("lse_d", "needs syncnet_v2.model"),
            ("lse_c", "needs syncnet_v2.model"),
        }

    def test_failed_clips_count_as_not_measured(self, report):
        cell = report.cell("peer", "av_r_peak")
        assert cell is not None
        assert (cell.n_used, cell.n_total) == (17, 18)

    def test_pooled_means_weigh_events(self):
        cell = built(clips_of("a", [Pooled(1, 1), Pooled(0, 9)])).cell("a", "sync")
        assert cell is not None
        assert cell.value == pytest.approx(0.1)
        assert cell.interval is None
        assert cell.values == (1.0, 0.0)

    def test_nothing_is_ever_counted_as_zero(self):
        cell = built(clips_of("a", [0.5] * 9 + [NotMeasured("no face")])).cell("a", "sync")
        assert cell is not None
        assert (cell.value, cell.n_used, cell.n_total) == (0.5, 9, 10)

    def test_order_of_clips_changes_nothing(self):
        clips = clips_of("a", spread(1))
        assert built(clips[::-1]).tables == built(clips).tables

    def test_set_figures_stand_in_the_row_of_their_system(self):
        sets = [SetResult("a", "system", {"fid": 12.5}), SetResult("chance", "anchor", {"sync": 1 / 7})]
        found = built(clips_of("a", [1.0] * 8), sets)
        fid, chance = found.cell("a", "fid"), found.cell("chance", "sync", "anchor")
        assert fid is not None
        assert chance is not None
        assert (fid.value, fid.of_set, chance.value) == (12.5, True, 1 / 7)

    def test_refused(self):
        clips = clips_of("a", [1.0, 2.0])
        with pytest.raises(ValueError, match="given twice"):
            built([*clips, clips[0]])
        with pytest.raises(ValueError, match="none of the metrics"):
            built(clips_of("a", [1.0], "unknown"))
        with pytest.raises(ValueError, match="use NotMeasured"):
            built(clips_of("a", [float("nan")]))
        with pytest.raises(ValueError, match="'b' is none of the systems: a"):
            built(clips, baseline="b")

    def test_metrics_and_evaluators_that_measures_share_stand_once(self):
        found = build_report(clips_of("a", [1.0]), (), (SYNC, SYNC), EVALUATORS * 2, (), HEADER)
        assert (found.metrics, found.evaluators) == ((SYNC,), EVALUATORS)
        with pytest.raises(ValueError, match="called 'sync'"):
            built([], metrics=(SYNC, replace(SYNC, title="other")))

    def test_the_same_clip_in_two_systems_is_no_duplicate(self):
        assert len(built(clips_of("a", [1.0]) + clips_of("b", [1.0])).clips) == 2


class TestWarnings:
    def warned(self, real, anchor, metric=SYNC):
        clips = clips_of("real", real, metric.name, "real") + clips_of("static face", anchor, metric.name, "anchor")
        return [warning.metric for table in built(clips).tables for warning in table.warnings]

    def test_only_where_real_is_not_told_from_the_anchor(self):
        assert self.warned(spread(1), spread(0, 1)) == []
        assert self.warned(spread(1), spread(1, 1)) == ["sync"]

    def test_an_anchor_that_is_better_than_real_is_a_warning(self):
        assert self.warned(spread(0), spread(1, 1)) == ["sync"]

    def test_an_anchor_that_leaves_the_metric_alone_says_nothing(self):
        assert self.warned(spread(1), spread(1)) == []

    def test_few_clips_say_nothing(self):
        assert self.warned([1.0, 1.1], [1.1, 1.0]) == []

    def test_near_zero_is_better_both_ways(self):
        shifts = [200.0, -200.0] * 6
        assert self.warned([0.0, 40.0] * 6, shifts, LAG) == []
        assert self.warned(shifts, [0.0, 40.0] * 6, LAG) == ["lag_ms"]

    def test_one_anchor_that_is_told_apart_is_enough(self):
        clips = clips_of("real", spread(1), role="real") + clips_of("static", spread(0, 1), role="anchor")
        assert built(clips + clips_of("shuffled", spread(1, 2), role="anchor")).tables[0].warnings == ()

    def test_is_visible(self):
        clips = clips_of("real", spread(1), role="real") + clips_of("static", spread(1, 1), role="anchor")
        found = built(clips)
        assert "does not tell real from static" in render_html(found)
        assert "does not tell real from static" in render_markdown(found)
        assert any(sentence.startswith("Do not lean on sync") for sentence in found.summary)


class TestComparison:
    def verdict(self, a, b, metric=SYNC, real=()):
        clips = clips_of("a", a, metric.name) + clips_of("b", b, metric.name)
        found = built(clips + clips_of("real", real, metric.name, "real"), baseline="a")
        return found.comparisons[0].metrics[0]

    def test_directions(self):
        low, high = spread(0), spread(1, 1)
        assert self.verdict(low, high).verdict == "b better"
        assert self.verdict(high, low).verdict == "a better"
        assert self.verdict(low, spread(0, 2)).verdict == "no difference"
        assert self.verdict(low, high, LENGTH).verdict == "differs"

    def test_near_zero_counts_distance(self):
        row = self.verdict([-100.0, -80.0] * 5, [10.0, 20.0] * 5, LAG)
        assert (row.verdict, row.of_distance, row.a, row.b) == ("b better", True, 90, 15)

    def test_near_real_needs_real(self):
        few, many = [4.0, 5.0] * 5, [14.0, 15.0] * 5
        assert self.verdict(few, many, BLINKS, real=[15.0] * 10).verdict == "b better"
        assert self.verdict(few, many, BLINKS).verdict == "differs"

    def test_few_clips(self):
        assert self.verdict([0.0] * 7, [1.0] * 7).verdict == "too few clips"

    def test_set_figures_are_not_tested(self):
        sets = [SetResult("a", "system", {"fid": 10.0}), SetResult("b", "system", {"fid": 8.0})]
        row = built([], sets, "a").comparisons[0].metrics[0]
        assert (row.metric, row.verdict, row.b - row.a) == ("fid", "not tested", -2)

    def test_holm_over_the_whole_report(self):
        rng = np.random.default_rng(0)
        clips: list[ClipResult] = []
        for system, shift in (("a", 0.0), ("b", 0.5), ("c", 0.0), ("d", 0.0)):
            clips += clips_of(system, (rng.normal(0, 1, 30) + shift).tolist())
        rows = [comparison.metrics[0] for comparison in built(clips, baseline="a").comparisons]
        assert len(rows) == 3
        least = min(rows, key=lambda row: row.p or 1)
        assert least.p_holm == pytest.approx(min(1, 3 * (least.p or 1)))

    def test_no_baseline_no_comparison(self):
        assert built(clips_of("a", [1.0]) + clips_of("b", [2.0])).comparisons == ()


class TestOlderReport:
    def reports(self, old, new, metric=SYNC):
        return built(clips_of("ours", new, metric.name)), built(clips_of("ours", old, metric.name))

    def test_deltas_pair_clips_by_name(self):
        new, old = self.reports(spread(0), spread(1))
        row = against(new, old).comparisons[0].metrics[0]
        assert (row.b - row.a, row.n_pairs, row.verdict) == (pytest.approx(1), 12, "b better")
        assert against(new, old).comparisons[0].b == "ours"

    def test_regressions(self):
        better_new, old = self.reports(spread(0), spread(1))
        assert regressions(better_new, old) == []
        worse = regressions(old, better_new)
        assert [(one.metric, one.why) for one in worse] == [("sync", "significant")]
        assert str(worse[0]).startswith("ours: sync was 1.0")

    def test_same_report_has_none(self, report):
        assert regressions(report, report) == []

    def test_few_clips_go_by_tolerance(self):
        assert regressions(*self.reports([1.0] * 3, [0.97] * 3)) == []
        assert [one.why for one in regressions(*self.reports([1.0] * 3, [0.9] * 3))] == ["beyond tolerance"]
        assert regressions(*self.reports([1.0] * 3, [0.9] * 3), tolerance=0.2) == []

    def test_what_the_last_decimal_does_not_show_is_no_regression(self):
        assert regressions(*self.reports([0.0] * 3, [0.5] * 3, LAG)) == []
        assert len(regressions(*self.reports([0.0] * 3, [-40.0] * 3, LAG))) == 1

    def test_lost_metric(self):
        lost: list[Value] = [NotMeasured("broken")] * 12
        found = regressions(*self.reports(spread(1), lost))
        assert [(one.metric, one.new, one.why) for one in found] == [("sync", None, "no longer measured")]
        assert "no longer measured" in str(found[0])

    def test_set_figures(self):
        new, old = (built([], [SetResult("ours", "system", {"fid": fid})]) for fid in (20.0, 10.0))
        assert [one.metric for one in regressions(new, old)] == ["fid"]
        assert regressions(old, new) == []


class TestScores:
    def test_theval_unit_case(self):
        figures = (12, 5, 10, 15, 10, 5, 10, 0)
        assert np.mean([normalised_score(figure, 10) for figure in figures]) == pytest.approx(0.6625)
        assert normalised_score(30, 10) == -1
        with pytest.raises(ValueError, match="is 0"):
            normalised_score(1, 0)

    def test_only_with_real_clips(self):
        assert built(clips_of("a", spread(1))).scores is None
        scores = built(clips_of("a", [0.5] * 9) + clips_of("real", [1.0] * 9, role="real")).scores
        assert scores is not None
        assert [(row.system, row.scores, row.mean) for row in scores.rows] == [("a", (0.5,), 0.5)]

    def test_same_metrics_for_all_systems(self, report):
        assert report.scores is not None
        assert all(row.mean is not None for row in report.scores.rows if row.role == "system")
        assert "av_lag_ms" not in report.scores.metrics
        assert "emotion_chance" not in report.scores.metrics


class TestSummary:
    def test_says_what_was_found(self, report):
        text = " ".join(report.summary)
        lag, closed = report.cell("peer", "av_lag_ms"), report.cell("ours", "bilabial_closure")
        assert lag is not None
        assert closed is not None
        assert f"{lag.value:.0f} ms after the mouth (peer)" in text
        assert f"{100 * (closed.value or 0):.0f} % (ours)" in text
        assert "guessing would give 14 %" in text
        assert "on real, labelled faces the same judge is right" in text
        assert "LSE-D and LSE-C (needs syncnet_v2.model)" in text
        assert "1 clip could not be measured" in text

    def test_without_headlines_tells_the_first_figures(self):
        text = " ".join(built(clips_of("a", [0.5] * 8)).summary)
        assert text == (
            "8 clips were measured. Lip sync: sync 0.50. "
            "Not measured: lag, blinks, length and FID (nothing here can be measured with it)."
        )

    @pytest.mark.parametrize(("hit", "seen"), [(1.0, "the emotion that was asked for"), (0.0, "another emotion than")])
    def test_one_clip_has_no_shares(self, hit, seen):
        clip = ClipResult("a", "system", "c", {"emotion_hit": hit, "av_lag_ms": -40.0})
        text = " ".join(built([clip], metrics=METRICS).summary)
        assert "1 clip was measured. With fewer than 8 clips, nothing says how sure" in text
        assert "The sound comes 40 ms before the mouth" in text
        assert f"The judge sees {seen}" in text
        assert "%" not in text

    def test_nothing(self):
        assert built([]).summary[0] == "Nothing was measured."


class TestFigures:
    def test_all_of_them(self, figures):
        assert len(figures) == 7

    def test_none_without_data(self):
        assert draw_figures(built([ClipResult("a", "system", "c", {}, failure="broken")])) == ()

    def test_each_caption_is_there(self, figures, page):
        for figure in figures:
            assert figure.caption[:40] in page

    def test_neutral_alone_and_two_intensities_give_no_intensity_curve(self):
        clips, sets, ceilings = results()
        two = [clip for clip in clips if clip.observations.asked_intensity != 0.6]
        found = build_report(two, sets, METRICS, EVALUATORS, ceilings, HEADER)
        assert found.observed.intensities == ()

    def test_lag_of_a_still_face_draws_nothing(self):
        still = ClipResult("a", "system", "c", {"sync": 1.0}, Observations(lag_curve=np.full(31, np.nan)))
        assert built([still]).observed.lag_curves == ()

    def test_unknown_emotions_are_left_out_and_counted(self):
        clips, sets, ceilings = results()
        asked = [replace(clip, observations=replace(clip.observations, asked_emotion="contempt")) for clip in clips[:2]]
        observed = build_report([*asked, *clips[2:]], sets, METRICS, EVALUATORS, ceilings, HEADER).observed
        assert observed.confusions[0].excluded == {"contempt": 2}
        assert sum(map(sum, observed.confusions[0].counts)) == 16

    def test_confusion_rows_are_what_was_asked(self, report):
        matrix = next(matrix for matrix in report.observed.confusions if matrix.source == "ours")
        assert {label: sum(row) for label, row in zip(matrix.labels, matrix.counts, strict=True) if sum(row)} == {
            "happiness": 6,
            "anger": 6,
            "sadness": 6,
        }

    def test_confusion_says_how_much_is_right(self, figures, report):
        hit = report.cell("ours", "emotion_hit")
        assert hit is not None
        titles = [panel.title for figure in figures for panel in figure.panels]
        assert any(title.startswith(f"ours: {100 * (hit.value or 0):.0f} % right [") for title in titles)

    def test_intensity_says_how_sure_its_correlation_is(self, report, page):
        curve = report.observed.intensities[0]
        assert curve.rho_interval is None  # six clips an emotion
        assert f"{curve.emotion}: ρ {curve.rho:.2f} · R² {curve.r2:.2f}" in page

    def test_svg_is_well_formed(self, figures):
        for figure in figures:
            for panel in figure.panels:
                ElementTree.fromstring(panel.svg.replace("xlink:href", "href"))


class Page(HTMLParser):
    """What a browser would load, and whether every tag is closed."""

    void = frozenset({"meta", "br", "img", "link", "hr", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append(tag)
        self.ids += [found["id"] or ""] if "id" in found else []
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "xlink:href", "data", "action")]
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.void:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


class TestPage:
    def test_needs_nothing_from_outside(self, page):
        found = Page(page)
        assert not {"script", "link", "img", "iframe", "object", "form"} & set(found.tags)
        assert all(link.startswith("#") for link in found.links)
        assert not re.search(r"url\((?!#)|@import|https?:", page)

    def test_ids_are_unique_and_links_lead_somewhere(self, page):
        found = Page(page)
        assert len(found.ids) == len(set(found.ids))
        assert {link[1:] for link in found.links} <= set(found.ids)

    def test_light_dark_phone_print(self, page):
        for needed in ("prefers-color-scheme: dark", "max-width: 40rem", "@media print", 'name="viewport"'):
            assert needed in page

    def test_figures_follow_the_colours_of_the_page(self, page):
        svgs = "".join(re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL))
        assert "var(--ink)" in svgs
        assert not re.findall(r"(?:fill|stroke): #(?!000000)[0-9a-f]{6}", svgs)

    def test_same_report_same_bytes(self, page):
        assert render_html(synthetic_report()) == page

    def test_tells_who_judged(self, page):
        assert "MediaPipe face mesh" in page
        assert f'title="{"a1" * 32}"' in page

    def test_tells_reasons(self, page):
        assert "LSE-D, LSE-C (needs syncnet_v2.model)" in page
        assert "peer, line2-sadness-1.0: no face in 64 % of its frames" in page

    def test_published_figures_are_marked_as_not_comparable(self, page):
        assert "Not comparable." in page
        assert "72.32" in page


@pytest.fixture(params=HOSTILE)
def hostile(request) -> Report:
    clips = [
        ClipResult(
            request.param, "system", f"{place} {request.param}", {"sync": 0.5 + place}, failure=None, observations=look
        )
        for place, look in enumerate([Observations(lag_curve=np.linspace(-0.2, 0.5, 31))] * 9)
    ]
    clips += [replace(clip, system="other") for clip in clips]
    clips += [ClipResult(request.param, "system", request.param, {}, failure=request.param)]
    return build_report(clips, (), SMALL, (), (), Header(version="1", title=request.param), "other")


class TestHostileNames:
    def test_page(self, hostile):
        found = Page(render_html(hostile))
        assert not {"script", "img"} & set(found.tags)

    def test_csv(self, hostile, tmp_path):
        write_csv(hostile, tmp_path / "report.csv")
        with (tmp_path / "report.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == 19
        assert {len(row) for row in rows} == {7}
        assert {row["system"].removeprefix("'") for row in rows} == {clip.system for clip in hostile.clips}
        assert not any(row[key].startswith("=") for row in rows for key in ("system", "clip"))

    def test_markdown(self, hostile):
        text = render_markdown(hostile)
        assert "<script" not in text
        assert "<img" not in text
        rows = [line for line in text.splitlines() if line.startswith("|")]
        cells = {len(re.findall(r"(?<!\\)\|", row)) for row in rows if "sync" in row or "other" in row}
        assert cells <= {3, 7}
        assert rows

    def test_json(self, hostile, tmp_path):
        write_json(hostile, tmp_path / "report.json")
        assert read_report(tmp_path / "report.json") == hostile


class TestFiles:
    def test_json_holds_everything(self, report, tmp_path):
        write_json(report, tmp_path / "report.json")
        again = read_report(tmp_path / "report.json")
        assert again == report
        assert render_markdown(again) == render_markdown(report)
        assert isinstance(again.clips[0].values["bilabial_closure"], Pooled)
        assert isinstance(again.clips[0].values["lse_d"], NotMeasured)

    def test_json_is_plain(self, report, tmp_path):
        write_json(report, tmp_path / "report.json")
        text = (tmp_path / "report.json").read_text(encoding="utf-8")
        assert "NaN" not in text
        assert json.loads(text)["schema_version"] == 1

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ('{"schema_version": 99}', "schema version 99"),
            ("[]", "no report of an evaluation"),
            ("{", "no JSON"),
            ("[" * 100_000, "no JSON"),
            ('{"schema_version": 1}', "damaged report"),
        ],
    )
    def test_what_is_no_report_gives_one_sentence(self, tmp_path, text, message):
        (tmp_path / "old.json").write_text(text)
        with pytest.raises(InputError, match=message) as caught:
            read_report(tmp_path / "old.json")
        assert "\n" not in str(caught.value)

    def test_missing_file(self, tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            read_report(tmp_path / "none.json")

    def test_csv_is_long(self, report, tmp_path):
        write_csv(report, tmp_path / "report.csv")
        with (tmp_path / "report.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        lag = [row for row in rows if (row["system"], row["metric"]) == ("ours", "av_lag_ms")]
        assert len(lag) == 18
        assert {row["unit"] for row in lag} == {"ms"}
        absent = next(row for row in rows if row["metric"] == "lse_d")
        assert (absent["value"], absent["reason"]) == ("", "needs syncnet_v2.model")
        assert any(row["metric"] == "emotion_macro_f1" and row["clip"] == "" for row in rows)
        assert [row["reason"] for row in rows if not row["metric"]] == ["no face in 64 % of its frames"]

    def test_every_form_is_written(self, report, tmp_path):
        write_html(report, tmp_path / "report.html")
        write_markdown(report, tmp_path / "report.md")
        assert (tmp_path / "report.html").stat().st_size < 800_000
        assert (tmp_path / "report.md").read_text(encoding="utf-8").startswith("# Evaluation of a synthetic set")


class TestWording:
    def test_numbers(self):
        assert (number(-0.04, 1), number(-1.25, 1), number(2, 0)) == ("0.0", "−1.2", "2")
        assert (signed(0.04, 1), signed(1, 1), signed(-1, 1)) == ("0.0", "+1.0", "−1.0")
        assert interval_text((-1, 2), 1) == "[−1.0, 2.0]"
        assert (p_text(None), p_text(0.0001), p_text(0.04), p_text(1.0)) == ("–", "< .001", ".040", "1.000")
        assert (listed(["a"]), listed(["a", "b", "c"]), listed(["a", "b"], "or")) == ("a", "a, b and c", "a or b")

    def test_markdown_escapes(self):
        assert escaped("# a|b <c> *d*\ne_1") == r"\# a\|b &lt;c&gt; \*d\* e\_1"
        assert escaped("1. x") == r"1\. x"
