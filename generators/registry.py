"""Which generators there are: found by the entry-point group `espressivo.generators`, ours and other packages'."""

import difflib
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from espressivo.errors import EspressivoError, InputError, MissingDependencyError
from espressivo.generators.base import Generator, GeneratorSpec

GROUP = "espressivo.generators"


@dataclass(frozen=True)
class Listing:
    """One registered generator: its spec, or the reason why it cannot be loaded."""

    name: str
    spec: GeneratorSpec | None
    problem: str | None = None

    @property
    def ready(self) -> bool:
        """Whether it can be loaded as it is; not so one that cannot load, or that needs its authors' checkpoint."""
        return self.spec is not None and not self.spec.needs_checkpoint


def list_generators() -> list[Listing]:
    """Return every registered generator, by name. One that cannot load is listed with its reason, never raised."""
    return [_listing(point) for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)]


def generator_class(name: str) -> type[Generator]:
    """Return the class registered as `name`.

    Raises:
        InputError: no generator has this name (the message suggests the nearest).
        MissingDependencyError: it is registered but cannot be imported.
    """
    points = {point.name: point for point in entry_points(group=GROUP)}
    if name not in points:
        near = difflib.get_close_matches(name, points, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(sorted(points))}."
        raise InputError(f"'{name}' is no registered generator; {hint}")
    try:
        return _load(points[name])
    except EspressivoError:
        raise
    except Exception as error:  # other people's packages may fail in any way
        raise MissingDependencyError(f"Generator '{name}' cannot be loaded: {_reason(error)}.") from error


def load_generator(name: str, checkpoint: str | Path | None = None, device: str = "auto") -> Generator:
    """Load a generator with its shipped weights, or with the authors' own `checkpoint`.

    Raises:
        InputError: unknown name, or a checkpoint that does not fit.
        MissingDependencyError: an extra of the package is not installed, or the generator has no weights to ship and
            no checkpoint is given.
    """
    return generator_class(name).from_pretrained(None if checkpoint is None else Path(checkpoint), device)


def _listing(point: EntryPoint) -> Listing:
    try:
        return Listing(point.name, _load(point).spec)
    except Exception as error:  # other people's packages may fail in any way
        return Listing(point.name, None, _reason(error))


def _load(point: EntryPoint) -> type[Generator]:
    loaded = point.load()
    missing = [member for member in ("spec", "Request", "from_pretrained", "generate") if not hasattr(loaded, member)]
    if missing:
        raise TypeError(f"{point.value} has no {', '.join(missing)}")
    return loaded


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(".")
