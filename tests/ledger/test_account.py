from __future__ import annotations

import asyncio
import contextlib
import secrets
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Literal, get_args

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from onbrief.errors import (
    Blocked,
    CallError,
    Cancelled,
    ConfigError,
    Failed,
    LeaseLost,
    LedgerError,
    OnbriefError,
    OtherRequest,
    OverBudget,
    Refused,
    StoreError,
    Unknown,
    Unreadable,
    UsageError,
)
from onbrief.ledger.account import Account, CallResult, Skipped, SpendingPolicy, Try, open_account
from onbrief.ledger.budget import Budget
from onbrief.ledger.owner import new_token
from onbrief.ledger.rates import Rates
from onbrief.ledger.rules import OUT_OF_TRIES
from onbrief.ledger.spending import Recover
from onbrief.ledger.sqlite import SqliteLedger
from onbrief.ports import (
    Allowance,
    Call,
    CallKind,
    CannotTell,
    Decision,
    Entry,
    Rate,
    RateLimit,
    State,
    Tokens,
    Wait,
    hear,
)
from tests.ledgers import Blocking

PRICE = 0.04
IMAGE = Call("image", 0, 0, "test:painter", "d" * 64, PRICE)
JUDGE = Call("judge", 0, 0, "test:critic", "e" * 64, PRICE)
PLAN = Call("plan", 0, 0, "test:writer", "f" * 64, PRICE)
AT_ONCE = SpendingPolicy(initial_backoff=0.0)
RESEND = replace(AT_ONCE, resend_unknown=True)

Answer = CallResult | Exception
DONE = CallResult("{}", 0.03, Tokens(10, 20))
STORED = replace(DONE, recoverable=True)
REFUSED, FAILED = Refused("busy", retry_after=0.0), Failed("it broke")
UNKNOWN, BLOCKED = Unknown("no answer"), Blocked("not allowed")


@dataclass
class Provider:
    """Answers from a script, repeating the last answer, and counts the calls that it was sent."""

    answers: list[Answer]
    sent: int = 0

    async def __call__(self, _: Try) -> CallResult:
        answer = self.answers[min(self.sent, len(self.answers) - 1)]
        self.sent += 1
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def ledger(tmp_path: Path) -> Generator[SqliteLedger]:
    with contextlib.closing(SqliteLedger(tmp_path / "ledger.db")) as ledger:
        yield ledger


def account_of(ledger: SqliteLedger, terms: SpendingPolicy = AT_ONCE) -> contextlib.AbstractAsyncContextManager[Account]:
    return open_account(ledger, "a-run", "{}", "{}", terms)


def once(
    ledger: SqliteLedger,
    call: Call,
    *answers: Answer,
    terms: SpendingPolicy = AT_ONCE,
    recover: Recover | None = None,
) -> tuple[Entry | type[Exception], int]:
    """The outcome of a call in a separate session, and how often it was sent."""

    async def go() -> tuple[Entry | type[Exception], int]:
        provider = Provider(list(answers) or [DONE])
        async with account_of(ledger, terms) as account:
            try:
                return await account.once(call, provider, recover), provider.sent
            except Exception as error:  # noqa: BLE001 - the test says which
                return type(error), provider.sent

    return asyncio.run(go())


def entries(ledger: SqliteLedger) -> list[Entry]:
    token = new_token()
    found = Blocking(ledger).claim("a-run", "{}", "{}", token, 60.0)
    Blocking(ledger).release("a-run", token, None)
    return list(found.entries)


def states(ledger: SqliteLedger) -> list[tuple[State, float | None]]:
    return [(entry.state, entry.usd) for entry in entries(ledger)]


# -- outcomes --------------------------------------------------------------------------------------------------------


def test_a_call_is_recorded_before_it_is_sent_and_after(ledger: SqliteLedger) -> None:
    seen: list[tuple[State, float | None]] = []

    async def go() -> Entry:
        async with account_of(ledger) as account:

            async def send(_: Try) -> CallResult:
                with ledger._reading() as connection:
                    rows = connection.execute("SELECT state, usd FROM calls").fetchall()
                seen.extend((row[0], row[1]) for row in rows)
                return DONE

            return await account.once(IMAGE, send)

    entry = asyncio.run(go())
    assert seen == [("started", PRICE)]
    assert replace(entry, seconds=0.0) == Entry(IMAGE, 0, "done", 0.03, 0.0, Tokens(10, 20), "{}")
    assert entries(ledger) == [entry]


@pytest.mark.parametrize("call", [IMAGE, JUDGE, PLAN])
def test_a_recorded_result_is_never_sent_again(ledger: SqliteLedger, call: Call) -> None:
    first = once(ledger, call)
    assert once(ledger, call, CallResult("another", 1.0)) == (first[0], 0)
    assert once(ledger, call, CallResult("another", 1.0), terms=RESEND) == (first[0], 0)


@pytest.mark.parametrize("retry_after", [None, 0.0])
def test_a_refused_call_costs_nothing_and_is_sent_again(ledger: SqliteLedger, retry_after: float | None) -> None:
    refused = Refused("busy", retry_after=retry_after)
    _, sent = once(ledger, IMAGE, refused, refused, refused, refused, DONE)
    assert sent == 5
    assert states(ledger) == [("refused", 0.0)] * 4 + [("done", 0.03)]


@pytest.mark.parametrize("retry_after", [None, 0.0, 1000.0])
def test_a_refused_call_is_given_up_when_the_wait_would_exceed_the_retry_timeout(
    ledger: SqliteLedger, retry_after: float | None
) -> None:
    retry_timeout = replace(AT_ONCE, retry_timeout=-1.0 if retry_after is None else 0.0)
    assert once(ledger, IMAGE, Refused("busy", retry_after=retry_after), DONE, terms=retry_timeout) == (Refused, 1)
    assert states(ledger) == [("refused", 0.0)]
    assert once(ledger, IMAGE, DONE)[1] == 1


@pytest.mark.parametrize("call", [IMAGE, JUDGE, PLAN])
def test_a_failed_call_is_tried_twice_more_each_try_counted(ledger: SqliteLedger, call: Call) -> None:
    _, sent = once(ledger, call, FAILED, FAILED, DONE)
    assert sent == 3
    assert states(ledger) == [("failed", PRICE), ("failed", PRICE), ("done", 0.03)]


