"""What `--out` names."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from onbrief.errors import UsageError
from onbrief.store import BucketStore, FolderStore, located, open_store
from tests.buckets import Service, new_place


@pytest.mark.parametrize("out", ["s3://bucket", "s3://bucket/", "s3://bucket/a/b", "gs://bucket/a", "az://container/a"])
def test_the_url_of_a_bucket_opens_a_bucket(s3: Service, monkeypatch: pytest.MonkeyPatch, out: str) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    store = open_store(out)
    assert isinstance(store, BucketStore)
    assert store.url == out.rstrip("/")


def test_anything_without_a_scheme_is_a_folder(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "s3" / "bucket"))
    assert isinstance(store, FolderStore)
    assert store.folder == tmp_path / "s3" / "bucket"


@pytest.mark.parametrize(
    "out",
    [
        "http://bucket/a",
        "file:///tmp/x",
        "s3://",
        "s3:///a",
        "s3://-b/a",
        "s3://bucket/../a",
        "s3://bucket/a//b",
        "s3://bucket/a?b",
    ],
)
def test_an_invalid_place_is_refused(out: str) -> None:
    with pytest.raises(UsageError, match=r"^out: "):
        open_store(out)


def test_a_place_is_displayed_as_a_path_or_a_url() -> None:
    assert [located(out, "a-run/x.png") for out in ("runs", "runs/", "s3://b/p", "s3://b/p/")] == [
        "runs/a-run/x.png",
        "runs/a-run/x.png",
        "s3://b/p/a-run/x.png",
        "s3://b/p/a-run/x.png",
    ]


def profile(home: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    (home / "credentials").write_text(text)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(home / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_credentials_and_region_come_from_a_profile(s3: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profile(tmp_path, monkeypatch, "[work]\naws_access_key_id=AKIAWORK\naws_secret_access_key=s\nregion=eu-west-3\n")
    monkeypatch.setenv("AWS_PROFILE", "work")
    store = open_store(new_place())
    asyncio.run(store.create("a-run/x.png", b"picture", "image/png"))
    assert asyncio.run(store.read("a-run/x.png")) == b"picture"
    assert "AKIAWORK%2F" in store.link("a-run/x.png", 60)
    assert "eu-west-3" in store.link("a-run/x.png", 60)


def test_an_explicit_region_wins(s3: Service) -> None:
    assert "eu-north-1" in open_store(new_place(), region="eu-north-1").link("a-run/x.png", 60)


@pytest.mark.parametrize("region", ["", "eu north", "evil.example/", "EU-NORTH-1"])
def test_an_invalid_region_is_refused(s3: Service, region: str) -> None:
    with pytest.raises(UsageError, match=r"^s3.region: '.*' is not allowed; expected a region of AWS"):
        open_store(new_place(), region)


def test_a_profile_that_does_not_exist_is_refused(s3: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profile(tmp_path, monkeypatch, "")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(UsageError, match=r"^out: no credentials for AWS: .*nobody"):
        open_store(new_place())
