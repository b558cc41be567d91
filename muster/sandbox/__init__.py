"""Stateful stand-ins for Slack, Zoom, GitLab and X over HTTP, with faults on demand and a page to look at."""

from muster.sandbox.server import Sandbox

__all__ = ["Sandbox"]