@pytest.mark.parametrize("call", [IMAGE, JUDGE, PLAN, replace(PLAN, kind="revise")], ids=lambda call: call.kind)
@pytest.mark.parametrize("error", [FAILED, Unreadable("prose"), Unreadable("cut short", hint="raise the limit")], ids=str)
def test_a_call_that_failed_three_times_is_never_sent_again_in_any_session(
    ledger: SqliteLedger, call: Call, error: Failed
) -> None:
    assert once(ledger, call, error) == (type(error), 3)
    for terms in (AT_ONCE, RESEND, replace(AT_ONCE, usd=100.0)):
        assert once(ledger, call, DONE, terms=terms) == (type(error), 0)
    assert [state for state, _ in states(ledger)] == ["unreadable" if isinstance(error, Unreadable) else "failed"] * 3


def test_failures_of_all_sessions_and_kinds_count_together(ledger: SqliteLedger) -> None:
    busy = replace(AT_ONCE, retry_timeout=-1.0)  # a refusal ends the session
    for error in (FAILED, Unreadable("prose")):
        assert once(ledger, PLAN, error, REFUSED, terms=busy) == (Refused, 2)
    for _ in range(3):
        assert once(ledger, PLAN, REFUSED, terms=busy) == (Refused, 1)  # free, and as often as one likes
    assert once(ledger, PLAN, FAILED, DONE) == (Failed, 1)
    assert once(ledger, PLAN, DONE) == (Failed, 0)


def test_failures_of_another_model_do_not_count(ledger: SqliteLedger) -> None:
    token, writes = new_token(), Blocking(ledger)
    writes.claim("a-run", "{}", "{}", token, 60.0)
    for number in range(3):
        entry = Entry(replace(JUDGE, model="test:former"), number, "started", PRICE)
        writes.begin("a-run", token, entry)
        writes.finish("a-run", token, replace(entry, state="failed"))
    writes.release("a-run", token, None)
    assert once(ledger, JUDGE, FAILED, FAILED, DONE)[1] == 3


@pytest.mark.parametrize("tries", [1, 2], ids=["the session of the last try", "a later session"])
def test_after_its_last_try_a_call_says_how_to_go_on(ledger: SqliteLedger, tries: int) -> None:
    async def go() -> OnbriefError:
        async with account_of(ledger) as account:
            with pytest.raises(Failed) as caught:
                await account.once(IMAGE, Provider([Failed("it broke", hint="")]))
            return caught.value

    errors = [asyncio.run(go()) for _ in range(tries)]
    assert (str(errors[-1]), errors[-1].hint) == ("it broke", OUT_OF_TRIES)


@pytest.mark.parametrize("error", [Unreadable, Failed, Blocked, Unknown])
def test_what_an_answer_says_that_it_cost_is_counted_also_when_it_is_of_no_use(
    ledger: SqliteLedger, error: Callable[..., CallError]
) -> None:
    once(ledger, PLAN, error("no use", usd=0.002, tokens=Tokens(900, 20)), DONE)
    first = entries(ledger)[0]
    assert (first.usd, first.tokens) == (0.002, Tokens(900, 20))


def test_the_reservation_stands_where_an_answer_does_not_say_what_it_cost(ledger: SqliteLedger) -> None:
    once(ledger, PLAN, Unreadable("prose", tokens=Tokens(900, 20)), replace(DONE, usd=None))
    assert states(ledger) == [("unreadable", PRICE), ("done", PRICE)]


def test_refusals_between_failures_give_no_further_tries(ledger: SqliteLedger) -> None:
    assert once(ledger, IMAGE, FAILED, REFUSED, FAILED, REFUSED, FAILED, DONE) == (Failed, 5)


def test_an_image_of_unknown_outcome_is_never_sent_again_automatically(ledger: SqliteLedger) -> None:
    assert once(ledger, IMAGE, UNKNOWN, DONE) == (Unknown, 1)
    assert once(ledger, IMAGE, DONE) == (Unknown, 0)
    assert states(ledger) == [("unknown", PRICE)]


def test_an_image_of_unknown_outcome_is_sent_again_when_the_user_asks(ledger: SqliteLedger) -> None:
    once(ledger, IMAGE, UNKNOWN)
    assert once(ledger, IMAGE, UNKNOWN, DONE, terms=RESEND) == (Unknown, 1)
    assert once(ledger, IMAGE, DONE, terms=RESEND)[1] == 1
    assert states(ledger) == [("unknown", PRICE), ("unknown", PRICE), ("done", 0.03)]
    assert once(ledger, IMAGE, DONE)[1] == 0


def test_a_second_try_that_was_refused_does_not_hide_that_the_first_is_unknown(ledger: SqliteLedger) -> None:
    once(ledger, IMAGE, UNKNOWN)
    assert once(ledger, IMAGE, REFUSED, terms=replace(RESEND, retry_timeout=-1.0)) == (Refused, 1)
    assert once(ledger, IMAGE, DONE) == (Unknown, 0)


@pytest.mark.parametrize("call", [JUDGE, PLAN])
def test_another_call_of_unknown_outcome_is_sent_once_more(ledger: SqliteLedger, call: Call) -> None:
    _, sent = once(ledger, call, UNKNOWN, DONE)
    assert sent == 2
    assert states(ledger) == [("unknown", PRICE), ("done", 0.03)]


def test_another_call_is_sent_once_more_in_total_and_not_in_each_session(ledger: SqliteLedger) -> None:
    assert once(ledger, JUDGE, UNKNOWN) == (Unknown, 2)
    assert once(ledger, JUDGE, DONE) == (Unknown, 0)
    assert once(ledger, JUDGE, DONE, terms=RESEND)[1] == 1


def test_a_blocked_call_is_never_sent_again(ledger: SqliteLedger) -> None:
    assert once(ledger, IMAGE, BLOCKED) == (Blocked, 1)
    assert once(ledger, IMAGE, DONE, terms=RESEND) == (Blocked, 0)
    assert states(ledger) == [("blocked", PRICE)]


def test_the_providers_message_comes_back_with_a_recorded_refusal(ledger: SqliteLedger) -> None:
    once(ledger, IMAGE, BLOCKED)

    async def go() -> str:
        async with account_of(ledger) as account:
            with pytest.raises(Blocked) as caught:
                await account.once(IMAGE, Provider([DONE]))
            return str(caught.value)

    assert asyncio.run(go()) == "not allowed"


