"""A planner, a judge and a reviser that are language models. Each asks one question per call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from onbrief import pictures, questions
from onbrief.attempt import Box
from onbrief.brief import Brief, Checklist, Requirement, Size
from onbrief.ports import ANY_PICTURE, NATURAL, Dialect, History, Judged, PictureLimits, Planned, Revised, Tokens
from onbrief.providers.language import counting
from onbrief.providers.language.model import LanguageModel, thinks
from onbrief.questions import Question, SquareColour

LONGEST = 6_000_000  # tokens; no request of onbrief has as many bytes, with the longest checklist, texts and history


@dataclass(frozen=True, slots=True)
class Role:
    """What planners, judges and revisers that are language models share; see ports.Model and ports.Warns."""

    usual_tokens: ClassVar[Callable[[int], Tokens]]
    """Returns the tokens that a call about this number of requirements usually has."""

    model: LanguageModel

    @property
    def name(self) -> str:
        """See ports.Model."""
        return self.model.name

    @property
    def price(self) -> float | None:
        """See ports.Model: that of the longest request that there can be. See `price_of` for that of a request."""
        return self.model.price(LONGEST)

    @property
    def warnings(self) -> tuple[str, ...]:
        """See ports.Warns."""
        return self.model.warnings

    def expected_cost(self, requirements: int) -> float | None:
        """See ports.ExpectsCost. How much a model thinks before it answers is not known beforehand, so neither is its cost."""
        return None if thinks(self.model.client) else self.model.cost(self.usual_tokens(requirements))

    def corrected(self, what: str) -> Self:
        """See ports.Corrects."""
        return replace(self, model=replace(self.model, correction=what))


@dataclass(frozen=True, slots=True)
class TextPlanner(Role):
    """See ports.Planner and ports.Completes. With `planned`, it asks for what is `missing` in it."""

    usual_tokens = staticmethod(counting.planning_tokens)
    planned: Planned | None = None
    missing: tuple[str, ...] = ()

    def completing(self, planned: Planned, missing: Sequence[str]) -> Self:
        """See ports.Completes."""
        return replace(self, planned=planned, missing=tuple(missing))

    def price_of(self, brief: Brief) -> float | None:
        """See ports.PricedByRequest."""
        return self.model.price_of(self._question(brief))

    async def checklist(self, brief: Brief) -> Planned:
        """See ports.Planner.

        Raises:
            ConfigError: access or credentials are wrong, or the model does not exist.
        """
        return await self.model.ask(self._question(brief))

    def _question(self, brief: Brief) -> Question[Planned]:
        return questions.complete(brief, self.planned, self.missing) if self.planned else questions.plan(brief)


@dataclass(frozen=True, slots=True)
class VisionJudge(Role):
    """See ports.Judge."""

    usual_tokens = staticmethod(counting.judging_tokens)
    picture_limits: PictureLimits = ANY_PICTURE

    def price_of(self, requirements: Sequence[Requirement], size: Size) -> float | None:
        """See ports.PricedByRequest: the price of the first or of a closer look, whichever is more. A larger picture than the
        judge accepts is scaled down before.
        """
        parts, colours = {requirement.id: "A" for requirement in requirements}, questions.COLOURS[: pictures.SQUARES]
        asked = (_question(requirements, colours), questions.confirm(requirements, colours, parts))
        prices = [self.model.price_of(question, pictures.view_size(size, self.picture_limits)) for question in asked]
        return max((price for price in prices if price is not None), default=None)

    async def judge(self, image: bytes, requirements: Sequence[Requirement]) -> Judged:
        """See ports.Judge. `image` is a copy made by pictures.PictureFile.judge_copy. The model is shown it with a band below,
        which proves that it sees; see questions/control.py.

        A single requirement of the kind "whole" is a description and is judged as one; see questions.whole.

        Raises:
            PictureError: the bytes are not a picture.
            ConfigError: access or credentials are wrong, or the model does not exist.
        """
        view = await asyncio.to_thread(pictures.view_of, image, self.picture_limits)
        return await self.model.ask(_question(requirements, view.colours), view.data)

    async def look_closer(
        self, image: bytes, requirements: Sequence[Requirement], boxes: Mapping[str, Box] | None = None
    ) -> Judged:
        """See ports.LooksCloser. What is shown is one picture: the whole one, and beside it the parts in the boxes, enlarged.

        Raises:
            PictureError, ConfigError: as `judge`.
        """
        view = await asyncio.to_thread(pictures.view_of, image, self.picture_limits, boxes)
        return await self.model.ask(questions.confirm(requirements, view.colours, view.parts), view.data)


@dataclass(frozen=True, slots=True)
class TextReviser(Role):
    """See ports.Reviser. It writes for image models of this `dialect`."""

    usual_tokens = staticmethod(counting.revising_tokens)
    dialect: Dialect = NATURAL

    def writing_for(self, dialect: Dialect) -> Self:
        """See ports.WritesFor."""
        return replace(self, dialect=dialect)

    def price_of(self, brief: Brief, checklist: Checklist, revision: int, history: History | None) -> float | None:
        """See ports.PricedByRequest. The prompts of the longest history have a character for each token of an answer."""
        if history is None:
            history = questions.longest_history(brief, checklist, revision, self.model.max_tokens)
        return self.model.price_of(questions.revise(brief, checklist, revision, history, self.dialect))

    async def revise(self, brief: Brief, checklist: Checklist, revision: int, history: History) -> Revised:
        """See ports.Reviser.

        Raises:
            ConfigError: access or credentials are wrong, or the model does not exist.
        """
        return await self.model.ask(questions.revise(brief, checklist, revision, history, self.dialect))


def _question(requirements: Sequence[Requirement], colours: Sequence[SquareColour]) -> Question[Judged]:
    """Return the question about these requirements. A lone description is split into statements by the model; among other
    requirements, it is one statement.
    """
    match requirements:
        case [Requirement(kind="whole") as whole]:
            return questions.whole(whole.text, whole.id, colours)
        case _:
            return questions.judge(requirements, colours)
