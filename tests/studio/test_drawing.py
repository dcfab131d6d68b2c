"""The picture of an attempt: where it is looked for when nobody knows what became of it, and what is checked before it is paid
for.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from onbrief.errors import StoreError, Unknown
from onbrief.policy import seed_of
from onbrief.pursuit import Order, open_pursuit
from onbrief.record import Run
from onbrief.settings import Settings
from onbrief.store import open_store
from onbrief.store.spool import Spool
from onbrief.studio import Crew
from onbrief.studio.calls import call_of
from onbrief.testing import Bill, ImageRequest, crew, picture
from tests.buckets import Service, new_place
from tests.pursuing import BRIEF

NAME = "r/000-000.png"
LOST = Unknown("no answer")


def ended(out: str, crew: Crew, *, resend: bool = False, names: str | None = None) -> Run:
    """The run at the end of one session, with one picture."""

    async def go() -> Run:
        chosen = Settings(out=out, max_images=1)
        order = Order(brief=BRIEF, settings=chosen, run_id="r", seed=7, resend_unknown=resend, names=names)
        async with open_pursuit(order, crew) as pursuit:
            return [event async for event in pursuit.events()][-1].run

    return asyncio.run(go())


def stored(run: Run, out: str) -> tuple[str, bytes]:
    """The key and the bytes of the only picture of a run."""
    (attempt,) = run.attempts
    assert attempt.image
    return attempt.image.key, open_store(out).load(attempt.image.key) or b""


def spooled(out: str, key: str) -> Path:
    """The file in which a picture waits that could not be stored."""
    place = out.encode() if "://" in out else os.fsencode(Path(out).resolve())
    return Spool(place)._folders[0] / key


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


# -- places ------------------------------------------------------------------------------------------------------------

SECOND = "the second name"
IN_FOLDER = [NAME, SECOND, "r/000-000.png#1a2b", f"{SECOND}#1a2b3c4d", "r/000-000.jpg#1", "r/000-000.webp"]
IN_SPOOL = [NAME, f"{NAME}.part", f"{NAME}#0a1b2c3d", SECOND]


@pytest.fixture
def own(tmp_path: Path) -> bytes:
    """The bytes that the run's first picture has in every place."""
    twin = str(tmp_path / "twin")
    return stored(ended(twin, crew(Bill())), twin)[1]


def second_name() -> str:
    """The name of the picture that no other picture has."""
    request = {"text": BRIEF.text, "negative": "", "size": BRIEF.size, "seed": seed_of(7, 0, 0)}
    model = crew(Bill()).image_model
    assert model
    return f"r/000-000-{call_of('image', 0, 0, model, request, None).digest[:8]}.png"


@pytest.mark.parametrize("resend", [False, True])
@pytest.mark.parametrize("place", [*IN_FOLDER, *(f"spool of {name}" for name in IN_SPOOL)])
def test_a_whole_picture_is_found_in_every_place_of_a_folder_at_any_later_time(
    tmp_path: Path, own: bytes, place: str, resend: bool
) -> None:
    out, bill = str(tmp_path / "out"), Bill()
    for _ in range(2):  # and looked for in vain before
        assert ended(out, crew(bill, answer=[LOST])).outcome == "unknown"
    name = place.removeprefix("spool of ").replace(SECOND, second_name())
    file = put(spooled(out, name) if place.startswith("spool") else tmp_path / "out" / name, own)
    for other in (put(tmp_path / "out" / f"{NAME}#0", own[:-1]), put(spooled(out, f"{NAME}#1"), picture(99))):
        assert other != file
    found = ended(out, crew(bill), resend=resend)
    key, data = stored(found, out)
    assert (found.outcome, data, len(bill.of("image")), found.usage.unknown_calls) == ("passed", own, 1, 0)
    assert file == tmp_path / "out" / key or "#" not in name or place.startswith("r/000-000.jpg") or not file.exists()
    assert ended(out, crew(bill), resend=resend).attempts == found.attempts
    assert len(bill.of("image")) == 1