@pytest.mark.parametrize("error", [ConfigError("no access"), UsageError("not what this editor can do")])
def test_an_error_that_must_be_fixed_first_costs_nothing_and_uses_up_no_try(ledger: SqliteLedger, error: OnbriefError) -> None:
    assert once(ledger, IMAGE, error) == (type(error), 1)
    assert states(ledger) == [("refused", 0.0)]
    assert once(ledger, IMAGE, DONE)[1] == 1


@pytest.mark.parametrize("error", [RuntimeError("a defect of a plug-in"), StoreError("the disk is full")])
def test_any_other_error_of_a_sent_call_is_unknown_in_this_session_and_the_next(ledger: SqliteLedger, error: Exception) -> None:
    async def go() -> int:
        provider = Provider([error, DONE])
        async with account_of(ledger) as account:
            with pytest.raises(type(error)):
                await account.once(IMAGE, provider)
            assert account.usage().usd == PRICE
            with pytest.raises(Unknown):
                await account.once(IMAGE, provider)
        return provider.sent

    assert asyncio.run(go()) == 1
    assert once(ledger, IMAGE, DONE) == (Unknown, 0)


def test_the_usage_counts_every_session_and_every_try(ledger: SqliteLedger) -> None:
    once(ledger, IMAGE, FAILED, REFUSED, DONE)
    once(ledger, JUDGE, UNKNOWN, DONE)
    once(ledger, PLAN, BLOCKED)

    async def go() -> tuple[float | int | None, ...]:
        async with account_of(ledger) as account:
            used = account.usage()
            return used.images, used.judge_calls, used.text_calls, used.unknown_calls, used.usd, used.input_tokens

    assert asyncio.run(go()) == (2, 2, 1, 1, pytest.approx(3 * PRICE + 2 * 0.03), 20)


# -- crashes ---------------------------------------------------------------------------------------------------------


def crash_during(ledger: SqliteLedger, call: Call) -> None:
    """A session that ends between sending a call and recording its outcome."""
    token, writes = new_token(), Blocking(ledger)
    writes.claim("a-run", "{}", "{}", token, 60.0)
    writes.begin("a-run", token, Entry(call, 0, "started", call.price))
    writes.release("a-run", token, None)


def test_what_was_stored_before_a_crash_is_recovered_and_not_sent_again(ledger: SqliteLedger) -> None:
    crash_during(ledger, IMAGE)

    async def recover(_: Entry) -> CallResult:
        return CallResult('{"found":1}', PRICE)

    entry, sent = once(ledger, IMAGE, DONE, recover=recover)
    assert (entry, sent) == (Entry(IMAGE, 0, "done", PRICE, result='{"found":1}'), 0)
    assert entries(ledger) == [entry]


def test_an_image_of_which_a_crash_left_nothing_is_unknown(ledger: SqliteLedger) -> None:
    crash_during(ledger, IMAGE)

    async def recover(_: Entry) -> CannotTell:
        return CannotTell("")

    assert once(ledger, IMAGE, DONE, recover=recover) == (Unknown, 0)
    assert states(ledger) == [("unknown", PRICE)]
    assert once(ledger, IMAGE, DONE, terms=RESEND)[1] == 1


async def found(_: Entry) -> CallResult:
    return CallResult('{"late":1}', 0.03)


@pytest.mark.parametrize("terms", [AT_ONCE, RESEND])
@pytest.mark.parametrize(
    "later",
    [(), (REFUSED,), (FAILED,), (BLOCKED,), (UNKNOWN,)],
    ids=["no other try", "refused", "failed", "blocked", "unknown"],
)
def test_a_picture_that_is_found_late_is_done_and_not_sent_again(
    ledger: SqliteLedger, terms: SpendingPolicy, later: tuple[Exception, ...]
) -> None:
    once(ledger, IMAGE, UNKNOWN)
    if later:
        once(ledger, IMAGE, *later, terms=replace(RESEND, retry_timeout=-1.0))
    tries = len(entries(ledger))
    entry, sent = once(ledger, IMAGE, DONE, terms=terms, recover=found)
    assert isinstance(entry, Entry)
    assert (entry.state, entry.result, entry.usd, entry.message, sent) == ("done", '{"late":1}', 0.03, "", 0)
    assert len(entries(ledger)) == tries
    assert once(ledger, IMAGE, DONE, terms=terms) == (entry, 0), "the result counts, whatever try came after it"


def test_another_call_is_sent_once_more_after_a_crash(ledger: SqliteLedger) -> None:
    crash_during(ledger, JUDGE)
    assert once(ledger, JUDGE, UNKNOWN, DONE) == (Unknown, 1)
    assert states(ledger) == [("unknown", PRICE)] * 2


def recorded_states(ledger: SqliteLedger) -> dict[str, str]:
    """What another process would find now, by key."""
    with ledger._reading() as connection:
        return {row["key"]: row["state"] for row in connection.execute("SELECT key, state FROM calls")}


def test_an_outcome_that_can_be_recovered_is_on_disk_before_the_next_call_is_sent(ledger: SqliteLedger) -> None:
    seen: list[dict[str, str]] = []

    async def go() -> Entry:
        async def judge(_: Try) -> CallResult:
            seen.append(recorded_states(ledger))
            return DONE

        async with account_of(ledger) as account:
            entry = await account.once(IMAGE, Provider([STORED]))
            assert account.done(IMAGE.key)
            assert account.usage().usd == 0.03
            seen.append(recorded_states(ledger))
            await account.once(JUDGE, judge)
            return entry

    entry = asyncio.run(go())
    assert seen == [{IMAGE.key: "started"}, {IMAGE.key: "done", JUDGE.key: "started"}]
    assert entries(ledger)[0] == entry


@pytest.mark.parametrize("outcome", ["passed", None])
def test_an_outcome_that_can_be_recovered_is_on_disk_when_the_run_is_released(
    ledger: SqliteLedger, outcome: str | None
) -> None:
    async def go() -> None:
        async with account_of(ledger) as account:
            await account.once(IMAGE, Provider([STORED]))
            if outcome:
                await account.release(outcome)

    asyncio.run(go())
    assert states(ledger) == [("done", 0.03)]


def test_an_outcome_that_can_be_recovered_is_on_disk_when_the_lease_is_renewed(ledger: SqliteLedger) -> None:
    async def go() -> dict[str, str]:
        async with account_of(ledger) as account:
            await account.once(IMAGE, Provider([STORED]))
            await account.confirm()
            return recorded_states(ledger)

    assert asyncio.run(go()) == {IMAGE.key: "done"}


