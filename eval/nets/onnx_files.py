"""ONNX files that may be run: those with nothing but standard operators, and with all their numbers inside.

Such a graph is data: it says which of a fixed set of operators follow each other. Operators of other domains may be
code of a library, and numbers kept outside are read from any file that the graph names, so either is refused. Only
these facts are read here, straight from the encoding of protocol buffers; field numbers are those of `onnx.proto`.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

_VARINT, _EIGHT_BYTES, _CHUNK, _FOUR_BYTES = 0, 1, 2, 5
_FIXED: Final = MappingProxyType({_EIGHT_BYTES: 8, _FOUR_BYTES: 4})
_LONGEST_VARINT = 10
_MOST_FIELDS = 1_000_000
# Where graphs, nodes and tensors lie in each other, by the number of the field.
_PARTS: Final[Mapping[str, Mapping[int, str]]] = MappingProxyType(
    {
        "model": {7: "graph", 20: "training", 25: "function"},
        "training": {1: "graph", 2: "graph"},
        "graph": {1: "node", 5: "tensor", 15: "sparse tensor"},
        "function": {7: "node", 11: "attribute"},
        "node": {5: "attribute"},
        "attribute": {
            **{5: "tensor", 6: "graph", 10: "tensor", 11: "graph"},
            **{22: "sparse tensor", 23: "sparse tensor"},
        },
        "sparse tensor": {1: "tensor", 2: "tensor"},
        "tensor": {},
    }
)
_MODEL_GRAPH = 7
_NODE_DOMAIN = 7
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14
_STANDARD_DOMAINS = (b"", b"ai.onnx")


def why_refused(content: bytes) -> str | None:
    """Say why a file must not be run as ONNX, as the end of "the file …"; None if it may.

    A file that is not whole is refused, too; one that is not refused may still be no network that makes sense.
    """
    try:
        return next(_faults(content), None)
    except ValueError:
        return "is no ONNX graph, or is damaged"


def _faults(content: bytes) -> Iterator[str]:
    # A stack of our own: files may nest deeper than Python's.
    open_parts: list[tuple[str, memoryview]] = [("model", memoryview(content))]
    graphs = fields = 0
    while open_parts:
        kind, message = open_parts.pop()
        for number, value in _fields(message):
            fields += 1
            if fields > _MOST_FIELDS:
                raise ValueError("too many parts")
            part = _PARTS[kind].get(number)
            if part is not None:
                if not isinstance(value, memoryview):
                    raise ValueError(f"a {part} that is a number")
                open_parts.append((part, value))
                graphs += (kind, number) == ("model", _MODEL_GRAPH)
            elif kind == "node" and number == _NODE_DOMAIN:
                domain = bytes(value) if isinstance(value, memoryview) else b"?"
                if domain not in _STANDARD_DOMAINS:
                    name = domain[:40].decode("ascii", "replace")
                    yield f"has operators of the domain {name!r}, which are no part of ONNX and are not run"
            elif kind == "tensor" and (number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value != 0)):
                yield "keeps numbers in other files, which are not read"
    if not graphs:
        raise ValueError("no graph")


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield number and value of each field; numbers of fixed width are passed over, since none is looked at."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == _CHUNK:
            length, at = _varint(message, at)
        elif kind in _FIXED:
            length = _FIXED[kind]
        else:
            raise ValueError(f"encoding {kind}")
        if at + length > len(message):
            raise ValueError("cut off")
        if kind == _CHUNK:
            yield number, message[at : at + length]
        at += length


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return a number of variable length and where it ends."""
    number = 0
    for place, byte in enumerate(message[at : at + _LONGEST_VARINT]):
        number |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return number, at + place + 1
    raise ValueError("cut off")
