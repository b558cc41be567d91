"""The production issue is the IMOC's in GitLab too, as far as policy and GitLab know who that is."""

import pytest

from muster.domain.effects import Document, Receipt
from muster.providers.gitlab import GitLabTracker
from muster.sandbox import Sandbox
from tests.providers.clients import gitlab

KEY = "incident-1/issue"


def of(person: str | None) -> Document:
    return Document(title="#42 api errors", assignee=person)


def assigned(sandbox: Sandbox, issue: Receipt) -> list[str]:
    return [one["username"] for one in sandbox.gitlab.issues[issue.id]["assignees"]]


def lookups(sandbox: Sandbox) -> int:
    return sum(call.path.endswith("/users") for call in sandbox.calls)


async def test_it_follows_who_leads(sandbox: Sandbox) -> None:
    tracker = gitlab(sandbox)
    issue = await tracker.open(KEY, of(None), fresh=True)
    assert assigned(sandbox, issue) == []
    for person, found in (("ann", ["ana"]), ("bob", ["ben"]), ("ann", ["ana"]), ("eve", [])):
        await tracker.edit(issue, of(person), key=KEY)
        assert assigned(sandbox, issue) == found


async def test_one_that_is_led_before_it_has_an_issue_is_opened_so(sandbox: Sandbox) -> None:
    issue = await gitlab(sandbox).open(KEY, of("ann"), fresh=True)
    assert assigned(sandbox, issue) == ["ana"]


async def test_an_account_is_looked_up_once(sandbox: Sandbox) -> None:
    tracker = gitlab(sandbox)
    issue = await tracker.open(KEY, of("ann"), fresh=True)
    await tracker.edit(issue, of("ann"), key=KEY)
    assert lookups(sandbox) == 1


async def test_an_account_that_is_none_is_logged_and_holds_back_nothing(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    tracker = gitlab(sandbox)
    issue = await tracker.open(KEY, of("ann"), fresh=True)
    await tracker.edit(issue, of("zoe"), key=KEY)
    assert assigned(sandbox, issue) == []
    assert "GitLab has no account unknown" in caplog.text


async def test_where_policy_names_no_accounts_what_others_assign_stays(sandbox: Sandbox) -> None:
    issue = await gitlab(sandbox).open(KEY, of("ann"), fresh=True)
    plain = GitLabTracker(sandbox.urls["gitlab"], "token", "ops/production", timeout=1)
    await plain.edit(issue, of("bob"), key=KEY)
    assert assigned(sandbox, issue) == ["ana"]
    assert lookups(sandbox) == 1
