"""A server that Kompass runs for a model: what is started, with what, and how long it is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from kompass_api.images import ImageReference
from kompass_api.placement import Gpu, Placement, Resources
from kompass_api.resources import ApiModel, DnsName, RuledModel
from kompass_api.rules import KeyedBy, Shape, rule
from kompass_api.serving import Provider
from kompass_api.sources import Source

SERVER_PORT: Final = 8000
"""Where every managed server listens."""

_LONGEST_NAME: Final = 63


class ManagedServer(StrEnum):
    """A program that serves a model: its command, and its habits when it is asked."""

    LMDEPLOY = "LMDeploy"
    VLLM = "vLLM"
    SGLANG = "SGLang"
    TRANSFORMERS = "Transformers"
    """`transformers serve`, which knows a model by its folder."""
    LLAMA_CPP = "LlamaCpp"
    CUSTOM = "Custom"
    """Any other, with a command of its own."""

    @property
    def provider(self) -> Provider | None:
        """Whose habits it has, where they are known."""
        return _PROVIDERS.get(self)

    @property
    def takes_adapters(self) -> bool:
        """Whether Kompass knows how to tell it of adapters."""
        return self in {ManagedServer.LMDEPLOY, ManagedServer.VLLM, ManagedServer.SGLANG}


_PROVIDERS: Final = {
    ManagedServer.LMDEPLOY: Provider.LMDEPLOY,
    ManagedServer.VLLM: Provider.VLLM,
    ManagedServer.SGLANG: Provider.SGLANG,
}


class ServedAdapter(ApiModel):
    """A PEFT adapter that the server offers beside its model."""

    name: Annotated[
        str,
        Field(description="Name that requests ask for.", min_length=1, max_length=63),
        Shape(
            r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$",
            "an adapter's name has letters, digits, '.', '_' and '-', such as tuned-2",
        ),
    ]
    source: Annotated[
        Source, Field(description="Folder with adapter_config.json and adapter_model.safetensors.")
    ]


class Variable(RuledModel):
    """An environment variable of the server, which is no secret."""

    name: Annotated[
        str,
        Field(description="Its name.", min_length=1, max_length=128),
        Shape(r"^[A-Za-z_][A-Za-z0-9_]*$", "a variable's name has letters, digits and '_'"),
    ]
    value: Annotated[str, Field(description="Its value.", max_length=1024)]

    @rule(
        "!self.name.startsWith('KOMPASS_')",
        "variables that begin with KOMPASS_ are set by Kompass: choose another name",
        field=".name",
    )
    def _is_not_reserved(self) -> bool:
        return not self.name.startswith("KOMPASS_")


Word = Annotated[str, Field(max_length=1024)]
"""One argument of a command."""


class Managed(RuledModel):
    """A server that is started when a run needs the model and stopped when none does."""

    server: Annotated[
        ManagedServer,
        Field(description="What serves the model. Custom needs command; the others have one."),
    ]
    image: Annotated[ImageReference, Field(description="Image that has the server.")]
    image_pull_secrets: Annotated[
        list[DnsName], Field(description="Secrets that open the registry.", max_length=8)
    ] = []
    command: Annotated[
        list[Word],
        Field(
            description="In place of the server's own command. $(KOMPASS_MODEL_PATH), "
            "$(KOMPASS_MODEL_NAME) and $(KOMPASS_PORT) are replaced.",
            max_length=64,
        ),
    ] = []
    args: Annotated[
        list[Word],
        Field(
            description="More arguments, behind the command's own, such as --max-model-len.",
            max_length=64,
        ),
    ] = []
    env: Annotated[
        list[Variable],
        Field(description="Environment variables; no secrets.", max_length=64),
        KeyedBy("name"),
    ] = []
    source: Annotated[
        Source | None,
        Field(
            description="Where the server's weights lie. Left out: spec.source, which otherwise "
            "is the tokenizer alone."
        ),
    ] = None
    file: Annotated[
        str,
        Field(
            description="File below the source that is loaded, for servers that take one (LlamaCpp:"
            " model.gguf). Left out: the folder.",
            max_length=256,
        ),
        Shape(
            r"^([A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*)?$",
            "file must be a path below the source, such as model-Q4_K_M.gguf",
        ),
    ] = ""
    adapters: Annotated[
        list[ServedAdapter],
        Field(
            description="PEFT adapters (LMDeploy, vLLM, SGLang). serving.model names the one "
            "that is asked.",
            max_length=16,
        ),
        KeyedBy("name"),
    ] = []
    trust_remote_code: Annotated[
        bool,
        Field(
            description="The server may run Python code that comes with the model. Its source "
            "must be pinned, as for spec.trustRemoteCode."
        ),
    ] = False
    health_path: Annotated[
        str,
        Field(description="Answers 200 once the model is loaded.", max_length=256),
        Shape(r"^/[!-~]*$", "healthPath must begin with '/', such as /health"),
    ] = "/health"
    replicas: Annotated[int, Field(description="Servers at a time.", ge=1, le=16)] = 1
    idle_seconds: Annotated[
        int,
        Field(description="How long the server is kept when no run needs it.", ge=0, le=86_400),
    ] = 900
    startup_seconds: Annotated[
        int,
        Field(
            description="How long it may take until the model answers. After that the server is "
            "stopped, and started again when the endpoint is changed.",
            ge=10,
            le=86_400,
        ),
    ] = 3600
    resources: Annotated[Resources, Field(description="CPU and memory of a server.")] = Resources()
    gpu: Annotated[
        Gpu | None,
        Field(description="GPUs of a server; one nvidia.com/gpu where device is CUDA."),
    ] = None
    placement: Annotated[Placement, Field(description="Where servers may run.")] = Placement()

    @rule(
        "self.server != 'Custom' || size(self.command) > 0",
        "server Custom needs command: only you know how it is started; say --port $(KOMPASS_PORT)",
        field=".command",
    )
    def _custom_servers_have_a_command(self) -> bool:
        return self.server is not ManagedServer.CUSTOM or bool(self.command)

    @rule(
        "size(self.adapters) == 0 || (self.server in ['LMDeploy', 'vLLM', 'SGLang'] && "
        "size(self.command) == 0)",
        "adapters belong to server LMDeploy, vLLM or SGLang with its own command: remove them, or "
        "say in command how your server takes them",
        field=".adapters",
    )
    def _adapters_are_understood(self) -> bool:
        return not self.adapters or (self.server.takes_adapters and not self.command)

    @rule(
        "!(self.command + self.args).exists(word, word.contains('trust-remote-code') || "
        "word.contains('trust_remote_code'))",
        "remote code is allowed by trustRemoteCode, with a pinned source: set it, and remove the "
        "argument",
        field=".args",
    )
    def _remote_code_is_not_smuggled(self) -> bool:
        return not any(
            "trust-remote-code" in word or "trust_remote_code" in word
            for word in (*self.command, *self.args)
        )

    @rule(
        "self.server != 'LlamaCpp' || size(self.file) > 0 || size(self.command) > 0",
        "server LlamaCpp loads one file: set file, such as model-Q4_K_M.gguf",
        field=".file",
    )
    def _llama_cpp_loads_a_file(self) -> bool:
        return self.server is not ManagedServer.LLAMA_CPP or bool(self.file) or bool(self.command)


def server_name(endpoint: str) -> str:
    """Name of the Deployment and Service of an endpoint's server."""
    name = f"kompass-model-{endpoint}"
    if len(name) <= _LONGEST_NAME:
        return name
    digits = hashlib.sha256(endpoint.encode()).hexdigest()[:8]
    return f"{name[: _LONGEST_NAME - 9].rstrip('-')}-{digits}"


def server_url(namespace: str, endpoint: str) -> str:
    """Base URL of a managed server, inside the cluster."""
    return f"http://{server_name(endpoint)}.{namespace}.svc:{SERVER_PORT}/v1"


def sources_of(managed: Managed, own: Source | None) -> Iterator[Source]:
    """Everything that a managed server's pod fetches: its weights, then its adapters."""
    weights = managed.source or own
    if weights is not None:
        yield weights
    yield from (adapter.source for adapter in managed.adapters)
