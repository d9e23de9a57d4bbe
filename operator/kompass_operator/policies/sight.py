"""What is known of the policies for a namespace, as a decision sees it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from kompass_api.evalpolicy import EvalPolicy
from kompass_api.resolution import Problem


@dataclass(frozen=True)
class PolicySight:
    """The policies for a run's namespace, and the GPUs that others hold there."""

    policies: tuple[EvalPolicy, ...] = ()
    unreadable: tuple[Problem, ...] = ()
    """Why it is not known what is allowed; until it is, nothing is."""
    gpus_elsewhere: int = 0
    """GPUs of the open Jobs of the namespace's other runs."""
    older_waits: bool = False
    """An older run of the namespace waits for GPUs."""

    @property
    def gpu_limit(self) -> int | None:
        """GPUs of the namespace, where a policy says."""
        limits = [policy.spec.limits.max_gpus_per_namespace for policy in self.policies]
        return min((limit for limit in limits if limit is not None), default=None)
