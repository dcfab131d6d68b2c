"""The rights of a role, and stand-ins that check them: what an IAM policy allows, for S3 and for Bedrock."""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

from werkzeug.serving import WSGIRequestHandler, make_server

from tests.buckets import HOST, LIST, Rights, denial

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ACCOUNT = "111122223333"
_MODEL = re.compile(r"/model/(?P<id>[^/]+)/(?:invoke|converse)$")
_SIGNED_IN = re.compile(r"Credential=[^/]+/\d{8}/([^/]+)/bedrock/")
_PROFILE = re.compile(r"(?P<where>global|us|eu|jp|au)\.(?P<model>.+)")
_PASSED = ("authorization", "content-type", "accept", "x-amz-date")


@dataclass(frozen=True, slots=True)
class Right:
    """One action on one resource, which may have wildcards, under the conditions of its statement."""

    statement: str
    action: str
    resource: str
    conditions: tuple[tuple[str, str], ...] = ()

    def covers(self, action: str, resource: str, context: Mapping[str, str]) -> bool:
        """Return whether it allows the action on the resource. `context` has the keys of conditions that the request has."""
        met = all(name in context and fnmatchcase(context[name], wanted) for name, wanted in self.conditions)
        return self.action == action and fnmatchcase(resource, self.resource) and met


def rights_of(statements: Iterable[Mapping[str, Any]]) -> list[Right]:
    """Return all rights of the statements of a policy, which only allow."""
    found: list[Right] = []
    for one in statements:
        assert one["Effect"] == "Allow"
        tests = cast("dict[str, dict[str, str]]", one.get("Condition", {}))
        assert tests.keys() <= {"StringLike", "StringEquals", "ArnLike"}
        conditions = tuple(pair for test in tests.values() for pair in test.items())
        found += [Right(one["Sid"], a, r, conditions) for a in _list(one["Action"]) for r in _list(one["Resource"])]
    return found


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@dataclass(slots=True)
class Role:
    """The rights that a role has now, and those that were used."""

    rights: list[Right]
    used: set[Right] = field(default_factory=set[Right])

    def allows(self, action: str, resource: str, context: Mapping[str, str]) -> bool:
        """Return whether one of the rights covers the action on the resource."""
        covering = [right for right in self.rights if right.covers(action, resource, context)]
        self.used.update(covering)
        return bool(covering)

    def denied(self, model: str, region: str) -> str | None:
        """Return the resource that a call of a model needs a right for and has none; None if it has all of them.

        An inference profile needs the right for itself, and through itself for its model in the region of the call and in those
        that it routes to; a global one routes to regions that are not named.
        """
        action = "bedrock:InvokeModel"
        needed: list[tuple[str, Mapping[str, str]]]
        if not (profile := _PROFILE.fullmatch(model)):
            needed = [(f"arn:aws:bedrock:{region}::foundation-model/{model}", {})]
        else:
            arn = f"arn:aws:bedrock:{region}:{ACCOUNT}:inference-profile/{model}"
            through = {"bedrock:InferenceProfileArn": arn}
            others = [""] if profile["where"] == "global" else ["us-east-1", "us-west-2"]
            regions = dict.fromkeys([region, *others])
            needed = [(arn, {})]
            needed += [(f"arn:aws:bedrock:{one}::foundation-model/{profile['model']}", through) for one in regions]
        return next((resource for resource, context in needed if not self.allows(action, resource, context)), None)


class InBucket(Rights):
    """The rights of a role for the bucket of the tests, whose real name is another one."""

    __slots__ = ("_name", "_role")

    def __init__(self, role: Role, name: str) -> None:
        super().__init__(frozenset(right.action for right in role.rights))
        object.__setattr__(self, "_role", role)
        object.__setattr__(self, "_name", name)

    def allow(self, action: str, key: str) -> bool:
        """Return whether the action is allowed on the key."""
        bucket = f"arn:aws:s3:::{self._name}"
        return cast("Role", self._role).allows(action, bucket if action == LIST else f"{bucket}/{key}", {})


@contextmanager
def guarded(port: int, role: Role) -> Generator[int]:
    """Open a port that passes on the calls of Bedrock that a role may send to the stand-in at this port, and denies others."""

    def answer(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        path, called = environ["RAW_URI"], _MODEL.search(unquote(environ["PATH_INFO"]))
        signed = _SIGNED_IN.search(environ["HTTP_AUTHORIZATION"])
        assert called
        assert signed
        if resource := role.denied(called["id"], signed[1]):
            start("403 Forbidden", [("x-amzn-ErrorType", "AccessDeniedException"), ("Content-Type", "application/json")])
            return [json.dumps({"Message": denial("bedrock:InvokeModel", resource)}).encode()]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        headers = {name: value for name in _PASSED if (value := environ.get(f"HTTP_{name.upper().replace('-', '_')}"))}
        connection = http.client.HTTPConnection(HOST, port)
        connection.request("POST", path, body, {"Content-Type": environ.get("CONTENT_TYPE", ""), **headers})
        reply = connection.getresponse()
        data = reply.read()
        connection.close()
        kept = [
            pair for pair in reply.getheaders() if pair[0].lower() not in {"connection", "transfer-encoding", "content-length"}
        ]
        start(f"{reply.status} {reply.reason}", kept)
        return [data]

    server = make_server(HOST, 0, answer, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass
