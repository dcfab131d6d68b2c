"""A judge, a planner and a reviser that are language models: each asks one question, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from onbrief import questions
from onbrief.brief import Brief, Checklist, Requirement
from onbrief.ports import ANY_PICTURE, History, Judged, PictureLimits, Planned, Revised
from onbrief.providers.language.model import LanguageModel
from onbrief.questions import Question


@dataclass(frozen=True, slots=True)
class Role:
    """What a judge, a planner and a reviser that are language models have in common; see ports.Model and ports.Warns."""

    model: LanguageModel
    INPUT_TOKENS: ClassVar[int]
    """The most that one question of this role is assumed to send."""

    @property
    def name(self) -> str:
        """See ports.Model."""
        return self.model.name

    @property
    def price(self) -> float | None:
        """See ports.Model. Rests on INPUT_TOKENS; what a call really cost stands in its answer."""
        return self.model.price(self.INPUT_TOKENS)

    @property
    def warnings(self) -> tuple[str, ...]:
        """See ports.Warns."""
        return self.model.warnings


class TextPlanner(Role):
    """See ports.Planner."""

    INPUT_TOKENS: ClassVar = 12_000
    """2,000 of instructions and schema, and a brief of 10,000 characters in any script."""

    async def checklist(self, brief: Brief) -> Planned:
        """See ports.Planner.

        Raises:
            ConfigError: access, credentials, a model that is not there.
        """
        return await self.model.ask(questions.plan(brief))


@dataclass(frozen=True, slots=True)
class VisionJudge(Role):
    """See ports.Judge."""

    picture_limits: PictureLimits = ANY_PICTURE
    INPUT_TOKENS: ClassVar = 12_000
    """1,500 of instructions and schema, 3,300 of a picture of 1568 x 1568 pixels, and 64 requirements of a hundred each."""

    async def judge(self, image: bytes, requirements: Sequence[Requirement]) -> Judged:
        """See ports.Judge. `image` is a copy as pictures.PictureFile.judge_copy makes it.

        A single requirement of the kind "whole" is a description, and asked about in one; see questions.whole.

        Raises:
            PictureError: bytes that are no picture.
            ConfigError: access, credentials, a model that is not there.
        """
        return await self.model.ask(_question(requirements), image)


class TextReviser(Role):
    """See ports.Reviser."""

    INPUT_TOKENS: ClassVar = 24_000
    """The brief and the checklist, as a plan does, and as much of history."""

    async def revise(self, brief: Brief, checklist: Checklist, revision: int, history: History) -> Revised:
        """See ports.Reviser.

        Raises:
            ConfigError: access, credentials, a model that is not there.
        """
        return await self.model.ask(questions.revise(brief, checklist, revision, history))


def _question(requirements: Sequence[Requirement]) -> Question[Judged]:
    """The model itself takes a description apart that stands alone; beside other requirements it is one statement of many."""
    match requirements:
        case [Requirement(kind="whole") as whole]:
            return questions.whole(whole.text, whole.id)
        case _:
            return questions.judge(requirements)
