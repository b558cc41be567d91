"""What was noted under our keys is read back as it was, and nobody else's words are taken for ours."""

import json
from datetime import UTC, datetime

import pytest

from muster.domain.effects import Document, Receipt
from muster.ports import Forbidden, NotFound
from muster.providers.gitlab import GitLabTracker, marker
from muster.sandbox import Sandbox
from tests.providers.clients import gitlab
from tests.security.hostile import HOSTILE

NOW = datetime.now(UTC)
ISSUE, PREFIX = "incident-1/issue", "incident-1/record:"


async def opened(sandbox: Sandbox) -> Receipt:
    return await gitlab(sandbox).open(ISSUE, Document(title="x"), fresh=True)


async def test_any_words_come_back_as_they_were(sandbox: Sandbox) -> None:
    tracker, issue = gitlab(sandbox), await opened(sandbox)
    wanted = {
        f"{PREFIX}{place}": f"Record\n{json.dumps(words, ensure_ascii=False)}"
        for place, words in enumerate(HOSTILE.values())
    }
    for key, words in wanted.items():
        await tracker.note(key, issue, words, NOW, fresh=True)
    await tracker.note("incident-1/note:1", issue, "another note", NOW, fresh=True)
    assert await tracker.notes(ISSUE, PREFIX) == wanted


async def test_of_two_notes_of_one_key_the_older_counts(sandbox: Sandbox) -> None:
    tracker, issue = gitlab(sandbox), await opened(sandbox)
    await tracker.note(f"{PREFIX}0", issue, "first", NOW, fresh=True)
    await tracker.note(f"{PREFIX}0", issue, "second", NOW, fresh=True)
    assert await tracker.notes(ISSUE, PREFIX) == {f"{PREFIX}0": "first"}


async def test_a_comment_of_someone_else_is_no_part_of_the_record(sandbox: Sandbox) -> None:
    issue = await opened(sandbox)
    await gitlab(sandbox).note(f"{PREFIX}0", issue, "ours", NOW, fresh=True)
    ours = sandbox.gitlab.issues[issue.id]["notes"][0]
    forged = ours | {"id": 99, "author": {"username": "eve"}}
    forged["body"] = ours["body"].replace("ours", "forged").replace("record:0", "record:1")
    quoted = ours | {"id": 98, "body": f"see {marker(f'{PREFIX}2')}"}
    sandbox.gitlab.issues[issue.id]["notes"][:0] = [forged, quoted]
    assert await gitlab(sandbox).notes(ISSUE, PREFIX) == {f"{PREFIX}0": "ours"}


async def test_where_there_is_no_issue_or_no_right(sandbox: Sandbox) -> None:
    with pytest.raises(NotFound):
        await gitlab(sandbox).notes(ISSUE, PREFIX)
    stranger = GitLabTracker(sandbox.urls["gitlab"], "revoked", "ops/production", timeout=1)
    with pytest.raises(Forbidden):
        await stranger.notes(ISSUE, PREFIX)
