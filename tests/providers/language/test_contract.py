"""The contracts of judges, planners and revisers for language models of each service, over real HTTP to the sandbox server."""

from __future__ import annotations

import pytest

from onbrief.ports import Judge, Planner, Reviser
from onbrief.providers import registry
from onbrief.testing import JudgeContract, PlannerContract, ReviserContract
from tests.providers.language.services import WIRES


@pytest.fixture(autouse=True, params=["bedrock:", *(wire.name for wire in WIRES.values())])
def named(request: pytest.FixtureRequest, services: None) -> None:
    """Give the tests the name of a model."""
    assert request.instance is not None
    request.instance.name = request.param


class TestJudge(JudgeContract):
    name: str

    def model(self) -> Judge:
        return registry.judge(self.name)


class TestPlanner(PlannerContract):
    name: str

    def model(self) -> Planner:
        return registry.planner(self.name)


class TestReviser(ReviserContract):
    name: str

    def model(self) -> Reviser:
        return registry.reviser(self.name)
