"""What `--out` names: a folder, or a bucket with a prefix."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from obstore.store import AzureStore, GCSStore, S3Store

from onbrief.errors import UsageError
from onbrief.ports import Setting, Values
from onbrief.regions import check_region
from onbrief.store.bucket import BucketStore
from onbrief.store.folder import FolderStore
from onbrief.store.objects import Objects, Service

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config

TABLES: Final[Mapping[str, tuple[Setting, ...]]] = {
    "s3": (
        Setting(
            "region",
            "where the bucket is; by default AWS_REGION, or the region of the profile",
            check=check_region,
            formerly="bucket_region",
        ),
    )
}
"""The settings of the store, by table."""

SCHEMES: Final = ("s3", "gs", "az")
_PLACE = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<bucket>[^/]*)/?(?P<prefix>.*)")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,221}")
_PREFIX = re.compile(r"[^\x00-\x1f\x7f\\?#]{0,512}")

_regions: dict[str, str] = {}
"""Where buckets are that were opened with a region: the url of a picture does not say so."""

# obstore's own retries are off: objects.py is the only retry layer.
_ONCE: RetryConfig = {
    "max_retries": 0,
    "retry_timeout": timedelta(seconds=30),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=5), "base": 2},
}


def is_bucket(out: str) -> bool:
    """Return whether `out` names a bucket rather than a folder."""
    return "://" in out


def located(out: str, key: str) -> str:
    """Return the path or url of a key in `out`, for display."""
    return f"{out.rstrip('/')}/{key}" if is_bucket(out) else str(Path(out, key))


def region_of(tables: Mapping[str, Values]) -> str | None:
    """Where the tables say that the bucket is."""
    return tables.get("s3", {}).get("region")


def open_store(out: str, region: str | None = None) -> FolderStore | BucketStore:
    """Open the store that `out` names: a folder, created if it does not exist, or `s3://bucket/prefix` (`gs://`, `az://`).

    No request is sent to a bucket yet. Its `region` defaults to AWS_REGION, then to the region of the profile. Credentials come
    from the same places as for each service's own tools; AWS profiles and SSO need boto3.

    Raises:
        UsageError: an unknown kind of place, no region, a folder that cannot be written, or no credentials.
    """
    return open_bucket(out, region) if is_bucket(out) else FolderStore(Path(out))


def open_bucket(out: str, region: str | None = None) -> BucketStore:
    """See `open_store`."""
    place = _PLACE.fullmatch(out)
    if place is None or place["scheme"] not in SCHEMES:
        raise UsageError.of("out", out, "a folder, or a url that starts with " + " ".join(f"{s}://" for s in SCHEMES))
    bucket, prefix = place["bucket"], place["prefix"].strip("/")
    if not _BUCKET.fullmatch(bucket):
        raise UsageError.of("out", out, "the name of a bucket after ://")
    if not _PREFIX.fullmatch(prefix) or any(part in {"", ".", ".."} for part in prefix.split("/") if prefix):
        raise UsageError.of("out", out, "a prefix of plain names with single slashes between them")
    if region is not None:
        check_region("s3.region", region)
        _regions[bucket] = region
    try:
        service = _service(place["scheme"], bucket, prefix, region)
    except UsageError:
        raise
    except Exception as error:
        raise UsageError.of("out", out, f"a bucket with complete settings ({str(error).splitlines()[0]})") from error
    return BucketStore(Objects(service), f"{place['scheme']}://{bucket}/{prefix}".rstrip("/"))


def read_url(url: str) -> bytes | None:
    """Return the bytes of an object in a bucket by its url, such as `s3://bucket/prefix/name`; None if there is none. Its
    region is that with which the bucket was last opened in this process, or as for `open_store`. Blocks.

    Raises:
        UsageError: not such a url, no region or no credentials.
        StoreError: it cannot be read.
    """
    place, _, key = url.rpartition("/")
    found = _PLACE.fullmatch(place)
    return open_bucket(place, _regions.get(found["bucket"]) if found else None).load(key)


def _service(scheme: str, bucket: str, prefix: str, region: str | None) -> Service:
    client: ClientConfig = {"allow_http": True} if _plain_http() else {}
    match scheme:
        case "gs":
            return GCSStore(bucket, prefix=prefix or None, client_options=client, retry_config=_ONCE)
        case "az":
            return AzureStore(bucket, prefix=prefix or None, client_options=client, retry_config=_ONCE)
        case _:
            pass
    config: S3Config = {"region": region} if region else {}
    provider = None
    if _has_profile():
        from onbrief.store.profile import credentials

        provider = credentials()
    return S3Store(
        bucket,
        prefix=prefix or None,
        config=config,
        client_options=client,
        retry_config=_ONCE,
        credential_provider=provider,
    )


def _plain_http() -> bool:
    """Return whether the user has configured a service without TLS. Otherwise http is never used."""
    names = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AZURE_STORAGE_ENDPOINT", "STORAGE_EMULATOR_HOST")
    return any(os.environ.get(name, "").startswith("http://") for name in names)


def _has_profile() -> bool:
    """Return whether the credentials are in the AWS tools' own files, which obstore does not read."""
    if os.environ.get("AWS_PROFILE"):
        return True
    if os.environ.get("AWS_ACCESS_KEY_ID"):
        return False
    files = (("AWS_SHARED_CREDENTIALS_FILE", "credentials"), ("AWS_CONFIG_FILE", "config"))
    try:
        return any(Path(os.environ.get(name) or Path.home() / ".aws" / file).is_file() for name, file in files)
    except RuntimeError:  # the user has no home folder
        return False
