"""Limits that the stand-in enforces, over HTTP: what each service answers above one, what our providers make of it, and calls
that take their turns because of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from onbrief.brief import Brief
from onbrief.errors import OnbriefError, Refused
from onbrief.ledger.account import CallResult, SpendingPolicy, Try, open_account
from onbrief.ledger.rates import Rates
from onbrief.ledger.sqlite import SqliteLedger
from onbrief.ports import Call, Heard, Rate, RateLimit, listening
from onbrief.providers import http as http_table
from onbrief.providers import registry
from onbrief.record import Prompt
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.limits import Limits
from onbrief_sandbox.server.serve import HOST
from onbrief_sandbox.server.wires.mounting import exports
from tests.providers.wiring import keys
from tests.sandbox.server.serving import CORE, Served, served
from tests.turns import Clock, Moving

PICTURES = {
    "openai:gpt-image-2": "openai:gpt-image-2",
    "google:gemini-3.1-flash-image": "google:gemini-3.1-flash-image",
    "a1111:": "a1111:*",
    "replicate:black-forest-labs/flux-2-klein-4b": "replicate:*",
    "stability:core": "stability:*",
    f"bedrock:{CORE}": CORE,
}


@dataclass
class Server:
    """A server whose limits can be set for each test."""

    terms: Terms
    clock: Clock
    served: Served

    def limit(self, *limits: str) -> None:
        object.__setattr__(self.terms, "limits", Limits.parse(limits))
        self.clock.now += 10_000.0


@pytest.fixture(scope="module")
def server() -> Generator[Server]:
    clock = Clock()
    terms = Terms(clock=clock)
    with served(terms) as running, pytest.MonkeyPatch.context() as monkeypatch:
        url = f"http://{HOST}:{running.port}"
        keys(monkeypatch)
        for name, value in {**exports(url), "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": url}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_REGION", "us-west-2")
        yield Server(terms, clock, running)


def drawn(name: str) -> Callable[[], object]:
    provider = name.partition(":")[0]
    values = {"base_url": url} if (url := os.environ.get(f"ONBRIEF_{provider.upper()}_BASE_URL")) else {}
    model = registry.image_model(name, {provider: values})
    return lambda: asyncio.run(model.generate(Prompt(0, "a red circle"), (1024, 1024), 7))


def heard_of(call: Callable[[], object]) -> tuple[Heard, OnbriefError | None]:
    with listening() as heard:
        try:
            call()
        except OnbriefError as error:
            return heard, error
    return heard, None


@pytest.mark.parametrize("name", PICTURES)
def test_a_call_above_a_limit_is_refused_and_says_when_if_the_service_does(server: Server, name: str) -> None:
    server.limit(f"{PICTURES[name]}=1/min")
    draw = drawn(name)
    assert heard_of(draw)[1] is None
    server.clock.now += 20.0
    heard, error = heard_of(draw)
    assert isinstance(error, Refused), error
    assert (error.limited, error.retry_after) == (True, None if name.startswith("bedrock") else 40.0)
    assert [call.accepted for call in server.terms.limits.log] == [True, False]
    known = [(one.counted, one.most, one.left) for one in heard.allowances]
    assert known == ([("requests", 1, 0)] if name.startswith("openai") else [])
    server.clock.now += 40.0
    assert heard_of(draw)[1] is None


@pytest.mark.parametrize("name", ["openai:gpt-4.1", "bedrock:global.anthropic.claude-haiku-5-5"])
def test_language_models_are_limited_by_tokens_too(server: Server, name: str) -> None:
    operation = "Converse" if name.startswith("bedrock") else "openai.respond"
    server.limit(f"{operation}=100 requests, 3000 tokens")
    planner = registry.planner(name)
    said = [heard_of(lambda: asyncio.run(planner.checklist(Brief(text="a red circle"))))]
    while said[-1][1] is None and len(said) < 20:
        said.append(heard_of(lambda: asyncio.run(planner.checklist(Brief(text="a red circle")))))
    error = said[-1][1]
    assert isinstance(error, Refused), error
    assert (error.limited, len(said) > 1) == (True, True)
    first = {one.counted: one.most for one in said[0][0].allowances}
    assert first == ({} if name.startswith("bedrock") else {"requests": 100, "tokens": 3000})


def test_messages_say_where_their_limits_stand_and_when_a_refused_one_is_accepted(server: Server) -> None:
    server.limit("Messages=1 request, 3000 tokens")
    asked = {"model": "claude-haiku-5-5", "max_tokens": 50, "messages": [{"role": "user", "content": "Hello"}]}
    given = {"content-type": "application/json", "x-api-key": "sandbox", "anthropic-version": "2023-06-01"}
    connection = http.client.HTTPConnection(HOST, server.served.port, timeout=60)
    with contextlib.closing(connection):
        for status, left in ((200, 0), (429, 0)):
            connection.request("POST", "/anthropic/v1/messages", json.dumps(asked), given)
            answer = connection.getresponse()
            body, headers = json.loads(answer.read()), dict(answer.getheaders())
            requests, tokens = http_table.allowances(headers)
            assert (answer.status, requests.most, requests.left, tokens.most) == (status, 1, left, 3000)
            assert 55 <= (requests.seconds or 0) <= 61
    assert (body["error"]["type"], headers["retry-after"]) == ("rate_limit_error", "60")
    refused = http_table.classify(429, body["error"]["message"], body["error"]["type"], headers)
    assert isinstance(refused, Refused)
    assert (refused.limited, refused.retry_after) == (True, 60.0)


@pytest.mark.parametrize("limits", [{}, {f"bedrock:{CORE}": RateLimit((Rate(6),))}], ids=["learnt", "set"])
def test_after_a_limit_is_known_no_call_is_refused_and_all_are_served(
    server: Server, limits: Mapping[str, RateLimit], tmp_path: Path
) -> None:
    server.limit(f"{CORE}=6/min")
    turns = Moving(Rates(limits=limits, clock=server.clock), server.clock)
    model = registry.image_model(f"bedrock:{CORE}")
    policy = SpendingPolicy(initial_backoff=0.0)

    async def send(_: Try) -> CallResult:
        await model.generate(Prompt(0, "a red circle"), (1024, 1024), 7)
        return CallResult("{}")

    async def run(name: str) -> list[str]:
        call = Call("image", 0, 0, model.name, "digest", 0.0)
        async with open_account(ledger, name, "{}", "{}", policy, rates=turns) as account:
            return [(await account.once(replace(call, attempt=number), send)).state for number in range(3)]

    async def go() -> list[list[str]]:
        return await asyncio.gather(*(run(f"run-{number}") for number in range(8)))

    with contextlib.closing(SqliteLedger(tmp_path / "ledger.db")) as ledger:
        assert asyncio.run(go()) == [["done"] * 3] * 8
    assert sum(call.accepted for call in server.terms.limits.log) == 24
    assert len(turns.refused) in (range(2, 9) if not limits else range(1))
