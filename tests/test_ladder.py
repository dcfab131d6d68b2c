"""A run with several image models, cheap to dear, of two providers: the sandbox's own, and Bedrock's as the server answers."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import onbrief
from onbrief.cli import main
from onbrief.config import load
from onbrief.errors import UsageError
from onbrief.pictures import PictureFile
from onbrief.pursuit import Workspace
from onbrief.settings import Settings
from onbrief.testing import Bill as Calls
from onbrief.testing import ScriptedImageModel, crew
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from onbrief_sandbox.server.wires.mounting import exports
from tests.providers.wiring import at, keys
from tests.pursuing import pursue, settings
from tests.sandbox.server.serving import CORE, lines, served

CHEAP, DEAR = "sandbox:sdxl?usd=0.01", f"bedrock:{CORE}"
LADDER = ["--image-model", CHEAP, "--image-model", DEAR]
COMMAND = ["run", "a red circle left of a blue zeppelin", "--size", "512x512", "--policy", "classic", "--max-attempts", "1"]


@pytest.fixture
def bill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    monkeypatch.chdir(tmp_path)
    keys(monkeypatch)
    monkeypatch.setenv("ONBRIEF_OCR_USE", "never")
    (tmp_path / "bill").touch()
    with served(Terms(bill=Bill(tmp_path / "bill"))) as server:
        at(server.port, monkeypatch)
        for name, value in exports(f"http://127.0.0.1:{server.port}").items():
            monkeypatch.setenv(name, value)
        yield tmp_path / "bill"


def record(capsys: pytest.CaptureFixture[str], *command: str) -> dict[str, Any]:
    capsys.readouterr()
    main([*command, "--json"])
    return json.loads(capsys.readouterr().out)


def test_the_record_the_report_and_show_say_which_model_drew_which_picture(
    bill: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*COMMAND, *LADDER, "--max-prompts", "3", "--run-id", "climb", "--max-usd", "1"]) == 3
    said = capsys.readouterr().err
    assert [name in line for line in said.splitlines() if "  image 00" in line for name in (f"by {CHEAP}", f"by {DEAR}")] == [
        *(True, False),
        *(True, False),
        *(False, True),
    ]
    made = record(capsys, "show", "climb")
    assert [attempt["model"] for attempt in made["attempts"]] == [CHEAP, CHEAP, DEAR]
    assert (made["models"]["image"], made["models"]["ladder"]) == (CHEAP, [CHEAP, DEAR])
    assert [attempt["usd"] > 0.01 for attempt in made["attempts"]] == [False, False, True]
    assert [line["model"] for line in lines(bill)] == [CORE]
    assert [warning for warning in made["warnings"] if "512x512" in warning] != []  # of the model that makes other sizes
    page = Path("onbrief-runs/climb/report.html").read_text()
    assert page.count("Image 1") == page.count("Image 2") == 1
    assert page.count("<span>by ") == 3
    main(["show", "climb"])
    assert f"models: {CHEAP}, then {DEAR}, judged by" in capsys.readouterr().out
    (last,) = Path("onbrief-runs/climb").glob("002-000.png")
    metadata = PictureFile(last.read_bytes()).metadata
    assert metadata is not None
    assert json.loads(metadata.document)["model"] == DEAR


def test_two_services_draw_one_after_the_other_and_each_says_once_what_it_does_not_take(
    bill: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("openai")
    pytest.importorskip("google.genai")
    names = ["openai:gpt-image-2", "google:gemini-3.1-flash-image"]
    judges = ["--judge", "sandbox:", "--reviser", "sandbox:", "--avoid", "people"]
    ladder = [word for name in names for word in ("--image-model", name)]
    made = record(capsys, *COMMAND, *ladder, *judges, "--max-prompts", "3", "--max-usd", "2")
    assert [attempt["model"] for attempt in made["attempts"]] == [names[0], names[0], names[1]]
    assert [line["operation"] for line in lines(bill)] == ["openai.draw", "openai.draw", "google.draw"]
    assert made["usage"]["usd"] == pytest.approx(sum(line["usd"] for line in lines(bill)))
    negative = [warning for warning in made["warnings"] if "takes no negative text" in warning]
    assert [name in warning for name, warning in zip(("GPT Image 2", "Gemini"), negative, strict=True)] == [True, True]


def test_a_run_that_is_resumed_goes_on_at_its_rung_and_no_other_ladder_is_the_same_order(
    bill: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = record(capsys, *COMMAND, *LADDER, "--max-prompts", "2", "--run-id", "climb")
    again = record(capsys, "resume", "climb", "--max-prompts", "4")
    assert [attempt["model"] for attempt in again["attempts"]] == [CHEAP, DEAR, DEAR, DEAR]  # it is not stepped down
    assert again["attempts"][:2] == first["attempts"]
    assert [line["model"] for line in lines(bill)] == [CORE] * 3
    with Workspace.existing(Settings()) as workspace:
        row = workspace.find_run("climb")
    assert json.loads(row.request)["image_model"] == json.loads(row.settings)["image_model"] == [CHEAP, DEAR]
    assert main([*COMMAND, "--image-model", CHEAP, "--run-id", "climb"]) == 2
    assert "it belongs to another brief, seed, policy or other models" in capsys.readouterr().err


def test_what_a_run_can_cost_is_that_of_the_dearest_and_a_price_is_reserved_by_rung(
    bill: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = record(capsys, *COMMAND, *LADDER, "--max-images", "5", "--dry-run")
    assert seen["max_usd"] == pytest.approx(5 * 0.04)
    made = record(capsys, *COMMAND, *LADDER, "--max-prompts", "3", "--max-usd", "0.05")
    assert (made["outcome"], len(made["attempts"])) == ("over_budget", 2)  # 0.02 is spent, and 0.04 does not fit
    assert lines(bill) == []


@pytest.mark.parametrize("text", [f"{CHEAP},{DEAR}", f"{CHEAP}, {DEAR}"])
def test_a_ladder_can_be_one_text_or_a_list_in_a_file(text: str, bill: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("onbrief.toml").write_text(f'image_model = ["{CHEAP}", "{DEAR}"]')
    assert load({})[0].image_models == (CHEAP, DEAR)
    monkeypatch.setenv("ONBRIEF_IMAGE_MODEL", text)
    made, origins = load({})
    assert (made.image_models, origins["image_model"], made.judge) == ((CHEAP, DEAR), "environment", "sandbox:")
    assert load({"image_model": ["bedrock:x?a=1,2"]})[0].image_model == "bedrock:x?a=1,2"


def test_a_ladder_is_refused_before_anything_is_spent(bill: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for names, what in (
        ([CHEAP, CHEAP], f"image_model: '{CHEAP}' is not allowed; expected each model once"),
        ([CHEAP, "bedrock:stability.stable-image-cor-v1:1"], "bedrock:stability.stable-image-core-v1:1"),
        ([CHEAP, "nowhere:"], "image_model: 'nowhere:' is not allowed"),
    ):
        assert main([*COMMAND, *(f"--image-model={name}" for name in names)]) == 2
        assert what in capsys.readouterr().err
    with pytest.raises(UsageError, match="at least one model"):
        onbrief.run("a red circle", image_model=[])
    assert not Path("onbrief-runs").exists()


def test_doctor_says_something_of_every_model(bill: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["doctor", *LADDER, "--image-model", "bedrock:stability.sd3-5-large-v1:0"])
    about = [line.split()[1] for line in capsys.readouterr().out.splitlines() if line.split()[1:2] == ["image_model"]]
    assert len(about) == 3


def test_objects_can_be_on_a_ladder_and_are_given_again(tmp_path: Path) -> None:
    calls = Calls()
    own = ScriptedImageModel(calls, price=0.08, name="mine:painter")
    more = onbrief.Settings(out=str(tmp_path), policy="classic", max_attempts=1, max_prompts=2)
    ladder = ["sandbox:sdxl", own]
    run = onbrief.run("a red circle", image_model=ladder, judge="sandbox:", settings=more, run_id="r", progress=False)
    assert [attempt.model for attempt in run.attempts][-1] in ("sandbox:sdxl", "mine:painter")
    if run.outcome != "passed":
        with pytest.raises(UsageError, match="give it again"):
            onbrief.resume("r", out=tmp_path)
    assert onbrief.resume("r", out=tmp_path, image_model=ladder, progress=False).attempts == run.attempts


def test_what_a_model_cannot_take_is_a_warning_once_for_each_that_drew(tmp_path: Path) -> None:
    models = crew(Calls(), {"r1"})
    models = replace(
        models,
        image_model=ScriptedImageModel(on_check=("the first takes no seed",)),
        dearer=(
            ScriptedImageModel(name="test:second", on_check=("the second takes no seed",)),
            ScriptedImageModel(name="test:third", on_check=("the third takes no seed",)),
        ),
    )
    wanted = settings(policy="classic", max_prompts=9, max_images=3, max_attempts=1)
    run = pursue(tmp_path, models, replace(wanted, max_images=3))[-1].run
    assert [attempt.model for attempt in run.attempts] == ["test:painter", "test:second", "test:third"]
    assert [warning for warning in run.warnings if "takes no seed" in warning] == [
        "the first takes no seed",
        "the second takes no seed",
        "the third takes no seed",
    ]
    run = pursue(tmp_path / "one", models, replace(wanted, max_images=2, max_prompts=2))[-1].run
    assert [warning for warning in run.warnings if "takes no seed" in warning] == [
        "the first takes no seed",
        "the third takes no seed",
    ]
