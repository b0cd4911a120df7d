"""Which generators there are: found by the entry-point group `espressivo.generators`, ours and other packages'."""

import difflib
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from espressivo.errors import EspressivoError, InputError, MissingDependencyError
from espressivo.generators.base import Generator, GeneratorSpec, Kind

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


def load_of_kind(kind: Kind, name: str) -> Generator:
    """Load a generator that has to make one kind of thing, with its shipped weights.

    Raises:
        InputError: no generator has this name, it makes something else, or it needs a checkpoint of its authors.
        MissingDependencyError: an extra of the package is not installed.
    """
    return class_of_kind(kind, name).from_pretrained(None, "auto")


def class_of_kind(kind: Kind, name: str) -> type[Generator]:
    """Return the class of a generator that has to make one kind of thing, and has weights that ship.

    Raises:
        InputError: no generator has this name, it makes something else, or it needs a checkpoint of its authors.
        MissingDependencyError: it is registered but cannot be imported.
    """
    found = generator_class(name)
    spec = found.spec
    if spec.kind == kind and not spec.needs_checkpoint:
        return found
    others = [listing.name for listing in list_generators() if listing.ready and _kind_of(listing) == kind]
    instead = f"choose {' or '.join(others)}" if others else "install one"
    if spec.kind != kind:
        raise InputError(f"'{name}' is no {kind} generator; {instead}.")
    raise InputError(
        f"'{name}' needs its authors' checkpoint, which only espressivo generate {name} takes; {instead} here."
    )


def request_for(generator: Generator, asked: dict[str, Any], at_rest: dict[str, Any]) -> Any:
    """Fill in the request of a generator that may have fewer dials than ours of its kind.

    Args:
        generator: whose request it is.
        asked: values, by the names of fields.
        at_rest: those among them that are dials, with the values at which they do nothing.

    Raises:
        InputError: a dial is turned that the generator does not have, or its request refuses a value.
    """
    fields = generator.Request.model_fields
    for name, value in asked.items():
        if name not in fields and not (name in at_rest and value == at_rest[name]):
            raise InputError(f"'{generator.spec.name}' has no {name.replace('_', ' ')}; leave it as it is.")
    return generator.Request(**{name: value for name, value in asked.items() if name in fields})


def _kind_of(listing: Listing) -> Kind | None:
    return None if listing.spec is None else listing.spec.kind


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
    return f"{type(error).__name__}: {error}".splitlines()[0].rstrip(".: ")
