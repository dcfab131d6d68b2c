"""Tests that every provider must pass, to inherit; see `onbrief.testing`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Any, ClassVar, get_args

from onbrief.errors import UsageError
from onbrief.ports import Check, ModelName, Provider, Role, Values
from onbrief.ports.provider import GROUP
from onbrief.testing.model_contracts import require_texts
from onbrief.testing.running import raises

_WORD = re.compile(r"[a-z][a-z0-9_]*")
_CALLS: Mapping[Role, str] = {
    "image_model": "generate",
    "editor": "edit",
    "judge": "judge",
    "planner": "checklist",
    "reviser": "revise",
}


class ProviderContract:
    """The tests of every installed provider. Override `provider`.

    `values` are its settings during the tests. `names` are full names of models by role, for roles without a default model.
    """

    values: ClassVar[Values] = {}
    names: ClassVar[Mapping[Role, str]] = {}

    def provider(self) -> Provider:
        """Return the provider under test."""
        raise NotImplementedError("a contract test needs a method `provider` that returns the provider under test")

    def made(self, role: Role, name: ModelName) -> Any:
        """Make the model of a role and name."""
        return self._factories()[role](name, self.provider().values(self.values))

    def test_it_is_found_by_its_entry_point(self) -> None:
        provider = self.provider()
        found = [point for point in entry_points(group=GROUP) if point.name == provider.name]
        assert len(found) == 1, f"expected one entry point {provider.name} in the group {GROUP}"
        assert found[0].load() is provider

    def test_its_name_can_begin_the_name_of_a_model(self) -> None:
        name = self.provider().name
        assert ModelName.parse(f"{name}:").provider == name
        assert re.fullmatch(r"[a-z][a-z0-9_-]*", name), f"lowercase letters, digits, - and _, not {name!r}"

    def test_it_plays_a_role(self) -> None:
        assert self._factories(), "a provider needs an image_model, editor, judge, planner or reviser"

    def test_what_it_requires_is_installed_and_has_an_extra(self) -> None:
        provider = self.provider()
        assert provider.extra or not provider.requires, "`extra` must say what to install if something required is missing"
        provider.require()

    def test_its_models_fit_their_ports(self) -> None:
        for role in self._factories():
            model = self.made(role, self._name(role))
            made, port = ModelName.parse(model.name), self.provider()
            assert made.provider == port.name or (port.covers and port.covers(made.provider)), model.name
            assert model.price is None or (math.isfinite(model.price) and model.price >= 0), model.price
            assert callable(getattr(model, _CALLS[role], None)), f"{model.name} has no method {_CALLS[role]}"

    def test_an_unknown_option_is_refused(self) -> None:
        for role in self._factories():
            with raises(UsageError):
                self.made(role, self._name(role).with_options({"no-such-option": "1"}))

    def test_its_settings_have_names_descriptions_and_valid_defaults(self) -> None:
        provider = self.provider()
        names = [setting.name for setting in provider.settings]
        assert len(set(names)) == len(names), names
        for setting in provider.settings:
            assert _WORD.fullmatch(setting.name), f"lowercase letters, digits and _, not {setting.name!r}"
            assert setting.about.strip(), f"the setting {setting.name} needs a description in `about`"
            if setting.default is not None:
                setting.check(setting.name, setting.default)
        with raises(UsageError):
            provider.values({"no_such_setting": "1"})

    def test_its_defaults_are_names_of_models(self) -> None:
        for role, name in self.provider().defaults.items():
            assert role in get_args(Role), role
            assert ModelName.parse(name, role).provider

    def test_it_suggests_names_of_its_own(self) -> None:
        provider = self.provider()
        for text in ("", "no-such-model", "no/such?option=1", "no-such:model"):
            if suggested := provider.suggests(text):
                word = ModelName.parse(suggested).provider
                assert word == provider.name or (provider.covers and provider.covers(word)), suggested

    def test_the_models_that_it_lists_can_be_named(self) -> None:
        for listed in self.provider().models():
            assert ModelName.parse(listed.name).provider, listed
            assert listed.title.strip(), listed
            for usd in (listed.usd, listed.usd_in, listed.usd_out):
                assert usd is None or usd >= 0, listed

    def test_its_options_are_a_set_or_unknown(self) -> None:
        provider = self.provider()
        for role in self._factories():
            options = provider.options(role, self._name(role).model)
            assert options is None or isinstance(options, frozenset), options

    def test_its_checks_have_texts(self) -> None:
        provider = self.provider()
        models: dict[Role, ModelName] = {role: self._name(role) for role in self._factories()}
        for check in provider.check(models, provider.values(self.values)):
            assert isinstance(check, Check)
            require_texts((check.about, check.told))

    def test_its_notice_is_one_line(self) -> None:
        assert "\n" not in self.provider().notice

    def _factories(self) -> dict[Role, Callable[[ModelName, Values], Any]]:
        provider = self.provider()
        made: dict[Role, Callable[[ModelName, Values], Any] | None] = {
            "image_model": provider.image_model,
            "editor": provider.editor,
            "judge": provider.judge,
            "planner": provider.planner,
            "reviser": provider.reviser,
        }
        return {role: factory for role, factory in made.items() if factory}

    def _name(self, role: Role) -> ModelName:
        return ModelName.parse(self.names.get(role, f"{self.provider().name}:"), role)
