"""A reviser that is a text model: it writes the next prompt from the brief, the checklist and what was tried."""

from __future__ import annotations

from dataclasses import dataclass, replace

from onbrief import asking
from onbrief.brief import Brief, Checklist
from onbrief.models.language import LanguageModel
from onbrief.ports import History, Revised

INPUT_TOKENS = 24_000
"""The most that a revision is assumed to send: the brief and the checklist, as a plan does, and as much of history."""


@dataclass(frozen=True, slots=True)
class TextReviser:
    """See ports.Reviser."""

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

    async def revise(self, brief: Brief, checklist: Checklist, revision: int, history: History) -> Revised:
        """See ports.Reviser.

        Raises:
            ConfigError: access, credentials, a model that is not there.
        """
        answered = await self.model.ask(asking.revise(brief, checklist, revision, history))
        return replace(answered.read, tokens=answered.tokens, usd=answered.usd)
