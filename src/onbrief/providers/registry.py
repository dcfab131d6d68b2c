"""Find providers by name, and make their models. Every provider is found by its entry point, including the built-in ones, and
is imported only when it is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import get_args

from onbrief.errors import ConfigError, OnbriefError, UsageError
from onbrief.ports import (
    Editor,
    ImageModel,
    Judge,
    ListedModel,
    ModelName,
    Planner,
    Provider,
    RateLimit,
    RateLimits,
    Reviser,
    Role,
    Setting,
    Values,
)
from onbrief.ports.provider import GROUP, Factory, M

Tables = Mapping[str, Values]
"""The settings that are set for each provider, by the provider's name."""

_NO_TABLES: Tables = {}


def image_model(name: str, tables: Tables = _NO_TABLES) -> ImageModel:
    """Return the image model of this name.

    Raises:
        UsageError: there is no such provider, model or option, or the provider has no image models.
        ConfigError: something that the provider needs is not installed or set up.
    """
    found = _provider_of("image_model", "image_model", name)
    return _made(found, found.image_model, "image_model", name, tables)


def editor(name: str, tables: Tables = _NO_TABLES) -> Editor:
    """Return the editor of this name; raises the same errors as `image_model`."""
    found = _provider_of("editor", "editor", name)
    return _made(found, found.editor, "editor", name, tables)


def editor_beside(name: str, tables: Tables = _NO_TABLES) -> Editor | None:
    """Return the editor for pictures of the image model of this name: the same model, or else the editor of its provider, with
    those of its options that the editor has. None if there is none, or it cannot be used.
    """
    own = ModelName.parse(name, "image_model")
    found = provider(own.provider, "editor")
    if found is None or found.editor is None:
        return None
    if other := found.own_editor():
        allowed = found.options("editor", other) or frozenset()
        own = ModelName(own.provider, other, {option: value for option, value in own.options.items() if option in allowed})
    with suppress(UsageError, ConfigError):
        return editor(str(own), tables)
    return None


def judge(name: str, tables: Tables = _NO_TABLES, setting: str = "judge") -> Judge:
    """Return the judge of this name, which this setting has; raises the same errors as `image_model`."""
    found = _provider_of("judge", setting, name)
    return _made(found, found.judge, setting, name, tables)


def planner(name: str, tables: Tables = _NO_TABLES) -> Planner:
    """Return the planner of this name, a value of the setting `reviser`; raises the same errors as `image_model`."""
    found = _provider_of("planner", "reviser", name)
    return _made(found, found.planner, "reviser", name, tables)


def reviser(name: str, tables: Tables = _NO_TABLES) -> Reviser:
    """Return the reviser of this name; raises the same errors as `image_model`."""
    found = _provider_of("reviser", "reviser", name)
    return _made(found, found.reviser, "reviser", name, tables)


def provider(name: str, role: Role | None = None) -> Provider | None:
    """Return the provider of this name: that of its entry point, or else one that covers the name. None if there is neither.
    With a `role`, a provider that does not have it leaves the name to one that covers it: a service can be reached by one
    provider for pictures and by another for language.

    Raises:
        ConfigError: its entry point cannot be loaded.
    """
    own = _loaded(name) if name in _points() else None
    if not name or (own and (role is None or getattr(own, role) is not None)):
        return own
    return next((found for found in providers() if found.covers and found.covers(name)), own)


def providers() -> list[Provider]:
    """Return the providers of all entry points that can be loaded, sorted by name; see `broken` for the others."""
    return [found for name in sorted(_points()) if isinstance(found := _attempted(name), Provider)]


def broken() -> dict[str, ConfigError]:
    """Return the errors of the entry points that cannot be loaded, by name."""
    return {name: found for name in sorted(_points()) if isinstance(found := _attempted(name), ConfigError)}


def trial() -> Provider | None:
    """Return the provider that is used if no image model is named, or None if it is not installed."""
    return next((found for found in providers() if found.trial), None)


def of_platform(name: str) -> Provider:
    """Return the provider that functions of a cloud use by default.

    Raises:
        ConfigError: no provider for this cloud is installed.
    """
    if found := next((found for found in providers() if found.platform == name), None):
        return found
    raise ConfigError(f"no provider of models is installed for the platform {name}")


def defaults_for(image_model: str) -> Mapping[Role, str]:
    """Return the default models of the other roles for this image model. Never raises: an image model that cannot be used is
    refused when it is made.
    """
    word = image_model.partition(":")[0]
    drawing = _attempted(word) if word in _points() else None
    if isinstance(drawing, Provider) and drawing.defaults:
        return drawing.defaults
    general = next((found for found in providers() if found.general), None)
    return general.defaults if general else {}


def notice_of(image_model: str) -> str:
    """Return the line to print before a run with this image model, or an empty string."""
    found = provider(image_model.partition(":")[0])
    return found.notice if found else ""


