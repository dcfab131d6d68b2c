"""What evidence from the picture itself is worth beside the judge's answer.

A witness is a finding that no judge gave: measured pixels, lettering that was read, things that a detector found. Size and
shape are right or wrong beyond doubt and decide alone. Everything else can settle a doubt of the judge or raise one, and never
refuses or accepts a picture by itself.

| the judge's answer | the witness agrees | the witness disagrees |
| --- | --- | --- |
| met | met, as probable as the surer of the two | borderline, at .5: it is looked at again |
| borderline | met (not through a detector) | borderline, half as probable if the pixels say so |
| unmet | unmet, as improbable as the surer of the two | unmet |
| undecided | undecided | undecided |
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from onbrief.attempt import Finding, Source
from onbrief.brief import Checklist, Requirement
from onbrief.errors import UsageError
from onbrief.judging import decide
from onbrief.judging.rule import FAIR, Rule
from onbrief.ports import Setting
from onbrief.questions.measures import Exact, measure


def _use(setting: str, value: str) -> None:
    if value not in ("auto", "never"):
        raise UsageError.of(setting, value, "auto or never")


def _hash(setting: str, value: str) -> None:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", value):
        raise UsageError.of(setting, value, "64 hexadecimal digits, as sha256sum prints them")


def _pixels(setting: str, value: str) -> None:
    from onbrief.pictures.detector import PIXELS  # which brings Pillow

    if value not in PIXELS:
        raise UsageError.of(setting, value, " or ".join(PIXELS))


def _side(setting: str, value: str) -> None:
    if not value.isdecimal() or not 32 <= int(value) <= 4096:
        raise UsageError.of(setting, value, "a whole number of pixels from 32 to 4096")


SETTINGS: Final[Mapping[str, tuple[Setting, ...]]] = {
    "ocr": (Setting("use", "whether lettering is read where onbrief[ocr] is installed: auto or never", "auto", _use),),
    "detector": (
        Setting("path", "an ONNX file that counts things in pictures that may pass"),
        Setting("sha256", "the hash of that file", check=_hash),
        Setting("names", "a text file with the names of its classes, one in each line; by default those in its metadata"),
        Setting("pixels", "how it wants its pixels: 0-1, 0-255, or imagenet (normalised as for ImageNet)", "0-1", _pixels),
        Setting(
            "size", "the side in pixels of what it is shown, if it takes any; by default that of its metadata", check=_side
        ),
    ),
}
"""The settings of the evidence beside the judge's answer, by table."""

WORDS: Final = "(words to a reader who grades)"
"""The id of findings, about no requirement, on lettering in a picture: words that address a reader who grades, without a box,
and each part of the lettering that is to be masked, with its box.
"""
FAILED: Final = "(evidence that could not be had)"
"""The id of a finding, about no requirement, that says what went wrong with other evidence than the judge's."""
FINGERPRINT: Final = "(fingerprint)"
"""The id of a finding, about no requirement, whose evidence is the fingerprint of the picture."""

WITNESSES: Final[frozenset[Source]] = frozenset({"pixels", "lettering", "detector"})
DOUBT: Final = 0.5
"""The probability of what the judge calls met and a witness unmet."""


def beside(checklist: Checklist, findings: Sequence[Finding], rule: Rule = FAIR) -> tuple[Finding, ...]:
    """Return the findings of a judge, changed by those of witnesses among them. Without a witness they stay as they are;
    otherwise there is one for each requirement.
    """
    ids = {requirement.id for requirement in checklist.requirements}
    witnesses = {finding.id: finding for finding in findings if finding.source in WITNESSES and finding.id in ids}
    own = tuple(finding for finding in findings if finding.source not in WITNESSES)
    if not witnesses:
        return own
    decided = decide.verdict(checklist, own, rule).findings
    return tuple(
        _weighed(requirement, finding, witnesses[finding.id]) if finding.id in witnesses else finding
        for requirement, finding in zip(checklist.requirements, decided, strict=True)
    )


def about(id_: str, findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings with one of the ids that are about no requirement."""
    return [finding for finding in findings if finding.id == id_]


def _weighed(requirement: Requirement, judged: Finding, witness: Finding) -> Finding:
    if witness.source == "pixels" and isinstance(measure(requirement), Exact):
        return witness
    evidence = f"{judged.evidence}; {witness.evidence}" if judged.evidence else witness.evidence
    together = replace(judged, evidence=evidence, box=judged.box or witness.box)
    match judged.verdict, witness.verdict:
        case "met", "met":
            return replace(together, probability=max(judged.probability, witness.probability))
        case "unmet", "unmet":
            return replace(together, probability=min(judged.probability, witness.probability))
        case "borderline", "met" if witness.source != "detector":
            surer = max(judged.probability, witness.probability)
            return replace(together, verdict="met", probability=surer, source=witness.source)
        case "met", "unmet":
            return replace(together, verdict="borderline", probability=DOUBT, source=witness.source)
        case "borderline", "unmet" if witness.source == "pixels":
            return replace(together, probability=round(judged.probability / 2, 6))
        case _:
            return together
