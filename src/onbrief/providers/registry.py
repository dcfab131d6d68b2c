"""Models by name. Nothing of a provider is imported before one of its models is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from onbrief.errors import UsageError
from onbrief.ports import Editor, ImageModel, Judge, Planner, Reviser

if TYPE_CHECKING:
    from onbrief.providers.language.model import LanguageModel

LANGUAGE_MODELS = ("bedrock", "sandbox")
"""The providers of judges, planners and revisers that are named here; others are those of pydantic-ai."""
IMAGE_MODEL_PLUGINS = "onbrief.image_models"
"""The entry point group of image models: name = provider, object = a function (model, options) -> ImageModel."""


def image_model(name: str, region: str | None = None) -> ImageModel:
    """The image model of this name. `region`: where a model of AWS is asked whose name does not say it.

    Raises:
        UsageError: no such provider, model or option.
        ConfigError: what the provider needs is not installed.
    """
    plugins = {point.name: point for point in entry_points(group=IMAGE_MODEL_PLUGINS)}
    provider, model, options = _split("image_model", name, ("bedrock", "sandbox", *plugins))
    if provider == "sandbox":
        from onbrief_sandbox.models import SandboxImageModel

        return SandboxImageModel.named(model, options)
    if provider == "bedrock":
        from onbrief.providers.bedrock.images import BedrockImageModel

        return BedrockImageModel.named(model, options, region)
    factory: Callable[[str, Mapping[str, str]], ImageModel] = plugins[provider].load()
    return factory(model, options)


def editor(name: str, region: str | None = None) -> Editor:
    """The editor of this name; `region` as for an image model.

    Raises:
        UsageError: no such provider, model or option.
        ConfigError: what the provider needs is not installed.
    """
    provider, model, options = _split("editor", name, ("bedrock", "sandbox"))
    if provider == "sandbox":
        from onbrief_sandbox.models import SandboxImageModel

        return SandboxImageModel.named(model, options)
    from onbrief.providers.bedrock.editing import BedrockEditor

    return BedrockEditor.named(model, options, region)


def judge(name: str, region: str | None = None) -> Judge:
    """The judge of this name; `region` as for an image model, or None for what AWS's own settings say.

    Raises:
        UsageError: no such provider, model or option.
    """
    provider, model, options = _split("judge", name, LANGUAGE_MODELS, others=True)
    if provider != "sandbox":
        from onbrief.providers.language.roles import VisionJudge

        return VisionJudge(_language_model("judge", provider, model, options, region))
    from onbrief_sandbox.models import SandboxJudge

    return SandboxJudge.named(model, options)


def planner(name: str, region: str | None = None) -> Planner:
    """The planner of this name: the text model that also revises. `region` as for a judge.

    Raises:
        UsageError: no such provider, model or option.
    """
    provider, model, options = _split("reviser", name, LANGUAGE_MODELS, others=True)
    if provider != "sandbox":
        from onbrief.providers.language.roles import TextPlanner

        return TextPlanner(_language_model("reviser", provider, model, options, region))
    from onbrief_sandbox.models import sandbox_planner

    return sandbox_planner(model, options)


def reviser(name: str, region: str | None = None) -> Reviser:
    """The reviser of this name; `region` as for a judge.

    Raises:
        UsageError: no such provider, model or option.
    """
    provider, model, options = _split("reviser", name, LANGUAGE_MODELS, others=True)
    if provider != "sandbox":
        from onbrief.providers.language.roles import TextReviser

        return TextReviser(_language_model("reviser", provider, model, options, region))
    from onbrief_sandbox.models import sandbox_reviser

    return sandbox_reviser(model, options)


def _language_model(field: str, provider: str, model: str, options: Mapping[str, str], region: str | None) -> LanguageModel:
    try:
        from onbrief.providers.language.names import language_model
    except ImportError as error:
        known = UsageError.of(field, f"{provider}:{model}", "sandbox:, as pydantic-ai is not installed for any other")
        raise UsageError(str(known), hint='pip install "onbrief[aws]"') from error
    return language_model(field, provider, model, options, region)


def _split(field: str, name: str, providers: tuple[str, ...], *, others: bool = False) -> tuple[str, str, dict[str, str]]:
    """Provider, model and options of a name. With `others`, a provider that is not listed is somebody else's to know."""
    provider, colon, rest = name.partition(":")
    if not colon or not provider or (provider not in providers and not others):
        raise UsageError.of(field, name, "PROVIDER:MODEL with one of the providers " + " ".join(sorted(providers)))
    model, _, query = rest.partition("?")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise UsageError.of(field, name, "options as ?name=value&name=value") from None
    return provider, model, dict(pairs)
