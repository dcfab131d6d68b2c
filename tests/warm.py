"""What runs import late and make once: this is imported in the server from which processes are forked (see tests/forks.py).

Nothing here may start a thread, nor obstore's runtime, which a forked process would miss.
"""

from __future__ import annotations

import os
from importlib import import_module

from PIL import Image

from onbrief.providers import registry
from onbrief.providers.bedrock import client
from onbrief.record import json_schema

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # numpy would start a thread for each other core

for name in (
    "anyio._backends._asyncio",
    "boto3",
    "cyclopts.completion.detect",
    "cyclopts.completion.install",
    "genai_prices.data",
    "onbrief.aws_lambda",
    "onbrief.cli.run",
    "onbrief.pictures",
    "onbrief.providers.bedrock.availability",
    "onbrief.providers.bedrock.checks",
    "onbrief.providers.bedrock.converse",
    "onbrief.ledger.postgresql",
    "onbrief.providers.bedrock.images",
    "onbrief.providers.language.names",
    "onbrief.providers.language.roles",
    "onbrief.report",
    "onbrief_sandbox.cli",
    "pydantic_ai.models.bedrock",
    "tests.aws_lambda.events",
    "tests.interruption",
    "tests.ledger.test_shared_fund",
    "tests.providers.recovering",
    "tests.test_races",
    "tests.test_workers",
):
    import_module(name)
Image.init()
registry.providers()
json_schema()
os.environ |= {"AWS_ACCESS_KEY_ID": "warm", "AWS_SECRET_ACCESS_KEY": "warm"}  # or they would be looked for, also in the network
client.client("bedrock-runtime", "us-east-1")
