"""Run every benchmark, or those that are named: `python -m benchmarks overhead startup`."""

from __future__ import annotations

import sys
from importlib import import_module

NAMES = (
    "overhead",
    "ledger",
    "startup",
    "size",
    "memory",
    "pace",
    "handler",
    "http",
    "rates",
    "real",
    "revising",
    "judging",
    "erring",
    "deciding",
    "many",
    "throughput",
    "index",
    "batch",
)


def main() -> None:
    for name in sys.argv[1:] or NAMES:
        print(f"\n## {name}\n", flush=True)
        import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
