"""Models with weights, each in actors of Ray instead of in every worker: one for each GPU of the cluster."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, cast

from onbrief.brief import Requirement, Size
from onbrief.ports import AnyModel, Judged, Ladder, ModelName, ModelRole, Picture, PictureLimits
from onbrief.providers import registry
from onbrief.pursuit import Order
from onbrief.record import Prompt


class Host:
    """The actor of one model. It makes the model when it starts, and answers one call after the other."""

    def __init__(self, role: ModelRole, name: str, tables: Mapping[str, Mapping[str, str]]) -> None:
        make: Mapping[ModelRole, Callable[..., Any]] = {"image_model": registry.image_model, "judge": registry.judge}
        self._model: Any = make[role](name, tables)

    def facts(self) -> dict[str, Any]:
        """Return the attributes of the model that its stub has."""
        return {name: getattr(self._model, name) for name in ("name", "price", "picture_limits") if hasattr(self._model, name)}

    def check(self, size: Size) -> tuple[str, ...]:
        """See ports.ImageModel."""
        return self._model.check(size)

    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        """See ports.ImageModel."""
        return await self._model.generate(prompt, size, seed)

    async def judge(self, image: bytes, requirements: Sequence[Requirement]) -> Judged:
        """See ports.Judge."""
        return await self._model.judge(image, requirements)


@dataclass(frozen=True, slots=True)
class HostedImageModel:
    """An image model whose weights are in these actors."""

    ray: Any
    hosts: tuple[Any, ...]
    name: str
    price: float | None

    def check(self, size: Size) -> tuple[str, ...]:
        """See ports.ImageModel."""
        return self.ray.get(self.hosts[0].check.remote(size))

    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        """See ports.ImageModel."""
        return await self.hosts[seed % len(self.hosts)].generate.remote(prompt, size, seed)


@dataclass(frozen=True, slots=True)
class HostedJudge:
    """A judge whose weights are in these actors."""

    hosts: tuple[Any, ...]
    name: str
    price: float | None
    picture_limits: PictureLimits

    async def judge(self, image: bytes, requirements: Sequence[Requirement]) -> Judged:
        """See ports.Judge."""
        return await self.hosts[len(image) % len(self.hosts)].judge.remote(image, requirements)


class Hosts:
    """The actors of all models with weights that the orders of a batch name. A context manager: when it exits, they end."""

    def __init__(self, ray: Any) -> None:
        self._ray = ray
        self._actors: dict[tuple[str, str], tuple[Any, ...]] = {}
        self._stubs: dict[tuple[str, str], AnyModel] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for actor in itertools.chain(*self._actors.values()):
            self._ray.kill(actor)

    def stubs(self, order: Order) -> dict[ModelRole, AnyModel | Ladder]:
        """Return what takes the place of models with weights in this order, by their role."""
        settings, found = order.settings, dict[ModelRole, AnyModel | Ladder]()
        names = settings.image_models
        if "image_model" not in order.models and any(has_weights(name) for name in names):
            several = tuple(self._stub("image_model", name, order) if has_weights(name) else name for name in names)
            found["image_model"] = cast("AnyModel | Ladder", several if len(names) > 1 else several[0])
        if "judge" not in order.models and has_weights(settings.judge):
            found["judge"] = self._stub("judge", settings.judge, order)
        return found

    def _stub(self, role: ModelRole, name: str, order: Order) -> AnyModel:
        key = (role, name)
        if key not in self._stubs:
            gpus = int(self._ray.cluster_resources().get("GPU", 0))
            make = self._ray.remote(num_gpus=1 if gpus else 0, num_cpus=0 if gpus else 1, max_restarts=-1)(Host)
            self._actors[key] = tuple(make.remote(role, name, order.settings.tables) for _ in range(gpus or 1))
            facts = self._ray.get(next(iter(self._actors[key])).facts.remote())
            if role == "judge":
                self._stubs[key] = HostedJudge(self._actors[key], **facts)
            else:
                model = HostedImageModel(self._ray, self._actors[key], facts["name"], facts["price"])
                self._stubs[key] = model
        return self._stubs[key]


def has_weights(name: str) -> bool:
    """Return whether a model of this name is loaded into the process with its weights, as its provider says."""
    if not name:
        return False
    parsed = ModelName.parse(name, "image_model")
    provider = registry.provider(parsed.provider, None)
    return provider is not None and provider.weights(parsed)
