"""Parse and format the names of models: `provider:model?option=value&option=value`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote

from onbrief.errors import UsageError

_FORM = "PROVIDER:MODEL?option=value&option=value"


@dataclass(frozen=True, slots=True)
class ModelName:
    """The parts of a model's name. `model` may be empty: a provider alone means its default model. `setting` is the
    setting that holds the name, for error messages.
    """

    provider: str
    model: str = ""
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    setting: str = field(default="model", compare=False)

    @classmethod
    def parse(cls, text: str, setting: str = "model") -> ModelName:
        """Parse a name.

        Raises:
            UsageError: there is no provider before a colon, or the options are not `?name=value&name=value`.
        """
        provider, colon, rest = text.partition(":")
        if not colon or not provider:
            raise UsageError.of(setting, text, _FORM)
        model, _, query = rest.partition("?")
        try:
            pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
        except ValueError:
            raise UsageError.of(setting, text, "options as ?name=value&name=value") from None
        return cls(provider, model, dict(pairs), setting)

    def __str__(self) -> str:
        query = "&".join(f"{quote(name, safe='')}={quote(value, safe=':/,@')}" for name, value in self.options.items())
        return f"{self.key}?{query}" if query else self.key

    @property
    def key(self) -> str:
        """The name without its options."""
        return f"{self.provider}:{self.model}"

    def with_options(self, options: Mapping[str, str]) -> ModelName:
        """Return the name with these options added; options that it already has keep their values."""
        return ModelName(self.provider, self.model, {**options, **self.options}, self.setting)

    def require_options(self, allowed: Collection[str]) -> None:
        """Check the names of the options.

        Raises:
            UsageError: an option is not in `allowed`.
        """
        if unknown := [name for name in self.options if name not in allowed]:
            known = f"the options {', '.join(allowed)}" if allowed else "no options"
            raise UsageError.of(self.setting, str(self), f"{known}, not {' '.join(sorted(unknown))}")

    def number(self, option: str, low: float, high: float, default: float, *, whole: bool = False) -> float:
        """Return the value of a numeric option, or `default` if the name does not have it.

        Raises:
            UsageError: the value is not a number from `low` to `high`, or not a whole number although `whole`.
        """
        if option not in self.options:
            return default
        text = self.options[option]
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            kind = "a whole number" if whole else "a number"
            raise UsageError.of(f"{option} of {self.setting}", text, f"{kind} from {low:g} to {high:g}")
        return value
