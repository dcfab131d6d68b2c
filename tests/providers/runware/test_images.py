"""Image models at Runware: names, tasks, what the answers mean for the picture and its price, and what is found again."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any, cast

import pytest

from onbrief.errors import Blocked, CallError, ConfigError, Failed, Refused, Unknown, UsageError
from onbrief.ports import Found, ModelName, NotThere, Pending, Picture, Recovers, Sent, unnoted
from onbrief.providers import registry
from onbrief.providers.runware import PROVIDER
from onbrief.record import Prompt
from onbrief_sandbox.server.faults import Fault
from tests.providers.over_http import Service
from tests.providers.recording import PICTURE, Recorder, Reply, recording

CIRCLE = Prompt(0, "a red circle", "blurry")
SIZE = (512, 512)
KLEIN = "runware:400@4"
SENT = Sent.once()
OF_TASK = {"taskType": "imageInference", "taskUUID": SENT.id}
ACCEPTED = Reply({"data": [OF_TASK]})


def drawn(service: Service, sent: Sent = SENT, name: str = KLEIN, seconds: float = 60) -> Picture:
    model = cast("Recovers", service.model(f"{name}?timeout={seconds:g}"))
    return asyncio.run(model.generate_as(sent, unnoted, CIRCLE, SIZE, 1))


def found(service: Service, sent: Sent) -> Found | Pending | NotThere | object:
    return asyncio.run(cast("Recovers", service.model(KLEIN)).find(sent, CIRCLE, SIZE, 1))


def answering(*replies: Reply, find: bool = False) -> tuple[Recorder, Any]:
    """Return the server that gave these answers, and what they came to."""
    with recording(*replies) as recorder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUNWARE_API_KEY", "sandbox")
        tables = {"runware": {"base_url": f"http://127.0.0.1:{recorder.port}"}}
        model = cast("Recovers", registry.image_model(f"runware:{KLEIN}?timeout=2", tables))
        try:
            if find:
                return recorder, asyncio.run(model.find(SENT, CIRCLE, SIZE, 1))
            return recorder, asyncio.run(model.generate_as(SENT, unnoted, CIRCLE, SIZE, 1))
        except (CallError, ConfigError) as error:
            return recorder, error


def failed(code: str, message: str = "no", **more: str) -> dict[str, object]:
    return {"data": [], "errors": [{"code": code, "message": message, "taskUUID": SENT.id, **more}]}


def done(**more: object) -> Reply:
    return Reply({"data": [{**OF_TASK, "status": "success", "imageUUID": SENT.id, **more}]})


@pytest.mark.parametrize(
    ("fault", "kind", "usd", "billed"),
    [
        (Fault(does="filtered"), Blocked, None, 0.0),
        (Fault(does="empty"), Failed, 0.0006, 0.0006),
        (Fault(does="status", status=401), ConfigError, None, None),
        (Fault(does="status", status=402), ConfigError, None, None),
        (Fault(does="status", status=429, headers={"retry-after": "60"}), Refused, None, None),
        (Fault(does="status", status=500), Failed, None, 0.0),
        (Fault(does="cut", byte=20), Unknown, None, 0.0006),
        (Fault(does="reset"), Unknown, None, 0.0006),
    ],
    ids=lambda value: f"{value.does} {value.status}" if isinstance(value, Fault) else None,
)
def test_what_goes_wrong_has_the_right_outcome_and_is_counted(
    fault: Fault, kind: type[Exception], usd: float | None, billed: float | None, service: Service
) -> None:
    service.fresh(replace(fault, operation="runware.draw"))
    with pytest.raises(kind, match=rf"^runware:{KLEIN}") as caught:
        drawn(service, Sent.once())
    assert [line["usd"] for line in service.lines()] == ([] if billed is None else [billed])
    if isinstance(caught.value, CallError):
        assert caught.value.usd == usd


def test_a_picture_has_its_price_and_its_task(service: Service) -> None:
    service.fresh()
    sent = Sent.once()
    made = drawn(service, sent)
    assert (made.usd, made.facts["request_id"], made.facts["seed"]) == (0.0006, sent.id, "1")
    price = service.model(KLEIN).price
    assert price
    assert 0 < (made.usd or 0) <= price
    assert isinstance(answer := found(service, sent), Found)
    assert answer.picture == made
    assert len(service.lines()) == 1


def test_looks_that_fail_are_repeated_and_the_picture_still_comes(service: Service) -> None:
    troubles = [
        Fault(does="cut", byte=10),
        Fault(does="status", status=500),
        Fault(does="status", status=429),
        Fault(does="empty"),
    ]
    one_each = [replace(fault, operation="runware.response", calls=(number,)) for number, fault in enumerate(troubles, 1)]
    service.fresh(*one_each, Fault(does="cut", byte=100, operation="runware.image", calls=(1,)))
    assert drawn(service, Sent.once()).usd == 0.0006
    assert len(service.lines()) == 1


def test_a_task_that_works_is_pending_and_one_that_is_not_known_may_still_come(service: Service) -> None:
    sent = Sent.once()
    service.fresh(Fault(delay=3, operation="runware.draw"))
    with pytest.raises(Unknown):
        drawn(service, sent, seconds=0.4)
    assert isinstance(found(service, sent), Pending)
    answer = found(service, Sent.once())
    assert isinstance(answer, NotThere)
    assert not answer.final


def test_a_task_is_sent_once_under_the_id_of_its_try_and_a_refusal_of_that_id_says_that_it_is_there() -> None:
    refused = Reply(failed("conflictTaskUUID", "already used"), 400)
    recorder, made = answering(refused, done(imageBase64Data=PICTURE, cost=0.001, seed=1))
    assert isinstance(made, Picture)
    assert made.usd == 0.001
    (task,), (question,) = map(json.loads, recorder.bodies)
    assert question == {"taskType": "getResponse", "taskUUID": SENT.id}
    assert (task["taskUUID"], task["model"], task["deliveryMethod"], task["includeCost"]) == (SENT.id, KLEIN, "async", True)
    assert (task["width"], task["height"], task["seed"], task["outputType"], task["numberResults"]) == (512, 512, 1, "URL", 1)
    assert "negativePrompt" not in task
    assert made.warnings == ("FLUX.2 [klein] 4B takes no negative text: it is left out",)


@pytest.mark.parametrize(
    ("replies", "kind"),
    [
        ([Reply(raw=b"<html>Bad Gateway</html>", status=502), done(imageBase64Data=PICTURE)], Picture),  # it did arrive
        ([Reply(raw=b"<html>Bad Gateway</html>", status=502), Reply({"data": []})], Failed),
        ([Reply(failed("promptBlocked"), 400)], Blocked),
        ([Reply(failed("insufficientCredits"), 400)], ConfigError),
        ([Reply(failed("invalidWidth"), 400)], ConfigError),
        ([Reply(failed("rateLimitExceeded"), 429)], Refused),
        ([Reply(failed("timeoutProvider", taskUUID="another"), 200), done(imageBase64Data=PICTURE)], Picture),
        ([ACCEPTED, Reply(failed("timeoutProvider", status="error"), 400)], Failed),
        ([ACCEPTED, Reply(failed("contentPolicyViolation", status="error"))], Blocked),
        ([ACCEPTED, Reply({"data": [{**OF_TASK, "status": "error", "code": "inferenceError"}]})], Failed),
        ([ACCEPTED, done(imageBase64Data="?")], Failed),
        ([ACCEPTED, done(imageBase64Data=PICTURE, NSFWContent=True, cost=0.002)], Blocked),
        ([ACCEPTED, Reply({"data": []})], Unknown),  # and says nothing until the time is up
        ([ACCEPTED, Reply(failed("invalidApiKey"), 401)], Unknown),  # it was sent
    ],
)
def test_what_the_service_says_of_a_task_decides_its_outcome(replies: list[Reply], kind: type[object]) -> None:
    _, ended = answering(*replies)
    assert type(ended) is kind, ended


@pytest.mark.parametrize(
    ("replies", "kind"),
    [
        ([done(imageBase64Data=PICTURE)], Found),
        ([Reply({"data": [{**OF_TASK, "status": "processing"}]})], Pending),
        ([Reply({"data": []}), Reply(failed("taskNotFound"), 404)], NotThere),
        (
            [
                Reply({"data": []}),
                Reply({"data": [{**OF_TASK, "response": {"data": [{**OF_TASK, "imageBase64Data": PICTURE}]}}]}),
            ],
            Found,
        ),
        ([Reply({"data": []}), Reply({"data": [{**OF_TASK, "response": failed("timeoutProvider")}]})], Failed),
        ([Reply({"data": []}), Reply({"data": [{**OF_TASK, "response": failed("nsfwContentDetected")}]})], Blocked),
        ([Reply(failed("internalServerError"), 500)], Unknown),
        ([Reply(failed("invalidApiKey"), 401)], ConfigError),
    ],
)
def test_a_look_for_a_lost_picture_tells_apart_what_the_service_says(replies: list[Reply], kind: type[object]) -> None:
    _, answer = answering(*replies, find=True)
    assert type(answer) is kind, answer


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("runware:runware:400@44", "runware:runware:400@4"),
        ("runware:flux", "one of runware:"),
        (f"runware:{KLEIN}?cfg_scale=60", "cfg_scale|left out"),
        ("runware:civitai:133005@782002?cfg_scale=60", "a number from 0 to 50"),
    ],
)
def test_a_name_that_is_wrong_is_refused_with_what_is_allowed(name: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNWARE_API_KEY", "sandbox")
    if KLEIN in name and "?" in name:  # an option of other models
        assert any("cfg_scale" in warning for warning in registry.image_model(name).check(SIZE))
        return
    with pytest.raises(UsageError, match=why):
        registry.image_model(name)


def test_a_model_of_the_community_is_drawn_with_and_its_price_is_that_of_the_answer(service: Service) -> None:
    service.fresh()
    name = "civitai:133005@782002"
    assert service.model(name).price is None
    made = drawn(service, Sent.once(), f"{name}")
    assert (made.usd, made.warnings) == (0.0026, ())


def test_the_doctor_asks_for_the_balance(service: Service) -> None:
    service.fresh()
    models, values = {"image_model": ModelName("runware", KLEIN)}, {"base_url": service.url}
    account, _ = PROVIDER.check(models, values)  # pyright: ignore[reportArgumentType]
    assert (account.state, account.told) == ("ok", "$12.50 left")
    service.fresh(Fault(does="status", status=401))
    account, _ = PROVIDER.check(models, values)  # pyright: ignore[reportArgumentType]
    assert account.state == "error"
    assert "RUNWARE_API_KEY" in account.advice
