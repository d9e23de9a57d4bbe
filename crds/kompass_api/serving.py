"""How a served model is reached: where it is, how often it may be asked, and who pays."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from kompass_api.quantities import Decimal
from kompass_api.resources import ApiModel, DnsLabel, RuledModel
from kompass_api.rules import KeyedBy, Shape, rule

SPARK_KEYS: Final = ("SPARK_APP_ID", "SPARK_API_KEY", "SPARK_API_SECRET")
"""What a Secret for XunFei Spark holds: its requests are signed with all three."""

DEFAULT_KEY: Final = "API_KEY"
"""Key of a Secret that holds the API key, where none is named."""

_SECRET_HEADERS: Final = (
    "authorization",
    "proxy-authorization",
    "cookie",
    "api-key",
    "x-api-key",
    "x-goog-api-key",
)


class Provider(StrEnum):
    """Whose OpenAI-compatible server it is: its public URL, if it has one, and its habits."""

    OPENAI = "OpenAI"
    DEEPSEEK = "DeepSeek"
    QWEN = "Qwen"
    ZHIPU = "Zhipu"
    MOONSHOT = "Moonshot"
    DOUBAO = "Doubao"
    MINIMAX = "MiniMax"
    HUNYUAN = "Hunyuan"
    BAICHUAN = "Baichuan"
    STEPFUN = "StepFun"
    YI = "Yi"
    VLLM = "vLLM"
    SGLANG = "SGLang"
    LMDEPLOY = "LMDeploy"
    OLLAMA = "Ollama"

    @property
    def url(self) -> str | None:
        """Its public base URL; None where people run it themselves."""
        return _PROVIDER_URLS.get(self)

    @property
    def is_yours(self) -> bool:
        """Whether people run this server themselves, so that only they know its URL."""
        return self in {Provider.VLLM, Provider.SGLANG, Provider.LMDEPLOY, Provider.OLLAMA}


_PROVIDER_URLS: Final[Mapping[Provider, str]] = {
    Provider.OPENAI: "https://api.openai.com/v1",
    Provider.DEEPSEEK: "https://api.deepseek.com/v1",
    Provider.QWEN: "https://dashscope.aliyuncs.com/compatible-mode/v1",
    Provider.ZHIPU: "https://open.bigmodel.cn/api/paas/v4",
    Provider.MOONSHOT: "https://api.moonshot.cn/v1",
    Provider.DOUBAO: "https://ark.cn-beijing.volces.com/api/v3",
    Provider.MINIMAX: "https://api.minimaxi.com/v1",
    Provider.HUNYUAN: "https://api.hunyuan.cloud.tencent.com/v1",
    Provider.BAICHUAN: "https://api.baichuan-ai.com/v1",
    Provider.STEPFUN: "https://api.stepfun.com/v1",
    Provider.YI: "https://api.lingyiwanwu.com/v1",
}


class ServedPath(StrEnum):
    """Which of a server's doors is used."""

    CHAT = "Chat"
    """Messages, through the server's chat template."""
    COMPLETIONS = "Completions"
    """Plain text; likelihoods, where the server gives them."""


class Thinking(StrEnum):
    """Whether a model that can reason before it answers does so."""

    DEFAULT = "Default"
    """As the server has it."""
    ON = "On"
    OFF = "Off"


class ReasoningEffort(StrEnum):
    """How long a model may reason, in OpenAI's words."""

    MINIMAL = "Minimal"
    LOW = "Low"
    MEDIUM = "Medium"
    HIGH = "High"


class ReasoningOutput(StrEnum):
    """What becomes of what a model thinks aloud before it answers."""

    SEPARATE = "Separate"
    """Kept beside the answer; only the answer is scored."""
    PREPEND = "Prepend"
    """Reasoning, `</think>` and answer are one text, as OpenCompass has them."""


class SecretKey(ApiModel):
    """A key of a Secret in the run's namespace."""

    name: Annotated[DnsLabel, Field(description="Secret in the run's namespace.")]
    key: Annotated[
        Annotated[
            str,
            Field(min_length=1, max_length=253),
            Shape(
                r"^[-._a-zA-Z][-._a-zA-Z0-9]*$",
                "key must be a key of the Secret: letters, digits, '-', '_' and '.', such as "
                "OPENAI_API_KEY",
            ),
        ]
        | None,
        Field(
            description=f"Key in the Secret. Left out: {DEFAULT_KEY}. `kompass run` reads the "
            "environment variable of this name (if it ends in API_KEY), else "
            "KOMPASS_SECRET__<NAME>__<key>."
        ),
    ] = None


class Header(RuledModel):
    """A header of every request."""

    name: Annotated[
        str,
        Field(description="Name of the header.", min_length=1, max_length=128),
        Shape(r"^[A-Za-z0-9-]+$", "a header's name has letters, digits and '-', such as X-Team"),
    ]
    value: Annotated[
        str,
        Field(description="Its value, which is no secret.", max_length=1024),
        Shape(r"^[ -~]*$", "a header's value has printable ASCII characters only"),
    ]

    @rule(
        f"!(self.name.lowerAscii() in {list(_SECRET_HEADERS)})",
        "headers hold no credentials: put the key into a Secret and name it in apiKeySecretRef",
        field=".name",
    )
    def _holds_no_credentials(self) -> bool:
        return self.name.lower() not in _SECRET_HEADERS


