"""The course of one incident as the rules have it: the checker's own model, made of the recorded facts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tests.chaos.checker.evidence import Incident, Json, instant

WAITS = frozenset({"S1", "S2"})


@dataclass(frozen=True)
class Course:
    """Where an incident stands after a fact."""

    severity: str = "S4"
    worst: str = "S4"
    lowered: bool = False
    """A person has lowered it, and nobody has rated it since."""
    phase: str = "active"
    clock: float | None = None
    """Since when the stability wait runs."""
    number: int | None = None
    imoc: str | None = None
    cmoc: str | None = None
    ocit: frozenset[str] = frozenset()

    @property
    def owes(self) -> bool:
        """Tell whether it may close only after the wait."""
        return self.worst in WAITS

    def rated(self, severity: str) -> "Course":
        """Return it with another severity; the worst stays known."""
        return replace(self, severity=severity, worst=min(self.worst, severity))


def _same(course: Course, _fact: Json) -> Course:
    return course


def _adopted(course: Course, fact: Json) -> Course:
    return replace(course, severity=fact["severity"], worst=fact["severity"])


def _rated(course: Course, fact: Json) -> Course:
    lowered = fact["severity"] > fact["previous"]
    return replace(course.rated(fact["severity"]), lowered=lowered)


def _upgraded(course: Course, _fact: Json) -> Course:
    return course.rated("S2")


def _absorbed(course: Course, fact: Json) -> Course:
    return replace(course, severity=fact["severity"], worst=min(course.worst, fact["worst"]))


def _resolved(course: Course, fact: Json) -> Course:
    clock = None if fact["firing"] else instant(fact["at"])
    return replace(course, phase="resolved", clock=clock)


def _started(course: Course, fact: Json) -> Course:
    return replace(course, clock=instant(fact["at"]))


def _stopped(course: Course, _fact: Json) -> Course:
    return replace(course, clock=None)


def _regressed(course: Course, _fact: Json) -> Course:
    return replace(course, phase="active", clock=None)


def _reopened(course: Course, fact: Json) -> Course:
    worst = course.severity if fact["was_closed"] else course.worst
    return replace(course, phase="active", clock=None, worst=worst)


def _assigned(course: Course, fact: Json) -> Course:
    if fact["role"] == "ocit":
        return replace(course, ocit=course.ocit | {fact["person"]})
    return replace(course, **{fact["role"]: fact["person"]})


def _freed(course: Course, _fact: Json) -> Course:
    return replace(course, cmoc=None)


def _numbered(course: Course, fact: Json) -> Course:
    return replace(course, number=fact["number"])


def _ends(phase: str) -> Callable[[Course, Json], Course]:
    return lambda course, _fact: replace(course, phase=phase, clock=None)


_STEPS: dict[str, Callable[[Course, Json], Course]] = {
    "policy_adopted": _adopted,
    "rated": _rated,
    "upgraded": _upgraded,
    "absorbed": _absorbed,
    "resolved": _resolved,
    "clock_started": _started,
    "clock_stopped": _stopped,
    "regressed": _regressed,
    "reopened": _reopened,
    "role_assigned": _assigned,
    "role_freed": _freed,
    "number_given": _numbered,
    "closed": _ends("closed"),
    "cancelled": _ends("cancelled"),
    "merged": _ends("merged"),
}


def steps(incident: Incident) -> Iterator[tuple[Course, Json, Course]]:
    """Yield each fact with the course before and after it."""
    course = Course()
    for fact in incident.facts:
        after = _STEPS.get(fact["kind"], _same)(course, fact)
        yield course, fact, after
        course = after


def final(incident: Incident) -> Course:
    """Return where all facts together lead."""
    course = Course()
    for _, _, course in steps(incident):  # noqa: B007 - the last one is the answer
        pass
    return course
