"""Invalid requests, clients that disconnect, and many clients at once."""

from __future__ import annotations

import base64
import http.client
import io
import json
import os
import random
import socket
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from onbrief_sandbox.server.receiving import MAX_BODY
from onbrief_sandbox.server.serve import HOST
from tests.sandbox.server.serving import CORE, HAIKU, NOVA, SD3, SDXL, SONNET, TITAN, Served, served, user

INVOKE = f"/model/{CORE}/invoke"
CONVERSE = f"/model/{HAIKU}/converse"
MALFORMED = {"message": "Malformed input request, please reformat your input and try again."}
ERASE = "us.stability.stable-image-erase-object-v1:0"
REPLACE = "us.stability.stable-image-search-replace-v1:0"


OF_HAIKU = [f"/model/{HAIKU}/{name}" for name in ("invoke", "invoke-with-response-stream", "converse-stream", "count-tokens")]


@pytest.mark.parametrize("path", [INVOKE, CONVERSE, *OF_HAIKU, f"/model/{REPLACE}/invoke"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"{",
        b'{"prompt": "x"',
        b"[]",
        b"null",
        b'"x"',
        b"5",
        b'{"prompt": NaN}',
        b'{"seed": ' + b"9" * 5000 + b"}",
        b'{"prompt": "\\ud800"}',
        b'\xff\xfe{"prompt": "x"}',
        b'{"a":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
    ],
    ids=lambda body: body[:20].decode("latin-1"),
)
def test_what_is_no_json_object_is_malformed(server: Served, path: str, body: bytes) -> None:
    assert server.raw(path, body) == (400, "ValidationException", MALFORMED)


@pytest.mark.parametrize(
    "path", ["/", "/model", f"/model/{CORE}", f"/model/{CORE}/invoke/x", f"/model/{CORE}/draw", "/..%2f/invoke"]
)
def test_an_unknown_path_is_an_unknown_operation(server: Served, path: str) -> None:
    status, type, document = server.raw(path, b"{}")  # noqa: A001
    assert (status, type) == (404, "UnknownOperationException")
    assert document.keys() == {"message"}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
def test_another_method_is_an_unknown_operation(server: Served, method: str) -> None:
    assert server.raw(INVOKE, b"{}", method)[:2] == (405, "UnknownOperationException")


JSON = {"Content-Type": "application/json"}
SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=sandbox"}
FORBIDDEN, UNSUPPORTED = (403, "AccessDeniedException"), (400, "ValidationException")


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        (JSON | {"Origin": "https://example.org"}, FORBIDDEN),
        (JSON | {"Origin": "null"}, FORBIDDEN),
        (JSON | {"Host": "example.org"}, FORBIDDEN),  # a name that leads to this address
        (JSON | {"Host": "localhost.example.org"}, FORBIDDEN),
        (JSON | {"Host": "127.0.0.1.example.org:80"}, FORBIDDEN),
        (JSON | {"Host": "192.168.0.1"}, FORBIDDEN),
        (JSON | {"Host": "0.0.0.0"}, FORBIDDEN),  # noqa: S104
        (JSON | {"Host": ""}, FORBIDDEN),
        (JSON | {"Host": "[::1"}, FORBIDDEN),
        ({"Content-Type": "text/plain"}, UNSUPPORTED),
        ({"Content-Type": "text/plain;application/json"}, UNSUPPORTED),
        ({"Content-Type": "application/x-www-form-urlencoded"} | SIGNED, UNSUPPORTED),
        ({"Content-Type": "multipart/form-data; boundary=x"}, UNSUPPORTED),
        ({}, UNSUPPORTED),
    ],
    ids=str,
)
def test_what_a_page_in_a_browser_can_send_is_refused_and_not_paid(
    headers: dict[str, str], refused: tuple[int, str], tmp_path: Path
) -> None:
    bill = tmp_path / "bill"
    with served(Terms(bill=Bill(bill))) as server:
        assert server.raw(INVOKE, b'{"prompt": "x"}', headers=headers)[:2] == refused
        assert server.raw(CONVERSE, b"{}", headers=headers)[:2] == refused
        for path in ("/anthropic/v1/messages", "/anthropic/v1/messages/count_tokens"):
            assert server.raw(path, b'{"model": "x"}', headers=headers)[0] == refused[0]
    assert not bill.exists() or not bill.read_text()


@pytest.mark.parametrize(
    "headers",
    [
        JSON | {"Host": "localhost"},
        JSON | {"Host": "LOCALHOST:8080"},
        JSON | {"Host": "127.1.2.3:1"},
        JSON | {"Host": "[::1]:8080"},
        {"Content-Type": "Application/JSON; charset=utf-8"},
        SIGNED,
    ],
    ids=str,
)
def test_clients_on_this_machine_are_served(server: Served, headers: dict[str, str]) -> None:
    assert server.raw(INVOKE, b'{"prompt": "a red circle"}', headers=headers)[0] == 200


