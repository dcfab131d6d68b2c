"""Pictures that exist already, from any tool: found, checked, and read where they are. They are never copied or changed."""

from __future__ import annotations

import asyncio
import glob
import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from onbrief.attempt import Attempt, Image, Problem, path_of
from onbrief.errors import PictureError, StoreError, UsageError
from onbrief.ledger.account import Account
from onbrief.pictures import PictureFile
from onbrief.pictures.container import MAX_BYTES
from onbrief.ports import Decision

MAX_PICTURES: Final = 2_000
"""The most pictures of one run: its record and its report hold them all."""

SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".webp")
"""The files of a folder that are pictures, in lower or upper case."""

_THREADS = 4  # decoding pictures; large ones take turns


@dataclass(frozen=True, slots=True)
class GivenPicture:
    """A picture that exists already. The key of its image is the path as it was given. `blank`: it is of one colour."""

    image: Image
    blank: bool = False


def given_pictures(
    given: str | Path | Iterable[str | Path], *, recursive: bool = False
) -> tuple[tuple[GivenPicture, ...], tuple[str, ...]]:
    """Find, read and decode pictures, and return them with warnings about those that are there twice.

    Each of `given` is a file, a folder (all PNG, JPEG and WebP files in it, by name, without hidden ones; with `recursive` also
    those in the folders below) or a pattern such as "art/*.png". Blocks.

    Raises:
        UsageError: there are none, or too many, or one of them cannot be used; the notes of the error name each of these.
    """
    paths, problems = dict[Path, str](), list[str]()
    for one in [given] if isinstance(given, str | Path) else given:
        try:
            found = _found(str(one), recursive)
        except OSError as error:
            problems.append(f"{_shown(one)}: {_reason(error)}")
            continue
        if not found:
            problems.append(f"{_shown(one)}: {_nothing(Path(one))}")
        paths |= {path: _shown(path) for path in found}
    if not paths and not problems:
        raise UsageError("pictures: none are given; expected files, folders or patterns such as 'art/*.png'")
    return _distinct(_checked(paths, problems))


def pictures_again(places: Sequence[Mapping[str, str]]) -> tuple[GivenPicture, ...]:
    """Return the pictures of a recorded run, whose `places` are those of `places_of`.

    Raises:
        UsageError: one of them cannot be used any more; the notes of the error name each of these.
    """
    return _distinct(_checked({path_of(place["url"]): place["path"] for place in places}, []))[0]


def places_of(pictures: Iterable[GivenPicture]) -> list[dict[str, str]]:
    """Return where these pictures are, as JSON."""
    return [{"path": picture.image.key, "url": picture.image.url} for picture in pictures]


def numbered(pictures: Iterable[GivenPicture], account: Account) -> tuple[Attempt, ...]:
    """Return an attempt for each picture. One that this run has had before keeps its number, by its sha256: a renamed file is
    not judged again. The others get the next numbers, which are recorded as a decision.
    """
    by_hash = {picture.image.sha256: picture for picture in pictures}
    known = [sha for decision in account.decisions if decision.kind == "judge" for sha in decision.inputs["pictures"]]
    if new := [sha for sha in by_hash if sha not in set(known)]:
        account.decide(Decision(len(account.decisions), "judge", {"pictures": new}, "pictures that exist already"))
    found = ((number, by_hash[sha]) for number, sha in enumerate((*known, *new)) if sha in by_hash)
    return tuple(Attempt(0, number, 0, picture.image, problem=_BLANK if picture.blank else None) for number, picture in found)


class PictureFiles:
    """The Pictures port over files anywhere; see ports.Pictures. A file that is no longer the picture that was recorded counts
    as missing.
    """

    def __init__(self, images: Iterable[Image]) -> None:
        self._images = {image.key: image for image in images}

    async def read(self, key: str) -> bytes | None:
        """See ports.Pictures."""
        return await asyncio.to_thread(self.load, key)

    def load(self, key: str) -> bytes | None:
        """See ports.Pictures."""
        image = self._images.get(key)
        if image is None:
            return None
        try:
            data = _read(path_of(image.url))
        except FileNotFoundError:
            return None
        except (OSError, PictureError) as error:
            raise StoreError(f"{key} cannot be read: {_reason(error)}") from error
        return data if hashlib.sha256(data).hexdigest() == image.sha256 else None


def _found(given: str, recursive: bool) -> list[Path]:
    path = Path(given)
    if path.is_dir():
        inside = path.rglob("*") if recursive else path.iterdir()
        pictures = [found for found in inside if found.suffix.lower() in SUFFIXES and found.is_file()]
        return sorted(one for one in pictures if not any(part.startswith(".") for part in one.relative_to(path).parts))
    if path.exists() or not glob.has_magic(given):
        return [path]
    return [found for match in sorted(glob.glob(given, recursive=True)) for found in _found(glob.escape(match), recursive)]  # noqa: PTH207 - a pattern may be absolute


def _nothing(path: Path) -> str:
    return f"a folder without {', '.join(SUFFIXES)} files" if path.is_dir() else "no file matches this pattern"


def _checked(paths: Mapping[Path, str], problems: list[str]) -> list[GivenPicture]:
    if len(paths) > MAX_PICTURES:
        raise UsageError.of("pictures", len(paths), f"at most {MAX_PICTURES} in one run")
    with ThreadPoolExecutor(_THREADS) as threads:
        found = list(threads.map(_picture, paths, paths.values()))
    problems = [*problems, *(one for one in found if isinstance(one, str))]
    if problems:
        cannot = "1 cannot be used" if len(problems) == 1 else f"{len(problems)} cannot be used"
        error = UsageError(f"pictures: {cannot}", hint="nothing was paid for; leave them out, or replace them")
        for problem in problems:
            error.add_note(problem)
        raise error
    return [one for one in found if isinstance(one, GivenPicture)]


def _picture(path: Path, shown: str) -> GivenPicture | str:
    """Return a picture, or why it cannot be used."""
    try:
        data = _read(path)
        facts = PictureFile(data).inspected()
    except (OSError, PictureError) as error:
        return f"{shown}: {_reason(error)}"
    sha256 = hashlib.sha256(data).hexdigest()
    return GivenPicture(Image(shown, url_of(path), sha256, facts.media_type, facts.width, facts.height, len(data)), facts.blank)


def _read(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        raise PictureError("not a file")
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)  # which is refused as too large


def _distinct(pictures: Iterable[GivenPicture]) -> tuple[tuple[GivenPicture, ...], tuple[str, ...]]:
    """Return each picture once, and a warning for each file that repeats one."""
    kept, warnings = dict[str, GivenPicture](), list[str]()
    for picture in pictures:
        first = kept.setdefault(picture.image.sha256, picture)
        if first is not picture:
            warnings.append(f"{picture.image.key} is the same picture as {first.image.key}, which stands for both")
    return tuple(kept.values()), tuple(warnings)


def _shown(path: str | Path) -> str:
    """Return a path as it was given, as text that can be stored: names of files are bytes, and need not be valid Unicode."""
    return os.fsencode(Path(path)).decode("utf-8", "replace")


def url_of(path: str | Path) -> str:
    """Return the file: URL of a path."""
    return Path(os.path.abspath(path)).as_uri()  # noqa: PTH100 - links stay links


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


_BLANK = Problem("blank", "the picture is of one colour")
