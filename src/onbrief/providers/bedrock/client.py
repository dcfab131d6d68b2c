"""boto3 clients that never retry, and whose calls can be ended; see connections.py."""

from __future__ import annotations

import os
from functools import cache
from typing import Any, cast

from onbrief.providers.bedrock import outcomes

TIMEOUT = 300.0  # seconds for a whole call; a picture or a long answer can take minutes, and a timeout does not refund it
CONNECT_TIMEOUT = 10.0  # seconds; within a region a connection takes milliseconds
CONNECTIONS = 50


def client(service: str, region: str | None = None, timeout: float = TIMEOUT) -> Any:
    """Return a boto3 client that sends each call once, regardless of retry settings in the environment. `timeout` is in
    seconds, between two bytes of a response; connections.within limits a whole call. `region` is by default the region in the
    AWS settings. Making the first client of a service takes a tenth of a second, and each further one a sixth of that.

    Raises:
        ConfigError: no region is set, or the profile does not exist.
    """
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    from onbrief.providers.bedrock.connections import make_cuttable

    config = Config(
        retries={"total_max_attempts": 1, "mode": "standard"},  # "adaptive" would also delay calls
        connect_timeout=min(CONNECT_TIMEOUT, timeout),
        read_timeout=timeout,
        max_pool_connections=CONNECTIONS,
        tcp_keepalive=True,
    )
    try:
        # Sessions are not thread-safe, so each client has a separate one. They share the loader: reading service files is slow.
        session = cast("Any", Session())  # botocore has no types
        session.register_component("data_loader", _descriptions())
        made = session.create_client(service, region_name=region, config=config)
    except (BotoCoreError, ValueError) as error:
        raise outcomes.config_error(f"{type(error).__name__}: {error}") from error
    make_cuttable(made)
    return made


def stand_in() -> str:
    """Return the address of what answers only calls of models, instead of Bedrock; empty if there is no such thing."""
    runtime = os.environ.get("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "")
    return "" if os.environ.get("AWS_ENDPOINT_URL_BEDROCK") or os.environ.get("AWS_ENDPOINT_URL") else runtime


@cache
def _descriptions() -> Any:
    """Return botocore's loader of service descriptions."""
    from botocore.loaders import create_loader  # pyright: ignore[reportUnknownVariableType] - botocore has no types

    return create_loader(os.environ.get("AWS_DATA_PATH"))
