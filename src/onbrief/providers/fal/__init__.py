"""fal: many makers' image models through one queue, FLUX.2 and others by catalogue, any other by its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from onbrief.ports import ImageModel, ListedModel, ModelName, Provider, Role, Setting
from onbrief.ports.provider import Values


def _image_model(name: ModelName, values: Values) -> ImageModel:
    from onbrief.providers.fal import images

    return images.named(name, values["base_url"], values["platform_url"])


def _models() -> Sequence[ListedModel]:
    from onbrief.providers import listing
    from onbrief.providers.fal import catalogue

    return listing.image_rows("fal", catalogue.image_models(), catalogue.as_of(), "listing")


def _options(role: Role, model: str) -> frozenset[str] | None:
    from onbrief.providers.fal import catalogue

    facts = catalogue.image_models().get(model)
    return frozenset((*(facts.options if facts else catalogue.option_names()), "timeout"))


def _check_url(setting: str, value: str) -> None:
    from onbrief.providers.wire import base_url

    base_url(setting, value)


PROVIDER: Final = Provider(
    name="fal",
    title="fal",
    keys=("FAL_KEY",),
    keys_at="https://fal.ai/dashboard/keys",
    image_model=_image_model,
    settings=(
        Setting("base_url", "the address of the queue", default="https://queue.fal.run", check=_check_url),
        Setting(
            "platform_url",
            "the address of the service's own data, where lost pictures are found",
            default="https://api.fal.ai",
            check=_check_url,
        ),
    ),
    models=_models,
    options=_options,
    requires=("httpx2",),
    extra="onbrief[http]",
)
