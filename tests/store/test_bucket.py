"""A store in a bucket: the requests that it sends, and what happens when the service fails."""

from __future__ import annotations

import asyncio
import urllib.request
from collections.abc import Coroutine
from pathlib import Path
from typing import TypeVar

import pytest

from onbrief.errors import ConfigError, KeyTaken, OnbriefError, StoreError, UsageError
from onbrief.store import BucketStore, open_bucket
from tests.buckets import ALL, BUCKET, LEAST, PUT, Fault, Rights, Service, new_place

T = TypeVar("T")
KEY = "a-run/000-000.png"


def wait(work: Coroutine[object, object, T]) -> T:
    return asyncio.run(work)


@pytest.fixture
def store(s3: Service) -> BucketStore:
    return open_bucket(new_place())


def puts(answer: str, times: int = 1_000) -> Fault:
    """Return a fault that gives this answer to the first `times` puts of pictures."""
    left = [answer] * times

    def fault(method: str, path: str) -> str | None:
        return left.pop() if method == "PUT" and path.endswith(".png") and left else None

    return fault


def test_a_picture_has_its_media_type_and_its_url(s3: Service, store: BucketStore) -> None:
    assert wait(store.create(KEY, b"picture", "image/png")) == f"{store.url}/{KEY}"
    wait(store.replace("a-run/report.html", b"<p>", "text/html"))
    prefix = store.url.removeprefix(f"s3://{BUCKET}/")
    types = [s3.client.head_object(Bucket=BUCKET, Key=f"{prefix}/{key}")["ContentType"] for key in (KEY, "a-run/report.html")]
    assert types == ["image/png", "text/html"]


@pytest.mark.parametrize("key", ["../x.png", "a-run/../../x.png", "/x.png", "a-run//x.png", "a-run/./x.png", ""])
def test_a_key_never_leads_out_of_the_prefix(s3: Service, store: BucketStore, key: str) -> None:
    for work in (store.create(key, b"x", ""), store.replace(key, b"x", ""), store.read(key), store.remove(key)):
        with pytest.raises(StoreError, match="leads out of"):
            wait(work)
    assert s3.requests == []


def test_removing_a_run_leaves_the_objects_of_the_ledger(s3: Service, store: BucketStore) -> None:
    for key in (KEY, "a-run/calls/00000000.json"):
        wait(store.create(key, b"x", ""))
    wait(store.remove("a-run"))
    assert s3.keys(store.url) == ["a-run/calls/00000000.json"]


def test_a_link_lets_anyone_read_for_a_while(store: BucketStore) -> None:
    wait(store.create(KEY, b"picture", "image/png"))
    link = store.link(KEY, 60)
    assert "X-Amz-Expires=60" in link
    with urllib.request.urlopen(link) as answer:  # noqa: S310 - the test's own service
        assert (answer.read(), answer.headers["Content-Type"]) == (b"picture", "image/png")
    for seconds in (0.0, 7 * 24 * 3600 + 1.0):
        with pytest.raises(UsageError, match=r"^link: "):
            store.link(KEY, seconds)


# -- faults ------------------------------------------------------------------------------------------------------------


def test_a_short_outage_is_retried(s3: Service, store: BucketStore) -> None:
    s3.fault = puts("503 SlowDown", 2)
    wait(store.create(KEY, b"picture", "image/png"))
    assert wait(store.read(KEY)) == b"picture"


def test_a_put_whose_response_was_lost_is_a_success(s3: Service, store: BucketStore) -> None:
    s3.fault = puts("lost", 1)
    wait(store.create(KEY, b"picture", "image/png"))
    assert [request for request in s3.requests if request.startswith("PUT")] == [f"PUT /{store.url[5:]}/{KEY}"] * 2
    assert wait(store.read(KEY)) == b"picture"


def test_a_put_while_another_one_is_in_progress_is_retried(s3: Service, store: BucketStore) -> None:
    s3.fault = puts("409 ConditionalRequestConflict", 1)
    wait(store.create(KEY, b"picture", "image/png"))
    assert wait(store.read(KEY)) == b"picture"


