"""V2's XML: flat fields in CDATA, read without entities, document types or depth. Pure; shared with the simulator."""

from collections.abc import Mapping
from xml.parsers import expat

BYTES_MAX = 256 * 1024


class NotAnEnvelope(ValueError):
    """The bytes are no flat XML document of fields."""


def written(fields: Mapping[str, str]) -> bytes:
    """Return fields as V2's XML."""
    rows = "".join(f"<{name}><![CDATA[{_safe(value)}]]></{name}>" for name, value in fields.items())
    return f"<xml>{rows}</xml>".encode()


def read(data: bytes) -> dict[str, str]:
    """Return the fields of V2's XML; raises `NotAnEnvelope` for anything else, entities and DTDs included."""
    if len(data) > BYTES_MAX:
        raise NotAnEnvelope("too large")
    reader = _Reader()
    parser = expat.ParserCreate("UTF-8")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise NotAnEnvelope(str(error)) from error
    return reader.fields


def _safe(value: str) -> str:
    return value.replace("]]>", "]]]]><![CDATA[>")


class _Reader:
    """Collects the children of the root."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self._depth = 0
        self._name = ""

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > 2 or (self._depth == 1 and name != "xml"):
            raise NotAnEnvelope("not flat")
        if self._depth == 2:
            if name in self.fields:
                raise NotAnEnvelope("a field twice")
            self._name = name
            self.fields[name] = ""

    def text(self, data: str) -> None:
        if self._depth == 2:
            self.fields[self._name] += data

    def end(self, _name: str) -> None:
        self._depth -= 1

    def refuse(self, *_: object) -> None:
        raise NotAnEnvelope("document type or entity")