def test_an_outcome_that_was_lost_with_its_process_is_recovered_and_not_sent_again(ledger: SqliteLedger) -> None:
    async def recover(_: Entry) -> CallResult:
        return STORED

    async def go() -> None:
        async with account_of(ledger) as account:
            await account.once(IMAGE, Provider([STORED]))
            await ledger.release("a-run", account._token, None)  # as the ledger sees a dead owner
            account.released = True

    asyncio.run(go())
    assert states(ledger) == [("started", PRICE)]
    entry, sent = once(ledger, IMAGE, DONE, recover=recover)
    assert isinstance(entry, Entry)
    assert (entry.state, entry.usd, sent) == ("done", 0.03, 0)


def test_an_outcome_that_cannot_be_written_with_the_next_call_prevents_it_and_waits(tmp_path: Path) -> None:
    class Failing(SqliteLedger):
        errors: ClassVar[list[LedgerError]] = [LedgerError("the disk is full")]

        async def finish(self, run_id: str, token: str, entry: Entry) -> None:
            if self.errors and entry.call == IMAGE:
                raise self.errors.pop()
            await super().finish(run_id, token, entry)

    async def go() -> tuple[int, dict[str, str]]:
        judge = Provider([DONE])
        with contextlib.closing(Failing(tmp_path / "ledger.db")) as failing:
            async with account_of(failing) as account:
                await account.once(IMAGE, Provider([STORED]))
                with pytest.raises(LedgerError, match="full"):
                    await account.once(JUDGE, judge)
                return judge.sent, recorded_states(failing)

    assert asyncio.run(go()) == (0, {IMAGE.key: "done", JUDGE.key: "refused"})


def test_trouble_while_recovering_changes_nothing(ledger: SqliteLedger) -> None:
    crash_during(ledger, IMAGE)

    async def recover(_: Entry) -> CallResult | CannotTell:
        raise StoreError("the folder is away")

    assert once(ledger, IMAGE, DONE, recover=recover) == (StoreError, 0)
    assert states(ledger) == [("started", PRICE)]


def test_another_request_under_the_same_key_is_refused(ledger: SqliteLedger) -> None:
    once(ledger, IMAGE)
    assert once(ledger, replace(IMAGE, digest="0" * 64)) == (OtherRequest, 0)


def test_a_run_that_was_left_unfinished_is_resumed_at_once(ledger: SqliteLedger) -> None:
    async def leave() -> None:
        with pytest.raises(ZeroDivisionError):
            async with account_of(ledger):
                raise ZeroDivisionError

    asyncio.run(leave())
    row = ledger.run("a-run")
    assert row is not None
    assert (row.live, row.outcome) == (False, None)


def test_the_outcome_of_a_run_stays_recorded_when_the_session_closes(ledger: SqliteLedger) -> None:
    async def end() -> None:
        async with account_of(ledger) as account:
            await account.release("passed")

    asyncio.run(end())
    row = ledger.run("a-run")
    assert row is not None
    assert (row.live, row.outcome) == (False, "passed")


def take_over(ledger: SqliteLedger) -> None:
    """Another process claims the run, as if the lease had expired."""
    with contextlib.closing(sqlite3.connect(ledger._path)) as connection, connection:
        connection.execute("UPDATE runs SET owner = 'another-host/1/abc', lease_until = 1e12")


def test_nothing_is_sent_once_the_run_was_taken_over(ledger: SqliteLedger) -> None:
    async def go() -> tuple[int, bool]:
        provider = Provider([DONE])
        async with account_of(ledger) as account:
            take_over(ledger)
            with pytest.raises(LeaseLost):
                await account.once(IMAGE, provider)
            return provider.sent, account.usage().usd == 0

    assert asyncio.run(go()) == (0, True)
    row = ledger.run("a-run")
    assert row is not None
    assert row.live


def test_a_result_that_comes_after_the_run_was_taken_over_changes_nothing(ledger: SqliteLedger) -> None:
    async def go() -> None:
        async def send(_: Try) -> CallResult:
            take_over(ledger)
            return DONE

        async with account_of(ledger) as account:
            with pytest.raises(LeaseLost):
                await account.once(IMAGE, send)

    asyncio.run(go())
    with ledger._reading() as connection:
        assert [row["state"] for row in connection.execute("SELECT state FROM calls")] == ["started"]


class TakenOver(SqliteLedger):
    """A ledger whose process is suspended past its lease as soon as a call is recorded, while another one takes over."""

    async def begin(self, run_id: str, token: str, entry: Entry, decisions: Sequence[Decision] = ()) -> None:
        await super().begin(run_id, token, entry, decisions)
        take_over(self)


@pytest.mark.parametrize(("lease", "sent"), [(1e-6, 0), (60.0, 1)])
def test_a_process_that_was_suspended_past_its_lease_before_sending_sends_nothing(
    tmp_path: Path, lease: float, sent: int
) -> None:
    """A write that took less than a third of the lease needs no second look."""

    async def go() -> tuple[int, list[State]]:
        provider = Provider([DONE])
        with contextlib.closing(TakenOver(tmp_path / "ledger.db")) as ledger:
            async with account_of(ledger, replace(AT_ONCE, lease=lease)) as account:
                with pytest.raises(LeaseLost):
                    await account.once(IMAGE, provider)
            with ledger._reading() as connection:
                return provider.sent, [row["state"] for row in connection.execute("SELECT state FROM calls")]

    assert asyncio.run(go()) == (sent, ["started"])


class Flaky(SqliteLedger):
    """A ledger that renews a lease by this script: what to raise, or None to do it."""

    def __init__(self, path: Path, script: list[LedgerError | None]) -> None:
        super().__init__(path)
        self.script = script
        self.beats: asyncio.Queue[None] = asyncio.Queue()

    async def renew(self, run_id: str, token: str, lease: float) -> None:
        error = self.script.pop(0) if self.script else None
        self.beats.put_nowait(None)
        if error:
            raise error
        await super().renew(run_id, token, lease)


