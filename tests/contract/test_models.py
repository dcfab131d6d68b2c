"""The contracts of models over the sandbox's, and over scripted ones."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from onbrief.errors import Blocked, ConfigError, Failed, Refused, Unknown
from onbrief.ports import ImageModel, Judge, Planner, Reviser
from onbrief.providers import registry
from onbrief.testing import (
    Bill,
    ImageModelContract,
    JudgeContract,
    PlannerContract,
    ReviserContract,
    ScriptedImageModel,
    ScriptedJudge,
    ScriptedPlanner,
    ScriptedReviser,
)

ERRORS = (Refused("busy"), Failed("it broke"), Unknown("cut"), Blocked("no swords"), ConfigError("no access"))


class TestSandboxImageModel(ImageModelContract):
    def model(self) -> ImageModel:
        return registry.image_model("sandbox:")


class TestSandboxJudge(JudgeContract):
    def model(self) -> Judge:
        return registry.judge("sandbox:")


class TestSandboxPlanner(PlannerContract):
    def model(self) -> Planner:
        return registry.planner("sandbox:")


class TestSandboxReviser(ReviserContract):
    def model(self) -> Reviser:
        return registry.reviser("sandbox:")


class _Billed:
    """Scripted models have one bill for all, which counts what was sent."""

    @pytest.fixture(autouse=True)
    def bill_of_the_test(self) -> None:
        self.bill = Bill()

    def sent(self) -> int:
        return len(self.bill.lines)


class TestScriptedImageModel(_Billed, ImageModelContract):
    def model(self) -> ImageModel:
        return ScriptedImageModel(self.bill)

    def failing(self) -> Sequence[ImageModel]:
        return [ScriptedImageModel(self.bill, [error]) for error in ERRORS]


class TestScriptedJudge(_Billed, JudgeContract):
    def model(self) -> Judge:
        return ScriptedJudge(self.bill, lambda asked: Failed("no picture") if asked.image == b"no picture" else set())

    def failing(self) -> Sequence[Judge]:
        return [ScriptedJudge(self.bill, [error]) for error in ERRORS]


class TestScriptedPlanner(_Billed, PlannerContract):
    def model(self) -> Planner:
        return ScriptedPlanner(self.bill)

    def failing(self) -> Sequence[Planner]:
        return [ScriptedPlanner(self.bill, [error]) for error in ERRORS]


class TestScriptedReviser(_Billed, ReviserContract):
    def model(self) -> Reviser:
        return ScriptedReviser(self.bill)

    def failing(self) -> Sequence[Reviser]:
        return [ScriptedReviser(self.bill, [error]) for error in ERRORS]
