"""Where the keys of served models come from: Secrets, or a person's own variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from unit.served.endpoints import endpoint

from kompass_api.outcomes import FailureClass
from kompass_worker.credentials import Credentials
from kompass_worker.errors import AccessDenied

OPENAI = {"apiKeySecretRef": {"name": "llm-keys", "key": "OPENAI_API_KEY"}}
SPARK = {"backend": "Spark"}


@pytest.mark.parametrize(
    ("serving", "environment", "keys"),
    [
        pytest.param({}, {"OPENAI_API_KEY": "x"}, (), id="none-is-named"),
        pytest.param(
            OPENAI, {"KOMPASS_SECRET__LLM_KEYS__OPENAI_API_KEY": "s"}, ("s",), id="of-a-secret"
        ),
        pytest.param(OPENAI, {"OPENAI_API_KEY": "own"}, ("own",), id="a-persons-own"),
        pytest.param(
            OPENAI,
            {"KOMPASS_SECRET__LLM_KEYS__OPENAI_API_KEY": "s", "OPENAI_API_KEY": "own"},
            ("s",),
            id="the-secret-comes-first",
        ),
        pytest.param(
            {"apiKeySecretRef": {"name": "llm"}},
            {"KOMPASS_SECRET__LLM__API_KEY": "s"},
            ("s",),
            id="without-a-name",
        ),
        pytest.param(
            {"apiKeySecretRef": {"name": "llm", "key": "api-key.txt"}},
            {"KOMPASS_SECRET__LLM__api-key.txt": "s"},
            ("s",),
            id="a-file-of-a-secret",
        ),
        pytest.param(
            SPARK,
            {
                "SPARK_APP_ID": "a",
                "SPARK_API_KEY": "b",
                "KOMPASS_SECRET__SPARK__SPARK_API_SECRET": "c",
            },
            ("a", "b", "c"),
            id="spark",
        ),
    ],
)
def test_keys(
    serving: dict[str, Any], environment: Mapping[str, str], keys: tuple[str, ...]
) -> None:
    assert Credentials(environment).api_keys(endpoint(**serving)) == keys


@pytest.mark.parametrize(
    ("serving", "environment"),
    [
        pytest.param(OPENAI, {}, id="nowhere"),
        pytest.param(OPENAI, {"OPENAI_API_KEY": ""}, id="empty"),
        pytest.param(
            {"apiKeySecretRef": {"name": "llm", "key": "AWS_SECRET_ACCESS_KEY"}},
            {"AWS_SECRET_ACCESS_KEY": "for somebody else"},
            id="a-variable-that-is-no-models",
        ),
        pytest.param(SPARK, {"SPARK_API_KEY": "b"}, id="one-of-three"),
    ],
)
def test_a_key_that_is_not_there_is_named(
    serving: dict[str, Any], environment: Mapping[str, str]
) -> None:
    with pytest.raises(AccessDenied, match="is not there or empty") as caught:
        Credentials(environment).api_keys(endpoint(**serving))
    assert caught.value.failure is FailureClass.SECRET_MISSING
