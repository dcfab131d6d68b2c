"""boto3 clients that send everything once."""

from __future__ import annotations

import os
from functools import cache
from typing import Any, cast

from onbrief.providers.bedrock import outcomes

TIMEOUT = 300.0  # seconds for a whole call; a picture or a long answer can take minutes, and a timeout does not refund it
CONNECT_TIMEOUT = 10.0  # seconds; within a region a connection takes milliseconds
CONNECTIONS = 50


def client(service: str, region: str | None = None, timeout: float = TIMEOUT) -> Any:
    """A boto3 client that sends each call once, whatever the environment says about retries. `timeout` is in seconds, between
    two bytes of an answer; without a `region`, it is the one of AWS's own settings. The first one of a service takes a tenth of
    a second to make, and the next ones a sixth of that.

    Raises:
        ConfigError: no region, a profile that is not there.
    """
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    config = Config(
        retries={"total_max_attempts": 1, "mode": "standard"},  # "adaptive" would hold calls back as well
        connect_timeout=min(CONNECT_TIMEOUT, timeout),
        read_timeout=timeout,
        max_pool_connections=CONNECTIONS,
        tcp_keepalive=True,
    )
    try:
        # A session of its own, as none may be used by two threads at once; the descriptions of services are read once for all.
        session = cast("Any", Session())  # botocore has no types
        session.register_component("data_loader", _descriptions())
        return session.create_client(service, region_name=region, config=config)
    except (BotoCoreError, ValueError) as error:
        raise outcomes.config_error(f"{type(error).__name__}: {error}") from error


@cache
def _descriptions() -> Any:
    """What botocore knows of services, from its own files."""
    from botocore.loaders import create_loader  # pyright: ignore[reportUnknownVariableType] - botocore has no types

    return create_loader(os.environ.get("AWS_DATA_PATH"))
