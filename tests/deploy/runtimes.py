"""Lambda's Runtime API, served here, and its own runtime client, which calls the handler as Lambda does."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryFile
from typing import Any

REQUEST_ID = "6a5c1d1e-0000-4000-8000-00000000000b"
_START = "import sys; sys.path[:0] = sys.argv[2].split(':'); from awslambdaric.__main__ import main; main(sys.argv[:2])"
_PATIENCE = 120  # seconds for one answer on a busy machine


class _Api(ThreadingHTTPServer):
    """Hands out one event after the other, and keeps what is answered."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.events: SimpleQueue[object] = SimpleQueue()
        self.answers: SimpleQueue[tuple[str, Any]] = SimpleQueue()


class _Handler(BaseHTTPRequestHandler):
    server: _Api  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        body = json.dumps(self.server.events.get()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Lambda-Runtime-Aws-Request-Id", REQUEST_ID)
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + 900_000))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-west-2:111122223333:function:onbrief")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.answers.put((self.path.rpartition("/")[2], body))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base class
        """Say nothing."""


def answers(python: str | Path, paths: Sequence[Path], events: Sequence[object], environment: Mapping[str, str]) -> list[Any]:
    """Return the answers to events of a function whose Python has nothing but its standard library and these paths, of which
    the first is the folder of the function.
    """
    api = _Api()
    thread = threading.Thread(target=api.serve_forever)
    thread.start()
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}",
        "AWS_LAMBDA_FUNCTION_NAME": "onbrief",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python",
        "LAMBDA_TASK_ROOT": str(paths[0]),
        **environment,
    }
    command = [str(python), "-S", "-s", "-E", "-c", _START, "onbrief.aws_lambda.handler", ":".join(map(str, paths))]
    with TemporaryFile("w+") as log, subprocess.Popen(command, env=variables, cwd=paths[0], stderr=log) as runtime:
        try:
            answered = [_answer(api, event) for event in events]
        finally:
            runtime.kill()
            runtime.wait()
            api.shutdown()
            api.server_close()
            thread.join()
        log.seek(0)
        assert {kind for kind, _ in answered} == {"response"}, f"{answered}\n{log.read()}"
    return [answer for _, answer in answered]


def _answer(api: _Api, event: object) -> tuple[str, Any]:
    api.events.put(event)
    return api.answers.get(timeout=_PATIENCE)
