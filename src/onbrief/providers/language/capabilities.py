"""How a language model wants to be asked, as far as this process knows, and what a refusal teaches about it.

A request that a model refuses for its form is a 400 and costs nothing, so it is sent again in another form, and the next
one is sent in that form at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

Mode = Literal["forced", "offered", "native"]
"""`forced`: through a tool that must be used. `offered`: through a tool that the text asks it to use, or as JSON in the text.
`native`: as JSON of a schema, where the service sees to it.
"""

_NEXT: dict[Mode, Mode] = {"forced": "offered", "offered": "native"}
_SPELLED = {"temperature": r"temperature", "top_p": r"top_?p", "top_k": r"top_?k"}


@dataclass(frozen=True, slots=True)
class Capabilities:
    """How to ask: in which mode, and without which sampling parameters. `one`: takes temperature or top_p, but not both."""

    mode: Mode = "forced"
    refuses: frozenset[str] = frozenset()
    one: bool = False

    def takes(self, given: Iterable[str]) -> tuple[str, ...]:
        """Those of the given sampling parameters that may be sent, in their order."""
        taken = [name for name in given if name not in self.refuses]
        return tuple(name for name in taken if not (self.one and name == "top_p" and "temperature" in taken))

    def after(self, refusal: str, sent: Iterable[str]) -> Capabilities | None:
        """How to ask once more after these words of a refusal; None where they are about something else. `sent` are the
        sampling parameters of the request.
        """
        named = frozenset(name for name in sent if re.search(rf"\b{_SPELLED[name]}\b", refusal, re.IGNORECASE))
        if named >= {"temperature", "top_p"}:
            return replace(self, one=True)
        if named:
            return replace(self, refuses=self.refuses | named)
        return self.next_mode() if "tool" in refusal.lower() else None

    def next_mode(self) -> Capabilities | None:
        """How to ask where this mode is refused; None after the last one."""
        return replace(self, mode=_NEXT[self.mode]) if self.mode in _NEXT else None


_known: dict[str, Capabilities] = {}


def known(model: str, otherwise: Capabilities) -> Capabilities:
    """What this process has learned of a model, or else."""
    return _known.get(model, otherwise)


def learn(model: str, capabilities: Capabilities) -> None:
    """Ask this model in this way from now on."""
    _known[model] = capabilities
