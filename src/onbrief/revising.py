"""A reviser that is a text model: it writes the next prompt from the brief, the checklist and what was tried."""

from __future__ import annotations

from typing import ClassVar

from onbrief import asking
from onbrief.brief import Brief, Checklist
from onbrief.models.language import Role
from onbrief.ports import History, Revised


class TextReviser(Role):
    """See ports.Reviser."""

    INPUT_TOKENS: ClassVar = 24_000
    """The brief and the checklist, as a plan does, and as much of history."""

    async def revise(self, brief: Brief, checklist: Checklist, revision: int, history: History) -> Revised:
        """See ports.Reviser.

        Raises:
            ConfigError: access, credentials, a model that is not there.
        """
        return await self.model.ask(asking.revise(brief, checklist, revision, history))
