"""README, run from top to bottom as it stands, and its AWS examples against the sandbox server and a stand-in for S3."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
import venv
from collections import Counter
from collections.abc import Generator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from onbrief.aws_lambda import handler
from onbrief.providers import registry
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from tests.aws_lambda.events import Invocation
from tests.buckets import Service
from tests.ports import free_port
from tests.sandbox.server.serving import CORE, lines, served

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
CLAUDE = "global.anthropic.claude-sonnet-5"
BUCKET = "my-bucket"
BILL = "bill.jsonl"
SHORTER = (
    'onbrief run "a red circle left of a blue dog" --image-model bedrock:{} --judge bedrock:{} --out s3://my-bucket/shorter'
)


EXPECTED = {"run": {0, 3}, "batch": {0, 3}, "resume": {0, 3}, "judge": {0, 3}}
"""Exit codes of commands that draw or judge: a picture passed, or none did. All others end with 0."""
CELL = """
import ast, asyncio, inspect, sys
from pathlib import Path

code = compile(Path(sys.argv[1]).read_text(), sys.argv[1], "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
run = eval(code, {"__name__": "__main__"})
if inspect.iscoroutine(run):
    asyncio.run(run)
"""
"""Runs a block of Python as a notebook does: it may await."""


def blocks() -> list[tuple[str, str]]:
    """Return language and text of each block of README, in order."""
    return re.findall(r"^```(\w+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def steps() -> list[str]:
    """Return all that a reader does, in order, as commands of a shell: type the commands, save the files, run the Python."""
    done: list[str] = []
    for number, (language, text) in enumerate(blocks()):
        match language:
            case "sh":
                done += text.splitlines()
            case "toml" if name := re.match(r"# (\S+)\n", text):
                done.append(f"cat > {name[1]} <<'END'\n{text}END")
            case "python":
                done.append(f"cat > block-{number}.py <<'END'\n{text}END\npython cell.py block-{number}.py")
            case _:  # an event, which a test below sends, and outputs
                assert language in {"json", "text"}
    return done


def installed(folder: Path) -> None:
    """Make the folder a checkout in which `make` has installed everything: a fresh environment, with the packages that run this
    test, and the scripts that pip would have put there.
    """
    for name in ("Makefile", "pyproject.toml", "requirements", "examples"):
        (folder / name).symlink_to(ROOT / name)
    venv.create(folder / ".venv", symlinks=True)
    python = folder / ".venv" / "bin" / "python"
    packages = next((folder / ".venv" / "lib").glob("python*/site-packages"))
    there = [path for path in sys.path if path.endswith("-packages")]
    (packages / "there.pth").write_text("".join(f"import site; site.addsitedir({path!r})\n" for path in there))
    for name in ("onbrief", "moto_server"):
        (point,) = entry_points(group="console_scripts", name=name)
        script = python.with_name(point.name)
        script.write_text(f"#!{python}\nimport sys\nfrom {point.module} import {point.attr}\nsys.exit({point.attr}())\n")
        script.chmod(0o755)
    (folder / "cell.py").write_text(CELL)
    for done in ("run", "test"):
        (folder / ".venv" / done).touch()


def walked(folder: Path) -> list[tuple[str, int, str]]:
    """Return each step with its exit code and output, from one shell on a terminal, where a person accepts each checklist."""
    script = "".join(f"{step}\nprintf '\\036%s\\036' $?\n" for step in steps()) + "kill $(jobs -p)\nwait\n"
    for port in ("8400", "8500"):
        script = script.replace(port, str(free_port()))
    (folder / "walk.sh").write_text(script)
    terminal, end = pty.openpty()
    os.write(terminal, b"a\n")
    with (folder / "printed").open("wb") as out:
        shell = subprocess.Popen(["bash", "walk.sh"], cwd=folder, stdin=end, stdout=out, stderr=end, start_new_session=True)
    os.close(end)
    said = bytearray()
    try:
        with contextlib.suppress(OSError):  # a terminal whose last writer has gone
            while read := os.read(terminal, 65536):
                said += read
        assert shell.wait() == 0
    finally:
        os.close(terminal)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGKILL)
    *printed, last = (folder / "printed").read_text().split("\036")
    assert not last.strip()
    (folder / "said").write_bytes(said)
    return [(step, int(code), output) for step, output, code in zip(steps(), printed[::2], printed[1::2], strict=True)]


def test_every_command_works_as_it_stands_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path)
    for name in [name for name in os.environ if name.startswith(("AWS_", "VIRTUAL_ENV"))]:
        monkeypatch.delenv(name)
    done = walked(tmp_path)
    said = (tmp_path / "said").read_text("utf-8", "replace")
    allowed = [EXPECTED.get(command.split()[1], {0}) if command.startswith("onbrief ") else {0} for command, _, _ in done]
    assert [(step, code) for (step, code, _), codes in zip(done, allowed, strict=True) if code not in codes] == [], said
    shown = [line for language, text in blocks() if language == "text" for line in text.splitlines()]
    assert [line for line in shown if line not in "".join(output for _, _, output in done)] == []
    assert (tmp_path / "sheet.png").is_file()


def test_there_is_a_line_for_each_provider_of_pictures() -> None:
    named = set(re.findall(r"--image-model [\"']?([a-z0-9]+):", README))
    assert {found.name for found in registry.providers() if found.image_model and not found.trial} - named == set()


def shown(pattern: str) -> str:
    """Return the only line of README that matches the pattern."""
    (line,) = re.findall(rf"^{pattern}$", README, re.MULTILINE)
    return line


@pytest.fixture
def here(s3: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """Change to an empty folder and set README's environment variables, with the ports of the running servers."""
    monkeypatch.chdir(tmp_path)
    with served(Terms(bill=Bill(tmp_path / BILL))) as server:
        ports = {"8400": str(server.port), "8500": s3.url.rpartition(":")[2]}
        for line in re.findall(r"^export (.*)$", README, re.MULTILINE):
            for name, value in (pair.split("=", 1) for pair in shlex.split(line)):
                monkeypatch.setenv(name, re.sub(r"(?<=:)8[45]00$", lambda port: ports[port[0]], value))
        if BUCKET not in [bucket["Name"] for bucket in s3.client.list_buckets()["Buckets"]]:
            s3.client.create_bucket(Bucket=BUCKET)
        yield tmp_path


def keys(s3: Service, prefix: str) -> list[str]:
    return [item["Key"] for item in s3.client.list_objects_v2(Bucket=BUCKET, Prefix=prefix)["Contents"]]


@pytest.mark.parametrize(
    "command", [shown("onbrief run .* --out s3://.*"), SHORTER.format(CORE, CLAUDE)], ids=["README", "shorter"]
)
def test_the_command_makes_a_picture_in_the_bucket(here: Path, s3: Service, command: str) -> None:
    program, *arguments = shlex.split(command)
    assert program == "onbrief"
    ran = subprocess.run(
        [sys.executable, "-m", "onbrief", *arguments, "--seed", "4"],
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    (picture,) = [key for key in keys(s3, arguments[-1].removeprefix(f"s3://{BUCKET}/")) if key.endswith(".png")]
    assert ran.stdout == f"s3://{BUCKET}/{picture}\n"
    assert Counter(line["model"] for line in lines(here / BILL)) == {CORE: 1, CLAUDE: 2}  # one to plan, one to judge


def test_the_event_is_answered_with_the_url_of_a_picture(here: Path, s3: Service) -> None:
    answer = handler(json.loads(shown(r'\{"prompt".*\}')), Invocation())
    body: dict[str, Any] = json.loads(str(answer["body"]))
    assert (answer["statusCode"], body["status"], body["outcome"]) == (200, "SUCCESS", "passed"), body
    assert body["best"].removeprefix(f"s3://{BUCKET}/") in keys(s3, "generated-images-")
    assert Counter(line["model"] for line in lines(here / BILL))[CORE] == body["usage"]["images"]
