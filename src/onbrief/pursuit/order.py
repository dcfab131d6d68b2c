"""Orders: what a run is asked for, and when two orders are the same."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import cast

from onbrief.brief import Brief, fields_of
from onbrief.config import settings_of
from onbrief.documents import brief_of
from onbrief.errors import LedgerError, UsageError
from onbrief.ledger.rows import require_whole
from onbrief.policy import SEED_RANGE, Priors, usual_priors
from onbrief.ports import AnyModel, Ladder, ModelRole, RunRow, is_object
from onbrief.providers import registry
from onbrief.pursuit.given import GivenPicture, pictures_again, places_of
from onbrief.record import RunKind
from onbrief.settings import NO_PRIORS, RATES, Settings
from onbrief.store import TABLES

MAX_SEED = 4_294_967_295  # 32 bits; for a model with a smaller range, the seed is reduced to that range
REPLACEABLE = ("judge", "reviser", "planner", "confirm_judge")
"""The settings of an order that may change when its run is resumed: they decide nothing about what is recorded."""

_OTHERS = ("strictness", "max_reservations", "confirm", "confirm_judge", "planner")
_USUAL = Settings(image_model="none:", judge="none:", reviser="none:")  # what is not named in the request of an order
_NO_MODELS: Mapping[ModelRole, str | AnyModel | Ladder] = {}
_RUN_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A request for a run.

    Without a `run_id`, an interrupted run of the same order is resumed if there is one. Without a `seed`, it is derived from
    the run id. `warnings` are in the record from the start. With `names`, the pictures are stored beside the run's folder
    instead of in it, and `names` is the start of their names; see store.Names. `resumes` is the `request` of the recorded run
    that the user asks to resume; the judges and the reviser may differ from it. With `resend_failed`, calls that have failed as
    often as a run tries them are sent once more, each of which may be charged.

    With `pictures`, which exist already, nothing is drawn: they are judged. The same order with the same pictures is always the
    same run; a `run_id` names one that can be given other pictures later.

    `models` are those that were given as objects, by their settings. In all that is stored, a model is its name: an order with
    an object of the same name is the same order.

    `priors` is what the policy expects of the image models: what the settings' file had when the order was made. It is no part
    of the `request`, as it decides nothing about what is recorded.

    Raises:
        UsageError: the order is invalid.
    """

    brief: Brief
    settings: Settings = field(default_factory=Settings)
    run_id: str | None = None
    seed: int | None = None
    resend_unknown: bool = False
    resend_failed: bool = False
    warnings: tuple[str, ...] = ()
    names: str | None = None
    resumes: str | None = None
    pictures: tuple[GivenPicture, ...] = ()
    models: Mapping[ModelRole, AnyModel | Ladder] = field(default_factory=dict["ModelRole", "AnyModel | Ladder"])
    priors: Priors = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.settings.require_models(draws=self.draws)
        _ = self.settings.calibration, self.settings.detector  # read before anything is spent
        object.__setattr__(self, "priors", self.settings.policy_priors if self.draws else usual_priors())
        if self.run_id is not None:
            check_run_id(self.run_id)
        if self.seed is not None and not 0 <= self.seed <= MAX_SEED:
            raise UsageError.of("seed", self.seed, f"a whole number from 0 to {MAX_SEED}")
        if not self.settings.plan and not any(r.must for r in self.brief.requirements) and not self.brief.avoid:
            raise UsageError("plan: false is not allowed without a requirement of your own; expected at least one")

    @property
    def draws(self) -> bool:
        """Whether pictures are drawn; otherwise they exist already."""
        return not self.pictures

    def priors_notes(self, models: Iterable[AnyModel]) -> tuple[str, ...]:
        """Return what a record of a run with these image models says of the file of priors that is in use."""
        learned, names = self.priors.learned, [model.name for model in models]
        if self.settings.policy != "adaptive" or self.settings.priors in ("", NO_PRIORS):
            return ()
        counts = {name: sum(seen for _, seen in learned[name].values()) for name in names if name in learned}
        if not counts:
            return (f"the priors {self.settings.priors} have no rates of {' or '.join(names)}: the usual ones are used",)
        return tuple(
            f"the policy begins with rates of {name} from {seen} findings, by {self.settings.priors}"
            for name, seen in counts.items()
        )

    @property
    def usual_run_id(self) -> str | None:
        """The run id of an order without one: that of its request and its pictures, or None if it has no pictures."""
        if self.draws:
            return None
        hashes = sorted(picture.image.sha256 for picture in self.pictures)
        return f"judge-{hashlib.sha256(json.dumps([self.request, *hashes]).encode()).hexdigest()[:12]}"

    @property
    def stored_settings(self) -> str:
        """What of the order may change, as JSON: the settings, where the pictures are that exist already, and which models are
        objects.
        """
        more: dict[str, object] = {"pictures": places_of(self.pictures)} if self.pictures else {}
        more |= {"objects": sorted(self.models)} if self.models else {}
        return _to_json(fields_of(self.settings) | more)

    @property
    def request(self) -> str:
        """What identifies the order, as JSON. Limits are not part of it, as they may grow, nor is `parallel`."""
        if self.resumes is not None:
            return self.resumes
        s = self.settings
        if self.draws:
            fixed = {"image_model": s.image_model, "judge": s.judge, "reviser": s.reviser, "policy": s.policy, "plan": s.plan}
        else:
            fixed = {"kind": "judge", "judge": s.judge, "reviser": s.reviser if s.plan else "", "plan": s.plan}
        fixed |= {} if self.names is None else {"names": self.names}
        fixed |= {"profile": calibration.digest} if (calibration := s.calibration) else {}
        if self.draws and "image_model" not in self.models and (files := registry.digests_of(s.image_model)):
            fixed |= {"image_model_files": files}
        fixed |= {"detector": detector.digest} if (detector := s.detector) else {}
        fixed |= {name: value for name in _OTHERS if (value := getattr(s, name)) != getattr(_USUAL, name)}
        return _to_json({"brief": self.brief, "seed": self.seed, **fixed})


