"""The library's public functions."""

from __future__ import annotations

import ast
import asyncio
import hashlib
import inspect
import os
import pty
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import onbrief
from onbrief.errors import OtherRequest
from onbrief.ports import Planned
from onbrief.record import Models
from onbrief.testing import Bill, ScriptedJudge, ScriptedPlanner, ScriptedReviser, crew, picture
from tests.buckets import Service, new_place

ROOT = Path(__file__).parents[1]
SMALL = onbrief.Brief(text="a red circle left of a blue square", size=(512, 512))


def test_run_returns_the_run_with_its_best_picture(tmp_path: Path) -> None:
    run = onbrief.run(SMALL, limits=onbrief.Limits(images=12, usd=1.50), settings=onbrief.Settings(out=str(tmp_path)))
    assert run.outcome == "passed"
    assert run.best is not None
    assert run.best.image is not None
    assert run.best.verdict is not None
    assert run.best.verdict.unmet == ()
    assert run.best.image.url == (tmp_path / run.best.image.key).as_uri()


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "folder":
        return str(tmp_path / "runs")
    request.getfixturevalue("s3")
    return new_place()


def test_a_run_is_loaded_and_listed_and_its_picture_opened(place: str) -> None:
    made = onbrief.run(SMALL, settings=onbrief.Settings(out=place), run_id="mine")
    again = onbrief.load("mine", out=place)
    (listed,) = onbrief.runs(out=place)
    assert again == replace(made, warnings=again.warnings)
    assert listed.load() == again
    assert (listed.run_id, listed.outcome, listed.kind, listed.brief) == ("mine", "passed", "run", SMALL.text)
    assert (listed.images, listed.usd, listed.live) == (made.usage.images, made.usage.usd, False)
    assert made.best
    assert made.best.image
    image = made.best.image
    assert "data:image/webp;base64," in again._repr_html_()
    assert image.open().size == (512, 512)
    assert hashlib.sha256(image.read()).hexdigest() == image.sha256
    if place.startswith("s3:"):
        with pytest.raises(onbrief.UsageError, match=r"path: s3://.*\.png is in a bucket, not in a folder"):
            _ = image.path
    else:
        assert image.path == Path(place, image.key)


