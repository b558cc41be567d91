"""The rotations as this process can read them: calendars by the environment's addresses, their copies in its cache."""

import os
from collections.abc import Sequence
from datetime import datetime

from muster.domain.policy import Policy
from muster.domain.stand_ins import Arranged
from muster.homes import home
from muster.oncall.feeds import Copies, Feeds, addresses
from muster.oncall.roster import Roster, load

CACHE = "MUSTER_CACHE"


async def roster(policy: Policy, now: datetime, stand_ins: Sequence[Arranged] = ()) -> Roster:
    """Read all rotations of a policy, with who stands in; what cannot be read is a problem, never an error."""
    copies = Copies(home(CACHE, "XDG_CACHE_HOME", ".cache", "calendars"))
    private = policy.oncall.private_addresses
    feeds = Feeds(addresses(os.environ), copies, private=private)
    return await load(policy, feeds, now, stand_ins)
