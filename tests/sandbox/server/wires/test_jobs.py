"""What the stand-in's services with queues refuse, keep and forget, asked without our adapters; and their official clients."""

from __future__ import annotations

import asyncio
import http.client
import io
import json
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from PIL import Image

from onbrief_sandbox.server.bill import Bill
from onbrief_sandbox.server.faults import Fault
from onbrief_sandbox.server.terms import Terms
from onbrief_sandbox.server.wires.mounting import exports
from tests.providers.over_http import Clock
from tests.sandbox.server.serving import Play, Served, lines, served

KEYS: Mapping[str, Mapping[str, str]] = {
    "bfl": {"x-key": "k"},
    "fal": {"authorization": "Key k"},
    "replicate": {"authorization": "Bearer k"},
}
PATHS = {
    "bfl": "/v1/flux-2-klein-4b",
    "fal": "/fal-ai/flux-2/klein/4b",
    "replicate": "/v1/models/black-forest-labs/flux-2-pro/predictions",
}
INPUTS: Mapping[str, dict[str, Any]] = {
    "bfl": {"prompt": "a red circle", "width": 256, "height": 256, "seed": 1},
    "fal": {"prompt": "a red circle", "image_size": {"width": 256, "height": 256}, "seed": 1},
    "replicate": {"prompt": "a red circle", "aspect_ratio": "custom", "width": 256, "height": 256, "seed": 1},
}
SERVICES = list(PATHS)


