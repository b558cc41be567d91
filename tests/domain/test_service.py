"""The alerts of one service: gathered into one incident, told to all that are open, whatever comes twice or late."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.domain import service, sightings
from muster.domain.alerts import Alert
from muster.domain.service import Action, Declare, Declared, Report, State, Step, observe
from muster.domain.severity import Severity
from muster.messages import IncidentInput
from muster.names import incident_id

T0 = datetime(2026, 11, 23, 9, 36, tzinfo=UTC)
WEB = State(service="web", origin="run", severity=Severity.S3)


def at(minute: float) -> datetime:
    return T0 + timedelta(minutes=minute)


def alert(
    which: str = "a", *, start: float = 0, end: float | None = None, name: str = "HighErrorRate"
) -> Alert:
    ends_at = None if end is None else at(end)
    return Alert(
        fingerprint=which,
        name=name,
        service="web",
        firing=end is None,
        starts_at=at(start),
        ends_at=ends_at,
    )


def reports(actions: tuple[Action, ...]) -> list[tuple[str, list[tuple[str, bool]]]]:
    """Return the reports among the actions: to whom, which fingerprints, firing or not."""
    return [
        (one.workflow_id, [(alert.fingerprint, alert.firing) for alert in one.alerts])
        for one in actions
        if isinstance(one, Report)
    ]


def declaration(actions: tuple[Action, ...]) -> Declare:
    (declare,) = actions
    assert isinstance(declare, Declare)
    return declare


def declared(state: State, actions: tuple[Action, ...], minute: float = 0) -> Step:
    """Carry out the one declaration among the actions."""
    declare = declaration(actions)
    answer = Declared(workflow_ids=(incident_id(declare.key),), fresh=True)
    return service.declared(state, declare, answer, at(minute))


def listening(*alerts: Alert) -> State:
    """Return a service with the incident ``i``, which has heard of these alerts."""
    state, _ = service.opened(WEB, "i", 1, T0)
    state, _ = observe(state, alerts, T0)
    return state


class TestDeclaring:
    def test_alerts_of_one_delivery_are_one_declaration(self) -> None:
        _, actions = observe(WEB, (alert("a"), alert("b", start=1)), at(2))

        declare = declaration(actions)
        assert declare.key == "alerts:web:2026-11-23T09:36:00+00:00:1"
        assert [one.fingerprint for one in declare.alerts] == ["a", "b"]
        assert declare.severity is Severity.S3

    def test_alerts_that_come_while_it_is_declared_are_told_afterwards(self) -> None:
        state, first = observe(WEB, (alert("a"),), at(0))
        state, more = observe(state, (alert("b", start=1), alert("a", end=1)), at(1))
        assert more == ()

        _, told = declared(state, first, 2)

        assert reports(told) == [(incident_id(declaration(first).key), [("b", True), ("a", False)])]

    def test_resolved_alerts_declare_nothing(self) -> None:
        _, actions = observe(WEB, (alert("a", end=1),), at(2))

        assert actions == ()

    def test_an_open_incident_found_by_the_ledger_is_told_everything(self) -> None:
        state, actions = observe(WEB, (alert("a"), alert("b")), at(0))

        state, told = service.declared(
            state, declaration(actions), Declared(workflow_ids=("human",)), at(0)
        )

        assert reports(told) == [("human", [("a", True), ("b", True)])]
        assert list(state.incidents) == ["human"]

    def test_an_incident_that_opens_meanwhile_makes_the_declaration_needless(self) -> None:
        state, actions = observe(WEB, (alert("a"),), at(0))
        state, told = service.opened(state, "human", 7, at(0))

        assert reports(told) == [("human", [("a", True)])]
        assert not service.is_needed(state, actions[0])
        state, more = service.passed_over(state, actions[0], at(0))
        assert (state.declaring, more) == (None, ())

    def test_its_own_incident_that_speaks_first_is_told_once(self) -> None:
        state, actions = observe(WEB, (alert("a"),), at(0))
        own = incident_id(declaration(actions).key)
        state, told = service.opened(state, own, 1, at(0))
        assert reports(told) == [(own, [("a", True)])]

        state, more = declared(state, actions)

        assert more == ()
        assert list(state.incidents) == [own]

    def test_what_goes_on_firing_after_the_closing_declares_nothing_until_it_fires_anew(
        self,
    ) -> None:
        state = service.closed(listening(alert("a")), "i")

        state, again = observe(state, (alert("a"),), at(240))
        assert again == ()
        state, ended = observe(state, (alert("a", end=250),), at(250))
        assert ended == ()
        _, anew = observe(state, (alert("a", start=260),), at(260))
        assert declaration(anew).alerts[0].starts_at == at(260)

    def test_each_episode_has_its_own_key(self) -> None:
        state, first = observe(WEB, (alert("a"),), at(0))
        state, _ = declared(state, first)
        state = service.closed(state, incident_id(declaration(first).key))

        _, second = observe(state, (alert("b"),), at(5))

        assert declaration(second).key != declaration(first).key
        assert declaration(second).over == (incident_id(declaration(first).key),)

    def test_a_declaration_is_valid_whatever_the_service_is_called(self) -> None:
        state = State(service="w" * 200, severity=Severity.S3)
        names = ("A" * 120, "B" * 120, "C", "D")
        _, actions = observe(state, tuple(alert(name, name=name) for name in names), at(0))

        declare = declaration(actions)
        declaration_ = IncidentInput(title=declare.title, key=declare.key, service=declare.service)
        assert declaration_.title.endswith("…")

    def test_a_title_names_the_alerts(self) -> None:
        _, actions = observe(
            WEB, tuple(alert(name, name=name) for name in ("A", "B", "C", "D", "E")), at(0)
        )

        assert declaration(actions).title == "A, B, C and 2 more"


class TestReporting:
    def test_every_open_incident_hears(self) -> None:
        state, _ = service.opened(listening(alert("a")), "j", 2, at(1))

        _, actions = observe(state, (alert("b", start=2), alert("a", end=2)), at(2))

        changed = [("b", True), ("a", False)]
        assert reports(actions) == [("i", changed), ("j", changed)]

    def test_a_report_has_at_most_a_hundred_alerts_and_its_own_id(self) -> None:
        state, actions = observe(listening(), tuple(alert(str(one)) for one in range(250)), at(1))

        assert [len(alerts) for _, alerts in reports(actions)] == [100, 100, 50]
        assert [one.command_id for one in actions if isinstance(one, Report)] == [
            "alerts-run-1",
            "alerts-run-2",
            "alerts-run-3",
        ]
        assert state.reports == 3

    def test_who_asks_is_told_what_fires_and_what_has_ended_meanwhile(self) -> None:
        state = listening(alert("a"), alert("b"))
        state, _ = observe(state, (alert("a", end=3),), at(3))

        _, actions = service.asked(state, "i", 1, at(4))

        assert reports(actions) == [("i", [("b", True), ("a", False)])]

    def test_who_asks_is_answered_even_with_nothing(self) -> None:
        _, actions = service.asked(WEB, "i", 1, at(0))

        assert reports(actions) == [("i", [])]

    def test_who_opens_twice_is_told_once(self) -> None:
        state = listening(alert("a"))

        assert service.opened(state, "i", 1, at(1)) == (state, ())

    def test_who_is_closed_hears_nothing(self) -> None:
        state = service.closed(listening(alert("a")), "i")

        assert state.incidents == {}
        assert observe(state, (alert("a", end=1),), at(1))[1] == ()

    def test_what_began_to_fire_between_the_end_and_the_word_of_it_is_declared(self) -> None:
        state, _ = observe(listening(alert("a")), (alert("b", start=5),), at(5))

        _, actions = service.over(state, "i", at(4), at(6))
        _, none = service.over(state, "i", at(5), at(6))

        assert [one.fingerprint for one in declaration(actions).alerts] == ["b"]
        assert none == ()

    def test_while_another_incident_is_open_the_end_of_one_declares_nothing(self) -> None:
        state, _ = service.opened(listening(alert("a")), "other", 2, at(1))
        state, _ = observe(state, (alert("b", start=5),), at(5))

        assert service.over(state, "i", at(4), at(6))[1] == ()

    def test_news_that_found_nobody_are_declared(self) -> None:
        state, actions = observe(listening(alert("a")), (alert("b", start=1),), at(1))

        state, more = service.passed_over(state, actions[0], at(2))

        assert [one.fingerprint for one in declaration(more).alerts] == ["b"]
        assert declaration(more).over == ("i",)

    def test_an_answer_that_found_nobody_declares_nothing(self) -> None:
        state, actions = service.asked(listening(alert("a")), "i", 1, at(1))

        assert service.passed_over(state, actions[0], at(2))[1] == ()

    def test_what_was_let_go_is_told_from_what_is_known(self) -> None:
        state, _ = observe(listening(alert("a")), (alert("b", start=1), alert("a", end=1)), at(1))

        _, actions = service.catch_up(state, ("i", "gone"))

        assert reports(actions) == [("i", [("b", True), ("a", False)])]


REPEATED = {
    "the same": (alert(), alert()),
    "resolved twice": (alert(end=1), alert(end=1)),
    "resolved twice with another end": (alert(end=1), alert(end=2)),
    "an older start that fires": (alert(start=5), alert(start=1)),
    "an older start that ended before": (alert(start=5), alert(start=1, end=2)),
    "firing after its end": (alert(end=1), alert()),
}


@pytest.mark.parametrize(("last", "late"), REPEATED.values(), ids=REPEATED.keys())
def test_a_repeated_or_overtaken_delivery_changes_nothing(last: Alert, late: Alert) -> None:
    state = listening(last)

    assert observe(state, (late,), at(1)) == (state, ())


NEWS = {
    "it ends": (alert(), alert(end=1)),
    "it fires anew": (alert(end=1), alert(start=2)),
    "it fires anew, its end was not heard": (alert(), alert(start=2)),
    "it fired and ended anew": (alert(), alert(start=2, end=3)),
    "it was taken up with an older start and ends": (alert(start=5), alert(start=1, end=6)),
}


@pytest.mark.parametrize(("last", "news"), NEWS.values(), ids=NEWS.keys())
def test_news_are_told(last: Alert, news: Alert) -> None:
    _, actions = observe(listening(last), (news,), at(6))

    assert reports(actions) == [("i", [("a", news.firing)])]


def test_an_alert_taken_up_again_under_its_old_start_fires_since_now() -> None:
    state = listening(alert(end=1))
    state, actions = observe(state, (alert(),), at(30))
    assert isinstance(actions[0], Report)
    assert actions[0].alerts[0].starts_at == at(30)

    again, nothing = observe(state, (alert(),), at(31))
    assert (again, nothing) == (state, ())
    _, ended = observe(state, (alert(end=40),), at(41))
    assert isinstance(ended[0], Report)
    assert (ended[0].alerts[0].firing, ended[0].alerts[0].starts_at) == (False, at(30))


class TestBounds:
    def test_resolved_alerts_are_forgotten_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sightings, "KEPT", 3)
        state = listening(alert("old", end=1), alert("older", end=1), alert("fires"))

        state, actions = observe(state, (alert("new"), alert("newer")), at(2))

        assert set(state.alerts.known) == {"fires", "new", "newer"}
        assert reports(actions) == [("i", [("new", True), ("newer", True)])]

    def test_what_does_not_fit_is_counted_and_taken_once_there_is_room(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sightings, "KEPT", 1)
        state, actions = observe(listening(alert("a")), (alert("b"),), at(1))
        assert (actions, state.alerts.unkept) == ((), 1)

        state, _ = observe(state, (alert("a", end=2),), at(2))
        state, actions = observe(state, (alert("b"),), at(3))

        assert reports(actions) == [("i", [("b", True)])]

    def test_long_texts_cannot_outgrow_a_payload(self) -> None:
        long = [
            alert(f"{one:05}").model_copy(
                update={"summary": "ü" * 900, "link": "https://x/" + "y" * 480}
            )
            for one in range(3_000)
        ]
        state = listening()
        for start in range(0, len(long), 100):
            state, _ = observe(state, long[start : start + 100], at(1))

        assert state.alerts.unkept > 0
        assert len(state.model_dump_json().encode()) < 1_500_000
        assert state.alerts.weight == sum(one.alert.weight for one in state.alerts.known.values())

    def test_incidents_are_bounded(self) -> None:
        state = WEB
        for one in range(150):
            state, _ = service.opened(state, f"i{one}", one + 1, at(0))

        assert len(state.incidents) == service.KEPT_INCIDENTS

    def test_foreign_texts_are_cleaned_and_cut(self) -> None:
        foreign = Alert.model_validate(
            alert("f").model_dump()
            | {
                "fingerprint": "f\x00\n1",
                "name": "\x1b[31mred\u202e",
                "summary": "x" * 10_000,
                "link": "https://a\nb",
                "set_aside": "no",
            }
        )

        tidied = sightings.tidy(foreign, "web")

        assert (tidied.fingerprint, tidied.name, tidied.link) == ("f 1", "[31mred", "")
        assert (len(tidied.summary), tidied.summary[-1]) == (300, "…")
        assert tidied.set_aside is None


# Whatever happens to the deliveries of one group, there is one declaration.

_ALERTS = st.builds(
    lambda which, start, lasts: alert(
        which, start=start, end=None if lasts is None else start + lasts
    ),
    st.sampled_from("abcd"),
    st.integers(0, 20),
    st.none() | st.integers(1, 5),
)
_DELIVERIES = st.lists(
    st.lists(_ALERTS, min_size=1, max_size=4).map(tuple), min_size=1, max_size=12
)


@given(_DELIVERIES, st.data())
def test_deliveries_of_one_group_make_exactly_one_declaration(
    deliveries: list[tuple[Alert, ...]], data: st.DataObject
) -> None:
    sure = (alert("sure"),)
    disturbed = data.draw(st.permutations([*deliveries, sure, *deliveries, sure]))
    state = WEB
    actions: tuple[Action, ...] = ()
    for delivery in disturbed:
        state, more = observe(state, delivery, at(1))
        actions += more
        if actions and state.declaring and data.draw(st.booleans()):
            state, told = declared(
                state, tuple(one for one in actions if isinstance(one, Declare)), 1
            )
            actions += told

    assert sum(isinstance(one, Declare) for one in actions) == 1


@given(_DELIVERIES)
def test_the_same_deliveries_again_change_nothing(deliveries: list[tuple[Alert, ...]]) -> None:
    state = listening()
    for delivery in deliveries:
        state, _ = observe(state, delivery, at(30))
    latest = {one.alert.fingerprint: one.alert for one in state.alerts.known.values()}

    for one in latest.values():
        assert observe(state, (one,), at(31)) == (state, ())


@given(_DELIVERIES)
def test_an_incident_that_hears_every_report_knows_what_the_service_knows(
    deliveries: list[tuple[Alert, ...]],
) -> None:
    state = listening()
    heard: dict[str, Alert] = {}
    for minute, delivery in enumerate(deliveries):
        state, actions = observe(state, delivery, at(minute))
        for one in actions:
            assert isinstance(one, Report)
            heard |= {alert.fingerprint: alert for alert in one.alerts}

    assert heard == {key: one.alert for key, one in state.alerts.known.items()}


def test_the_life_of_an_alert_ends_the_same_in_any_order() -> None:
    life = (alert(), alert(end=1), alert(start=2), alert(start=2, end=3), alert(start=4))
    for order in permutations(life):
        state = listening()
        for one in order:
            state, _ = observe(state, (one,), at(5))

        assert state.alerts.known["a"].alert == life[-1]


def test_what_an_incident_heard_of_only_after_its_end_is_declared() -> None:
    state, actions = observe(WEB, (alert("a"),), at(0))
    state, actions = declared(state, actions)
    incident = next(iter(state.incidents))
    state, actions = observe(state, (alert("b", start=5),), at(5))
    assert reports(actions) == [(incident, [("b", True)])]
    state, actions = service.over(state, incident, at(5.01), at(5.1))
    assert actions == ()
    state, actions = service.unheard(state, incident, (alert("b", start=5),), at(5.2))
    assert [one.fingerprint for one in declaration(actions).alerts] == ["b"]
    again = service.unheard(state, incident, (alert("b", start=5),), at(5.3))
    assert again[1] == ()


def test_what_came_too_late_goes_to_the_incident_that_is_open_now() -> None:
    state, actions = observe(WEB, (alert("a"),), at(0))
    state, actions = declared(state, actions)
    state, _ = service.opened(state, "incident-2", 2, at(1))
    first = next(iter(state.incidents))
    state, actions = service.unheard(state, first, (alert("a"),), at(2))
    assert reports(actions) == [("incident-2", [("a", True)])]


def test_what_fired_and_has_stopped_before_anyone_had_it_is_declared_all_the_same() -> None:
    state, actions = observe(WEB, (alert("a"),), at(0))
    state, actions = declared(state, actions)
    incident = next(iter(state.incidents))
    state, fired = observe(state, (alert("b", start=5),), at(5))
    state, _ = observe(state, (alert("b", start=5, end=6),), at(6))
    for late in (
        service.passed_over(state, fired[0], at(7)),
        service.unheard(state, incident, (alert("b", start=5),), at(7)),
    ):
        assert [one.fingerprint for one in declaration(late[1]).alerts] == ["b"]


def test_what_is_declared_after_it_has_stopped_is_told_to_have_stopped() -> None:
    state, actions = observe(WEB, (alert("a"),), at(0))
    state, actions = declared(state, actions)
    incident = next(iter(state.incidents))
    state, _ = observe(state, (alert("b", start=5),), at(5))
    state, _ = observe(state, (alert("b", start=5, end=6),), at(6))
    state, actions = service.unheard(state, incident, (alert("b", start=5),), at(7))
    first = declaration(actions)
    answer = Declared(workflow_ids=("incident-2",), fresh=True)
    _, owed = service.declared(state, first, answer, at(8))
    assert ("incident-2", [("b", False)]) in [
        (who, [one for one in what if one[0] == "b"]) for who, what in reports(owed)
    ]


def test_whoever_is_open_is_told_that_what_came_too_late_has_stopped() -> None:
    state, actions = observe(WEB, (alert("a"),), at(0))
    state, actions = declared(state, actions)
    first = next(iter(state.incidents))
    state, _ = service.opened(state, "incident-2", 2, at(1))
    state, _ = observe(state, (alert("a", end=2),), at(2))
    state, actions = service.unheard(state, first, (alert("a"),), at(3))
    assert reports(actions) == [("incident-2", [("a", True)]), ("incident-2", [("a", False)])]


@pytest.mark.parametrize("hear", [service.opened, service.asked])
def test_the_end_that_one_has_missed_is_told_to_who_believes_that_it_fires(hear: Any) -> None:
    state, _ = observe(listening(alert("a"), alert("b")), [alert("a", end=2)], at(2))
    # It took the alerts over from another incident, and is known here only since then.
    _, actions = hear(state, "survivor", 2, at(5), (alert("a"), alert("b")))
    ((who, told),) = reports(actions)
    assert (who, sorted(told)) == ("survivor", [("a", False), ("b", True)])
    state, _ = hear(state, "survivor", 2, at(5), (alert("a"),))
    _, actions = hear(state, "survivor", 2, at(6), (alert("a"),))
    assert ("a", False) in reports(actions)[0][1]