def digests_of(names: str | Sequence[str]) -> list[str]:
    """Return the digests of the files that these image models are made from, of those that are.

    Raises:
        UsageError: a file is not one to make a model from.
    """
    found: list[str] = []
    for text in [names] if isinstance(names, str) else names:
        made_by = provider(text.partition(":")[0])
        if made_by and made_by.image_model and (digest := made_by.digest(ModelName.parse(text, "image_model"))):
            found.append(digest)
    return found


def settings() -> dict[str, tuple[Setting, ...]]:
    """Return the settings of the providers that have any, by the provider's name."""
    return {found.name: found.settings for found in providers() if found.settings}


def documented_rates(name: str) -> RateLimits:
    """Return the limits of calls that the service of a provider documents, by full names; see ports.RateLimits."""
    found = _attempted(name) if name in _points() else None
    if not isinstance(found, Provider):
        return {}
    return {f"{name}:{model}": RateLimit.parse(text) for model, text in found.rates().items()}


def require_known(text: str, setting: str, tables: Tables = _NO_TABLES) -> None:
    """Check that a name is that of a model, whether it can be used now or not, or PROVIDER:* for all models of a provider.

    Raises:
        UsageError: there is no such provider, model or option.
    """
    name = ModelName.parse(text, setting)
    made_by = {role: found for role in get_args(Role) if (found := provider(name.provider, role)) and getattr(found, role)}
    if not made_by:
        raise UsageError.of(
            setting, text, "PROVIDER:MODEL or PROVIDER:*, with a provider that is installed" + _suggestion("image_model", text)
        )
    if name.model == "*":
        return
    refused: UsageError | None = None
    for role, found in made_by.items():
        try:
            getattr(found, role)(name, found.values(tables.get(found.name, {})))
        except UsageError as error:
            refused = refused or error
        except Exception:  # noqa: BLE001 - it exists: what else it lacks is told when it is used
            return
        else:
            return
    if refused:
        raise refused


def models() -> list[ListedModel]:
    """Return the models that all providers list. The trial provider comes first, because it needs no account."""
    return [row for found in sorted(providers(), key=lambda found: not found.trial) for row in found.models()]


def refresh() -> None:
    """Look for entry points again, after a provider was installed while the process runs."""
    _points.cache_clear()
    _attempted.cache_clear()


def _provider_of(role: Role, setting: str, text: str) -> Provider:
    """Return the provider of a model's name, or raise UsageError if there is none with this role."""
    word, colon, _ = text.partition(":")
    found = provider(word, role) if colon else None
    if found is None or getattr(found, role) is None:
        roles = [role for role in get_args(Role) if getattr(found, role, None)]
        hint = f"a model of {word} can be {' or '.join(roles)}" if roles else ""
        raise UsageError.of(setting, text, _expected(role) + ("" if found else _suggestion(role, text)), hint=hint)
    return found


def _expected(role: Role) -> str:
    having = [found for found in providers() if getattr(found, role) is not None]
    others = "".join(f", or of those that {found.name} knows" for found in having if found.covers)
    return "PROVIDER:MODEL with one of the providers " + " ".join(found.name for found in having if not found.covers) + others


def _suggestion(role: Role, text: str) -> str:
    """Return the name that is probably meant, to be added to a message; empty if none is known."""
    word, _, model = text.partition(":")
    having = [found for found in providers() if getattr(found, role) is not None]
    if own := get_close_matches(word.lower(), [found.name for found in having if not found.covers], 1, 0.8):
        return f"; did you mean {own[0]}:{model}?"
    names = [name for found in having if (name := found.suggests(text))]
    return f"; did you mean {names[0]}?" if names else ""


def _made(found: Provider, factory: Factory[M] | None, setting: str, text: str, tables: Tables) -> M:
    assert factory is not None  # _provider_of has checked it
    name = ModelName.parse(text, setting)
    values = found.values(tables.get(found.name, {}))
    found.require()
    return factory(name, values)


@cache
def _points() -> dict[str, EntryPoint]:
    """Return the entry points by name. Of two with the same name, the first on the path is used, as with modules."""
    return {point.name: point for point in reversed(tuple(entry_points(group=GROUP)))}


def _loaded(name: str) -> Provider:
    found = _attempted(name)
    if isinstance(found, ConfigError):
        raise ConfigError(str(found), hint=found.hint)  # a new one: raising the cached one would add tracebacks to it
    return found


@cache
def _attempted(name: str) -> Provider | ConfigError:
    """Return the provider of an entry point, or the error why it cannot be loaded. It is returned, not raised: a broken
    provider must not affect what does not need it.
    """
    point = _points()[name]
    source = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
    try:
        found = point.load()
    except Exception as error:  # noqa: BLE001 - a plug-in's module can raise anything
        reason = str(error) if isinstance(error, OnbriefError) else f"{type(error).__name__}: {error}"
        return ConfigError(f"the provider {name} of {source} cannot be loaded: {reason}", hint="update or uninstall it")
    if not isinstance(found, Provider):
        return ConfigError(f"the provider {name} of {source} is not a Provider: {point.value}", hint="update or uninstall it")
    if found.name != name:
        return ConfigError(f"the provider {name} of {source} calls itself {found.name!r}", hint="update or uninstall it")
    return found
