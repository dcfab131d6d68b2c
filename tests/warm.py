"""What runs import late and make once: this is imported in the server from which processes are forked (see tests/forks.py).

Nothing here may start a thread, nor obstore's runtime, which a forked process would miss.
"""

from __future__ import annotations

from importlib import import_module

from PIL import Image

from onbrief.providers import registry
from onbrief.record import json_schema

for name in (
    "boto3",
    "onbrief.cli.run",
    "onbrief.pictures",
    "onbrief.providers.bedrock.images",
    "onbrief.providers.language.names",
    "onbrief.providers.language.roles",
    "onbrief.report",
    "pydantic_ai.models.bedrock",
    "tests.interruption",
):
    import_module(name)
Image.init()
registry.providers()
json_schema()
