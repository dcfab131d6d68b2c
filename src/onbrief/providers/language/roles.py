"""A judge that is a vision model: it is shown the picture and asked about requirements, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from onbrief import asking
from onbrief.asking import Question
from onbrief.brief import Requirement
from onbrief.models.language import Role
from onbrief.ports import Judged


class VisionJudge(Role):
    """See ports.Judge."""

    INPUT_TOKENS: ClassVar = 12_000
    """1,500 of instructions and schema, 3,300 of a picture of 1568 x 1568 pixels, and 64 requirements of a hundred each."""

    async def judge(self, image: bytes, requirements: Sequence[Requirement]) -> Judged:
        """See ports.Judge. `image` is a copy as pictures.judge_copy makes it.

        A single requirement of the kind "whole" is a description, and asked about in one; see asking.whole.

        Raises:
            PictureError: bytes that are no picture.
            ConfigError: access, credentials, a model that is not there.
        """
        return await self.model.ask(_question(requirements), image)


def _question(requirements: Sequence[Requirement]) -> Question[Judged]:
    """The model itself takes a description apart that stands alone; beside other requirements it is one statement of many."""
    match requirements:
        case [Requirement(kind="whole") as whole]:
            return asking.whole(whole.text, whole.id)
        case _:
            return asking.judge(requirements)
