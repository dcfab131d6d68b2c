"""Models by name. Nothing of a provider is imported before one of its models is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from urllib.parse import parse_qsl

from onbrief.errors import UsageError
from onbrief.ports import Editor, ImageModel, Judge, Planner, Reviser

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
        from onbrief.sandbox.models import SandboxImageModel

        return SandboxImageModel.named(model, options)
    if provider == "bedrock":
        from onbrief.models.bedrock import BedrockImageModel

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
        from onbrief.sandbox.models import SandboxImageModel

        return SandboxImageModel.named(model, options)
    from onbrief.models.bedrock import BedrockEditor

    return BedrockEditor.named(model, options, region)


def judge(name: str) -> Judge:
    """The judge of this name.

    Raises:
        UsageError: no such provider, model or option.
    """
    _, model, options = _split("judge", name, ("sandbox",))
    from onbrief.sandbox.models import SandboxJudge

    return SandboxJudge.named(model, options)


def planner(name: str) -> Planner:
    """The planner of this name: the text model that also revises.

    Raises:
        UsageError: no such provider, model or option.
    """
    _, model, options = _split("reviser", name, ("sandbox",))
    from onbrief.sandbox.models import sandbox_planner

    return sandbox_planner(model, options)


def reviser(name: str) -> Reviser:
    """The reviser of this name.

    Raises:
        UsageError: no such provider, model or option.
    """
    _, model, options = _split("reviser", name, ("sandbox",))
    from onbrief.sandbox.models import sandbox_reviser

    return sandbox_reviser(model, options)


def _split(field: str, name: str, providers: tuple[str, ...]) -> tuple[str, str, dict[str, str]]:
    """Provider, model and options of a name."""
    provider, colon, rest = name.partition(":")
    if not colon or provider not in providers:
        raise UsageError.of(field, name, "PROVIDER:MODEL with one of the providers " + " ".join(sorted(providers)))
    model, _, query = rest.partition("?")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise UsageError.of(field, name, "options as ?name=value&name=value") from None
    return provider, model, dict(pairs)
