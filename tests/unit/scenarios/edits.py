"""Strategies for EvalRun specs and for what may change in them while a run goes on."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Spec = dict[str, Any]


def executions() -> st.SearchStrategy[Spec]:
    """What spec.execution may be from the start; nothing is suspended for ever."""
    return st.fixed_dictionaries(
        {"parallelism": st.integers(1, 6)},
        optional={
            "suspend": st.booleans(),
            "deadlineSeconds": st.integers(50_000, 90_000),
            "shardDeadlineSeconds": st.integers(60, 90_000),
        },
    )


def retries() -> st.SearchStrategy[Spec]:
    """What spec.retry may be."""
    return st.fixed_dictionaries({}, optional={"maxAttemptsPerShard": st.integers(1, 10)})


def cleanups() -> st.SearchStrategy[Spec]:
    """What spec.cleanup may be; so late that nothing goes while one looks."""
    return st.fixed_dictionaries(
        {}, optional={"ttlSecondsAfterFinished": st.integers(100_000, 31_536_000)}
    )


def specs() -> st.SearchStrategy[Spec]:
    """The parts of a spec that may change."""
    return st.fixed_dictionaries(
        {"execution": executions(), "retry": retries(), "cleanup": cleanups()}
    )


def after(first: Spec, second: Spec) -> Spec:
    """The second spec as the API server takes it after the first: deadlines only grow."""
    before = first["execution"].get("deadlineSeconds")
    wanted = second["execution"].get("deadlineSeconds")
    if wanted is None or (before is not None and wanted >= before):
        return second
    execution = {
        key: value for key, value in second["execution"].items() if key != "deadlineSeconds"
    }
    return {**second, "execution": execution}
