"""iCalendar texts for tests, as teams' tools export them."""

HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n"
TAIL = "END:VCALENDAR\r\n"


def event(summary: str, start: str, end: str, *lines: str, uid: str = "1") -> str:
    """Return an event; ``start`` and ``end`` with their parameters, such as ``;TZID=Europe/Berlin:20260105T090000``."""
    given = (f"SUMMARY:{summary}", f"DTSTART{start}", f"DTEND{end}", *lines)
    body = "".join(f"{line}\r\n" for line in given)
    return f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n{body}END:VEVENT\r\n"


def calendar(*events: str) -> str:
    """Return a calendar of these events."""
    return HEAD + "".join(events) + TAIL
