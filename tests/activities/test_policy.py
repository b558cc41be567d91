"""What of the policy goes into the history of every incident."""

from temporalio.testing import ActivityEnvironment

from activities.policy import PolicyActivities
from muster.domain.policy import Policy

POLICY = Policy.model_validate(
    {
        "windows": {"upgrade": "2h"},
        "people": {"ana": {"name": "Ana Alves", "slack": "U1", "email": "ana@example.com"}},
        "oncall": {"imoc": {"turns": [{"members": ["ana"]}]}},
    }
)


async def test_rotations_and_addresses_are_not_kept_and_all_else_is() -> None:
    activities = PolicyActivities(POLICY, ["IncidentNumber"])
    adopted = await ActivityEnvironment().run(activities.adopt_policy)
    assert adopted.digest == POLICY.digest()
    text = adopted.model_dump_json()
    assert "ana@example.com" not in text
    assert adopted.policy.oncall.imoc is None
    assert (adopted.policy.windows, adopted.policy.people["ana"].slack) == (POLICY.windows, "U1")
