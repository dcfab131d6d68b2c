from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from onbrief.config import load, settings_of
from onbrief.errors import UsageError
from onbrief.limits import Limits
from onbrief.policy import WIDE, Adaptive, Classic, usual_priors
from onbrief.ports import Rate, RateLimit
from onbrief.settings import Settings


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("config")


def loaded(home: Path, flags: Mapping[str, object] | None = None, **environ: str) -> tuple[Settings, dict[str, str]]:
    return load(flags or {}, {"XDG_CONFIG_HOME": str(home)} | environ)


def users_file(home: Path, text: str) -> Path:
    path = home / "onbrief" / "onbrief.toml"
    path.parent.mkdir()
    path.write_text(text)
    return path


# -- where settings come from ----------------------------------------------------------------------------------------


def test_without_anything_the_defaults_hold(here: Path, home: Path) -> None:
    settings, origins = loaded(home)
    assert settings == Settings()
    assert set(origins.values()) == {"default"}
    assert settings.limits == Limits(images=12)  # numbers of prompts, and of pictures of each, are limits only if they are set


def test_flags_come_before_variables_before_the_folders_file_before_the_users_before_the_defaults(
    here: Path, home: Path
) -> None:
    path = users_file(home, "max_images = 1\nmax_attempts = 1\nmax_prompts = 1\nparallel = 1")
    (here / "onbrief.toml").write_text("max_images = 2\nmax_attempts = 2\nmax_prompts = 2")
    settings, origins = loaded(home, {"max_images": 4}, ONBRIEF_MAX_IMAGES="3", ONBRIEF_MAX_ATTEMPTS="3")
    names = ("max_images", "max_attempts", "max_prompts", "parallel", "policy")
    assert [getattr(settings, name) for name in names] == [4, 3, 2, 1, "adaptive"]
    assert [origins[name] for name in names] == ["flag", "environment", "onbrief.toml", str(path), "default"]


def test_a_flag_that_was_not_given_hides_nothing(here: Path, home: Path) -> None:
    settings, origins = loaded(home, {"max_images": None}, ONBRIEF_MAX_IMAGES="3")
    assert (settings.max_images, origins["max_images"]) == (3, "environment")


@pytest.mark.parametrize(
    ("image_model", "usual"),
    [
        (None, "sandbox:"),
        ("sandbox:sdxl", "sandbox:"),
        ("bedrock:stability.stable-image-core-v1:1", "bedrock:"),
        ("my-plugin:model", "bedrock:"),
    ],
)
def test_who_judges_and_writes_follows_who_draws(here: Path, home: Path, image_model: str | None, usual: str) -> None:
    settings, origins = loaded(home, {"image_model": image_model})
    origin = "image_model" if image_model else "default"
    assert (settings.judge, settings.reviser) == (usual, usual)
    assert (origins["judge"], origins["reviser"]) == (origin, origin)
    assert settings == (Settings(image_model=image_model) if image_model else Settings())


def test_who_judges_is_who_was_named(here: Path, home: Path) -> None:
    settings, origins = loaded(home, {"image_model": "bedrock:some.model", "judge": "sandbox:"})
    assert (settings.judge, settings.reviser) == ("sandbox:", "bedrock:")
    assert (origins["judge"], origins["reviser"]) == ("flag", "image_model")


def test_the_users_file_lies_in_his_home_when_nothing_says_otherwise(here: Path, at_home: Path) -> None:
    (at_home / ".config").mkdir()
    users_file(at_home / ".config", "max_images = 5")
    assert load({}, {})[0].max_images == 5


def test_variables_are_text_and_become_what_the_setting_is(here: Path, home: Path) -> None:
    settings, _ = loaded(home, ONBRIEF_PLAN="false", ONBRIEF_MAX_USD="1.5", ONBRIEF_PARALLEL="4", ONBRIEF_OUT="runs")
    assert (settings.plan, settings.max_usd, settings.parallel, settings.out) == (False, 1.5, 4, "runs")


def test_how_many_at_once_is_a_number_or_left_to_the_policy(here: Path, home: Path) -> None:
    (here / "onbrief.toml").write_text('parallel = 3\npriority = "time"\ngive_up_below = 0.05')
    three, auto = loaded(home)[0], loaded(home, ONBRIEF_PARALLEL="auto")[0]
    assert (three.policy_with(), three.judged_at_once) == (Adaptive(3, "time", 0.05), 3)
    assert (auto.policy_with(), auto.judged_at_once) == (Adaptive(None, "time", 0.05), WIDE)
    assert (Settings().policy_with(), Settings().judged_at_once) == (Adaptive(None), 1)


