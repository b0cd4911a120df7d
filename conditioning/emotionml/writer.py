"""A `Document` to EmotionML text."""

import re
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from espressivo.conditioning.emotionml.document import (
    NAMESPACE,
    Descriptor,
    Document,
    Emotion,
    ForeignElement,
    Info,
    Kind,
    Reference,
    Trace,
    Vocabulary,
)
from espressivo.errors import EmotionError

_XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace"
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def format_emotionml(document: Document) -> str:
    """Write a document; `parse_emotionml` reads the same from it.

    Raises:
        EmotionError: a text holds a character that XML cannot.
    """
    attributes = {"version": "1.0", "xmlns": NAMESPACE, **_sets(document.sets)}
    children = (
        *_info(document.info),
        *(_vocabulary(vocabulary) for vocabulary in document.vocabularies),
        *(_emotion(emotion) for emotion in document.emotions),
    )
    text = '<?xml version="1.0" encoding="UTF-8"?>\n' + _element("emotionml", attributes, children) + "\n"
    if found := _FORBIDDEN.search(text):
        raise EmotionError(f"Character {found[0]!r} cannot be written to EmotionML; take it out of the names.")
    return text


def _emotion(emotion: Emotion) -> str:
    attributes = {
        "id": emotion.id,
        **_sets(emotion.sets),
        "start": emotion.start_ms,
        "end": emotion.end_ms,
        "duration": emotion.duration_ms,
        "time-ref-uri": emotion.time_ref_uri,
        "time-ref-anchor-point": emotion.time_ref_anchor_point,
        "offset-to-start": emotion.offset_to_start_ms,
        "expressed-through": " ".join(emotion.expressed_through) or None,
    }
    children = (
        *_info(emotion.info),
        *(_descriptor(descriptor) for descriptor in emotion.descriptors),
        *(_reference(reference) for reference in emotion.references),
    )
    return _element("emotion", attributes, children)


def _descriptor(descriptor: Descriptor) -> str:
    attributes = {"name": descriptor.name, "value": descriptor.value, "confidence": descriptor.confidence}
    return _element(descriptor.kind, attributes, [_trace(descriptor.trace)] if descriptor.trace else [])


def _trace(trace: Trace) -> str:
    freq = np.format_float_positional(trace.freq_hz, trim="-") + "Hz"
    return _element("trace", {"freq": freq, "samples": " ".join(map(_number, trace.samples))})


def _reference(reference: Reference) -> str:
    attributes = {"uri": reference.uri, "role": reference.role, "media-type": reference.media_type}
    return _element("reference", attributes)


def _vocabulary(vocabulary: Vocabulary) -> str:
    items = [_element("item", {"name": name}) for name in vocabulary.items]
    return _element("vocabulary", {"type": vocabulary.kind, "id": vocabulary.id}, [*_info(vocabulary.info), *items])


def _info(info: Info | None) -> list[str]:
    if info is None:
        return []
    children = [_foreign(element) for element in info.elements]
    return [_element("info", {"id": info.id}, children, info.text)]


def _foreign(element: ForeignElement) -> str:
    attributes: dict[str, str] = {"xmlns": element.namespace or ""}
    for number, ((namespace, name), value) in enumerate(element.attributes.items()):
        prefix = "" if namespace is None else "xml:" if namespace == _XML_NAMESPACE else f"n{number}:"
        if prefix.startswith("n") and namespace is not None:
            attributes[f"xmlns:n{number}"] = namespace
        attributes[prefix + name] = value
    return _element(element.name, attributes, [_foreign(child) for child in element.children], element.text)


def _sets(sets: Mapping[Kind, str]) -> dict[str, str]:
    return {f"{kind}-set": uri for kind, uri in sets.items()}


def _element(
    name: str, attributes: Mapping[str, str | float | None], children: Iterable[str] = (), text: str = ""
) -> str:
    written = "".join(
        f" {key}={quoteattr(value if isinstance(value, str) else _number(value))}"
        for key, value in attributes.items()
        if value is not None
    )
    lines = [escape(text)] if text else []
    lines += ["  " + line for child in children for line in child.split("\n")]
    if not lines:
        return f"<{name}{written}/>"
    if len(lines) == 1 and text:
        return f"<{name}{written}>{lines[0]}</{name}>"
    return "\n".join([f"<{name}{written}>", *lines, f"</{name}>"])


def _number(value: float) -> str:
    return repr(int(value)) if value == int(value) else repr(float(value))
