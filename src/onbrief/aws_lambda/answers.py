"""The answers to an event: a status code, and a body that is a JSON string."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final, Literal, TypedDict
from urllib.parse import quote

from onbrief.aws_lambda.names import in_words_of_events
from onbrief.errors import OnbriefError
from onbrief.record import Run, Usage
from onbrief.redaction import redacted

CONSOLE = "https://s3.console.aws.amazon.com/s3"
MADE = "Image generated successfully"
CODES: Final[Mapping[str, int]] = {"unmet": 400, "over_budget": 402, "blocked": 422}
"""The status codes of the outcomes for which the event, its limit or its content is the reason; of all others it is 500."""
NOT_MET = "Failed to generate a valid image after all attempts and revisions"


class Answer(TypedDict):
    """The return value of the function, in the form that API Gateway and function URLs expect too."""

    statusCode: int
    body: str


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where the outputs of a run are stored in S3: the key of its best picture, if there is one, and that of its record."""

    bucket: str
    region: str
    best: str | None
    record: str | None

    def uri(self, key: str | None) -> str | None:
        """Return the S3 URI of a key, or None without a key."""
        return None if key is None else f"s3://{self.bucket}/{key}"


def ended(run: Run, outputs: Outputs) -> Answer:
    """Return the answer for a run that has ended: 200 if it passed, else the status code of its outcome."""
    about = _about(run, outputs)
    if run.outcome == "passed" and outputs.best is not None:
        console = f"{CONSOLE}/object/{quote(outputs.bucket)}?region={quote(outputs.region)}&prefix={quote(outputs.best)}"
        urls = {"output_s3_bucket_url": f"{CONSOLE}/buckets/{quote(outputs.bucket)}", "output_s3_object_url": console}
        return _answer(200, {"status": "SUCCESS", "message": MADE, **urls, **about})
    reason = NOT_MET if run.outcome == "unmet" else f"Exception: {in_words_of_events(run.reason)}"
    return _answer(CODES.get(run.outcome or "failed", 500), {"status": "FAIL", "error": reason, **about})


def paused(run: Run, outputs: Outputs) -> Answer:
    """Return the answer for a run with too little time left for its next paid call; the same event with its id resumes it."""
    message = f"Paused: {run.reason}; send the same event with this run_id to resume"
    return _answer(202, {"status": "PENDING", "message": message, **(_about(run, outputs) | {"outcome": "paused"})})


def running(run_id: str, record: str) -> Answer:
    """Return the answer while another delivery of the event is still running."""
    message = "Another delivery of this event is still running; send it again with this run_id for the result"
    about = _nothing(run_id, "running") | {"record": record}
    return _answer(202, {"status": "PENDING", "message": message, **about})


def wrong(problems: Sequence[str], run_id: str | None) -> Answer:
    """Return the answer to an invalid event; nothing was spent. `errors` in its body has one line for each wrong field."""
    about = _nothing(run_id, "usage")
    return _answer(400, {"status": "FAIL", "error": f"Exception: {'; '.join(problems)}", "errors": list(problems), **about})


def broken(error: BaseException, run_id: str | None) -> Answer:
    """Return the answer for an error that kept the run from ending with an outcome."""
    reason = in_words_of_events(error.explained if isinstance(error, OnbriefError) else redacted(str(error)))
    return _answer(500, {"status": "FAIL", "error": f"Exception: {reason}", **_nothing(run_id, "failed")})


def _about(run: Run, outputs: Outputs) -> dict[str, object]:
    return {
        "run_id": run.run_id,
        "outcome": run.outcome,
        "best": outputs.uri(outputs.best),
        "record": outputs.uri(outputs.record),
        "reservations": _reservations(run),
        "usage": asdict(run.usage),
        "warnings": list(run.warnings),
    }


def _reservations(run: Run) -> list[dict[str, object]]:
    """Return the musts that are in doubt in the picture that passed."""
    if run.outcome != "passed" or not run.best or not run.best.verdict or not run.checklist:
        return []
    return [
        {"id": f.id, "text": run.checklist[f.id].text, "probability": f.probability, "evidence": f.evidence}
        for f in run.best.verdict.reserved
    ]


def _nothing(run_id: str | None, outcome: Literal["running", "usage", "failed"]) -> dict[str, object]:
    usage = asdict(Usage())
    return {
        "run_id": run_id,
        "outcome": outcome,
        "best": None,
        "record": None,
        "reservations": [],
        "usage": usage,
        "warnings": [],
    }


def _answer(status: int, body: dict[str, object]) -> Answer:
    return {"statusCode": status, "body": json.dumps(body, ensure_ascii=False)}
