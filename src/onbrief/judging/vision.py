"""Judges that are vision models: they are shown the picture and asked about requirements, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from onbrief import asking
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

        Raises:
            PictureError: bytes that are no picture.
            ConfigError: access, credentials, a model that is not there.
        """
        answered = await self.model.ask(asking.judge(requirements), image)
        return replace(answered.read, tokens=answered.tokens, usd=answered.usd)


@dataclass(frozen=True, slots=True)
class WholeJudge:
    """A judge that is asked one thing about a picture: whether it shows what a description says, all in one.

    The weakest way to judge, for callers who want one question in one call; see asking.whole.
    """

    model: LanguageModel
    description: str

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
        """See ports.Judge. There is one requirement, which stands for the description; nothing but its id is looked at.

        Raises:
            PictureError: bytes that are no picture.
            ConfigError: access, credentials, a model that is not there.
        """
        (whole,) = requirements
        answered = await self.model.ask(asking.whole(self.description, whole.id), image)
        return replace(answered.read, tokens=answered.tokens, usd=answered.usd)
