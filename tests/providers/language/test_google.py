"""Gemini as judge, planner and reviser, over real HTTP to a server that answers as Google."""

from __future__ import annotations

import asyncio
from collections.abc import Generator

import pytest

from onbrief.brief import Checklist
from onbrief.errors import Blocked, CallError, ConfigError, Failed, Refused, Unknown, Unreadable
from onbrief.ports import Planner
from onbrief.providers import registry
from onbrief.providers.http import DAY_QUOTA_WAIT
from onbrief.studio import price_of
from onbrief_sandbox.server.faults import Fault
from tests.claude import BRIEF, cups
from tests.providers.google.reaching import Service, lead_to, serving
from tests.providers.language.test_judge import REQUIREMENTS, judge_copy
from tests.providers.recording import Reply, recording

GEMINI = "google:gemini-3.8-flash"


@pytest.fixture(scope="module")
def google_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Service]:
    with serving(tmp_path_factory.mktemp("google") / "bill") as service:
        yield service


@pytest.fixture(autouse=True)
def google(google_server: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    return google_server.fresh(monkeypatch)


@pytest.mark.parametrize(
    "name", [GEMINI, "google:gemini-3.1-pro-preview", "google:gemini-2.5-flash?temperature=0.2&top_p=0.9&top_k=40"]
)
def test_a_judge_sees_the_picture_and_costs_what_the_service_counts(name: str, google: Service) -> None:
    judge = registry.judge(name)
    judged = asyncio.run(judge.judge(judge_copy(cups()), REQUIREMENTS))
    assert [finding.verdict for finding in judged.findings] == ["met", "met", "met", "unmet"]
    (line,) = google.billed()
    assert (line["operation"], line["answer"]) == ("google.ask", "tool")
    price = price_of(judge, REQUIREMENTS, (512, 512))
    assert price is not None
    assert judged.usd == pytest.approx(line["usd"])
    assert line["usd"] < price


def test_a_planner_and_a_reviser_answer_in_the_form_that_is_asked_for(google: Service) -> None:
    planner: Planner = registry.planner(GEMINI)
    planned = asyncio.run(planner.checklist(BRIEF))
    assert {"there are exactly two cups", "the cups are red"} <= {one.text for one in planned.requirements}
    checklist = Checklist.freeze(planned.requirements, BRIEF)
    revised = asyncio.run(registry.reviser(GEMINI).revise(BRIEF, checklist, 1, []))
    assert "cups" in revised.text
    assert [planned.usd, revised.usd] == [pytest.approx(line["usd"]) for line in google.billed()]


@pytest.mark.parametrize(("quota", "wait"), [("RequestsPerMinute", 14.5), ("RequestsPerDay", DAY_QUOTA_WAIT)])
def test_the_wait_that_google_asks_for_in_a_body_is_heard(quota: str, wait: float, monkeypatch: pytest.MonkeyPatch) -> None:
    details = [
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": f"{quota}PerProject"}]},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "14.5s"},
    ]
    error = {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "You exceeded your quota.", "details": details}
    with recording(Reply({"error": error}, 429)) as recorder:
        lead_to(f"http://127.0.0.1:{recorder.port}", monkeypatch)
        with pytest.raises(Refused) as caught:
            asyncio.run(registry.judge(GEMINI).judge(judge_copy(cups()), REQUIREMENTS))
        assert len(recorder.bodies) == 1
    assert caught.value.retry_after == wait


@pytest.mark.parametrize(
    ("fault", "kind", "hint"),
    [
        (Fault(does="status", status=429), Refused, ""),
        (Fault(does="status", status=503), Refused, ""),
        (Fault(does="status", status=500), Failed, ""),
        (Fault(does="status", status=403), ConfigError, ""),
        (Fault(does="reset"), Unknown, ""),
        (Fault(does="cut", byte=50), Unknown, ""),
        (Fault(does="filtered"), Blocked, "use another model"),
        (Fault(does="filtered", reason="output image"), Blocked, "use another model"),
        (Fault(does="empty"), Unreadable, ""),
        (Fault(does="truncated", stop_reason="MAX_TOKENS"), Unreadable, f"raise the limit: {GEMINI}?max_tokens=8192"),
        (Fault(stop_reason="MALFORMED_FUNCTION_CALL"), Unreadable, ""),
        (Fault(does="text"), Blocked, "use another model"),
    ],
)
def test_what_goes_wrong_has_the_outcome_of_its_kind(fault: Fault, kind: type[Exception], hint: str, google: Service) -> None:
    google.script.now(fault)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - its exact type is compared
        asyncio.run(registry.judge(GEMINI).judge(judge_copy(cups()), REQUIREMENTS))
    assert type(caught.value) is kind
    assert isinstance(caught.value, CallError | ConfigError)
    assert caught.value.hint == hint
    assert len(google.billed()) <= 1
