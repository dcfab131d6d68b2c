"""Load settings from flags, the environment, files and defaults.

The first source that has a setting takes precedence: flags, `ONBRIEF_*` variables, ./onbrief.toml, the user's file, the
default. Providers and the store have separate tables: `[TABLE] name = "…"` in a file, `ONBRIEF_TABLE_NAME` as a variable.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from onbrief.documents import read_toml, validated
from onbrief.errors import UsageError
from onbrief.judging.rule import Rule
from onbrief.policy import PARALLEL, usual_priors
from onbrief.settings import FOLLOWING, NO_PRIORS, NO_PROFILE, RATES, Settings

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from onbrief.ports import Setting

PREFIX = "ONBRIEF_"
FILE = "onbrief.toml"
_PATHS = (("detector", "path"), ("detector", "names"))


def load(flags: Mapping[str, object], environ: Mapping[str, str] = os.environ) -> tuple[Settings, dict[str, str]]:
    """Return the settings, and the origin of each by name; settings of tables are named `table.name`. Flags that are None count
    as not given.

    Raises:
        UsageError: a setting is unknown, a value is not allowed, or a file is broken.
    """
    own = _own_file(environ)
    sources: dict[str, Mapping[str, object]] = {
        **({str(own): read_toml(own)} if own and own.is_file() else {}),
        FILE: read_toml(Path(FILE)) if Path(FILE).is_file() else {},
        "environment": {key.removeprefix(PREFIX).lower(): value for key, value in environ.items() if key.startswith(PREFIX)},
        "flag": {key: value for key, value in flags.items() if value is not None},
    }
    values: dict[str, object] = {}
    tables: dict[str, dict[str, str]] = {}
    origins = dict.fromkeys(_plain_names(), "default")
    for origin, given in sources.items():
        for name, value in given.items():
            if name in origins and "." not in name:
                values[name], origins[name] = value, origin
        for table, name, value in _of_tables(given, origin):
            is_path = value and (table, name) in _PATHS  # a run can be resumed from another folder
            tables.setdefault(table, {})[name] = str(Path(value).absolute()) if is_path else value
            origins[f"{table}.{name}"] = origin
    origins |= {name: "image_model" for name in FOLLOWING if not values.get(name) and origins["image_model"] != "default"}
    settings = settings_of({**values, "tables": tables})
    if settings.priors not in ("", NO_PRIORS):
        settings = replace(settings, priors=str(Path(settings.priors).absolute()))
    if settings.profile not in ("", NO_PROFILE):  # a run can be resumed from another folder
        settings = replace(settings, profile=str(Path(settings.profile).absolute()))
    elif not settings.profile and (usual := profile_path(settings.judge, environ)) and usual.is_file():
        settings, origins["profile"] = replace(settings, profile=str(usual)), "judge"
    return settings, origins


def profile_path(judge: str, environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return where the calibration of a judge is found without a setting, whether it is there or not; None for a user without
    a home directory.
    """
    own = _own_file(environ)
    name = "".join(character if character.isalnum() else "-" for character in judge.lower())
    return own.parent / "profiles" / f"{name}.json" if own and judge else None


def settings_of(values: Mapping[str, object], where: str = "settings") -> Settings:
    """Return the settings with these values, by name. Names that ledgers of earlier versions used for settings of tables are
    accepted too.

    Raises:
        UsageError: a value is not allowed.
    """
    plain = {name: value for name, value in values.items() if name in _plain_names()}
    tables = {name: dict(table) for name, table in cast("Mapping[str, Mapping[str, str]]", values.get("tables") or {}).items()}
    others = {name: value for name, value in values.items() if name not in plain and name != "tables" and value is not None}
    for table, name, value in _of_tables(others, where):
        tables.setdefault(table, {}).setdefault(name, value)
    if isinstance(many := plain.get("parallel"), str) and many != "auto" and not many.isdecimal():
        raise UsageError.of("parallel", many, PARALLEL)  # of a number or a text, validation would name only the number
    settings = validated(_settings(), {**plain, "tables": tables}, where)
    _ = settings.limits, settings.picture_size, settings.policy_with(priors=usual_priors())
    _ = Rule.named(settings.strictness, settings.max_reservations, settings.confirm)  # an order reads the files that it needs
    return settings


