"""The contracts of providers, image models and editors for ComfyUI, over real HTTP to the sandbox server."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import ClassVar

from onbrief.ports import Editor, ImageModel, Picture, Provider, Recovers, Role
from onbrief.providers import comfyui
from onbrief.testing import EditorContract, ImageModelContract, ProviderContract, RecoveryContract
from onbrief.testing.recovery_contract import Trouble
from onbrief_sandbox.server.faults import Fault
from tests.contract.test_editor import IMPOSSIBLE, OVER_SQUARE, PICTURE
from tests.providers.comfyui.serving import DRAW, EXAMPLES
from tests.providers.over_http import OverHttp, Service

FAULTS = (
    Fault(operation="comfyui.prompt", does="status", status=429),
    Fault(operation="comfyui.prompt", does="status", status=403),
    Fault(operation="comfyui.run", does="status"),
    Fault(operation="comfyui.run", does="empty"),
)


class TestProvider(ProviderContract):
    names: ClassVar[Mapping[Role, str]] = {
        "image_model": f"comfyui:{DRAW}",
        "editor": f"comfyui:{EXAMPLES}/inpaint.json?base_url=http://127.0.0.1:1",
    }

    def provider(self) -> Provider:
        return comfyui.PROVIDER


class _OverHttp(OverHttp):
    service: Service

    def sent(self) -> int:
        return len([line for line in self.service.lines() if line["operation"] == "comfyui.run"])


class TestImageModel(_OverHttp, ImageModelContract):
    size = (256, 128)
    sizes = ((256, 128), (1000, 700), (64, 64))

    def model(self) -> ImageModel:
        return self.service.model(DRAW)

    def failing(self) -> Generator[ImageModel]:
        for fault in FAULTS:
            self.service.script.now(fault)
            yield self.model()


class TestRecovery(_OverHttp, RecoveryContract):
    size = (256, 128)

    def model(self) -> Recovers:
        model = self.service.model(f"{DRAW}?timeout=2")
        assert isinstance(model, Recovers)
        return model

    def disturb(self, trouble: Trouble) -> bool:
        match trouble:
            case "none":
                self.service.script.now()
            case "lost":  # and the server is silent for as long as the call waits
                names = ("prompt", "queue", "history", "view")
                self.service.script.now(*(Fault(operation=f"comfyui.{name}", does="reset") for name in names))
            case "slow":
                self.service.script.now(Fault(operation="comfyui.run", delay=60.0))
            case "filtered":
                return False
        return True


class TestEditorByWords(_OverHttp, EditorContract):
    impossible = IMPOSSIBLE

    def picture(self) -> bytes:
        return PICTURE

    def model(self) -> Editor:
        return self.service.editor(f"{EXAMPLES}/instruct.json")

    def failing(self) -> Generator[Editor]:
        for fault in FAULTS:
            self.service.script.now(fault)
            yield self.model()


class TestEditorByMask(_OverHttp, EditorContract):
    impossible = IMPOSSIBLE

    def picture(self) -> bytes:
        return PICTURE

    def model(self) -> Editor:
        return self.service.editor(f"{EXAMPLES}/inpaint.json")

    async def ask(self, model: Editor) -> Picture:
        return await model.edit(self.picture(), self.instruction, 1, OVER_SQUARE)
