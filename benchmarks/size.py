"""What an installation takes on disk, byte code included, now and before: `pip install .` and `.[aws]` into an empty folder.

The package index must be reachable. The folder of `.[aws]` is what a Lambda package unpacks to.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import before

MIB = 2**20


def main() -> None:
    with before.earlier() as tree:
        for extra in ("", "[aws]"):
            was, now = _installed(tree, extra), _installed(before.ROOT, extra)
            print(
                f"pip install .{extra:6} {before.COMMIT} {was:6.1f} MiB   this version {now:6.1f} MiB   ratio {now / was:.2f}"
            )


def _installed(tree: Path, extra: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-build-isolation",
            "--target",
            folder,
            f"{tree}{extra}",
        ]
        subprocess.run(command, check=True, stderr=subprocess.PIPE)
        return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / MIB


if __name__ == "__main__":
    main()