class Reasoning(ApiModel):
    """What is asked of a model that reasons before it answers."""

    thinking: Annotated[
        Thinking, Field(description="Default leaves it to the server; On and Off ask for it.")
    ] = Thinking.DEFAULT
    effort: Annotated[
        ReasoningEffort | None, Field(description="How long it may reason, where a server asks.")
    ] = None
    budget_tokens: Annotated[
        int | None,
        Field(description="Tokens it may reason (Anthropic, Gemini, Qwen).", ge=128, le=1_048_576),
    ] = None
    output: Annotated[
        ReasoningOutput,
        Field(
            description="Separate keeps reasoning beside the answer and scores the answer; Prepend "
            "makes them one text, as OpenCompass does."
        ),
    ] = ReasoningOutput.SEPARATE
    tag: Annotated[
        str,
        Field(
            description="Name of the tags around reasoning in an answer's text. Empty: the text "
            "is taken as it is.",
            max_length=32,
        ),
        Shape(r"^[a-zA-Z0-9_-]*$", "a tag has letters, digits, '_' and '-', such as think"),
    ] = "think"


class ProbeMode(StrEnum):
    """Who looks whether the server is there before a shard asks it."""

    OPERATOR = "Operator"
    OFF = "Off"
    """Nobody: for a server that the shards reach and the operator does not."""


class Probe(ApiModel):
    """How the operator looks for the server while a run needs it; without the key, always."""

    mode: Annotated[
        ProbeMode,
        Field(
            description="Operator looks, and no shard starts while the server is away. Off: shards "
            "start at once and find out themselves."
        ),
    ] = ProbeMode.OPERATOR
    interval_seconds: Annotated[
        int,
        Field(description="Least pause between two looks; up to twice as long.", ge=10, le=600),
    ] = 30
    timeout_seconds: Annotated[
        int, Field(description="How long one look may take.", ge=1, le=30)
    ] = 5
    failure_threshold: Annotated[
        int,
        Field(description="Looks in a row that fail before a ready server is away.", ge=1, le=10),
    ] = 2
    generation: Annotated[
        bool,
        Field(
            description="Ask a server that wants no key for one token before it counts as ready."
        ),
    ] = True


class Serving(RuledModel):
    """A model that runs elsewhere: its server, its name there, the key, and the limits."""

    provider: Annotated[
        Provider | None,
        Field(
            description="Backend OpenAI: whose server it is. Left out: any that speaks OpenAI's "
            "protocol."
        ),
    ] = None
    url: Annotated[
        Annotated[
            str,
            Field(max_length=512),
            Shape(
                r"^(https?|wss?)://[^\s/?#]+(/[^\s?#]*)?$",
                "url must be the server's base URL, such as http://llama.models.svc:8000/v1",
            ),
        ]
        | None,
        Field(
            description="Base URL, up to where /chat/completions begins. Left out: the provider's "
            "public one."
        ),
    ] = None
    model: Annotated[
        str,
        Field(
            description="Name of the model at the server; for Spark a version, such as 4.0Ultra.",
            min_length=1,
            max_length=256,
        ),
        Shape(r"^[!-~]+$", "model must be the name that the server knows, without spaces"),
    ]
    api_key_secret_ref: Annotated[
        SecretKey | None,
        Field(
            description="Secret with the API key. Spark reads SPARK_APP_ID, SPARK_API_KEY and "
            "SPARK_API_SECRET of it. Left out: no key is sent."
        ),
    ] = None
    path: Annotated[
        ServedPath | None,
        Field(
            description="Chat or Completions. Left out: Chat for modelType Chat, Completions for "
            "Base."
        ),
    ] = None
    headers: Annotated[
        list[Header],
        Field(description="Headers of every request; no secrets.", max_length=16),
        KeyedBy("name"),
    ] = []
    concurrency: Annotated[
        int, Field(description="Requests under way at a time, per shard.", ge=1, le=1024)
    ] = 8
    requests_per_minute: Annotated[
        int | None,
        Field(description="Requests a minute, per shard. Left out: no limit.", ge=1, le=1_000_000),
    ] = None
    tokens_per_minute: Annotated[
        int | None,
        Field(
            description="Tokens read and written a minute, per shard. Left out: no limit.",
            ge=1,
            le=1_000_000_000,
        ),
    ] = None
    timeout_seconds: Annotated[
        int, Field(description="How long one answer is waited for.", ge=1, le=86_400)
    ] = 600
    retry_deadline_seconds: Annotated[
        int,
        Field(
            description="How long one question is tried again when the server is busy, broken or "
            "away. After that the shard ends and its Job tries again.",
            ge=0,
            le=86_400,
        ),
    ] = 600
    temperature: Annotated[
        Decimal | None,
        Field(
            description="Temperature of every answer. Left out: the benchmark's (0: the likeliest "
            "token)."
        ),
    ] = None
    send_sampling: Annotated[
        bool,
        Field(
            description="Send temperature and top_p. Set it to false for a model that refuses them."
        ),
    ] = True
    reasoning: Annotated[Reasoning, Field(description="What is asked of a model that reasons.")] = (
        Reasoning()
    )
    probe: Annotated[
        Probe, Field(description="How the operator looks for the server; not in this release.")
    ] = Probe()

    @rule(
        "!has(self.url) || !self.url.contains('@')",
        "url must not hold a user or password: put the key into a Secret and name it in "
        "apiKeySecretRef",
        field=".url",
    )
    def _url_holds_no_password(self) -> bool:
        return self.url is None or "@" not in self.url
