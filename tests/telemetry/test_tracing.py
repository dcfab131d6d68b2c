"""The spans and metrics of runs, in an application with providers of its own."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

import onbrief
from onbrief.attempt import Attempt, Finding, Verdict
from onbrief.brief import Brief
from onbrief.errors import Blocked, CallError, Failed, Refused, Unknown
from onbrief.events import CallTry, Event, ImageJudged, ImageMade, RunEnded
from onbrief.ports import Judged
from onbrief.pursuit import open_pursuit
from onbrief.record import Models, Prompt, Run, Usage
from onbrief.telemetry import begun
from onbrief.telemetry.conventions import ATTRIBUTES, CONTENT, METRICS, SPANS, WAIT, WAIT_ATTRIBUTES
from onbrief.telemetry.tracing import _model
from onbrief.testing import Bill, ImageRequest, JudgeRequest, ScriptedJudge, ScriptedReviser, crew, picture
from onbrief.tokens import Tokens
from tests.pursuing import BRIEF, order, pursue, settings
from tests.telemetry.conftest import Application

SECRET = "a-secret-of-the-environment"
R1 = {"r1"}
NO_PLAN: dict[str, Any] = {"plan": False}


def kind_of(span: ReadableSpan) -> str:
    """The name of a span in the tables: models differ."""
    word = span.name.split(" ")[0]
    return f"{word} MODEL" if word in {"chat", "generate_content"} else span.name


def about(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def error_of(span: ReadableSpan) -> tuple[str, object, str | None]:
    return span.status.status_code.name, about(span).get("error.type"), span.status.description


def tree(spans: Iterable[ReadableSpan]) -> dict[str, list[str]]:
    """What hangs below what: for each span with children, its name and number, and those of its children."""
    spans = list(spans)
    label = {span.context.span_id: labelled(span) for span in spans if span.context}
    found: dict[str, list[str]] = {}
    for span in spans:
        found.setdefault(label.get(span.parent.span_id, "") if span.parent else "", []).append(labelled(span))
    return found


def labelled(span: ReadableSpan) -> str:
    attributes = about(span)
    numbers = [str(attributes[name]) for name in ("onbrief.revision", "onbrief.attempt") if name in attributes]
    return " ".join([str(attributes.get("onbrief.call", kind_of(span).split(" ")[0])), *numbers])


def throttled_once(asked: ImageRequest) -> bytes | Exception:
    """An image model that is busy at its second call."""
    return Refused("429: slow down", retry_after=0.01) if asked.number == 1 else picture(asked.seed, asked.size)


def judged_with_tokens(*verdicts: set[str] | Exception) -> Callable[[JudgeRequest], Judged | Exception]:
    """A judge whose answers have 100 tokens of input and 10 of output."""

    def answer(asked: JudgeRequest) -> Judged | Exception:
        unmet = verdicts[min(asked.number, len(verdicts) - 1)]
        if isinstance(unmet, Exception):
            return unmet
        found = tuple(
            Finding(r.id, "unmet" if r.id in unmet else "met", 0.02 if r.id in unmet else 0.98) for r in asked.requirements
        )
        return Judged(found, tokens=Tokens(100, 10))

    return answer


def test_the_spans_of_a_run_are_a_tree_and_their_sums_and_those_of_the_metrics_are_its_record(
    tmp_path: Path, application: Application
) -> None:
    bill = Bill()
    judge = ScriptedJudge(bill, judged_with_tokens(R1, Failed("500: it broke"), R1, set()))
    models = replace(crew(bill, answer=throttled_once), judge=judge)
    run = pursue(tmp_path, models, settings(max_attempts=2, policy="classic"))[-1].run
    spans, usage = application.spans, run.usage
    assert (run.outcome, usage.images, usage.judge_calls, usage.text_calls, usage.waits) == ("passed", 3, 4, 2, 1)
    assert tree(spans) == {
        "": ["invoke_workflow"],
        "invoke_workflow": ["plan", "revision 0", "revision 1"],
        "revision 0": ["attempt 0 0", "attempt 0 1"],
        "attempt 0 0": ["image 0 0", "judge 0 0"],
        "attempt 0 1": ["image 0 1", "image 0 1", "judge 0 1", "judge 0 1"],
        "revision 1": ["revise 1", "attempt 1 0"],
        "attempt 1 0": ["image 1 0", "judge 1 0"],
    }
    by_id = {span.context.span_id: span for span in spans if span.context}
    for span in spans:
        above = by_id[span.parent.span_id] if span.parent else span
        assert None not in (span.start_time, span.end_time, above.start_time, above.end_time)
        assert (above.start_time or 0) <= (span.start_time or 0) <= (span.end_time or 0) <= (above.end_time or 0), span.name
        assert about(span)["onbrief.run.id"] == run.run_id
    calls = [span for span in spans if "onbrief.call" in about(span)]
    assert sum(about(span)["onbrief.usd"] for span in calls) == pytest.approx(usage.usd)
    top = about(spans[0])
    assert {name: top[f"onbrief.{name}"] for name in ("outcome", "images", "judge_calls", "text_calls", "usd", "best")} == {
        "outcome": "passed",
        "images": 3,
        "judge_calls": 4,
        "text_calls": 2,
        "usd": usage.usd,
        "best": "001-000",
    }
    attempts = [about(span) for span in application.named("attempt")]
    assert [(one["onbrief.outcome"], one["onbrief.unmet"]) for one in attempts] == [
        ("not passed", ("r1",)),
        ("not passed", ("r1",)),
        ("passed", ()),
    ]
    assert [one["onbrief.usd"] for one in attempts] == [attempt.usd for attempt in run.attempts]
    refused, broken = [span for span in calls if about(span)["onbrief.outcome"] != "done"]
    assert error_of(refused) == ("ERROR", "refused", "429: slow down")
    assert error_of(broken) == ("ERROR", "failed", "500: it broke")
    assert [span.status.status_code.name for span in spans].count("ERROR") == 2
    (waited,) = [event for span in spans for event in span.events]
    assert (waited.name, dict(waited.attributes or {})["onbrief.wait.reason"]) == (WAIT, "429: slow down")

    assert application.total("onbrief.usd") == pytest.approx(usage.usd)
    assert application.total("onbrief.usd", call="image") == pytest.approx(3 * 0.04)
    assert application.total("onbrief.images") == usage.images
    assert application.total("onbrief.judge_calls") == usage.judge_calls
    assert application.total("onbrief.judge_calls", outcome="failed") == 1
    assert application.total("onbrief.text_calls") == usage.text_calls
    assert application.total("gen_ai.client.token.usage", type="input") == usage.input_tokens == 300
    assert application.total("gen_ai.client.token.usage", type="output") == usage.output_tokens == 30
    assert [point.count for point in application.points("onbrief.wait.duration")] == [usage.waits]
    assert application.total("onbrief.runs", outcome="passed") == 1
    assert sum(point.count for point in application.points("gen_ai.client.operation.duration")) == len(calls)
    assert sum(point.count for point in application.points("onbrief.run.duration")) == 1


def test_spans_and_metrics_have_the_attributes_of_the_tables_and_no_others(
    tmp_path: Path, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CONTENT, "true")
    judge = ScriptedJudge(Bill(), judged_with_tokens(R1, set()))
    reviser = ScriptedReviser(script=(Refused("busy", retry_after=0.01), "another"))
    models = replace(crew(Bill(), answer=throttled_once), judge=judge, reviser=reviser)
    pursue(tmp_path, models, settings(max_attempts=1, policy="classic"))
    pursue(tmp_path, crew(Bill(), answer=(Failed("500"),)), run_id="fails")
    emitted: dict[str, set[str]] = {}
    for span in application.spans:
        emitted.setdefault(kind_of(span), set()).update(about(span))
        assert {(event.name, *(event.attributes or {})) for event in span.events} <= {(WAIT, *WAIT_ATTRIBUTES)}
    known = {span.name: set(span.attributes) for span in SPANS}
    assert {name: names - known[name] for name, names in emitted.items()} == {name: set[str]() for name in emitted}
    assert emitted.keys() == known.keys() - {"review"}
    missing = set[str]().union(*(known[name] for name in emitted)) - set[str]().union(*emitted.values())
    assert missing <= {"onbrief.part"}
    assert {name for span in SPANS for name in span.attributes} | {n for m in METRICS for n in m.attributes} <= set(ATTRIBUTES)
    for metric in METRICS:
        points = application.points(metric.name)
        assert points, metric.name
        assert {name for point in points for name in point.attributes} <= set(metric.attributes), metric.name
        assert {tuple(point.explicit_bounds) for point in points if hasattr(point, "explicit_bounds")} <= {metric.boundaries}


@pytest.mark.parametrize(
    ("error", "kind", "of_run", "shown"),
    [
        (Failed("500: no picture"), "failed", ("ERROR", "Failed"), "500: no picture"),
        (Unknown(f"cut off in {BRIEF.text!r}"), "unknown", ("ERROR", "unknown"), "cut off in '[text]'"),
        (Blocked("the word red is not allowed"), "blocked", ("ERROR", "blocked"), None),
        (Refused("429: come back tomorrow", retry_after=1e9), "refused", ("ERROR", "Refused"), "429: come back tomorrow"),
        (Failed(f"500: {SECRET} is no key"), "failed", ("ERROR", "Failed"), "500: [redacted] is no key"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_errors_have_their_type_and_what_the_service_said_without_texts_of_the_run_and_secrets(
    error: CallError,
    kind: str,
    of_run: tuple[str, str],
    shown: str | None,
    tmp_path: Path,
    application: Application,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MY_API_KEY", SECRET)
    again = type(error)(str(error))  # redacted when it is made, as the services' own errors are
    if isinstance(again, Refused):
        again.retry_after = 1e9
    pursue(tmp_path, crew(Bill(), answer=(again,)), settings(max_attempts=1, max_prompts=1))
    for span in application.spans:
        if span.name.startswith("generate_content"):
            assert error_of(span) == ("ERROR", kind, shown)
    (top,) = application.named("invoke_workflow onbrief")
    assert error_of(top)[:2] == of_run
    assert BRIEF.text not in (top.status.description or "")


def test_ends_that_are_no_errors_are_none(tmp_path: Path, application: Application) -> None:
    pursue(tmp_path, crew(Bill(), R1), settings(max_images=1))
    (top,) = application.named("invoke_workflow onbrief")
    assert (error_of(top), about(top)["onbrief.outcome"], about(top)["onbrief.unmet"]) == (
        ("UNSET", None, None),
        "unmet",
        ("r1",),
    )


@pytest.mark.parametrize("allowed", [False, True])
def test_texts_are_in_spans_only_if_they_are_allowed_and_never_with_secrets(
    allowed: bool, tmp_path: Path, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_API_KEY", SECRET)
    if allowed:
        monkeypatch.setenv(CONTENT, "True")
    brief = Brief(text=f"a lighthouse in a storm, {SECRET}", size=(64, 64), avoid=("gulls",))
    reviser = ScriptedReviser(script=("a tall beacon, a circle and a square",))
    models = replace(crew(Bill(), R1, set()), reviser=reviser)
    assert pursue(tmp_path, models, settings(max_attempts=1, policy="classic"), brief)[-1].run.outcome == "passed"
    everything = json.dumps([json.loads(span.to_json()) for span in application.spans])
    texts = ("a lighthouse in a storm", "a tall beacon", "there is a circle")
    assert [text in everything for text in texts] == [allowed] * 3
    assert SECRET not in everything
    assert "gulls" not in everything or allowed
    if allowed:
        of_brief, of_picture = (
            json.loads(about(application.named(name)[0])["gen_ai.input.messages"])
            for name in ("invoke_workflow onbrief", "generate_content painter")
        )
        assert of_brief == [
            {"role": "user", "parts": [{"type": "text", "content": "a lighthouse in a storm, [redacted]"}]},
        ]
        assert of_picture[0]["parts"][0]["content"].startswith("a lighthouse in a storm, [redacted]")


def test_what_an_earlier_session_has_paid_for_has_no_spans_and_is_not_counted_again(
    tmp_path: Path, application: Application
) -> None:
    broken = replace(crew(Bill()), judge=ScriptedJudge(Bill(), (Failed("500"),)))
    first = pursue(tmp_path, broken, run_id="again", delivered=False)[-1].run
    before, counted = len(application.spans), application.total("onbrief.images")
    assert (first.outcome, counted) == ("failed", 1)
    second = pursue(tmp_path, crew(Bill()), run_id="again", resumes=None)[-1].run
    later = application.spans[before:]
    assert second.outcome == first.outcome  # out of tries: nothing is sent
    assert [labelled(span) for span in later] == ["invoke_workflow"]
    assert (about(later[0])["onbrief.run.resumed"], application.total("onbrief.images")) == (True, 1)


def run_at(*attempts: Attempt, outcome: Any = None) -> Run:
    return Run(
        run_id="r",
        seed=7,
        brief=BRIEF,
        models=Models("a:", "b:", "c:"),
        started="2026-11-28T10:00:00Z",
        prompts=(Prompt(0, "a prompt"),),
        attempts=attempts,
        outcome=outcome,
        usage=Usage(images=1, usd=0.04),
    )


def call(state: str, usd: float, ended: float, before: str = "started", seconds: float = 2.0) -> CallTry:
    return CallTry(
        call="image/000-000", number=0, model="a:b", state=state, usd=usd, seconds=seconds, ended=ended, before=before
    )


def test_a_try_whose_outcome_is_found_later_is_one_span_and_is_counted_once(application: Application) -> None:
    drawn = Attempt(0, 0, 7)
    judged = replace(drawn, verdict=Verdict(True, (Finding("r1", "met", 0.9),)), usd=0.03)
    now = 1_800_000_000.0
    events: list[Event] = [
        ImageMade(run_at(drawn), drawn, calls=(call("unknown", 0.04, now),)),
        ImageJudged(run_at(judged), judged, calls=(call("done", 0.03, now + 5, "unknown"),)),
        RunEnded(run_at(judged, outcome="passed")),
    ]
    for resumed, seen in ((False, events), (True, events[1:])):  # of the second session, the first one has counted it
        traced = begun(run_at(), resumed=resumed)
        assert traced is not None
        for event in seen:
            traced.happened(event)
        assert application.total("onbrief.usd") == pytest.approx(0.03)
        assert application.total("onbrief.images") == 1
    one, _ = application.named("generate_content b")
    assert (one.start_time, one.end_time) == (int((now - 2) * 1e9), int((now + 5) * 1e9))
    assert (about(one)["onbrief.outcome"], one.status.status_code.name) == ("done", "UNSET")


def test_pictures_that_existed_already_hang_below_the_run(tmp_path: Path, application: Application) -> None:
    (tmp_path / "mine.png").write_bytes(picture(1))
    models: dict[str, Any] = {"judge": ScriptedJudge(), "planner": crew(Bill()).planner}
    run = onbrief.judge("a red circle", tmp_path / "mine.png", settings=settings(out=str(tmp_path)), **models)
    assert run.outcome == "passed"
    assert tree(application.spans) == {
        "": ["invoke_workflow"],
        "invoke_workflow": ["plan", "attempt 0 0"],
        "attempt 0 0": ["judge 0 0"],
    }
    assert application.total("onbrief.runs", kind="judge") == 1


def test_a_user_who_reviews_the_checklist_has_a_span_and_is_no_model(tmp_path: Path, application: Application) -> None:
    async def go() -> None:
        async def accept(checklist: Any, plan: Any) -> Any:
            return checklist

        async with open_pursuit(order(tmp_path), crew(Bill()), review=accept) as pursuit:
            async for _ in pursuit.events():
                pass

    asyncio.run(go())
    (reviewed,) = application.named("review")
    assert (reviewed.kind.name, about(reviewed)["onbrief.outcome"]) == ("INTERNAL", "done")
    assert application.total("onbrief.text_calls") == 1


def test_runs_are_parts_of_the_trace_of_their_caller_and_else_have_their_own(tmp_path: Path, application: Application) -> None:
    seen: list[trace.SpanContext] = []

    def draw(asked: ImageRequest) -> bytes:
        """What another library would make a child of, in the middle of a call."""
        seen.append(trace.get_current_span().get_span_context())
        return picture(asked.seed, asked.size)

    def models() -> dict[str, Any]:
        scripted = crew(Bill(), answer=draw)
        roles = ("image_model", "judge", "planner", "reviser")
        return {role: getattr(scripted, role) for role in roles}

    async def both() -> None:
        async def one(seed: int) -> None:
            async for _ in onbrief.pursue(BRIEF, settings=settings(out=str(tmp_path)), seed=seed, **models()):
                pass

        await asyncio.gather(one(1), one(2))
        with application.tracers.get_tracer("app").start_as_current_span("a batch"):
            await asyncio.gather(one(3), one(4))
            onbrief.run(BRIEF, settings=settings(out=str(tmp_path)), seed=5, **models())  # in a thread of its own

    asyncio.run(both())
    tops = application.named("invoke_workflow onbrief")
    (batch,) = application.named("a batch")
    assert batch.context
    assert [span.parent.span_id if span.parent else None for span in tops] == [None] * 2 + [batch.context.span_id] * 3
    assert len({span.context.trace_id for span in tops if span.context}) == 3
    assert {one.span_id for one in seen} == {span.context.span_id for span in tops if span.context}


def test_a_run_that_its_reader_leaves_is_ended_and_no_error(tmp_path: Path, application: Application) -> None:
    async def leave() -> None:
        async with open_pursuit(order(tmp_path), crew(Bill(), R1)) as pursuit:
            events = pursuit.events()
            async for event in events:
                if isinstance(event, ImageMade):
                    await events.aclose()

    asyncio.run(leave())
    (top,), (attempt,) = application.named("invoke_workflow onbrief"), application.named("attempt")
    assert (error_of(top), "onbrief.outcome" in about(top)) == (("UNSET", None, None), False)
    assert about(attempt)["onbrief.outcome"] == "not judged"
    assert application.points("onbrief.runs") == []


def test_a_run_that_raises_has_the_error(tmp_path: Path, application: Application) -> None:
    class Odd(Exception):
        pass

    def odd(asked: ImageRequest) -> bytes | Exception:
        return Odd("a defect")

    with pytest.raises(Odd):
        pursue(tmp_path, crew(Bill(), answer=odd))
    (top,) = application.named("invoke_workflow onbrief")
    assert error_of(top) == ("ERROR", "Odd", None)


@pytest.mark.parametrize("at", ["start", "end"])
def test_a_provider_that_raises_does_no_harm_to_the_run(
    at: str, tmp_path: Path, application: Application, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(SpanProcessor):
        def on_start(self, span: Any, parent_context: Any = None) -> None:
            if at == "start":
                raise RuntimeError("a broken plug-in")

        def on_end(self, span: ReadableSpan) -> None:
            if at == "end":
                raise RuntimeError("a broken plug-in")

    application.tracers.add_span_processor(Broken())
    with caplog.at_level(logging.WARNING, "onbrief"):
        assert pursue(tmp_path, crew(Bill(), R1, set()))[-1].run.outcome == "passed"
    assert len([record for record in caplog.records if record.name == "onbrief"]) == 1
    assert "a broken plug-in" in caplog.text


@pytest.mark.parametrize(
    ("name", "known_as"),
    [
        ("bedrock:global.anthropic.claude-sonnet-5?region=eu-west-1", ("aws.bedrock", "global.anthropic.claude-sonnet-5")),
        ("google:gemini-3.8-flash", ("gcp.gemini", "gemini-3.8-flash")),
        ("mistral:pixtral-large", ("mistral_ai", "pixtral-large")),
        ("openai:gpt-6?base_url=http://127.0.0.1/v1", ("openai", "gpt-6")),
        ("sandbox:", ("sandbox", "sandbox")),
        ("nobody:x", ("nobody", "x")),
        ("my own judge", ("_OTHER", "my own judge")),
    ],
)
def test_models_are_named_as_the_conventions_name_them(name: str, known_as: tuple[str, str]) -> None:
    assert _model(name) == known_as
