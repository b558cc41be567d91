"""Alertmanager's version 4 webhook: read, cleaned, and split into batches of one service each."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from muster.domain.alerts import Alert
from muster.domain.foreign import clean
from muster.domain.service import ALERTMANAGER, BATCH, Sender
from muster.domain.severity import Severity
from muster.messages import AlertBatch, BadInput, bad_input

UNKNOWN = "unknown"
"""The service of alerts that do not have the label."""

ALERTS = 25_000
SERVICES = 1_000
"""Alerts and services of one delivery: each service is a workflow to be started."""

_SERVICE = 200
_SUMMARIES = ("summary", "description", "message")
_WEB = ("https://", "http://")


class TooMany(Exception):
    """A delivery with more than one may have."""


def _texts(value: object) -> object:
    """Let texts pass as they are: some are no valid Unicode, and most are not used."""
    if not isinstance(value, dict):
        message = "must be an object of texts"
        raise ValueError(message)  # noqa: TRY004 - pydantic turns only ValueError into a field error
    for key, text in value.items():
        if not isinstance(text, str):
            message = f"{clean(key, 100)!r} must be text"
            raise ValueError(message)  # noqa: TRY004 - as above
    return value


def _utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        message = "is past what a calendar can say"
        raise ValueError(message) from None


Texts: TypeAlias = Annotated[Any, BeforeValidator(_texts)]
"""A dictionary of texts, checked but not copied."""
Instant: TypeAlias = Annotated[AwareDatetime, AfterValidator(_utc)]


class _Foreign(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class WebhookAlert(_Foreign):
    """One alert; a firing one's ``endsAt`` means nothing."""

    status: Literal["firing", "resolved"]
    labels: Texts
    annotations: Texts = {}
    starts_at: Instant = Field(alias="startsAt")
    ends_at: Instant | None = Field(default=None, alias="endsAt")
    link: Any = Field(default="", alias="generatorURL")
    fingerprint: str = Field(min_length=1, max_length=200)


class Webhook(_Foreign):
    """A delivery: the alerts of one group, all in one state or not."""

    version: Literal["4"]
    alerts: tuple[WebhookAlert, ...]


def read(body: bytes) -> Webhook:
    """Return the delivery. Raises BadInput that names the first wrong field."""
    try:
        document = json.loads(body.decode(errors="replace"))
    except (ValueError, RecursionError) as error:
        message = f"the body is not JSON: {clean(str(error), 200)}"
        raise BadInput(message, None) from None
    if not isinstance(document, dict):
        message = "the body must be a JSON object, as Alertmanager sends it"
        raise BadInput(message, None)
    try:
        return Webhook.model_validate(document)
    except ValidationError as error:
        raise bad_input(error) from None


def batches(
    webhook: Webhook, label: str, severity: Severity, sender: Sender = ALERTMANAGER
) -> Iterator[AlertBatch]:
    """Yield the alerts of each service, a hundred at a time, in the order of the delivery. Raises TooMany."""
    if len(webhook.alerts) > ALERTS:
        message = f"alerts: {len(webhook.alerts)}, of which one delivery has {ALERTS} at most"
        raise TooMany(message)
    services: dict[str, list[Alert]] = {}
    for alert in webhook.alerts:
        service = clean(alert.labels.get(label, ""), _SERVICE) or UNKNOWN
        services.setdefault(service, []).append(_alert(alert, service))
    if len(services) > SERVICES:
        message = (
            f"alerts: of {len(services)} services, of which one delivery has {SERVICES} at most"
        )
        raise TooMany(message)
    for service, alerts in services.items():
        for start in range(0, len(alerts), BATCH):
            part = tuple(alerts[start : start + BATCH])
            yield AlertBatch(service=service, alerts=part, policy_severity=severity, sender=sender)


def _alert(alert: WebhookAlert, service: str) -> Alert:
    firing = alert.status == "firing"
    return Alert(
        fingerprint=alert.fingerprint,
        name=alert.labels.get("alertname", ""),
        service=service,
        firing=firing,
        starts_at=alert.starts_at,
        ends_at=None if firing else alert.ends_at,
        summary=_summary(alert.annotations),
        link=_link(alert),
    )


def _summary(annotations: dict[str, str]) -> str:
    return next((annotations[key] for key in _SUMMARIES if annotations.get(key)), "")


def _link(alert: WebhookAlert) -> str:
    """Return the runbook, or the page of the rule, where that is an address of the web."""
    for link in (alert.annotations.get("runbook_url"), alert.link):
        if isinstance(link, str) and link.startswith(_WEB):
            return link
    return ""