@pytest.mark.parametrize(
    ("script", "outcome"),
    [([LedgerError("busy")], "done"), ([None, LedgerError("busy"), None], "done"), ([LeaseLost("gone")], "lost")],
)
def test_a_failed_renewal_changes_nothing_and_a_lost_lease_stops_the_sending(
    tmp_path: Path, script: list[LedgerError | None], outcome: str
) -> None:
    beats = len(script)

    async def go() -> str:
        with contextlib.closing(Flaky(tmp_path / "ledger.db", script)) as ledger:
            before = asyncio.all_tasks()
            async with account_of(ledger, replace(AT_ONCE, lease=0.001)) as account, asyncio.timeout(20):
                if outcome == "lost":
                    await asyncio.wait(asyncio.all_tasks() - before)  # the heart, which stops
                else:
                    for _ in range(beats + 1):
                        await ledger.beats.get()
                try:
                    await account.once(IMAGE, Provider([DONE]))
                except LeaseLost:
                    return "lost"
                return "done"

    assert asyncio.run(go()) == outcome


# -- stopping and money ----------------------------------------------------------------------------------------------


def test_once_stopped_no_call_is_sent_and_recorded_results_are_still_returned(ledger: SqliteLedger) -> None:
    first = once(ledger, IMAGE)[0]

    async def go() -> tuple[Entry, int]:
        provider = Provider([DONE])
        async with account_of(ledger) as account:
            account.stop()
            with pytest.raises(Cancelled):
                await account.once(JUDGE, provider)
            return await account.once(IMAGE, provider), provider.sent

    assert asyncio.run(go()) == (first, 0)


def test_a_stop_ends_the_wait_of_a_refused_call(ledger: SqliteLedger) -> None:
    async def go() -> int:
        async with account_of(ledger, SpendingPolicy(initial_backoff=0.0, retry_timeout=9_999.0)) as account:
            refused = asyncio.Event()
            provider = Provider([Refused("busy", retry_after=5_000.0)])

            async def send(_: Try) -> CallResult:
                refused.set()
                return await provider(_)

            call = asyncio.create_task(account.once(IMAGE, send))
            await refused.wait()
            account.stop()
            with pytest.raises(Cancelled):
                await call
            return provider.sent

    assert asyncio.run(go()) == 1


def test_a_call_that_is_not_ready_is_not_recorded(ledger: SqliteLedger) -> None:
    async def not_ready() -> None:
        raise Skipped

    async def go() -> int:
        provider = Provider([DONE])
        async with account_of(ledger) as account:
            with pytest.raises(Skipped):
                await account.once(IMAGE, provider, ready=not_ready)
        return provider.sent

    assert asyncio.run(go()) == 0
    assert entries(ledger) == []


def test_the_same_call_made_concurrently_is_sent_once(ledger: SqliteLedger) -> None:
    async def go() -> tuple[list[Entry], int]:
        provider = Provider([DONE])
        async with account_of(ledger) as account:
            return await asyncio.gather(*(account.once(IMAGE, provider) for _ in range(5))), provider.sent

    found, sent = asyncio.run(go())
    assert (len(found), len(set(found)), sent) == (5, 1, 1)


@pytest.mark.parametrize(("limit", "fits"), [(0.0, 0), (0.039, 0), (0.04, 1), (0.12, 3), (1.0, 25)])
def test_calls_that_race_for_the_same_money_never_exceed_it(ledger: SqliteLedger, limit: float, fits: int) -> None:
    async def go() -> tuple[int, int, float | None]:
        provider = Provider([CallResult("{}", PRICE)])
        async with account_of(ledger, replace(AT_ONCE, usd=limit)) as account:
            calls = [account.once(replace(IMAGE, attempt=number), provider) for number in range(32)]
            ends = await asyncio.gather(*calls, return_exceptions=True)
            assert all(isinstance(end, Entry | OverBudget) for end in ends)
            return provider.sent, sum(isinstance(end, Entry) for end in ends), account.usage().usd

    assert asyncio.run(go()) == (fits, fits, pytest.approx(fits * PRICE))


def test_amounts_far_below_a_cent_add_up(ledger: SqliteLedger) -> None:
    async def go() -> int:
        provider = Provider([CallResult("{}", 4e-7)])
        async with account_of(ledger, replace(AT_ONCE, usd=4e-6)) as account:
            calls = [account.once(replace(JUDGE, attempt=number, price=4e-7), provider) for number in range(32)]
            await asyncio.gather(*calls, return_exceptions=True)
        return provider.sent

    assert asyncio.run(go()) == 10


def test_what_a_call_did_not_use_of_its_price_can_be_spent(ledger: SqliteLedger) -> None:
    async def go() -> int:
        provider = Provider([CallResult("{}", 0.01)])
        async with account_of(ledger, replace(AT_ONCE, usd=0.06)) as account:
            for number in range(3):
                await account.once(replace(IMAGE, attempt=number), provider)
            with pytest.raises(OverBudget, match=r"^\$0\.03 of \$0\.06 is spent, and the next step may cost \$0\.04$"):
                await account.once(replace(IMAGE, attempt=3), provider)
        return provider.sent

    assert asyncio.run(go()) == 3


def test_the_price_of_a_call_of_unknown_outcome_stays_spent(ledger: SqliteLedger) -> None:
    once(ledger, IMAGE, UNKNOWN)
    assert once(ledger, JUDGE, DONE, terms=replace(AT_ONCE, usd=0.07)) == (OverBudget, 0)


def test_a_try_again_must_fit_under_the_limit_too(ledger: SqliteLedger) -> None:
    assert once(ledger, IMAGE, FAILED, DONE, terms=replace(AT_ONCE, usd=0.07)) == (OverBudget, 1)


def test_an_unknown_price_is_never_counted_as_zero(ledger: SqliteLedger) -> None:
    unpriced = replace(IMAGE, price=None)
    assert once(ledger, unpriced, terms=replace(AT_ONCE, usd=100.0)) == (OverBudget, 0)
    assert once(ledger, unpriced, CallResult("{}", None))[1] == 1
    assert once(ledger, JUDGE, terms=replace(AT_ONCE, usd=100.0)) == (OverBudget, 0)

    async def go() -> float | None:
        async with account_of(ledger) as account:
            return account.usage().usd

    assert asyncio.run(go()) is None


# -- what several runs share -------------------------------------------------------------------------------------------