def test_a_body_over_the_limit_is_refused_after_it_was_read(server: Served) -> None:
    expected = (
        400,
        "ValidationException",
        {
            "message": "1 validation error detected: Value at 'body' failed to satisfy constraint: "
            "Member must have length less than or equal to 25000000"
        },
    )
    assert server.raw(INVOKE, b" " * (MAX_BODY + 1)) == expected
    at_the_limit = b'{"prompt": "' + b"x" * (MAX_BODY - 14) + b'"}'
    assert len(at_the_limit) == MAX_BODY
    assert "expected maxLength: 10000" in server.raw(INVOKE, at_the_limit)[2]["message"]


def test_a_body_in_chunks_without_end_is_refused(server: Served) -> None:
    connection = http.client.HTTPConnection(HOST, server.port, timeout=60)
    try:
        connection.request(
            "POST", INVOKE, (b" " * 2**20 for _ in range(30)), {"Transfer-Encoding": "chunked"}, encode_chunked=True
        )
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("x-amzn-ErrorType")) == (400, "ValidationException")
        answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    "sent", [b"hello\r\n\r\n", b"GET / HTTP/1.1\r\n: x\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n"]
)
def test_what_is_no_http_is_refused_in_the_same_shape(server: Served, sent: bytes) -> None:
    with socket.create_connection((HOST, server.port), timeout=60) as plug:
        plug.sendall(sent)
        answer = b"".join(iter(lambda: plug.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2]) == {"message": "Invalid HTTP request received."}


def test_clients_that_go_away_harm_nobody(server: Served) -> None:
    body = json.dumps({"prompt": "a red circle"}).encode()
    about = f"Host: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    head = f"POST {INVOKE} HTTP/1.1\r\n{about}".encode()
    for sent in (b"", b"POST", head, head + body[:5], head + body):
        for reset in (False, True):
            with socket.create_connection((HOST, server.port), timeout=60) as plug:
                plug.sendall(sent)
                if reset:
                    plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert server.invoke(CORE, {"prompt": "a red circle"})["finish_reasons"] == [None]


