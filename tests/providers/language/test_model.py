from __future__ import annotations

import asyncio
import socket
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic_ai.models.bedrock import BedrockConverseModel
from pydantic_ai.providers.bedrock import BedrockProvider

from onbrief import questions
from onbrief.errors import Blocked, ConfigError, Failed, OnbriefError, Refused, Unknown, Unreadable
from onbrief.ports import ModelName
from onbrief.providers.bedrock.client import client as aws_client
from onbrief.providers.bedrock.converse import language_model
from onbrief.providers.language import capabilities
from onbrief.providers.language.capabilities import Capabilities
from onbrief.providers.language.model import LanguageModel
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from onbrief_sandbox.server.faults import Fault, Script
from tests.claude import BRIEF, reach
from tests.sandbox.server.serving import Served, lines, served

Expected = type[OnbriefError] | None


def converse(model: str = "", **options: str) -> LanguageModel:
    """A language model of Bedrock's Converse API; Claude by default."""
    return language_model(ModelName("bedrock", model, options), {})


def status(status: int, kind: str, message: str = "no", **headers: str) -> Fault:
    return Fault(does="status", status=status, type=kind, message=message, headers=headers)


DECLINED = (
    "I am sorry, but I cannot help with that.",
    "I can’t assist with this request. It may violate a policy.",
    "Unfortunately, I'm not able to create content like this.",
)
FAULTS: dict[str, tuple[Fault, Expected]] = {
    "throttled": (status(429, "ThrottlingException", **{"Retry-After": "2"}), Refused),
    "throttled for the day": (status(429, "ThrottlingException", "Too many tokens per day"), Refused),
    "not ready": (status(429, "ModelNotReadyException"), Refused),
    "unavailable": (status(503, "ServiceUnavailableException"), Refused),
    "overloaded": (status(529, "OverloadedException"), Refused),
    "model timeout": (status(408, "ModelTimeoutException"), Failed),
    "model error": (status(424, "ModelErrorException"), Failed),
    "internal": (status(500, "InternalServerException"), Failed),
    "bad gateway": (status(502, "BadGateway"), Failed),
    "gateway timeout": (status(504, "GatewayTimeout"), Failed),
    "access denied": (status(403, "AccessDeniedException", "You don't have access"), ConfigError),
    "expired token": (status(403, "ExpiredTokenException", "The security token is expired"), ConfigError),
    "ended": (status(404, "ResourceNotFoundException", "This model version has reached the end of its life."), ConfigError),
    "quota": (status(400, "ServiceQuotaExceededException", "too much"), ConfigError),
    "another parameter": (status(400, "ValidationException", "messages: wrong"), ConfigError),
    "reset": (Fault(does="reset"), Unknown),
    **{f"cut at {byte}": (Fault(does="cut", byte=byte), Unknown) for byte in (0, 1, 40, 200)},
    "half an answer": (Fault(does="truncated"), Unreadable),
    "prose": (Fault(does="text", text="There are two cups on the table."), Unreadable),
    **{f"declines: {text}": (Fault(does="text", text=text), Blocked) for text in DECLINED},
    "cut JSON": (Fault(does="text", text='{"requirements": [{"id": "c1"'), Unreadable),
    "JSON of another kind": (Fault(does="text", text='{"weather": "fine"}'), Unreadable),
    "two answers": (Fault(does="text", text='{"requirements": []} or rather {"requirements": [1]}'), Unreadable),
    "blank": (Fault(does="blank"), Unreadable),
    "empty": (Fault(does="empty"), Unreadable),
    **{reason: (Fault(stop_reason=reason), None) for reason in ("end_turn", "tool_use", "stop_sequence")},
    **{reason: (Fault(stop_reason=reason), Unreadable) for reason in ("max_tokens", "model_context_window_exceeded")},
    **{
        reason: (Fault(stop_reason=reason), Unreadable)
        for reason in ("malformed_model_output", "malformed_tool_use", "tea_time")
    },
    **{reason: (Fault(stop_reason=reason), Blocked) for reason in ("guardrail_intervened", "content_filtered", "refusal")},
}
"""The fault of a call, and the class of its error; None if it is answered."""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[dict[str, OnbriefError | None], int]]:
    """The outcome of each fault, when one model is called for all of them, and the number of calls on the bill."""
    bill = tmp_path_factory.mktemp("server") / "bill.jsonl"
    faults = [fault for fault, _ in FAULTS.values()]
    script = Script(tuple(_only(fault, number) for number, fault in enumerate(faults, 1)))
    with served(Terms(script=script, bill=Bill(bill))) as server, pytest.MonkeyPatch.context() as monkeypatch:
        reach(server, monkeypatch)
        model = converse()
        yield {name: ask(model) for name in FAULTS}, len(lines(bill))


