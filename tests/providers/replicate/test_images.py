"""What is special about Replicate: what is sent, what the ends of a prediction mean, and how one is found in the list."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from onbrief.errors import Blocked, ConfigError, Failed, OnbriefError, Unknown, UsageError
from onbrief.pictures import inspect
from onbrief.ports import CannotTell, Found, NotThere, Recovers, Sent
from onbrief.providers import registry
from onbrief.record import Prompt
from onbrief_sandbox.server.faults import Fault
from tests.providers.over_http import Service
from tests.providers.queues import fill
from tests.providers.recording import PNG, Reply, recording

CIRCLE = Prompt(0, "a red circle")
SIZE = (512, 512)
PRO = "black-forest-labs/flux-2-pro"


def recovering(service: Service, name: str = PRO) -> Recovers:
    model = service.model(name)
    assert isinstance(model, Recovers)
    return model


async def drawn(model: Recovers, sent: Sent, noted: list[str], seed: int = 7) -> bytes:
    async def note(handle: str) -> None:
        noted.append(handle)

    return (await model.generate_as(sent, note, CIRCLE, SIZE, seed)).data


def looked(model: Recovers, sent: Sent, handle: str, seed: int = 7) -> object:
    return asyncio.run(model.find(replace(sent, handle=handle), CIRCLE, SIZE, seed))


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (Fault(does="filtered"), Blocked, "flagged as sensitive"),
        (Fault(does="filtered", reason="output image"), Blocked, "NSFW content"),
        (Fault(does="filtered", reason="Inference error"), Failed, "Prediction failed"),
        (Fault(does="empty"), Failed, "no picture"),
    ],
)
def test_each_way_to_end_without_a_picture_is_an_outcome(
    service: Service, fault: Fault, error: type[OnbriefError], words: str
) -> None:
    service.fresh(replace(fault, operation="replicate.submit"))
    model, sent, noted = recovering(service), Sent.once(), list[str]()
    with pytest.raises(error, match=words):
        asyncio.run(drawn(model, sent, noted))
    with pytest.raises(error, match=words):
        looked(model, sent, noted[0])


def test_a_prediction_is_found_on_any_page_of_the_list(service: Service) -> None:
    service.fresh(Fault(operation="replicate.submit", does="reset", calls=(1,)))
    model, sent, noted = recovering(service), Sent.once(), list[str]()
    with pytest.raises(Unknown):
        asyncio.run(drawn(model, sent, noted))

    fill(service, f"v1/models/{PRO}/predictions", {"input": {"prompt": "another"}}, "Bearer another", 101)
    assert isinstance(looked(model, sent, noted[0]), Found)


def test_after_an_hour_the_output_is_gone_and_nothing_can_be_told(service: Service) -> None:
    service.fresh()
    model, sent, noted = recovering(service), Sent.once(), list[str]()
    asyncio.run(drawn(model, sent, noted))
    service.clock.ahead = 3500.0
    assert isinstance(looked(model, sent, noted[-1]), Found)
    service.clock.ahead = 3700.0
    assert isinstance(looked(model, sent, noted[-1]), CannotTell)
    assert isinstance(looked(model, sent, '{"at": 1.5}'), NotThere)


def test_models_by_aspect_ratio_and_others_at_an_unknown_price_draw_too(service: Service) -> None:
    service.fresh()
    for name, price in (("black-forest-labs/flux-schnell", 0.003), ("ideogram-ai/ideogram-v3-turbo", None)):
        model = recovering(service, name)
        picture = asyncio.run(model.generate(CIRCLE, (1024, 1024), 7))
        assert (model.price, inspect(picture.data).width) == (price, 1024)
        assert model.check((1024, 1024)) == ()
        assert model.check((2000, 1000))
    with pytest.raises(ConfigError, match="could not be found"):
        asyncio.run(recovering(service, "nobody/nothing").generate(CIRCLE, SIZE, 7))


def test_what_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPLICATE_API_TOKEN", "secret-of-the-test")
    with recording() as server, recording(Reply(raw=PNG)) as files:
        url, picture = f"http://127.0.0.1:{server.port}", f"http://127.0.0.1:{files.port}/picture.png"
        first = Reply({"id": "one", "status": "starting", "urls": {"get": f"{url}/v1/predictions/one"}}, 201)
        server.will(first, Reply({"status": "processing"}), Reply({"status": "succeeded", "output": [picture]}))
        model = registry.image_model(f"replicate:{PRO}?safety_tolerance=2", {"replicate": {"base_url": url}})
        assert asyncio.run(model.generate(CIRCLE, SIZE, 7)).data == PNG
        assert server.paths == [f"/v1/models/{PRO}/predictions", *["/v1/predictions/one"] * 2]
        about = {"prompt": "a red circle", "aspect_ratio": "custom", "width": 512, "height": 512, "seed": 7}
        assert server.bodies[0] == {"input": {**about, "output_format": "png", "safety_tolerance": 2}}
        assert {named["authorization"] for named in server.headers} == {"Bearer secret-of-the-test"}
        assert "prefer" not in server.headers[0]
        assert "authorization" not in files.headers[0]


def test_a_wrong_name_says_what_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPLICATE_API_TOKEN", "secret-of-the-test")
    for name, words in (("replicate:flux-2-pro", f"one of replicate:{PRO}"), ("replicate:a/b/c", "one of replicate:")):
        with pytest.raises(UsageError, match=words):
            registry.image_model(name)
