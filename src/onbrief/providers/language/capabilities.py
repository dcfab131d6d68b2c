"""The request form that a language model accepts, learned from its refusals and kept for the life of the process.

A request that is refused for its form gets status 400 and costs nothing. It is sent again in another form, and later requests
use that form from the start.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

Mode = Literal["forced", "offered", "native", "prompted"]
"""`forced`: the answer comes through a tool that must be used. `offered`: through a tool that the text asks it to use, or as
JSON in the text. `native`: as JSON that the service constrains to a schema. `prompted`: as JSON, with the schema in the text.
"""

_NEXT: dict[Mode, Mode] = {"forced": "offered", "offered": "native", "native": "prompted"}
_NO_TOOLS = re.compile(r"\b(does not|doesn't|not) support (tools|tool use|function)", re.IGNORECASE)
_NO_SCHEMA = re.compile(r"response_format|json_schema|structured output|guided", re.IGNORECASE)
_SPELLED = {"temperature": r"temperature", "top_p": r"top_?p", "top_k": r"top_?k"}


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The mode to use and the sampling parameters to leave out. `one`: it accepts temperature or top_p, but not both."""

    mode: Mode = "forced"
    refuses: frozenset[str] = frozenset()
    one: bool = False

    def takes(self, given: Iterable[str]) -> tuple[str, ...]:
        """Return the given sampling parameters that may be sent, in order."""
        taken = [name for name in given if name not in self.refuses]
        return tuple(name for name in taken if not (self.one and name == "top_p" and "temperature" in taken))

    def after(self, refusal: str, sent: Iterable[str]) -> Capabilities | None:
        """Return the capabilities to try after a refusal with this message; None if it is not about the request's form. `sent`
        are the sampling parameters of the request.
        """
        named = frozenset(name for name in sent if re.search(rf"\b{_SPELLED[name]}\b", refusal, re.IGNORECASE))
        if named >= {"temperature", "top_p"}:
            return replace(self, one=True)
        if named:
            return replace(self, refuses=self.refuses | named)
        if self.mode == "native":
            return self.next_mode() if _NO_SCHEMA.search(refusal) else None
        if self.mode == "forced" and _NO_TOOLS.search(refusal):  # to offer one would be refused as well
            return replace(self, mode="native")
        return self.next_mode() if "tool" in refusal.lower() else None

    def next_mode(self) -> Capabilities | None:
        """Return the capabilities to try if this mode is refused; None after the last mode."""
        return replace(self, mode=_NEXT[self.mode]) if self.mode in _NEXT else None


_known: dict[str, Capabilities] = {}


def known(model: str, otherwise: Capabilities) -> Capabilities:
    """Return what this process has learned about a model, or else `otherwise`."""
    return _known.get(model, otherwise)


def learn(model: str, capabilities: Capabilities) -> None:
    """Use these capabilities for this model from now on."""
    _known[model] = capabilities
