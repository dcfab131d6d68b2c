"""The answers of judges as the ledger has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from onbrief.attempt import Finding
from onbrief.ledger.account import CallResult
from onbrief.ports import Judged
from onbrief.studio.calls import result_of


@dataclass(frozen=True, slots=True)
class Said:
    """A recorded answer. `asked` are the ids of the requirements that it was asked about; None: of all."""

    findings: tuple[Finding, ...]
    blind: str = ""
    asked: tuple[str, ...] | None = None


def answer_of(judged: Judged, *more: Finding, asked: tuple[str, ...] | None = None) -> CallResult:
    """Return what is recorded of an answer, and of what `more` was found beside it."""
    document: object = (*judged.findings, *more)
    if judged.blind or asked is not None:
        document = {"findings": document, "blind": judged.blind} | ({} if asked is None else {"asked": asked})
    return result_of(document, judged.usd, judged.tokens)


def said(document: Any) -> Said:
    """Return an answer as it is recorded: its findings, or an object with them if there is more to say."""
    found: dict[str, Any] = {"findings": document, "blind": ""} if isinstance(document, list) else document
    asked = tuple(found["asked"]) if "asked" in found else None
    return Said(tuple(_finding(each) for each in found["findings"]), found["blind"], asked)


def _finding(document: dict[str, Any]) -> Finding:
    box: list[float] | None = document.pop("box", None)
    return Finding(**document, box=None if box is None else (box[0], box[1], box[2], box[3]))
