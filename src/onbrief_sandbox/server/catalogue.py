"""The models of the server, from catalogue.toml, and the parsing of model identifiers in requests."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import Any, Literal

from onbrief.errors import UsageError
from onbrief_sandbox.server.refusals import Refusal, invalid

Language = Literal[
    "core", "sd3", "ultra", "sdxl", "nova", "titan", "search-replace", "search-recolor", "inpaint", "erase-object",
    "claude",
]  # fmt: skip
"""The request format of a model."""

PREFIXES = ("global", "us", "eu", "jp", "au")
"""The prefixes of inference profiles."""

_PREFIX = re.compile(rf"({'|'.join(PREFIXES)})\.(?=(?:anthropic|stability|amazon)\.)")
_ARN = re.compile(r"arn:aws(?:-[^:]+)?:bedrock:[a-z0-9-]{1,20}:(?:[0-9]{12})?:(?:foundation-model|inference-profile)/")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,2047}")
_REGIONAL = 1.1  # the price of a regional inference profile relative to a global one


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The properties of one model; see catalogue.toml."""

    id: str
    speaks: Language
    usd: float = 0.0
    usd_in: float = 0.0
    usd_out: float = 0.0
    long_from: int | None = None
    long_in: float = 0.0
    long_out: float = 0.0
    on_demand: bool = True
    sampling: Literal["none", "one", "all"] = "all"
    forced: bool = True
    schema: bool = True
    context: int = 1_000_000


def _models() -> dict[str, Model]:
    document: dict[str, Any] = tomllib.loads(files("onbrief_sandbox.server").joinpath("catalogue.toml").read_text("utf-8"))
    return {name: Model(id=name, **facts) for name, facts in document["models"].items()}


MODELS = _models()


@dataclass(frozen=True, slots=True)
class Called:
    """A model as named in a request: with the prefix of an inference profile, or an empty prefix."""

    model: Model
    prefix: str

    @property
    def id(self) -> str:
        """The model id with its prefix."""
        return f"{self.prefix}.{self.model.id}" if self.prefix else self.model.id

    def fits(self, pattern: str) -> bool:
        """Return whether a shell pattern matches this model's id, with or without the prefix."""
        return fnmatchcase(self.id, pattern) or fnmatchcase(self.model.id, pattern)

    def price(self, tokens_in: int, tokens_out: int) -> float:
        """Return the price of these tokens in US dollars."""
        model = self.model
        long = model.long_from is not None and tokens_in > model.long_from
        each = (model.long_in, model.long_out) if long else (model.usd_in, model.usd_out)
        regional = 1.0 if self.prefix in ("", "global") else _REGIONAL
        return round(regional * (each[0] * tokens_in + each[1] * tokens_out) / 1e6, 9)


def find(identifier: str, ended: Collection[str] = (), *, by_profile: bool = True) -> Called:
    """Return the model for an id, an inference profile, or the ARN of either. `ended` are patterns of retired models.

    Raises:
        Refusal: the model does not exist, is retired, or with `by_profile`, requires an inference profile.
    """
    if not _ID.fullmatch(identifier):
        raise invalid("The provided model identifier is invalid.")
    name = _ARN.sub("", identifier, count=1)
    prefix = match[1] if (match := _PREFIX.match(name)) else ""
    model = MODELS.get(name[len(prefix) + 1 :] if prefix else name)
    if model is None or (prefix not in ("", "us") and model.speaks != "claude"):
        raise Refusal("ResourceNotFoundException", "Could not resolve the foundation model from the provided model identifier.")
    called = Called(model, prefix)
    if any(called.fits(pattern) for pattern in ended):
        raise Refusal("ResourceNotFoundException", "This model version has reached the end of its life.")
    if by_profile and not prefix and not model.on_demand:
        raise invalid(
            f"Invocation of model ID {model.id} with on-demand throughput isn’t supported. Retry your request with the ID or "
            "ARN of an inference profile that contains this model."
        )
    return called


def of_anthropic(name: str) -> str:
    """Return the id on Bedrock of a model of Anthropic's own API, such as "claude-haiku-4-5", with its date or without. Names
    that have the form of an id on Bedrock stay as they are.

    Raises:
        Refusal: there is no such model.
    """
    if "." in name:
        return name
    dated = re.compile(rf"anthropic\.{re.escape(name)}(-\d{{8}})?(-v\d+:\d+)?")
    found = next((model for model in MODELS if dated.fullmatch(model)), None)
    if found is None:
        raise Refusal("ResourceNotFoundException", f"model: {name}")
    return found


def refuse_unknown(field: str, pattern: str) -> None:
    """Reject a pattern that matches no model, because it is probably a typing error.

    Raises:
        UsageError: the pattern matches no model; the message names `field`, the setting that contains it.
    """
    if not fits_any(pattern):
        raise UsageError.of(field, pattern, "a model of the sandbox, such as stability.stable-image-core-v1:1")


def fits_any(pattern: str) -> bool:
    """Return whether a shell pattern matches the id of any model, with or without a prefix."""
    return any(Called(model, prefix).fits(pattern) for model in MODELS.values() for prefix in ("", *PREFIXES))
