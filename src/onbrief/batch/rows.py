"""The briefs of a batch: each row of its file as an order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from onbrief.pursuit import Order


@dataclass(frozen=True, slots=True)
class Cells:
    """What one row of a file says, before it is checked: its `number` is that of its line, or of its row in the spreadsheet,
    and `fields` has its values that are not blank by the names of their columns, as they are in the file.
    """

    number: int
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that is no brief. `problem` names the field, the value and what is allowed."""

    number: int
    problem: str
    id: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One brief of a batch. `order` has the run id that is always that of this row."""

    number: int
    id: str
    order: Order
