"""What one provider of models brings: an entry point of the group `onbrief.providers` names a `Provider`.

    [project.entry-points."onbrief.providers"]
    squares = "squares:PROVIDER"

Everything about a provider comes through this one object; the rest of onbrief knows no provider by name. Building the object
must be cheap: its functions import what they need when they are called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Literal, TypeVar

from onbrief.errors import ConfigError, UsageError
from onbrief.ports.models import Editor, ImageModel, Judge, Planner, Reviser
from onbrief.ports.names import ModelName

M = TypeVar("M")
GROUP = "onbrief.providers"
"""The entry point group. The name of an entry point is the provider's name."""

COMMANDS = "onbrief.commands"
"""The entry point group of further commands of `onbrief`: the name of an entry point is that of the command."""

Role = Literal["image_model", "editor", "judge", "planner", "reviser"]
Values = Mapping[str, str]
"""The settings of a provider that are set, by name."""

Factory = Callable[[ModelName, Values], M]
"""Makes the model of a name, with the provider's settings. Raises UsageError for a name that stands for no model, or for an
option or value that is not allowed, and ConfigError where something must be installed or set up first."""


def _any_value(setting: str, value: str) -> None:
    """Every value is allowed."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of a provider: `[PROVIDER] name = "…"` in onbrief.toml, `ONBRIEF_PROVIDER_NAME` in the environment.

    `about` says what it is, in one line. `default` is its value where nobody sets it (None: the provider finds out itself).
    `check(setting, value)` raises UsageError for a value that is not allowed. `formerly` is its name as a setting of onbrief
    itself in ledgers and files of earlier versions.
    """

    name: str
    about: str
    default: str | None = None
    check: Callable[[str, str], object] = _any_value
    formerly: str = ""


@dataclass(frozen=True, slots=True)
class ListedModel:
    """One row of `onbrief models`. `name` is what the settings take. In US dollars, `usd` is the most that a picture costs, and
    `usd_in` and `usd_out` are the prices of a million tokens of prompts and of answers. `as_of` is the month in which that was
    so; it is empty for models that come with their provider.
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


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `onbrief doctor`: what was looked at (`about`), what was found (`told`) and what to do about it."""

    state: Literal["ok", "warning", "error"]
    about: str
    told: str
    advice: str = ""


def _no_models() -> Sequence[ListedModel]:
    return ()


def _nothing_to_check(models: Mapping[Role, ModelName], values: Values) -> Iterable[Check]:
    return [Check("ok", role, str(name)) for role, name in models.items()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One provider of models, with the roles that it can play; each role that is None it cannot.

    Attributes:
        name: The word before the colon of its models' names.
        image_model, editor, judge, planner, reviser: What makes its models.
        settings: Its own settings.
        defaults: Full names of the models that play the other roles by default where this provider draws.
        general: Its `defaults` also serve where another provider draws that has none.
        trial: It needs no account, so it draws where nobody has named an image model.
        platform: The cloud whose functions use it by default: "aws" for AWS Lambda.
        platform_models: Full names of the models that those functions use where an event names none.
        covers: Whether it also answers for another provider's name, as a library that knows many of them does.
        models: The rows of `onbrief models`.
        check: The lines of `onbrief doctor` about the models of this provider, given by role. It pays for nothing.
        options: The options that names of its models take in a role; None where nobody knows.
        requires: Modules that must be importable for its models to work.
        extra: What to install when they are not, as pip takes it: `onbrief[aws]`.
        notice: One line that is printed before a run on its image models.
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
    models: Callable[[], Sequence[ListedModel]] = _no_models
    check: Callable[[Mapping[Role, ModelName], Values], Iterable[Check]] = _nothing_to_check
    options: Callable[[Role, str], frozenset[str] | None] = lambda role, model: None
    requires: tuple[str, ...] = ()
    extra: str = ""
    notice: str = ""

    @property
    def missing(self) -> list[str]:
        """The required modules that are not installed. Nothing is imported."""
        return [module for module in self.requires if find_spec(module) is None]

    def require(self) -> None:
        """Make sure that what this provider needs is installed.

        Raises:
            ConfigError: it is not; the hint says what to install.
        """
        if missing := self.missing:
            hint = f"pip install '{self.extra}'" if self.extra else ""
            raise ConfigError(f"{self.name}: not installed: {', '.join(missing)}", hint=hint)

    def values(self, given: Values) -> dict[str, str]:
        """The settings in force: those that are `given`, and the defaults of the others.

        Raises:
            UsageError: an unknown setting, or a value that is not allowed.
        """
        known = {setting.name: setting for setting in self.settings}
        for name, value in given.items():
            if name not in known:
                allowed = "one of " + " ".join(known) if known else "no settings for this provider"
                raise UsageError.of(f"setting of {self.name}", name, allowed)
            known[name].check(f"{self.name}.{name}", value)
        return {s.name: s.default for s in self.settings if s.default is not None} | dict(given)
