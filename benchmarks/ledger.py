"""How many writes per second the ledger takes with 64 runs at once, and how many it took before it had one writer."""

from __future__ import annotations

import statistics

from benchmarks import before, writes

ROUNDS = 5


def main() -> None:
    found = before.in_turns("writes", ROUNDS)
    print(f"{writes.RUNS} runs at once, each write on disk before its run goes on; medians of {ROUNDS} rounds in turns")
    print(f"  {before.COMMIT}         {statistics.median(found.before):7.0f} writes/s")
    print(f"  this version    {statistics.median(found.now):7.0f} writes/s")
    print(f"  ratio           {found.ratio:7.1f}")


if __name__ == "__main__":
    main()