def test_the_file_of_priors_is_found_from_another_folder_and_read_when_the_policy_is_made(here: Path, home: Path) -> None:
    (here / "onbrief.toml").write_text('priors = "learned.toml"')
    settings, origins = loaded(home)
    assert (settings.priors, origins["priors"]) == (str(here / "learned.toml"), "onbrief.toml")
    with pytest.raises(UsageError, match=r"priors .*learned\.toml cannot be read"):
        settings.policy_with()
    (here / "learned.toml").write_text('["a:model"]\ncount = { met = 1, seen = 2 }')
    policy = settings.policy_with()
    assert isinstance(policy, Adaptive)
    assert policy.priors == replace(usual_priors(), learned={"a:model": {"count": (1, 2)}})
    assert replace(settings, policy="classic").policy_with() == Classic(None)
    none, _ = loaded(home, ONBRIEF_PRIORS="none")
    assert (none.priors, none.policy_with()) == ("none", Adaptive(None))


def test_variables_of_others_are_none_of_ours(here: Path, home: Path) -> None:
    assert loaded(home, AWS_PROFILE="work", BRIEF="x")[0] == Settings()


# -- wrong settings --------------------------------------------------------------------------------------------------


def test_an_unknown_setting_is_refused_with_where_it_stands_and_what_there_is(here: Path, home: Path) -> None:
    (here / "onbrief.toml").write_text("max_image = 2")
    with pytest.raises(UsageError) as caught:
        loaded(home)
    said = str(caught.value)
    assert said.startswith("setting in onbrief.toml: 'max_image' is not allowed; expected one of ")
    assert {"bedrock.image_region", "bedrock.region", "confirm", "max_images"} <= set(said.split())
    (here / "onbrief.toml").unlink()
    with pytest.raises(UsageError, match=r"^setting in environment: 'max_image' is not allowed"):
        loaded(home, ONBRIEF_MAX_IMAGE="2")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("MAX_IMAGES", "many", "max_images in settings: 'many' is not allowed; expected a valid integer"),
        ("MAX_IMAGES", "0", "limits.images: 0 is not allowed; expected a whole number from 1 to 10000"),
        ("MAX_USD", "-1", "limits.usd: -1.0 is not allowed; expected a number from 0 up"),
        ("MAX_USD", "nan", "limits.usd: nan is not allowed; expected a number from 0 up"),
        ("MAX_TOTAL_USD", "-1", "settings: max_total_usd: -1.0 is not allowed; expected a number from 0 up"),
        ("PARALLEL", "65", "parallel: 65 is not allowed; expected auto or a whole number from 1 to 64"),
        ("PARALLEL", "many", "parallel: 'many' is not allowed; expected auto or a whole number from 1 to 64"),
        ("POLICY", "greedy", "policy in settings: 'greedy' is not allowed; expected 'adaptive' or 'classic'"),
        ("SIZE", "big", "size: 'big' is not allowed; expected WIDTHxHEIGHT in pixels, such as 1024x768"),
        ("PLAN", "perhaps", "plan in settings: 'perhaps' is not allowed; expected a valid boolean"),
    ],
)
def test_a_wrong_value_names_the_field_the_value_and_what_is_allowed(
    here: Path, home: Path, name: str, value: str, message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        loaded(home, {}, **{f"ONBRIEF_{name}": value})
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_broken_toml_is_reported_with_line_and_column(here: Path, home: Path) -> None:
    (here / "onbrief.toml").write_text("max_images = 2\nout = = 3")
    with pytest.raises(UsageError, match=r"^onbrief\.toml is not valid TOML: .*line 2, column 7"):
        loaded(home)


# -- tables: settings of providers and of the store ------------------------------------------------------------------


def test_tables_come_from_files_and_variables_each_setting_from_the_nearest(here: Path, home: Path) -> None:
    path = users_file(home, '[bedrock]\nregion = "eu-west-1"\nimage_region = "us-east-1"\n[s3]\nregion = "eu-west-1"')
    (here / "onbrief.toml").write_text('[bedrock]\nregion = "eu-west-2"\n[s3]\nregion = "eu-west-2"')
    settings, origins = loaded(home, ONBRIEF_S3_REGION="eu-west-3")
    assert settings.tables == {
        "bedrock": {"region": "eu-west-2", "image_region": "us-east-1"},
        "s3": {"region": "eu-west-3"},
    }
    names = ("bedrock.image_region", "bedrock.region", "s3.region")
    assert [origins[name] for name in names] == [str(path), "onbrief.toml", "environment"]


def test_paths_in_tables_are_those_of_the_folder_where_they_are_read(here: Path, home: Path) -> None:
    (here / "onbrief.toml").write_text('[detector]\npath = "models/own.onnx"\nnames = ""')
    assert loaded(home)[0].tables["detector"] == {"path": str(here / "models" / "own.onnx"), "names": ""}
    assert loaded(home, ONBRIEF_DETECTOR_PATH="")[0].tables["detector"]["path"] == ""


def test_settings_have_only_what_is_set_in_tables(here: Path, home: Path) -> None:
    settings, origins = loaded(home)
    assert (settings.tables, [name for name in origins if "." in name]) == ({}, [])


FORMER = {"image_region": ("bedrock", "image_region"), "judge_region": ("bedrock", "region"), "bucket_region": ("s3", "region")}


@pytest.mark.parametrize("name", FORMER)
def test_former_names_still_work_in_files_in_variables_and_in_the_settings_of_a_ledger(
    here: Path, home: Path, name: str
) -> None:
    table, own = FORMER[name]
    (here / "onbrief.toml").write_text(f'{name} = "eu-west-1"')
    settings, origins = loaded(home)
    assert (settings.tables, origins[f"{table}.{own}"]) == ({table: {own: "eu-west-1"}}, "onbrief.toml")
    assert loaded(home, {}, **{f"ONBRIEF_{name.upper()}": "eu-west-2"})[0].tables == {table: {own: "eu-west-2"}}
    nothing = dict.fromkeys(FORMER)
    assert settings_of({**nothing, name: "eu-west-3", "max_images": 3}) == Settings(
        tables={table: {own: "eu-west-3"}}, max_images=3
    )


def test_a_name_counts_before_the_former_one_in_the_same_place(here: Path, home: Path) -> None:
    (here / "onbrief.toml").write_text('judge_region = "eu-west-1"\n[bedrock]\nregion = "eu-west-2"')
    assert loaded(home)[0].tables == {"bedrock": {"region": "eu-west-2"}}
    variables = {"ONBRIEF_BEDROCK_REGION": "eu-west-4", "ONBRIEF_JUDGE_REGION": "eu-west-3"}
    assert loaded(home, {}, **variables)[0].tables == {"bedrock": {"region": "eu-west-4"}}
    assert loaded(home, ONBRIEF_JUDGE_REGION="eu-west-3")[0].tables == {"bedrock": {"region": "eu-west-3"}}


TABLES = "a1111 bedrock bfl comfyui detector fal google ocr openai rates replicate runware s3 stability"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[bedrock]\nregion = "here"', "bedrock.region: 'here' is not allowed; expected a region of AWS"),
        ('judge_region = "here"', "judge_region: 'here' is not allowed; expected a region of AWS"),
        ('[s3]\nregion = "here"', "s3.region: 'here' is not allowed; expected a region of AWS"),
        ('[detector]\nsha256 = "abc"', "detector.sha256: 'abc' is not allowed; expected 64 hexadecimal digits"),
        ('[detector]\npixels = "bgr"', "detector.pixels: 'bgr' is not allowed; expected 0-1 or 0-255 or imagenet"),
        ("[detector]\nsize = 31", "detector.size: '31' is not allowed; expected a whole number of pixels from 32 to 4096"),
        ("[s3]\nregion = []", "s3.region: [] is not allowed; expected a text, a number or a boolean"),
        ('[bedrock]\nzone = "a"', "setting of bedrock: 'zone' is not allowed; expected one of image_region region"),
        ("[nowhere]\na = 1", f"table in onbrief.toml: 'nowhere' is not allowed; expected one of {TABLES}"),
        ("[tables.s3]\nregion = 1", f"table in onbrief.toml: 'tables' is not allowed; expected one of {TABLES}"),
        ("[sandbox]\na = 1", f"table in onbrief.toml: 'sandbox' is not allowed; expected one of {TABLES}"),
        ('bedrock = "x"', "setting in onbrief.toml: 'bedrock' is not allowed; expected one of "),
        ("[rates]\nfast = '5/min'", "name in rates of onbrief.toml: 'fast' is not allowed; expected PROVIDER:MODEL"),
        (
            "[rates]\n'a:b' = '5 a fortnight'",
            "rates.a:b: '5 a fortnight' is not allowed; expected \"50 requests, 100000 tokens\"",
        ),
        ("[rates]\n'a:b' = '0/min'", "rates.a:b: '0/min' is not allowed; expected numbers greater than 0"),
        ("[rates]\n'a:b' = 5", 'rates.a:b: 5 is not allowed; expected "50 requests, 100000 tokens"'),
        ("rates = '5/min'", "rates in onbrief.toml: limits of calls can be set in a file only, by the names of models"),
        ("[max_images]\na = 1", "max_images in settings: {'a': 1} is not allowed; expected a valid integer"),
    ],
)
def test_a_wrong_table_setting_or_value_is_refused_by_the_name_that_the_user_wrote(
    here: Path, home: Path, text: str, message: str
) -> None:
    (here / "onbrief.toml").write_text(text)
    with pytest.raises(UsageError) as caught:
        loaded(home)
    assert str(caught.value).startswith(message)


