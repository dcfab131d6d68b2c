"""The files of a batch at the top of a folder or a bucket."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from onbrief.batches.outputs import BatchOutputs
from onbrief.batches.spreadsheet import COLUMNS, results_csv
from onbrief.errors import StoreError, UsageError
from onbrief.results import ModelSummary, Result, Summary
from onbrief.store import BucketStore, FolderStore, open_bucket
from onbrief.store.lines import BucketLines, FolderLines
from tests.buckets import LEAST, Rights, Service, new_place

T = TypeVar("T")
AnyStore = FolderStore | BucketStore


def wait(work: Coroutine[object, object, T]) -> T:
    return asyncio.run(work)


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> AnyStore:
    if request.param == "folder":
        return FolderStore(tmp_path / "out")
    service: Service = request.getfixturevalue("s3")
    service.rights = Rights(LEAST)
    return open_bucket(new_place())


def result(number: int, **facts: Any) -> Result:
    whole: dict[str, Any] = {
        "text": f"a lake {number}",
        "outcome": "passed",
        "run_id": f"run-{number}",
        "usd": 0.04,
        "images": 1,
    }
    return Result(id=f"row-{number}", number=number, **(whole | facts))


def stored(store: AnyStore, name: str) -> str:
    return (store.load(name) or b"").decode()


def recorded(store: AnyStore) -> list[str]:
    return [json.loads(line)["id"] for line in stored(store, "results.jsonl").splitlines()]


async def added(store: AnyStore, *results: Result, name: str = "briefs.csv") -> None:
    async with await BatchOutputs.open(store, name) as outputs:
        for each in results:
            await outputs.add(each)


def test_results_are_recorded_as_they_come_and_the_last_of_a_brief_counts(store: AnyStore) -> None:
    wait(added(store, result(2, outcome="failed"), result(1)))
    wait(added(store, result(2)))
    assert recorded(store) == ["row-2", "row-1", "row-2"]

    async def reopened() -> None:
        async with await BatchOutputs.open(store, "briefs.csv") as outputs:
            assert outputs.recorded == {"row-2": result(2), "row-1": result(1)}
            await outputs.close([result(1), result(2)])

    wait(reopened())
    assert [Result.from_json(line) for line in stored(store, "results.jsonl").splitlines()] == [result(1), result(2)]


def test_the_place_of_another_batch_is_left_as_it_is(store: AnyStore) -> None:
    wait(added(store, result(1)))
    before = [stored(store, name) for name in ("results.jsonl", "summary.json")]
    with pytest.raises(
        UsageError, match=r"has the results of the batch 'briefs.csv'; expected a place for 'others.csv'"
    ) as raised:
        wait(added(store, result(1), name="others.csv"))
    assert raised.value.hint == "choose another --out"
    assert [stored(store, name) for name in ("results.jsonl", "summary.json")] == before
    for foreign in (b"[1, 2]", b"{}", b"not JSON", b'{"name": "briefs.csv", "started": 3}'):
        wait(store.replace("summary.json", foreign, "application/json"))
        with pytest.raises(UsageError, match=r"has a summary.json that is not of a batch"):
            wait(added(store))


def test_the_final_files_have_the_results_of_all_workers_in_the_order_of_the_rows(store: AnyStore) -> None:
    async def worked() -> None:
        first = await BatchOutputs.open(store, "briefs.csv")
        second = await BatchOutputs.open(store, "briefs.csv")
        await first.add(result(3))
        await second.add(result(4, outcome="unmet", ended="2026-11-29T02:00:00.000Z"))
        await second.add(result(1))
        await second.close([result(1), result(4, outcome="unmet", ended="2026-11-29T02:00:00.000Z")])
        await first.add(result(2))
        older = result(4, outcome="failed", ended="2026-11-29T01:00:00.000Z")
        await first.close([result(3), older, result(2)])

    wait(worked())
    assert recorded(store) == ["row-1", "row-2", "row-3", "row-4"]
    rows = list(csv.DictReader(io.StringIO(stored(store, "results.csv").lstrip("\ufeff"))))
    assert [(row["id"], row["outcome"]) for row in rows] == [
        ("row-1", "passed"),
        ("row-2", "passed"),
        ("row-3", "passed"),
        ("row-4", "unmet"),
    ]
    assert json.loads(stored(store, "summary.json"))["outcomes"]["passed"] == 3


def test_rows_that_are_no_briefs_and_have_no_id_are_all_told(store: AnyStore) -> None:
    async def worked() -> None:
        outputs = await BatchOutputs.open(store, "briefs.csv")
        for number in (2, 3):
            await outputs.add(Result(id="", number=number, text="", outcome="invalid", reason="text: expected a value"))
        await outputs.close([])

    wait(worked())
    assert json.loads(stored(store, "summary.json"))["outcomes"]["invalid"] == 2


def test_the_summary_goes_on_where_the_last_session_stopped(store: AnyStore) -> None:
    async def session(number: int) -> Summary:
        async with await BatchOutputs.open(store, "briefs.csv") as outputs:
            assert json.loads(stored(store, "summary.json"))["ended"] is None
            await outputs.add(result(number))
            return await outputs.close(list(outputs.recorded.values()), briefs=3, limits={"max_total_usd": 2.0})

    one, other = wait(session(1)), wait(session(2))
    written = json.loads(stored(store, "summary.json"))
    assert (written["briefs"], written["done"], written["limits"]) == (3, 2, {"max_total_usd": 2.0})
    assert one.started == other.started
    assert one.ended is not None
    assert other.ended is not None
    assert one.ended < other.ended
    assert one.seconds < other.seconds == written["seconds"]


@pytest.mark.parametrize(("count", "embedded"), [(3, 3), (201, 0)])
def test_the_page_of_a_small_batch_has_its_thumbnails_in_it(store: AnyStore, count: int, embedded: int) -> None:
    results = [result(n, picture=f"run-{n}/000-000.png", thumbnail=f"run-{n}/thumbnail.webp") for n in range(count)]

    async def ended() -> None:
        async with await BatchOutputs.open(store, "briefs.csv") as outputs:
            for each in results[:3]:
                await store.replace(each.thumbnail, b"a thumbnail", "image/webp")
            await outputs.close(results)

    wait(ended())
    assert stored(store, "index.html").count('src="data:image/webp') == embedded


# -- a folder ----------------------------------------------------------------------------------------------------------


def test_a_line_that_was_cut_short_is_no_result_and_spoils_no_other(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    wait(added(store, result(1), result(2)))
    file = tmp_path / "results.jsonl"
    file.write_bytes(file.read_bytes()[:-30])

    async def went_on() -> None:
        async with await BatchOutputs.open(store, "briefs.csv") as outputs:
            assert list(outputs.recorded) == ["row-1"]
            await outputs.add(result(3))

    wait(went_on())
    assert wait(BatchOutputs.open(store, "briefs.csv")).recorded == {"row-1": result(1), "row-3": result(3)}


WORKER = """
import asyncio, sys
from pathlib import Path
from onbrief.batches.outputs import BatchOutputs
from onbrief.results import Result
from onbrief.store import FolderStore

async def work(first, endless):
    outputs = await BatchOutputs.open(FolderStore(Path(sys.argv[1])), "briefs.csv")
    while True:
        for number in range(first, first + 60):
            await outputs.add(Result(id=f"row-{number}", number=number, text="x" * number, outcome="passed"))
            if number % 20 == 0:
                await outputs.close([])
            print(number, flush=True)
        if not endless:
            return

asyncio.run(work(int(sys.argv[2]), bool(int(sys.argv[3]))))
"""


def test_lines_of_several_processes_do_not_mix_and_none_is_lost_when_one_is_killed(tmp_path: Path) -> None:
    begin = [sys.executable, "-c", WORKER, str(tmp_path)]
    workers = [
        subprocess.Popen([*begin, str(first), str(endless)], stdout=subprocess.PIPE, text=True)
        for first, endless in ((1000, 1), (2000, 0), (3000, 0))
    ]
    doomed = workers[0]
    assert doomed.stdout
    said = [doomed.stdout.readline() for _ in range(40)]
    doomed.send_signal(signal.SIGKILL)
    for worker in workers:
        rest, _ = worker.communicate()
        if worker is doomed:
            said += rest.splitlines()
    assert [worker.returncode for worker in workers] == [-signal.SIGKILL, 0, 0]
    found = wait(BatchOutputs.open(FolderStore(tmp_path), "briefs.csv")).recorded
    acknowledged = {int(line) for line in said if line.strip()} | {*range(2000, 2060)} | {*range(3000, 3060)}
    assert acknowledged - {each.number for each in found.values()} == set()
    assert all(each.text == "x" * each.number for each in found.values())


def test_a_line_that_comes_while_the_lines_are_replaced_is_kept(tmp_path: Path) -> None:
    lines = FolderLines(FolderStore(tmp_path), "results.jsonl")
    wait(lines.append(b"one"))

    def meanwhile(found: list[bytes]) -> list[bytes]:
        with (tmp_path / "results.jsonl").open("ab") as file:
            file.write(b"late\n")
        return [*found, b"changed"]

    wait(lines.rewrite(meanwhile))
    assert wait(lines.read()) == [b"one", b"changed", b"late"]


def test_a_link_is_not_followed_and_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "results.jsonl").write_bytes(b"precious\n")
    (tmp_path / "out" / "results.jsonl").symlink_to(tmp_path / "results.jsonl")
    lines = FolderLines(FolderStore(tmp_path / "out"), "results.jsonl")
    for work in (lines.append(b"x"), lines.rewrite(lambda found: [])):
        with pytest.raises(StoreError, match=r"out/results.jsonl cannot be written: "):
            wait(work)
    assert (tmp_path / "results.jsonl").read_bytes() == b"precious\n"


# -- a bucket ----------------------------------------------------------------------------------------------------------


def puts(service: Service) -> int:
    return sum(request.startswith("PUT") and request.endswith("/results.jsonl") for request in service.requests)


def test_lines_in_a_bucket_are_put_together_and_not_one_by_one(s3: Service) -> None:
    store = open_bucket(new_place())
    wait(added(store, *map(result, range(50))))
    assert (puts(s3), len(recorded(store))) == (1, 50)


def test_lines_that_another_worker_has_put_into_a_bucket_stay(s3: Service) -> None:
    store = open_bucket(new_place())

    async def both() -> list[bytes]:
        one, other = (BucketLines(store, "results.jsonl", interval=0.0) for _ in range(2))
        for number in range(10):
            await one.append(b"one %d" % number)
            await other.append(b"other %d" % number)
        await one.aclose()
        await other.rewrite(lambda found: sorted(found))
        await one.append(b"late")
        await one.aclose()
        return await BucketLines(store, "results.jsonl").read()

    expected = sorted(b"%s %d" % (who, number) for who in (b"one", b"other") for number in range(10))
    assert wait(both()) == [*expected, b"late"]


async def added_until_refused(outputs: BatchOutputs) -> None:
    while True:
        await outputs.add(result(2))
        await asyncio.sleep(0)  # for the put of those before it


@pytest.mark.parametrize("wrong", ["lost", "503 SlowDown"])
def test_a_put_that_is_answered_late_or_not_doubles_no_line(s3: Service, wrong: str) -> None:
    store = open_bucket(new_place())
    left = [wrong]
    s3.fault = lambda method, path: left.pop() if method == "PUT" and path.endswith(".jsonl") and left else None
    wait(added(store, result(1), result(2)))
    assert (recorded(store), left) == (["row-1", "row-2"], [])


def test_a_bucket_that_takes_no_lines_is_an_error_and_not_silence(s3: Service) -> None:
    store = open_bucket(new_place())

    async def work() -> None:
        outputs = await BatchOutputs.open(store, "briefs.csv")
        s3.rights = Rights(frozenset({"s3:GetObject"}))
        await outputs.add(result(1))
        with pytest.raises(StoreError, match=r"results\.jsonl cannot be read and written: .*s3:PutObject"):
            await added_until_refused(outputs)
        with pytest.raises(StoreError, match=r"s3:PutObject"):
            await outputs.close([result(1)])

    wait(work())


# -- results.csv and summary.json ----------------------------------------------------------------------------------------


FORMULAS = (
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u3000=1", "\u00a0=1", "\ufeff=1", "\u200b=1", "\x00=1",
    "＝1+1", "＋1", "－1", "＠A1", '=HYPERLINK("http://example.invalid","x")', "=cmd|'/C calc'!A0", "\u202e=1",
)  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS, ids=ascii)
@pytest.mark.parametrize("field", ["text", "id", "reason", "model"])
def test_what_a_spreadsheet_would_calculate_is_written_inert(text: str, field: str) -> None:
    row = next(csv.DictReader(io.StringIO(results_csv([replace(result(1), **{field: text})]).decode("utf-8-sig"), newline="")))
    cell = row["brief" if field == "text" else field]
    assert cell == "'" + text.replace("\x00", "\ufffd")


@pytest.mark.parametrize("text", ["a lake = water", '1,5; "two"', "Grüße, 湖\nsecond line", "e=mc²", "it's", ""])
def test_other_texts_stay_as_they_are(text: str) -> None:
    row = next(csv.DictReader(io.StringIO(results_csv([result(1, text=text)]).decode("utf-8-sig"), newline="")))
    assert row["brief"] == text


def test_the_table_has_one_row_for_each_brief_and_numbers_are_numbers() -> None:
    facts = {"unmet": ("two boats", "a moon"), "width": 64, "height": 48, "seconds": 1.234, "usd": None, "outcome": "unmet"}
    data = results_csv([result(1, **facts), result(2)])
    assert data.startswith(b"\xef\xbb\xbfnumber,id,outcome,brief,")
    assert data.endswith(b"\r\n")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert [tuple(row) for row in rows] == [tuple(COLUMNS)] * 2
    assert {key: rows[0][key] for key in ("number", "unmet", "width", "seconds", "usd")} == {
        "number": "1",
        "unmet": "two boats; a moon",
        "width": "64",
        "seconds": "1.2",
        "usd": "",
    }
    assert (rows[1]["usd"], rows[1]["width"]) == ("0.04", "")


def test_a_summary_counts_and_says_null_for_what_is_not_known() -> None:
    results = [
        result(1, model="one"),
        result(2, model="two", outcome="unmet", usd=None, unknown_calls=2),
        result(3, outcome="invalid", run_id="", usd=0.0, images=0),
        result(4, model="one", images=5),
    ]
    found = Summary.of("briefs.csv", results, started="then", seconds=2.0, briefs=9)
    assert found == Summary(
        name="briefs.csv",
        started="then",
        seconds=2.0,
        briefs=9,
        done=4,
        outcomes={
            "passed": 2,
            "failed": 0,
            "unmet": 1,
            "over_budget": 0,
            "blocked": 0,
            "unknown": 0,
            "cancelled": 0,
            "invalid": 1,
        },
        pass_rate=2 / 3,
        images=7,
        usd=None,
        known_usd=0.08,
        usd_per_passed=None,
        unknown_calls=2,
        models={"one": ModelSummary(briefs=2, passed=2), "two": ModelSummary(briefs=1, passed=0)},
    )
    assert Summary.of("x", [result(1), result(2, outcome="failed", usd=0.06)], started="").usd_per_passed == pytest.approx(0.1)
    empty = json.loads(Summary.of("x", [], started="").to_json())
    assert (empty["pass_rate"], empty["usd"], empty["usd_per_passed"], empty["models"]) == (None, 0.0, None, {})


@pytest.mark.parametrize(
    ("heading", "names"),
    [("## results.csv", lambda: [*COLUMNS]), ("## summary.json", lambda: [field.name for field in fields(Summary)])],
    ids=["results.csv", "summary.json"],
)
def test_the_documentation_has_every_column_and_every_field(heading: str, names: Callable[[], list[str]]) -> None:
    text = (Path(__file__).parents[2] / "docs" / "batch-results.md").read_text("utf-8")
    section = text.partition(f"{heading}\n")[2].partition("\n## ")[0]
    assert [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")] == names()
