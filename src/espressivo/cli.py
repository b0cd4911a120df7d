"""The command line: `espressivo perform`, `repeat`, `demo`, `generate`, `analyse`, `evaluate`, `studio`, and lists."""

import os
import signal
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import tyro

import espressivo
from espressivo.analysis import AnalyseRequest
from espressivo.errors import EspressivoError, InputError
from espressivo.eval.request import EvaluationRequest
from espressivo.performance import PerformanceRequest
from espressivo.take import Take

app = tyro.extras.SubcommandApp()

_INTERRUPTED = 130
_ENDINGS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""What a program is told by a scheduler that stops it, or by a terminal that is closed."""
_ITS_FIELDS = (tyro.conf.OmitArgPrefixes, tyro.conf.arg(name=""))
"""Of a request: its fields are options of the command, without its name before them."""


@app.command(name="perform")
def _perform(
    request: Annotated[PerformanceRequest, *_ITS_FIELDS],
    out: Path | None = None,
    overwrite: bool = False,
) -> None:
    """Make a take: a 3D face, and a portrait if you give one, speak a line with an emotion.

    Args:
        request: what to make.
        out: The folder to make (default: takes/NAME, numbered).
        overwrite: Replace an earlier take, once the new one is whole.
    """
    from espressivo.performance import perform
    from espressivo.ui.terminal import progress_bar

    if not request.music and request.composer != PerformanceRequest.model_fields["composer"].default:
        raise InputError("--composer is for music; add --music.")
    if request.portrait is None and request.portraitist != PerformanceRequest.model_fields["portraitist"].default:
        raise InputError("--portraitist is for portraits; add --portrait with a picture.")
    with progress_bar() as progress:
        take = perform(request, out, overwrite, progress)
    _print_take(take)


@app.command(name="repeat")
def _repeat(take: tyro.conf.Positional[Path], out: Path, overwrite: bool = False) -> None:
    """Make a take again from its take.json.

    Args:
        take: The folder of the take.
        out: The folder to make.
        overwrite: Replace an earlier take, once the new one is whole.
    """
    from espressivo.performance import repeat
    from espressivo.ui.terminal import progress_bar

    with progress_bar() as progress:
        made = repeat(Take.open(take), out, overwrite, progress)
    _print_take(made)


@app.command(name="demo")
def _demo(out: Path = Path("takes/demo"), overwrite: bool = True) -> None:
    """Make the demo take from a line that ships with the program.

    Args:
        out: The folder to make.
        overwrite: Replace an earlier demo take, once the new one is whole.
    """
    from espressivo.demo import demo_request, portraits_can_be_read
    from espressivo.performance import perform
    from espressivo.ui.terminal import progress_bar

    portrait = portraits_can_be_read()
    with progress_bar() as progress:
        take = perform(demo_request(portrait=portrait), out, overwrite, progress)
    _print_take(take)
    if not portrait:
        print("For a talking portrait as well: pip install 'espressivo[portrait]'.")


@app.command(name="analyse")
def _analyse(
    request: Annotated[AnalyseRequest, *_ITS_FIELDS],
    out: Path | None = None,
    overwrite: bool = False,
) -> None:
    """Find the emotion of every line of a dialogue script, or of a recording, video, portrait or MIDI file.

    Args:
        request: what is analysed.
        out: The folder to make (default: takes/NAME, numbered).
        overwrite: Replace an earlier folder, once the new one is whole.
    """
    from espressivo.analysis import analyse, analyse_clip, is_script
    from espressivo.ui.terminal import print_dialogue, print_track, progress_bar

    if is_script(request.script):
        with progress_bar() as progress:
            analysis, take = analyse(request, out, overwrite, progress)
        print_dialogue(analysis)
    else:
        with progress_bar() as progress:
            track, take = analyse_clip(request, out, overwrite, progress)
        print_track(track)
    _print_take(take)


@app.command(name="evaluate")
def _evaluate(
    request: Annotated[EvaluationRequest, *_ITS_FIELDS],
    report: Path | None = None,
    baseline: Path | None = None,
    overwrite: bool = False,
) -> None:
    """Measure takes, videos, motions or music: lip sync, emotion, faces, pictures, gestures, notes.

    Args:
        request: what is measured.
        report: The page to write (report.html); JSON, CSV and Markdown are written beside it. By default it goes into
            the take, or beside what was measured.
        baseline: JSON of an earlier report; what has become worse since is listed.
        overwrite: Replace an earlier report of that name.
    """
    from espressivo.reporting import make_report
    from espressivo.ui.terminal import progress_bar

    earlier = None
    if baseline is not None:
        from espressivo.eval.report.files import read_report

        earlier = read_report(baseline)
    with progress_bar() as progress:
        made, page = make_report(request, report, earlier, overwrite, progress)
    for sentence in made.summary:
        print(sentence)
    if earlier is not None:
        from espressivo.eval.report.comparisons import regressions

        worse = regressions(made, earlier)
        print("\n".join(map(str, worse)) or f"Nothing has become worse than in {baseline}.")
    print(page)


@app.command(name="generate")
def _generate(generator: tyro.conf.Positional[str]) -> None:
    """Run one generator with its own options; `espressivo generate NAME --help` lists them.

    Args:
        generator: Name of a generator, such as emogen (see `espressivo generators`).
    """
    main(["generate", generator, "--help"])


def _generate_with(name: str, arguments: Sequence[str]) -> None:
    """Run one generator. Its options are known only when its name is, so they are read apart from the others."""
    from dataclasses import asdict

    from espressivo.generation import generate, options_of
    from espressivo.generators.registry import generator_class
    from espressivo.ui.terminal import progress_bar

    generator = generator_class(name)

    def run(
        request: Any,
        out: Path | None = None,
        overwrite: bool = False,
        checkpoint: Path | None = None,
    ) -> None:
        """Run one generator.

        Args:
            request: what to make.
            out: The folder to make (default: takes/NAME, numbered).
            overwrite: Replace an earlier take, once the new one is whole.
            checkpoint: The authors' own weights, instead of those that ship.
        """
        given = {key: value for key, value in asdict(request).items() if value is not None}
        with progress_bar() as progress:
            take = generate(name, given, out, overwrite, checkpoint, progress)
        _print_take(take)

    run.__annotations__["request"] = Annotated[options_of(generator.Request), *_ITS_FIELDS]
    summary = generator.spec.summary
    description = f"{summary[0].upper()}{summary[1:]}. Licence of what ships: {generator.spec.licence}."
    tyro.cli(run, prog=f"espressivo generate {name}", description=description, args=arguments)


@app.command(name="studio")
def _studio(
    folder: Path | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
    logins: Path | None = None,
    open_browser: bool = False,
    max_upload_mb: int = 512,
    mcp: bool = False,
) -> None:
    """Open the studio: perform, compare and measure in a browser.

    Args:
        folder: Where takes are kept (default: the user's data folder).
        host: The interface to listen on; one that others can reach needs --logins.
        port: The port (default: the first free one from 7860).
        logins: A text file with a name:password per line; nobody else may come in.
        open_browser: Show the page in the browser.
        max_upload_mb: Files over this size are refused while they arrive.
        mcp: Offer every action as a tool of the Model Context Protocol, for assistants on this computer.
    """
    from espressivo.ui.studio.app import launch
    from espressivo.ui.studio.logins import read_logins

    known = None if logins is None else read_logins(logins)
    launch(folder, host, port, known, open_browser, max_upload_mb, mcp)


@app.command(name="generators")
def _generators() -> None:
    """List the generators, with licences; one that cannot load says why."""
    from espressivo.generators.registry import list_generators
    from espressivo.ui.terminal import print_generators

    print_generators(list_generators())


@app.command(name="weights")
def _weights() -> None:
    """List the weights that ship, and check that each file is whole."""
    from espressivo.ui.terminal import print_weights
    from espressivo.weights.manifest import damaged_files, read_manifest

    print_weights([(entry, damaged_files(entry)) for entry in read_manifest()])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0, 2 for bad input, 130 when interrupted."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if arguments is None:
        for ending in _ENDINGS:
            signal.signal(ending, signal.default_int_handler)  # so that half a take is cleared away as after Ctrl-C
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_note
            if given[:1] == ["generate"] and given[1:] and not given[1].startswith("-"):
                _generate_with(given[1], given[2:])
                return 0
            app.cli(
                prog="espressivo",
                description=f"{espressivo.__doc__} Version {espressivo.__version__}.",
                args=given,
                config=(tyro.conf.OmitSubcommandPrefixes,),
            )
    except EspressivoError as error:
        print(f"espressivo: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("espressivo: stopped; nothing was written.", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:  # whoever read what is printed has read enough, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that nothing is flushed into it at the end
    return 0


def _show_note(message: Warning | str, category: type[Warning], *_: object) -> None:
    """Show what a user should know as a sentence; what is meant for programmers stays away from the command line."""
    if issubclass(category, UserWarning):
        print(f"espressivo: {message}", file=sys.stderr)


def _print_take(take: Take) -> None:
    print(take.folder)
    for name in take.record["files"]:
        print(f"  {name}")
