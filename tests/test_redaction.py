"""Secrets that are planted in the environment, in URLs and in the answers of services are found nowhere afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from onbrief.cli import main
from onbrief.errors import OnbriefError, UsageError
from onbrief.providers import registry
from onbrief.redaction import REDACTED, redacted
from onbrief.settings import Settings
from tests.aws_lambda.events import deliver, event
from tests.buckets import Service, new_place
from tests.providers.recording import Reply, recording
from tests.providers.wiring import CORE

VARIABLES = {
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYzEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "a session/token+of=this environment",
    "AWS_BEARER_TOKEN_ELSEWHERE": "bearer-of-this-environment",
    "AZURE_STORAGE_ACCOUNT_KEY": "the account key of this environment",
    "SOME_SERVICE_API_KEY": "0123456789abcdef-key",
    "FAL_KEY": "key of three letters",
    "DATABASE_PASSWORD": "correct horse battery",
}
KEY_ID, TOKEN, PASSWORD = "ASIAIOSFODNN7EXAMPLE", "IQoJb3JpZ2luX2VjE" + "Ab1/" * 30, "pass%2Fword"
SECRETS = (
    *VARIABLES.values(),
    *(quote(value, safe="") for value in VARIABLES.values()),
    KEY_ID,
    TOKEN,
    PASSWORD,
    "dQw4w9WgXcQ",
)
MESSAGE = (
    "The request signature we calculated does not match. The Canonical String should have been\n'POST\n/model\n\n"
    f"host:example.org\nx-amz-date:20261122T101500Z\nx-amz-security-token:{TOKEN}\n\nhost;x-amz-security-token\n' "
    f"Authorization: AWS4-HMAC-SHA256 Credential={KEY_ID}/20261122/us-west-2, Signature=dQw4w9WgXcQdQw4w9WgXcQ "
    f"see https://user:{PASSWORD}@example.org/x?X-Amz-Security-Token={quote(TOKEN, safe='')}&X-Amz-Signature=dQw4w9WgXcQ "
    + " ".join(f"{value} {quote(value, safe='')}" for value in VARIABLES.values())
)
SIGNATURE = Reply({"message": MESSAGE}, 403, {"x-amzn-ErrorType": "SignatureDoesNotMatchException"})
BROKEN = Reply({"message": f"{'x' * 480} {MESSAGE}"}, 500, {"x-amzn-ErrorType": "InternalServerException"})
FILTERED = Reply({"seeds": [1], "finish_reasons": [f"Filter reason: prompt {MESSAGE}"], "images": [None]})
STRANGE = Reply(raw=MESSAGE.encode())
NOT_FOUND = Reply(raw=f"<Error><Code>SignatureDoesNotMatch</Code><Message>{MESSAGE}</Message></Error>".encode(), status=403)

PICTURE = ["--image-model", f"bedrock:{CORE}", "--judge", "sandbox:", "--reviser", "sandbox:"]
PLAN = ["--image-model", "sandbox:", "--judge", "sandbox:", "--reviser", "bedrock:"]
JUDGE = ["--no-plan", "--image-model", "sandbox:", "--judge", "bedrock:", "--reviser", "sandbox:"]
RUN = ["run", "a red circle", "--require", "a red circle", "--max-images", "1", "--max-seconds", "5", "--run-id", "one"]


@pytest.fixture(autouse=True)
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**VARIABLES, "AWS_ACCESS_KEY_ID": KEY_ID, "AWS_REGION": "us-west-2"}.items():
        monkeypatch.setenv(name, value)


def require_clean(folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Check that no file of a folder and nothing that was printed has a secret. Return what was printed."""
    texts = {path.name: path.read_bytes().decode("utf-8", "replace") for path in folder.rglob("*") if path.is_file()}
    out, err = capsys.readouterr()
    for where, text in {**texts, "out": out, "err": err}.items():
        assert not [secret for secret in SECRETS if secret in text or json.dumps(secret)[1:-1] in text], where
    return out + err


