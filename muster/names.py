"""Every message name, id scheme, task queue and search attribute: strings only, so that anyone may import it."""

import hashlib
import uuid
from typing import Final

TASK_QUEUE: Final = "muster"
CHAT_QUEUE: Final = "muster-chat"
CONFERENCE_QUEUE: Final = "muster-conference"
TRACKER_QUEUE: Final = "muster-tracker"
STATUS_QUEUE: Final = "muster-status"

DRILL: Final = "DRILL "
"""Stands before every text of a drill."""

OWN_KEY: Final = "cli-"
"""Begins the key of a declaration that was given none."""

DEPLOYMENT: Final = "muster"
"""Temporal's worker deployment; its versions are our builds."""

INCIDENT: Final = "Incident"
LEDGER: Final = "Ledger"
LEDGER_PAGE: Final = "LedgerPage"
OVERRIDES: Final = "Overrides"
AUDITOR: Final = "Auditor"
SERVICE: Final = "Service"

LEDGER_ID: Final = "ledger"
OVERRIDES_ID: Final = "overrides"
AUDITOR_ID: Final = "auditor"
AUDITOR_SCHEDULE: Final = "muster-auditor"
AUDIT_LOOK: Final = "audit.look"
READING: Final = "Reading"
RECORD_READ: Final = "tracker.record"

ASSIGN_ROLE: Final = "assign_role"
POST_UPDATE: Final = "post_update"
ADD_NOTE: Final = "add_note"
CHANGE_SEVERITY: Final = "change_severity"
RESOLVE: Final = "resolve"
REOPEN: Final = "reopen"
MERGE: Final = "merge"
CANCEL: Final = "cancel"
RETRY_EFFECT: Final = "retry_effect"
"""Re-arms an effect that needs a human."""
COMMANDS: Final = (
    ASSIGN_ROLE,
    POST_UPDATE,
    ADD_NOTE,
    CHANGE_SEVERITY,
    RESOLVE,
    REOPEN,
    MERGE,
    CANCEL,
    RETRY_EFFECT,
)
"""What people and machines may ask of an incident: each a signal and an update of the same name."""

REPORT_ALERTS: Final = "report_alerts"
"""From the service to its incident: alerts that started or stopped."""
ABSORB: Final = "absorb"
"""From an incident to the one it is merged into."""
REGISTERED: Final = "registered"
"""An update that answers once the incident has a number."""

SNAPSHOT: Final = "snapshot"
TIMELINE: Final = "timeline"
RECORD: Final = "record"
"""A query: the facts themselves, from which the state can be built again."""

LEDGER_REGISTER: Final = "register"
LEDGER_CLOSE: Final = "close"
LEDGER_REOPEN: Final = "reopen"
LEDGER_END: Final = "end"
LEDGER_RECORD: Final = "record"
LEDGER_CLAIM: Final = "claim"
LEDGER_ENTRY: Final = "entry"
"""An update: the entry of one number, wherever it is kept, or null."""
LEDGER_OPEN: Final = "open"
"""A query: the entries of all open incidents and of what closed inside the longest window."""
LEDGER_RECENT: Final = "recent"
"""A query: the entries that the ledger itself still carries, the newest first."""
PAGE_STORE: Final = "store"
PAGE_LOOKUP: Final = "lookup"

STAND_IN: Final = "stand_in"
WITHDRAW: Final = "withdraw"
"""To the overrides, each a signal and an update of the same name."""
STANDING: Final = "standing"
"""A query: who stands in on which rotation, now or later."""

SERVICE_ALERTS: Final = "alerts"
"""A signal with one batch of alerts of one service."""
SERVICE_INCIDENT: Final = "incident"
"""A signal from an incident to a service that it affects: opened, asked, closed."""

SEARCH_ATTRIBUTES: Final = {
    "IncidentNumber": "Int",
    "IncidentSeverity": "Keyword",
    "IncidentPhase": "Keyword",
    "IncidentService": "Keyword",
    "IncidentManager": "Keyword",
    "IncidentDeclaredAt": "Datetime",
}


def incident_id(key: str | None) -> str:
    """Return the workflow id of the incident declared with this key; a random one without a key."""
    return f"incident-{digest(key)}" if key else f"incident-{uuid.uuid4()}"


def probe_id() -> str:
    """Return the workflow id of a probe, which is an incident that is none."""
    return f"probe-{uuid.uuid4()}"


def reading_id() -> str:
    """Return the workflow id of one look into the tracker."""
    return f"reading-{uuid.uuid4()}"


def service_id(service: str) -> str:
    """Return the workflow id of a service; names are hashed because ids must not carry foreign text."""
    return f"service-{digest(service)}"


def ledger_page_id(number: int) -> str:
    """Return the workflow id of the page that keeps this number once the ledger has let it go."""
    return f"ledger-page-{number // 1000}"


def ledger_keys_id(key_digest: str) -> str:
    """Return the workflow id of the page that keeps this key's digest."""
    return f"ledger-keys-{key_digest[:2]}"


def digest(text: str) -> str:
    """Return the first 26 hex digits of the text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:26]
