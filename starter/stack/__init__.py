"""The embedded stack: Temporal's dev server, sandbox, worker and gateway as children of one process."""

from starter.stack.up import up

__all__ = ["up"]