@pytest.mark.parametrize(
    ("models", "reply"),
    [(PICTURE, SIGNATURE), (PICTURE, BROKEN), (PICTURE, FILTERED), (PICTURE, STRANGE), (PLAN, SIGNATURE), (JUDGE, BROKEN)],
)
def test_an_answer_that_quotes_secrets_leaves_none_in_a_folder(
    models: list[str], reply: Reply, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with recording(reply) as recorder:
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", f"http://user:{PASSWORD}@127.0.0.1:{recorder.port}")
        assert main([*RUN, *models]) not in (0, 2)
        assert main(["show", "one"]) == 0
        assert main(["resume", "one", "--json"]) != 0
        main(["doctor", *models[models.index("--image-model") :]])
        assert recorder.bodies
    assert REDACTED in require_clean(tmp_path, capsys)
    assert (tmp_path / "onbrief-runs" / "one" / "report.html").is_file()


def test_an_endpoint_with_a_password_that_cannot_be_reached_is_shown_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", f"http://user:{PASSWORD}@127.0.0.1:9")
    assert main([*RUN[:-4], "--max-seconds", "0.5", *PICTURE]) == 1
    assert f"http://{REDACTED}@127.0.0.1:9" in require_clean(tmp_path, capsys)


def test_an_answer_that_quotes_secrets_leaves_none_in_a_bucket(
    s3: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = new_place()
    with recording(SIGNATURE) as recorder:
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", f"http://127.0.0.1:{recorder.port}")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", VARIABLES["AWS_SECRET_ACCESS_KEY"])
        assert main([*RUN, *PICTURE, "--out", out]) == 1
    for key in s3.keys(out):
        (tmp_path / key.replace("/", "_")).write_bytes(s3.read(out, key))
    assert len(list(tmp_path.iterdir())) > 3
    require_clean(tmp_path, capsys)


def test_a_bucket_that_quotes_secrets_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with recording(NOT_FOUND) as recorder:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://user:{PASSWORD}@127.0.0.1:{recorder.port}")
        for command in ([*RUN, "--image-model", "sandbox:"], ["list"], ["doctor", "--image-model", "sandbox:"]):
            assert main([*command, "--out", "s3://my-bucket/art"]) != 0
        assert recorder.paths
    assert "SignatureDoesNotMatch" in require_clean(tmp_path, capsys)


def test_the_traceback_of_an_error_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with recording(NOT_FOUND) as recorder:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{recorder.port}")
        assert main(["--debug", *RUN, "--image-model", "sandbox:", "--out", "s3://my-bucket/art"]) == 1
    assert "Traceback" in require_clean(tmp_path, capsys)


def test_the_answer_of_a_function_and_its_log_have_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with recording(SIGNATURE) as recorder:
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", f"http://127.0.0.1:{recorder.port}")
        status, body = deliver(tmp_path, event(image_model=f"bedrock:{CORE}"))
    print(body)
    assert (status, REDACTED in require_clean(tmp_path, capsys)) == (500, True)


@pytest.mark.parametrize(
    "values",
    [
        {"image_model": "squares:big?base_url=https://user:pw@example.org"},
        {"judge": f"openai:gpt?api_key={VARIABLES['SOME_SERVICE_API_KEY']}"},
        {"reviser": "other:model?token=x&key=sk-proj-abcdefghijklmnopqrstuvwxyz"},
        {"out": "s3://user:password@bucket/prefix"},
        {"tables": {"squares": {"endpoint": "http://user:pw@127.0.0.1"}}},
    ],
    ids=str,
)
def test_a_setting_with_a_secret_is_refused_without_repeating_it(values: dict[str, object]) -> None:
    with pytest.raises(UsageError) as caught:
        Settings(**values)  # pyright: ignore[reportArgumentType]
    assert REDACTED in str(caught.value)
    assert "pw" not in str(caught.value)
    assert "variable" in caught.value.hint


async def _asked(planner: object) -> None:
    from onbrief.brief import Brief
    from onbrief.providers.language.roles import TextPlanner

    assert isinstance(planner, TextPlanner)
    async with planner.model.client:  # closes its connections
        await planner.checklist(Brief(text="a red circle"))


@pytest.mark.parametrize("package", ["openai", "anthropic", "google.genai", "groq", "mistralai"])
def test_the_errors_of_every_installed_provider_have_none(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip(package)
    import asyncio

    provider, variable, model = {
        "openai": ("openai", "OPENAI", "gpt-5"),
        "anthropic": ("anthropic", "ANTHROPIC", "claude-sonnet-4-5"),
        "google.genai": ("google", "GOOGLE", "gemini-3-pro"),
        "groq": ("groq", "GROQ", "llama-3"),
        "mistralai": ("mistral", "MISTRAL", "mistral-large"),
    }[package]
    key = "sk-own-key-of-this-test-0123456789"
    with recording(
        Reply({"error": {"message": f"Incorrect API key: {key}. {MESSAGE}", "code": "invalid_api_key"}}, 401)
    ) as recorder:
        monkeypatch.setenv(f"{variable}_API_KEY", key)
        for suffix in ("BASE_URL", "GEMINI_BASE_URL", "API_URL"):
            monkeypatch.setenv(f"{variable}_{suffix}", f"http://127.0.0.1:{recorder.port}/v1")
        with pytest.raises(OnbriefError) as caught:
            asyncio.run(_asked(registry.planner(f"{provider}:{model}")))
    assert not [secret for secret in (*SECRETS, key) if secret in str(caught.value)]


@pytest.mark.parametrize(
    "text",
    [
        "bedrock:arn:aws:bedrock:us-west-2:123456789012:inference-profile/global.anthropic.claude-sonnet-5?max_tokens=2000&top_p=0.9",
        "s3://my-bucket/sk-learn-experiments-in-the-year-2026/000-000.png",
        "https://s3.console.aws.amazon.com/s3/object/my-bucket?region=eu-central-1&prefix=a/b@c.png",
        "Too many tokens per day; the token limit: 4096; input_tokens: 12000",
        "the password is wrong; the signature: bad; Basic plan; bearer of news; cookies",
        "api_key must be set, see OPENAI_API_KEY",
        "a cat called hf_ and a sign that says SECRET",
        f"a picture of sha256 {'0123456789abcdef' * 4} in gs://bucket",
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert redacted(text) == text


@pytest.mark.parametrize(
    "secret", ["sk-ant-api03-" + "a1B2" * 10, "hf_" + "aB1" * 11, "ghp_" + "aB1" * 12, "AIza" + "x1Y2-" * 7]
)
@pytest.mark.parametrize("form", ["{}", "key={}.", '{{"k": "{}"}}', "Bearer {}"])
def test_what_looks_like_a_token_is_redacted(secret: str, form: str) -> None:
    found = redacted(form.format(secret))
    assert secret[8:] not in found
    assert REDACTED in found


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer abc.def~1234",
        "authorization=Basic dXNlcjpwYXNzd29yZA==",
        "{'Authorization': 'Token abcd1234efgh'}",
        '{"x-api-key": "abcd1234efgh"}',
        "Proxy-Authorization: dXNlcjpwYXNzd29yZA",
        "Cookie: session=abcd1234efgh",
        '{\\"aws_session_token\\":\\"abcd1234efgh\\"}',
        "ftp://dXNlcjpwYXNzd29yZA@host",
        "POST /?client_secret=abcd1234efgh&x=1",
        "-----BEGIN RSA PRIVATE KEY-----\nabcd1234efgh\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_what_is_named_like_a_secret_is_redacted(text: str) -> None:
    assert not [secret for secret in ("abc.def~1234", "dXNlcjpwYXNzd29yZA", "abcd1234efgh") if secret in redacted(text)]