@pytest.mark.parametrize("place", ["bucket", "spool", "spool before its rename"])
def test_a_whole_picture_is_found_in_every_place_of_a_bucket_at_any_later_time(s3: Service, own: bytes, place: str) -> None:
    out, bill = new_place(), Bill()
    assert ended(out, crew(bill, answer=[LOST])).outcome == "unknown"
    if place == "bucket":
        open_store(out).objects.replace(NAME, own, "image/png")  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    else:
        put(spooled(out, NAME + ".part" * ("rename" in place)), own)
    found = ended(out, crew(bill))
    assert (found.outcome, stored(found, out)[1], len(bill.of("image"))) == ("passed", own, 1)
    assert not spooled(out, NAME).parent.exists()


def test_a_whole_picture_is_found_under_the_callers_own_names(tmp_path: Path) -> None:
    pictures, bill = [tmp_path / "twin", tmp_path / "mine"], Bill()
    runs = [ended(str(pictures[n] / "runs"), crew(bill, answer=[(picture(1), LOST)[n]]), names="images") for n in (0, 1)]
    assert [run.outcome for run in runs] == ["passed", "unknown"]
    (own,) = (path.read_bytes() for path in pictures[0].glob("*.png"))
    (stamp,) = (path.name for path in (pictures[1] / "runs" / ".seconds").iterdir())
    beside = put(pictures[1] / f"images-{stamp}-000-000.png#1a2b", own)
    assert ended(str(pictures[1] / "runs"), crew(bill), names="images").outcome == "passed"
    assert len(bill.of("image")) == 2
    assert not beside.exists()


# -- before a picture is paid for ----------------------------------------------------------------------------------------


def linked_folder(out: Path) -> None:
    (out.parent / "outside").mkdir()
    (out / "r").symlink_to(out.parent / "outside")


def linked_name(out: Path) -> None:
    (out / "r").mkdir()
    (out / NAME).symlink_to(out.parent / "outside.png")


def file_in_the_way(out: Path) -> None:
    (out / "r").write_text("in the way")


def both_names_taken(out: Path) -> None:
    for key in (NAME, second_name()):
        (out / key).mkdir(parents=True)


HINDRANCES = [linked_folder, linked_name, file_in_the_way, both_names_taken]


@pytest.mark.parametrize("hinder", HINDRANCES)
def test_a_picture_that_could_not_be_kept_is_not_paid_for(tmp_path: Path, hinder: Callable[[Path], None]) -> None:
    out, bill = tmp_path / "out", Bill()
    out.mkdir()
    hinder(out)
    try:
        run = ended(str(out), crew(bill))
        assert run.outcome == "failed"
        reason = run.reason
    except StoreError as error:  # it is found before the run goes on
        reason = f"{error} ({error.hint})"
    assert bill.of("image") == []
    assert str(out / "r") in reason
    assert "then run the same command again" in reason
    assert not (tmp_path / "outside.png").exists()


def test_a_name_that_is_too_long_for_its_folder_is_found_before_a_picture_is_paid_for(tmp_path: Path) -> None:
    bill = Bill()
    run = ended(str(tmp_path / "runs"), crew(bill), names="n" * 225)
    assert (run.outcome, bill.of("image")) == ("failed", [])
    assert "File name too long" in run.reason


@pytest.mark.parametrize("hinder", HINDRANCES)
def test_a_picture_whose_place_is_lost_while_it_is_drawn_is_kept_and_found_again(
    tmp_path: Path, hinder: Callable[[Path], None]
) -> None:
    out, bill = tmp_path / "out", Bill()

    def drawn(asked: ImageRequest) -> bytes:
        (out / "r").rename(out.parent / "before")
        hinder(out)
        return picture(asked.seed)

    run = ended(str(out), crew(bill, answer=drawn))
    assert run.outcome == "failed"
    assert f"the picture is kept in {spooled(str(out), 'r')}" in run.reason
    (out / "r").rename(tmp_path / "moved")
    again = ended(str(out), crew(bill))
    assert (again.outcome, len(bill.of("image"))) == ("passed", 1)
    assert not spooled(str(out), "r").exists()


def test_a_picture_that_can_be_kept_nowhere_is_said_to_be_lost(
    tmp_path: Path, at_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))

    def drawn(asked: ImageRequest) -> bytes:
        (out / "r").rename(out.parent / "before")
        linked_folder(out)
        return picture(asked.seed)

    run = ended(str(out), crew(Bill(), answer=drawn))
    assert run.outcome == "failed"
    assert f"the picture is lost: {tmp_path / 'file'}" in run.reason
    assert "nothing is drawn twice" not in run.reason