def test_a_variable_of_a_table_is_refused_by_its_name(here: Path, home: Path) -> None:
    with pytest.raises(UsageError, match=r"^bedrock\.region: 'here' is not allowed"):
        loaded(home, ONBRIEF_BEDROCK_REGION="here")
    with pytest.raises(UsageError, match=r"^setting in environment: 'bedrock_zone' is not allowed"):
        loaded(home, ONBRIEF_BEDROCK_ZONE="here")


def test_limits_of_calls_are_set_in_files_by_the_names_of_models(here: Path, home: Path) -> None:
    users_file(home, "[rates]\n'sandbox:*' = '9/min'\n'sandbox:sdxl' = '24 at once'")
    (here / "onbrief.toml").write_text("[rates]\n'sandbox:*' = '50 requests, 100000 tokens'")
    settings, origins = loaded(home)
    assert settings.rate_limits == {
        "sandbox:*": RateLimit((Rate(50), Rate(100_000, "tokens"))),
        "sandbox:sdxl": RateLimit(at_once=24),
    }
    assert origins["rates.sandbox:*"] == "onbrief.toml"
    for name in ("ONBRIEF_RATES", "ONBRIEF_RATES_SANDBOX"):
        with pytest.raises(UsageError, match="in environment: limits of calls can be set in a file only") as caught:
            loaded(home, {}, **{name: "5/min"})
        assert caught.value.hint.startswith("in onbrief.toml: [rates]")


