"""What an EmotionML document holds. None stands for an absent attribute, which is not the same as 0."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from espressivo.errors import EmotionError

NAMESPACE = "http://www.w3.org/2009/10/emotionml"
Kind = Literal["category", "dimension", "appraisal", "action-tendency"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Role = Literal["expressedBy", "experiencedBy", "triggeredBy", "targetedAt"]
Anchor = Literal["start", "end"]


class EmotionMLError(EmotionError):
    """A document that breaks a rule; `rule` is its short name and `line` where (0 when nowhere in particular)."""

    def __init__(self, rule: str, line: int, reason: str, source: str = "the document") -> None:
        super().__init__(f"{source}, line {line}: {reason} (EmotionML rule {rule}).")
        self.rule, self.line, self.reason = rule, line, reason


@dataclass(frozen=True)
class ForeignElement:
    """An element of another namespace inside `info`."""

    namespace: str | None
    name: str
    attributes: Mapping[tuple[str | None, str], str] = field(default_factory=dict)
    """(namespace, name) -> value."""
    text: str = ""
    children: tuple["ForeignElement", ...] = ()


@dataclass(frozen=True)
class Info:
    """Free annotation: text and elements of other namespaces."""

    text: str = ""
    elements: tuple[ForeignElement, ...] = ()
    id: str | None = None


@dataclass(frozen=True)
class Trace:
    """A curve with values in [0, 1]."""

    freq_hz: float
    samples: tuple[float, ...]


@dataclass(frozen=True)
class Descriptor:
    """A category, dimension, appraisal or action tendency of an emotion."""

    kind: Kind
    name: str
    value: float | None = None
    confidence: float | None = None
    trace: Trace | None = None


@dataclass(frozen=True)
class Reference:
    """What an emotion refers to."""

    uri: str
    role: Role = "expressedBy"
    media_type: str | None = None


@dataclass(frozen=True)
class Emotion:
    """One annotation. Times are in milliseconds; `start_ms` and `end_ms` count from 1970-01-01 UTC."""

    descriptors: tuple[Descriptor, ...]
    references: tuple[Reference, ...] = ()
    info: Info | None = None
    id: str | None = None
    sets: Mapping[Kind, str] = field(default_factory=dict)
    """Vocabularies that this emotion declares itself; kinds that are absent take the document's."""
    start_ms: int | None = None
    end_ms: int | None = None
    duration_ms: int | None = None
    time_ref_uri: str | None = None
    time_ref_anchor_point: Anchor | None = None
    offset_to_start_ms: int | None = None
    expressed_through: tuple[str, ...] = ()


@dataclass(frozen=True)
class Vocabulary:
    """A list of names, defined inside a document."""

    kind: Kind
    id: str
    items: tuple[str, ...]
    info: Info | None = None


@dataclass(frozen=True)
class Document:
    """A whole document."""

    emotions: tuple[Emotion, ...] = ()
    vocabularies: tuple[Vocabulary, ...] = ()
    sets: Mapping[Kind, str] = field(default_factory=dict)
    info: Info | None = None
