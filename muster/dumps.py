"""What a process of ours leaves behind when it dies: no image of its memory, which holds every secret."""

import resource


def forbid() -> None:
    """Let no core be written, whatever the outer limit says."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
