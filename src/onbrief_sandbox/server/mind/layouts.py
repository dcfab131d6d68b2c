"""Answers of several parts that are no JSON: in tags, or in lines with labels, as the client shows them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import Literal, cast

from onbrief_sandbox.server.mind import fields, quoting, verdicts
from onbrief_sandbox.server.mind.fields import Field
from onbrief_sandbox.server.mind.shaping import Document

_TAGS = re.compile(r"<([A-Za-z_][\w-]{0,39})>([^<>]{0,300})</\1>|<([A-Za-z_][\w-]{0,39})>(?= tags?\b)")
_LINE = re.compile(r"^[ \t>*-]*([^\W\d]\w*(?: \w+){0,2})\**[ \t]*[:：]\**[ \t]*(\S.{0,200})$", re.MULTILINE)
_QUOTED = re.compile(r"""["'“`]([^\W\d]\w*(?: \w+){0,2})\s*[:：]\s*([^"'”`\n]{1,40})["'”`]""")
_MOST = 200  # lines to look at
_BLANK = re.compile(r"""[\[<({"'].*[\]>)}"']|\.\.\.|…|.*\d\s*(?:-|–|to|/)\s*\d+.*|[A-Z_]+\s*/\s*\d+""", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Layout:
    """The fields of such an answer, in order."""

    kind: Literal["tags", "lines"]
    fields: tuple[Field, ...]

    def written(self, document: Document) -> str:
        """Return the answer with the values of these fields."""
        values = {name: _plain(value) for name, value in document.items()}
        if self.kind == "tags":
            return "\n".join(f"<{name}>{value}</{name}>" for name, value in values.items())
        return "\n".join(f"{name}: {value}" for name, value in values.items())


def of_text(text: str) -> Layout | None:
    """Return the layout that the text shows; it has a verdict or a score."""
    tags = [(match[1] or match[3], match[2] or "") for match in _TAGS.finditer(text)]
    if found := _fields([(name, shown) for name, shown in tags if not quoting.is_label(name)]):
        return Layout("tags", found)
    lines = [(match[1], match[2].strip(" \t*")) for match in islice(_LINE.finditer(text), _MOST)]
    if found := _fields([(name, shown) for name, shown in lines if _is_blank(name, shown)]):
        return Layout("lines", found)
    quoted = [(match[1], match[2]) for match in islice(_QUOTED.finditer(text), _MOST)]
    if found := _fields([(name, shown) for name, shown in quoted if _is_blank(name, shown)]):
        return Layout("lines", found)
    return None


def _plain(value: object) -> str:
    return "; ".join(map(str, cast("list[object]", value))) if isinstance(value, list) else str(value)


def _fields(shown: list[tuple[str, str]]) -> tuple[Field, ...]:
    found: dict[str, Field] = {}
    for name, value in shown:
        if (sense := fields.sense(name)) in ("verdict", "score", "reason", "list"):
            found.setdefault(name, Field(name, sense, "number" if sense == "score" else "text", value))
    return tuple(found.values()) if any(field.sense in ("verdict", "score") for field in found.values()) else ()


def _is_blank(name: str, shown: str) -> bool:
    """Return whether a line shows what to fill in, and is not what a client says of something."""
    field = Field(name, fields.sense(name), "text", shown)
    return bool(_BLANK.fullmatch(shown)) or (len(shown) < 60 and verdicts.offered(field, "") is not None)
