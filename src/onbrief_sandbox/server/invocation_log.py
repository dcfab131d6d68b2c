"""The log of model invocations that Bedrock writes to S3 for accounts that have it on: here, to any service that speaks S3."""

from __future__ import annotations

import gzip
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from onbrief.errors import UsageError

ACCOUNT = "123456789012"
LARGE = 100 * 1024  # bytes from which a body is an object of its own
_SIGNED_FOR = re.compile(r"Credential=[^/]+/\d{8}/([^/]+)/")
_PLACE = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*?))?/?")


@dataclass(frozen=True, slots=True)
class InvocationLog:
    """A log in a bucket, below a prefix. Without `images`, it has no bodies of calls for pictures."""

    bucket: str
    prefix: str = ""
    images: bool = True
    _s3: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        import boto3

        object.__setattr__(self, "_s3", boto3.client("s3"))  # pyright: ignore[reportUnknownMemberType]

    @classmethod
    def of(cls, url: str) -> InvocationLog:
        """Return the log in a place such as s3://bucket/prefix, in the S3 that the AWS settings lead to.

        Raises:
            UsageError: it is no such place.
        """
        place = _PLACE.fullmatch(url)
        if place is None:
            raise UsageError.of("invocation_log", url, "s3://BUCKET or s3://BUCKET/PREFIX")
        return cls(place[1], place[2] or "")

    @property
    def config(self) -> dict[str, object]:
        """The document of GetModelInvocationLoggingConfiguration."""
        return {
            "loggingConfig": {
                "s3Config": {"bucketName": self.bucket, "keyPrefix": self.prefix},
                "textDataDeliveryEnabled": True,
                "imageDataDeliveryEnabled": self.images,
                "embeddingDataDeliveryEnabled": True,
            }
        }

    def add(self, request_id: str, model: str, headers: Mapping[str, str], asked: bytes, answer: bytes) -> None:
        """Write the record of one call of InvokeModel. It is in the bucket when this returns. Blocks."""
        signed = _SIGNED_FOR.search(headers.get("authorization", ""))
        region, time = signed[1] if signed else "us-west-2", datetime.now(UTC)
        hour = f"AWSLogs/{ACCOUNT}/BedrockModelInvocationLogs/{region}/{time:%Y/%m/%d/%H}"
        folder = f"{self.prefix}/{hour}".lstrip("/")
        metadata = headers.get("x-amzn-bedrock-request-metadata")
        record = {
            "timestamp": f"{time:%Y-%m-%dT%H:%M:%SZ}",
            "accountId": ACCOUNT,
            "identity": {"arn": f"arn:aws:iam::{ACCOUNT}:user/sandbox"},
            "region": region,
            "requestId": request_id,
            "operation": "InvokeModel",
            "modelId": model,
            "input": {"inputContentType": "application/json", **self._body(folder, request_id, "input", asked)},
            "output": {"outputContentType": "application/json", **self._body(folder, request_id, "output", answer)},
            **({"requestMetadata": json.loads(metadata)} if metadata else {}),
            "schemaType": "ModelInvocationLog",
            "schemaVersion": "1.0",
        }
        self._put(f"{folder}/{time:%Y%m%dT%H%M%S}{time.microsecond // 1000:03}Z_{uuid.uuid4().hex[:16]}.json.gz", record)

    def _body(self, folder: str, request_id: str, side: str, body: bytes) -> dict[str, object]:
        """Return the field with a body, or with the address of the object that it becomes."""
        if not self.images:
            return {}
        document = json.loads(body)
        if len(body) <= LARGE:
            return {f"{side}BodyJson": document}
        key = f"{folder}/data/{request_id}_{side}.json.gz"
        self._put(key, document)
        return {f"{side}BodyS3Path": f"s3://{self.bucket}/{key}"}

    def _put(self, key: str, document: object) -> None:
        line = gzip.compress(json.dumps(document, ensure_ascii=False).encode() + b"\n", 1)
        self._s3.put_object(Bucket=self.bucket, Key=key, Body=line, ContentType="application/json", ContentEncoding="gzip")
