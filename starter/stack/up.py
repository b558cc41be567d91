"""``muster up``: the embedded stack in the foreground, until Ctrl-C."""

import os
import secrets
import signal
import sys
import threading
from pathlib import Path

from starter.stack.children import Child, StackError
from starter.stack.embedded import Stack
from starter.stack.keeping import keep_now
from starter.stack.places import HOST, Ports

HOME = Path(".muster")
LOOK = 0.5
"""Seconds between two looks at the children."""


def up(*, durable: bool = False, home: Path = HOME, ports: Ports | None = None) -> int:
    """Run the stack until told to stop; return the exit code."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    places = ports or _ports()
    token = os.environ.get("MUSTER_GATEWAY_TOKEN") or _token(home)
    policy = os.environ.get("MUSTER_POLICY")
    try:
        with Stack(
            home, places, token=token, policy=Path(policy) if policy else None, durable=durable
        ) as stack:
            keep_now(f"{HOST}:{places.temporal}")
            _say(stack, token, durable=durable)
            _watch(stack, stopped)
            print("stopping ...", flush=True)
    except StackError as error:
        print(f"muster up: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


def _ports() -> Ports:
    """Return the usual ports, with the gateway's own variable."""
    given = os.environ.get("MUSTER_GATEWAY_PORT", "")
    return Ports(gateway=int(given)) if given.isdigit() else Ports()


def _token(home: Path) -> str:
    """Return the token of the last time, or a new one."""
    kept = home / "gateway.token"
    if kept.exists():
        return kept.read_text().strip()
    home.mkdir(parents=True, exist_ok=True)
    token = secrets.token_urlsafe(24)
    kept.touch(mode=0o600)
    kept.write_text(token)
    return token


def _say(stack: Stack, token: str, *, durable: bool) -> None:
    ports = stack.ports
    survives = "a power cut" if durable else "a killed process, not a power cut (--durable does)"
    print(
        "\n".join(
            (
                "Muster is up.",
                f"  Temporal   {HOST}:{ports.temporal}",
                f"  Web UI     http://{HOST}:{ports.ui}",
                f"  Gateway    http://{HOST}:{ports.gateway}  (bearer token {token})",
                f"  Sandbox    http://{HOST}:{ports.sandbox}  (Slack, Zoom, GitLab and X, for trying)",
                f"  Database   {stack.home / 'temporal.db'}, survives {survives}",
                f"  Logs       {stack.home / 'log'}",
                'In another terminal: muster declare "api errors" --severity S2 --service web',
                "Ctrl-C stops all of it.",
            )
        ),
        flush=True,
    )


def _watch(stack: Stack, stopped: threading.Event) -> None:
    """Start again what ends by itself; without the server there is no stack."""
    while not stopped.wait(LOOK):
        if not stack.server.running():
            message = f"Temporal has ended; the end of its log:\n{stack.server.last_words()}"
            raise StackError(message)
        for child in (stack.sandbox, stack.worker, stack.gateway):
            if not child.running():
                _again(child)


def _again(child: Child) -> None:
    print(
        f"{child.name} has ended and is started again; its log is {child.log}",
        file=sys.stderr,
        flush=True,
    )
    child.start()