@pytest.mark.parametrize(
    "answer", ["404 NoSuchBucket", "403 AccessDenied", "301 PermanentRedirect", "409 ConditionalRequestConflict", "507 Full"]
)
def test_a_picture_that_cannot_be_stored_waits_in_the_spool(
    s3: Service, store: BucketStore, at_home: Path, answer: str
) -> None:
    s3.fault = puts(answer)
    with pytest.raises(StoreError, match="cannot be written") as caught:
        wait(store.create(KEY, b"picture", "image/png"))
    assert "nothing is drawn twice" in caught.value.hint
    assert len(str(caught.value)) < 300
    assert wait(open_bucket(store.url).read(KEY)) == b"picture"
    s3.fault = puts("", 0)
    wait(store.create(KEY, b"picture", "image/png"))
    assert s3.keys(store.url) == [KEY]
    assert [path for path in at_home.rglob("*") if path.is_file()] == []


def test_a_different_picture_under_the_key_stays_and_nothing_waits(s3: Service, store: BucketStore, at_home: Path) -> None:
    wait(store.create(KEY, b"picture", "image/png"))
    with pytest.raises(KeyTaken):
        wait(store.create(KEY, b"another", "image/png"))
    assert [path for path in at_home.rglob("*") if path.is_file()] == []


def test_a_bucket_that_is_gone_is_not_read_as_empty(s3: Service, store: BucketStore) -> None:
    s3.fault = lambda method, path: "404 NoSuchBucket"
    with pytest.raises(StoreError, match="create the bucket first"):
        wait(store.read(KEY))


# -- the check before anything is paid for -----------------------------------------------------------------------------


def test_every_check_of_a_bucket_leaves_the_same_object(s3: Service, store: BucketStore) -> None:
    for _ in range(2):
        wait(store.require_writable())
    assert s3.keys(store.url) == [".write-check"]


@pytest.mark.parametrize(
    ("answer", "error", "advice"),
    [
        ("404 NoSuchBucket", UsageError, "create the bucket first"),
        ("403 AccessDenied", ConfigError, "s3:PutObject"),
        ("301 PermanentRedirect", ConfigError, "in another region"),
        ("400 ExpiredToken", ConfigError, "renew them"),
        ("500 InternalError", StoreError, "500 Internal Server Error"),
    ],
)
def test_the_error_for_a_bucket_that_cannot_be_written_says_what_to_do(
    s3: Service, store: BucketStore, answer: str, error: type[OnbriefError], advice: str
) -> None:
    s3.fault = lambda method, path: answer if method == "PUT" else None
    with pytest.raises(error, match=rf"^out: .*{advice}"):
        wait(store.require_writable())


def test_a_bucket_that_may_not_be_read_is_a_missing_permission(s3: Service, store: BucketStore) -> None:
    s3.rights = Rights(frozenset({PUT}))
    with pytest.raises(ConfigError, match=r"^out: .*these credentials need s3:GetObject"):
        wait(store.require_writable())


def test_a_denied_read_means_missing_only_where_listing_is_denied_and_reading_is_not(s3: Service, store: BucketStore) -> None:
    s3.rights = Rights(LEAST)
    with pytest.raises(StoreError, match="s3:GetObject"):
        wait(store.read(KEY))
    wait(store.require_writable())
    assert wait(store.read(KEY)) is None
    s3.rights = ALL
    another = open_bucket(store.url)
    wait(another.require_writable())
    s3.fault = lambda method, path: "403 AccessDenied" if path.endswith(KEY) else None
    with pytest.raises(StoreError, match="s3:GetObject"):
        wait(another.read(KEY))


def test_a_service_that_overwrites_objects_is_refused(s3: Service, store: BucketStore) -> None:
    s3.fault = lambda method, path: "unconditional"
    with pytest.raises(UsageError, match="If-None-Match"):
        wait(store.require_writable())


def test_an_unreachable_service_is_reported_before_anything_is_paid_for(s3: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    with pytest.raises(StoreError, match=r"^out: "):
        wait(open_bucket(new_place()).require_writable())