def test_runs_that_share_a_budget_never_exceed_it_together(ledger: SqliteLedger) -> None:
    budget = Budget(0.21)

    async def run(run_id: str, limit: float | None) -> int:
        provider = Provider([CallResult("{}", PRICE)])
        policy = replace(AT_ONCE, usd=limit)
        async with open_account(ledger, run_id, "{}", "{}", policy, budget=budget) as account:
            calls = [account.once(replace(IMAGE, attempt=number), provider) for number in range(8)]
            await asyncio.gather(*calls, return_exceptions=True)
            assert account.usage().usd == pytest.approx(provider.sent * PRICE)
        return provider.sent

    async def go() -> list[int]:
        return list(await asyncio.gather(run("a", None), run("b", 0.05), run("c", 1.0)))

    sent = asyncio.run(go())
    assert sum(sent) == 5
    assert sent[1] <= 1
    assert budget.spent == 0.2


def test_what_is_recorded_of_a_run_counts_in_the_shared_budget_once(ledger: SqliteLedger) -> None:
    once(ledger, IMAGE, FAILED, DONE)
    budget = Budget(1.0)

    async def go() -> None:
        for _ in range(3):
            async with open_account(ledger, "a-run", "{}", "{}", AT_ONCE, budget=budget):
                assert budget.spent == PRICE + 0.03

    asyncio.run(go())


def test_a_call_that_could_not_be_recorded_is_not_counted(ledger: SqliteLedger) -> None:
    budget = Budget(1.0)

    async def go() -> None:
        async with open_account(ledger, "a-run", "{}", "{}", replace(AT_ONCE, usd=1.0), budget=budget) as account:
            take_over(ledger)
            with pytest.raises(LeaseLost):
                await account.once(IMAGE, Provider([DONE]))

    asyncio.run(go())
    assert budget.spent == 0.0


def test_a_pause_that_one_run_was_asked_for_holds_for_another(ledger: SqliteLedger) -> None:
    rates, waits = Rates(), list[Wait]()
    patient = replace(AT_ONCE, retry_timeout=0.0)

    async def run(run_id: str, call: Call, answer: Answer, policy: SpendingPolicy) -> int:
        provider = Provider([answer])
        async with open_account(ledger, run_id, "{}", "{}", policy, rates=rates, tell=waits.append) as account:
            with contextlib.suppress(Refused):
                await account.once(call, provider)
        return provider.sent

    async def go() -> list[int]:
        first = await run("a", IMAGE, Refused("slow down", retry_after=1_000.0), patient)
        same_model = await run("b", replace(JUDGE, model=IMAGE.model), DONE, patient)
        return [first, same_model, await run("c", JUDGE, DONE, patient)]

    assert asyncio.run(go()) == [1, 0, 1]
    assert waits == []  # too long to be waited out


def test_a_run_that_is_stopped_waits_for_no_turn(ledger: SqliteLedger) -> None:
    rates = Rates()
    rates.pause(IMAGE.model, 5_000.0)

    async def go() -> int:
        waits: asyncio.Queue[Wait] = asyncio.Queue()
        provider = Provider([DONE])
        policy = replace(AT_ONCE, retry_timeout=9_999.0)
        async with open_account(ledger, "a-run", "{}", "{}", policy, rates=rates, tell=waits.put_nowait) as account:
            call = asyncio.create_task(account.once(IMAGE, provider))
            wait = await waits.get()
            assert (wait.call, wait.reason) == (IMAGE, "test:painter asked for a pause")
            assert 4_990 < wait.seconds <= 5_000
            account.stop()
            with pytest.raises(Cancelled):
                await call
        return provider.sent

    assert asyncio.run(go()) == 0
    assert entries(ledger) == []


def test_runs_take_turns_and_one_that_waits_says_so_once_and_gives_up_in_time(ledger: SqliteLedger) -> None:
    now, waits = 0.0, list[Wait]()
    rates = Rates(limits={IMAGE.model: RateLimit.parse("1/hour")}, clock=lambda: now)
    hasty = replace(AT_ONCE, retry_timeout=0.0, turn_timeout=1.0)

    async def run(run_id: str, policy: SpendingPolicy = AT_ONCE, *, stop: bool = False) -> str:
        waiting = asyncio.Event()

        def tell(wait: Wait) -> None:
            waits.append(wait)
            waiting.set()

        async with open_account(ledger, run_id, "{}", "{}", policy, rates=rates, tell=tell) as account:
            call = asyncio.create_task(account.once(IMAGE, Provider([DONE])))
            if stop:
                await waiting.wait()
                account.stop()
            try:
                return (await call).state
            except OnbriefError as error:
                return f"{type(error).__name__}: {error}"

    async def go() -> list[str]:
        nonlocal now
        ended = [await run("a"), await run("b", hasty), await run("c", stop=True)]
        now += 3601.0
        return [*ended, await run("d"), await run("e", replace(hasty, usd=0.0))]

    limited = "Refused: requests to test:painter are limited to 1 per hour"
    assert asyncio.run(go()) == ["done", limited, "Cancelled: stopped by the user", "done", limited]
    assert [(wait.reason, wait.seconds > 3500) for wait in waits] == [(limited.removeprefix("Refused: "), True)]


def test_a_turn_that_is_not_used_is_given_back(ledger: SqliteLedger) -> None:
    rates = Rates(limits={IMAGE.model: RateLimit.parse("1/hour")})

    async def go() -> str:
        async with open_account(ledger, "a", "{}", "{}", replace(AT_ONCE, usd=0.0), rates=rates) as account:
            with pytest.raises(OverBudget):
                await account.once(IMAGE, Provider([DONE]))
        async with open_account(ledger, "b", "{}", "{}", AT_ONCE, rates=rates) as account:
            return (await account.once(IMAGE, Provider([DONE]))).state

    assert asyncio.run(go()) == "done"


def test_tokens_and_refusals_are_noted_for_all_runs(ledger: SqliteLedger) -> None:
    rates = Rates()
    used = CallResult("{}", 0.01, Tokens(30, 12))

    async def send(_: Try) -> CallResult:
        hear([Allowance("requests", 5, 4, 1.0)])
        return used

    async def go() -> RateLimit | None:
        async with open_account(ledger, "a", "{}", "{}", AT_ONCE, rates=rates) as account:
            assert (await account.once(JUDGE, send)).tokens == used.tokens
            refused = Provider([Refused("slow down", limited=True), DONE])
            assert (await account.once(IMAGE, refused)).state == "done"
        return rates.limit(JUDGE.model)

    assert asyncio.run(go()) == RateLimit((Rate(5),))
    assert rates.limit(IMAGE.model) == RateLimit((Rate(1),))  # it was refused with none in the minute before


