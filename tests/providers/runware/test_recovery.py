"""The contract of lost pictures for Runware: a task is found by the id that we gave it."""

from __future__ import annotations

from typing import cast

from onbrief.ports import Recovers
from onbrief.testing import RecoveryContract
from onbrief.testing.recovery_contract import Trouble
from onbrief_sandbox.server.faults import Fault
from tests.providers.over_http import OverHttp

_TROUBLES: dict[Trouble, tuple[Fault, ...]] = {
    "none": (),
    "lost": (Fault(does="cut", byte=20, operation="runware.draw"),),
    "filtered": (Fault(does="filtered", operation="runware.draw"),),
    "slow": (Fault(delay=60, operation="runware.draw"),),
}


class TestRunware(OverHttp, RecoveryContract):
    size = (512, 512)

    def model(self) -> Recovers:
        return cast("Recovers", self.service.model("runware:400@4"))

    def disturb(self, trouble: Trouble) -> bool:
        self.service.script.now(*_TROUBLES[trouble])
        return True
