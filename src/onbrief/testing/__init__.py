"""Testing support: scripted models, a store and a ledger in memory, and contract tests for each port.

For tests of code that uses onbrief, `crew` makes models whose answers are given by the test:

    bill = Bill()
    models = crew(bill, {"r1"}, set())  # r1 is unmet on the first picture, everything is met on the second
    async with open_pursuit(order, models) as pursuit: ...
    assert len(bill.of("image")) == 2

For plug-ins, each port has a class of tests to inherit. A subclass makes the object under test, and pytest finds the tests:

    class TestSquares(ImageModelContract):
        def model(self) -> ImageModel:
            return SquareModel("squares:")

The methods `failing` and `sent` of a model's contract are optional. With them, the tests also check which errors failures
raise, and that no request is sent twice. `onbrief.testing` itself does not need pytest.
"""

import sys

if "pytest" in sys.modules:  # so that a failing assert shows the values that it compared
    from importlib import import_module

    for _name in (
        "language_contracts",
        "ledger_contract",
        "model_contracts",
        "provider_contract",
        "recovery_contract",
        "running",
        "store_contract",
    ):
        import_module("pytest").register_assert_rewrite(f"{__name__}.{_name}")

from onbrief.testing.language_contracts import JudgeContract as JudgeContract
from onbrief.testing.language_contracts import PlannerContract as PlannerContract
from onbrief.testing.language_contracts import ReviserContract as ReviserContract
from onbrief.testing.ledger_contract import LedgerContract as LedgerContract
from onbrief.testing.memory import memory_ledger as memory_ledger
from onbrief.testing.memory import memory_store as memory_store
from onbrief.testing.model_contracts import EditorContract as EditorContract
from onbrief.testing.model_contracts import ImageModelContract as ImageModelContract
from onbrief.testing.model_contracts import ModelContract as ModelContract
from onbrief.testing.provider_contract import ProviderContract as ProviderContract
from onbrief.testing.recovery_contract import RecoveryContract as RecoveryContract
from onbrief.testing.scripted import Bill as Bill
from onbrief.testing.scripted import EditRequest as EditRequest
from onbrief.testing.scripted import EditScript as EditScript
from onbrief.testing.scripted import ImageRequest as ImageRequest
from onbrief.testing.scripted import ImageScript as ImageScript
from onbrief.testing.scripted import JudgeRequest as JudgeRequest
from onbrief.testing.scripted import JudgeScript as JudgeScript
from onbrief.testing.scripted import PlanRequest as PlanRequest
from onbrief.testing.scripted import PlanScript as PlanScript
from onbrief.testing.scripted import ReviseRequest as ReviseRequest
from onbrief.testing.scripted import ReviseScript as ReviseScript
from onbrief.testing.scripted import Script as Script
from onbrief.testing.scripted import ScriptedEditor as ScriptedEditor
from onbrief.testing.scripted import ScriptedImageModel as ScriptedImageModel
from onbrief.testing.scripted import ScriptedJudge as ScriptedJudge
from onbrief.testing.scripted import ScriptedPlanner as ScriptedPlanner
from onbrief.testing.scripted import ScriptedReviser as ScriptedReviser
from onbrief.testing.scripted import crew as crew
from onbrief.testing.scripted import picture as picture
from onbrief.testing.store_contract import StoreContract as StoreContract
