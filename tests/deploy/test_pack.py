"""The package for Lambda, made by the command of docs/lambda.md: here without its dependencies, with `make aws-test` whole."""

from __future__ import annotations

import filecmp
import json
import os
import re
import shutil
import sys
import zipfile
from collections.abc import Generator
from importlib.metadata import distribution
from pathlib import Path

import pytest

from deploy.aws import pack
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from tests.buckets import ALL, BUCKET, LEAST, Rights, Service
from tests.deploy.runtimes import answers
from tests.deploy.templates import COMMANDS, ROOT, Template
from tests.installing import needed
from tests.sandbox.server.serving import CORE, lines, served


def packed(folder: Path) -> Path:
    """Pack as `make lambda` does, without the dependencies, and return the zip."""
    pack.add_package(sys.executable, folder / "task")
    pack.compile_all(sys.executable, folder / "task")
    pack.zip_all(folder / "task", folder / "onbrief.zip")
    return folder / "onbrief.zip"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip."""
    return packed(tmp_path_factory.mktemp("packed"))


@pytest.fixture
def unpacked(whole: Path, tmp_path: Path) -> Path:
    """The folder with the unpacked zip."""
    shutil.unpack_archive(whole, tmp_path / "task")
    return tmp_path / "task"


@pytest.fixture
def others(tmp_path: Path) -> Path:
    """A folder with the packages of requirements/aws.txt, as they are installed here."""
    folder = tmp_path / "others"
    folder.mkdir()
    for path in needed("aws", "otel"):
        (folder / path.name).symlink_to(path)
    return folder


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    """A folder with Lambda's runtime client, as it is installed here, and nothing else."""
    folder = tmp_path / "runtime"
    folder.mkdir()
    for name in ("awslambdaric", "simplejson", "snapshot-restore-py"):
        there = distribution(name)
        for top in {file.parts[0] for file in there.files or () if file.parts[0] not in {"..", "__pycache__"}}:
            (folder / top).symlink_to(str(there.locate_file(top)))
    return folder


@pytest.fixture
def bedrock(tmp_path: Path) -> Generator[tuple[int, Path]]:
    """The port of a stand-in for Bedrock, and its bill."""
    with served(Terms(bill=Bill(tmp_path / "bill.jsonl"))) as server:
        yield server.port, tmp_path / "bill.jsonl"


def test_the_packed_function_answers_from_its_bytecode_whatever_became_of_its_sources(
    unpacked: Path, others: Path, runtime: Path, s3: Service, bedrock: tuple[int, Path]
) -> None:
    """In a Python that has nothing else, through Lambda's own runtime client, with the rights that the template gives."""
    sources = list(unpacked.rglob("*.py"))
    assert len(sources) > 200
    for number, path in enumerate(sources):
        path.write_text("raise RuntimeError('this source was compiled again')\n")
        os.utime(path, (number, number))
    port, bill = bedrock
    s3.rights = Rights(LEAST)
    event = {"prompt": "a red circle left of a blue dog", "output_s3_bucket_name": BUCKET, "output_s3_key_prefix": "zip/images"}
    endpoint = {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": f"http://127.0.0.1:{port}"}
    wrong, drawn = answers(sys.executable, [unpacked, others, runtime], [{}, event], s3.environment | endpoint)
    body = json.loads(drawn["body"])
    assert (wrong["statusCode"], drawn["statusCode"], body["outcome"]) == (400, 200, "passed"), (wrong, body)
    s3.rights = ALL
    assert body["best"].removeprefix(f"s3://{BUCKET}/zip/") in s3.keys(f"s3://{BUCKET}/zip")
    assert [line["model"] for line in lines(bill)].count(CORE) == body["usage"]["images"]


def test_each_module_has_bytecode_that_no_time_and_no_hash_can_make_stale(unpacked: Path) -> None:
    compiled = list(unpacked.rglob("*.pyc"))
    assert len(compiled) == len(list(unpacked.rglob("*.py"))) > 200
    assert {int.from_bytes(path.read_bytes()[4:8], "little") for path in compiled} == {0b01}  # by hash, and not checked


def test_the_same_sources_are_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    assert filecmp.cmp(packed(tmp_path), whole, shallow=False)
    entries = zipfile.ZipFile(whole).infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.date_time for entry in entries} == {pack.EPOCH}
    assert [entry.filename for entry in entries if entry.filename.startswith("bin/") or "/RECORD" in entry.filename] == []


def test_the_page_packs_and_deploys_what_the_template_names() -> None:
    first, second, third, fourth = COMMANDS[:4]
    assert first == "make lambda"
    assert re.search(r"^lambda:.*\n\t\$\(BIN\)/python -m deploy\.aws\.pack ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert second.startswith("sam deploy --template deploy/aws/template.yaml --stack-name onbrief ")
    function = Template({}).properties("Function")
    assert (ROOT / "deploy" / "aws" / function["CodeUri"]).resolve() == pack.TO
    assert (function["Handler"], function["Runtime"]) == ("onbrief.aws_lambda.handler", f"python{pack.USUAL}")
    assert function["LoggingConfig"].items() >= {"LogFormat": "JSON", "ApplicationLogLevel": "INFO"}.items()
    assert f"--function-name {function['FunctionName']} " in third
    assert fourth.startswith("aws s3 cp ")
