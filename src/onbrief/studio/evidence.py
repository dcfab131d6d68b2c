"""Evidence from the picture itself, gathered once beside the judge's answer and recorded with it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from onbrief.attempt import Finding, Image
from onbrief.brief import Checklist
from onbrief.judging import decide, lettering
from onbrief.judging.addressing import addressed
from onbrief.judging.evidence import FAILED, FINGERPRINT, WORDS, about
from onbrief.judging.rule import Rule
from onbrief.pictures import ocr
from onbrief.pictures.detector import Detector, load
from onbrief.pictures.fingerprint import alike, fingerprint
from onbrief.pictures.measuring import measured
from onbrief.pictures.ocr import Line
from onbrief.ports import Judged

Read = Callable[[bytes], list[Line]]
"""Reads the lettering in a judge's copy of a picture. Blocks."""

READABLE: Final = 0.6
"""The probability from which on a line counts as lettering; what is read with less is often a pattern, or a thing."""


def looks(tables: Mapping[str, Mapping[str, str]]) -> int:
    """Return how often a judge may be asked the same question about one picture with these settings: once more if its lettering
    is read here, and can be masked.
    """
    return 2 if tables.get("ocr", {}).get("use", "auto") != "never" and ocr.installed() else 1


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is looked at besides the judge. Without `read`, no lettering is read here, and without a `detector`, nothing is
    counted.
    """

    read: Read | None = None
    detector: Detector | None = None

    @classmethod
    def of(cls, tables: Mapping[str, Mapping[str, str]]) -> Self:
        """Return the evidence that the settings in these tables ask for and the installed packages allow.

        Raises:
            UsageError, ConfigError: there is a detector that cannot be used.
        """
        return cls(ocr.read if looks(tables) > 1 else None, load(tables.get("detector", {})))

    def measured(self, copy: bytes, image: Image, checklist: Checklist) -> list[Finding]:
        """Return what the pixels of the judge's copy of a picture show: measurements and its fingerprint. Blocks."""
        try:
            own = Finding(FINGERPRINT, "met", 1.0, fingerprint(copy), "pixels")
            return [own, *measured(checklist.requirements, copy, (image.width, image.height))]
        except Exception as error:  # noqa: BLE001 - the picture is still judged, and the record says what is missing
            return [_failed(error)]

    async def gathered(self, copy: bytes, checklist: Checklist, judged: Judged, rule: Rule) -> list[Finding]:
        """Return what else is found in a picture that a judge has answered about: things that are counted, whether the words
        that are wanted were read, words that address a reader who grades, and what is to be masked.

        It is looked for here only if the picture may pass, as it can raise a doubt, and never settles that a requirement is
        unmet. The judge's answer is paid for, so nothing that goes wrong here may lose it: it becomes a finding.
        """
        if not (self.read or self.detector) or not _may_pass(checklist, judged, rule):
            return self.told(judged, checklist)
        return [*await self._counted(copy, checklist), *await self._read(copy, checklist, judged)]

    async def _counted(self, copy: bytes, checklist: Checklist) -> list[Finding]:
        if not self.detector:
            return []
        try:
            return await asyncio.to_thread(self.detector.counted, checklist.requirements, copy)
        except Exception as error:  # noqa: BLE001 - see gathered
            return [_failed(error)]

    async def _read(self, copy: bytes, checklist: Checklist, judged: Judged) -> list[Finding]:
        if not self.read:
            return self.told(judged, checklist)
        try:
            lines = await asyncio.to_thread(self.read, copy)
        except Exception as error:  # noqa: BLE001 - see gathered
            return [_failed(error), *self.told(judged, checklist)]
        readable = [line for line in lines if line.probability >= READABLE]
        compared = lettering.compared(checklist.requirements, readable)
        return [*compared, *_words(lines, judged.lettering, checklist)]

    def told(self, judged: Judged, checklist: Checklist) -> list[Finding]:
        """Return the words that address a reader who grades in what the judge transcribed, of which no place is known."""
        return _words([], judged.lettering, checklist)


def _may_pass(checklist: Checklist, judged: Judged, rule: Rule) -> bool:
    unmet = decide.verdict(checklist, judged.findings, rule).ids("unmet")
    return unmet.isdisjoint(must.id for must in checklist.musts)


def _failed(error: Exception) -> Finding:
    return Finding(FAILED, "undecided", 0.5, f"{type(error).__name__}: {error}", "pixels")


def warnings(name: str, findings: Sequence[Finding], earlier: Mapping[str, str]) -> list[str]:
    """Return what the record must say about the picture of an attempt with this name. `earlier` has the fingerprints of other
    pictures of the run, by the names of their attempts.
    """
    said = [f"{name}: evidence beside the judge's is missing: {finding.evidence}" for finding in about(FAILED, findings)]
    for mine in about(FINGERPRINT, findings):
        with contextlib.suppress(StopIteration):
            said.append(
                f"{name} is nearly the same as {next(other for other, own in earlier.items() if alike(mine.evidence, own))}"
            )
    return said


def _words(lines: Sequence[Line], told: Sequence[str], checklist: Checklist) -> list[Finding]:
    """Return the words that address a reader who grades, as read here and as the judge transcribed them, and each part of the
    lettering that is to be masked: what was not asked for, if it has such words, or says enough that it could be an order in
    words that no pattern knows.
    """
    found = dict.fromkeys(addressed([line.text for line in lines if line.probability >= READABLE], checklist), "lettering")
    found = dict.fromkeys(addressed(told, checklist), "judge") | found
    unasked = [line for line in lines if not lettering.asked_for(line.text, checklist)]
    if found:  # orders go over several lines, of which some may be hard to read
        unasked = [line for line in unasked if line.probability >= READABLE or not lettering.says_nothing(line.text)]
    else:
        unasked = [line for line in unasked if line.probability >= READABLE]
        unasked = [unasked[number] for number in lettering.of_substance([(line.text, line.box) for line in unasked])]
    words = [Finding(WORDS, "met", 1.0, text, "lettering" if by == "lettering" else "judge") for text, by in found.items()]
    parts = [(line, part) for line in unasked for part in line.parts]
    return [*words, *(Finding(WORDS, "met", line.probability, line.text, "lettering", part) for line, part in parts)]
