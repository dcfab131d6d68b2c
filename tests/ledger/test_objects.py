"""A ledger in a bucket: what a write costs, and what happens when the service fails or others write as well."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from onbrief.errors import LeaseLost, LedgerBusy, LedgerError, Unlisted
from onbrief.ledger.objects import ObjectsLedger
from onbrief.ledger.owner import new_token
from onbrief.ports import Call, Decision, Entry
from onbrief.store import Objects, open_bucket
from tests.buckets import ALL, BUCKET, DELETE, LEAST, Rights, Service, new_place
from tests.ledgers import Blocking

LEDGERS = Path(__file__).parents[1] / "data" / "ledgers"
STARTED = Entry(Call("image", 1, 3, "test:painter", "d" * 64, 0.04), 0, "started", 0.04)
DONE = replace(STARTED, state="done", usd=0.03, result='{"a":"é"}')
FREE = {"owner": None, "lease_until": 0.0, "outcome": None, "ended": None, "claim": None}


@pytest.fixture
def place(s3: Service) -> str:
    return new_place()


def ledger(place: str) -> Blocking:
    bucket = open_bucket(place)
    return Blocking(ObjectsLedger(bucket.objects, bucket.url))


def claim(ledger: Blocking, token: str, lease: float = 60.0) -> list[Entry]:
    return list(ledger.claim("a-run", "{}", "{}", token, lease).entries)


def methods(s3: Service) -> Counter[str]:
    return Counter(request.partition(" ")[0] for request in s3.requests)


def test_a_write_is_one_put_and_reads_nothing(s3: Service, place: str) -> None:
    mine, token = ledger(place), new_token()
    claim(mine, token)
    s3.requests.clear()
    mine.begin("a-run", token, STARTED)
    mine.finish("a-run", token, DONE)
    mine.renew("a-run", token, 60.0)
    mine.release("a-run", token, "passed")
    assert methods(s3) == {"PUT": 4}


def test_a_run_is_listed_with_two_reads_however_long_it_is(s3: Service, place: str) -> None:
    mine, token = ledger(place), new_token()
    claim(mine, token)
    for number in range(20):
        mine.begin("a-run", token, replace(STARTED, number=number))
    s3.requests.clear()
    assert [row.run_id for row in mine.runs()] == ["a-run"]
    assert methods(s3) == {"GET": 3}  # the numbers of all runs, the last record of this one, its claim


def test_the_runs_of_a_request_are_found_without_reading_those_of_others(s3: Service, place: str) -> None:
    mine = ledger(place)
    for number in range(20):
        mine.claim(f"run-{number}", f'{{"brief":{number % 10}}}', "{}", new_token(), 60.0)
    s3.requests.clear()
    assert [row.run_id for row in mine.runs_of('{"brief":3}')] == ["run-13", "run-3"]
    assert methods(s3) == {"GET": 1 + 2 * 2}  # the runs of the request; of each its numbers and its last record, a claim
    s3.requests.clear()
    assert mine.runs_of('{"brief":"new"}') == []
    assert methods(s3) == {"GET": 1}


# -- other versions of onbrief ---------------------------------------------------------------------------------------------


def test_records_say_the_oldest_schema_whose_readers_understand_them() -> None:
    objects = Objects(MemoryStore())
    mine, token = Blocking(ObjectsLedger(objects, "memory:")), new_token()
    claim(mine, token)
    mine.begin("a-run", token, STARTED, [Decision(0, "generate", {"revision": 1, "attempts": [3]})])
    part = replace(STARTED, call=replace(STARTED.call, kind="judge", part="vote-2"))
    mine.begin("a-run", token, part)
    mine.finish("a-run", token, replace(part, state="done"))
    mine.finish("a-run", token, DONE)
    mine.release("a-run", token, "passed", [Decision(1, "stop", {"outcome": "passed"})])
    records = [json.loads(objects.get(f"a-run/calls/{number:08d}.json") or b"") for number in range(6)]
    assert [record["schema"] for record in records] == [1, 1, 2, 2, 1, 1]
    assert ["part" in record.get("entry", {}).get("call", {}) for record in records] == [False, False, True, True, False, False]
    assert [len(record.get("decisions", ())) for record in records] == [0, 1, 0, 0, 0, 1]


def test_a_log_of_before_decisions_were_recorded_is_read_and_continued() -> None:
    kept = json.loads((LEDGERS / "schema-1" / "bucket.json").read_text())
    objects = Objects(MemoryStore())
    for key, stored in kept.items():
        objects.create(key, base64.b64decode(stored["base64"]), stored["media_type"])
    mine = Blocking(ObjectsLedger(objects, "memory:"))
    outcomes = {row.run_id: row.outcome for row in mine.runs()}
    assert outcomes == {"passed": "passed", "unmet": "unmet", "interrupted": None}
    row = next(row for row in mine.runs() if row.run_id == "interrupted")
    token, decision = new_token(), Decision(0, "stop", {"outcome": "cancelled"})
    claimed = mine.claim(row.run_id, row.request, row.settings, token, 60.0)
    assert [entry.call.key for entry in claimed.entries[:2]] == ["plan/000-000", "image/000-000"]
    assert claimed.decisions == ()
    mine.release(row.run_id, token, "cancelled", [decision])
    again = mine.claim(row.run_id, row.request, row.settings, new_token(), 60.0)
    assert (again.entries, again.decisions) == (claimed.entries, (decision,))


# -- without the right to list -------------------------------------------------------------------------------------------


def least(s3: Service, place: str) -> Blocking:
    """A ledger whose credentials may put and get, but not list."""
    s3.rights = Rights(LEAST)
    bucket = open_bucket(place)
    asyncio.run(bucket.require_writable())
    return Blocking(ObjectsLedger(bucket.objects, bucket.url))


@pytest.mark.parametrize("tries", [0, 1, 2, 3, 6, 7, 20])
def test_a_log_is_found_by_reading_however_long_it_is(s3: Service, place: str, tries: int) -> None:
    mine, token = least(s3, place), new_token()
    assert mine.run("a-run") is None
    claim(mine, token)
    for number in range(tries):
        mine.begin("a-run", token, replace(STARTED, number=number))
    with pytest.raises(LedgerBusy):
        claim(least(s3, place), new_token())
    mine.release("a-run", token, "failed")
    assert claim(least(s3, place), new_token()) == [replace(STARTED, number=number) for number in range(tries)]
    with pytest.raises(LeaseLost):
        mine.begin("a-run", token, DONE)


def test_the_last_number_is_found_in_few_reads(s3: Service, place: str) -> None:
    mine, token = least(s3, place), new_token()
    claim(mine, token)
    for number in range(200):
        mine.begin("a-run", token, replace(STARTED, number=number))
    s3.requests.clear()
    assert mine.run("a-run") is not None
    assert methods(s3)["GET"] <= 2 * 8 + 5


def test_a_log_is_not_taken_for_empty_when_reading_is_denied_as_well(s3: Service, place: str) -> None:
    claim(ledger(place), new_token())
    s3.rights = Rights(LEAST, under="elsewhere/")
    for read in (lambda: ledger(place).run("a-run"), lambda: claim(ledger(place), new_token())):
        with pytest.raises(LedgerError, match=r"cannot be listed: 403.*s3:ListBucket"):
            read()
    s3.rights = Rights(LEAST)
    mine = least(s3, place)
    s3.rights = Rights(frozenset({"s3:PutObject"}))  # taken away in between: what is there looks as if it were not
    with pytest.raises(LedgerError, match="another put"):
        claim(mine, new_token())


def test_runs_cannot_be_listed_without_the_permission(s3: Service, place: str) -> None:
    mine = least(s3, place)
    for read in (mine.runs, lambda: mine.runs_of("{}")):
        with pytest.raises(Unlisted, match="s3:ListBucket"):
            read()


def test_the_rest_of_an_interrupted_deletion_is_not_taken_for_a_complete_log(s3: Service, place: str) -> None:
    """An administrator deletes a run, and loses the permission after its first record."""
    mine, token = ledger(place), new_token()
    claim(mine, token)
    mine.begin("a-run", token, STARTED)
    mine.release("a-run", token, "failed")
    deleted = 0

    def fault(method: str, path: str) -> None:
        nonlocal deleted
        deleted += method == "POST"
        s3.rights = Rights(ALL.actions - {DELETE}) if deleted > 2 else ALL

    s3.fault = fault
    with pytest.raises(LedgerError, match="cannot be deleted"):
        mine.forget("a-run")
    s3.fault = lambda method, path: None
    assert s3.keys(f"{place}/a-run/calls") == [f"0000000{number}.json" for number in (1, 2, 3)] + ["gaps"]
    with pytest.raises(Unlisted, match="being deleted"):
        claim(least(s3, place), new_token())
    s3.rights = Rights(ALL.actions - {DELETE})
    claim(ledger(place), token)
    with pytest.raises(Unlisted, match="being deleted"):
        least(s3, place).run("a-run")
    s3.rights = ALL
    ledger(place).release("a-run", token, "failed")
    ledger(place).forget("a-run")
    assert s3.keys(f"{place}/a-run/calls") == []
    assert claim(least(s3, place), new_token()) == []


# -- faults ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["lost", "503 SlowDown", "409 ConditionalRequestConflict"])
def test_a_short_failure_is_not_noticed(s3: Service, place: str, wrong: str) -> None:
    mine, token, left = ledger(place), new_token(), [wrong] * 4
    s3.fault = lambda method, path: left.pop() if method == "PUT" and len(s3.requests) % 2 and left else None
    claim(mine, token)
    mine.begin("a-run", token, STARTED)
    mine.finish("a-run", token, DONE)
    mine.release("a-run", token, None)
    s3.fault = lambda method, path: None
    assert claim(ledger(place), new_token()) == [DONE]


@pytest.mark.parametrize("wrong", ["lost", "403 AccessDenied"])
def test_a_call_that_could_not_be_begun_can_be_recorded_as_not_sent(s3: Service, place: str, wrong: str) -> None:
    mine, token = ledger(place), new_token()
    claim(mine, token)
    s3.fault = lambda method, path: wrong if method == "PUT" else None
    with pytest.raises(LedgerError, match="cannot be written"):
        mine.begin("a-run", token, STARTED)
    s3.fault = lambda method, path: None
    never = replace(STARTED, state="refused", usd=0.0)
    mine.finish("a-run", token, never)
    mine.release("a-run", token, None)
    assert claim(ledger(place), new_token()) == ([never] if wrong == "lost" else [])


def test_a_ledger_that_cannot_be_read_is_not_an_empty_one(s3: Service, place: str) -> None:
    mine, token = ledger(place), new_token()
    claim(mine, token)
    mine.release("a-run", token, "passed")
    s3.fault = lambda method, path: "403 AccessDenied" if method == "GET" else None
    for read in (mine.runs, lambda: mine.run("a-run"), lambda: claim(mine, new_token())):
        with pytest.raises(LedgerError, match=r"403.*s3:ListBucket"):
            read()


def test_a_missing_record_is_an_error(s3: Service, place: str) -> None:
    mine, token = ledger(place), new_token()
    claim(mine, token, lease=0.0)
    mine.begin("a-run", token, STARTED)
    mine.finish("a-run", token, DONE)
    prefix = place.removeprefix(f"s3://{BUCKET}/")
    s3.client.delete_object(Bucket=BUCKET, Key=f"{prefix}/a-run/calls/00000001.json")
    with pytest.raises(LedgerError, match="records are missing"):
        claim(ledger(place), new_token())


def test_a_run_whose_deletion_was_interrupted_is_gone_and_can_be_begun_again(s3: Service, place: str) -> None:
    mine, token = ledger(place), new_token()
    claim(mine, token)
    mine.begin("a-run", token, STARTED)
    mine.release("a-run", token, "passed")
    s3.fault = lambda method, path: "403 AccessDenied" if method in {"POST", "DELETE"} else None
    with pytest.raises(LedgerError, match="cannot be deleted"):
        mine.forget("a-run")
    s3.fault = lambda method, path: None
    assert mine.run("a-run") is None
    assert mine.runs() == []
    again = new_token()
    assert mine.claim("a-run", '{"brief":"another"}', "{}", again, 60.0).entries == ()
    mine.begin("a-run", again, STARTED)
    mine.release("a-run", again, None)
    assert mine.claim("a-run", '{"brief":"another"}', "{}", new_token(), 60.0).entries == (STARTED,)


def test_of_two_processes_that_begin_a_run_while_it_is_being_deleted_one_withdraws(s3: Service, place: str) -> None:
    mine, token, winner = ledger(place), new_token(), new_token()
    claim(mine, token)
    mine.release("a-run", token, "passed")
    s3.fault = lambda method, path: "403 AccessDenied" if method in {"POST", "DELETE"} else None
    with pytest.raises(LedgerError):
        mine.forget("a-run")

    def another_begins(method: str, path: str) -> None:
        """Runs while the put is in progress that begins the run after the rest of the old one."""
        if method == "PUT" and "/calls/" in path:
            s3.fault = lambda method, path: None
            ledger(place).forget("a-run")
            claim(ledger(place), winner)

    s3.fault = another_begins
    with pytest.raises(LedgerBusy):
        claim(mine, new_token())
    ledger(place).renew("a-run", winner, 60.0)
    assert s3.keys(f"{place}/a-run") == ["calls/00000000.json", "calls/00000001.json"]


def test_a_takeover_is_not_mistaken_for_another_beginning(s3: Service, place: str) -> None:
    first, token, winner = ledger(place), new_token(), new_token()

    def another_takes_over(method: str, path: str) -> None:
        """Runs while the first process, whose lease has expired, checks whether another one has begun."""
        if method == "GET" and any(request.startswith("PUT") and "/calls/" in request for request in s3.requests[before:]):
            s3.fault = lambda method, path: None
            claim(ledger(place), winner)

    before = len(s3.requests)
    s3.fault = another_takes_over
    claim(first, token, lease=-1.0)
    with pytest.raises(LeaseLost):
        first.renew("a-run", token, 60.0)
    ledger(place).renew("a-run", winner, 60.0)
    assert s3.keys(f"{place}/a-run") == [f"calls/{number:08d}.json" for number in range(3)]


class Interrupted(Objects):
    """Objects that let another process act before the request with this number."""

    def __init__(self, service: MemoryStore, at: int, act: Callable[[], None]) -> None:
        super().__init__(service)
        self.at, self.act, self.asked = at, act, 0

    def _act(self) -> None:
        self.asked += 1
        if self.asked == self.at:
            self.act()

    def keys(self, folder: str, after: str | None = None) -> list[str]:
        self._act()
        return super().keys(folder, after)

    def get(self, key: str) -> bytes | None:
        self._act()
        return super().get(key)

    def take(self, key: str, data: bytes, media_type: str) -> bool:
        self._act()
        return super().take(key, data, media_type)

    def delete(self, keys: Sequence[str]) -> None:
        self._act()
        super().delete(keys)


def pays(service: MemoryStore) -> list[str]:
    """Claim the run, begin and finish a call, and release it; return the token if that was possible."""
    another, token = Blocking(ObjectsLedger(Objects(service), "memory:")), new_token()
    try:
        claim(another, token)
        another.begin("a-run", token, STARTED)
        another.finish("a-run", token, DONE)
        another.release("a-run", token, "unknown")
    except LedgerBusy:
        return []
    return [token]


@pytest.mark.parametrize("lease", [60.0, -1.0])
@pytest.mark.parametrize("at", range(1, 41))
def test_a_claim_that_is_withdrawn_never_takes_what_another_process_has_paid_for(at: int, lease: float) -> None:
    service, paid = MemoryStore(), list[str]()
    twin = Blocking(ObjectsLedger(Objects(service), "memory:"))
    twin.claim("twin", "{}", "{}", new_token(), 60.0)
    slow = Interrupted(service, at, lambda: paid.extend(pays(service)))
    with pytest.raises(LedgerError):
        Blocking(ObjectsLedger(slow, "memory:")).claim("a-run", "{}", "{}", new_token(), lease, alone=True)
    assert slow.asked < 41
    if paid:
        assert claim(Blocking(ObjectsLedger(Objects(service), "memory:")), new_token()) == [DONE]


@pytest.mark.parametrize("at", range(1, 20))
def test_a_beginning_that_is_withdrawn_never_takes_what_another_process_has_paid_for(at: int) -> None:
    """An old run has been deleted but for its last record, which marks that; another process has begun anew at 0 meanwhile."""
    service, paid = MemoryStore(), list[str]()
    objects = Objects(service)
    old, token = Blocking(ObjectsLedger(objects, "memory:")), new_token()
    claim(old, token)
    old.release("a-run", token, "passed")
    old.forget("a-run")
    claim(old, token, lease=-1.0)
    (key,) = [key for key in objects.keys("a-run/calls") if key.endswith("00000000.json")]
    began = objects.get(key)
    assert began
    objects.delete([key])
    marked = {"schema": 1, "event": "forget", "at": "2026-11-28T10:00:00Z", "head": FREE}
    objects.create("a-run/calls/00000005.json", json.dumps(marked).encode(), "application/json")

    def others() -> None:
        objects.create(key, began, "application/json")
        objects.delete(["a-run/calls/00000005.json"])
        paid.extend(pays(service))

    slow = Interrupted(service, at, others)
    with contextlib.suppress(LedgerError):
        Blocking(ObjectsLedger(slow, "memory:")).claim("a-run", "{}", "{}", new_token(), -1.0)
    if paid:
        assert claim(Blocking(ObjectsLedger(objects, "memory:")), new_token()) == [DONE]


def test_a_place_below_a_run_has_separate_logs(s3: Service, place: str) -> None:
    token, below = new_token(), ledger(f"{place}/a-run")
    claim(ledger(place), token)
    below.claim("calls", "{}", "{}", token, 60.0)
    for _ in range(3):
        below.renew("calls", token, 60.0)
    ledger(place).release("a-run", token, "passed")
    row = ledger(place).run("a-run")
    assert row
    assert (row.outcome, row.live) == ("passed", False)
    asyncio.run(open_bucket(place).remove("a-run"))
    assert len(s3.keys(f"{place}/a-run/calls/calls")) == 4


def test_listing_all_runs_lists_the_bucket_once_and_reads_one_record_of_each_that_has_ended(s3: Service, place: str) -> None:
    mine = ledger(place)
    for number in range(12):
        token = new_token()
        mine.claim(f"run-{number}", "{}", "{}", token, 60.0)
        mine.release(f"run-{number}", token, "passed")
    open_bucket(f"{place}/run-0").objects.replace("another/calls/00000000.json", b"of another place", "")
    s3.requests.clear()
    assert {row.run_id for row in mine.runs()} == {f"run-{number}" for number in range(12)}
    assert len(s3.requests) == 1 + 12
