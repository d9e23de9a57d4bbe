"""Kubernetes objects as dicts, one pure function a kind."""

from kompass_operator.manifests.documents import config_map
from kompass_operator.manifests.events import event
from kompass_operator.manifests.jobs import job
from kompass_operator.manifests.networks import network_policy

__all__ = ["config_map", "event", "job", "network_policy"]
