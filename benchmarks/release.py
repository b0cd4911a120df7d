"""What every release is run on: `python benchmarks/release.py faces --out docs/results/release_faces.json`.

Performs every take of a benchmark definition (`eval/benchmarks/*.toml`), evaluates them all and compares with the
report of the release before, so that a version that gets worse is seen. Ends with 1 if a metric became worse.

Takes are kept in the folder given with --takes and made only once: a run that was stopped goes on where it was.
"""

import sys
from pathlib import Path

import tyro

from espressivo.eval.benchmark import BenchmarkCase, BenchmarkDefinition, load_benchmark
from espressivo.eval.report.comparisons import regressions
from espressivo.eval.report.files import read_report
from espressivo.eval.request import EvaluationRequest
from espressivo.eval.shipped_lines import shipped_lines
from espressivo.performance import PerformanceRequest, perform
from espressivo.progress import track
from espressivo.reporting import make_report
from espressivo.ui.terminal import progress_bar


def main(
    benchmark: tyro.conf.Positional[str],
    takes: Path = Path("takes/release"),
    report: Path = Path("release.html"),
    baseline: Path | None = None,
) -> None:
    """Run a release benchmark.

    Args:
        benchmark: name of a definition that ships, or a .toml file.
        takes: folder for the takes.
        report: page to write; JSON, CSV and Markdown are written beside it.
        baseline: JSON report of the release before.
    """
    definition = load_benchmark(benchmark)
    earlier = None if baseline is None else read_report(baseline)
    folder = takes / definition.name
    with progress_bar() as progress:
        cases = definition.cases()
        for case in track(cases, "perform", len(cases), progress):
            make_take(definition, case, folder / case.id)
        made, page = make_report(EvaluationRequest(paths=(folder,)), report, earlier, True, progress)
    print("\n".join([*made.summary, str(page)]))
    worse = [] if earlier is None else regressions(made, earlier)
    print("\n".join(map(str, worse)))
    sys.exit(1 if worse else 0)


def make_take(definition: BenchmarkDefinition, case: BenchmarkCase, folder: Path) -> None:
    """Perform one case, unless an earlier run has."""
    if folder.exists():
        return
    line = shipped_lines()[case.line]
    request = PerformanceRequest(
        speech=line.sound,
        transcript=line.text,
        emotion=case.emotion,
        identity=case.identity,
        seed=case.seed,
        formats=definition.formats,
        fps=definition.fps,
        size=definition.size,
    )
    perform(request, folder)


if __name__ == "__main__":
    tyro.cli(main)