class Standing:
    """A running server, with its clock, latency, script and bill."""

    def __init__(self, server: Served, script: Play, bill: Path, clock: Clock, latency: dict[str, float]) -> None:
        self.port, self.script, self.bill, self.clock, self.latency = server.port, script, bill, clock, latency

    def ask(self, service: str, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any, Message]:
        """Return the status, document or bytes, and headers of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        path = urlsplit(path)._replace(scheme="", netloc="").geturl() if "://" in path else f"/{service}{path}"
        sent = {"content-type": "application/json", **KEYS[service], **{k.replace("_", "-"): v for k, v in headers.items()}}
        connection.request(method, path, None if body is None else json.dumps(body), {k: v for k, v in sent.items() if v})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        kind = answer.headers.get_content_type()
        return answer.status, json.loads(data) if kind == "application/json" else data, answer.headers

    def submit(self, service: str, given: dict[str, Any] | None = None, path: str = "", **headers: str) -> tuple[int, Any]:
        """Send a request that pays."""
        given = INPUTS[service] if given is None else given
        body = {"input": given} if service == "replicate" else given
        return self.ask(service, "POST", path or PATHS[service], body, **headers)[:2]

    def paid(self) -> list[float]:
        return [line["usd"] for line in lines(self.bill)]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[Standing]:
    script, bill, clock, latency = Play(), tmp_path_factory.mktemp("wire") / "bill", Clock(), dict[str, float]()
    terms = Terms(script=script, bill=Bill(bill), clock=clock, latency=latency)
    with served(terms) as server:
        yield Standing(server, script, bill, clock, latency)
    terms.bill.close()


@pytest.fixture
def standing(running: Standing) -> Standing:
    running.script.now()
    running.clock.ahead = 0.0
    running.latency.clear()
    running.bill.write_text("")
    return running


@pytest.mark.parametrize("service", SERVICES)
def test_a_request_is_refused_as_the_service_does_and_costs_nothing(service: str, standing: Standing) -> None:
    assert standing.submit(service, x_key="", authorization="")[0] == (403 if service == "bfl" else 401)
    path = PATHS[service].replace("klein", "nothing").replace("flux-2-pro", "nothing")
    assert standing.submit(service, path=path)[0] == 404
    if service != "fal":  # which looks at the input later
        for wrong in (
            {},
            {"prompt": 5},
            {"prompt": "a", "seed": -1},
            {"prompt": "a", "seed": True},
            {"prompt": "a", "colour": 1},
        ):
            status, document = standing.submit(service, wrong)
            assert (status, "detail" in document) == (422, True), wrong
        assert standing.ask(service, "POST", PATHS[service], "no object")[0] in (400, 422)
    assert standing.paid() == []


@pytest.mark.parametrize(
    ("service", "given"),
    [
        ("bfl", {"prompt": "a", "width": 100}),
        ("bfl", {"prompt": "a", "width": 4096, "height": 4096}),
        ("bfl", {"prompt": "a", "steps": 5}),
        ("bfl", {"prompt": "a", "input_image": "no picture"}),
        ("replicate", {"prompt": "a", "aspect_ratio": "custom"}),
        ("replicate", {"prompt": "a", "aspect_ratio": "7:1"}),
        ("replicate", {"prompt": "a", "steps": 5}),
    ],
)
def test_what_a_model_cannot_make_is_refused(service: str, given: dict[str, Any], standing: Standing) -> None:
    assert standing.submit(service, given)[0] == 422
    assert standing.paid() == []


def test_fal_finds_wrong_input_later_and_charges_nothing(standing: Standing) -> None:
    for wrong in ({}, {"prompt": "a", "image_size": "huge"}, {"prompt": "a", "image_size": {"width": 9, "height": 9}}):
        status, document = standing.submit("fal", wrong)
        assert status == 200
        assert standing.ask("fal", "GET", document["status_url"])[1]["status"] == "COMPLETED"
        status, found, _ = standing.ask("fal", "GET", document["response_url"])
        assert (status, found["detail"][0]["loc"][0]) == (422, "body")
    assert sum(standing.paid()) == 0


def test_a_job_is_charged_when_it_is_accepted_and_done_later(standing: Standing) -> None:
    standing.latency |= dict.fromkeys(("bfl:flux", "fal:fal-ai", "replicate:black"), 60.0)
    first = {service: standing.submit(service)[1] for service in SERVICES}
    assert standing.paid() == [0.014, 0.014, 0.03]
    looks = {
        "bfl": first["bfl"]["polling_url"],
        "fal": first["fal"]["status_url"],
        "replicate": first["replicate"]["urls"]["get"],
    }
    assert first["replicate"]["status"] == "starting"
    states = {service: standing.ask(service, "GET", url) for service, url in looks.items()}
    assert {service: (status, found["status"]) for service, (status, found, _) in states.items()} == {
        "bfl": (200, "Pending"),
        "fal": (202, "IN_PROGRESS"),
        "replicate": (200, "processing"),
    }
    assert standing.ask("fal", "GET", first["fal"]["response_url"])[0] == 400
    standing.clock.ahead = 61.0
    ready = standing.ask("bfl", "GET", looks["bfl"])[1]
    result = standing.ask("fal", "GET", first["fal"]["response_url"])[1]
    prediction = standing.ask("replicate", "GET", looks["replicate"])[1]
    assert (ready["status"], ready["cost"], prediction["status"]) == ("Ready", 1.4, "succeeded")
    for url in (ready["result"]["sample"], result["images"][0]["url"], prediction["output"]):
        status, data, _ = standing.ask("bfl", "GET", url, x_key="")
        assert status == 200
        assert Image.open(io.BytesIO(data)).size == (256, 256)
    assert len(standing.paid()) == 3


def test_a_job_can_be_cancelled_while_it_waits(standing: Standing) -> None:
    standing.latency |= {"fal:fal-ai": 60.0, "replicate:black": 60.0}
    url = standing.submit("fal")[1]["cancel_url"]
    assert [standing.ask("fal", "PUT", url)[:2] for _ in range(2)] == [
        (202, {"status": "CANCELLATION_REQUESTED"}),
        (400, {"status": "ALREADY_COMPLETED"}),
    ]
    assert standing.ask("replicate", "POST", standing.submit("replicate")[1]["urls"]["cancel"])[1]["status"] == "canceled"


def test_what_is_kept_and_for_how_long(standing: Standing) -> None:
    polling = standing.submit("bfl")[1]["polling_url"]
    sample = standing.ask("bfl", "GET", polling)[1]["result"]["sample"]
    plain, stored = (standing.submit("fal", x_fal_store_io=value)[1]["response_url"] for value in ("0", "1"))
    prediction = standing.submit("replicate")[1]["urls"]["get"]
    assert standing.ask("bfl", "GET", sample.replace("sig=", "sig=0"))[0] == 403
    standing.clock.ahead = 3700.0
    assert standing.ask("bfl", "GET", sample)[0] == 403
    assert [standing.ask("fal", "GET", url)[0] for url in (plain, stored)] == [404, 200]
    gone = standing.ask("replicate", "GET", prediction)[1]
    assert (gone["data_removed"], gone["output"], gone["input"]) == (True, None, {})
    standing.clock.ahead = 90_000.0
    assert standing.ask("bfl", "GET", polling)[:2][0] == 404


def test_the_list_of_fal_has_what_has_ended_and_what_was_stored(standing: Standing) -> None:
    ids = [standing.submit("fal", x_fal_store_io=value)[1]["request_id"] for value in ("1", "0", "1")]
    path = "/v1/models/requests/by-endpoint?endpoint_id=fal-ai/flux-2/klein/4b&expand=payloads&limit=2"
    first = standing.ask("fal", "GET", path)[1]
    second = standing.ask("fal", "GET", f"{path}&cursor={first['next_cursor']}")[1]
    items = [*first["items"], *second["items"]][:3]
    assert [item["request_id"] for item in items] == ids[::-1]
    assert [item.get("json_input") for item in items] == [INPUTS["fal"], None, INPUTS["fal"]]
    assert first["has_more"]
    one = standing.ask("fal", "GET", f"{path}&request_id={ids[1]}")[1]["items"]
    assert [item["request_id"] for item in one] == ids[1:2]
    standing.clock.ahead = 90_000.0
    assert standing.ask("fal", "GET", path)[1]["items"] == []
    assert len(standing.ask("fal", "GET", f"{path}&start=2020-01-01")[1]["items"]) == 2
    assert standing.ask("fal", "GET", "/v1/models/requests/by-endpoint")[0] == 400


def test_faults_strike_each_operation(standing: Standing) -> None:
    submit = Fault(operation="bfl.submit", does="status", status=429, calls=(1,), headers={"Retry-After": "3"})
    standing.script.now(submit, Fault(operation="bfl.poll", does="status", status=502, calls=(1,)))
    status, _, headers = standing.ask("bfl", "POST", PATHS["bfl"], INPUTS["bfl"])
    assert (status, headers["retry-after"], standing.paid()) == (429, "3", [])
    polling = standing.submit("bfl")[1]["polling_url"]
    assert [standing.ask("bfl", "GET", polling)[0] for _ in range(2)] == [502, 200]
    standing.script.now(Fault(operation="replicate.submit", does="truncated"))
    output = standing.ask("replicate", "GET", standing.submit("replicate")[1]["urls"]["get"])[1]["output"]
    with pytest.raises(OSError):  # noqa: PT011 - which part of the file is missing depends on the picture
        Image.open(io.BytesIO(standing.ask("replicate", "GET", output)[1])).load()


_WITH_REPLICATE = """
import replicate, sys
given = {"prompt": "a red circle", "aspect_ratio": "custom", "width": 256, "height": 256, "output_format": "png"}
output = replicate.run("black-forest-labs/flux-2-pro", input=given)
sys.stdout.buffer.write(output.read())
assert len(list(replicate.predictions.list())) == 1
"""
_WITH_FAL = """
import fal_client, httpx, sys
given = {"prompt": "a red circle", "image_size": {"width": 256, "height": 256}, "output_format": "png"}
result = fal_client.subscribe("fal-ai/flux-2/klein/4b", given, with_logs=True)
sys.stdout.buffer.write(httpx.get(result["images"][0]["url"]).content)
"""


@pytest.mark.parametrize("script", [_WITH_FAL, _WITH_REPLICATE], ids=["fal", "replicate"])
def test_an_official_client_gets_a_picture(script: str, tmp_path: Path) -> None:
    """Both expect HTTPS: one for its requests, the other for the URLs of files."""
    with served() as server, _tls(server.port, tmp_path) as (port, certificate):
        more = {
            "FAL_QUEUE_RUN_HOST": f"localhost:{port}/fal",
            "REPLICATE_BASE_URL": f"https://localhost:{port}/replicate",
            "SSL_CERT_FILE": str(certificate),
        }
        picture = _output(script, {**exports(f"http://127.0.0.1:{server.port}"), **more})
    assert Image.open(io.BytesIO(picture)).size == (256, 256)


def _output(script: str, more: Mapping[str, str]) -> bytes:
    """Return what a script prints in a process with these environment variables more."""
    ended = subprocess.run([sys.executable, "-c", script], env={**os.environ, **more}, capture_output=True, timeout=120)
    assert ended.returncode == 0, ended.stderr.decode()
    return ended.stdout


@contextmanager
def _tls(behind: int, folder: Path) -> Generator[tuple[int, Path]]:
    """Run a proxy that ends TLS before a port of this machine. Yield its port, and the certificate to trust."""
    certificate, key = _certificate(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    loop = asyncio.new_event_loop()

    async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter, *, heads: bool) -> None:
        while data := await source.read(65_536):
            head = b" HTTP/1.1\r\n"
            target.write(data.replace(head, head + b"X-Forwarded-Proto: https\r\n") if heads else data)
            await target.drain()
        target.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back_reader, back_writer = await asyncio.open_connection("127.0.0.1", behind)
        await asyncio.gather(
            copy(reader, back_writer, heads=True), copy(back_reader, writer, heads=False), return_exceptions=True
        )

    proxy = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0, ssl=context))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield proxy.sockets[0].getsockname()[1], certificate
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        proxy.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for localhost and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    none = serialization.NoEncryption()
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, none))
    return certificate, private
