"""Whole runs with a workflow: what is stored, what is recorded, and what a changed file means."""

from __future__ import annotations

from pathlib import Path

import pytest

import onbrief
from onbrief.errors import OtherRequest, UsageError
from onbrief.events import ChecklistFrozen, Event
from onbrief.settings import Settings
from onbrief_sandbox.server.faults import Fault
from tests.providers.comfyui.serving import Comfy, changed


def settings_for(file: Path, service: Comfy, folder: Path) -> Settings:
    name = f"comfyui:{file}?base_url={service.url}"
    return Settings(image_model=name, judge="sandbox:", reviser="sandbox:", max_images=1, out=str(folder / "runs"))


class Enough(Exception):
    """Stops a run."""


def test_a_run_goes_on_with_the_workflow_that_it_began_with_and_no_other(service: Comfy, tmp_path: Path) -> None:
    def stop(event: Event) -> None:
        if isinstance(event, ChecklistFrozen):
            raise Enough

    service.fresh()
    file = changed(tmp_path, "draw", {})
    settings = settings_for(file, service, tmp_path)
    with pytest.raises(Enough):
        onbrief.run("a red circle", settings=settings, run_id="one", seed=7, on_event=stop)
    changed(tmp_path, "draw", {"3.cfg": 2})
    for again in (
        lambda: onbrief.resume("one", out=settings.out),
        lambda: onbrief.run("a red circle", settings=settings, run_id="one", seed=7),
    ):
        with pytest.raises((UsageError, OtherRequest), match=r"this file has changed|another"):
            again()
    assert service.drawn() == 0
    changed(tmp_path, "draw", {})
    run = onbrief.resume("one", out=settings.out)
    assert (run.best is not None, run.usage.usd, service.drawn()) == (True, 0.0, 1)
    (stored,) = (tmp_path / "runs" / "one").glob("*.png")
    assert b"KSampler" not in stored.read_bytes()


@pytest.mark.parametrize(
    ("fault", "drawn"),
    [
        (Fault(operation="comfyui.prompt", does="reset", calls=(1,)), ["picture"]),
        (Fault(operation="comfyui.run", does="status", calls=(1,)), ["status", "picture"]),
        (Fault(operation="comfyui.run", does="blank", calls=(1,)), ["blank"]),
    ],
)
def test_what_is_lost_is_looked_for_and_what_failed_is_drawn_again(
    fault: Fault, drawn: list[str], service: Comfy, tmp_path: Path
) -> None:
    service.fresh(fault)
    settings = settings_for(changed(tmp_path, "draw", {}), service, tmp_path)
    run = onbrief.run("a red circle", settings=settings, seed=7)
    assert [line["answer"] for line in service.lines() if line["operation"] == "comfyui.run"] == drawn
    assert len(run.attempts) == 1
