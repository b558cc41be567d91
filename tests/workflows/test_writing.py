"""What is remembered of what a projection wrote last."""

from muster.domain import commands as c
from muster.domain.effects import EffectState, Op, Receipt
from muster.domain.keeping import filled
from muster.domain.naming import effect_of
from muster.domain.outbox import Outbox
from muster.domain.policy import PersonRecord, Policy
from muster.names import digest
from tests.domain.life import Life
from workflows.writing import Writing

KNOWN = Policy(people={"ana": PersonRecord(name="Ana Alves", gitlab="aalves")})


def test_names_and_the_assignee_are_no_part_of_a_digest_that_an_older_run_has_left() -> None:
    """Until these were written a digest was of the rest: in a replay it must not look like another text."""
    life = Life()
    life.must(c.AssignRole, role="imoc", person="ana")
    outbox = Outbox()
    outbox.queue([issue := effect_of(life.state, "issue", Op.TRACKER_OPEN)], life.now)
    outbox.settle(issue.key, EffectState.DONE, Receipt(id="1"))
    edit = effect_of(life.state, "document", Op.TRACKER_EDIT)
    body = filled(edit, life.state, Policy(), lambda _: None).body
    assert body.document is not None
    before = body.model_copy(
        update={"document": body.document.model_copy(update={"assignee": None})}
    )
    expected = digest(before.model_dump_json(exclude_defaults=True))
    assert Writing(outbox)._digest(edit, life.state, KNOWN) == expected
