"""Ask a model again after an answer that could not be read, saying what was wrong with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from onbrief.errors import Unreadable
from onbrief.ports import Corrects

M = TypeVar("M")
A = TypeVar("A")


@dataclass(slots=True)
class Asking(Generic[M]):
    """One request to a model, made once or several times. The request that the ledger knows stays the same."""

    model: M
    _unread: Unreadable | None = field(default=None, init=False)

    async def ask(self, request: Callable[[M], Awaitable[A]]) -> A:
        """Return the answer to a request, which is told what was wrong with the answer before, if the model supports that."""
        model = self.model
        if self._unread and isinstance(model, Corrects):
            model = model.corrected(self._unread.correction)
        try:
            return await request(model)
        except Unreadable as error:
            self._unread = error
            raise
