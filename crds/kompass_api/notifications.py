"""Who is told of a run's end, and what they are told."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field

from kompass_api.resources import ApiModel, DnsLabel
from kompass_api.status import HeadlineScore

MAX_NOTIFICATIONS: Final = 8
TOLD_SCORES: Final = 10
"""Numbers of the headline that a message has."""


class ChannelType(StrEnum):
    """Where a message goes."""

    FEISHU = "Feishu"
    SLACK = "Slack"
    DINGTALK = "DingTalk"
    WECOM = "WeCom"
    WEBHOOK = "Webhook"
    EMAIL = "Email"


class RunEnd(StrEnum):
    """How a run ends."""

    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


class Notification(ApiModel):
    """A message at the run's end."""

    name: Annotated[DnsLabel, Field(description="Tells it from the others.")]
    type: Annotated[ChannelType, Field(description="Where it goes; Feishu is also Lark.")]
    secret_name: Annotated[
        DnsLabel,
        Field(
            description="Secret of the namespace: url, and secret where messages are signed; for "
            "Email host, port, username, password, from and to."
        ),
    ]
    on: Annotated[
        list[RunEnd],
        Field(description="Ends that are told.", min_length=1, max_length=2),
    ] = [RunEnd.SUCCEEDED, RunEnd.FAILED]


class Notice(ApiModel):
    """What a message says."""

    version: Literal["kompass.dev/notice/v1"] = "kompass.dev/notice/v1"
    id: str
    """The same in every try: who gets a message twice can tell."""
    namespace: str
    run: str
    end: RunEnd
    reason: str
    message: str
    report: str = ""
    """Folder of the report."""
    headline: list[HeadlineScore] = []
    started: str = ""
    ended: str = ""
