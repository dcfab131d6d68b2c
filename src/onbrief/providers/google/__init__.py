"""Google's Gemini API: image models and editors. Its language models are asked through pydantic-ai, as all others are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from onbrief.ports import Check, Editor, ImageModel, ListedModel, ModelName, Provider, Role, Setting
from onbrief.ports.provider import Values
from onbrief.providers.wire import base_url

KEYS: Final = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
"""The variables of the key. The first one that is set counts, as in Google's client."""

KEYS_AT: Final = "https://aistudio.google.com/apikey"
LANGUAGE_MODEL: Final = "google:gemini-3.8-flash"
"""The judge and reviser if only the image model is named: whoever has a key for that has one for this."""


def _image_model(name: ModelName, values: Values) -> ImageModel:
    from onbrief.providers.google.images import GeminiImageModel

    return GeminiImageModel.named(name, values)


def _editor(name: ModelName, values: Values) -> Editor:
    from onbrief.providers.google.editing import GeminiEditor

    return GeminiEditor.named(name, values)


def _models() -> Sequence[ListedModel]:
    from onbrief.providers.google.catalogue import as_of, image_models
    from onbrief.providers.listing import image_rows

    return image_rows("google", image_models(), as_of())


def _check(models: Mapping[Role, ModelName], values: Values) -> Iterable[Check]:
    from onbrief.providers.google.checks import check

    return check(models, values)


def _options(role: Role, model: str) -> frozenset[str] | None:
    if role not in ("image_model", "editor"):
        return None
    from onbrief.providers.google.catalogue import image_models, option_names
    from onbrief.providers.google.images import OPTIONS

    facts = image_models().get(model)
    return frozenset((*(facts.options if facts else option_names()), *OPTIONS))


PROVIDER: Final = Provider(
    name="google",
    image_model=_image_model,
    editor=_editor,
    settings=(
        Setting(
            "base_url",
            "the address of the Gemini API for pictures; by default GOOGLE_GEMINI_BASE_URL, or Google's own",
            check=base_url,
        ),
    ),
    defaults={"judge": LANGUAGE_MODEL, "reviser": LANGUAGE_MODEL},
    models=_models,
    check=_check,
    options=_options,
    requires=("google.genai", "httpx2"),
    extra="onbrief[google]",
    title="Google Gemini",
    gen_ai_names={"google": "gcp.gemini"},
    keys=KEYS,
    keys_at=KEYS_AT,
)
