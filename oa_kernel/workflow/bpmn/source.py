"""XML from outside, read so that it can do no harm: no DTD, no entities, nothing fetched, nothing too large.

The tree is a plain one with line numbers, which remembers what of it was looked at: what nobody looked at is told
(:func:`leftovers`), so that nothing of a file is lost silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.sax import SAXException, SAXParseException
from xml.sax.handler import ContentHandler, feature_external_ges, feature_external_pes, feature_namespaces

from defusedxml import DefusedXmlException, DTDForbidden
from defusedxml.expatreader import DefusedExpatParser

from oa_kernel.errors import Invalid, TooLarge

from .names import DC, DI, DIAGRAM, MODEL, OWN, VENDORS, XSI

MAX_BYTES = 4 * 1024 * 1024
MAX_ELEMENTS = 50_000
MAX_DEPTH = 64
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_GRAPHIC = {DIAGRAM, DC, DI}


@dataclass(eq=False)
class Element:
    """An element: namespace, local name, attributes ``(namespace, name)`` → value, line in the file (from 1)."""

    ns: str
    tag: str
    attributes: dict[tuple[str, str], str]
    line: int
    children: list[Element] = field(default_factory=list)
    text: str = ""
    seen: bool = False
    taken: set[tuple[str, str]] = field(default_factory=set)

    def get(self, name: str, ns: str = "") -> str:
        """An attribute, stripped; empty where there is none. It counts as looked at."""
        self.taken.add((ns, name))
        return self.attributes.get((ns, name), "").strip()

    def vendor(self, name: str) -> str:
        """An attribute of any of the known engines."""
        return next((v for ns in VENDORS if (v := self.get(name, ns))), "")

    def all(self, tag: str, ns: str = MODEL) -> list[Element]:
        """Children of a name; they count as looked at."""
        found = [c for c in self.children if c.tag == tag and c.ns == ns]
        for one in found:
            one.seen = True
        return found

    def one(self, tag: str, ns: str = MODEL) -> Element | None:
        """The first child of a name."""
        return next((c for c in self.children if c.tag == tag and c.ns == ns and c.look()), None)

    def vendors(self, tag: str) -> list[Element]:
        """Children of any of the known engines, within ``extensionElements``."""
        return [e for holder in self.all("extensionElements") for ns in VENDORS for e in holder.all(tag, ns)]

    def look(self) -> Element:
        """Marks the element as looked at."""
        self.seen = True
        return self

    def value(self, tag: str) -> str:
        """The text of a child, stripped."""
        child = self.one(tag)
        return child.text.strip() if child is not None else ""

    def walk(self) -> Iterator[Element]:
        """Itself and everything below."""
        todo = [self]
        while todo:
            one = todo.pop()
            yield one
            todo.extend(reversed(one.children))


class _Builder(ContentHandler):
    def __init__(self, locator: Any) -> None:
        super().__init__()
        self.root: Element | None = None
        self.open: list[Element] = []
        self.elements = 0
        self.locator = locator

    def startElementNS(self, name: Any, qname: Any, attrs: Any) -> None:
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise TooLarge(f"文件里的元素超过 {MAX_ELEMENTS} 个")
        if len(self.open) >= MAX_DEPTH:
            raise Invalid(f"第 {self.locator.getLineNumber()} 行：元素套得太深（超过 {MAX_DEPTH} 层）")
        made = Element(name[0] or "", name[1], {(ns or "", n): v for (ns, n), v in attrs.items()},
                       self.locator.getLineNumber())
        if self.open:
            self.open[-1].children.append(made)
        else:
            self.root = made
        self.open.append(made)

    def endElementNS(self, name: Any, qname: Any) -> None:
        self.open.pop()

    def characters(self, content: str) -> None:
        self.open[-1].text += content


def load(data: bytes) -> Element:
    """The root element.

    :raises TooLarge: over 4 MiB or 50,000 elements.
    :raises Invalid: no well-formed XML, a DTD or entities, too deep, or no BPMN; with the line.
    """
    if len(data) > MAX_BYTES:
        raise TooLarge(f"文件超过 {MAX_BYTES // 2**20} MiB")
    parser = DefusedExpatParser(forbid_dtd=True)
    builder = _Builder(parser)
    parser.setFeature(feature_namespaces, True)
    parser.setFeature(feature_external_ges, False)
    parser.setFeature(feature_external_pes, False)
    parser.setContentHandler(builder)
    try:
        parser.feed(_text(data))
        parser.close()
    except DTDForbidden:
        raise Invalid("文件里有 DTD（<!DOCTYPE …>）：为安全起见不接受，请删去后再导入", code="dtd") from None
    except DefusedXmlException:
        raise Invalid("文件里有实体或外部引用：为安全起见不接受", code="dtd") from None
    except SAXParseException as error:
        raise Invalid(f"第 {error.getLineNumber()} 行：不是正确的 XML（{error.getMessage()}）", code="not_xml") from None
    except (SAXException, UnicodeDecodeError, LookupError) as error:
        raise Invalid(f"不是正确的 XML：{error}", code="not_xml") from None
    root = builder.root
    assert root is not None
    if root.ns != MODEL or root.tag != "definitions":
        raise Invalid(f"不是 BPMN 2.0 文件：根元素是 {root.tag}，应是 {MODEL} 的 definitions", code="not_bpmn")
    return root


def _text(data: bytes) -> Any:
    """Encodings expat does not know (GBK, GB 18030) are decoded here; everything else is left to it."""
    declared = _DECLARED.match(data)
    name = declared[1].decode().lower() if declared else ""
    if name in ("gbk", "gb2312", "gb18030", "gb_2312-80", "cp936", "x-gbk"):
        return data.decode("gb18030")
    return data


# ---- what nobody looked at --------------------------------------------------------------------------------------

#: without meaning for what happens: who made the file, what it refers to within itself, defaults of the standard
_SILENT = {"id", "name", "incoming", "outgoing", "targetNamespace", "exporter", "exporterVersion", "expressionLanguage",
           "typeLanguage", "isExecutable", "processType", "isClosed", "gatewayDirection", "textFormat", "isImmediate",
           "structureRef", "itemSubjectRef", "itemKind", "implementation"}
_DEFAULTS = {("isForCompensation", "false"), ("startQuantity", "1"), ("completionQuantity", "1"), ("instantiate", "false"),
             ("parallelMultiple", "false"), ("isInterrupting", "true"), ("triggeredByEvent", "false"),
             ("isSequential", "false"), ("cancelActivity", "true"), ("eventGatewayType", "Exclusive"),
             ("isMarkerVisible", "true"), ("isCollection", "false")}
#: bookkeeping of modelling tools, no part of the process
_TOOLS = ("http://camunda.org/schema/modeler/1.0", "http://bpmn.io/schema/bpmn/biocolor/1.0",
          "http://www.omg.org/spec/BPMN/non-normative/color/1.0", "http://www.signavio.com")
_STRUCTURE = {"incoming", "outgoing", "flowNodeRef", "extensionElements", "message", "signal", "error", "escalation",
              "resource", "itemDefinition", "import"}


def leftovers(root: Element) -> Iterator[tuple[Element, list[str]]]:
    """Elements nobody looked at (with an empty list), and looked-at ones with the names of attributes left over."""
    todo = [root]
    while todo:
        one = todo.pop()
        if one.ns in _GRAPHIC or one.ns in _TOOLS:
            continue
        if not one.seen and one is not root:
            if one.ns == MODEL and one.tag in _STRUCTURE:
                todo.extend(reversed(one.children))
            elif one.ns != OWN:
                yield one, []
            continue
        names = [n for (ns, n), v in one.attributes.items()
                 if (ns, n) not in one.taken and ns not in (OWN, XSI) and ns not in _TOOLS
                 and not (ns == "" and (n in _SILENT or (n, v.strip()) in _DEFAULTS))]
        if names:
            yield one, names
        todo.extend(reversed(one.children))
