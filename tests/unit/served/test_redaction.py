"""What people see of a server's words."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from kompass_worker.backends.served.redaction import READ, Redactor

KEYS = [
    pytest.param("sk-made-up_0.123", id="plain"),
    pytest.param("c2/made+up==", id="base64"),
    pytest.param("a b&c<d>'\"~", id="punctuation"),
    pytest.param("back\\\\slash\\", id="backslashes"),
    pytest.param("tab\tinside", id="tab"),
    pytest.param("schl\u00fcssel\u5bc6\U0001f511", id="not-ascii"),
]
FORMS: list[Callable[[str], str]] = [
    str,
    lambda key: repr(key)[1:-1],
    lambda key: json.dumps(key)[1:-1],
    lambda key: json.dumps(key, ensure_ascii=False)[1:-1],
    lambda key: json.dumps(json.dumps(key)[1:-1])[1:-1],
    lambda key: json.dumps(key)[1:-1].replace("/", r"\/"),
    quote,
    quote_plus,
    lambda key: quote(key, safe="").lower(),
    lambda key: quote(quote(key, safe=""), safe=""),
    html.escape,
]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("form", FORMS)
def test_a_key_in_any_form_is_replaced(key: str, form: Callable[[str], str]) -> None:
    assert Redactor((key,)).words(f"got {form(key)}, why") == "got [key], why"


@pytest.mark.parametrize(
    ("secrets", "raw", "words"),
    [
        pytest.param((), "no key", "no key", id="no-keys"),
        pytest.param(("", " "), "no key", "no key", id="empty"),
        pytest.param(("sk-1", "sk-12"), "not sk-12, sk-1", "not [key], [key]", id="one-in-another"),
        pytest.param(("sk-1\n",), "Bearer sk-1!", "Bearer [key]!", id="a-files-line-break"),
        pytest.param(
            ("sk-1",),
            "GET /chat?authorization=YXBpX2tleQ%3D%3D&date=1",
            "GET /chat?authorization=[key]&date=1",
            id="signed-address",
        ),
        pytest.param((), " a\n\t b\u3000c ", "a b c", id="one-line"),
        pytest.param((), "a\x1b[2Jb\x9bc\x7f", r"a\x1b[2Jb\x9bc\x7f", id="control-characters"),
        pytest.param((), "a\u202eb\u2066c\u200b", r"a\u202eb\u2066c\u200b", id="directions"),
        pytest.param((), "x" * 301, "x" * 300 + "...", id="long"),
        pytest.param(("k" * 40,), "x" * 290 + "k" * 40, "x" * 290 + "[key]", id="key-at-the-cut"),
    ],
)
def test_words(secrets: tuple[str, ...], raw: str, words: str) -> None:
    assert Redactor(secrets).words(raw) == words


@pytest.mark.timeout(5)
@pytest.mark.parametrize("unit", ["\\", "%25", "&#0", "k\\", "kk/", " "])
def test_hostile_words_take_no_time(unit: str) -> None:
    redactor = Redactor(("k" * 60 + "/" * 60 + "\\" * 60 + "x",))
    assert len(redactor.words(unit * (READ // len(unit)))) <= 303


def test_a_redactor_does_not_show_its_keys() -> None:
    assert "sk-1" not in repr(Redactor(("sk-1",)))
