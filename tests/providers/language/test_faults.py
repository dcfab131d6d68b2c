"""What becomes of a call of each service's language models that goes wrong: its class, its cost, and that it was sent once."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from onbrief.errors import Blocked, ConfigError, Failed, OnbriefError, Refused, Unknown, Unreadable
from onbrief.ports import ModelName
from onbrief.providers import registry
from onbrief.providers.language.names import inferred
from onbrief.questions import plan
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from onbrief_sandbox.server.faults import Fault
from tests.claude import BRIEF, cups
from tests.providers.language.services import EVERY_WIRE, WIRES, Wire, lead
from tests.sandbox.server.serving import HOST, Play, lines, served

Expected = type[OnbriefError]


def answered(status: int, kind: str = "", message: str = "no", **headers: str) -> Fault:
    return Fault(does="status", status=status, type=kind, message=message, headers=headers)


ANYWHERE: dict[str, tuple[Fault, Expected]] = {
    "429": (answered(429, "rate_limit_exceeded", "Rate limit reached. Please try again in 20s."), Refused),
    "429 with a header": (answered(429, "rate_limit_error", **{"Retry-After": "2"}), Refused),
    "503": (answered(503), Refused),
    "529": (answered(529, "overloaded_error"), Refused),
    **{str(status): (answered(status), Failed) for status in (408, 424, 500, 502, 504)},
    "reset": (Fault(does="reset"), Unknown),
    "cut at once": (Fault(does="cut", byte=0), Unknown),
    "cut in the middle": (Fault(does="cut", byte=200), Unknown),
    **{str(status): (answered(status), ConfigError) for status in (400, 401, 403, 404, 413, 422)},
    "too long": (answered(400, "context_length_exceeded", "This model's maximum context length is 8192 tokens."), ConfigError),
}
ANSWERS: dict[str, tuple[Fault, Expected]] = {
    "no content": (Fault(does="empty"), Unreadable),
    "half an answer": (Fault(does="truncated"), Unreadable),
    "prose": (Fault(does="text", text="There are two cups."), Unreadable),
    "cut JSON": (Fault(does="text", text='{"requirements": [{"id": "c1"'), Unreadable),
    "another JSON": (Fault(does="text", text='{"weather": "fine"}'), Unreadable),
    "a refusal in prose": (Fault(does="text"), Blocked),
    "a refusal": (Fault(does="filtered"), Blocked),
}
OPENAI: dict[str, tuple[Fault, Expected]] = {
    "no money": (answered(429, "insufficient_quota", "You exceeded your current quota"), ConfigError),
    "an invalid prompt": (answered(400, "invalid_prompt", "Your prompt was flagged"), Blocked),
    "a filter": (Fault(stop_reason="content_filter"), Blocked),
}
OWN: dict[str, dict[str, tuple[Fault, Expected]]] = {
    "chat": OPENAI
    | {"length": (Fault(stop_reason="length"), Unreadable), "a new reason": (Fault(stop_reason="tea_time"), Unreadable)},
    "responses": OPENAI
    | {"length": (Fault(stop_reason="length"), Unreadable), "a failure": (Fault(stop_reason="failed"), Failed)},
    "anthropic": {
        "refusal": (Fault(stop_reason="refusal"), Blocked),
        "length": (Fault(stop_reason="max_tokens"), Unreadable),
        "too long": (Fault(stop_reason="model_context_window_exceeded"), Unreadable),
    },
    "google": {
        "length": (Fault(stop_reason="MAX_TOKENS"), Unreadable),
        "safety": (Fault(stop_reason="SAFETY"), Blocked),
    },
    "ollama": {"length": (Fault(stop_reason="length"), Unreadable)},
}


@dataclass(frozen=True, slots=True)
class Bench:
    """A server with a script and a bill."""

    script: Play
    bill: Path
    port: int

    def strike(self, wire: Wire, fault: Fault) -> tuple[OnbriefError, list[dict[str, Any]]]:
        """Ask for a plan with this fault, and return what becomes of it, with the lines of the bill."""
        self.bill.write_text("")
        self.script.now(replace(fault, operation=wire.operation))
        with pytest.raises(OnbriefError) as caught:
            asyncio.run(registry.planner(wire.name).checklist(BRIEF))
        return caught.value, lines(self.bill)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Generator[Bench]:
    play, bill = Play(), tmp_path_factory.mktemp("server") / "bill"
    with served(Terms(script=play, bill=Bill(bill))) as server, pytest.MonkeyPatch.context() as monkeypatch:
        lead(server.port, monkeypatch)
        yield Bench(play, bill, server.port)


@pytest.mark.parametrize("name", WIRES)
def test_each_fault_has_its_class_and_is_sent_once(name: str, bench: Bench) -> None:
    wire = WIRES[name]
    for what, (fault, expected) in {**ANYWHERE, **ANSWERS, **OWN[name]}.items():
        error, billed = bench.strike(wire, fault)
        assert type(error) is expected, (what, error)
        assert len(billed) == fault.accepted, what
        assert {line["model"] for line in billed} <= {wire.model}
        if isinstance(error, Unreadable) and fault.does != "cut":  # an answer of no use says what it cost
            assert error.usd == pytest.approx(billed[0]["usd"]), what
        if what == "429 with a header":
            assert isinstance(error, Refused)
            assert error.retry_after == 2


@EVERY_WIRE
def test_an_answer_as_long_as_it_may_be_says_how_to_raise_the_limit(wire: Wire, bench: Bench) -> None:
    bench.script.now()
    asked = ModelName.parse(f"{wire.name}?max_tokens=16")
    with pytest.raises(Unreadable) as caught:
        asyncio.run(registry.planner(str(asked)).checklist(BRIEF))
    assert caught.value.hint == f"raise the limit: {wire.name}?max_tokens=32"
    assert 0 < caught.value.tokens.output <= 16


@EVERY_WIRE
def test_a_refused_connection_costs_nothing_and_an_answer_too_late_is_unknown(
    wire: Wire, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    error, billed = bench.strike(replace(wire, name=f"{wire.name}?timeout=0.3"), Fault(delay=30.0))
    assert type(error) is Unknown
    assert len(billed) == 1
    with socket.create_server((HOST, 0)) as plug:
        port = plug.getsockname()[1]
    lead(port, monkeypatch)
    with pytest.raises(Refused):
        asyncio.run(registry.planner(wire.name).checklist(BRIEF))


@EVERY_WIRE
def test_what_a_judgement_cost_is_what_is_billed_and_within_its_price(wire: Wire, bench: Bench) -> None:
    bench.script.now()
    bench.bill.write_text("")
    planned = asyncio.run(registry.planner(wire.name).checklist(BRIEF))
    judged = asyncio.run(registry.judge(wire.name).judge(cups(), planned.requirements))
    assert [finding.verdict for finding in judged.findings if finding.verdict != "met"] == []
    assert judged.blind == ""
    assert [planned.usd, judged.usd] == [pytest.approx(line["usd"]) for line in lines(bench.bill)]


def test_what_a_model_does_not_take_is_known_or_learned_for_nothing(bench: Bench) -> None:
    """Each refused form is one request, which is not billed; the next call begins with what was learned."""
    bench.script.now()
    unsure = f"openai:gpt-3.5-turbo?base_url=http://{HOST}:{bench.port}/openai/v1"  # takes no schema
    for name, mode, left_out in (
        (unsure, "prompted", ()),
        ("openai-chat:gpt-3.5-turbo", "forced", ()),
        ("ollama:llava", "native", ("top_k",)),
        ("openai:gpt-5.4", "forced", ("top_k",)),
        ("openai:gpt-5", "forced", ("temperature", "top_p", "top_k")),
        ("openai-chat:o4-mini", "forced", ("temperature", "top_p", "top_k")),
        ("anthropic:claude-opus-5-5", "offered", ("temperature", "top_p", "top_k")),
        ("anthropic:claude-haiku-4-5", "forced", ("top_p",)),
    ):
        bench.bill.write_text("")
        sampling = "temperature=0.5&top_p=0.9&top_k=5"
        model = inferred(ModelName.parse(f"{name}{'&' if '?' in name else '?'}{sampling}" if left_out else name))
        asyncio.run(model.ask(plan(BRIEF)))
        assert model.capabilities.mode == mode, name
        expected = (f"{name} does not take {', '.join(left_out)} as set: left out",) if left_out else ()
        assert model.warnings == expected
        assert len(lines(bench.bill)) == 1, name


def test_an_address_may_be_part_of_the_name_and_so_may_prices(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.script.now()
    url = f"http://{HOST}:{bench.port}"
    names = {
        f"openai:gpt-4o?base_url={url}/openai/v1&usd_in=2.5&usd_out=10": "openai.chat",
        f"openai:qwen2.5vl?base_url={url}/ollama/v1&usd_in=0&usd_out=0": "ollama.chat",
        f"openai-responses:gpt-5-mini?base_url={url}/openai/v1": "openai.respond",
        f"anthropic:claude-sonnet-5?base_url={url}/anthropic": "Messages",
        f"ollama:gemma3?base_url={url}/ollama/v1": "ollama.chat",
    }
    for variable in ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "OLLAMA_BASE_URL", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(variable)
    for name, operation in names.items():
        bench.bill.write_text("")
        planner = registry.planner(name)
        planned = asyncio.run(planner.checklist(BRIEF))
        (line,) = lines(bench.bill)
        assert line["operation"] == operation
        assert planner.price is not None
        assert planned.usd == pytest.approx(line["usd"])
        assert planner.name == name


def test_a_server_without_responses_has_another_name(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://{HOST}:{bench.port}/ollama/v1")
    with pytest.raises(ConfigError) as caught:
        asyncio.run(registry.planner("openai:gemma3?timeout=60").checklist(BRIEF))
    assert caught.value.hint == "try openai-chat:gemma3?timeout=60"
    bench.script.now()
    assert asyncio.run(registry.planner("openai-chat:gemma3").checklist(BRIEF)).requirements


def test_what_an_address_or_a_price_must_be(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, words in (
        ("openai:a?base_url=nowhere", "base_url of judge: 'nowhere' is not allowed; expected a URL"),
        ("openai:a?base_url=http://me:secret@a.example", "expected a URL such as"),
        ("openai:a?base_url=http://a.example&usd_in=1", "both usd_in and usd_out, and usd_out is missing"),
        ("openai:a?base_url=http://a.example&usd_in=-1&usd_out=1", "usd_in of judge: '-1' is not allowed"),
        ("openrouter:a?base_url=http://a.example", "expected the options temperature"),
    ):
        with pytest.raises(OnbriefError) as caught:
            registry.judge(name)
        assert words in str(caught.value), name
    monkeypatch.setenv("OLLAMA_BASE_URL", "http://127.0.0.1:11434/v1")
    free, hosted = (registry.judge(f"ollama:{model}") for model in ("gemma3", "gpt-oss:120b-cloud"))
    assert (free.price, hosted.price) == (0.0, None)
