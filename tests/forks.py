"""New processes that need not import anything: forked from a server that has imported once what runs import (tests/warm.py).

Each is a process of its own, with the environment that its caller has at that time. It may be killed, and it may fork in turn:
the server has neither threads nor a runtime.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

_SERVER = get_context("forkserver")
_SERVER.set_forkserver_preload(["tests.warm"])


def new_process(target: Callable[..., object], *arguments: Any, **environment: str) -> BaseProcess:
    """Return a process, not yet started, that calls the target, with these changes to its environment."""
    return _SERVER.Process(target=_call, args=({**os.environ, **environment}, target, arguments))


def command(arguments: list[str]) -> None:
    """Run the command line as a shell would."""
    from onbrief.cli import main

    sys.exit(main(arguments))


def command_alone(arguments: list[str]) -> None:
    """Run the command line as a shell would, in a group of processes of its own."""
    os.setpgid(0, 0)
    command(arguments)


def new_executor(home: Path, *, processes: int = 1, for_each_task: bool = False) -> ProcessPoolExecutor:
    """Return an executor with new processes, or with one for each task. They have this home folder."""
    environment = {**os.environ, **dict.fromkeys(("XDG_STATE_HOME", "XDG_CONFIG_HOME", "HOME"), str(home))}
    return ProcessPoolExecutor(processes, _SERVER, _live_in, (environment,), max_tasks_per_child=1 if for_each_task else None)


def _live_in(environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)


def _call(environment: Mapping[str, str], target: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    _live_in(environment)
    target(*arguments)