def test_the_picture_of_a_bucket_with_a_region_of_its_own_is_opened(s3: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    settings = onbrief.Settings(out=new_place(), tables={"s3": {"region": "eu-west-3"}})
    made = onbrief.run(SMALL, settings=settings)
    s3.regions.clear()
    assert made.best
    assert made.best.image
    assert made.best.image.open().format == "PNG"
    assert set(s3.regions) == {"eu-west-3"}


def test_a_judged_picture_is_opened_where_it_is(tmp_path: Path) -> None:
    drawn = onbrief.run(SMALL, settings=onbrief.Settings(out=str(tmp_path)), run_id="drawn").best
    assert drawn
    assert drawn.image
    art = tmp_path / "my art, 100% é.png"
    art.write_bytes(drawn.image.read())
    judged = onbrief.judge(SMALL, art, settings=onbrief.Settings(out=str(tmp_path)))
    image = judged.attempts[0].image
    assert image
    assert (image.path, image.open().size) == (art, (512, 512))


@pytest.mark.parametrize(
    ("run_id", "message", "hint"),
    [
        ("harbour-on", "run: 'harbour-on' is not allowed", "did you mean harbour-one?"),
        ("habour-two", "run: 'habour-two' is not allowed", "did you mean harbour-two or harbour-one?"),
        ("lake", "run: 'lake' is not allowed", ""),
        ("Harbour", "run id: 'Harbour' is not allowed; expected 1 to 64 lowercase letters", ""),
    ],
)
def test_an_unknown_run_is_an_error_that_names_the_nearest(harbours: Path, run_id: str, message: str, hint: str) -> None:
    with pytest.raises(onbrief.UsageError) as caught:
        onbrief.load(run_id, out=harbours)
    assert str(caught.value).startswith(message)
    assert caught.value.hint == hint
    assert getattr(caught.value, "__notes__", []) == ([f"hint: {hint}"] if hint else []), "tracebacks show notes"


@pytest.fixture(scope="module")
def harbours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two runs."""
    folder = tmp_path_factory.mktemp("harbours")
    for name in ("harbour-one", "harbour-two"):
        onbrief.run(SMALL, settings=onbrief.Settings(out=str(folder)), run_id=name, **objects(Bill()))
    return folder


def test_runs_are_listed_newest_first_and_one_that_cannot_be_read_hides_no_other(harbours: Path, tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    shutil.copytree(harbours, folder)
    (folder / "harbour-one" / "run.json").write_text("{")
    (folder / "harbour-two" / "run.json").unlink()
    two, one = onbrief.runs(out=folder)
    assert [two.outcome, two.brief] == ["passed", SMALL.text]
    assert [two.run_id, two.state, two.images, two.usd] == ["harbour-two", two.outcome, None, None]
    assert (one.run_id, one.state) == ("harbour-one", "unreadable")
    assert one.problem.startswith("run.json of run harbour-one is damaged: not a record of schema 1")
    assert onbrief.runs(out=folder, limit=1) == [two]
    with pytest.raises(onbrief.OnbriefError, match="harbour-one is damaged"):
        one.load()
    with pytest.raises(
        onbrief.UsageError, match=r"run harbour-two ended as .*, but its record, run.json, is missing"
    ) as caught:
        two.load()
    assert caught.value.hint == "onbrief.resume('harbour-two') writes it"
    assert two.run_id == onbrief.resume("harbour-two", out=folder, **objects(Bill())).run_id == two.load().run_id


def test_a_folder_without_runs_is_an_error_and_stays_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(onbrief.UsageError, match=r"out: .* is not allowed; expected a folder with runs in it"):
        onbrief.runs(out=tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


def test_run_works_inside_a_running_event_loop(tmp_path: Path) -> None:
    async def notebook() -> onbrief.Run:
        return onbrief.run(SMALL, settings=onbrief.Settings(out=str(tmp_path)))  # noqa: ASYNC251, RUF100

    assert asyncio.run(notebook()).outcome == "passed"


def test_pursue_yields_events_in_order(tmp_path: Path) -> None:
    async def names() -> list[str]:
        events = onbrief.pursue(SMALL, settings=onbrief.Settings(out=str(tmp_path)), seed=1)
        return [type(event).__name__ async for event in events]

    named = asyncio.run(names())
    assert named[:4] == ["ChecklistFrozen", "PromptChosen", "ImageMade", "ImageJudged"]
    assert named[-1] == "RunEnded"


def test_resume_continues_with_higher_limits(tmp_path: Path) -> None:
    settings = onbrief.Settings(out=str(tmp_path))
    impossible = onbrief.Brief(text="a circle, without circles", size=(512, 512))
    first = onbrief.run(impossible, limits=onbrief.Limits(images=2), settings=settings, run_id="mine")
    more = onbrief.resume("mine", limits=onbrief.Limits(images=3), out=tmp_path)
    assert (first.outcome, len(first.attempts)) == ("unmet", 2)
    assert (more.outcome, len(more.attempts)) == ("unmet", 3)
    assert more.attempts[:2] == first.attempts


def test_a_run_shows_itself_in_a_notebook(tmp_path: Path) -> None:
    run = onbrief.run(SMALL, settings=onbrief.Settings(out=str(tmp_path)))
    shown = run._repr_html_()
    assert "Passed" in shown
    assert "data:image/webp;base64," in shown


# -- events ------------------------------------------------------------------------------------------------------------


def test_each_event_is_told_as_it_happens(tmp_path: Path) -> None:
    told: list[onbrief.Event] = []
    run = onbrief.run(SMALL, settings=onbrief.Settings(out=str(tmp_path)), on_event=told.append)
    assert [event.number for event in told] == list(range(len(told)))
    assert [type(event).__name__ for event in told[:4]] == ["ChecklistFrozen", "PromptChosen", "ImageMade", "ImageJudged"]
    assert (type(told[-1]), told[-1].run) == (onbrief.RunEnded, run)


@pytest.mark.parametrize("kind", [onbrief.ChecklistFrozen, onbrief.ImageMade, onbrief.ImageJudged, onbrief.RunEnded])
@pytest.mark.parametrize("in_a_loop", [False, True], ids=["script", "notebook"])
def test_a_watcher_that_raises_ends_the_run_which_keeps_what_is_paid_for(
    tmp_path: Path, kind: type[onbrief.Event], in_a_loop: bool
) -> None:
    bill, settings = Bill(), onbrief.Settings(out=str(tmp_path), parallel=3)

    def watcher(event: onbrief.Event) -> None:
        if isinstance(event, kind):
            raise ZeroDivisionError("of the user")

    def run(**more: Any) -> onbrief.Run:
        return onbrief.run(SMALL, settings=settings, seed=1, **objects(bill, {"r1"}), limits=onbrief.Limits(images=3), **more)

    async def cell() -> None:
        run(on_event=watcher)

    with pytest.raises(ZeroDivisionError, match="of the user"):
        asyncio.run(cell()) if in_a_loop else run(on_event=watcher)
    paid = bill.of("image")
    assert len(paid) == (0 if kind is onbrief.ChecklistFrozen else 3)  # those of a round are all under way
    ended = run()
    assert (ended.outcome, len(ended.attempts)) == ("unmet", 3)
    assert bill.of("image")[: len(paid)] == paid
    assert [len(bill.of(kind)) for kind in ("plan", "image", "judge")] == [1, 3, 3]
    assert [listed.run_id for listed in onbrief.runs(out=tmp_path)] == [ended.run_id]


@pytest.mark.parametrize(
    ("progress", "terminal", "shown"),
    [(None, True, True), (True, True, True), (False, True, False), (None, False, False), (True, False, True)],
)
def test_progress_is_shown_on_a_terminal_or_where_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, progress: bool | None, terminal: bool, shown: bool
) -> None:
    ours, theirs = pty.openpty() if terminal else os.pipe()
    with os.fdopen(theirs, "w") as stderr, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stderr)
        onbrief.run(SMALL, settings=onbrief.Settings(out=str(tmp_path)), **objects(Bill()), progress=progress)
        stderr.write("end")
    told = b""
    while b"end" not in told:
        told += os.read(ours, 65536)
    os.close(ours)
    lines = [line for line in told.decode().splitlines() if "image 000-000 passed" in line]
    assert len(lines) == shown
    assert shown or told == b"end"
    assert (b"\x1b" in told) == (shown and terminal)


def test_a_notebook_shows_progress_runs_pictures_and_hints(tmp_path: Path) -> None:
    """In a real kernel, with cells as users write them."""
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    cells = [
        "import onbrief\nsettings = onbrief.Settings(size='512x512')",
        "run = onbrief.run('a red circle', settings=settings, run_id='mine', limits=onbrief.Limits(images=3, usd=1))\nrun",
        "run.best.image.open()",
        "onbrief.judge('a red circle', run.best.image.path)",
        "onbrief.run('a red circle', settings=settings, progress=False, seed=2).attempts",
        "onbrief.load('mime')",
        "onbrief.runs()",
        "def watch(event):\n    1 / 0\nonbrief.run('a blue star', settings=settings, on_event=watch)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = nbclient.NotebookClient(notebook, timeout=120, allow_errors=True, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    shown = [[dict(output.get("data", {})) for output in cell.outputs] for cell in notebook.cells]
    drawn, opened, judged, quiet, unknown, listed, raised = shown[1:]
    assert len(drawn) == len(judged) == 2, "a bar, and the run itself"
    assert "<progress" in drawn[0]["text/html"]
    assert "passed · " in drawn[0]["text/html"]
    assert "of 3 images, $0.00 of $1.00" in drawn[0]["text/html"]
    assert "data:image/webp;base64," in drawn[1]["text/html"]
    assert "image/png" in opened[0]
    assert "1 of 1 judged" in judged[0]["text/html"]
    assert [list(output) for output in quiet] == [["text/plain"]]
    assert unknown == [{}]
    (error,) = notebook.cells[5].outputs
    assert "did you mean mine?" in "\n".join(error["traceback"])
    assert listed[0]["text/plain"].count("<ListedRun ") == 3
    assert "stopped · " in raised[0]["text/html"]
    assert notebook.cells[7].outputs[1]["ename"] == "ZeroDivisionError"


async def awaiting(event: onbrief.Event) -> None: ...


@pytest.mark.parametrize("watcher", [awaiting, "print", 3])
def test_what_cannot_be_told_of_events_is_refused_before_anything_is_spent(tmp_path: Path, watcher: Any) -> None:
    with pytest.raises(onbrief.UsageError, match=r"on_event: .* is not allowed; expected a plain function of one event"):
        onbrief.run(SMALL, settings=onbrief.Settings(out=str(tmp_path / "runs")), on_event=watcher)
    assert list(tmp_path.iterdir()) == []


# -- models as objects -------------------------------------------------------------------------------------------------


def objects(bill: Bill, *verdicts: set[str]) -> dict[str, Any]:
    """Return scripted models as arguments."""
    made = crew(bill, *verdicts)
    return {"image_model": made.image_model, "judge": made.judge, "planner": made.planner, "reviser": made.reviser}


def test_models_can_be_objects_and_count_by_their_names(tmp_path: Path) -> None:
    bill, settings = Bill(), onbrief.Settings(out=str(tmp_path))
    again = ScriptedJudge(bill, name="test:second")
    first = onbrief.run(SMALL, settings=settings, run_id="mine", **objects(bill, {"r1"}, set()), confirm_judge=again)
    assert first.outcome == "passed"
    assert first.models == Models("test:painter", "test:critic", "test:writer", confirm_judge="test:second")
    paid = bill.lines
    assert [len(bill.of(kind)) for kind in ("plan", "image", "judge", "revise")] == [1, 2, 2, 1]
    same = onbrief.run(SMALL, settings=settings, run_id="mine", **objects(bill, set()), confirm_judge=again)
    assert (same.outcome, same.attempts) == (first.outcome, first.attempts)
    assert bill.lines == paid, "other objects with the same names are the same models"
    with pytest.raises(OtherRequest):
        onbrief.run(SMALL, settings=settings, run_id="mine", **objects(bill))


def test_objects_and_names_go_together(tmp_path: Path) -> None:
    settings = onbrief.Settings(out=str(tmp_path))
    run = onbrief.run(SMALL, settings=settings, judge=crew(Bill()).judge, limits=onbrief.Limits(images=1))
    assert (run.outcome, run.models) == ("passed", Models("sandbox:", "test:critic", "sandbox:"))
    bill = Bill()
    run = onbrief.run(SMALL, settings=settings, reviser=crew(bill).reviser, judge="sandbox:?false_accept=0", seed=3)
    assert (run.models, bill.of("plan")) == (Models("sandbox:", "sandbox:?false_accept=0", "test:writer"), [])
    both = WritesAndPlans(Bill())
    run = onbrief.run(SMALL, settings=settings, reviser=both, judge=crew(Bill()).judge)
    assert (run.outcome, both.bill.of("plan")) == ("passed", [f"plan {SMALL.text}"])


@dataclass(slots=True)
class WritesAndPlans(ScriptedReviser):
    """A reviser that is a planner too."""

    async def checklist(self, brief: onbrief.Brief) -> Planned:
        return await ScriptedPlanner(self.bill).checklist(brief)


def test_pictures_are_judged_by_objects(tmp_path: Path) -> None:
    (tmp_path / "one.png").write_bytes(picture(1))
    bill, settings = Bill(), onbrief.Settings(out=str(tmp_path / "runs"))
    models = crew(bill, {"r2"})
    given: dict[str, Any] = {"settings": settings, "judge": models.judge, "planner": models.planner}
    run = onbrief.judge(SMALL, tmp_path / "one.png", **given)
    assert (run.outcome, run.models.judge, run.models.reviser) == ("unmet", "test:critic", "test:writer")

    async def names() -> list[str]:
        return [type(event).__name__ async for event in onbrief.examine(SMALL, tmp_path / "one.png", **given)]

    assert asyncio.run(names())[-1] == "RunEnded"
    assert [len(bill.of(kind)) for kind in ("plan", "judge")] == [1, 1]


def test_a_run_with_objects_is_resumed_with_objects(tmp_path: Path) -> None:
    bill, settings = Bill(), onbrief.Settings(out=str(tmp_path))
    onbrief.run(SMALL, settings=settings, limits=onbrief.Limits(images=1), run_id="mine", **objects(bill, {"r1"}))
    models, limits = objects(bill, set()), onbrief.Limits(images=3)
    for role, model in models.items():
        others = {name: other for name, other in models.items() if name != role}
        with pytest.raises(onbrief.UsageError) as caught:
            onbrief.resume("mine", out=tmp_path, limits=limits, **others)
        expected = f"{role}: run mine was given an object of the name {model.name!r}, which is not recorded"
        assert str(caught.value) == expected
        assert f"onbrief.resume('mine', {role}=…)" in caught.value.hint
    another: dict[str, Any] = models | {"image_model": "sandbox:"}
    with pytest.raises(onbrief.UsageError, match="its image model, policy and checklist are fixed"):
        onbrief.resume("mine", out=tmp_path, **another)
    assert len(bill.of("image")) == 1
    other: dict[str, Any] = models | {"judge": "sandbox:", "reviser": "sandbox:"}
    replaced = onbrief.resume("mine", out=tmp_path, limits=limits, **other)
    assert replaced.models.judge == "sandbox:"
    assert [change.model for change in replaced.models.changes if change.role == "judge"] == ["sandbox:"]
    assert len(bill.of("plan")) == 1
    del models["judge"], models["reviser"]  # they are objects no more
    assert onbrief.resume("mine", out=tmp_path, **models).models.judge == "sandbox:"


def test_limits_in_dollars_need_the_price_of_an_object(tmp_path: Path) -> None:
    judge = ScriptedJudge(price=None)
    with pytest.raises(onbrief.UsageError, match="no limit in dollars, because the price of test:critic is unknown"):
        onbrief.run(SMALL, judge=judge, limits=onbrief.Limits(usd=1.0), settings=onbrief.Settings(out=str(tmp_path / "runs")))
    assert list(tmp_path.iterdir()) == []


class NamedOnly:
    name, price = "test:odd", 0.0


class PlainJudge(ScriptedJudge):
    def judge(self, image: bytes, requirements: Sequence[onbrief.Requirement]) -> Any:
        raise AssertionError


@pytest.mark.parametrize(
    ("role", "model", "message"),
    [
        ("judge", NamedOnly(), "judge: NamedOnly has no attribute picture_limits, no method judge"),
        ("confirm_judge", crew(Bill()).image_model, "confirm_judge: ScriptedImageModel has no attribute picture_limits, no"),
        ("image_model", NamedOnly(), "image_model: NamedOnly has no method check, no method generate"),
        ("planner", object(), "planner: object has no attribute name, no attribute price, no method checklist"),
        ("reviser", 3, "reviser: int has no attribute name"),
        ("judge", ScriptedJudge, "judge: ScriptedJudge is a class; expected an object, such as ScriptedJudge()"),
        ("judge", PlainJudge(), "judge: PlainJudge.judge is a plain function; expected `async def judge`"),
        ("judge", ScriptedJudge(name="mine"), "judge: ScriptedJudge.name: 'mine' is not allowed; expected PROVIDER:MODEL"),
        (
            "judge",
            ScriptedJudge(price=-1),
            "judge: ScriptedJudge.price: -1 is not allowed; expected the most that a call costs",
        ),
        ("judge", ScriptedJudge(name="test:a sk-" + "a1" * 20), "no password, key or token"),
    ],
)
def test_an_object_that_is_no_such_model_is_refused_and_told_what_it_lacks(
    tmp_path: Path, role: str, model: object, message: str
) -> None:
    given: dict[str, Any] = {role: model}
    with pytest.raises(onbrief.UsageError, match=re.escape(message)):
        onbrief.run(SMALL, settings=onbrief.Settings(out=str(tmp_path / "runs")), **given)
    assert list(tmp_path.iterdir()) == []


def test_judge_and_reviser_follow_an_image_model_unless_they_were_named() -> None:
    bedrock = "bedrock:stability.stable-image-core-v1:1"
    painter = crew(Bill()).image_model
    assert painter
    for model in (bedrock, painter):
        followed = onbrief.Settings(out="elsewhere").with_models({"image_model": model})
        named = onbrief.Settings(judge="sandbox:").with_models({"image_model": model})
        assert (followed.judge, followed.reviser) == ("bedrock:", "bedrock:")
        assert (named.judge, named.reviser) == ("sandbox:", "bedrock:")


def test_a_wrong_input_is_a_value_error_that_costs_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"image_model: 'nobody:model' is not allowed"):
        onbrief.run(SMALL, settings=onbrief.Settings(image_model="nobody:model", out=str(tmp_path / "runs")))
    assert list(tmp_path.iterdir()) == []


# -- documents ---------------------------------------------------------------------------------------------------------


def test_the_examples_of_the_library_run_as_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other, in one notebook: with `await` outside of functions, and an event loop that runs."""
    monkeypatch.chdir(tmp_path)
    written = (ROOT / "docs" / "api.md").read_text().partition("## Reference")[0]
    blocks = re.findall(r"^```python\n(.*?)^```", written, re.MULTILINE | re.DOTALL)
    assert blocks

    async def notebook() -> None:
        cells: dict[str, Any] = {}
        for block in blocks:
            code = compile(block, "api.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            if inspect.isawaitable(found := eval(code, cells)):  # noqa: S307 - our own documents
                await found

    asyncio.run(notebook())


def test_the_reference_has_every_public_name() -> None:
    headings = re.findall(r"^### (\w+)$", (ROOT / "docs" / "api.md").read_text().partition("## Reference")[2], re.MULTILINE)
    assert sorted(headings) == onbrief.__all__
