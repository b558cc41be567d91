"""Whom an update is for and what public status it states."""

from enum import StrEnum


class Audience(StrEnum):
    """Those outside the incident team who hear of it."""

    END_USERS = "end-users"
    ESTAFF = "estaff"
    SUPPORT = "support"
    EMPLOYEES = "employees"


class Status(StrEnum):
    """The public status of an incident."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
