"""Plain HTTP to services: what is sent once and what again, what each end of a request means, and where keys go."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Generator

import pytest

from onbrief.errors import Blocked, CallError, ConfigError, Failed, Refused, Unknown, UsageError
from onbrief.ports import ModelName
from onbrief.providers import wire
from onbrief.providers.wire import Service, Session
from tests.providers.recording import Recorder, Reply, recording

DONE = Reply({"done": True})
LOST = Reply({"done": True}, stalls=True)


@pytest.fixture(scope="module")
def recorder() -> Generator[Recorder]:
    with recording(DONE) as running:
        yield running


def service(recorder: Recorder, timeout: float = 5.0) -> Service:
    return Service(f"http://127.0.0.1:{recorder.port}/api/", {"x-key": "secret"}, timeout)


def paid(recorder: Recorder, *replies: Reply, timeout: float = 5.0) -> wire.Reply:
    """Return the answer of one request that pays, to a server with these replies."""
    recorder.will(*replies)

    async def go() -> wire.Reply:
        async with service(recorder, timeout).session() as session:
            return await session.pay("draw", json={"prompt": "a red circle"})

    return asyncio.run(go())


def found(recorder: Recorder, *replies: Reply, timeout: float = 5.0) -> object:
    """Return what patient looks find after a request that pays."""
    recorder.will(DONE, *replies)

    async def look(session: Session) -> object:
        return (await session.ask("state")).object().get("picture")

    async def go() -> object:
        async with service(recorder, timeout).session() as session:
            await session.pay("draw", json={})
            return await session.patiently(lambda: look(session))

    return asyncio.run(go())


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (Reply({"error": {"message": "slow down"}}, 429, {"Retry-After": "7"}), Refused, "slow down"),
        (Reply({"detail": "busy"}, 503), Refused, "busy"),
        (Reply({"message": "it broke"}, 500), Failed, "it broke"),
        (Reply(raw=b"<h1>Bad gateway</h1>", status=502), Failed, "Bad gateway"),
        (Reply({"detail": "no such key"}, 401), ConfigError, "no such key"),
        (Reply({"detail": [{"loc": ["body", "size"], "msg": "too large"}]}, 422), ConfigError, "too large"),
        (Reply({"error": {"code": "moderation_blocked", "message": "no"}}, 400), Blocked, "moderation_blocked: no"),
        (Reply(raw=b'{"done": tr', hangs_up=True), Unknown, "not a JSON document"),
        (Reply([1]), Failed, "not a JSON object"),
    ],
)
def test_an_answer_that_is_no_result_is_one_of_the_outcomes_after_one_request(
    recorder: Recorder, reply: Reply, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        paid(recorder, reply).object()
    assert recorder.paths == ["/api/draw"]


def test_a_request_that_pays_and_gets_no_whole_answer_in_time_may_have_been_charged(recorder: Recorder) -> None:
    with pytest.raises(Unknown, match=r"within 0.3 seconds"):
        paid(recorder, LOST, timeout=0.3)
    assert len(recorder.paths) == 1


def test_where_nobody_listens_nothing_was_accepted() -> None:
    with socket.socket() as plug:
        plug.bind(("127.0.0.1", 0))
        nowhere = Service(f"http://127.0.0.1:{plug.getsockname()[1]}")

        async def go() -> None:
            async with nowhere.session() as session:
                try:
                    await session.pay("draw", json={})
                finally:
                    assert not session.paid

        with pytest.raises(Refused, match=r"no connection to 127.0.0.1"):
            asyncio.run(go())


def test_looks_go_on_while_they_go_wrong_and_the_request_that_pays_is_not_repeated(recorder: Recorder) -> None:
    wrong = (Reply({"detail": "busy"}, 503), Reply({"detail": "broken"}, 500), Reply(raw=b"{", hangs_up=True), DONE)
    assert found(recorder, *wrong, Reply({"picture": "here"})) == "here"
    assert recorder.paths == ["/api/draw", *["/api/state"] * 5]


def test_a_deadline_says_why_the_last_look_went_wrong(recorder: Recorder) -> None:
    with pytest.raises(Unknown, match=r"within 0.5 seconds; the last look: broken"):
        found(recorder, Reply({"detail": "broken"}, 500), timeout=0.5)


def test_a_service_that_lets_nobody_look_any_more_leaves_the_outcome_unknown(recorder: Recorder) -> None:
    with pytest.raises(Unknown, match="sent, but its picture cannot be fetched: the key was revoked"):
        found(recorder, Reply({"detail": "the key was revoked"}, 401))


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("http://127.0.0.1:8000/anything", True),
        ("https://api.example.org/v1/state", True),
        ("https://eu.api.example.org/v1/state", True),
        ("http://api.example.org/v1/state", False),
        ("https://example.org.evil.com/", False),
        ("https://evilapi.example.org/", False),
        ("http://127.0.0.1:8001/", False),
        ("https://127.0.0.1:8000/", False),
        ("http://127.0.0.1:8000@evil.com/", False),
        ("", False),
    ],
)
def test_only_addresses_of_the_service_are_its_own(url: str, own: bool) -> None:
    assert Service("http://127.0.0.1:8000", domains=("api.example.org",)).owns(url) is own


def test_keys_go_to_no_other_address_whoever_names_it(recorder: Recorder) -> None:
    with recording(Reply(raw=b"picture")) as elsewhere:

        async def go() -> bytes:
            async with service(recorder).session() as session:
                other = f"http://127.0.0.1:{elsewhere.port}/picture"
                await session.ask(other)
                return await session.fetch(other, own=True)

        elsewhere.will(Reply(raw=b"picture"))
        assert asyncio.run(go()) == b"picture"
        assert [named.get("x-key") for named in elsewhere.headers] == [None, None]


def test_a_picture_is_fetched_again_and_by_a_redirect(recorder: Recorder) -> None:
    recorder.will(Reply(status=503), Reply(status=302, headers={"Location": "/there"}), Reply(raw=b"picture"))

    async def go() -> bytes:
        async with service(recorder).session() as session:
            return await session.fetch(f"http://127.0.0.1:{recorder.port}/here")

    assert asyncio.run(go()) == b"picture"
    assert recorder.paths == ["/here", "/here", "/there"]


def test_a_picture_that_is_gone_is_unknown_at_once(recorder: Recorder) -> None:
    recorder.will(Reply({"detail": "content was blocked by a policy"}, 400))

    async def go() -> bytes:
        async with service(recorder).session() as session:
            return await session.fetch(f"http://127.0.0.1:{recorder.port}/here")

    with pytest.raises(Unknown, match="its picture cannot be fetched"):
        asyncio.run(go())


def test_a_missing_key_is_named_with_where_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", " ")
    with pytest.raises(ConfigError, match="Some service needs a key in SOME_KEY") as caught:
        wire.key("SOME_KEY", "Some service", "https://example.org/keys")
    assert caught.value.hint == "get one at https://example.org/keys"
    monkeypatch.setenv("SOME_KEY", " abc ")
    assert wire.key("SOME_KEY", "Some service", "") == "abc"


@pytest.mark.parametrize(
    "url", ["", "localhost:80", "ftp://a.org", "http://", "http://u:p@a.org", "http://a.org?x=1", "http://[a"]
)
def test_a_wrong_address_is_a_wrong_input(url: str) -> None:
    with pytest.raises(UsageError, match=r"some.base_url: .* expected a URL such as"):
        wire.base_url("some.base_url", url)


def test_an_address_and_a_timeout_are_read() -> None:
    assert wire.base_url("some.base_url", "http://127.0.0.1:80/api/") == "http://127.0.0.1:80/api"
    assert wire.timeout(ModelName.parse("some:model?timeout=2.5")) == 2.5
    with pytest.raises(UsageError, match="timeout"):
        wire.timeout(ModelName.parse("some:model?timeout=0"))


def test_messages_begin_with_the_name_of_the_model() -> None:
    with pytest.raises(CallError, match=r"^some:model: broken"), wire.naming("some:model"):
        raise Failed("broken")
