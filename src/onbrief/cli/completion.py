"""What a shell offers on TAB: the runs of the place, and the models of the installed providers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cyclopts.completion import CompletionContext

    from onbrief.ports import ListedModel

_ENDED = "ended"
_LONGEST = 60  # characters of a brief


def runs(context: CompletionContext) -> dict[str, str]:
    """Return the ids of the runs in the place that --out or the settings name, newest first, with their briefs."""
    from onbrief.cli.output import plain
    from onbrief.config import load
    from onbrief.pursuit import Workspace, brief_text_of

    with Workspace.existing(load({name: context[name].raw for name in ("out", "ledger")})[0]) as workspace:
        rows = workspace.ledger.runs()
    return {row.run_id: "" if row.broken else plain(brief_text_of(row))[:_LONGEST] for row in rows}


def image_models(_: CompletionContext) -> dict[str, str]:
    """Return the names of the image models that are still to be had."""
    return {row.name: row.title for row in _listed() if row.kind == "image"}


def language_models(_: CompletionContext) -> dict[str, str]:
    """Return the names of the models that judge and write: language models, and the default of the trial provider."""
    from onbrief.providers import registry

    trial = registry.trial()
    own = {f"{trial.name}:": "to try it without an account"} if trial and not trial.missing else {}
    return own | {row.name: row.title for row in _listed() if row.kind == "language"}


def _listed() -> list[ListedModel]:
    from onbrief.providers import registry

    return [row for row in registry.models() if row.state != _ENDED]
