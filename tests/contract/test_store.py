"""The contract of stores over each of ours, and what is special to a folder."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Coroutine, Generator
from pathlib import Path
from typing import TypeVar

import pytest

from onbrief.errors import KeyTaken, StoreError, UsageError
from onbrief.ports import Store
from onbrief.store import BucketStore, FolderStore, open_bucket
from onbrief.testing import StoreContract, memory_store
from tests.buckets import Service, new_place

T = TypeVar("T")
KEY = "a-run/000-000.png"


class TestFolder(StoreContract):
    @pytest.fixture(autouse=True)
    def place(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "out"

    def store(self) -> Store:
        return FolderStore(self.folder)


class TestMemory(StoreContract):
    @pytest.fixture(autouse=True)
    def place(self) -> None:
        self.memory = memory_store()

    def store(self) -> BucketStore:
        return self.memory


class TestS3(StoreContract):
    @pytest.fixture(autouse=True)
    def place(self, s3: Service) -> None:
        self.url = new_place()

    def store(self) -> Store:
        return open_bucket(self.url)


def wait(work: Coroutine[object, object, T]) -> T:
    return asyncio.run(work)


def create(store: Store, data: bytes, key: str = KEY) -> str:
    return wait(store.create(key, data, "image/png"))


def read(store: Store, key: str = KEY) -> bytes | None:
    return wait(store.read(key))


def test_a_store_in_memory_writes_nothing_to_the_disk(at_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    store = memory_store()
    create(store, b"picture")
    assert read(store) == b"picture"
    assert read(memory_store()) is None
    wait(store.remove("a-run"))
    assert [*at_home.rglob("*"), *tmp_path.rglob("*")] == []


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
