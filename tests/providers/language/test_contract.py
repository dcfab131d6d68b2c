"""The contracts of judges, planners and revisers for language models, over real HTTP to the sandbox server's Claude."""

from __future__ import annotations

import pytest

from onbrief.ports import Judge, Planner, Reviser
from onbrief.providers import registry
from onbrief.testing import JudgeContract, PlannerContract, ReviserContract


@pytest.mark.usefixtures("claude")
class TestJudge(JudgeContract):
    def model(self) -> Judge:
        return registry.judge("bedrock:")


@pytest.mark.usefixtures("claude")
class TestPlanner(PlannerContract):
    def model(self) -> Planner:
        return registry.planner("bedrock:")


@pytest.mark.usefixtures("claude")
class TestReviser(ReviserContract):
    def model(self) -> Reviser:
        return registry.reviser("bedrock:")
