from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbrief.brief import Brief
from onbrief.errors import Failed
from onbrief.events import RunEnded
from onbrief.providers.encoding import decoded
from onbrief.pursuit import Order, open_pursuit
from onbrief.record import Run
from onbrief.settings import Settings
from onbrief.testing import picture
from tests.providers.bedrock.test_editing import editor_on
from tests.providers.recording import PICTURE, PNG, Reply
from tests.providers.wiring import Wire, at, drawn, keys
from tests.sandbox.server.serving import CORE, NOVA, SDXL

FORMS: dict[str, Callable[[str], str]] = {
    "lines of 76": lambda text: "\n".join(text[at : at + 76] for at in range(0, len(text), 76)),
    "lines that end as in mail": lambda text: "\r\n".join(text[at : at + 64] for at in range(0, len(text), 64)) + "\r\n",
    "spaces": lambda text: f"  {text[:10]} {text[10:]}\t",
    "no padding": lambda text: text.rstrip("="),
    "letters for URLs": lambda text: text.replace("+", "-").replace("/", "_"),
    "a data URL": lambda text: f"data:image/png;base64,{text}",
    "a data URL with parameters": lambda text: f"\nDATA:image/png;charset=utf-8;name=a.png;base64,\n{text}",
    "a data URL with escapes": lambda text: f"data:;base64,{quote(text, safe='')}",
}
NO_PICTURE = [
    "*",
    "data:image/png;base64,",
    "https://example.com/a.png",
    "data:image/png,%89PNG",
    "AAAAA",
    "QUJD=QUJD",
    "é" * 8,
]
BODIES: dict[str, Callable[[str], object]] = {
    CORE: lambda text: {"seeds": [7], "finish_reasons": [None], "images": [text]},
    SDXL: lambda text: {"result": "success", "artifacts": [{"seed": 7, "base64": text, "finishReason": "SUCCESS"}]},
    NOVA: lambda text: {"images": [text], "error": None},
}


@pytest.mark.parametrize("form", FORMS)
def test_a_picture_is_read_in_every_spelling_by_every_model_and_editor(form: str, wire: Wire) -> None:
    written = FORMS[form](PICTURE)
    assert written != PICTURE or "padding" in form
    for model, body in BODIES.items():
        wire.recorder.will(Reply(body(written)))
        assert drawn(model, wire.recording).data == PNG
    wire.recorder.will(Reply(BODIES[CORE](written)))
    assert asyncio.run(editor_on(wire.recording).edit(PNG, "make the bench blue", 3)).data == PNG


@pytest.mark.parametrize("text", NO_PICTURE)
def test_what_is_no_base64_stays_a_failure(text: str, wire: Wire) -> None:
    wire.recorder.will(Reply(BODIES[CORE](text)))
    with pytest.raises(Failed, match="not valid base64"):
        drawn(CORE, wire.recording)


@pytest.mark.parametrize("form", ["lines of 76", "a data URL"])
def test_a_run_pays_once_for_such_a_picture(form: str, wire: Wire, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys(monkeypatch)
    at(wire.recorder.port, monkeypatch)
    written = FORMS[form](base64.b64encode(picture(1, (512, 512))).decode())
    wire.recorder.will(Reply(BODIES[CORE](written)))
    settings = Settings(image_model=f"bedrock:{CORE}", judge="sandbox:", reviser="sandbox:", max_images=1, out=str(tmp_path))
    ended = asyncio.run(_ended(Order(brief=Brief(text="a red circle"), settings=settings, seed=1)))
    assert (len(wire.recorder.bodies), ended.usage.images, ended.usage.usd) == (1, 1, 0.04)
    assert ended.attempts[0].image


async def _ended(order: Order) -> Run:
    async with open_pursuit(order) as pursuit:
        *_, last = [event async for event in pursuit.events()]
    assert isinstance(last, RunEnded)
    return last.run


@given(data=st.binary(min_size=1), width=st.integers(1, 9), safe=st.booleans(), padded=st.booleans())
def test_whatever_was_encoded_is_decoded(data: bytes, width: int, safe: bool, padded: bool) -> None:
    text = (base64.urlsafe_b64encode if safe else base64.b64encode)(data).decode()
    text = text if padded else text.rstrip("=")
    assert decoded("\n".join(text[at : at + width] for at in range(0, len(text), width))) == data
