"""What a run's profile changes in prompts and predictions."""

from __future__ import annotations

import pytest
from unit.worker_prompts.forms import (
    BASE,
    CHAT,
    META,
    POOL,
    ROUNDS,
    endpoint_of,
    ppl_of,
    question_of,
    shown,
    spec_of,
)

from kompass_api.evalrun import Profile
from kompass_api.modelendpoint import ModelEndpointSpec
from kompass_worker.prompts import trimmed
from kompass_worker.prompts.profiles import quirks_of
from kompass_worker.prompts.requests import BitsPerCharacter, ScoringRequest, TextRequest

V05, V024, OURS = Profile.OPENCOMPASS_05, Profile.OPENCOMPASS_024, Profile.KOMPASS_1
H0, H1, HQ = "H0答案: ", "H1答案: ", "HQ答案: "
SYSTEM = {"role": "SYSTEM", "prompt": "SYS"}
SERVED = endpoint_of(
    modelType="Chat",
    source=None,
    backend="OpenAI",
    serving={"url": "http://llama.models.svc:8000/v1", "model": "llama"},
)


def test_every_profile_says_its_quirks() -> None:
    assert len({quirks_of(profile) for profile in Profile}) == len(Profile)


@pytest.mark.parametrize(
    ("profile", "endpoint", "expected"),
    [
        pytest.param(V05, CHAT, [("user", f"SYS\n{HQ}\n")], id="0.5"),
        pytest.param(V05, SERVED, [("user", f"SYS\n{HQ}")], id="0.5-served"),
        pytest.param(V024, CHAT, [("user", f"SYS\n{HQ}")], id="0.2.4"),
        pytest.param(OURS, CHAT, [("system", "SYS"), ("user", HQ)], id="kompass"),
    ],
)
def test_who_says_what_a_system_turn_says(
    profile: Profile, endpoint: ModelEndpointSpec, expected: object
) -> None:
    spec = spec_of(prompt={"begin": [SYSTEM], "rounds": ROUNDS}, examples={"ids": []})
    assert shown(question_of(spec, profile=profile), endpoint) == expected


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        pytest.param(V05, f"{H0}\nB\n\n\n{H1}\nA\n\n\n\n\n{HQ}\nA", id="0.5"),
        pytest.param(V024, f"{H0}\nB\n\n\n{H1}\nA\n\n\n\n\n{HQ}\nA", id="0.2.4"),
        pytest.param(OURS, f"{H0}\nB\n{H1}\nA\n{HQ}\nA", id="kompass"),
    ],
)
def test_what_stands_between_the_examples_of_labels(profile: Profile, expected: str) -> None:
    assert shown(question_of(ppl_of(), profile=profile), BASE) == expected


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        pytest.param(V05, f"\n{HQ}", id="0.5"),
        pytest.param(OURS, HQ, id="kompass"),
    ],
)
def test_what_is_left_of_a_place_without_examples(profile: Profile, expected: str) -> None:
    assert shown(question_of(spec_of(), profile=profile), BASE, 0) == expected


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        pytest.param(V05, " ", id="0.5-fills-values-too"),
        pytest.param(OURS, "{id} {answer}", id="kompass-puts-values-in-once"),
    ],
)
def test_placeholders_inside_values(profile: Profile, expected: str) -> None:
    asked = {"question": "{id}", "id": "{answer}", "answer": "A"}
    spec = spec_of(prompt={"text": "{question} {id}"}, examples={"ids": []})
    assert shown(question_of(spec, asked, profile=profile), BASE) == expected


def test_examples_are_filled_again_from_the_question_only_by_opencompass() -> None:
    pool = ({"question": "{name}", "answer": "B"},)
    asked = {"question": "Q", "answer": "A", "name": "N"}
    spec = spec_of(examples={"ids": [0]})
    found = [
        shown(question_of(spec, asked, pool=pool, profile=profile), BASE, 1)
        for profile in (V05, OURS)
    ]
    assert found == ["N答案: \nB\nQ答案: ", "{name}答案: \nB\nQ答案: "]


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        pytest.param(V05, ["A", "B"], id="0.5-sorts"),
        pytest.param(OURS, ["B", "A"], id="kompass-keeps"),
    ],
)
def test_the_order_of_labels_that_tells_equals_apart(profile: Profile, expected: list[str]) -> None:
    spec = ppl_of(prompt={"rounds": ROUNDS, "labels": ["B", "A"]})
    request = question_of(spec, profile=profile).request(0, BASE)
    assert isinstance(request, ScoringRequest)
    assert [held.label for held in request.candidates] == expected


def test_windows_are_whole_only_for_opencompass() -> None:
    spec = spec_of(prompt={"text": "{question}"}, method="BitsPerCharacter", examples={"ids": []})
    found = [question_of(spec, profile=profile).request(0, BASE) for profile in (V05, OURS)]
    whole = []
    for request in found:
        assert isinstance(request, TextRequest)
        assert isinstance(request.what, BitsPerCharacter)
        whole.append(request.what.whole_windows)
    assert whole == [True, False]


WITH_END = endpoint_of(metaTemplate=META)


@pytest.mark.parametrize(
    ("profile", "endpoint", "expected"),
    [
        pytest.param(V024, WITH_END, "B", id="0.2.4-cuts"),
        pytest.param(V05, WITH_END, "so [B]B[/B]\n next", id="0.5-does-not"),
        pytest.param(V024, BASE, "so [B]B[/B]\n next", id="no-meta-template"),
        pytest.param(V024, CHAT, "so [B]B[/B]\n next", id="chat"),
    ],
)
def test_the_role_of_a_prediction(
    profile: Profile, endpoint: ModelEndpointSpec, expected: str
) -> None:
    spec = spec_of(openCompass={"config": "x", "predRole": "BOT"})
    marks = question_of(spec, pool=POOL, profile=profile).marks(endpoint)
    assert trimmed("so [B]B[/B]\n next", marks) == expected


@pytest.mark.parametrize(
    ("prediction", "expected"),
    [
        pytest.param("B[/B]\n<eoa>", "B", id="end-alone"),
        pytest.param("[B]B", "B", id="begin-alone"),
        pytest.param("B", "B", id="neither"),
        pytest.param("[/B]\n[B]B", "B", id="end-before-begin"),
    ],
)
def test_marks_that_are_not_found_cut_nothing(prediction: str, expected: str) -> None:
    spec = spec_of(openCompass={"config": "x", "predRole": "BOT"})
    marks = question_of(spec, profile=V024).marks(WITH_END)
    assert trimmed(prediction, marks) == expected
