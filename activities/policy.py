"""What a worker gives a new incident."""

from collections.abc import Sequence

from temporalio import activity

from muster.domain.policy import Policy
from muster.messages import AdoptedPolicy


class PolicyActivities:
    """The worker's validated policy, which an incident asks for once and keeps for life."""

    def __init__(self, policy: Policy, search_attributes: Sequence[str]) -> None:
        self._adopted = AdoptedPolicy(
            policy=policy.kept(),
            digest=policy.digest(),
            search_attributes=tuple(search_attributes),
        )

    @activity.defn(name="adopt_policy")
    async def adopt_policy(self) -> AdoptedPolicy:
        """Return what an incident keeps of the policy, and what the server lets us index."""
        return self._adopted
