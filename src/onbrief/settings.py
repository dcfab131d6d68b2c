"""All settings, and what they stand for: limits, the rule, the policy, the models. Where they come from: see config.py."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from onbrief.brief import Size, parse_size
from onbrief.errors import UsageError
from onbrief.judging.rule import Confirm, Rule, Strictness
from onbrief.limits import Limits, require_amount
from onbrief.policy import WIDE, Means, Policy, PolicyName, Preference, Priors, named, read_learned, usual_means, usual_priors
from onbrief.redaction import redacted

if TYPE_CHECKING:
    from onbrief.judging.profile import Profile
    from onbrief.pictures.detector import Detector
    from onbrief.ports import AnyModel, Ladder, ModelRole, RateLimits
    from onbrief.record import Run
    from onbrief.studio import Crew

RATES = "rates"
"""The table of the limits of calls of each model. Its names are those of models, which no variable can have."""
NO_PROFILE = "none"
NO_PRIORS = "none"
FOLLOWING = ("judge", "reviser")
"""Settings whose defaults depend on the image model."""
_NO_MODELS: Mapping[ModelRole, AnyModel | Ladder] = {}
_NEXT = re.compile(r",\s*(?=[\w-]+:)")  # between two models in one text: other commas belong to a name


class _Usual(str):
    """The default of a setting in FOLLOWING: it changes with the image model."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings. Each has the same name as a flag, in a file and, in capitals, as a variable.

    `image_model` defaults to the model of the trial provider if that is installed; otherwise it is empty, and an order is
    refused until it is set. Several image models, cheap to dear, are a ladder: when one gets no further, the next takes over;
    in one text, commas separate them. `judge` and `reviser` default to those of the (first) image model's provider. Without
    `plan`, only the user's own requirements are checked. `strictness`, `max_reservations` and `confirm` say what passes, see
    judging.rule; `confirm_judge` is the judge that looks again, by default `judge`, and `planner` finds the requirements, by
    default `reviser`. `profile` is the file of a calibration of the judge, or "none"; see judging.profile. `ledger` is the URL
    of the database that has the ledger, if that is not beside the pictures. With `strip_metadata`, no metadata is embedded in
    the pictures. `tables` has the settings of providers and of the store that are set, by table and name, without defaults.
    `priority` is what a policy saves where one costs the other, `give_up_below` the chance to pass below which it ends a run
    early, `priors` the file of rates that its runs have taught of image models, or "none" (see policy.learned), and `parallel`
    how many pictures of a prompt to generate and judge concurrently; "auto" leaves that to the policy, which makes several only
    if time has priority. All limits but `max_images` are limits only if they are set; see Limits. `max_total_usd` is one for
    all runs of the place that have it, in whatever process and session: together, they never spend more.
    """

    image_model: str | Sequence[str] = ""
    judge: str = ""
    reviser: str = ""
    policy: PolicyName = "adaptive"
    priority: Preference = "money"
    give_up_below: float = 0.0
    priors: str = ""
    strictness: Strictness = "fair"
    max_reservations: int | None = None
    confirm: Confirm = "borderline"
    confirm_judge: str = ""
    planner: str = ""
    profile: str = ""
    parallel: int | Literal["auto"] = "auto"
    out: str = "onbrief-runs"
    ledger: str = ""
    size: str = "1024x1024"
    max_images: int = 12
    max_attempts: int | None = None
    max_prompts: int | None = None
    max_usd: float | None = None
    max_judge_usd: float | None = None
    max_total_usd: float | None = None
    max_seconds: float | None = None
    plan: bool = True
    strip_metadata: bool = False
    tables: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])

    def __post_init__(self) -> None:
        from onbrief.providers import registry

        object.__setattr__(self, "image_model", _ladder(self.image_model))
        if not self.image_model and (trial := registry.trial()) and not trial.missing:
            object.__setattr__(self, "image_model", f"{trial.name}:")
        if self.image_model and not all(getattr(self, name) for name in FOLLOWING):
            usual = cast("Mapping[str, str]", registry.defaults_for(self.image_models[0]))
            for name in FOLLOWING:
                object.__setattr__(self, name, getattr(self, name) or _Usual(usual.get(name, "")))
        require_amount("max_total_usd", self.max_total_usd)
        self._refuse_secrets()

    @property
    def image_models(self) -> tuple[str, ...]:
        """The names of all image models, the cheapest first; an empty one if none is set."""
        return (self.image_model,) if isinstance(self.image_model, str) else tuple(self.image_model)

    @property
    def limits(self) -> Limits:
        """The limits of a run."""
        return Limits(
            images=self.max_images,
            attempts=self.max_attempts,
            prompts=self.max_prompts,
            usd=self.max_usd,
            judge_usd=self.max_judge_usd,
            seconds=self.max_seconds,
        )

    @property
    def picture_size(self) -> Size:
        """Width and height in pixels."""
        return parse_size(self.size)

    @property
    def rule(self) -> Rule:
        """The rule by which answers of the judge become verdicts."""
        rule = Rule.named(self.strictness, self.max_reservations, self.confirm)
        profile = self.calibration
        return profile.applied(rule) if profile and not self._differs(profile) else rule

    @property
    def calibration(self) -> Profile | None:
        """The profile that `profile` names, also if it is stale; None without one.

        Raises:
            UsageError: it cannot be read.
        """
        if self.profile in ("", NO_PROFILE):
            return None
        from onbrief.judging.profile import Profile

        return Profile.read(Path(self.profile))

    @property
    def calibration_notes(self) -> tuple[str, ...]:
        """What a record says of the calibration that is in use, or is stale."""
        profile = self.calibration
        if profile is None:
            return ()
        if differs := self._differs(profile):
            return (f"the calibration {self.profile} is stale and not applied: it was made with {differs}",)
        rule = self.rule
        floor = f"borderline from {rule.floor:.2f} on" if rule.floor < rule.high else "nothing borderline"
        return (
            f"judged by the calibration {self.profile} of {profile.made[:10]} for at most {profile.max_false_accept:g} false "
            f"accepts: {floor}, sure from {rule.high:.2f} on, confirmation {rule.confirm}",
        )

    @property
    def detector(self) -> Detector | None:
        """The detector that the table `detector` names; None without one.

        Raises:
            UsageError, ConfigError: it cannot be used.
        """
        if not self.tables.get("detector"):
            return None
        from onbrief.pictures.detector import load

        return load(self.tables["detector"])

    @property
    def rate_limits(self) -> RateLimits:
        """The limits of calls that the table `rates` sets.

        Raises:
            UsageError: one is of no model, or is not written as a limit is.
        """
        from onbrief.ports import RateLimit
        from onbrief.providers import registry

        given = self.tables.get(RATES, {})
        for name in given:
            registry.require_known(name, RATES, self.tables)
        return {name: RateLimit.parse(text, f"{RATES}.{name}") for name, text in given.items()}

    def _differs(self, profile: Profile) -> str:
        from onbrief.judging.profile import Fingerprint

        return profile.differs(Fingerprint.of(self.judge, self.strictness))

    @property
    def _width(self) -> int | None:
        return None if self.parallel == "auto" else self.parallel

    @property
    def judged_at_once(self) -> int:
        """How many pictures that exist already are judged concurrently."""
        return self._width or (WIDE if self.priority == "time" else 1)

    @property
    def policy_priors(self) -> Priors:
        """What the policy expects of image models before it has seen a picture, with what the file `priors` has.

        Raises:
            UsageError: it cannot be read.
        """
        if self.priors in ("", NO_PRIORS):
            return usual_priors()
        return replace(usual_priors(), learned=read_learned(Path(self.priors)))

    def policy_with(self, means: Callable[[Run], Means] = usual_means, priors: Priors | None = None) -> Policy:
        """Return the policy that `policy` names, which may know this of the models. `priors` are `policy_priors`, if they have
        been read already.

        Raises:
            UsageError: the file `priors` cannot be read.
        """
        return named(
            self.policy,
            self._width,
            prefer=self.priority,
            give_up_below=self.give_up_below,
            means=means,
            priors=priors or self.policy_priors,
        )

    def require_models(self, *, draws: bool = True) -> None:
        """Refuse settings that lack a model for a run, which `draws` or only judges pictures that exist already.

        Raises:
            UsageError: there is no image model, or to judge with, no judge, and the trial provider is not installed; or none
                that finds the requirements.
        """
        lacking = ["image_model"] if draws else ["judge", *(["reviser"] if self.plan and not self.planner else [])]
        lacking = [name for name in lacking if not getattr(self, name)]
        if not lacking:
            return
        from onbrief.providers import registry

        trial = registry.trial()
        hint = f"to try it without an account: pip install '{trial.extra}'" if trial and trial.extra else ""
        raise UsageError(f"{lacking[0]}: none is set; choose one as PROVIDER:MODEL, see `onbrief models`", hint=hint)

    def _refuse_secrets(self) -> None:
        """Refuse values with a secret in them: the ledger and the record keep them as they are.

        Raises:
            UsageError: a URL with a password, or what looks like a key or a token.
        """
        values = [("image_model", name) for name in self.image_models]
        values += [(name, str(getattr(self, name))) for name in (*FOLLOWING, "confirm_judge", "planner", "out")]
        values += [(f"{table}.{name}", value) for table, own in self.tables.items() for name, value in own.items()]
        joined = "\n".join(value for _, value in values)
        for name, value in values if redacted(joined) != joined else ():  # a batch has settings for each of its rows
            if redacted(value) != value:
                hint = "set it in the variable that its provider reads, such as AWS_SECRET_ACCESS_KEY"
                raise UsageError.of(name, value, "no password, key or token, as settings are written down", hint=hint)

    def with_models(self, models: Mapping[ModelRole, str | AnyModel | Ladder]) -> Settings:
        """Return these settings with other models, given by name or as objects, of which the settings have the names. Judge and
        reviser follow another image model as long as they are its defaults. A reviser that cannot plan leaves that to the one
        that did so far.

        Raises:
            UsageError: an object lacks something; see ports.objects.
        """
        from onbrief.ports import is_object, plans, require_model

        names: dict[str, Any] = {}
        for role, given in models.items():
            several = given if isinstance(given, tuple) else (given,)
            for model in several:
                if not isinstance(model, str):
                    require_model(role, model)
            own = tuple(model if isinstance(model, str) else model.name for model in several)
            names[role] = own if isinstance(given, tuple) else own[0]
        writer, name = models.get("reviser", ""), names.pop("reviser", "")
        follows = [role for role in FOLLOWING if "image_model" in names and isinstance(getattr(self, role), _Usual)]
        changed = replace(self, **dict.fromkeys(follows, "") | names)
        if is_object(writer) and not plans(writer) and not changed.planner:
            changed = replace(changed, planner=changed.reviser)
        return replace(changed, reviser=name) if name else changed

    def crew(self, *, draws: bool = True, models: Mapping[ModelRole, AnyModel | Ladder] = _NO_MODELS) -> Crew:
        """Return the models that these settings name, of a run that `draws` or only judges; those of `models` are there.

        Raises:
            UsageError: there is no model of a name, or none is set.
            ConfigError: something that a provider needs is not installed or set up.
        """
        self.require_models(draws=draws)
        from onbrief.providers import registry
        from onbrief.studio import Crew

        made: dict[ModelRole, Any] = dict(models)
        draw = made.pop("image_model", self.image_models)
        several = cast("Ladder", draw if isinstance(draw, tuple) else (draw,)) if draws else ()
        # First: the others' defaults depend on it.
        ladder = [registry.image_model(one, self.tables) if isinstance(one, str) else one for one in several]
        named = [one for one in several if isinstance(one, str)]
        if not self.planner and "reviser" in made:
            made.setdefault("planner", made["reviser"])

        def of(role: ModelRole, make: Callable[[], object], *, needed: bool = True) -> Any:
            return None if not needed else made[role] if role in made else make()

        return Crew(
            image_model=ladder[0] if ladder else None,
            dearer=tuple(ladder[1:]),
            beside={name: editor for name in named if (editor := registry.editor_beside(name, self.tables))},
            planner=of("planner", lambda: registry.planner(self.planner or self.reviser, self.tables), needed=self.plan),
            judge=of("judge", lambda: registry.judge(self.judge, self.tables)),
            reviser=of("reviser", lambda: registry.reviser(self.reviser, self.tables), needed=draws),
            confirm_judge=of(
                "confirm_judge",
                lambda: registry.judge(self.confirm_judge, self.tables, "confirm_judge"),
                needed=bool(self.confirm_judge),
            ),
        )


def _ladder(given: str | Sequence[str]) -> str | tuple[str, ...]:
    """Return one name as a text, and several as a tuple.

    Raises:
        UsageError: a model is named twice.
    """
    names = tuple(name for text in ([given] if isinstance(given, str) else given) for name in _NEXT.split(text))
    if twice := next((name for number, name in enumerate(names) if name in names[:number]), None):
        raise UsageError.of("image_model", twice, "each model once")
    return names if len(names) > 1 else "".join(names)
