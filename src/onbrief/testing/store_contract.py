"""What every store must do, whatever it is made of."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Coroutine, Generator
from pathlib import Path
from typing import TypeVar

import pytest
from obstore.store import MemoryStore

from onbrief.errors import KeyTaken, StoreError, UsageError
from onbrief.ports import Store
from onbrief.store import BucketStore, FolderStore, Objects, open_bucket
from tests.buckets import new_place

T = TypeVar("T")
KEY = "a-run/000-000.png"


@pytest.fixture(params=["folder", "memory", "S3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    match request.param:
        case "folder":
            return FolderStore(tmp_path / "out")
        case "memory":
            return BucketStore(Objects(MemoryStore()), "memory:")
        case _:
            request.getfixturevalue("s3")
            return open_bucket(new_place())


def wait(work: Coroutine[object, object, T]) -> T:
    return asyncio.run(work)


def create(store: Store, data: bytes, key: str = KEY) -> str:
    return wait(store.create(key, data, "image/png"))


def read(store: Store, key: str = KEY) -> bytes | None:
    return wait(store.read(key))


def test_what_was_created_is_read_back(store: Store) -> None:
    create(store, b"picture")
    assert read(store) == b"picture"


def test_nothing_is_read_where_nothing_is(store: Store) -> None:
    assert read(store) is None


def test_the_same_bytes_once_more_are_a_success(store: Store) -> None:
    assert create(store, b"picture") == create(store, b"picture")


def test_other_bytes_never_overwrite_what_was_created(store: Store) -> None:
    create(store, b"picture")
    with pytest.raises(KeyTaken):
        create(store, b"another")
    assert read(store) == b"picture"


def test_what_may_be_overwritten_is(store: Store) -> None:
    key = "a-run/run.json"
    urls = {wait(store.replace(key, data, "application/json")) for data in (b"one", b"two", b"")}
    assert len(urls) == 1
    assert read(store, key) == b""


def test_of_many_who_create_the_same_key_at_once_one_wins(store: Store) -> None:
    async def race() -> list[str | BaseException]:
        tries = [store.create(KEY, b"picture %d" % number, "image/png") for number in range(8)]
        return await asyncio.gather(*tries, return_exceptions=True)

    ends = wait(race())
    assert [type(end) for end in ends].count(KeyTaken) == 7
    winner = next(number for number, end in enumerate(ends) if isinstance(end, str))
    assert read(store) == b"picture %d" % winner


def test_a_reader_sees_the_old_or_the_new_and_nothing_between(store: Store) -> None:
    key, texts = "a-run/run.json", [bytes([65 + number]) * 200_000 for number in range(5)]

    async def go() -> set[bytes | None]:
        await store.replace(key, texts[0], "application/json")
        seen: set[bytes | None] = set()

        async def look() -> None:
            for _ in range(40):
                seen.add(await store.read(key))

        async def write() -> None:
            for text in texts:
                await store.replace(key, text, "application/json")

        await asyncio.gather(look(), write(), look())
        return seen

    assert wait(go()) <= set(texts)


def test_removing_a_run_removes_that_run_alone(store: Store) -> None:
    for key in (KEY, "a-run/run.json", "a-run-2/000-000.png", "a/000-000.png"):
        create(store, b"picture", key)
    wait(store.remove("a-run"))
    assert [read(store, key) for key in (KEY, "a-run/run.json")] == [None, None]
    assert [read(store, key) for key in ("a-run-2/000-000.png", "a/000-000.png")] == [b"picture", b"picture"]
    create(store, b"another")


def test_removing_what_is_not_there_is_no_error(store: Store) -> None:
    wait(store.remove("a-run"))
    assert read(store) is None


def test_there_is_room(store: Store) -> None:
    assert wait(store.require_room()) is None


# -- a folder --------------------------------------------------------------------------------------------------------

ESCAPES = ["../outside.png", "a-run/../../outside.png", "/outside.png", "a-run/../../out2/x.png"]


@pytest.mark.parametrize("key", ESCAPES)
def test_a_key_never_leads_out_of_the_folder(tmp_path: Path, key: str) -> None:
    store = FolderStore(tmp_path / "out")
    (tmp_path / "outside.png").write_bytes(b"mine")
    for work in (store.create(key, b"x", ""), store.replace(key, b"x", ""), store.read(key)):
        with pytest.raises(StoreError, match="leads out of"):
            wait(work)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["out", "outside.png"]
    assert (tmp_path / "outside.png").read_bytes() == b"mine"


@pytest.mark.parametrize("linked", ["folder", "file"])
def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path, linked: str) -> None:
    store = FolderStore(tmp_path / "out")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "000-000.png").write_bytes(b"mine")
    if linked == "folder":
        (tmp_path / "out" / "a-run").symlink_to(outside)
    else:
        (tmp_path / "out" / "a-run").mkdir()
        (tmp_path / "out" / KEY).symlink_to(outside / "000-000.png")
    for work in (store.create(KEY, b"x", ""), store.replace(KEY, b"x", ""), store.read(KEY)):
        with pytest.raises(StoreError, match="leads out of"):
            wait(work)
    assert (outside / "000-000.png").read_bytes() == b"mine"


def test_removing_a_run_follows_no_link(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "out")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "mine").write_bytes(b"mine")
    create(store, b"picture")
    (tmp_path / "out" / "a-run" / "link").symlink_to(outside)
    (tmp_path / "out" / "a-run" / "file").symlink_to(outside / "mine")
    wait(store.remove("a-run"))
    (tmp_path / "out" / "b-run").symlink_to(outside)
    with pytest.raises(StoreError, match="leads out of"):
        wait(store.remove("b-run"))
    assert (outside / "mine").read_bytes() == b"mine"
    assert not (tmp_path / "out" / "a-run").exists()


def test_removing_a_run_removes_what_a_killed_process_left_there(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "out")
    create(store, b"picture")
    (tmp_path / "out" / "a-run" / "000-001.png#1").write_bytes(b"half a pict")
    wait(store.remove("a-run"))
    assert list((tmp_path / "out").iterdir()) == []


def test_urls_are_those_of_files(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "out")
    assert create(store, b"picture") == (tmp_path / "out" / KEY).as_uri()


def test_a_picture_that_finds_no_place_waits_in_the_spool(tmp_path: Path, at_home: Path) -> None:
    store = FolderStore(tmp_path / "out")
    (tmp_path / "out" / "a-run").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written") as caught:
        create(store, b"picture")
    assert "nothing is drawn twice" in caught.value.hint
    assert read(FolderStore(tmp_path / "out")) == b"picture"
    (tmp_path / "out" / "a-run").unlink()
    assert read(FolderStore(tmp_path / "out")) == b"picture"
    create(store, b"picture")
    assert (tmp_path / "out" / KEY).read_bytes() == b"picture"
    assert [path for path in at_home.rglob("*") if path.is_file()] == []


def test_the_spools_of_two_folders_are_two(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a-run").write_text("in the way")
    with pytest.raises(StoreError):
        create(FolderStore(tmp_path / "out"), b"picture")
    assert read(FolderStore(tmp_path / "other")) is None


def test_removing_a_run_empties_its_spool(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "out")
    (tmp_path / "out" / "a-run").write_text("in the way")
    with pytest.raises(StoreError):
        create(store, b"picture")
    (tmp_path / "out" / "a-run").unlink()
    wait(store.remove("a-run"))
    assert read(store) is None


def test_a_folder_in_the_place_of_a_picture_is_a_key_that_is_taken(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "out")
    (tmp_path / "out" / KEY).mkdir(parents=True)
    with pytest.raises(KeyTaken):
        create(store, b"picture")
    with pytest.raises(StoreError, match="cannot be written"):
        wait(store.replace(KEY, b"picture", ""))
    with pytest.raises(StoreError, match="cannot be read"):
        read(store)


def test_a_folder_that_is_gone_has_no_room(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "out")
    (tmp_path / "out").rmdir()
    with pytest.raises(StoreError):
        wait(store.require_room())


@contextlib.contextmanager
def without_privileges(folder: Path, mode: int) -> Generator[None]:
    """This folder with these rights, for somebody who is not root."""
    for parent in folder.parents:
        if parent.is_relative_to("/tmp") and parent != Path("/tmp"):  # noqa: S108
            parent.chmod(0o755)
    folder.chmod(mode)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)


def test_a_folder_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    with without_privileges(folder, 0o555), pytest.raises(UsageError, match=r"^out: .* expected a folder that can be written"):
        FolderStore(folder)


def test_a_picture_for_a_folder_that_turned_read_only_waits_in_the_spool(tmp_path: Path, at_home: Path) -> None:
    store = FolderStore(tmp_path / "out")
    at_home.chmod(0o777)
    at_home.parent.chmod(0o755)
    with without_privileges(tmp_path / "out", 0o555):
        with pytest.raises(StoreError, match="cannot be written"):
            create(store, b"picture")
        assert read(store) == b"picture"
    create(store, b"picture")
    assert (tmp_path / "out" / KEY).read_bytes() == b"picture"