def _only(fault: Fault, number: int) -> Fault:
    return replace(fault, calls=(number,))


def ask(model: LanguageModel) -> OnbriefError | None:
    """The error of a question, or None."""
    try:
        asyncio.run(model.ask(questions.plan(BRIEF)))
    except OnbriefError as error:
        return error
    return None


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_has_its_class(name: str, outcomes: tuple[dict[str, OnbriefError | None], int]) -> None:
    error, expected = outcomes[0][name], FAULTS[name][1]
    assert (None if error is None else type(error)) is expected, error


def test_each_question_is_one_call_whatever_its_outcome(outcomes: tuple[dict[str, OnbriefError | None], int]) -> None:
    assert outcomes[1] == sum(fault.accepted for fault, _ in FAULTS.values())


def test_a_refusal_says_how_long_to_wait(outcomes: tuple[dict[str, OnbriefError | None], int]) -> None:
    error = outcomes[0]["throttled"]
    assert isinstance(error, Refused)
    assert error.retry_after == 2


def test_a_blocked_answer_gives_the_models_words(outcomes: tuple[dict[str, OnbriefError | None], int]) -> None:
    assert "refusal" in str(outcomes[0]["refusal"])


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Generator[Served]:
    with served() as running:
        reach(running, monkeypatch)
        yield running


@pytest.mark.usefixtures("server")
def test_a_token_limit_that_is_too_low_fails_and_says_how_to_raise_it() -> None:
    error = ask(converse(max_tokens="8"))
    assert isinstance(error, Failed)
    assert error.hint == "raise the limit: bedrock:global.anthropic.claude-sonnet-5?max_tokens=16"


def test_a_refused_connection_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as plug:
        port = plug.getsockname()[1]
    reach(Served(port, None), monkeypatch)
    assert isinstance(ask(converse()), Refused)


def test_an_answer_that_does_not_come_in_time_is_unknown_and_on_the_bill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill = tmp_path / "bill.jsonl"
    with served(Terms(script=Script((Fault(delay=30.0),)), bill=Bill(bill))) as server:
        reach(server, monkeypatch)
        provider = BedrockProvider(bedrock_client=aws_client("bedrock-runtime", "us-west-2", 0.3))
        client = BedrockConverseModel("global.anthropic.claude-sonnet-5", provider=provider)
        assert isinstance(ask(LanguageModel("a", "a", client, 4096)), Unknown)
        assert len(lines(bill)) == 1


@pytest.mark.usefixtures("server")
def test_a_model_that_accepts_one_of_two_is_sent_the_temperature_or_the_other_alone() -> None:
    name = "us.anthropic.claude-sonnet-4-6"
    both = converse(name, temperature="0.5", top_p="0.9")
    assert ask(both) is None
    assert both.warnings == (f"bedrock:{name} does not take top_p as set: left out",)
    alone = converse(name, top_p="0.9")
    assert ask(alone) is None
    assert alone.warnings == ()


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(("model", "expected"), [("claude-haiku-5-5", None), ("claude-opus-5-5", ConfigError)])
def test_the_last_mode_is_a_schema_which_not_every_model_accepts(model: str, expected: Expected) -> None:
    asked = replace(converse(f"global.anthropic.{model}"), key=f"by schema: {model}")
    capabilities.learn(asked.key, Capabilities("native"))
    error = ask(asked)
    assert (None if error is None else type(error)) is expected, error
    assert asked.capabilities.mode == "native"


@pytest.mark.usefixtures("server")
def test_an_inference_profile_of_an_unknown_model_is_tried_in_every_mode_once() -> None:
    """The client does not know the model behind it, so its refusals are learned and kept for the process."""
    profile = "arn:aws:bedrock:us-west-2:123456789012:inference-profile/us.anthropic.claude-sonnet-5-5"
    model = converse(profile, temperature="0.5")
    assert ask(model) is None
    assert model.capabilities.mode == "offered"
    assert model.warnings == (f"bedrock:{profile} does not take temperature as set: left out",)
    again = converse(profile)
    assert again.capabilities == model.capabilities