def order_again(
    row: RunRow,
    settings: Settings,
    given: Mapping[str, object],
    *,
    models: Mapping[ModelRole, str | AnyModel | Ladder] = _NO_MODELS,
    resend_unknown: bool = False,
) -> Order:
    """Return the order that resumes a recorded run: the original order, except for the `given` settings and `models`, and for
    the place, which is that of `settings`. Given or not, the judges and the reviser may be others than at first.

    Raises:
        UsageError: one of the given settings cannot be changed, or a model that was an object is not given again.
        LedgerError: the recorded order lacks something.
    """
    request, stored = json.loads(row.request), json.loads(row.settings)
    places, objects, before = stored.pop("pictures", ()), stored.pop("objects", ()), settings_of(stored)
    if lacking := {"brief", "seed"} - request.keys():
        raise _lacks(row, ", ".join(sorted(lacking)))
    for role in objects:
        if role not in models and role not in given:
            raise _needs_object(row, role, getattr(before, role))
    of_now = (*TABLES, RATES)  # where the place is, and how often models may be called
    tables = {name: table for name, table in before.tables.items() if name not in of_now}
    tables |= {name: table for name, table in settings.tables.items() if name in of_now}
    here = {"out": settings.out, "ledger": settings.ledger, "tables": tables}
    now = settings_of({**asdict(before), **given, **here}).with_models(models)
    order = Order(
        brief=brief_of(request["brief"]),
        settings=replace(now, **{name: request.get(name, "") for name in REPLACEABLE}),
        run_id=row.run_id,
        seed=request["seed"],
        resend_unknown=resend_unknown,
        names=request.get("names"),
        pictures=pictures_again(places),
        models={role: model for role, model in models.items() if is_object(model)},
    )
    again = json.loads(order.request)
    detector = before.tables.get("detector", {}).get("path", "")
    changeable = [("profile", "profile", before.profile, "calibration"), ("detector", "detector", detector, "detector")]
    if now.image_model == before.image_model:
        changeable.append(("image_model", "image_model_files", str(before.image_model), "file of the image model"))
    for name, key, file, what in changeable:
        if request.get(key) != again.get(key):
            raise UsageError.of(name, file, f"the {what} that run {row.run_id} began with; this file has changed")
    if order.request != row.request:
        raise UsageError(
            f"run {row.run_id}: its image model, policy and checklist are fixed; "
            "change only limits, the judges or the reviser, or start another run"
        )
    return replace(order, settings=now, resumes=row.request)


def _to_json(document: object) -> str:
    return _ENCODER.encode(document)


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, default=fields_of)  # json.dumps makes one each time


def kind_of(row: RunRow) -> RunKind:
    """Return the kind of a recorded run."""
    return "judge" if json.loads(row.request).get("kind") == "judge" else "run"


def brief_text_of(row: RunRow) -> str:
    """Return the text of a recorded run's brief.

    Raises:
        LedgerError: the row cannot be read, or its order has none.
    """
    brief = json.loads(require_whole(row).request).get("brief")
    if not isinstance(brief, dict) or not isinstance(text := cast("dict[str, object]", brief).get("text"), str):
        raise _lacks(row, "brief.text")
    return text


def _needs_object(row: RunRow, role: str, name: str) -> UsageError:
    others = ", or another model" if role in REPLACEABLE else ""
    return UsageError(
        f"{role}: run {row.run_id} was given an object of the name {name!r}, which is not recorded",
        hint=f"give it again{others}, in Python: onbrief.resume({row.run_id!r}, {role}=…)",
    )


def _lacks(row: RunRow, what: str) -> LedgerError:
    return LedgerError(
        f"the ledger of run {row.run_id} is damaged: its row: the request lacks {what}",
        hint=f"restore the ledger from a backup, or delete the run with: onbrief rm {row.run_id}",
    )


def check_run_id(run_id: str) -> None:
    """Check that a text can be a run id.

    Raises:
        UsageError: it is not 1 to 64 lowercase letters, digits and hyphens, or it starts with a hyphen.
    """
    if not _RUN_ID.fullmatch(run_id):
        raise UsageError.of("run id", run_id, "1 to 64 lowercase letters, digits and hyphens, the first not a hyphen")


def new_run_id() -> str:
    """Return a new run id: the time in UTC and six random hexadecimal digits, such as `20261122-101500-3f9a1c`."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def seed_for(run_id: str) -> int:
    """Return the seed of a run whose order has none."""
    low, high = SEED_RANGE
    return low + int.from_bytes(hashlib.sha256(run_id.encode()).digest()[:8], "big") % (high - low + 1)
