"""Image models of Stability AI's own service: names, what is sent, what its answers mean, and what they cost."""

from __future__ import annotations

import asyncio

import pytest

from onbrief.errors import Blocked, CallError, ConfigError, Failed, Refused, Unknown, UsageError
from onbrief.ports import ModelName
from onbrief.providers import registry
from onbrief.providers.stability import PROVIDER
from onbrief.record import Prompt
from onbrief_sandbox.server.faults import Fault
from tests.providers.over_http import Service
from tests.providers.recording import PICTURE, Reply, recording

CIRCLE = Prompt(0, "a (red:0.8) circle", "blurry")
SEED = 2**32 - 1


@pytest.mark.parametrize(
    ("fault", "kind", "usd", "billed"),
    [
        (Fault(does="filtered", reason="prompt"), Blocked, 0.0, []),
        (Fault(does="filtered", reason="output image"), Blocked, None, [0.03]),
        (Fault(does="filtered", reason="Inference error"), Failed, None, []),
        (Fault(does="empty"), Failed, None, [0.03]),
        (Fault(does="status", status=401), ConfigError, None, []),
        (Fault(does="status", status=402), ConfigError, None, []),
        (Fault(does="status", status=429, headers={"retry-after": "60"}), Refused, None, []),
        (Fault(does="status", status=500), Failed, None, [0.0]),
        (Fault(does="cut", byte=5000), Unknown, None, [0.03]),
        (Fault(does="reset"), Unknown, None, [0.03]),
    ],
    ids=lambda value: f"{value.does} {value.reason} {value.status}" if isinstance(value, Fault) else None,
)
def test_what_goes_wrong_has_the_right_outcome_and_is_counted(
    fault: Fault, kind: type[Exception], usd: float | None, billed: list[float], service: Service
) -> None:
    service.fresh(fault)
    with pytest.raises(kind, match=r"^stability:core: ") as caught:
        asyncio.run(service.model("core").generate(CIRCLE, (512, 512), 1))
    assert [line["usd"] for line in service.lines()] == billed
    if isinstance(caught.value, CallError):
        assert caught.value.usd == usd
    if isinstance(caught.value, Refused):
        assert caught.value.retry_after == 60


def test_each_model_is_sent_what_it_takes() -> None:
    with (
        recording(Reply({"image": PICTURE, "finish_reason": "SUCCESS", "seed": 7})) as recorder,
        pytest.MonkeyPatch.context() as m,
    ):
        m.setenv("STABILITY_API_KEY", "sandbox")
        tables = {"stability": {"base_url": f"http://127.0.0.1:{recorder.port}/"}}
        for name in ("ultra?output_format=webp", "sd3.5-medium?cfg_scale=5"):
            made = asyncio.run(registry.image_model(f"stability:{name}", tables).generate(CIRCLE, (1600, 900), SEED))
            assert made.facts == {"seed": "7"}
        ultra, medium = (body.decode("latin-1") for body in recorder.bodies)
    assert [path.removeprefix("/v2beta/stable-image/generate/") for path in recorder.paths] == ["ultra", "sd3"]
    for field, value in {"aspect_ratio": "16:9", "seed": "0", "negative_prompt": "blurry"}.items():
        assert f'name="{field}"\r\n\r\n{value}\r\n' in ultra
    assert 'name="prompt"\r\n\r\na (red:0.8) circle\r\n' in ultra
    assert 'name="prompt"\r\n\r\na red circle\r\n' in medium
    assert 'name="model"\r\n\r\nsd3.5-medium\r\n' in medium
    assert 'name="cfg_scale"\r\n\r\n5\r\n' in medium
    assert 'name="output_format"\r\n\r\nwebp\r\n' in ultra


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("stability:ulta", "one of stability:ultra"),
        ("stability:sd3.5", "stability:sd3.5-large"),
        ("stability:core?steps=30", "not steps"),
        ("stability:core?output_format=gif", "one of png jpeg webp"),
        ("stability:core?timeout=0", "a number from 0.1 to 3600"),
    ],
)
def test_a_name_that_is_wrong_is_refused_with_what_is_allowed(name: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STABILITY_API_KEY", "sandbox")
    with pytest.raises(UsageError, match=why):
        registry.image_model(name)


def test_a_missing_key_is_named_with_where_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STABILITY_API_KEY", raising=False)
    for make in (lambda: registry.image_model("stability:core"), lambda: registry.editor("stability:image-services")):
        with pytest.raises(ConfigError, match="STABILITY_API_KEY") as caught:
            make()
        assert "https://platform.stability.ai" in caught.value.hint


def test_the_doctor_asks_for_the_credits(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service.fresh()
    models, values = {"image_model": ModelName("stability", "core")}, {"base_url": service.url}
    account, core = PROVIDER.check(models, values)  # pyright: ignore[reportArgumentType]
    assert (account.state, account.told, core.state) == ("ok", "1234.5 credits", "ok")
    service.fresh(Fault(does="status", status=401))
    account, _ = PROVIDER.check(models, values)  # pyright: ignore[reportArgumentType]
    assert (account.state, account.hopeless) == ("error", True)
    service.fresh(Fault(does="status", status=404))  # a gateway may not have it
    account, _ = PROVIDER.check(models, values)  # pyright: ignore[reportArgumentType]
    assert (account.state, account.hopeless) == ("warning", False)
    monkeypatch.delenv("STABILITY_API_KEY")
    account, _ = PROVIDER.check(models, values)  # pyright: ignore[reportArgumentType]
    assert "STABILITY_API_KEY" in account.told
