"""EmotionML text to a `Document`, with every rule of the schema and of the specification's text checked."""

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast, get_args

from espressivo.conditioning.emotionml.document import (
    KINDS,
    NAMESPACE,
    Anchor,
    Descriptor,
    Document,
    Emotion,
    EmotionMLError,
    ForeignElement,
    Info,
    Kind,
    Reference,
    Role,
    Trace,
    Vocabulary,
)
from espressivo.conditioning.emotionml.vocabularies import BUILT_IN
from espressivo.conditioning.emotionml.xmltree import Node, parse_tree
from espressivo.conditioning.textfile import read_limited

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_FREQ = re.compile(r"(\d+(?:\.\d*)?)\s*Hz", re.ASCII)
_NMTOKEN = re.compile(r"[\w.:\-·]+")
_NCNAME = re.compile(r"[^\W\d][\w.\-·]*")

_SETS = tuple(f"{kind}-set" for kind in KINDS)
_ATTRIBUTES: dict[str, frozenset[str]] = {
    "emotionml": frozenset({"version", *_SETS}),
    "emotion": frozenset({"version", *_SETS, "id", "start", "end", "duration", "time-ref-uri"})
    | {"time-ref-anchor-point", "offset-to-start", "expressed-through"},
    **{kind: frozenset({"name", "value", "confidence"}) for kind in KINDS},
    "trace": frozenset({"freq", "samples"}),
    "reference": frozenset({"uri", "role", "media-type"}),
    "info": frozenset({"id"}),
    "vocabulary": frozenset({"type", "id"}),
    "item": frozenset({"name"}),
}
# Children in the order they must come in: each entry is one place, filled by any of its names.
_CHILDREN: dict[str, tuple[frozenset[str], ...]] = {
    "emotionml": (frozenset({"info"}), frozenset({"emotion", "vocabulary"})),
    "emotion": (frozenset({"info"}), frozenset(KINDS), frozenset({"reference"})),
    **{kind: (frozenset({"trace"}),) for kind in KINDS},
    "trace": (),
    "reference": (),
    "vocabulary": (frozenset({"info"}), frozenset({"item"})),
    "item": (frozenset({"info"}),),
}
_AT_MOST_ONCE = frozenset({"info", "trace"})
_MIXED = frozenset({"emotionml", "emotion", "info"})


def read_emotionml(path: str | Path) -> Document:
    """Read and check an EmotionML file.

    Raises:
        EmotionError: there is no such file or it is too large.
        EmotionMLError: it breaks a rule; the message names file, line, reason and rule.
    """
    return parse_emotionml(read_limited(Path(path)), str(path))


def parse_emotionml(data: bytes, source: str = "the document") -> Document:
    """Read and check EmotionML text; `source` names it in errors.

    Raises:
        EmotionMLError: it breaks a rule.
    """
    try:
        return _read_document(parse_tree(data))
    except EmotionMLError as error:
        raise EmotionMLError(error.rule, error.line, error.reason, source) from None


def _read_document(root: Node) -> Document:
    if (root.namespace, root.name) != (NAMESPACE, "emotionml"):
        raise EmotionMLError("namespace", root.line, f"the root must be emotionml in namespace {NAMESPACE}")
    _check_shape(root)
    version = _attribute(root, "version")
    if version is None:
        raise EmotionMLError("version-required", root.line, 'emotionml lacks version="1.0"')
    _check_version(root)
    vocabularies = tuple(_read_vocabulary(node) for node in root.children if node.name == "vocabulary")
    known = dict(BUILT_IN)
    for vocabulary in vocabularies:
        known[f"#{vocabulary.id}"] = (vocabulary.kind, vocabulary.items)
    sets = _read_sets(root, known)
    emotions = tuple(_read_emotion(node, sets, known) for node in root.children if node.name == "emotion")
    _check_ids(root, set())
    return Document(emotions, vocabularies, sets, _read_info(root))


_Known = Mapping[str, tuple[Kind, tuple[str, ...]]]


