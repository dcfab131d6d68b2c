"""A planner that is a text model: it takes a brief apart into requirements."""

from __future__ import annotations

from dataclasses import dataclass, replace

from onbrief import asking
from onbrief.brief import Brief
from onbrief.models.language import LanguageModel
from onbrief.ports import Planned

INPUT_TOKENS = 12_000
"""The most that a plan is assumed to send: 2,000 of instructions and schema, and a brief of 10,000 characters in any script."""


@dataclass(frozen=True, slots=True)
class TextPlanner:
    """See ports.Planner."""

    model: LanguageModel

    @property
    def name(self) -> str:
        """See ports.Model."""
        return self.model.name

    @property
    def price(self) -> float | None:
        """See ports.Model. Rests on INPUT_TOKENS; what a call really cost stands in its answer."""
        return self.model.price(INPUT_TOKENS)

    @property
    def warnings(self) -> tuple[str, ...]:
        """See ports.Warns."""
        return self.model.warnings

    async def checklist(self, brief: Brief) -> Planned:
        """See ports.Planner.

        Raises:
            ConfigError: access, credentials, a model that is not there.
        """
        answered = await self.model.ask(asking.plan(brief))
        return replace(answered.read, tokens=answered.tokens, usd=answered.usd)
