"""Names of the standard and ours; ids that XML allows, each used once.

BPMN 2.0.2 is ISO/IEC 19510:2013 (OMG formal/2013-12-09); the namespaces are those of its XML schemas.
"""

from __future__ import annotations

import re

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
DIAGRAM = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
#: what BPMN has no word for stands under this, in ``extensionElements``
OWN = "urn:oa-kernel:bpmn:1"
#: conditions that cannot be said in the common ``${…}`` language are written in ours, marked by this
OWN_LANGUAGE = "urn:oa-kernel:expression:1"
SERVICE = "urn:oa-kernel:service:"

VENDORS = {
    "http://camunda.org/schema/1.0/bpmn": "camunda",
    "http://camunda.org/schema/zeebe/1.0": "zeebe",
    "http://flowable.org/bpmn": "flowable",
    "http://activiti.org/bpmn": "activiti",
}

# of the names XML allows (NCName) only those in ASCII: the library behind bpmn.io and Camunda's modeler refuses others
_NAME = re.compile("[A-Za-z_][A-Za-z0-9_.-]*")
_BAD_NAME = re.compile("[^A-Za-z0-9_.-]")
# XML 1.0, production Char, clause 2.2
_BAD_CHAR = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """The text with what XML does not allow replaced by U+FFFD; line ends as XML reads them back."""
    return _BAD_CHAR.sub("\ufffd", text).replace("\r\n", "\n").replace("\r", "\n")


def flat(text: str) -> str:
    """A text as a name in one line, which is how names are read: tools break and indent them as they like."""
    return " ".join(clean(text).split())


def is_name(text: str) -> bool:
    """Whether a text may be an XML id that every tool takes."""
    return _NAME.fullmatch(text) is not None


class Ids:
    """Hands out XML ids. The ids of steps are taken first, so that they stay what they are where that is allowed."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def take(self, wanted: str) -> str:
        """``wanted`` itself, or the nearest that is allowed and nobody has."""
        made = wanted if is_name(wanted) else "_" + _BAD_NAME.sub(lambda m: f"_{ord(m[0]):x}_", wanted)
        name, n = made, 1
        while name in self._used:
            n += 1
            name = f"{made}_{n}"
        self._used.add(name)
        return name