def test_no_wait_is_silent(ledger: SqliteLedger) -> None:
    waits: list[Wait] = []

    async def go() -> None:
        provider = Provider([Refused("busy", retry_after=0.002), FAILED, Refused("busy", retry_after=0.001), REFUSED, DONE])
        async with open_account(ledger, "a-run", "{}", "{}", AT_ONCE, tell=waits.append) as account:
            await account.once(IMAGE, provider)
            usage = account.usage()
        assert (usage.waits, usage.waited_seconds >= 0.003) == (2, True)

    asyncio.run(go())
    assert waits == [Wait(IMAGE, 0.002, "busy", tries=1), Wait(IMAGE, 0.001, "busy", tries=3)]


def test_what_is_recorded_waits_for_no_turn(ledger: SqliteLedger) -> None:
    first = once(ledger, IMAGE)[0]
    rates = Rates()
    rates.pause(IMAGE.model, 5_000.0)

    async def skip() -> None:
        raise Skipped

    async def go() -> None:
        async with open_account(ledger, "a-run", "{}", "{}", AT_ONCE, rates=rates) as account:
            assert await account.once(IMAGE, Provider([DONE])) == first
            with pytest.raises(Skipped):
                await account.once(JUDGE, Provider([DONE]), ready=skip)

    asyncio.run(go())


# -- decisions -------------------------------------------------------------------------------------------------------

DECISIONS = [Decision(0, "generate", {"revision": 0, "attempts": [0, 1]}), Decision(1, "stop", {"outcome": "passed"}, "why")]


def recorded_decisions(ledger: SqliteLedger) -> list[Decision]:
    token = new_token()
    found = Blocking(ledger).claim("a-run", "{}", "{}", token, 60.0)
    Blocking(ledger).release("a-run", token, None)
    return list(found.decisions)


def numbers_on_disk(ledger: SqliteLedger) -> list[int]:
    with contextlib.closing(sqlite3.connect(ledger._path)) as connection:
        return [number for (number,) in connection.execute("SELECT number FROM decisions ORDER BY number")]


def test_decisions_are_recorded_with_the_call_that_follows_and_with_the_end(ledger: SqliteLedger) -> None:
    async def go() -> None:
        async with account_of(ledger) as account:
            account.decide(DECISIONS[0])
            assert (account.decisions, numbers_on_disk(ledger)) == ((DECISIONS[0],), [])
            await asyncio.gather(*(account.once(replace(IMAGE, attempt=number), Provider([DONE])) for number in range(3)))
            assert numbers_on_disk(ledger) == [0]
            account.decide(DECISIONS[1])
            await account.release("passed")
            assert account.decisions == tuple(DECISIONS)

    asyncio.run(go())
    assert recorded_decisions(ledger) == DECISIONS

    async def again() -> None:
        async with account_of(ledger) as account:
            assert account.decisions == tuple(DECISIONS)

    asyncio.run(again())


def test_a_decision_without_a_call_is_recorded_when_the_run_is_left(ledger: SqliteLedger) -> None:
    async def go() -> None:
        async with account_of(ledger) as account:
            account.decide(DECISIONS[0])

    asyncio.run(go())
    assert recorded_decisions(ledger) == DECISIONS[:1]


def test_a_decision_whose_call_could_not_be_recorded_waits_for_the_next_one(ledger: SqliteLedger) -> None:
    class Failing(SqliteLedger):
        errors: ClassVar[list[LedgerError]] = [LedgerError("the disk is full")]

        async def begin(self, run_id: str, token: str, entry: Entry, decisions: Sequence[Decision] = ()) -> None:
            if self.errors:
                await super().begin(run_id, token, entry, decisions)  # it is on the disk all the same
                raise self.errors.pop()
            await super().begin(run_id, token, entry, decisions)

    async def go() -> None:
        with contextlib.closing(Failing(ledger._path)) as failing:
            async with account_of(failing) as account:
                account.decide(DECISIONS[0])
                with pytest.raises(LedgerError, match="full"):
                    await account.once(IMAGE, Provider([DONE]))
                await account.once(IMAGE, Provider([DONE]))
                assert account.decisions == (DECISIONS[0],)

    asyncio.run(go())
    assert recorded_decisions(ledger) == DECISIONS[:1]
    assert states(ledger) == [("refused", 0.0), ("done", 0.03)]


# -- any order of calls, outcomes and crashes ------------------------------------------------------------------------

Fate = Literal["done", "cheap", "refused", "failed", "unknown", "blocked", "config", "busy", "store", "bug", "crash"]
FATES: list[Fate] = [*get_args(Fate)]
ERRORS: dict[str, Exception] = {
    "refused": REFUSED,
    "failed": FAILED,
    "unknown": UNKNOWN,
    "blocked": BLOCKED,
    "config": ConfigError("no access"),
    "busy": Refused("busy for long", retry_after=9_999.0),
    "store": StoreError("the disk is full"),
    "bug": RuntimeError("a defect"),
}
FREE = {"refused", "config", "busy"}
KINDS: list[CallKind] = ["image", "judge", "plan"]


class Crash(BaseException):
    """Stands for the end of the process, at the point where it is raised."""


@dataclass
class Truth:
    """What happened, from the point of view of the provider and the store."""

    bill: float = 0.0
    accepted: list[str] = field(default_factory=list[str])
    stored: set[str] = field(default_factory=set[str])
    known: set[str] = field(default_factory=set[str])  # keys with a result or a refusal that was written down
    unknown: set[str] = field(default_factory=set[str])
    failed: Counter[str] = field(default_factory=Counter[str])


SCRATCH = Path("/dev/shm") if Path("/dev/shm").is_dir() else None  # noqa: S108 - a faster disk; nothing is kept


