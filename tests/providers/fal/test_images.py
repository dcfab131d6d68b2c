"""What is special about fal: what is sent, what the ends of a request mean, and how one is found in the list."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from onbrief.errors import Blocked, ConfigError, Failed, OnbriefError, Unknown, UsageError
from onbrief.pictures import inspect
from onbrief.ports import CannotTell, Found, NotThere, Pending, Recovers, Sent
from onbrief.providers import registry
from onbrief.providers.jobs import JobImageModel
from onbrief.record import Prompt
from onbrief_sandbox.server.faults import Fault
from tests.providers.over_http import Service
from tests.providers.queues import fill
from tests.providers.recording import PNG, Reply, recording

CIRCLE = Prompt(0, "a red circle")
SIZE = (512, 512)
KLEIN = "fal-ai/flux-2/klein/4b"


class Try:
    """One try of a picture, with what it notes."""

    def __init__(self, service: Service, model: str = KLEIN, seed: int = 7) -> None:
        found = service.model(model)
        assert isinstance(found, Recovers)
        self.model, self.seed, self.sent = found, seed, Sent.once()
        self.noted: list[str] = []

    async def _note(self, handle: str) -> None:
        self.noted.append(handle)

    def drawn(self) -> bytes:
        return asyncio.run(self.model.generate_as(self.sent, self._note, CIRCLE, SIZE, self.seed)).data

    def lost(self) -> None:
        with pytest.raises(Unknown):
            self.drawn()

    def looked(self, handle: int = -1) -> object:
        return asyncio.run(self.model.find(replace(self.sent, handle=self.noted[handle]), CIRCLE, SIZE, self.seed))


def test_the_time_is_noted_before_it_is_sent_and_the_request_after(service: Service) -> None:
    service.fresh(Fault(operation="fal.submit", does="status", status=429))
    one = Try(service)
    with pytest.raises(OnbriefError):
        one.drawn()
    assert len(one.noted) == 1
    service.fresh()
    one.drawn()
    assert "requests/" in one.noted[-1]


@pytest.mark.parametrize(
    ("fault", "error", "words", "usd"),
    [
        (Fault(does="filtered"), Blocked, "flagged by a content checker", 0.0),
        (Fault(does="filtered", reason="output image"), Blocked, "safety checker", 0.014),
        (Fault(does="filtered", reason="Inference error"), Failed, "Inference error", 0.0),
        (Fault(does="empty"), Failed, "no picture", 0.014),
    ],
)
def test_each_way_to_end_without_a_picture_is_an_outcome(
    service: Service, fault: Fault, error: type[OnbriefError], words: str, usd: float
) -> None:
    service.fresh(replace(fault, operation="fal.submit"))
    one = Try(service)
    with pytest.raises(error, match=words):
        one.drawn()
    assert [line["usd"] for line in service.lines()] == [usd]
    with pytest.raises(error, match=words):
        one.looked(0)


def test_input_that_a_model_refuses_is_to_be_changed_and_nothing_is_charged(service: Service) -> None:
    service.fresh()
    model = service.model(KLEIN)
    assert isinstance(model, JobImageModel)
    chosen = replace(model.chosen, facts=replace(model.chosen.facts, seeds=(0, 2**62)))
    with pytest.raises(ConfigError, match=r"body.seed: Input should be less than or equal"):
        asyncio.run(replace(model, chosen=chosen).generate(CIRCLE, SIZE, 2**40))
    assert sum(line["usd"] for line in service.lines()) == 0


def test_equal_requests_of_two_tries_are_each_found_by_one_of_them(service: Service) -> None:
    service.fresh(Fault(operation="fal.submit", does="reset"))
    tries = [Try(service), Try(service), Try(service, seed=8)]
    for one in tries:
        one.lost()
    service.script.now()
    assert all(isinstance(one.looked(), Found) for one in tries)
    never = Try(service)
    never.noted.append(tries[1].noted[0])
    assert isinstance(never.looked(), Pending)  # both are taken, and the list may be late
    never.noted.append('{"at": 1.5}')
    assert never.looked() == NotThere("the service's list of requests does not have it")
    never.noted.append("nonsense")
    assert isinstance(never.looked(), CannotTell)
    assert len(service.lines()) == 3


def test_a_request_is_found_on_any_page_of_the_list(service: Service) -> None:
    service.fresh(Fault(operation="fal.submit", does="reset", calls=(1,)))
    lost = Try(service)
    lost.lost()
    fill(service, KLEIN, {"prompt": "another"}, "Key another", 101)
    assert isinstance(lost.looked(), Found)


def test_what_the_queue_has_forgotten_is_found_in_the_list(service: Service) -> None:
    service.fresh()
    one = Try(service)
    picture = one.drawn()
    service.clock.ahead = 31 * 86_400.0
    assert one.looked() == NotThere("the service does not know this request any more")
    service.clock.ahead = 29 * 86_400.0
    found = one.looked()
    assert isinstance(found, Found)
    assert found.picture.data == picture


def test_any_other_model_draws_at_an_unknown_price(service: Service) -> None:
    service.fresh()
    other = Try(service, "fal-ai/fast-sdxl")
    assert (other.model.price, inspect(other.drawn()).width) == (None, 512)
    with pytest.raises(ConfigError, match='Application "fal-ai/nothing-of-that-name" not found'):
        Try(service, "fal-ai/nothing-of-that-name").drawn()


def test_what_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAL_KEY", "secret-of-the-test")
    with recording() as server:
        url = f"http://127.0.0.1:{server.port}"
        queue = f"{url}/fal-ai/qwen-image/requests/one"
        image = {"images": [{"url": f"{url}/picture.png"}]}
        server.will(Reply({"request_id": "one", "response_url": queue}), Reply({"status": "COMPLETED"}), Reply(image))
        server.replies += (Reply(raw=PNG),)
        tables = {"fal": {"base_url": url, "platform_url": url}}
        model = registry.image_model("fal:fal-ai/qwen-image?guidance_scale=4", tables)
        assert asyncio.run(model.generate(replace(CIRCLE, negative="blurry"), SIZE, 7)).data == PNG
        assert server.paths == [
            "/fal-ai/qwen-image",
            "/fal-ai/qwen-image/requests/one/status",
            "/fal-ai/qwen-image/requests/one",
            "/picture.png",
        ]
        about = {"prompt": "a red circle", "negative_prompt": "blurry", "image_size": {"width": 512, "height": 512}}
        assert server.bodies[0] == {**about, "seed": 7, "guidance_scale": 4, "output_format": "png"}
        sent = server.headers[0]
        assert (sent["authorization"], sent["x-fal-no-retry"]) == ("Key secret-of-the-test", "1")
        assert "authorization" not in server.headers[-1]


def test_a_wrong_name_says_what_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAL_KEY", "secret-of-the-test")
    for name, words in (("fal:flux-2-pro", "one of fal:fal-ai/flux-2-pro"), ("fal:fal-ai/../x", "one of fal:")):
        with pytest.raises(UsageError, match=words):
            registry.image_model(name)
