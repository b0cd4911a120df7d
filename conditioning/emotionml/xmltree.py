"""XML text to a tree that knows its lines. DOCTYPE and entities are refused, and nothing is ever fetched."""

import io
from dataclasses import dataclass, field
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler, feature_namespaces

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import create_parser

from espressivo.conditioning.emotionml.document import EmotionMLError

_MAX_DEPTH = 40


@dataclass
class Node:
    """An element: its name, attributes by (namespace, name), children, and text with the children left out."""

    namespace: str | None
    name: str
    line: int
    attributes: dict[tuple[str | None, str], str]
    children: list["Node"] = field(default_factory=list)
    text: str = ""


def parse_tree(data: bytes) -> Node:
    """Parse XML.

    Raises:
        EmotionMLError: it is not well-formed, nested too deeply, or holds a DOCTYPE.
    """
    builder = _TreeBuilder()
    parser = create_parser(forbid_dtd=True)
    parser.setFeature(feature_namespaces, True)
    parser.setContentHandler(builder)
    try:
        parser.parse(io.BytesIO(data))
    except DefusedXmlException:
        line = parser.getLineNumber() or 0
        raise EmotionMLError("doctype-forbidden", line, "a DOCTYPE or entity is not accepted") from None
    except SAXParseException as error:
        line = error.getLineNumber() or 0
        raise EmotionMLError("well-formed", line, f"this is no well-formed XML: {error.getMessage()}") from None
    except (ValueError, LookupError) as error:
        raise EmotionMLError("well-formed", 1, f"its encoding cannot be read: {error}") from None
    return builder.root


class _TreeBuilder(ContentHandler):
    root: Node

    def __init__(self) -> None:
        super().__init__()
        self._open: list[Node] = []
        self._text: list[list[str]] = []

    def setDocumentLocator(self, locator) -> None:  # noqa: N802 - the name that xml.sax calls
        self._locator = locator

    def startElementNS(self, name, qname, attrs) -> None:  # noqa: N802
        namespace, local = name
        line = self._locator.getLineNumber() or 0
        if len(self._open) >= _MAX_DEPTH:
            raise EmotionMLError("depth", line, f"elements are nested more than {_MAX_DEPTH} deep")
        node = Node(namespace, local, line, dict(attrs.items()))
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)
        self._text.append([])

    def characters(self, content: str) -> None:
        self._text[-1].append(content)

    def endElementNS(self, name, qname) -> None:  # noqa: N802
        self._open.pop().text = "".join(self._text.pop())
