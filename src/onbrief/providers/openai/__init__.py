"""OpenAI's image models as image models and editors, and those of any server that speaks as OpenAI does. The judges, planners
and revisers of this name are those of pydantic-ai.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from onbrief.ports import Check, Editor, ImageModel, ListedModel, ModelName, Provider, Role, Setting
from onbrief.ports.provider import Values

KEY: Final = "OPENAI_API_KEY"
KEYS_AT: Final = "https://platform.openai.com/api-keys"
LANGUAGE_MODEL: Final = "openai:gpt-6.1-terra"
"""The judge and reviser if only the image model is named: whoever has a key for that has one for this."""


def _image_model(name: ModelName, values: Values) -> ImageModel:
    from onbrief.providers.openai.images import OpenAIImageModel

    return OpenAIImageModel.named(name, values)


def _editor(name: ModelName, values: Values) -> Editor:
    from onbrief.providers.openai.editing import OpenAIEditor

    return OpenAIEditor.named(name, values)


def _models() -> Sequence[ListedModel]:
    from onbrief.providers.listing import image_rows
    from onbrief.providers.openai import catalogue

    return image_rows("openai", catalogue.image_models(), catalogue.CATALOGUE.as_of)


def _check(models: Mapping[Role, ModelName], values: Values) -> Iterable[Check]:
    from onbrief.providers.openai.checks import check

    return check(models, values)


def _options(role: Role, model: str) -> frozenset[str] | None:
    from onbrief.providers.openai import catalogue
    from onbrief.providers.openai.server import OPTIONS

    facts = catalogue.image_models().get(catalogue.undated(model))
    return frozenset((*facts.options, *OPTIONS)) if facts else None


def _suggested(text: str) -> str:
    """Return the full name of an image model that is named by its id alone, or as routers write it."""
    text = text.removeprefix("openai/")
    return f"openai:{text}" if text.startswith(("gpt-image", "chatgpt-image")) else ""


def _check_url(setting: str, value: str) -> None:
    from onbrief.providers import wire

    wire.base_url(setting, value)


PROVIDER: Final = Provider(
    name="openai",
    title="OpenAI",
    keys=(KEY,),
    keys_at=KEYS_AT,
    image_model=_image_model,
    editor=_editor,
    settings=(
        Setting(
            "base_url",
            "the address of OpenAI, or of another server for names without one; by default OPENAI_BASE_URL",
            check=_check_url,
        ),
        Setting("api_key_envs", "the variables with keys that names may send to their own addresses, with spaces between"),
    ),
    defaults={"judge": LANGUAGE_MODEL, "reviser": LANGUAGE_MODEL},
    suggests=_suggested,
    models=_models,
    check=_check,
    options=_options,
    requires=("openai",),
    extra="onbrief[openai]",
)
