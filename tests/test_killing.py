"""The tracer itself, with small pieces of work whose every effect is known."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import closing, suppress
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import pytest

from tests.killing import Outcome, Write, fail_at_write, kill_at_write, supported

T = TypeVar("T")
Toy = Callable[[Path], object]

pytestmark = pytest.mark.skipif(not supported(), reason="this machine forbids ptrace or seccomp")


@pytest.fixture(scope="module")
def fresh() -> Iterator[Executor]:
    """Start a process without threads and without a runtime, so that it may fork."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        yield executor


# -- toys, and what is left of them ------------------------------------------------------------------------------------


def ten_files(folder: Path) -> None:
    for number in range(10):
        (folder / f"{number}").write_bytes(b"whole")


def three_rows(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "rows.db", isolation_level=None)) as database:
        database.execute("pragma synchronous = full")
        database.execute("create table rows (number integer)")
        for number in range(3):
            database.execute("insert into rows values (?)", (number,))


def ten_objects(folder: Path) -> None:
    from obstore.store import LocalStore

    store = LocalStore(folder)
    for number in range(10):
        store.put(f"{number}.bin", b"whole", mode="create" if number % 2 else "overwrite")


def five_threads(folder: Path) -> None:
    threads = [threading.Thread(target=(folder / f"{number}").mkdir) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def rows(folder: Path) -> list[int]:
    with closing(sqlite3.connect(folder / "rows.db")) as database:
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)
        with suppress(sqlite3.OperationalError):  # the table does not exist yet
            return [number for (number,) in database.execute("select number from rows order by rowid")]
    return []


