"""Tests that every ledger must pass, to inherit; see `onbrief.testing`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final

from onbrief.errors import LeaseLost, LedgerBusy, LedgerError, OtherRequest
from onbrief.ledger.owner import new_token
from onbrief.ports import Call, Decision, Entry, Label, Ledger, Recorded, RunRow, Tokens
from onbrief.testing.running import in_loop, raises

ELSEWHERE: Final = "another-host/1/abc"
"""The token of an owner on another host, which cannot be recognized as dead."""
CALL: Final = Call("image", 1, 3, "test:painter", "d" * 64, 0.04)
STARTED: Final = Entry(CALL, 0, "started", 0.04)
DONE: Final = replace(STARTED, state="done", usd=0.03, seconds=1.5, tokens=Tokens(10, 20), result='{"a":"é"}')
FIRST: Final = Decision(0, "generate", {"revision": 0, "attempts": [0, 1]}, "", 0.5, 0.005)
SECOND: Final = Decision(1, "revise", {"revision": 1, "with_history": True, "attempts": ["000-000"]}, "né", 2.25, None)
LAST: Final = Decision(2, "stop", {"outcome": "unmet"}, "no images are left")

LABEL: Final = Label(1, 3, "r1", "no", "née", "it is a tower", "2026-11-22T10:15:00.000Z")


class LedgerContract:
    """The tests of every ledger. Override `ledger`."""

    def ledger(self) -> Ledger:
        """Open the ledger under test, which is empty when a test begins. Called again within a test, open the same one as
        another process would.
        """
        raise NotImplementedError("a contract test needs a method `ledger` that opens the ledger under test")

    def setup_method(self) -> None:
        """Prepare a test; called by pytest."""
        self._opened: list[Ledger] = []

    def teardown_method(self) -> None:
        """Close the ledgers that the test opened; called by pytest."""
        for ledger in self._opened:
            ledger.close()

    def opened(self) -> Ledger:
        """Open a `ledger` that is closed after the test."""
        self._opened.append(self.ledger())
        return self._opened[-1]

    async def recorded(self) -> Recorded:
        """Claim the run with a new token, release it unchanged, and return what is recorded of it."""
        ledger, token = self.opened(), new_token()
        row = await _run(ledger)
        assert row is not None
        found = await ledger.claim("a-run", row.request, row.settings, token, 60.0)
        await ledger.release("a-run", token, row.outcome)
        return found

    async def entries(self) -> list[Entry]:
        """Return the recorded entries of the run."""
        return list((await self.recorded()).entries)

    # -- calls -------------------------------------------------------------------------------------------------------

    @in_loop
    async def test_a_new_run_has_no_entries(self) -> None:
        ledger = self.opened()
        found = await ledger.claim("a-run", '{"brief":1}', '{"parallel":1}', new_token(), 60.0)
        row = found.row
        assert (row.run_id, row.request, row.settings) == ("a-run", '{"brief":1}', '{"parallel":1}')
        assert (row.outcome, row.ended, row.live) == (None, None, True)
        assert (found.entries, found.decisions) == ((), ())
        assert await _run(ledger) == row

    @in_loop
    async def test_what_is_begun_and_finished_is_read_back_by_the_next_owner(self) -> None:
        ledger, token = self.opened(), new_token()
        failed, second = replace(DONE, state="failed", message="its words"), replace(DONE, number=1)
        unpriced = Entry(Call("judge", 0, 0, "test:critic", "e" * 64, None), 0, "started", None)
        vote = Entry(Call("judge", 0, 0, "test:critic", "e" * 64, 0.01, "vote-2"), 0, "started", 0.01)
        await claim(ledger, token)
        await ledger.begin("a-run", token, STARTED)
        await ledger.finish("a-run", token, failed)
        await ledger.begin("a-run", token, replace(STARTED, number=1))
        await ledger.finish("a-run", token, second)
        await ledger.begin("a-run", token, unpriced)
        await ledger.begin("a-run", token, vote)
        await ledger.release("a-run", token, None)
        assert await self.entries() == [failed, second, unpriced, vote]

    @in_loop
    async def test_calls_come_back_in_the_order_in_which_they_were_begun(self) -> None:
        ledger, token = self.opened(), new_token()
        calls = [replace(STARTED, call=replace(CALL, attempt=number % 3), number=number // 3) for number in (3, 1, 2, 0, 5, 4)]
        await claim(ledger, token)
        for entry in calls:
            await ledger.begin("a-run", token, entry)
        await ledger.finish("a-run", token, replace(calls[1], state="done"))
        await ledger.release("a-run", token, None)
        assert [(entry.call, entry.number) for entry in await self.entries()] == [(entry.call, entry.number) for entry in calls]

    @in_loop
    async def test_parts_of_a_call_are_separate_calls(self) -> None:
        ledger, token, part = self.opened(), new_token(), replace(CALL, kind="judge", part="vote-2")
        await claim(ledger, token)
        for call in (part, replace(part, part="vote-3"), replace(part, part="")):
            await ledger.begin("a-run", token, Entry(call, 0, "started", 0.04))
        await ledger.finish("a-run", token, replace(DONE, call=part))
        await ledger.release("a-run", token, None)
        assert [(entry.call.key, entry.call.part, entry.state) for entry in await self.entries()] == [
            ("judge/001-003/vote-2", "vote-2", "done"),
            ("judge/001-003/vote-3", "vote-3", "started"),
            ("judge/001-003", "", "started"),
        ]

    @in_loop
    async def test_tries_of_a_call_come_back_in_their_order(self) -> None:
        ledger, token = self.opened(), new_token()
        await claim(ledger, token)
        for number in range(12):
            await ledger.begin("a-run", token, replace(STARTED, number=number))
        await ledger.release("a-run", token, None)
        assert [entry.number for entry in await self.entries()] == list(range(12))

    @in_loop
    async def test_the_same_try_cannot_be_begun_twice(self) -> None:
        ledger, token = self.opened(), new_token()
        await claim(ledger, token)
        await ledger.begin("a-run", token, STARTED)
        with raises(LedgerError):
            await ledger.begin("a-run", token, STARTED)

    @in_loop
    async def test_calls_that_are_begun_concurrently_are_all_recorded(self) -> None:
        ledger, token = self.opened(), new_token()
        calls = [replace(STARTED, call=replace(CALL, attempt=number)) for number in range(16)]
        await claim(ledger, token)
        await asyncio.gather(*(ledger.begin("a-run", token, entry) for entry in calls))
        await asyncio.gather(*(ledger.finish("a-run", token, replace(entry, state="done")) for entry in calls))
        await ledger.release("a-run", token, None)
        found = await self.entries()
        assert sorted(entry.call.attempt for entry in found) == list(range(16))
        assert {entry.state for entry in found} == {"done"}

    @in_loop
    async def test_a_failure_among_concurrent_writes_affects_no_other(self) -> None:
        ledger, token = self.opened(), new_token()
        await claim(ledger, token)
        await ledger.begin("a-run", token, STARTED)
        others = [replace(STARTED, number=1), replace(STARTED, number=2)]
        writes = [ledger.begin("a-run", token, entry) for entry in (others[0], STARTED, others[1])]
        writes.append(ledger.finish("a-run", ELSEWHERE, replace(DONE, number=1)))
        ended = await asyncio.gather(*writes, return_exceptions=True)
        assert [isinstance(end, LedgerError) for end in ended] == [False, True, False, True]
        await ledger.release("a-run", token, None)
        found = await self.entries()
        assert {(entry.number, entry.state) for entry in found} == {(0, "started"), (1, "started"), (2, "started")}

    # -- decisions ---------------------------------------------------------------------------------------------------

    @in_loop
    async def test_decisions_come_back_in_their_order_as_they_were_written(self) -> None:
        ledger, token = self.opened(), new_token()
        await claim(ledger, token)
        await ledger.begin("a-run", token, STARTED, [FIRST])
        await ledger.finish("a-run", token, DONE)
        await ledger.begin("a-run", token, replace(STARTED, number=1), [SECOND])
        await ledger.release("a-run", token, "unmet", [LAST])
        assert (await self.recorded()).decisions == (FIRST, SECOND, LAST)

    @in_loop
    async def test_several_decisions_are_written_with_one_call(self) -> None:
        ledger, token = self.opened(), new_token()
        await claim(ledger, token)
        await ledger.begin("a-run", token, STARTED, [FIRST, SECOND])
        await ledger.release("a-run", token, None)
        assert (await self.recorded()).decisions == (FIRST, SECOND)

    @in_loop
    async def test_a_decision_that_comes_twice_is_recorded_once(self) -> None:
        ledger, token = self.opened(), new_token()
        await claim(ledger, token)
        await ledger.begin("a-run", token, STARTED, [FIRST])
        await ledger.begin("a-run", token, replace(STARTED, number=1), [FIRST, SECOND])
        await ledger.release("a-run", token, None, [SECOND])
        assert (await self.recorded()).decisions == (FIRST, SECOND)

    @in_loop
    async def test_decisions_of_a_call_that_is_not_begun_are_not_written(self) -> None:
        ledger, token = self.opened(), new_token()
        await claim(ledger, token)
        await ledger.begin("a-run", token, STARTED, [FIRST])
        with raises(LedgerError):
            await ledger.begin("a-run", token, STARTED, [SECOND])
        with raises(LeaseLost):
            await ledger.begin("a-run", ELSEWHERE, replace(STARTED, number=1), [SECOND])
        with raises(LeaseLost):
            await ledger.release("a-run", ELSEWHERE, "unmet", [LAST])
        await ledger.release("a-run", token, None)
        found = await self.recorded()
        assert (found.entries, found.decisions) == ((STARTED,), (FIRST,))

    @in_loop
    async def test_the_next_owner_continues_the_numbers_of_decisions(self) -> None:
        ledger, token, other = self.opened(), new_token(), new_token()
        await claim(ledger, token)
        await ledger.begin("a-run", token, STARTED, [FIRST])
        await ledger.release("a-run", token, None)
        another = self.opened()
        assert (await claim(another, other)).decisions == (FIRST,)
        await another.begin("a-run", other, replace(STARTED, number=1), [SECOND])
        await another.release("a-run", other, None)
        assert (await self.recorded()).decisions == (FIRST, SECOND)

    @in_loop
    async def test_decisions_of_two_runs_are_kept_apart(self) -> None:
        ledger, tokens = self.opened(), {"a-run": new_token(), "b-run": new_token()}
        for run_id, token in tokens.items():
            await claim(ledger, token, run_id=run_id)
        await ledger.begin("a-run", tokens["a-run"], STARTED, [FIRST])
        await ledger.release("b-run", tokens["b-run"], "unmet", [replace(LAST, number=0)])
        await ledger.release("a-run", tokens["a-run"], None)
        assert (await self.recorded()).decisions == (FIRST,)

    # -- labels ------------------------------------------------------------------------------------------------------

    @in_loop
    async def test_labels_come_back_in_order_and_a_later_one_replaces_that_of_the_same_person(self) -> None:
        ledger = self.opened()
        await claim(ledger, ELSEWHERE)  # another process may own the run
        await ledger.label("a-run", [replace(LABEL, requirement="r2", label="yes"), LABEL])
        other = replace(LABEL, by="someone else", label="yes")
        await self.opened().label("a-run", [other, replace(LABEL, label="debatable", note="")])
        first = replace(LABEL, revision=0, attempt=0)
        await ledger.label("a-run", [first])
        expected = [first, replace(LABEL, label="debatable", note=""), other, replace(LABEL, requirement="r2", label="yes")]
        for each in (ledger, self.opened()):
            assert await asyncio.to_thread(each.labels, "a-run") == expected
        await ledger.release("a-run", ELSEWHERE, "unmet")  # the owner has not noticed

    @in_loop
    async def test_labels_of_several_people_at_once_are_all_kept(self) -> None:
        await claim(self.opened(), new_token())
        labels = [replace(LABEL, by=f"person {number}") for number in range(6)]
        await asyncio.gather(*(self.opened().label("a-run", [label]) for label in labels))
        assert await asyncio.to_thread(self.opened().labels, "a-run") == labels

    @in_loop
    async def test_labels_end_with_their_run(self) -> None:
        ledger, token = self.opened(), new_token()
        with raises(LedgerError):
            await ledger.label("a-run", [LABEL])
        for run_id in ("a-run", "b-run"):
            await claim(ledger, token, run_id=run_id)
            await ledger.label(run_id, [LABEL])
            await ledger.release(run_id, token, "unmet")
        await ledger.forget("a-run")
        await claim(ledger, token)
        assert [await asyncio.to_thread(ledger.labels, run_id) for run_id in ("a-run", "b-run")] == [[], [LABEL]]

    # -- lists of runs -----------------------------------------------------------------------------------------------

    @in_loop
    async def test_runs_are_listed_newest_first(self) -> None:
        ledger = self.opened()
        for run_id in ("b", "a", "c"):
            await claim(ledger, new_token(), run_id=run_id)
        rows = await asyncio.to_thread(ledger.runs)
        assert rows == sorted(rows, key=lambda row: (row.started, row.run_id), reverse=True)
        assert {row.run_id for row in rows} == {"a", "b", "c"}
        assert await _run(ledger, "d") is None

    @in_loop
    async def test_the_runs_of_a_request_are_distinguished_from_others(self) -> None:
        ledger = self.opened()
        for run_id, request in (("b", "{}"), ("a", '{"brief":"é"}'), ("c", "{}")):
            await claim(ledger, new_token(), run_id=run_id, request=request)
        rows = await asyncio.to_thread(ledger.runs)
        assert await _runs_of(ledger, "{}") == [row for row in rows if row.run_id in {"b", "c"}]
        assert [row.run_id for row in await _runs_of(self.opened(), '{"brief":"é"}')] == ["a"]
        assert await _runs_of(ledger, '{"brief":"other"}') == []

    @in_loop
    async def test_a_run_that_was_not_begun_does_not_belong_to_its_request(self) -> None:
        ledger = self.opened()
        await claim(ledger, new_token())
        with raises(OtherRequest):
            await claim(ledger, new_token(), request='{"brief":"other"}')
        assert await _runs_of(ledger, '{"brief":"other"}') == []

    # -- owners ------------------------------------------------------------------------------------------------------

    @in_loop
    async def test_a_run_that_ended_can_be_claimed_again_and_is_then_not_ended(self) -> None:
        ledger, token = self.opened(), new_token()
        started = (await claim(ledger, token)).row.started
        await ledger.release("a-run", token, "unmet")
        ended = await _run(ledger)
        assert ended is not None
        assert (ended.outcome, ended.live, ended.ended is None) == ("unmet", False, False)
        row = (await ledger.claim("a-run", "{}", '{"parallel":4}', new_token(), 60.0)).row
        assert (row.outcome, row.ended, row.live, row.started, row.settings) == (None, None, True, started, '{"parallel":4}')
        assert await _run(ledger) == row

    @in_loop
    async def test_a_run_id_belongs_to_one_request(self) -> None:
        ledger, token = self.opened(), new_token()
        await claim(ledger, token)
        await ledger.release("a-run", token, "passed")
        with raises(OtherRequest):
            await claim(ledger, new_token(), request='{"brief":"another"}')
        row = await _run(ledger)
        assert row is not None
        assert (row.request, row.outcome) == ("{}", "passed")

    @in_loop
    async def test_a_run_that_is_in_use_on_another_host_is_refused(self) -> None:
        await claim(self.opened(), ELSEWHERE)
        with raises(LedgerBusy):
            await claim(self.opened(), new_token())

    @in_loop
    async def test_a_run_that_is_in_use_in_this_process_is_refused(self) -> None:
        await claim(self.opened(), new_token())
        with raises(LedgerBusy):
            await claim(self.opened(), new_token())

    @in_loop
    async def test_a_run_whose_lease_has_run_out_is_taken_over(self) -> None:
        ledger = self.opened()
        await claim(ledger, ELSEWHERE, lease=0.0)
        row = await _run(ledger)
        assert row is not None
        assert not row.live
        assert (await claim(self.opened(), new_token())).entries == ()

    @in_loop
    async def test_a_renewed_lease_holds(self) -> None:
        ledger = self.opened()
        await claim(ledger, ELSEWHERE, lease=0.0)
        await ledger.renew("a-run", ELSEWHERE, 60.0)
        with raises(LedgerBusy):
            await claim(self.opened(), new_token())

    @in_loop
    async def test_of_concurrent_claims_one_succeeds(self) -> None:
        claims = [claim(ledger, new_token()) for ledger in (self.opened(), self.opened(), self.opened())]
        ended = await asyncio.gather(*claims, return_exceptions=True)
        assert sorted(type(end).__name__ for end in ended) == ["LedgerBusy", "LedgerBusy", "Recorded"]

    @in_loop
    async def test_a_run_that_must_be_alone_is_refused_beside_another_of_its_request(self) -> None:
        ledger = self.opened()
        await claim(ledger, ELSEWHERE)
        with raises(LedgerBusy):
            await claim(ledger, new_token(), run_id="b-run", alone=True)
        assert await _run(ledger, "b-run") is None
        await claim(ledger, new_token(), run_id="c-run", request='{"another":1}', alone=True)
        for left in (None, "failed", "cancelled", "unknown"):  # the same order would resume it
            await ledger.release("a-run", ELSEWHERE, left)
            with raises(LedgerBusy):
                await claim(ledger, new_token(), run_id="b-run", alone=True)
            await claim(ledger, ELSEWHERE, alone=True)
        await ledger.release("a-run", ELSEWHERE, "passed")
        await claim(ledger, new_token(), run_id="b-run", alone=True)
        with raises(LedgerBusy):
            await claim(ledger, ELSEWHERE, alone=True)
        assert [row.run_id for row in await _runs_of(ledger, "{}") if row.live] == ["b-run"]

    @in_loop
    async def test_of_two_runs_that_were_left_the_later_one_is_not_claimed_alone(self) -> None:
        ledger, tokens = self.opened(), {"a-run": new_token(), "b-run": new_token()}
        for run_id, token in tokens.items():
            await claim(ledger, token, run_id=run_id)
        await ledger.release("b-run", tokens["b-run"], None)
        await ledger.release("a-run", tokens["a-run"], None)
        with raises(LedgerBusy):  # whoever looked while the first one was in use found only this one
            await claim(ledger, new_token(), run_id="b-run", alone=True)
        await claim(ledger, new_token(), alone=True)

    @in_loop
    async def test_of_concurrent_claims_that_must_be_alone_at_most_one_succeeds(self) -> None:
        ledger = self.opened()
        for round_ in range(5):
            names = [f"{round_}-{number}" for number in range(4)]
            claims = (claim(ledger, f"{name}/1/a", run_id=name, request=f'{{"round":{round_}}}', alone=True) for name in names)
            ended = await asyncio.gather(*claims, return_exceptions=True)
            assert [error for error in ended if not isinstance(error, (Recorded, LedgerBusy))] == []
            assert sum(isinstance(each, Recorded) for each in ended) <= 1

    @in_loop
    async def test_a_stale_token_changes_nothing(self) -> None:
        ledger, mine = self.opened(), new_token()
        await claim(ledger, ELSEWHERE, lease=0.0)
        await ledger.begin("a-run", ELSEWHERE, STARTED)
        assert (await claim(self.opened(), mine)).entries == (STARTED,)
        before = await _run(ledger)
        for write in WRITES:
            with raises(LeaseLost):
                await write(ledger, ELSEWHERE)
        assert await _run(ledger) == before
        await ledger.release("a-run", mine, None)  # mine is still the owner's token
        assert await self.entries() == [STARTED]

    @in_loop
    async def test_a_token_that_was_released_changes_nothing(self) -> None:
        ledger, token = self.opened(), new_token()
        await claim(ledger, token)
        await ledger.begin("a-run", token, STARTED)
        await ledger.release("a-run", token, None)
        for write in WRITES:
            with raises(LeaseLost):
                await write(ledger, token)
        assert await self.entries() == [STARTED]

    @in_loop
    async def test_nothing_is_written_about_a_missing_run(self) -> None:
        ledger = self.opened()
        for write in WRITES:
            with raises(LeaseLost):
                await write(ledger, new_token())
        assert await asyncio.to_thread(ledger.runs) == []

    @in_loop
    async def test_a_token_of_a_run_that_was_deleted_and_begun_again_changes_nothing(self) -> None:
        for write in WRITES:  # each as the first write after the deletion
            ledger, mine = self.opened(), new_token()
            await claim(ledger, ELSEWHERE, lease=0.0)
            for number in range(3):
                await ledger.begin("a-run", ELSEWHERE, replace(STARTED, number=number + 2), [] if number else [FIRST])
            await self.opened().forget("a-run")
            anew = await claim(self.opened(), mine)
            assert (anew.entries, anew.decisions) == ((), ())
            with raises(LeaseLost):
                await write(ledger, ELSEWHERE)
            await ledger.release("a-run", mine, None)
            assert await self.entries() == []
            await self.opened().forget("a-run")

    # -- deletion ----------------------------------------------------------------------------------------------------

    @in_loop
    async def test_a_run_that_is_forgotten_leaves_nothing_behind(self) -> None:
        ledger, token, other = self.opened(), new_token(), new_token()
        await claim(ledger, token)
        await claim(ledger, other, run_id="other")
        for run_id, owner in (("a-run", token), ("other", other)):
            await ledger.begin(run_id, owner, STARTED, [FIRST])
        await ledger.release("a-run", token, "passed", [LAST])
        await ledger.forget("a-run")
        for rows in (await asyncio.to_thread(ledger.runs), await _runs_of(ledger, "{}")):
            assert [row.run_id for row in rows] == ["other"]
        again = await claim(ledger, new_token(), request='{"brief":"another"}')
        assert (again.entries, again.decisions) == ((), ())
        await ledger.release("other", other, None)
        kept = await self.opened().claim("other", "{}", "{}", new_token(), 1.0)
        assert (kept.entries, kept.decisions) == ((STARTED,), (FIRST,))

    @in_loop
    async def test_a_run_that_may_be_in_use_is_not_forgotten(self) -> None:
        ledger = self.opened()
        await claim(ledger, ELSEWHERE)
        with raises(LedgerBusy):
            await ledger.forget("a-run")
        assert [row.run_id for row in await asyncio.to_thread(ledger.runs)] == ["a-run"]

    @in_loop
    async def test_forgetting_a_missing_run_is_not_an_error(self) -> None:
        ledger = self.opened()
        await ledger.forget("a-run")
        assert await asyncio.to_thread(ledger.runs) == []


WRITES: Final[Sequence[Callable[[Ledger, str], Awaitable[None]]]] = (
    lambda ledger, token: ledger.renew("a-run", token, 60.0),
    lambda ledger, token: ledger.release("a-run", token, "passed", [LAST]),
    lambda ledger, token: ledger.begin("a-run", token, replace(STARTED, number=1), [SECOND]),
    lambda ledger, token: ledger.finish("a-run", token, DONE),
)
"""Every write that carries a token."""


async def claim(
    ledger: Ledger, token: str, *, run_id: str = "a-run", request: str = "{}", lease: float = 60.0, alone: bool = False
) -> Recorded:
    """Claim a run with default values."""
    return await ledger.claim(run_id, request, '{"parallel":1}', token, lease, alone=alone)


async def _run(ledger: Ledger, run_id: str = "a-run") -> RunRow | None:
    return await asyncio.to_thread(ledger.run, run_id)


async def _runs_of(ledger: Ledger, request: str) -> list[RunRow]:
    return await asyncio.to_thread(ledger.runs_of, request)
