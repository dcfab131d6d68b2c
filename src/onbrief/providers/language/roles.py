"""A planner, a judge and a reviser that are language models. Each asks one question per call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from onbrief import questions
from onbrief.brief import Brief, Checklist, Requirement
from onbrief.ports import ANY_PICTURE, History, Judged, PictureLimits, Planned, Revised
from onbrief.providers.language.model import LanguageModel
from onbrief.questions import Question


@dataclass(frozen=True, slots=True)
class Role:
    """What planners, judges and revisers that are language models share; see ports.Model and ports.Warns."""

    model: LanguageModel
    INPUT_TOKENS: ClassVar[int]
    """The assumed maximum number of input tokens of one call in this role."""

    @property
    def name(self) -> str:
        """See ports.Model."""
        return self.model.name

    @property
    def price(self) -> float | None:
        """See ports.Model. Assumes INPUT_TOKENS; the actual cost of a call is in its answer."""
        return self.model.price(self.INPUT_TOKENS)

    @property
    def warnings(self) -> tuple[str, ...]:
        """See ports.Warns."""
        return self.model.warnings

    def corrected(self, what: str) -> Self:
        """See ports.Corrects."""
        return replace(self, model=replace(self.model, correction=what))


class TextPlanner(Role):
    """See ports.Planner."""

    INPUT_TOKENS: ClassVar = 12_000
    """2,000 of instructions and schema, and a brief of 10,000 characters in any script."""

    async def checklist(self, brief: Brief) -> Planned:
        """See ports.Planner.

        Raises:
            ConfigError: access or credentials are wrong, or the model does not exist.
        """
        return await self.model.ask(questions.plan(brief))


@dataclass(frozen=True, slots=True)
class VisionJudge(Role):
    """See ports.Judge."""

    picture_limits: PictureLimits = ANY_PICTURE
    INPUT_TOKENS: ClassVar = 12_000
    """1,500 of instructions and schema, 3,300 of a picture of 1568 x 1568 pixels, and 64 requirements of a hundred each."""

    async def judge(self, image: bytes, requirements: Sequence[Requirement]) -> Judged:
        """See ports.Judge. `image` is a copy made by pictures.PictureFile.judge_copy.

        A single requirement of the kind "whole" is a description and is judged as one; see questions.whole.

        Raises:
            PictureError: the bytes are not a picture.
            ConfigError: access or credentials are wrong, or the model does not exist.
        """
        return await self.model.ask(_question(requirements), image)


class TextReviser(Role):
    """See ports.Reviser."""

    INPUT_TOKENS: ClassVar = 24_000
    """The brief and the checklist, as for a plan, and the same amount for the history."""

    async def revise(self, brief: Brief, checklist: Checklist, revision: int, history: History) -> Revised:
        """See ports.Reviser.

        Raises:
            ConfigError: access or credentials are wrong, or the model does not exist.
        """
        return await self.model.ask(questions.revise(brief, checklist, revision, history))


def _question(requirements: Sequence[Requirement]) -> Question[Judged]:
    """Return the question about these requirements. A lone description is split into statements by the model; among other
    requirements, it is one statement.
    """
    match requirements:
        case [Requirement(kind="whole") as whole]:
            return questions.whole(whole.text, whole.id)
        case _:
            return questions.judge(requirements)
