"""The control: our workers, but every write is made as if it were the first, and nobody looks for what there is twice."""

import asyncio
import sys
from dataclasses import replace
from typing import Any

from muster.domain.effects import Receipt
from muster.domain.policy import Policy
from muster.settings import Settings
from workers import __main__ as worker
from workers import providers


class Blind:
    """A provider that never settles anything: it always writes, and retires nothing."""

    def __init__(self, provider: Any) -> None:
        self._provider = provider

    def __getattr__(self, name: str) -> Any:
        """Return the provider's method, told that nothing was written before."""
        if name == "sweep":
            return _nothing
        method = getattr(self._provider, name)

        def blindly(*args: Any, **given: Any) -> Any:
            return method(*args, **({**given, "fresh": True} if "fresh" in given else given))

        return blindly


async def _nothing(*_args: Any, **_given: Any) -> Receipt:
    return Receipt()


def build(settings: Settings, policy: Policy) -> providers.Providers:
    """Return the usual providers, blind."""
    found = _BUILD(settings, policy)
    blind = {name: Blind(one) if one else None for name, one in vars(found).items()}
    return replace(found, **blind)


_BUILD = providers.build

if __name__ == "__main__":
    providers.build = build
    code = asyncio.run(worker.main())
    sys.stdout.flush()
    sys.exit(code)