class Sessions(RuleBasedStateMachine):
    """Sessions of one run, one after the other, with everything that can happen in them."""

    ledger: SqliteLedger
    loop: asyncio.AbstractEventLoop

    @initialize(usd=st.sampled_from([None, 0.0, 0.1, 0.25, 1.0]), resend=st.booleans())
    def begin(self, usd: float | None, resend: bool) -> None:
        self.run_id = secrets.token_hex(8)  # all the runs of the test share one ledger
        self.truth = Truth()
        self.limit = usd
        self.highest = usd
        self.resend = resend
        self.stale: list[Account] = []
        self.account = self.loop.run_until_complete(self.claimed())

    async def claimed(self) -> Account:
        token = new_token()
        recorded = await self.ledger.claim(self.run_id, "{}", "{}", token, 60.0)
        terms = SpendingPolicy(usd=self.limit, resend_unknown=self.resend, initial_backoff=0.0)
        return Account(self.ledger, recorded, token, terms)

    async def send(self, key: str, fates: list[Fate]) -> CallResult:
        """The provider's part of a call."""
        fate = fates.pop(0) if fates else "done"
        assert key not in self.truth.known, "sent again what is recorded"
        image = key.startswith("image")
        assert self.resend or not image or key not in self.truth.unknown, "sent a call of unknown outcome again"
        assert self.truth.failed[key] < 3, "sent a call again that failed three times"
        self.truth.failed[key] += fate == "failed"
        if fate not in FREE:
            self.truth.bill += PRICE / 2 if fate == "cheap" else PRICE
            self.truth.accepted.append(key)
        if fate in {"unknown", "bug", "store", "crash"}:
            self.truth.unknown.add(key)
        if fate in {"store", "crash"} and image:
            self.truth.stored.add(key)
        if fate == "crash":
            raise Crash
        if fate == "blocked":
            self.truth.known.add(key)
        if error := ERRORS.get(fate):
            raise error
        self.truth.known.add(key)
        return CallResult('{"ok":1}', PRICE / 2 if fate == "cheap" else PRICE, Tokens(1, 1))

    @rule(
        kind=st.sampled_from(KINDS),
        numbers=st.lists(st.integers(0, 2), min_size=1, max_size=3),
        fates=st.lists(st.sampled_from(FATES), max_size=4),
    )
    def call(self, kind: CallKind, numbers: list[int], fates: list[Fate]) -> None:
        """A call, or a few of the same kind at once; the process may end in the middle of them."""
        self.loop.run_until_complete(self.calls(kind, numbers, fates))

    async def calls(self, kind: CallKind, numbers: list[int], fates: list[Fate]) -> None:
        crashed = False

        async def one(number: int) -> None:
            nonlocal crashed
            call = Call(kind, 0, number, "test:model", "d" * 64, PRICE)

            async def recover(_: Entry) -> CallResult | CannotTell:
                if call.key not in self.truth.stored:
                    return CannotTell("")
                self.truth.known.add(call.key)
                return CallResult('{"found":1}', PRICE)

            async def ready() -> None:
                if crashed:
                    raise Crash

            try:
                entry = await self.account.once(call, lambda _: self.send(call.key, fates), recover, ready)
            except Crash:
                crashed = True
            except Unknown:
                assert call.key in self.truth.unknown
            except (CallError, OverBudget, Cancelled, ConfigError, StoreError):
                pass
            except RuntimeError as error:
                assert error is ERRORS["bug"]  # noqa: PT017
            else:
                assert entry.state == "done"
                assert call.key in self.truth.known

        await asyncio.gather(*(one(number) for number in numbers))
        if crashed:
            await self.start_again(None)

    def begin_again(self, outcome: str | None) -> None:
        self.loop.run_until_complete(self.start_again(outcome))

    async def start_again(self, outcome: str | None) -> None:
        """The state of this session is what the next one finds recorded."""
        before = self.account._entries
        self.stale.append(self.account)
        await self.ledger.release(self.run_id, self.account._token, outcome)  # as the ledger sees a dead owner
        self.account = await self.claimed()
        assert self.account._entries == before

    @rule()
    def crash_between_calls(self) -> None:
        self.begin_again(None)

    @rule(usd=st.sampled_from([None, 0.1, 0.5, 1.0]), resend=st.booleans())
    def go_on_with_other_terms(self, usd: float | None, resend: bool) -> None:
        self.limit, self.resend = usd, resend
        self.highest = None if usd is None or self.highest is None else max(usd, self.highest)
        self.begin_again("failed")

    @rule()
    def stop(self) -> None:
        self.account.stop()
        accepted = list(self.truth.accepted)
        self.loop.run_until_complete(self.calls("judge", [0, 1, 2], []))
        assert self.truth.accepted == accepted
        self.begin_again("cancelled")

    @rule(fates=st.lists(st.sampled_from(FATES[:3]), max_size=2))
    def a_stale_owner_wakes_up(self, fates: list[Fate]) -> None:
        if not self.stale:
            return
        stale, before = self.stale[-1], self.stored_entries()
        call = Call("image", 9, 9, "test:model", "d" * 64, PRICE)
        stale._funds.budgets = ()
        stale._stopping.clear()

        async def wake() -> None:
            with pytest.raises(LeaseLost):
                await stale.once(call, lambda _: self.send(call.key, fates))
            with pytest.raises(LeaseLost):
                await stale.release("passed")

        accepted = list(self.truth.accepted)
        self.loop.run_until_complete(wake())
        assert (self.truth.accepted, self.stored_entries()) == (accepted, before)

    def stored_entries(self) -> list[tuple[object, ...]]:
        with self.ledger._reading() as connection:
            query = "SELECT key, number, state, usd, result FROM calls WHERE run_id = ? ORDER BY key, number"
            rows = connection.execute(query, (self.run_id,))
            return [tuple(row) for row in rows]

    @invariant()
    def what_is_counted_is_what_was_billed_or_more_and_never_above_the_limit(self) -> None:
        if not hasattr(self, "account"):
            return
        usd = self.account.usage().usd
        assert usd is not None
        assert usd >= self.truth.bill - 1e-9
        assert self.highest is None or usd <= self.highest + 1e-9
        assert self.highest is None or self.truth.bill <= self.highest + 1e-9

    def teardown(self) -> None:
        if hasattr(self, "account"):
            self.begin_again(None)


@pytest.mark.parametrize("examples", [100, pytest.param(2_000, marks=pytest.mark.soak)])
def test_no_order_of_calls_outcomes_and_crashes_breaks_the_rules(tmp_path: Path, examples: int) -> None:
    with (
        tempfile.TemporaryDirectory(dir=SCRATCH or tmp_path) as folder,
        contextlib.closing(SqliteLedger(Path(folder) / "ledger.db")) as ledger,
        asyncio.Runner() as runner,
    ):
        machine = type("Sessions", (Sessions,), {"ledger": ledger, "loop": runner.get_loop()})
        run_state_machine_as_test(machine, settings=settings(max_examples=examples, stateful_step_count=15, deadline=None))
