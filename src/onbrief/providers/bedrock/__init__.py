"""Amazon Bedrock: image models, editing services, and any language model of its Converse API, Claude by default."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from onbrief.ports import Check, Editor, ImageModel, Judge, ListedModel, ModelName, Planner, Provider, Reviser, Role, Setting
from onbrief.ports.provider import Values
from onbrief.regions import check_region

CLAUDE: Final = "global.anthropic.claude-sonnet-5"
"""The model of a judge, planner or reviser that is named `bedrock:`, without a model."""


def _image_model(name: ModelName, values: Values) -> ImageModel:
    from onbrief.providers.bedrock.images import BedrockImageModel

    return BedrockImageModel.named(name, values["image_region"])


def _editor(name: ModelName, values: Values) -> Editor:
    from onbrief.providers.bedrock.editing import BedrockEditor

    return BedrockEditor.named(name, values["image_region"])


def _judge(name: ModelName, values: Values) -> Judge:
    from onbrief.providers.bedrock import converse

    return converse.judge(name, values)


def _planner(name: ModelName, values: Values) -> Planner:
    from onbrief.providers.bedrock import converse

    return converse.planner(name, values)


def _reviser(name: ModelName, values: Values) -> Reviser:
    from onbrief.providers.bedrock import converse

    return converse.reviser(name, values)


def _models() -> Sequence[ListedModel]:
    from onbrief.providers.bedrock.listing import rows

    return rows()


def _check(models: Mapping[Role, ModelName], values: Values) -> Iterable[Check]:
    from onbrief.providers.bedrock.checks import check

    return check(models, values)


def _own_editor() -> str:
    from onbrief.providers.bedrock.editing import EDITOR

    return EDITOR


def _options(role: Role, model: str) -> frozenset[str]:
    from onbrief.providers.bedrock import catalogue, converse, invoking

    match role:
        case "image_model":
            facts = catalogue.image_models().get(catalogue.parse_model_id(model)[0])
            return frozenset((*(facts.options if facts else catalogue.option_names()), *invoking.OPTIONS))
        case "editor":
            return frozenset(invoking.OPTIONS)
        case _:
            return frozenset(converse.OPTIONS)


_MODEL_ID = re.compile(
    r"((us|us-gov|eu|apac|jp|au|ca|global)\.)?(ai21|amazon|anthropic|cohere|deepseek|google|luma|meta|minimax|mistral|moonshotai"
    r"|nvidia|openai|qwen|stability|twelvelabs|writer|xai|zai)\.|arn:aws[a-z-]*:bedrock:"
)


def _suggested(text: str) -> str:
    """Return the full name of a model that is named by its id alone, or as routers write it."""
    text = text.removeprefix("bedrock/")
    return f"bedrock:{text}" if _MODEL_ID.match(text) else ""


PROVIDER: Final = Provider(
    name="bedrock",
    title="Amazon Bedrock",
    gen_ai_names={"bedrock": "aws.bedrock"},
    image_model=_image_model,
    editor=_editor,
    judge=_judge,
    planner=_planner,
    reviser=_reviser,
    settings=(
        Setting(
            "image_region",
            "the region of image models, unless the name of a model gives another; few regions have image models",
            default="us-west-2",
            check=check_region,
            formerly="image_region",
        ),
        Setting(
            "region",
            "the region of judges, planners and revisers; by default the region in the AWS settings",
            check=check_region,
            formerly="judge_region",
        ),
    ),
    defaults={"judge": "bedrock:", "reviser": "bedrock:"},
    general=True,
    platform="aws",
    platform_models={
        "image_model": "bedrock:stability.stable-image-core-v1:1",
        "judge": f"bedrock:{CLAUDE}",
        "reviser": f"bedrock:{CLAUDE}",
    },
    suggests=_suggested,
    models=_models,
    check=_check,
    options=_options,
    own_editor=_own_editor,
    requires=("boto3", "pydantic_ai"),
    extra="onbrief[aws]",
)
