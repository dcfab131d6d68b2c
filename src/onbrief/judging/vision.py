"""Judges that are vision models: they are shown the picture and asked about requirements, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from onbrief import asking
from onbrief.asking import Question
from onbrief.brief import Requirement
from onbrief.models.language import LanguageModel
from onbrief.ports import Judged

INPUT_TOKENS = 12_000
"""The most that a judgement is assumed to send: 1,500 of instructions and schema, 3,300 of a picture of 1568 x 1568 pixels, and
64 requirements of a hundred each.
"""


@dataclass(frozen=True, slots=True)
class VisionJudge:
    """See ports.Judge."""

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

    async def judge(self, image: bytes, requirements: Sequence[Requirement]) -> Judged:
        """See ports.Judge. `image` is a copy as pictures.judge_copy makes it.

        A single requirement of the kind "whole" is a description, and asked about in one; see asking.whole.

        Raises:
            PictureError: bytes that are no picture.
            ConfigError: access, credentials, a model that is not there.
        """
        answered = await self.model.ask(_question(requirements), image)
        return replace(answered.read, tokens=answered.tokens, usd=answered.usd)


def _question(requirements: Sequence[Requirement]) -> Question[Judged]:
    """The model itself takes a description apart that stands alone; beside other requirements it is one statement of many."""
    match requirements:
        case [Requirement(kind="whole") as whole]:
            return asking.whole(whole.text, whole.id)
        case _:
            return asking.judge(requirements)
