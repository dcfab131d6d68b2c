"""Pictures under names chosen by the caller."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest

from onbrief.errors import KeyTaken
from onbrief.store import FolderStore, NamedPictures, Names, picture_at

STARTED = "2026-11-23T01:02:03.456Z"


def named(folder: Path, run_id: str, began: str = STARTED) -> NamedPictures:
    names = Names(str(folder / "images"), None, "images", run_id, began)
    return asyncio.run(names.claim(FolderStore(folder / "images")))


def create(store: NamedPictures, key: str, data: bytes) -> None:
    asyncio.run(store.create(key, data, "image/png"))


def test_a_picture_is_stored_beside_the_folder_of_its_run_and_read_by_its_key(tmp_path: Path) -> None:
    store = named(tmp_path, "mine")
    create(store, "mine/001-003.png", b"picture")
    asyncio.run(store.replace("mine/run.json", b"{}", "application/json"))
    assert (tmp_path / "images-20261123010203-001-003.png").read_bytes() == b"picture"
    assert (tmp_path / "images" / "mine" / "run.json").read_bytes() == b"{}"
    assert store.load("mine/001-003.png") == asyncio.run(store.read("mine/001-003.png")) == b"picture"
    assert store.load("mine/run.json") == b"{}"


def test_two_runs_that_start_in_the_same_second_write_and_read_their_own_pictures(tmp_path: Path) -> None:
    first, second = named(tmp_path, "first"), named(tmp_path, "second", "2026-11-23T01:02:03.999Z")
    create(first, "first/000-000.png", b"one")
    assert second.load("second/000-000.png") is None
    create(second, "second/000-000.png", b"two")
    assert (first.load("first/000-000.png"), second.load("second/000-000.png")) == (b"one", b"two")
    some = hashlib.sha256(b"second").hexdigest()[:8]
    assert sorted(path.name for path in tmp_path.glob("*.png")) == [
        f"images-20261123010203-000-000-{some}.png",
        "images-20261123010203-000-000.png",
    ]


def test_a_resumed_run_keeps_its_names(tmp_path: Path) -> None:
    stores = [named(tmp_path, run_id) for run_id in ("first", "second", "first", "second")]
    names = [store.name(f"{store.run_id}/000-000.png") for store in stores]
    assert names[:2] == names[2:]
    assert len(set(names)) == 2


def test_a_picture_is_never_overwritten(tmp_path: Path) -> None:
    store = named(tmp_path, "mine")
    create(store, "mine/000-000.png", b"one")
    with pytest.raises(KeyTaken):
        create(store, "mine/000-000.png", b"two")
    create(store, "mine/000-000-0123abcd.png", b"two")
    assert (tmp_path / "images-20261123010203-000-000-0123abcd.png").read_bytes() == b"two"


@pytest.mark.parametrize("key", ["other/000-000.png", "mine/000-000.gif", "mine/report.html", "mine/calls/000-000.png"])
def test_only_pictures_of_the_run_have_names(tmp_path: Path, key: str) -> None:
    assert named(tmp_path, "mine").name(key) is None


def test_removing_a_run_leaves_its_pictures(tmp_path: Path) -> None:
    store = named(tmp_path, "mine")
    create(store, "mine/000-000.png", b"picture")
    asyncio.run(store.replace("mine/run.json", b"{}", "application/json"))
    asyncio.run(store.remove("mine"))
    assert store.load("mine/run.json") is None
    assert store.load("mine/000-000.png") == b"picture"


@pytest.mark.parametrize("run_id", ["first", "second"])
def test_a_reader_of_a_run_finds_the_names_that_the_run_claimed(tmp_path: Path, run_id: str) -> None:
    claimed = {owner: named(tmp_path, owner) for owner in ("first", "second")}[run_id]
    place = FolderStore(tmp_path / "images")
    found = asyncio.run(Names(str(tmp_path / "images"), None, "images", run_id, STARTED).find(place))
    key = f"{run_id}/000-000.png"
    create(claimed, key, b"picture")
    assert (found.name(key), found.load(key)) == (claimed.name(key), b"picture")
    assert picture_at(found, str(tmp_path / "images"), key) == str(tmp_path / f"{found.name(key)}")
    assert found.link(key, 1) == (tmp_path / f"{found.name(key)}").as_uri()


def test_names_with_an_empty_start_are_in_the_folder_itself(tmp_path: Path) -> None:
    store = asyncio.run(Names(str(tmp_path), None, "", "mine", STARTED).claim(FolderStore(tmp_path)))
    create(store, "mine/000-000.png", b"picture")
    assert (tmp_path / "-20261123010203-000-000.png").read_bytes() == b"picture"


@pytest.mark.parametrize("out", ["images", "./images/", "images/../images"])
def test_pictures_beside_a_relative_folder_are_found_from_the_same_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str
) -> None:
    monkeypatch.chdir(tmp_path)
    store = asyncio.run(Names(out, None, "images", "mine", STARTED).claim(FolderStore(Path(out))))
    create(store, "mine/000-000.png", b"picture")
    assert (tmp_path / "images-20261123010203-000-000.png").read_bytes() == b"picture"
    assert Path(picture_at(store, out, "mine/000-000.png")).read_bytes() == b"picture"


def test_a_key_that_is_not_a_picture_is_in_the_folder_of_its_run(tmp_path: Path) -> None:
    assert picture_at(named(tmp_path, "mine"), "s3://bucket/images", "mine/run.json") == "s3://bucket/images/mine/run.json"