# -- without what an extra installs ----------------------------------------------------------------------------------

HIDDEN = """
import sys
sys.modules.update(dict.fromkeys({modules}))
from onbrief.cli import main
raise SystemExit(main({arguments}))
"""


def without(modules: list[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, output and messages of a command where these modules are not installed."""
    code = HIDDEN.format(modules=modules, arguments=list(arguments))
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout, ran.stderr


TRIAL = ["numpy", "resvg_py", "starlette", "uvicorn", "h11"]
AWS = ["boto3", "botocore", "pydantic_ai"]


def test_without_any_extra_a_run_says_how_to_name_a_provider_and_what_to_install(here: Path) -> None:
    assert without(TRIAL + AWS, "run", "a red circle") == (
        2,
        "",
        "error: image_model: none is set; choose one as PROVIDER:MODEL, see `onbrief models`\n"
        "hint: to try it without an account: pip install 'onbrief[sandbox]'\n",
    )
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "line", "extra"),
    [
        (("--image-model", "sandbox:"), "sandbox: not installed: numpy, resvg_py", "onbrief[sandbox]"),
        (("--image-model", "bedrock:x"), "bedrock: not installed: boto3, pydantic_ai", "onbrief[aws]"),
    ],
)
def test_a_provider_without_its_extra_is_one_clear_line(here: Path, arguments: tuple[str, ...], line: str, extra: str) -> None:
    expected = (2, "", f"error: {line}, which {extra} installs\nhint: pip install '{extra}'\n")
    assert without(TRIAL + AWS, "run", "a red circle", *arguments) == expected
    assert list(here.iterdir()) == []


def test_the_command_of_an_extra_that_is_not_installed_is_one_clear_line(here: Path) -> None:
    code, out, error = without(["uvicorn"], "sandbox")
    assert (code, out) == (2, "")
    assert (
        error
        == "error: sandbox: not installed: uvicorn, which onbrief[sandbox] installs\nhint: pip install 'onbrief[sandbox]'\n"
    )


@pytest.mark.parametrize("command", ["--help", "list", "config", "models"])
def test_what_needs_no_model_works_without_any_extra(here: Path, command: str) -> None:
    (here / "onbrief-runs").mkdir()
    code, _, error = without(TRIAL + AWS, command)
    assert (code, "Error" in error) == (2 if command == "list" else 0, False)


def test_doctor_says_that_no_image_model_is_set(here: Path) -> None:
    code, out, _ = without(TRIAL + AWS, "doctor")
    assert code == 1
    assert "error    image_model    image_model: none is set" in out


WITHOUT_HOME = """
import os
from onbrief.config import load
from onbrief.store import open_store
load({})
open_store("s3://bucket/prefix")
for name in ("HOME", "XDG_CONFIG_HOME", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"):
    os.environ.pop(name, None)
os.setuid(54321)
print(load({})[0].out, open_store("s3://bucket/prefix").url)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become a user without a home")
def test_a_user_without_a_home_has_no_file() -> None:
    ran = subprocess.run([sys.executable, "-c", WITHOUT_HOME], cwd="/", capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("onbrief-runs s3://bucket/prefix\n", "")
