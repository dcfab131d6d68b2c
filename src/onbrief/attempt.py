"""Image, Finding, Problem, Verdict and Attempt: one picture, what the judge found on it, and how the attempt at it ended."""

from __future__ import annotations

import builtins
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args
from urllib.parse import unquote_to_bytes, urlsplit

from onbrief.brief import brief_repr
from onbrief.errors import PictureError, StoreError, UsageError

if TYPE_CHECKING:
    import PIL.Image

Answer = Literal["met", "unmet", "borderline", "undecided"]
ProblemKind = Literal["blank", "unreadable", "failed", "blocked", "unknown", "blind"]
Source = Literal["judge", "closer look", "pixels", "lettering", "detector"]
Box = tuple[float, float, float, float]
"""A part of a picture: left, top, right and bottom, as shares of its width and height from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Image:
    """One stored picture: its place and its properties, never its bytes. `sha256` is the hash of the stored bytes. The key of a
    picture that existed already is its path as it was given.
    """

    key: str
    url: str
    sha256: str
    media_type: str
    width: int
    height: int
    bytes: int

    @property
    def file(self) -> Path | None:
        """The file of the picture, whatever is in it now; None for one in a bucket."""
        return path_of(self.url) if self.url.startswith("file:") else None

    @property
    def path(self) -> Path:
        """The file of the picture, whatever is in it now.

        Raises:
            UsageError: the picture is in a bucket; `open` and `read` work there too.
        """
        if (file := self.file) is None:
            raise UsageError(f"path: {self.url} is in a bucket, not in a folder", hint="read it with .open() or .read()")
        return file

    def read(self) -> builtins.bytes:
        """Return the bytes of the picture's file, from its folder or its bucket. Credentials for a bucket are those with which
        it was written: the ones that the service's own tools use. Blocks.

        Raises:
            StoreError: it cannot be read, is missing, or is not the picture that was recorded any more.
        """
        if file := self.file:
            try:
                data = file.read_bytes()
            except FileNotFoundError:
                data = None
            except OSError as error:
                raise StoreError(f"{file} cannot be read: {error.strerror}") from error
        else:
            from onbrief.store.place import read_url  # an upward import: the value itself is asked for its picture

            data = read_url(self.url)
        if data is None:
            raise StoreError(f"{file or self.url} is missing")
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise StoreError(f"{file or self.url} has changed: it is not the picture that was recorded")
        return data

    def open(self) -> PIL.Image.Image:
        """Return the picture as an image of Pillow. See `read` for where it is read from.

        Raises:
            StoreError: as `read`.
            PictureError: it cannot be decoded.
        """
        from onbrief.pictures.decoding import opened

        data = self.read()
        try:
            return opened(data, ["PNG", "JPEG", "WEBP"])
        except OSError as error:  # UnidentifiedImageError too
            raise PictureError(f"{self.key} cannot be opened: {error}") from error

    def __repr__(self) -> str:
        return brief_repr(f"Image {self.width}x{self.height}", self.url, from_end=True)


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer for one requirement on one image. `probability` is the probability that it is met, 0 to 1. `source` is what
    decided it in the end, and `box` the part of the picture that it is about, if that is known.

    `borderline`: the judge looked, and fair people would differ. `undecided`: there is no valid answer.
    """

    id: str
    verdict: Answer
    probability: float
    evidence: str = ""
    source: Source = "judge"
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an attempt has no usable picture, and so no verdict; or why a judge gave no answer. `message` quotes the provider."""

    kind: ProblemKind
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The findings on one image. `passed` is computed in code (judging/decide.py), never by a model.

    `reservations` are the ids of the musts that are borderline and accepted all the same, according to the strictness of the
    run. If the judge gave no answer that can be used, all findings are undecided, and `problem` says why. `confirmed` are the
    ids of the requirements that a closer look has answered too, whatever it said.

    `unasked` are the ids of the requirements that have no finding: the judge was asked about others first, and the picture does
    not meet them. Nothing is known about these; every other requirement has a finding.
    """

    passed: bool
    findings: tuple[Finding, ...]
    problem: Problem | None = None
    reservations: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()

    @property
    def unmet(self) -> tuple[Finding, ...]:
        """The findings that fall short: neither met nor accepted with a reservation."""
        return tuple(finding for finding in self.findings if finding.verdict != "met" and finding.id not in self.reservations)

    @property
    def reserved(self) -> tuple[Finding, ...]:
        """The findings on the musts that are accepted with a reservation."""
        return tuple(finding for finding in self.findings if finding.id in self.reservations)

    def __repr__(self) -> str:
        counts: dict[str, int] = {answer: len(self.ids(answer)) for answer in get_args(Answer)}
        counts["unasked"] = len(self.unasked)
        found = ", ".join(f"{count} {answer}" for answer, count in counts.items() if count)
        return f"<Verdict {'passed' if self.passed else 'not passed'}: {found or 'no findings'}>"

    def ids(self, answer: Answer) -> frozenset[str]:
        """Return the ids of the requirements with this answer."""
        return frozenset(finding.id for finding in self.findings if finding.verdict == answer)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a picture: prompt, seed, image, verdict and cost. Numbered by (revision, attempt), both from 0.

    `image` is None without a usable picture, and `problem` says why. `verdict` is also None for a picture that was not judged
    because another one of its round had already passed. An edited picture has the prompt of the one that it was made from,
    whose name is `base`; `must` is the id of the requirement that the edit is for. `decided` is why the policy had it made, in
    a sentence. `usd` and `seconds` are those of its calls.
    `model` is the image model that drew it, or the editor that changed it; it is empty for pictures that existed already, and
    in records of earlier versions.
    """

    revision: int
    attempt: int
    seed: int
    image: Image | None = None
    verdict: Verdict | None = None
    problem: Problem | None = None
    usd: float = 0.0
    seconds: float = 0.0
    model: str = ""
    base: str = ""
    must: str = ""
    decided: str = ""

    @property
    def name(self) -> str:
        """Revision and attempt in the form of file names: "001-003"."""
        return f"{self.revision:03d}-{self.attempt:03d}"

    @property
    def origin(self) -> str:
        """What an edited picture was made from, and for which must: "repair of 000-002: r3". Empty for a drawn one."""
        return f"repair of {self.base}: {self.must}" if self.base else ""

    @property
    def passed(self) -> bool:
        """Whether the picture is accepted: every must is met, or borderline and accepted with a reservation."""
        return self.verdict is not None and self.verdict.passed

    @property
    def complete(self) -> bool:
        """Whether the attempt has its final state: a verdict or a problem."""
        return self.verdict is not None or self.problem is not None

    @property
    def state(self) -> str:
        """How the attempt stands, in a word or two: "passed", "not passed", the kind of its problem, or "not judged"."""
        if self.problem:
            return self.problem.kind
        return "not judged" if self.verdict is None else "passed" if self.passed else "not passed"

    def __repr__(self) -> str:
        short = [finding.id for finding in self.verdict.unmet] if self.verdict else []
        return brief_repr(f"Attempt {self.name} {self.state}", ", ".join(short) and f"short of {' '.join(short)}")


def path_of(url: str) -> Path:
    """Return the path of a file: URL."""
    return Path(os.fsdecode(unquote_to_bytes(urlsplit(url).path)))
