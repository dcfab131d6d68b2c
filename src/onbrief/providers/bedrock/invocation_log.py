"""Bedrock's log of model invocations in S3: where the account keeps it, and the record of one tagged call.

The log is off by default. Where it is on, Bedrock writes it some minutes after a call, as compressed lines of JSON in a folder
for each hour, and bodies of more than 100 KB, such as pictures, as objects of their own.
"""

from __future__ import annotations

import gzip
import json
import time
import zlib
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from onbrief.errors import ConfigError
from onbrief.ports import Sent
from onbrief.providers.bedrock.client import client, stand_in
from onbrief.providers.bedrock.outcomes import classify
from onbrief.providers.bedrock.runtime import MAX_BODY

RIGHTS = "bedrock:GetModelInvocationLoggingConfiguration, and s3:ListBucket and s3:GetObject for the bucket of the log"
TIMEOUT = 60.0  # seconds for one look
_TAG = "onbrief-sent"
_CACHED = 300.0  # seconds for which it is not asked again whether the log is on
_CLOCKS = timedelta(minutes=5)  # by which the clock of this machine may differ
_HOUR = timedelta(hours=1)

Record = Mapping[str, Any]


def tag_of(sent: Sent) -> str:
    """Return the metadata that is sent with a call, and that the log keeps: a JSON object of short texts."""
    return json.dumps({"onbrief-run": sent.run_id[:256], "onbrief-call": sent.key[:256], _TAG: sent.id})


@dataclass(frozen=True, slots=True)
class LogPlace:
    """Where the log of a region is. `pictures`: the bodies of calls for pictures are in it."""

    bucket: str
    prefix: str
    pictures: bool

    @property
    def url(self) -> str:
        """The address of its folder."""
        return f"s3://{self.bucket}/{self.prefix}"


def place_of(region: str) -> LogPlace | None:
    """Return where the account keeps the log of a region; None if it is off, or does not go to S3. Blocks; costs nothing.

    Raises:
        CallError, ConfigError: Bedrock could not be asked.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    if stand_in():
        return None
    bedrock = client("bedrock", region, TIMEOUT)
    try:
        config = bedrock.get_model_invocation_logging_configuration().get("loggingConfig", {})
    except (BotoCoreError, ClientError, OSError) as error:
        raise classify(error) from error
    finally:
        bedrock.close()
    place = config.get("s3Config")
    if not place:
        return None
    prefix = f"{place.get('keyPrefix', '')}/".lstrip("/").replace("//", "/")
    return LogPlace(place["bucketName"], prefix, config.get("imageDataDeliveryEnabled", True))


@dataclass(slots=True)
class InvocationLog:
    """The log of one region. It remembers where the log is, and our records in what it has read: written objects stay as they
    are.
    """

    region: str
    _asked: float = field(default=-_CACHED)
    _place: LogPlace | ConfigError | None = None
    _read: dict[str, dict[str, Record]] = field(default_factory=dict[str, dict[str, Record]])

    def place(self) -> LogPlace | None:
        """Return where the log is, as of some minutes ago. Blocks.

        Raises:
            ConfigError: it may not be asked.
            CallError: it could not be asked.
        """
        if time.monotonic() - self._asked > _CACHED:
            try:
                self._place = place_of(self.region)
            except ConfigError as error:
                self._place = ConfigError(f"{error}: allow {RIGHTS}")
            self._asked = time.monotonic()
        if isinstance(self._place, ConfigError):
            raise ConfigError(str(self._place))
        return self._place

    def record(self, place: LogPlace, sent: Sent, since: datetime, until: datetime) -> Record | None:
        """Return the record of a call that was sent between these times; None if the log does not have it yet. Blocks.

        Raises:
            CallError, ConfigError: the log cannot be read.
        """
        with _reading(self.region) as s3:
            for key in self._keys(s3, place, since - _CLOCKS, until + _HOUR):
                if key not in self._read:
                    self._read[key] = dict(_ours(_unpacked(_body(s3, place.bucket, key))))
                if found := self._read[key].get(sent.id):
                    return found
        return None

    def answer(self, place: LogPlace, record: Record) -> dict[str, Any] | None:
        """Return the body of the answer in a record; None if the log does not have it. Blocks.

        Raises:
            CallError, ConfigError: the log cannot be read.
        """
        output = cast("Mapping[str, Any]", record.get("output") or {})
        body, path = output.get("outputBodyJson"), str(output.get("outputBodyS3Path") or "")
        if body is None and path.startswith(f"s3://{place.bucket}/"):  # only from the bucket that the account has chosen
            with _reading(self.region) as s3:
                body = json.loads(_unpacked(_body(s3, place.bucket, path.removeprefix(f"s3://{place.bucket}/"))))
        return cast("dict[str, Any]", body) if isinstance(body, dict) else None

    def _keys(self, s3: Any, place: LogPlace, since: datetime, until: datetime) -> Iterator[str]:
        """Yield the keys of the objects of these hours that may have the record, of every account that logs there."""
        pages = s3.get_paginator("list_objects_v2")
        listed = s3.list_objects_v2(Bucket=place.bucket, Prefix=f"{place.prefix}AWSLogs/", Delimiter="/")
        for account in listed.get("CommonPrefixes", ()):
            folder = f"{account['Prefix']}BedrockModelInvocationLogs/{self.region}"
            hour = since.replace(minute=0, second=0, microsecond=0)
            while hour <= until:
                for page in pages.paginate(Bucket=place.bucket, Prefix=f"{folder}/{hour:%Y/%m/%d/%H}/"):
                    for item in page.get("Contents", ()):
                        if "/data/" not in item["Key"] and item["LastModified"] >= since:
                            yield item["Key"]
                hour += _HOUR


@contextmanager
def _reading(region: str) -> Generator[Any]:
    """Give a client of S3 in a region; its errors, and those of what it reads, become one that says what to change."""
    from botocore.exceptions import BotoCoreError, ClientError

    s3 = client("s3", region, TIMEOUT)
    try:
        yield s3
    except (BotoCoreError, ClientError, OSError) as error:
        raise ConfigError(f"Bedrock's log cannot be read: {classify(error)}: allow {RIGHTS}") from error
    except (ValueError, EOFError, zlib.error) as error:
        raise ConfigError(f"Bedrock's log is damaged: {error}") from error
    finally:
        s3.close()


def _body(s3: Any, bucket: str, key: str) -> bytes:
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read(MAX_BODY)


def _unpacked(data: bytes) -> bytes:
    return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data


def _ours(data: bytes) -> Iterator[tuple[str, Record]]:
    """Yield the records of our own calls, each with its tag."""
    for line in data.splitlines():
        if _TAG.encode() not in line:
            continue
        record: Any = json.loads(line)
        metadata: Any = record.get("requestMetadata") or {}
        tags: Any = json.loads(metadata) if isinstance(metadata, str) else metadata
        if isinstance(tags, dict) and _TAG in tags:
            yield str(cast("Any", tags)[_TAG]), record


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)
