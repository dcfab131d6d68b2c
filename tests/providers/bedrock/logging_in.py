"""A stand-in for Bedrock that logs its invocations to S3, as accounts can have it."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import pytest

from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.invocation_log import InvocationLog
from tests.buckets import BUCKET, Service, service
from tests.providers.recovering import Environment

_numbers = itertools.count()


def new_log() -> str:
    """Return a place for a log that no other test uses."""
    return f"s3://{BUCKET}/log-{next(_numbers)}"


@contextmanager
def logging(terms: Terms, s3: Service | None = None) -> Generator[tuple[Terms, Environment]]:
    """Let a server log to a service for buckets, by default one of its own."""
    if s3 is None:
        with service() as own, logging(terms, own) as both:
            yield both
        return

    def environment(url: str) -> Mapping[str, str]:
        return {**s3.environment, "AWS_ENDPOINT_URL_BEDROCK": url, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": url}

    with pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in s3.environment.items():
            monkeypatch.setenv(name, value)
        yield replace(terms, log=InvocationLog.of(new_log())), environment
