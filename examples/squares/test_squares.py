"""The contract tests of onbrief on this provider; it has to be installed."""

import squares

from onbrief.ports import ImageModel, Judge, Planner, Provider, Reviser
from onbrief.testing import ImageModelContract, JudgeContract, PlannerContract, ProviderContract, ReviserContract


class TestProvider(ProviderContract):
    def provider(self) -> Provider:
        return squares.PROVIDER


class TestImageModel(ImageModelContract):
    def model(self) -> ImageModel:
        return squares.Squares("squares:")


class TestJudge(JudgeContract):
    def model(self) -> Judge:
        return squares.Squares("squares:")


class TestPlanner(PlannerContract):
    def model(self) -> Planner:
        return squares.Squares("squares:")


class TestReviser(ReviserContract):
    def model(self) -> Reviser:
        return squares.Squares("squares:")
