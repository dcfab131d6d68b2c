"""A planner that is a text model: it takes a brief apart into requirements."""

from __future__ import annotations

from typing import ClassVar

from onbrief import asking
from onbrief.brief import Brief
from onbrief.models.language import Role
from onbrief.ports import Planned


class TextPlanner(Role):
    """See ports.Planner."""

    INPUT_TOKENS: ClassVar = 12_000
    """2,000 of instructions and schema, and a brief of 10,000 characters in any script."""

    async def checklist(self, brief: Brief) -> Planned:
        """See ports.Planner.

        Raises:
            ConfigError: access, credentials, a model that is not there.
        """
        return await self.model.ask(asking.plan(brief))
