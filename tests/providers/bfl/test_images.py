"""What is special about Black Forest Labs: what is sent, what it costs, what its statuses mean, where its answers may lead."""

from __future__ import annotations

import asyncio
import base64
import io
from dataclasses import replace

import pytest
from PIL import Image

from onbrief.errors import Blocked, CallError, ConfigError, Failed, Unknown, UsageError
from onbrief.pictures import inspect
from onbrief.ports import CannotTell, Found, NotThere, Picture, Recovers, Sent
from onbrief.providers import registry
from onbrief.record import Prompt
from onbrief.studio import price_of
from onbrief_sandbox.server.faults import Fault
from tests.providers.over_http import Service
from tests.providers.recording import PNG, Reply, recording

CIRCLE = Prompt(0, "a red circle")
SIZE = (512, 512)


def drawn(service: Service, model: str, *faults: Fault, prompt: Prompt = CIRCLE) -> tuple[Picture, Sent]:
    """Return a picture, and its try with the last handle that was noted."""
    service.fresh(*faults)
    found, noted = service.model(model), [""]
    assert isinstance(found, Recovers)

    async def note(handle: str) -> None:
        noted.append(handle)

    sent = Sent.once()
    picture = asyncio.run(found.generate_as(sent, note, prompt, SIZE, 7))
    return picture, replace(sent, handle=noted[-1])


def looked(service: Service, model: str, sent: Sent) -> object:
    found = service.model(model)
    assert isinstance(found, Recovers)
    return asyncio.run(found.find(sent, CIRCLE, SIZE, 7))


def test_a_picture_costs_what_the_service_says_and_the_price_is_by_size(service: Service) -> None:
    model = service.model("flux-2-flex?output_format=jpeg&steps=20&guidance=3")
    picture, _ = drawn(service, "flux-2-flex?output_format=jpeg&steps=20&guidance=3")
    assert (picture.usd, picture.facts["seed"], inspect(picture.data).media_type) == (0.05, "7", "image/jpeg")
    assert [price_of(model, CIRCLE, size, 1) for size in (SIZE, (1024, 1024), (2048, 1024))] == [0.06, 0.12, 0.18]
    assert model.price == pytest.approx(0.24)
    assert [line["usd"] for line in service.lines()] == [0.05]


@pytest.mark.parametrize(
    ("fault", "error", "words", "usd"),
    [
        (Fault(does="filtered"), Blocked, "Request Moderated: .*Content Policy", 0.0),
        (Fault(does="filtered", reason="output image"), Blocked, "Content Moderated", 0.014),
        (Fault(does="filtered", reason="Inference error"), Failed, "Generation Error", 0.0),
        (Fault(does="empty"), Failed, "no picture", 0.014),
    ],
)
def test_each_way_to_end_without_a_picture_is_an_outcome_with_its_cost(
    service: Service, fault: Fault, error: type[CallError], words: str, usd: float
) -> None:
    with pytest.raises(error, match=words) as caught:
        drawn(service, "flux-2-klein-4b", replace(fault, operation="bfl.submit"))
    assert caught.value.usd == pytest.approx(usd)
    assert sum(line["usd"] for line in service.lines()) == pytest.approx(usd)


def test_after_ten_minutes_a_picture_is_gone_and_after_a_day_its_request(service: Service) -> None:
    _, sent = drawn(service, "flux-2-klein-4b")
    service.clock.ahead = 590.0
    assert isinstance(looked(service, "flux-2-klein-4b", sent), Found)
    service.clock.ahead = 610.0
    with pytest.raises(Unknown, match="its picture cannot be fetched"):
        looked(service, "flux-2-klein-4b", sent)
    service.clock.ahead = 100_000.0
    assert looked(service, "flux-2-klein-4b", sent) == NotThere("the service does not know this request any more")
    assert isinstance(looked(service, "flux-2-klein-4b", Sent.once()), CannotTell)


def test_the_key_goes_only_to_the_service_wherever_its_answers_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BFL_API_KEY", "secret-of-the-test")
    with recording() as evil, recording() as server:
        bad = f"http://127.0.0.1:{evil.port}"
        evil.will(Reply(raw=PNG))
        ready = Reply({"status": "Ready", "result": {"sample": f"{bad}/sample.png"}})
        server.will(Reply({"id": "one", "polling_url": f"{bad}/v1/get_result?id=one"}), Reply({"status": "Pending"}), ready)
        model = registry.image_model("bfl:flux-2-pro", {"bfl": {"base_url": f"http://127.0.0.1:{server.port}"}})
        assert asyncio.run(model.generate(CIRCLE, SIZE, 7)).data == PNG
        assert server.paths == ["/v1/flux-2-pro", "/v1/get_result?id=one", "/v1/get_result?id=one"]
        assert {named.get("x-key") for named in server.headers} == {"secret-of-the-test"}
        assert [named.get("x-key") for named in evil.headers] == [None]
        given = {"prompt": "a red circle", "width": 512, "height": 512, "seed": 7, "output_format": "png"}
        assert server.bodies[0] == given


def test_a_first_reply_without_an_id_may_have_been_charged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BFL_API_KEY", "secret-of-the-test")
    with recording(Reply({"polling_url": "x"})) as server:
        model = registry.image_model("bfl:flux-2-pro", {"bfl": {"base_url": f"http://127.0.0.1:{server.port}"}})
        with pytest.raises(Unknown, match="names no job"):
            asyncio.run(model.generate(CIRCLE, SIZE, 7))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("bfl:flux-2-por", "expected one of bfl:flux-2-pro"),
        ("bfl:flux-2-pro?safety_tolerance=9", "expected a whole number from 0 to 5"),
        ("bfl:flux-2-pro?colour=red", "output_format"),
    ],
)
def test_a_wrong_name_says_what_is_allowed(monkeypatch: pytest.MonkeyPatch, name: str, words: str) -> None:
    monkeypatch.setenv("BFL_API_KEY", "secret-of-the-test")
    for make in (registry.image_model, registry.editor):
        with pytest.raises(UsageError, match=words):
            make(name)


def test_a_missing_key_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BFL_API_KEY", raising=False)
    with pytest.raises(ConfigError, match="BFL_API_KEY, which is not set"):
        registry.image_model("bfl:flux-2-pro")


def test_an_edit_costs_the_megapixels_of_both_pictures(service: Service) -> None:
    editor = service.editor("flux-2-klein-9b")
    service.fresh()
    edited = asyncio.run(editor.edit(PNG, "make the square blue", 3))
    assert (inspect(edited.data).width, edited.usd) == (64, 0.017)
    assert editor.price is not None
    assert editor.price >= 0.017


def test_no_more_megapixels_are_sent_than_can_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BFL_API_KEY", "secret-of-the-test")
    large = io.BytesIO()
    Image.new("RGB", (2400, 2000), "red").save(large, "PNG")
    with recording() as server:
        url = f"http://127.0.0.1:{server.port}"
        ready = Reply({"status": "Ready", "result": {"sample": f"{url}/sample.png"}})
        server.will(Reply({"id": "one", "polling_url": url}), ready, Reply(raw=PNG))
        editor = registry.editor("bfl:flux-2-pro", {"bfl": {"base_url": url}})
        edited = asyncio.run(editor.edit(large.getvalue(), "add a star", 3))
        sent = server.bodies[0]
        facts = inspect(base64.b64decode(sent["input_image"]))
        assert (facts.width, facts.height) == (sent["width"], sent["height"])
        assert facts.width * facts.height <= 4_000_000
        assert (inspect(edited.data).width, len(edited.warnings)) == (2400, 1)
