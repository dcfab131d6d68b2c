"""What a run can cost at most."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from onbrief.policy import PolicyName
from onbrief.pursuit import Order
from onbrief.pursuit.preview import preview
from onbrief.settings import Settings
from tests.providers.wiring import CORE
from tests.pursuing import BRIEF

CHOSEN = Settings(image_model=f"bedrock:{CORE}", judge="sandbox:", reviser="sandbox:", max_images=5)


@pytest.mark.parametrize(("policy", "usd"), [("adaptive", 0.07), ("classic", 0.04)])
def test_the_dearest_picture_of_a_run_that_may_repair_is_an_edit(policy: PolicyName, usd: float) -> None:
    order = Order(brief=replace(BRIEF, size=(1024, 1024)), settings=replace(CHOSEN, policy=policy))
    assert asyncio.run(preview(order)).usd == pytest.approx(5 * usd)
