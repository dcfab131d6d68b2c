"""Runs with scripted models, for processes that tests start: they load no library of models, and no reader of lettering."""

from __future__ import annotations

import sys
from pathlib import Path

from onbrief.testing import Bill, crew
from tests.pursuing import pursue, settings


def run(folder: str, run_id: str = "first") -> None:
    """Print how a run ended, and how many modules of OpenTelemetry are imported."""
    models = crew(Bill(), {"r1"}, set())
    for role in ("planner", "image_model", "judge", "reviser"):
        getattr(models, role).name = f"sandbox:{role}"  # of a provider that is found without loading all others
    ended = pursue(Path(folder), models, settings(tables={"ocr": {"use": "never"}}), run_id=run_id)[-1].run
    print(ended.outcome, sum(name.startswith("opentelemetry") for name in sys.modules), flush=True)
