"""The contract tests find what authors of plug-ins get wrong: each mistake is found by the test named beside it."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from obstore.store import MemoryStore

from onbrief.attempt import Finding
from onbrief.brief import Requirement, Size
from onbrief.errors import Failed, UsageError
from onbrief.ledger.objects import ObjectsLedger
from onbrief.ports import (
    Decision,
    Entry,
    Judged,
    ModelName,
    OpenQuestion,
    Picture,
    PictureLimits,
    Planned,
    Provider,
    Recorded,
)
from onbrief.record import Prompt
from onbrief.store import BucketStore, Objects
from onbrief.testing import (
    Bill,
    ImageModelContract,
    ImageRequest,
    JudgeContract,
    LedgerContract,
    PlannerContract,
    ProviderContract,
    ReviserContract,
    ReviseRequest,
    ScriptedImageModel,
    ScriptedJudge,
    ScriptedPlanner,
    ScriptedReviser,
    StoreContract,
    picture,
)


def contract(kind: type[Any], **methods: Callable[..., Any]) -> Any:
    """An instance of a contract with these methods."""
    made: Any = type("TestOfThis", (kind,), {name: staticmethod(method) for name, method in methods.items()})()
    if hasattr(made, "setup_method"):
        made.setup_method()
    return made


def run(kind: type[Any], test: str, **methods: Callable[..., Any]) -> None:
    getattr(contract(kind, **methods), f"test_{test}")()


def found(kind: type[Any], test: str, **methods: Callable[..., Any]) -> str:
    """Return the message of the contract test that finds a mistake."""
    with pytest.raises(AssertionError) as caught:
        run(kind, test, **methods)
    return str(caught.value)


# -- every model -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["squares", ":squares", "squares:a?side=1 000", "squares:a?side"])
def test_a_name_that_is_none_is_found(name: str) -> None:
    with pytest.raises((AssertionError, UsageError)):
        run(ImageModelContract, "its_name_can_be_given_as_a_setting", model=lambda: ScriptedImageModel(name=name))


@pytest.mark.parametrize("price", [-0.01, float("nan"), float("inf")])
def test_a_price_that_is_no_amount_is_found(price: float) -> None:
    assert "price" in found(
        ImageModelContract, "its_price_is_unknown_or_an_amount", model=lambda: ScriptedImageModel(price=price)
    )


def sleeping(asked: ImageRequest) -> bytes:
    time.sleep(0)
    return picture(1)


def connecting(asked: ImageRequest) -> bytes:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        return picture(1)


@pytest.mark.parametrize(("script", "call"), [(sleeping, "sleep"), (connecting, "connect")])
def test_a_model_that_blocks_the_event_loop_is_found(script: Callable[[ImageRequest], bytes], call: str) -> None:
    message = found(ImageModelContract, "it_does_not_block_the_event_loop", model=lambda: ScriptedImageModel(script=script))
    assert f"{call} in " in message


@dataclass(slots=True)
class Wrapped:
    """An image model around another one."""

    model: ScriptedImageModel
    name: str = "test:wrapped"
    price: float | None = 0.04

    def check(self, size: Size) -> tuple[str, ...]:
        return self.model.check(size)

    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        return await self.model.generate(prompt, size, seed)


class InThread(Wrapped):
    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        return Picture(await asyncio.to_thread(sleeping, ImageRequest(0, prompt, size, seed)))


def test_what_waits_in_a_thread_blocks_nothing() -> None:
    run(ImageModelContract, "it_does_not_block_the_event_loop", model=lambda: InThread(ScriptedImageModel()))


class Retrying(Wrapped):
    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        for _ in range(2):
            try:
                return await self.model.generate(prompt, size, seed)
            except Failed:
                continue
        raise Failed("it broke twice")


def test_a_model_that_retries_is_found() -> None:
    bill = Bill()
    message = found(
        ImageModelContract,
        "a_failure_is_an_error_of_onbrief_after_at_most_one_request",
        failing=lambda: [Retrying(ScriptedImageModel(bill, [Failed("it broke")]))],
        sent=lambda: len(bill.lines),
    )
    assert message.startswith("2 requests were sent")


class CancelProof(Wrapped):
    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise Failed("cancelled") from None
        raise AssertionError


def test_a_model_that_reports_a_cancellation_as_a_failure_is_found() -> None:
    message = found(ImageModelContract, "a_call_that_is_cancelled_ends", model=lambda: CancelProof(ScriptedImageModel()))
    assert "CancelledError must be passed on" in message


@pytest.mark.parametrize("error", [ValueError("no"), TimeoutError(), UsageError("no")])
def test_a_failure_that_does_not_say_whether_it_was_paid_for_is_found(error: Exception) -> None:
    test = "a_failure_is_an_error_of_onbrief_after_at_most_one_request"
    with pytest.raises(type(error)):
        run(ImageModelContract, test, failing=lambda: [ScriptedImageModel(script=[error])])


def test_a_failing_model_that_answers_is_found() -> None:
    test = "a_failure_is_an_error_of_onbrief_after_at_most_one_request"
    assert "nothing was raised" in found(ImageModelContract, test, failing=lambda: [ScriptedImageModel()])


# -- image models ----------------------------------------------------------------------------------------------------


def small_seeds_only(asked: ImageRequest) -> bytes:
    if asked.seed > 4_294_967_294:
        raise Failed("seed")
    return picture(asked.seed)


def no_strips(asked: ImageRequest) -> bytes:
    if asked.size[0] > 2 * asked.size[1]:
        raise Failed("size")
    return picture(asked.seed)


def ascii_only(asked: ImageRequest) -> bytes:
    asked.prompt.text.encode("ascii")
    return picture(asked.seed)


@pytest.mark.parametrize(
    ("test", "script", "error"),
    [
        ("it_draws_with_every_seed_that_a_run_can_have", small_seeds_only, Failed),
        ("it_draws_every_size_that_it_does_not_refuse", no_strips, Failed),
        ("it_draws_any_text_or_says_why_not", ascii_only, UnicodeEncodeError),
    ],
)
def test_a_request_that_a_model_does_not_expect_is_found(
    test: str, script: Callable[[ImageRequest], bytes], error: type[Exception]
) -> None:
    with pytest.raises(error):
        run(ImageModelContract, test, model=lambda: ScriptedImageModel(script=script))


def test_a_size_that_is_refused_need_not_be_drawn() -> None:
    class Square(Wrapped):
        def check(self, size: Size) -> tuple[str, ...]:
            if size[0] != size[1]:
                raise UsageError.of("size", size, "a square")
            return ("rounded",)

    run(
        ImageModelContract,
        "it_draws_every_size_that_it_does_not_refuse",
        model=lambda: Square(ScriptedImageModel(script=no_strips)),
    )


# -- judges, planners, revisers --------------------------------------------------------------------------------------


Change = Callable[[list[Finding]], Sequence[Finding]]
MISTAKES: dict[str, Change] = {
    "one is missing": lambda findings: findings[1:],
    "one twice": lambda findings: [*findings, findings[0]],
    "not asked for": lambda findings: [*findings, Finding("r99", "met", 0.9)],
    "other case": lambda findings: [replace(finding, id=finding.id.upper()) for finding in findings],
    "by place": lambda findings: [replace(finding, id=f"r{n}") for n, finding in enumerate(findings, 1)],
    "other words": lambda findings: [replace(finding, verdict="yes") for finding in findings],
    "per cent": lambda findings: [replace(finding, probability=98) for finding in findings],
    "contradiction": lambda findings: [replace(finding, verdict="unmet") for finding in findings],
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_findings_that_would_be_undecided_are_found(mistake: str) -> None:
    judge = ScriptedJudge(script=lambda asked: Judged(tuple(MISTAKES[mistake](list(asked.answer(met=True).findings)))))
    found(JudgeContract, "it_answers_each_requirement_once", model=lambda: judge)


def test_a_judgement_above_its_price_is_found() -> None:
    dear = [Judged((Finding("r1", "met", 0.9),), usd=1.0)]
    kind = type("OfOne", (JudgeContract,), {"requirements": (Requirement(id="r1", text="a circle"),)})
    message = found(kind, "it_answers_each_requirement_once", model=lambda: ScriptedJudge(script=dear))
    assert "more than the price" in message


def test_picture_limits_that_are_none_are_found() -> None:
    judge = ScriptedJudge(picture_limits=PictureLimits(0, 0))
    found(JudgeContract, "its_picture_limits_are_numbers", model=lambda: judge)


@pytest.mark.parametrize(
    "requirements",
    [
        (Requirement(id="r1", text="red", parents=("r2",)), Requirement(id="r2", text="a circle")),
        (Requirement(id="r1", text="red"), Requirement(id="r1", text="a circle")),
        (Requirement(text="a circle"),),
    ],
    ids=["child first", "the same id", "no id"],
)
def test_requirements_that_would_lose_their_parents_are_found(requirements: tuple[Requirement, ...]) -> None:
    planner = ScriptedPlanner(script=[Planned(requirements)])
    found(PlannerContract, "it_finds_requirements_that_make_a_checklist", model=lambda: planner)


CIRCLE = Requirement(id="c1", text="there is a red circle")
SQUARE = Requirement(id="c2", text="there is a blue square")


@pytest.mark.parametrize(
    "planned",
    [
        Planned((CIRCLE, SQUARE), cites=(("a red circle",),)),
        Planned((CIRCLE,), cites=(("a green circle",),)),
        Planned((CIRCLE,), cites=((),), questions=(OpenQuestion("at dusk", "Which light?", "any"),)),
    ],
    ids=["too few", "not in the brief", "a question about nothing"],
)
def test_citations_that_are_no_words_of_the_brief_are_found(planned: Planned) -> None:
    test = "it_finds_requirements_that_make_a_checklist"
    found(PlannerContract, test, model=lambda: ScriptedPlanner(script=[planned]))


@dataclass(slots=True)
class Completing(ScriptedPlanner):
    """A planner that can be asked for what is missing, and then gives these requirements."""

    more: tuple[Requirement, ...] = (SQUARE,)

    def completing(self, planned: Planned, missing: Sequence[str]) -> ScriptedPlanner:
        return ScriptedPlanner(script=[Planned(self.more)])


def test_what_a_planner_adds_has_ids_of_its_own_and_may_depend_on_what_is_there() -> None:
    test, whole = "it_completes_what_its_checklist_leaves_out_if_it_can", [Planned((CIRCLE, SQUARE))]
    run(PlannerContract, test, model=lambda: Completing(script=whole, more=(replace(SQUARE, parents=("c1",)),)))
    assert "c1" in found(PlannerContract, test, model=lambda: Completing(script=whole, more=(replace(SQUARE, id="c1"),)))


def test_a_prompt_that_is_the_old_one_is_found() -> None:
    reviser = ScriptedReviser(script=lambda asked: asked.history[0][0].text)
    found(ReviserContract, "it_writes_another_prompt_than_those_before", model=lambda: reviser)


def test_a_reviser_that_expects_a_verdict_of_each_attempt_is_found() -> None:
    def script(asked: ReviseRequest) -> str:
        return " ".join(str(a.verdict.findings) for _, attempts in asked.history for a in attempts)  # pyright: ignore[reportOptionalMemberAccess]

    with pytest.raises(AttributeError):
        run(ReviserContract, "it_writes_another_prompt_than_those_before", model=lambda: ScriptedReviser(script=script))


def test_a_reviser_that_expects_a_history_is_found() -> None:
    reviser = ScriptedReviser(script=lambda asked: f"{asked.history[-1][0].text}, better")
    with pytest.raises(IndexError):
        run(ReviserContract, "it_writes_a_prompt_from_the_brief_alone", model=lambda: reviser)


# -- stores and ledgers ----------------------------------------------------------------------------------------------


class Overwriting(BucketStore):
    async def create(self, key: str, data: bytes, media_type: str) -> str:
        return await self.replace(key, data, media_type)


def test_a_store_that_overwrites_is_found() -> None:
    store = Overwriting(Objects(MemoryStore()), "memory:")
    assert "nothing was raised" in found(StoreContract, "other_bytes_never_overwrite_what_was_created", store=lambda: store)


class Hasty(ObjectsLedger):
    """Keeps decisions whether or not the call is begun."""

    kept: tuple[Decision, ...] = ()

    async def begin(self, run_id: str, token: str, entry: Entry, decisions: Sequence[Decision] = ()) -> None:
        self.kept += tuple(decisions)
        await super().begin(run_id, token, entry)

    async def claim(
        self, run_id: str, request: str, settings: str, token: str, lease: float, *, alone: bool = False
    ) -> Recorded:
        recorded = await super().claim(run_id, request, settings, token, lease, alone=alone)
        return replace(recorded, decisions=self.kept)


def test_a_ledger_that_writes_decisions_of_a_call_that_was_not_begun_is_found() -> None:
    ledger = Hasty(Objects(MemoryStore()), "memory:")
    found(LedgerContract, "decisions_of_a_call_that_is_not_begun_are_not_written", ledger=lambda: ledger)


# -- providers -------------------------------------------------------------------------------------------------------


def test_a_provider_that_is_not_installed_is_found() -> None:
    provider = Provider(name="nowhere", judge=lambda name, values: ScriptedJudge(name=str(name)))
    assert "expected one entry point" in found(ProviderContract, "it_is_found_by_its_entry_point", provider=lambda: provider)


def test_a_factory_that_accepts_any_option_is_found() -> None:
    provider = Provider(name="test", judge=lambda name, values: ScriptedJudge(name=str(name)))
    found(ProviderContract, "an_unknown_option_is_refused", provider=lambda: provider)


def test_a_model_with_the_name_of_another_provider_is_found() -> None:
    def judge(name: ModelName, values: object) -> ScriptedJudge:
        return ScriptedJudge(name="other:")

    provider = Provider(name="test", judge=judge)
    assert found(ProviderContract, "its_models_fit_their_ports", provider=lambda: provider).startswith("other:")


def test_testing_support_does_not_need_pytest() -> None:
    code = "import sys, onbrief.testing; sys.exit('pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
