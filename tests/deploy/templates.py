"""The template of deploy/aws as CloudFormation would see it with some parameters: without functions and conditions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "aws"
TEMPLATE = FOLDER / "template.yaml"
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "lambda.md").read_text(), re.DOTALL)
    for line in block.splitlines()
]
"""All commands of docs/lambda.md; the first four lead to a picture."""
ACCOUNT, REGION, STACK = "111122223333", "us-west-2", "onbrief"
BUCKET = f"{STACK}-{ACCOUNT}-{REGION}"
_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": STACK,
}
_NOTHING = object()  # AWS::NoValue


class _Loader(yaml.SafeLoader):
    """Reads `!Sub text` as `{"Sub": "text"}`, and so on."""


def _function(loader: _Loader, name: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(cast("yaml.MappingNode", node), deep=True)}


_Loader.add_multi_constructor("!", _function)  # pyright: ignore[reportUnknownMemberType]


@dataclass(frozen=True)
class Template:
    """The template with these parameters; the others have their defaults. A reference to a resource is its name, an attribute
    of it `NAME.ATTRIBUTE`, except where AWS would know it before the resource exists.
    """

    parameters: Mapping[str, str]

    @cached_property
    def text(self) -> dict[str, Any]:
        """The template as it is written."""
        return yaml.load(TEMPLATE.read_text(), _Loader)  # noqa: S506 - a SafeLoader

    @cached_property
    def resources(self) -> dict[str, dict[str, Any]]:
        """The resources that exist, resolved."""
        there = {name: one for name, one in self.text["Resources"].items() if self._exists(one)}
        return {name: self._resolved(one) for name, one in there.items()}

    def properties(self, name: str) -> dict[str, Any]:
        """Return the properties of a resource."""
        return self.resources[name]["Properties"]

    def statements(self, role: str) -> dict[str, dict[str, Any]]:
        """Return what a role allows: each statement by its name."""
        own = [policy["PolicyDocument"] for policy in self.properties(role).get("Policies", [])]
        added = [one["Properties"] for one in self.resources.values() if one["Type"] == "AWS::IAM::Policy"]
        documents = [*own, *(policy["PolicyDocument"] for policy in added if role in policy["Roles"])]
        return {statement["Sid"]: statement for document in documents for statement in document["Statement"]}

    @cached_property
    def batch(self) -> dict[str, Any]:
        """The definition of the state machine."""
        return json.loads(self.properties("Batch")["DefinitionString"])

    def _exists(self, resource: Mapping[str, Any]) -> bool:
        return "Condition" not in resource or self._holds(resource["Condition"])

    def _holds(self, condition: str) -> bool:
        return bool(self._resolved(self.text["Conditions"][condition]))

    def _resolved(self, value: Any) -> Any:
        if isinstance(value, list):
            items = [self._resolved(item) for item in cast("list[Any]", value)]
            return [item for item in items if item is not _NOTHING]
        if not isinstance(value, dict):
            return value
        pairs = cast("dict[str, Any]", value)
        if len(pairs) == 1 and (result := self._called(*next(iter(pairs.items())))) is not None:
            return result
        resolved = {name: self._resolved(inner) for name, inner in pairs.items()}
        return {name: inner for name, inner in resolved.items() if inner is not _NOTHING}

    def _called(self, function: str, given: Any) -> Any:
        match function:
            case "Ref":
                return self._reference(given)
            case "GetAtt":
                return self._attribute(given)
            case "If":
                name, yes, no = given
                return self._resolved(yes if self._holds(name) else no)
            case "Sub":
                text, own = cast("tuple[str, dict[str, Any]]", given if isinstance(given, list) else (given, {}))
                known = self._resolved(own)
                return re.sub(r"\$\{([\w:.]+)\}", lambda found: str(known.get(found[1]) or self._named(found[1])), text)
            case "Equals":
                first, second = self._resolved(given)
                return str(first) == str(second)
            case "Not":
                return not self._resolved(given)[0]
            case "Select":
                return self._resolved(given[1])[given[0]]
            case "Split":
                return self._resolved(given[1]).split(given[0])
            case _:
                return None

    def _named(self, name: str) -> Any:
        return self._attribute(name) if re.fullmatch(r"\w+\.\w+", name) else self._reference(name)

    def _reference(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NOTHING
        if name in _PSEUDO:
            return _PSEUDO[name]
        if name in self.text["Parameters"]:
            return self.parameters.get(name, self.text["Parameters"][name].get("Default"))
        assert name in self.text["Resources"], f"{name} is no resource"
        return BUCKET if name == "Bucket" else name

    def _attribute(self, name: str) -> str:
        resource = name.partition(".")[0]
        assert resource in self.text["Resources"], f"{resource} is no resource"
        known = {
            "Bucket.Arn": f"arn:aws:s3:::{BUCKET}",
            "LogGroup.Arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{STACK}:*",
            "DeadLetters.Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{STACK}-dead-letters",
        }
        return known.get(name, name)