def objects(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.bin")}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def sweep(toy: Toy, left: Callable[[Path], T], error: int | None) -> list[tuple[Outcome, T]]:
    """Kill the toy, or let a write fail, at each write in turn until it completes. Return each outcome and what was left."""
    found: list[tuple[Outcome, T]] = []
    while not found or found[-1][0].at:
        with tempfile.TemporaryDirectory() as name:
            folder, n = Path(name), len(found) + 1
            work = lambda: toy(folder)  # noqa: B023, E731 - it is called before the name changes
            outcome = kill_at_write(work, n, folder) if error is None else fail_at_write(work, n, error, folder)
            found.append((outcome, left(folder)))
    with pytest.raises(ChildProcessError):  # no zombie
        os.waitpid(-1, os.WNOHANG)
    return found


# -- killing -----------------------------------------------------------------------------------------------------------


def test_a_kill_leaves_exactly_the_writes_before_it(fresh: Executor) -> None:
    found = fresh.submit(sweep, ten_files, files, None).result()
    assert len(found) == 21  # each file is created and written
    for n, (outcome, left) in enumerate(found, start=1):
        created, written = n // 2, (n - 1) // 2
        assert left == {str(number): b"whole" if number < written else b"" for number in range(created)}
        assert (outcome.at.call if outcome.at else None) == (None if n == 21 else ["write", "openat"][n % 2])
        assert outcome.error == ""


def test_the_write_says_which_file_it_is_about(fresh: Executor, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    outcome = fresh.submit(relative_names, tmp_path).result()
    assert outcome.writes == (
        Write("mkdir", tmp_path / "a"),
        Write("openat", tmp_path / "a" / "b"),
        Write("rename", tmp_path / "a" / "c"),
        Write("fsync", tmp_path),
        Write("unlink", tmp_path / "a" / "c"),
    )


def relative_names(folder: Path) -> Outcome:
    def work() -> None:
        os.chdir(folder)
        Path("a").mkdir()
        Path("link/a/b").touch()
        Path("a/b").rename("a/../a/c")
        descriptor = os.open(".", os.O_RDONLY)
        os.fsync(descriptor)
        Path("a/c").unlink()

    return kill_at_write(work, 100, folder)


def test_a_database_killed_anywhere_holds_a_prefix_of_its_rows(fresh: Executor) -> None:
    found = fresh.submit(sweep, three_rows, rows, None).result()
    counts = [len(left) for _, left in found]
    assert [left for _, left in found] == [list(range(count)) for count in counts]
    assert counts == sorted(counts)
    assert set(counts) == {0, 1, 2, 3}


def test_a_folder_store_killed_anywhere_holds_a_prefix_of_whole_objects(fresh: Executor) -> None:
    found = fresh.submit(sweep, ten_objects, objects, None).result()
    counts = [len(left) for _, left in found]
    assert [left for _, left in found] == [{f"{number}.bin": b"whole" for number in range(count)} for count in counts]
    assert counts == sorted(counts)
    assert set(counts) == set(range(11))


def test_writes_of_all_threads_are_counted_and_killed_together(fresh: Executor) -> None:
    found = fresh.submit(sweep, five_threads, names, None).result()
    counts = [len(left) for _, left in found]
    assert len(counts) == 6
    assert counts[-1] == 5
    # A write of another thread that was allowed may still be in progress when all of them are killed.
    assert all(count <= earlier for earlier, count in enumerate(counts))


def test_writes_of_processes_that_it_starts_are_counted(fresh: Executor, tmp_path: Path) -> None:
    outcome = fresh.submit(started_process, tmp_path).result()
    assert outcome.at == Write("mkdir", tmp_path / "second")
    assert names(tmp_path) == ["first"]


def started_process(folder: Path) -> Outcome:
    code = "import os, sys; os.mkdir(sys.argv[1]); os.mkdir(sys.argv[2])"
    command = [sys.executable, "-I", "-c", code, str(folder / "first"), str(folder / "second")]
    return kill_at_write(lambda: subprocess.run(command, check=True), 2, folder)


def test_writes_elsewhere_do_not_count(fresh: Executor, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "inner").mkdir()
    assert fresh.submit(writes_elsewhere, tmp_path).result() == Outcome((), None)
    assert names(tmp_path / "inner") == [str(number) for number in range(10)]


def writes_elsewhere(folder: Path) -> Outcome:
    return kill_at_write(lambda: ten_files(folder / "inner"), 1, folder / "in")


def test_an_error_of_the_work_is_reported(fresh: Executor, tmp_path: Path) -> None:
    outcome = fresh.submit(work_that_raises, tmp_path).result()
    assert outcome.at is None
    assert outcome.error.endswith("ValueError: broken work\n")


def work_that_raises(folder: Path) -> Outcome:
    def work() -> None:
        raise ValueError("broken work")

    return kill_at_write(work, 1, folder)


def test_work_that_never_ends_is_killed(fresh: Executor, tmp_path: Path) -> None:
    with pytest.raises(TimeoutError, match=r"after 0\.2 seconds"):
        fresh.submit(work_that_never_ends, tmp_path).result()


def work_that_never_ends(folder: Path) -> Outcome:
    def work() -> None:
        (folder / "a").mkdir()
        threading.Event().wait()

    return kill_at_write(work, 2, folder, seconds=0.2)


# -- failing -----------------------------------------------------------------------------------------------------------


def test_a_full_disk_reaches_python_as_an_os_error(fresh: Executor) -> None:
    found = fresh.submit(sweep, ten_files, files, errno.ENOSPC).result()
    assert len(found) == 21
    for n, (outcome, left) in enumerate(found[:-1], start=1):
        assert "OSError: [Errno 28] No space left on device" in outcome.error
        assert left == {str(number): b"whole" if number < (n - 1) // 2 else b"" for number in range(n // 2)}
    assert found[-1][0].error == ""


@pytest.mark.parametrize(("error", "words"), [(errno.ENOSPC, "database or disk is full"), (errno.EIO, "disk I/O error")])
def test_a_failing_disk_reaches_sqlite_as_an_operational_error(fresh: Executor, error: int, words: str) -> None:
    found = fresh.submit(sweep, three_rows, rows, error).result()
    for outcome, left in found:
        if outcome.at and outcome.at.call == "pwrite64":
            assert f"sqlite3.OperationalError: {words}" in outcome.error
        assert left == list(range(len(left)))
        assert (len(left) == 3) or "sqlite3.OperationalError" in outcome.error


def test_only_one_write_fails(fresh: Executor, tmp_path: Path) -> None:
    assert fresh.submit(two_tries, tmp_path).result().error == ""
    assert files(tmp_path) == {"a": b"second"}


def two_tries(folder: Path) -> Outcome:
    def work() -> None:
        descriptor = os.open(folder / "a", os.O_CREAT | os.O_WRONLY)
        with suppress(OSError):
            os.write(descriptor, b"first")
        os.write(descriptor, b"second")

    return fail_at_write(work, 2, errno.EIO, folder)
