"""The main job, played once from a real alert to closed; it checks what it shows."""

from starter.demo.play import demo

__all__ = ["demo"]