def test_fifty_calls_at_once_are_all_answered(server: Served) -> None:
    picture = {"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "two red circles"}}
    small = {"imageGenerationConfig": {"width": 512, "height": 512}}

    def call(number: int) -> str:
        if number % 2:
            return server.bedrock.converse(modelId=HAIKU, messages=user(f"number {number}"))["stopReason"]
        return str(server.invoke(TITAN, picture | small)["error"])

    with ThreadPoolExecutor(50) as threads:
        assert Counter(threads.map(call, range(50))) == {"end_turn": 25, "None": 25}


# -- random bodies ---------------------------------------------------------------------------------------------------------


def test_a_thousand_random_bodies() -> None:
    answered, _, grown = campaign(1000, seed=1)
    assert sum(answered.values()) == 1000
    assert set(answered) <= {200, 400, 403, 404, 405}
    assert grown < 16 * 2**20


@pytest.mark.soak
def test_ten_thousand_random_bodies_and_no_leak() -> None:
    answered, resident, grown = campaign(10_000, seed=2)
    print(f"{dict(answered)}; {resident / 2**20:.0f} MiB at first, {grown / 2**20:+.1f} MiB after")
    assert set(answered) <= {200, 400, 403, 404, 405}
    assert grown < 16 * 2**20


def campaign(bodies: int, seed: int) -> tuple[Counter[int], int, int]:
    """Send random bodies to a separate server. Return how often each status was answered, the server's memory in bytes after
    the first fifth, and how much it has grown at the end.
    """
    draw = random.Random(seed)  # noqa: S311 - not used for security
    answered: Counter[int] = Counter()
    early = 0
    with process() as (port, pid):
        connection = http.client.HTTPConnection(HOST, port, timeout=60)
        for number in range(bodies):
            path, body = some_request(draw)
            connection.request("POST", path, body)
            answer = connection.getresponse()
            document = json.loads(answer.read())
            answered[answer.status] += 1
            if answer.status != 200:
                assert document.keys() == {"message"}, (path, body[:200])
                assert answer.getheader("x-amzn-ErrorType"), (path, body[:200])
            assert answer.status < 500, (path, body[:2000])
            if number == bodies // 5:
                early = resident(pid)
        connection.close()
        late = resident(pid)
    return answered, early, late - early


@contextmanager
def process() -> Generator[tuple[int, int]]:
    """Run the real command in a separate process. Yields its port and process id."""
    command = [sys.executable, "-m", "onbrief", "sandbox"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        assert running.stdout is not None
        port = int(running.stdout.readline().rpartition(":")[2])
        try:
            yield port, running.pid
        finally:
            running.terminate()


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _png() -> str:
    out = io.BytesIO()
    Image.new("RGB", (64, 64), (9, 99, 199)).save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


PNG = _png()
MATCHING = 'Does the image match the prompt "a red circle"? Respond only with JSON: {"result": "OK" or "NG", "reason": ""}'
SAMPLES: list[tuple[str, dict[str, Any]]] = [
    (f"/model/{CORE}/invoke", {"prompt": "a red circle", "seed": 3, "aspect_ratio": "1:1", "output_format": "png"}),
    (f"/model/{SD3}/invoke", {"prompt": "a cat", "mode": "image-to-image", "image": PNG, "strength": 0.5}),
    (f"/model/{SDXL}/invoke", {"text_prompts": [{"text": "a dog", "weight": 1}], "steps": 30, "cfg_scale": 7, "width": 1024}),
    (
        f"/model/{NOVA}/invoke",
        {
            "taskType": "TEXT_IMAGE",
            "textToImageParams": {"text": "a cup", "negativeText": "tree"},
            "imageGenerationConfig": {"width": 512, "height": 512, "seed": 1, "cfgScale": 5, "quality": "standard"},
        },
    ),
    (f"/model/{REPLACE}/invoke", {"image": PNG, "prompt": "a blue cat", "search_prompt": "dog", "grow_mask": 3}),
    (f"/model/{ERASE}/invoke", {"image": PNG, "mask": PNG, "seed": 9}),
    (
        f"/model/{SONNET}/converse",
        {
            "messages": [
                {"role": "user", "content": [{"text": MATCHING}, {"image": {"format": "png", "source": {"bytes": PNG}}}]}
            ],
            "system": [{"text": "be brief"}],
            "inferenceConfig": {"maxTokens": 50, "temperature": 0.5, "stopSequences": ["x"]},
            "toolConfig": {
                "tools": [{"toolSpec": {"name": "t", "inputSchema": {"json": {"type": "object"}}}}],
                "toolChoice": {"tool": {"name": "t"}},
            },
        },
    ),
    (
        f"/model/{SONNET}/invoke",
        {
            "anthropic_version": "bedrock-2023-05-31",
            "max_tokens": 50,
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": MATCHING},
                        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
                    ],
                }
            ],
            "tools": [{"name": "t", "input_schema": {"type": "object"}}],
            "tool_choice": {"type": "any"},
            "system": "be brief",
        },
    ),
]
VALUES: list[Any] = [
    None, True, 0, -1, 5, 2**40, 0.5, 1e300, "", "x", "\x00\x1b", "赤い丸と青い四角", "🦊" * 50, "-" * 20_000, [], [[]], {},
    {"text": "x"}, [{"text": "y"}], [1, None, "z"], "AAAA", "1:1", "jpg",
]  # fmt: skip


def some_request(draw: random.Random) -> tuple[str, bytes]:
    """Return random bytes, a broken sample, or a sample with some values replaced, removed or moved."""
    path, sample = draw.choice(SAMPLES)
    if draw.random() < 0.02:
        path = (
            "/model/" + "".join(draw.choice("abc.:-%2F/é ~") for _ in range(draw.randrange(60))).replace("%", "%25") + "/invoke"
        )
        path = path.replace(" ", "%20").replace("é", "%C3%A9")
    kind = draw.random()
    if kind < 0.1:
        return path, draw.randbytes(draw.randrange(2000))
    document = deepcopy(sample)
    for _ in range(draw.randrange(1, 4)):
        _mutate(document, draw)
    body = json.dumps(document, ensure_ascii=draw.random() < 0.5).encode()
    return path, body[: draw.randrange(len(body))] if kind < 0.2 else body


def _mutate(document: Any, draw: random.Random) -> None:
    holder = document
    while keys := _keys(holder):
        key = draw.choice(keys)
        if isinstance(holder[key], (dict, list)) and draw.random() < 0.7:
            holder = holder[key]
            continue
        named = isinstance(key, str)
        match draw.randrange(4):
            case 0 if named:
                del holder[key]
            case 1 if named:
                name = draw.choice(["prompt", "image", "text", "seed", "content", "extra", "toolResult", "width"])
                holder[name] = deepcopy(draw.choice(VALUES))
            case 2:
                holder[key] = deepcopy(draw.choice(SAMPLES)[1])
            case _:
                holder[key] = deepcopy(draw.choice(VALUES))
        return


def _keys(holder: Any) -> list[Any]:
    return list(holder) if isinstance(holder, dict) else list(range(len(holder)))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
