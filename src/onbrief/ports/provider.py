"""The contract of a provider of models. An entry point of the group `onbrief.providers` names a `Provider`:

    [project.entry-points."onbrief.providers"]
    squares = "squares:PROVIDER"

Everything about a provider is in this one object; the rest of onbrief refers to no provider by name. Making the object must be
cheap: its functions import what they need when they are called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Literal, TypeVar

from onbrief.errors import NotInstalled, UsageError
from onbrief.ports.models import Editor, ImageModel, Judge, Planner, Reviser
from onbrief.ports.names import ModelName
from onbrief.ports.recovery import Recovery
from onbrief.redaction import redacted

M = TypeVar("M")
GROUP = "onbrief.providers"
"""The entry point group. The name of an entry point is the provider's name."""

Role = Literal["image_model", "editor", "judge", "planner", "reviser"]
Values = Mapping[str, str]
"""The values of a provider's settings that are set, by name."""

Factory = Callable[[ModelName, Values], M]
"""Makes the model of a name, with the provider's settings. Raises UsageError if there is no such model, or an option or value
is not allowed, and ConfigError if something must be installed or set up first."""


def _any_value(setting: str, value: str) -> None:
    """Accept any value."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of a provider: `[PROVIDER] name = "…"` in onbrief.toml, `ONBRIEF_PROVIDER_NAME` in the environment.

    `about` describes it in one line. `default` is its value if it is not set; None leaves it to the provider. `check(setting,
    value)` raises UsageError if the value is not allowed. `formerly` is its name in ledgers and files of earlier versions,
    where it was a setting of onbrief itself.
    """

    name: str
    about: str
    default: str | None = None
    check: Callable[[str, str], object] = _any_value
    formerly: str = ""


@dataclass(frozen=True, slots=True)
class ListedModel:
    """One row of `onbrief models`. `name` is the value for settings. In US dollars, `usd` is the maximum price of a picture,
    and `usd_in` and `usd_out` are the prices of a million tokens of prompt and of answer. `as_of` is the month of these facts;
    it is empty for models that are part of their provider's package. Of image models, `sizes` are the shapes that they make,
    `edits` says whether their provider's editor uses them, and `recovery` how a lost picture can be found again, if at all.
    """

    name: str
    kind: Literal["image", "editing", "language"]
    title: str
    state: str
    ended: str | None
    takes: str
    usd: float | None = None
    usd_in: float | None = None
    usd_out: float | None = None
    as_of: str = ""
    sizes: str = ""
    edits: bool = False
    recovery: Recovery | Literal[""] = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `onbrief doctor`: the subject (`about`), what was found (`told`), and what to do about it. Secrets are
    redacted. `hopeless`: it is certain that no call of the model can succeed, so that a run with it is refused before it pays
    for a picture.
    """

    state: Literal["ok", "warning", "error"]
    about: str
    told: str
    advice: str = ""
    hopeless: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "told", redacted(self.told))
        object.__setattr__(self, "advice", redacted(self.advice))


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package that it is in
        return False


def _no_models() -> Sequence[ListedModel]:
    return ()


def _no_rates() -> Mapping[str, str]:
    return {}


def _nothing_to_check(models: Mapping[Role, ModelName], values: Values) -> Iterable[Check]:
    return [Check("ok", role, str(name)) for role, name in models.items()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider of models. Its roles are those whose factory is not None.

    Attributes:
        name: The part before the colon in its models' names.
        title: Its name for people, if that is another one.
        image_model, editor, judge, planner, reviser: The factories of its models.
        own_editor: Returns the name, without the provider, of the one editor for pictures of all its image models, where these
            are no editors themselves.
        settings: The settings of this provider.
        defaults: Full names of the default models of the other roles if the image model is one of this provider's.
        general: Whether its `defaults` also apply to image models of providers without defaults.
        trial: Whether it needs no account, so that its image model is used if none is named.
        platform: The cloud whose functions use it by default: "aws" for AWS Lambda.
        platform_models: Full names of the models that those functions use if an event names none.
        covers: Returns whether it also covers another provider's name, as a library for many providers does.
        suggests: Returns the full name of a model that a name of no known provider probably means, or an empty string.
        models: Returns the rows of `onbrief models`.
        check: Returns the lines of `onbrief doctor` about the given models of this provider, by role. It costs nothing.
        options: Returns the options that names of its models can have in a role, or None if they are unknown.
        keys: The environment variables of which one has the key of its service; none if there is no key.
        keys_at: Where to get a key, as a URL.
        gen_ai_names: What OpenTelemetry calls its services (`gen_ai.provider.name`), by the part before the colon in their
            models' names, where it is another word.
        digest: Returns the digest of the file that a model is made from, or an empty string if it is made from none. A run is
            not resumed with another digest. Raises UsageError if the file is not one to make a model from.
        rates: Returns the limits of calls that its service documents for all accounts, in the form of RATE_FORM, by the names
            of its models without the provider, or "*" for all of them together.
        weights: Returns whether a model of a name is loaded into this process with its weights, when it is first asked. Where
            runs are spread over many processes, such a model then lives in a few of them.
        requires: Modules that must be importable for its models to work.
        extra: What to install if they are not, as an argument of pip: `onbrief[aws]`.
        notice: A line to print before a run with its image models.
    """

    name: str
    image_model: Factory[ImageModel] | None = None
    editor: Factory[Editor] | None = None
    judge: Factory[Judge] | None = None
    planner: Factory[Planner] | None = None
    reviser: Factory[Reviser] | None = None
    settings: tuple[Setting, ...] = ()
    defaults: Mapping[Role, str] = field(default_factory=dict[Role, str])
    general: bool = False
    trial: bool = False
    platform: str = ""
    platform_models: Mapping[Role, str] = field(default_factory=dict[Role, str])
    covers: Callable[[str], bool] | None = None
    suggests: Callable[[str], str] = lambda text: ""
    models: Callable[[], Sequence[ListedModel]] = _no_models
    check: Callable[[Mapping[Role, ModelName], Values], Iterable[Check]] = _nothing_to_check
    options: Callable[[Role, str], frozenset[str] | None] = lambda role, model: None
    own_editor: Callable[[], str] = lambda: ""
    digest: Callable[[ModelName], str] = lambda name: ""
    rates: Callable[[], Mapping[str, str]] = _no_rates
    weights: Callable[[ModelName], bool] = lambda name: False
    requires: tuple[str, ...] = ()
    extra: str = ""
    notice: str = ""
    title: str = ""
    keys: tuple[str, ...] = ()
    keys_at: str = ""
    gen_ai_names: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def missing(self) -> list[str]:
        """The required modules that are not installed. Imports nothing."""
        return [module for module in self.requires if not _is_there(module)]

    def require(self) -> None:
        """Check that the required modules are installed.

        Raises:
            NotInstalled: one is not; the hint says what to install.
        """
        if missing := self.missing:
            raise NotInstalled.of(self.name, missing, self.extra)

    def values(self, given: Values) -> dict[str, str]:
        """Return the settings in force: those that are `given`, and the defaults of the others.

        Raises:
            UsageError: a setting is unknown, or its value is not allowed.
        """
        known = {setting.name: setting for setting in self.settings}
        for name, value in given.items():
            if name not in known:
                allowed = "one of " + " ".join(known) if known else "no settings for this provider"
                raise UsageError.of(f"setting of {self.name}", name, allowed)
            known[name].check(f"{self.name}.{name}", value)
        return {s.name: s.default for s in self.settings if s.default is not None} | dict(given)
