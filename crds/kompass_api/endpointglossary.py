"""What the words of a ModelEndpoint's status mean, for docs/reference.md. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kompass_api.endpointconditions import EndpointCondition, EndpointReason

ENDPOINT_CONDITIONS: Final[Mapping[EndpointCondition, str]] = {
    EndpointCondition.REACHABLE: "The server answered the operator.",
    EndpointCondition.AUTHENTICATED: "The server lets the shards in. What only a key can show is "
    "learned from the shards.",
    EndpointCondition.MODEL_SERVED: "The server has the model.",
    EndpointCondition.READY: "Nothing that is known stands in the way of asking the model. While a "
    "run needs it, False keeps its shards from starting.",
    EndpointCondition.RECONCILING: "The operator is bringing the endpoint up (kstatus).",
    EndpointCondition.STALLED: "It waits for a person (kstatus).",
}

ENDPOINT_REASONS: Final[Mapping[EndpointReason, str]] = {
    EndpointReason.HEALTHY: "The server answers and has the model, as far as can be seen.",
    EndpointReason.IDLE: "No unfinished run needs the model, so nobody looks.",
    EndpointReason.SCALED_TO_ZERO: "The managed server is stopped until a run needs it.",
    EndpointReason.LOADED_BY_SHARDS: "No server: shards load the weights themselves.",
    EndpointReason.NOT_PROBED: "`serving.probe.mode` is Off; shards find out themselves.",
    EndpointReason.PROBING: "A run needs the model, and the operator is about to look.",
    EndpointReason.STARTING: "The managed server's pod starts.",
    EndpointReason.LOADING: "The server is up and loads the model (503).",
    EndpointReason.RATE_LIMITED: "The server is busy (429). Shards slow down by themselves.",
    EndpointReason.KEY_NEEDED: "The server wants the key, which the operator never reads: the "
    "shards will show whether it opens.",
    EndpointReason.CONNECTION_REFUSED: "Nothing listens at the address. Start the server.",
    EndpointReason.CONNECTION_FAILED: "No connection, or one that broke. Check routes and network "
    "policies.",
    EndpointReason.DNS_FAILURE: "The host's name is not known. Mend `serving.url`.",
    EndpointReason.TLS_ERROR: "The server's certificate is not trusted, or TLS fails.",
    EndpointReason.TIMEOUT: "No answer in time.",
    EndpointReason.SERVER_ERROR: "The server fails (5xx).",
    EndpointReason.REDIRECTED: "The server redirects, which is not followed. Write the address it "
    "means into `serving.url`.",
    EndpointReason.UNEXPECTED_ANSWER: "The answer is not one of the protocol. Does `serving.url` "
    "end where /chat/completions begins?",
    EndpointReason.UNAUTHORIZED: "The server refuses the key, or wants one and none is named.",
    EndpointReason.MODEL_NOT_SERVED: "The server does not know `serving.model`.",
    EndpointReason.MODEL_LOAD_FAILED: "The managed server does not come up; it is stopped until "
    "the endpoint is changed.",
    EndpointReason.UNSCHEDULABLE: "The managed server finds no node. Waits.",
    EndpointReason.IMAGE_UNAVAILABLE: "The managed server's image cannot be pulled.",
    EndpointReason.SECRET_MISSING: "A Secret that the managed server needs does not exist.",
    EndpointReason.QUOTA_EXCEEDED: "The namespace's ResourceQuota has no room for the server.",
    EndpointReason.NAME_COLLISION: "A Deployment or Service of the server's name belongs to "
    "something else.",
    EndpointReason.INVALID_SPEC: "The API server refuses what the endpoint asks for.",
}
