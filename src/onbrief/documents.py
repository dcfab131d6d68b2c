"""Settings, from where they come (flags, environment, files, defaults), and the models that they name.

The first source that has a setting wins: flags, `ONBRIEF_*` variables, ./onbrief.toml, the user's file, the default.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from onbrief.brief import Brief, Requirement, Size, parse_size
from onbrief.errors import UsageError
from onbrief.limits import Limits
from onbrief.policy import Policy, PolicyName, named
from onbrief.regions import check_region

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from onbrief.studio import Crew

T = TypeVar("T")
PREFIX = "ONBRIEF_"
FILE = "onbrief.toml"
SANDBOX, BEDROCK = "sandbox:", "bedrock:"  # a provider alone stands for its own default model
FOLLOWING = ("judge", "reviser")  # settings whose defaults depend on the image model


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set, under the name that it has as a flag, in a file and, in capitals, as a variable.

    `image_region` is where AWS is asked for pictures, unless the model's name says another region; AWS_REGION is not for
    pictures, since few regions have image models. `judge_region` is where it is asked for judgements, plans and revisions, and
    `bucket_region` where the bucket is; None is what AWS's own settings say. `plan` false takes only the user's own
    requirements. `strip_metadata` writes nothing about a picture into it.
    `judge` and `reviser` are the sandbox's by default where it draws, and else Claude on Bedrock: the sandbox's eye knows
    nothing but its own drawings.
    `max_usd` and `max_seconds` are limits only when they are set; see Limits for all five.
    """

    image_model: str = SANDBOX
    image_region: str = "us-west-2"
    judge: str = ""
    judge_region: str | None = None
    reviser: str = ""
    policy: PolicyName = "adaptive"
    parallel: int = 1
    out: str = "onbrief-runs"
    bucket_region: str | None = None
    size: str = "1024x1024"
    max_images: int = 12
    max_attempts: int = 4
    max_prompts: int = 12
    max_usd: float | None = None
    max_seconds: float | None = None
    plan: bool = True
    strip_metadata: bool = False

    def __post_init__(self) -> None:
        usual = SANDBOX if self.image_model.startswith(SANDBOX) else BEDROCK
        for name in FOLLOWING:
            object.__setattr__(self, name, getattr(self, name) or usual)

    @property
    def limits(self) -> Limits:
        """The limits among these settings."""
        return Limits(
            images=self.max_images,
            attempts=self.max_attempts,
            prompts=self.max_prompts,
            usd=self.max_usd,
            seconds=self.max_seconds,
        )

    @property
    def picture_size(self) -> Size:
        """Width and height in pixels."""
        return parse_size(self.size)

    @property
    def chosen_policy(self) -> Policy:
        """The policy of that name."""
        return named(self.policy, self.parallel)

    def crew(self) -> Crew:
        """The models of these names.

        Raises:
            UsageError: a name that stands for no model.
        """
        from onbrief.providers import registry
        from onbrief.studio import Crew

        image_model = registry.image_model(self.image_model, self.image_region)  # first: the others' defaults depend on it
        return Crew(
            planner=registry.planner(self.reviser, self.judge_region) if self.plan else None,
            image_model=image_model,
            judge=registry.judge(self.judge, self.judge_region),
            reviser=registry.reviser(self.reviser, self.judge_region),
        )


def load(flags: Mapping[str, object], environ: Mapping[str, str] = os.environ) -> tuple[Settings, dict[str, str]]:
    """The settings, and for each of them where it came from. Flags that are None were not given.

    Raises:
        UsageError: an unknown setting, a value that is not allowed, a broken file.
    """
    own = _own_file(environ)
    sources: dict[str, Mapping[str, object]] = {
        "default": {field.name: field.default for field in fields(Settings)},
        **({str(own): read_toml(own)} if own and own.is_file() else {}),
        FILE: read_toml(Path(FILE)) if Path(FILE).is_file() else {},
        "environment": {key.removeprefix(PREFIX).lower(): value for key, value in environ.items() if key.startswith(PREFIX)},
        "flag": {key: value for key, value in flags.items() if value is not None},
    }
    values: dict[str, object] = {}
    origins: dict[str, str] = {}
    for origin, settings in sources.items():
        known = {field.name for field in fields(Settings)}
        for name, value in settings.items():
            if name not in known:
                raise UsageError.of(f"setting in {origin}", name, "one of " + " ".join(sorted(known)))
            values[name], origins[name] = value, origin
    origins |= {name: "image_model" for name in FOLLOWING if not values[name] and origins["image_model"] != "default"}
    return settings_of(values), origins