def declared() -> dict[str, tuple[Setting, ...]]:
    """Return the settings of all tables, by table: those of the store, of evidence beside the judge's, and of providers."""
    from onbrief.judging.evidence import SETTINGS
    from onbrief.providers import registry
    from onbrief.store.place import TABLES

    return {**TABLES, **SETTINGS, **registry.settings()}


def _plain_names() -> list[str]:
    """Return the names of the settings that are not in tables."""
    return [setting.name for setting in fields(Settings) if setting.name != "tables"]


def _of_tables(given: Mapping[str, object], origin: str) -> Iterator[tuple[str, str, str]]:
    """Yield table, name and value of each given setting of a table. If a source has a setting under both its current and its
    former name, the current one comes last and takes precedence.

    Raises:
        UsageError: a setting is unknown, or a value is not allowed.
    """
    others = {name: value for name, value in given.items() if name not in _plain_names()}
    if not others:
        return
    known = declared()
    former = {setting.formerly: (table, setting) for table, own in known.items() for setting in own if setting.formerly}
    flat = {f"{table}_{setting.name}".replace("-", "_"): (table, setting) for table, own in known.items() for setting in own}
    for name, value in sorted(others.items(), key=lambda item: item[0] not in former):
        if name == RATES or name.startswith(f"{RATES}_"):
            yield from _of_rates(name, value, origin)
        elif isinstance(value, Mapping):
            if name not in known and name not in _broken():
                raise UsageError.of(f"table in {origin}", name, "one of " + " ".join(sorted((*known, RATES))))
            yield from _of_table(name, known.get(name), cast("Mapping[str, object]", value))
        elif found := former.get(name) or flat.get(name):
            table, setting = found
            yield table, setting.name, _checked(setting, name if name in former else f"{table}.{setting.name}", value)
        elif table := next((other for other in _broken() if name.startswith(f"{other}_".replace("-", "_"))), None):
            yield table, name[len(table) + 1 :], str(value)
        else:
            allowed = [*_plain_names(), *(f"{table}.{setting.name}" for table, own in known.items() for setting in own)]
            raise UsageError.of(f"setting in {origin}", name, "one of " + " ".join(sorted(allowed)))


def _of_rates(table: str, value: object, origin: str) -> Iterator[tuple[str, str, str]]:
    """Yield table, name and value of each limit of calls in the table of a file."""
    from onbrief.ports import RATE_FORM, ModelName, RateLimit

    if table != RATES or not isinstance(value, Mapping):
        hint = f'in {FILE}: [{RATES}], then a line such as "PROVIDER:MODEL" = {RATE_FORM.partition(" (")[0]}'
        raise UsageError(f"{table} in {origin}: limits of calls can be set in a file only, by the names of models", hint=hint)
    for name, text in cast("Mapping[str, object]", value).items():
        ModelName.parse(name, f"name in {RATES} of {origin}")
        if not isinstance(text, str):
            raise UsageError.of(f"{RATES}.{name}", text, RATE_FORM)
        RateLimit.parse(text, f"{RATES}.{name}")
        yield RATES, name, text


def _of_table(table: str, settings: tuple[Setting, ...] | None, given: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    """Yield table, name and value of each setting in a table of a file. The table of a provider that cannot be loaded has no
    `settings` to check against; it is accepted, so that a broken provider affects nothing else.
    """
    for name, value in given.items():
        if settings is None:
            yield table, name, str(value)
            continue
        setting = next((one for one in settings if one.name == name), None)
        if setting is None:
            raise UsageError.of(f"setting of {table}", name, "one of " + " ".join(one.name for one in settings))
        yield table, name, _checked(setting, f"{table}.{name}", value)


def _checked(setting: Setting, name: str, value: object) -> str:
    """Check a value and return it as text. `name` is the setting's name in error messages."""
    if isinstance(value, bool):
        value = str(value).lower()
    if not isinstance(value, str | int | float):
        raise UsageError.of(name, value, "a text, a number or a boolean")
    setting.check(name, str(value))
    return str(value)


def _broken() -> list[str]:
    from onbrief.providers import registry

    return list(registry.broken())


def _own_file(environ: Mapping[str, str]) -> Path | None:
    """Return the path of the user's file, which may not exist; None for a user without a home directory."""
    try:
        return Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "onbrief" / FILE
    except RuntimeError:
        return None


@cache
def _settings() -> TypeAdapter[Settings]:
    from pydantic import TypeAdapter

    return TypeAdapter(Settings)