def _read_emotion(node: Node, inherited: Mapping[Kind, str], known: _Known) -> Emotion:
    _check_version(node)
    own_sets = _read_sets(node, known)
    descriptors = tuple(
        _read_descriptor(child, {**inherited, **own_sets}, known) for child in node.children if child.name in KINDS
    )
    if not descriptors:
        raise EmotionMLError("at-least-one-descriptor", node.line, f"emotion holds none of {', '.join(KINDS)}")
    _check_unique("unique-name", node, [f"{one.kind} {one.name}" for one in descriptors])
    start, end = (_integer(node, name, f"{name}-nonnegative", 0) for name in ("start", "end"))
    if start is not None and end is not None and start > end:
        raise EmotionMLError("time-order", node.line, f"start {start} lies after end {end}")
    return Emotion(
        descriptors,
        tuple(_read_reference(child) for child in node.children if child.name == "reference"),
        _read_info(node),
        _attribute(node, "id"),
        own_sets,
        start,
        end,
        _integer(node, "duration", "duration-nonnegative", 0),
        _attribute(node, "time-ref-uri"),
        _choice(node, "time-ref-anchor-point", get_args(Anchor), "anchor-point"),
        _integer(node, "offset-to-start", "offset-integer"),
        tuple((_attribute(node, "expressed-through") or "").split()),
    )


def _read_descriptor(node: Node, sets: Mapping[Kind, str], known: _Known) -> Descriptor:
    kind = cast(Kind, node.name)
    name = _required(node, "name", "name-required").strip()
    if kind not in sets:
        raise EmotionMLError("set-required", node.line, f"{kind} {name!r} needs a {kind}-set on emotion or emotionml")
    if name not in known[sets[kind]][1]:
        raise EmotionMLError("name-in-vocabulary", node.line, f"{kind} {name!r} is no item of {sets[kind]}")
    what = f"{kind} {name!r}"
    value = _unit(node, "value", "value-range", what)
    confidence = _unit(node, "confidence", "confidence-range", what)
    trace = next((_read_trace(child) for child in node.children), None)
    if kind == "dimension" and (value is None) == (trace is None):
        raise EmotionMLError("dimension-value-xor-trace", node.line, f"{what} needs a value or a trace, and not both")
    if value is not None and trace is not None:
        raise EmotionMLError("value-and-trace-conflict", node.line, f"{what} has both a value and a trace")
    return Descriptor(kind, name, value, confidence, trace)


def _read_trace(node: Node) -> Trace:
    freq = _FREQ.fullmatch((_attribute(node, "freq") or "").strip())
    if freq is None or not 0 < float(freq[1]) < float("inf"):
        raise EmotionMLError("trace-freq-pattern", node.line, 'trace needs a freq above 0 such as "10Hz"')
    texts = (_attribute(node, "samples") or "").split()
    if not texts:
        raise EmotionMLError("trace-samples-required", node.line, "trace has no samples")
    return Trace(
        float(freq[1]), tuple(_unit_number(text, node, "trace-sample-range", "trace sample") for text in texts)
    )


def _read_reference(node: Node) -> Reference:
    role = _choice(node, "role", get_args(Role), "reference-role")
    return Reference(
        _required(node, "uri", "reference-uri"), cast(Role, role or "expressedBy"), _attribute(node, "media-type")
    )


def _read_vocabulary(node: Node) -> Vocabulary:
    kind = _choice(node, "type", KINDS, "vocabulary-type")
    if kind is None:
        raise EmotionMLError("vocabulary-type", node.line, f"vocabulary lacks a type, one of {', '.join(KINDS)}")
    identifier = _required(node, "id", "vocabulary-id")
    items = [child for child in node.children if child.name == "item"]
    if not items:
        raise EmotionMLError("vocabulary-items", node.line, f"vocabulary {identifier!r} has no items")
    names = [_required(item, "name", "name-required").strip() for item in items]
    for item, name in zip(items, names, strict=True):
        if not _NMTOKEN.fullmatch(name):
            raise EmotionMLError("item-nmtoken", item.line, f"item name {name!r} must be one word")
    _check_unique("unique-item", node, names)
    return Vocabulary(cast(Kind, kind), identifier, tuple(names), _read_info(node))


def _read_info(node: Node) -> Info | None:
    info = next((child for child in node.children if child.name == "info"), None)
    if info is None:
        return None
    return Info(info.text.strip(), tuple(_read_foreign(child) for child in info.children), _attribute(info, "id"))


def _read_foreign(node: Node) -> ForeignElement:
    children = tuple(_read_foreign(child) for child in node.children)
    return ForeignElement(node.namespace, node.name, node.attributes, node.text.strip(), children)