def _own_file(environ: Mapping[str, str]) -> Path | None:
    """The user's own file, whether it is there or not; None for a user without a home."""
    try:
        return Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "onbrief" / FILE
    except RuntimeError:
        return None


def read_brief(path: Path) -> dict[str, Any]:
    """The document in a .toml or .json file, for `brief_of`; `size` may be "1024x768".

    Raises:
        UsageError: a file that cannot be read, or is broken (with line and column).
    """
    document = read_toml(path) if path.suffix.lower() == ".toml" else _read_json(path)
    if isinstance(size := document.get("size"), str):
        document["size"] = parse_size(size)
    return document


def brief_of(document: Mapping[str, object], where: str = "brief") -> Brief:
    """The brief that a document describes.

    Raises:
        UsageError: a field that is missing, unknown or not allowed.
    """
    return _validated(_briefs(), document, where)


def settings_of(values: Mapping[str, object], where: str = "settings") -> Settings:
    """The settings of these values, by name.

    Raises:
        UsageError: a value that is not allowed.
    """
    settings = _validated(_settings(), values, where)
    _ = settings.limits, settings.picture_size, settings.chosen_policy
    for name in ("image_region", "judge_region", "bucket_region"):
        if (region := getattr(settings, name)) is not None:
            check_region(name, region)
    return settings


def read_toml(path: Path) -> dict[str, Any]:
    """The document in a TOML file.

    Raises:
        UsageError: a file that cannot be read, or is broken (with line and column).
    """
    try:
        return tomllib.loads(_read(path))
    except (ValueError, RecursionError) as error:  # not only TOMLDecodeError: numbers of 5000 digits, 1000 nested lists
        raise UsageError(f"{path} is not valid TOML: {error}") from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(_read(path))
    except json.JSONDecodeError as error:
        raise UsageError(f"{path} is not valid JSON: {error.msg} (at line {error.lineno}, column {error.colno})") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not valid JSON: {error}") from error
    if not isinstance(document, dict):
        raise UsageError.of(str(path), document, "an object with the fields of a brief")
    return document  # pyright: ignore[reportUnknownVariableType] - what is in it is checked by the caller


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error


def _validated(adapter: TypeAdapter[T], document: Mapping[str, object], where: str) -> T:
    """What the document describes, or the first thing that is wrong with it, in the one form of every wrong input."""
    from pydantic import ValidationError

    try:
        return adapter.validate_python(document)
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        if isinstance(cause := wrong.get("ctx", {}).get("error"), UsageError):
            raise UsageError(f"{where}: {cause}") from error
        field = ".".join(str(part) for part in wrong["loc"])
        match wrong["type"]:
            case "missing":
                value, allowed = None, "a value"
            case "unexpected_keyword_argument":
                known = fields(Brief if len(wrong["loc"]) == 1 else Requirement)
                value, allowed = wrong["input"], "one of the fields " + " ".join(field.name for field in known)
            case _:
                value, allowed = wrong["input"], wrong["msg"].removeprefix("Input should be ")
        raise UsageError.of(f"{field} in {where}", value, allowed) from error


@cache
def _settings() -> TypeAdapter[Settings]:
    from pydantic import TypeAdapter

    return TypeAdapter(Settings)


@cache
def _briefs() -> TypeAdapter[Brief]:
    from pydantic import TypeAdapter

    return TypeAdapter(Brief)
