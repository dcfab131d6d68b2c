"""Lost pictures of Bedrock are found in its log of invocations, over real HTTP and in a real bucket."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from onbrief.errors import ConfigError, Failed, Unknown
from onbrief.ports import CannotTell, Found, ModelName, NotThere, Pending, Recovers, Sent
from onbrief.ports.recovery import Answer
from onbrief.providers.bedrock.checks import check
from onbrief.providers.bedrock.images import BedrockImageModel
from onbrief.providers.bedrock.invocation_log import InvocationLog
from onbrief.testing import RecoveryContract
from onbrief.testing.recovery_contract import Trouble
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from onbrief_sandbox.server.faults import Fault
from onbrief_sandbox.server.invocation_log import InvocationLog as WrittenLog
from tests.buckets import ALL, BUCKET, GET, PUT, Rights, Service
from tests.providers.bedrock.logging_in import logging
from tests.providers.wiring import CIRCLE, SQUARE, keys, named
from tests.sandbox.server.serving import CORE, Play, lines, served

TROUBLES = {
    "none": (),
    "lost": (Fault(does="cut", byte=1000),),
    "filtered": (Fault(does="filtered"),),
    "slow": (Fault(delay=600),),
}


@dataclass(frozen=True, slots=True)
class Account:
    """An account whose log is on."""

    script: Play
    bill: Path
    s3: Service
    log: WrittenLog

    def lost(self, *faults: Fault) -> Sent:
        """Return a call whose answer was lost."""
        self.script.now(*(faults or TROUBLES["lost"]))
        sent, handles = Sent.once(), list[str]()

        async def note(handle: str) -> None:
            handles.append(handle)

        with pytest.raises(Unknown):
            asyncio.run(named(CORE).generate_as(sent, note, CIRCLE, SQUARE, 1))
        self.script.now()
        return replace(sent, handle=handles[0])


@pytest.fixture(scope="module")
def account(s3_service: Service, tmp_path_factory: pytest.TempPathFactory) -> Generator[Account]:
    script, bill = Play(), tmp_path_factory.mktemp("account") / "bill"
    with (
        logging(Terms(script=script, bill=Bill(bill)), s3_service) as (terms, environment),
        served(terms) as server,
        pytest.MonkeyPatch.context() as monkeypatch,
    ):
        keys(monkeypatch)
        for name, value in environment(f"http://127.0.0.1:{server.port}").items():
            monkeypatch.setenv(name, value)
        assert terms.log
        yield Account(script, bill, s3_service, terms.log)


def looked(sent: Sent, model: BedrockImageModel | None = None) -> Answer:
    return asyncio.run((model or named(CORE)).find(sent, CIRCLE, SQUARE, 1))


class TestRecovery(RecoveryContract):
    @pytest.fixture(autouse=True)
    def account_of_the_test(self, account: Account) -> None:
        self.account = account
        account.script.now()

    def model(self) -> Recovers:
        return named(CORE)

    def disturb(self, trouble: Trouble) -> bool:
        self.account.script.now(*TROUBLES[trouble])
        return True

    def sent(self) -> int:
        return len(lines(self.account.bill))


def test_a_reset_before_the_first_byte_is_found_too(account: Account) -> None:
    assert isinstance(looked(account.lost(Fault(does="reset"))), Found)


def test_a_call_without_a_trace_is_pending_while_the_log_may_be_late(account: Account) -> None:
    for minutes, expected in ((1, Pending), (120, CannotTell)):
        handle = (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat(timespec="seconds")
        assert isinstance(looked(replace(Sent.once(), handle=handle)), expected)
    assert isinstance(looked(Sent.once()), CannotTell)  # from before calls had tags


def test_a_log_without_images_says_so(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    object.__setattr__(account.log, "images", False)
    try:
        answer = looked(account.lost())
        finding = [found for found in check({"image_model": ModelName.parse(f"bedrock:{CORE}")}, VALUES) if found.about == LOST]
    finally:
        object.__setattr__(account.log, "images", True)
    assert isinstance(answer, CannotTell)
    assert "images" in answer.why
    assert [(found.state, "has no images" in found.told) for found in finding] == [("warning", True)]


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalServerException"])
def test_an_error_in_the_log_is_how_the_call_ended(code: str, account: Account) -> None:
    sent = replace(Sent.once(), handle=datetime.now(UTC).isoformat(timespec="seconds"))
    record = {"requestMetadata": {"onbrief-sent": sent.id}, "errorCode": code, "output": {}}
    account.log._put(f"{account.log.prefix}/{_folder()}/error-{code}.json.gz", record)
    if code == "ThrottlingException":
        assert looked(sent) == NotThere(f"Bedrock's log says {code}", final=True)
    else:
        with pytest.raises(Failed):
            looked(sent)


@pytest.mark.parametrize(
    ("rights", "word"), [(Rights(frozenset({GET, PUT})), "s3:ListBucket"), (Rights(frozenset({PUT})), "s3:GetObject")]
)
def test_missing_rights_are_named(rights: Rights, word: str, account: Account) -> None:
    sent = account.lost()
    account.s3.rights = rights
    try:
        with pytest.raises(ConfigError, match=word):
            looked(sent)
    finally:
        account.s3.rights = ALL
    assert isinstance(looked(sent), Found)


def test_a_damaged_object_says_so_and_does_not_end_the_run(account: Account) -> None:
    sent = account.lost()
    key = f"{account.log.prefix}/{_folder()}/000.json.gz"
    account.s3.client.put_object(Bucket=BUCKET, Key=key, Body=b"\x1f\x8bno gzip")
    try:
        with pytest.raises(ConfigError, match="damaged"):
            looked(sent)
    finally:
        account.s3.client.delete_object(Bucket=BUCKET, Key=key)


def test_without_a_log_the_look_is_cheap_and_made_once(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    model, sent = named(CORE), account.lost()
    monkeypatch.delenv("AWS_ENDPOINT_URL_BEDROCK")
    for _ in range(2):
        assert looked(sent, model) == CannotTell("Bedrock's log of invocations to S3 is off")
    assert isinstance(model.log, InvocationLog)


LOST, VALUES = "lost pictures", {"image_region": "us-west-2"}


def test_doctor_says_whether_the_log_is_on(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    def finding() -> list[tuple[str, str, str]]:
        found = check({"image_model": ModelName.parse(f"bedrock:{CORE}")}, VALUES)
        return [(one.state, one.told, one.advice) for one in found if one.about == LOST]

    ((state, told, _),) = finding()
    assert (state, f"s3://{BUCKET}/{account.log.prefix}/" in told, "s3:GetObject" in told) == ("ok", True, True)
    monkeypatch.delenv("AWS_ENDPOINT_URL_BEDROCK")
    assert finding() == []  # a stand-in, of which nothing is known
    with served(Terms()) as without:
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK", f"http://127.0.0.1:{without.port}")
        ((state, told, advice),) = finding()
    assert (state, "is off" in told, "turn on" in advice) == ("ok", True, True)


def _folder() -> str:
    return f"AWSLogs/123456789012/BedrockModelInvocationLogs/us-west-2/{datetime.now(UTC):%Y/%m/%d/%H}"