def _read_sets(node: Node, known: _Known) -> dict[Kind, str]:
    sets: dict[Kind, str] = {}
    for kind in KINDS:
        uri = _attribute(node, f"{kind}-set")
        if uri is None:
            continue
        sets[kind] = uri.strip()
        if sets[kind] not in known:
            raise EmotionMLError("vocabulary-exists", node.line, f"{kind}-set {uri!r} names no known vocabulary")
        if (found := known[sets[kind]][0]) != kind:
            raise EmotionMLError("vocabulary-type", node.line, f"{kind}-set {uri!r} is a vocabulary of type {found}")
    return sets


def _check_shape(node: Node) -> None:
    """Check names, attributes, order and text of an element of this namespace and of all below it, lines in order."""
    for namespace, name in node.attributes:
        if namespace != _XSI and (namespace is not None or name not in _ATTRIBUTES[node.name]):
            raise EmotionMLError("unknown-attribute", node.line, f"{node.name} has no attribute {name!r}")
    if node.text.strip() and node.name not in _MIXED:
        raise EmotionMLError("no-text", node.line, f"{node.name} holds text {node.text.strip()[:40]!r}")
    if node.name == "info":
        if any(child.namespace == NAMESPACE for child in node.children):
            raise EmotionMLError("info-foreign", node.line, "info may only hold elements of other namespaces")
        return
    places, reached, seen = _CHILDREN[node.name], 0, set[str]()
    for child in node.children:
        place = next((index for index, names in enumerate(places) if child.name in names), None)
        if child.namespace != NAMESPACE or place is None:
            raise EmotionMLError("unknown-element", child.line, f"{node.name} cannot hold an element {child.name!r}")
        if place < reached or (child.name in _AT_MOST_ONCE and child.name in seen):
            raise EmotionMLError("child-order", child.line, f"{child.name} is out of place in {node.name}")
        reached = place
        seen.add(child.name)
        _check_shape(child)


def _check_ids(node: Node, seen: set[str]) -> None:
    identifier = node.attributes.get((None, "id")) if node.namespace == NAMESPACE else None
    if identifier is not None:
        if not _NCNAME.fullmatch(identifier.strip()) or identifier in seen:
            raise EmotionMLError("unique-id", node.line, f"id {identifier!r} is no name or is used twice")
        seen.add(identifier)
    for child in node.children:
        _check_ids(child, seen)


def _check_version(node: Node) -> None:
    version = _attribute(node, "version")
    if version not in (None, "1.0"):
        raise EmotionMLError("version-fixed-1.0", node.line, f"version is {version!r}; only 1.0 can be read")


def _check_unique(rule: str, node: Node, names: list[str]) -> None:
    if len(set(names)) < len(names):
        twice = Counter(names).most_common(1)[0][0]
        raise EmotionMLError(rule, node.line, f"{node.name} holds {twice} twice")


def _attribute(node: Node, name: str) -> str | None:
    return node.attributes.get((None, name))


def _required(node: Node, name: str, rule: str) -> str:
    value = _attribute(node, name)
    if value is None or not value.strip():
        raise EmotionMLError(rule, node.line, f"{node.name} lacks its {name}")
    return value


def _choice(node: Node, name: str, choices: tuple[Any, ...], rule: str) -> Any:
    value = _attribute(node, name)
    if value is not None and value not in choices:
        raise EmotionMLError(rule, node.line, f"{name} is {value!r}; it must be one of {', '.join(choices)}")
    return value


def _integer(node: Node, name: str, rule: str, low: int | None = None) -> int | None:
    text = _attribute(node, name)
    if text is None:
        return None
    if not _INTEGER.fullmatch(text.strip()) or (low is not None and int(text) < low):
        raise EmotionMLError(rule, node.line, f"{name} is {text!r}; it must be whole milliseconds")
    return int(text)


def _unit(node: Node, name: str, rule: str, what: str) -> float | None:
    text = _attribute(node, name)
    return None if text is None else _unit_number(text.strip(), node, rule, f"{name} of {what}")


def _unit_number(text: str, node: Node, rule: str, what: str) -> float:
    if not _FLOAT.fullmatch(text) or not 0 <= float(text) <= 1:
        raise EmotionMLError(rule, node.line, f"{what} is {text[:40]!r}; it must be a number in [0, 1]")
    return float(text)
