"""The command `onbrief sandbox`, which runs the server."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from onbrief.errors import UsageError

_MANY = Parameter(negative="", consume_multiple=False)
_LONGEST = 3600.0  # seconds
_NOTICE = "sandbox: a stand-in on this machine, not the services; pictures and answers cost nothing. Press Ctrl-C to stop."
_SERVER = ("starlette", "uvicorn")  # dependencies in the extra that only this command uses


def sandbox(
    *,
    port: int = 0,
    latency: Annotated[list[str] | None, _MANY] = None,
    ended: Annotated[list[str] | None, _MANY] = None,
    faults: Path | None = None,
    limit: Annotated[list[str] | None, _MANY] = None,
    bill: Path | None = None,
    invocation_log: str | None = None,
) -> int:
    """Serve the sandbox on this machine as if it were Amazon Bedrock, and other services.

    For example:
        onbrief sandbox
        onbrief sandbox --port 8080 --latency stability.=2.5 --bill bill.jsonl
        onbrief sandbox --ended stability.stable-diffusion-xl-v1 --faults faults.toml
        onbrief sandbox --limit "openai:*=600/min"

    Prints the environment variables for clients of all services to standard output, as lines for
    a shell. Nothing leaves this machine, calls cost nothing, and keys are not verified. Press Ctrl-C
    to stop.

    Parameters
    ----------
    port
        The port on 127.0.0.1; 0 selects a free one.
    latency
        MODEL=SECONDS, the minimum duration of calls of models whose id starts with MODEL.
    ended
        A model, or a pattern such as "anthropic.*", to treat as retired.
    faults
        A .toml or .json file with scripted faults.
    limit
        MODEL=LIMIT, which calls of a model or pattern, or of an operation such as openai.chat, may not
        exceed: "stability.*=600/min", or "openai.chat=50 requests, 100000 tokens" for a minute.
    bill
        A file to append a line of JSON to for each accepted call.
    invocation_log
        s3://BUCKET/PREFIX, to which calls for pictures are logged as Bedrock logs them, so that lost
        pictures are found. AWS_ENDPOINT_URL_S3 leads to a stand-in for S3.
    """
    from onbrief_sandbox.provider import PROVIDER

    replace(PROVIDER, requires=(*PROVIDER.requires, *_SERVER)).require()
    from onbrief_sandbox.server import faults as scripts
    from onbrief_sandbox.server.app import Terms
    from onbrief_sandbox.server.bill import Bill
    from onbrief_sandbox.server.catalogue import refuse_unknown
    from onbrief_sandbox.server.invocation_log import InvocationLog
    from onbrief_sandbox.server.limits import Limits
    from onbrief_sandbox.server.serve import HOST, listen, serve
    from onbrief_sandbox.server.wires.mounting import shell

    seconds = dict(map(_latency, latency or ()))
    for start in seconds:
        refuse_unknown("latency", f"{start}*")
    for pattern in ended or ():
        refuse_unknown("ended", pattern)
    script = scripts.load(faults) if faults else scripts.Script()
    limits = Limits.parse(limit or ())
    log = InvocationLog.of(invocation_log) if invocation_log else None
    with listen(port) as plug:
        terms = Terms(seconds, tuple(ended or ()), script, Bill(bill), log=log, limits=limits)
        print(_NOTICE, file=sys.stderr)
        url = f"http://{HOST}:{plug.getsockname()[1]}"
        for name, value in {
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": url,
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_REGION": "us-west-2",
            "AWS_DEFAULT_REGION": "us-west-2",  # boto3 reads this one
            "ANTHROPIC_BEDROCK_BASE_URL": url,  # Anthropic's clients for Bedrock do not read that of AWS
            "ANTHROPIC_BEDROCK_MANTLE_BASE_URL": f"{url}/anthropic",
            **({"AWS_ENDPOINT_URL_BEDROCK": url} if log else {}),  # it says where the log is
            "ANTHROPIC_BASE_URL": f"{url}/anthropic",
            "ANTHROPIC_API_KEY": "sandbox",
        }.items():
            print(f"export {name}={value}", flush=True)
        print("\n".join(shell(url)), flush=True)
        serve(plug, terms)
    return 0


def _latency(text: str) -> tuple[str, float]:
    model, _, amount = text.rpartition("=")
    try:
        seconds = float(amount)
    except ValueError:
        seconds = math.nan
    if not model or not 0 <= seconds <= _LONGEST:
        raise UsageError.of("latency", text, f"MODEL=SECONDS, with 0 to {_LONGEST:g} seconds")
    return model, seconds
