"""``muster up``: the embedded stack in the foreground, until Ctrl-C."""

import os
import secrets
import shutil
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from muster import keys
from muster.keys import KeysError
from muster.policy import PolicyError, load
from muster.settings import SettingsError
from starter.gateway.settings import port
from starter.stack.children import Left, StackError
from starter.stack.embedded import Stack
from starter.stack.keeping import keep_now
from starter.stack.places import HOST, VARIABLES, Ports, temporal_binary
from starter.stack.watching import watch

HOME = Path(".muster")
BAD_INPUT, LEFT = 2, 130


@dataclass(frozen=True)
class Wanted:
    """What the environment says of the stack."""

    ports: Ports
    policy: Path | None
    token: str = field(repr=False)


def up(*, durable: bool = False, home: Path = HOME, ports: Ports | None = None) -> int:
    """Run the stack until told to stop; return the exit code."""
    home = home.absolute()
    stopped = Event()
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # no exception: it could lose a child that just starts
        signal.signal(number, lambda *_: stopped.set())
    try:
        wanted = _wanted(os.environ, ports)
        temporal_binary()
        wanted.ports.check()
        _run(wanted, home, stopped, durable=durable)
    except (SettingsError, PolicyError, KeysError) as error:
        return _fail(error, BAD_INPUT)
    except StackError as error:
        return _fail(error, 1)
    except Left:
        return _fail("left before everything was up; what had started is stopped", LEFT)
    return 0


def _fail(why: object, code: int) -> int:
    print(f"muster up: {why}", file=sys.stderr, flush=True)
    return code


def _wanted(environment: Mapping[str, str], ports: Ports | None) -> Wanted:
    """Read the environment before anything starts. Raises SettingsError, PolicyError or KeysError."""
    found = ports or _ports(environment)
    given = environment.get("MUSTER_POLICY")
    if given:
        load(given)
    keys.read(environment.get(keys.VARIABLE))
    policy = Path(given).absolute() if given else None
    return Wanted(found, policy, environment.get("MUSTER_GATEWAY_TOKEN", "").strip())


def _ports(environment: Mapping[str, str]) -> Ports:
    usual = vars(Ports())
    return Ports(
        **{
            part: port(environment, usual[part], name=name, lowest=1)
            for part, name in VARIABLES.items()
        }
    )


def _run(wanted: Wanted, home: Path, stopped: Event, *, durable: bool) -> None:
    token = wanted.token or _token(home)
    with Stack(
        home,
        wanted.ports,
        token=token,
        policy=wanted.policy,
        durable=durable,
        stopped=stopped.is_set,
    ) as stack:
        keep_now(f"{HOST}:{wanted.ports.temporal}")
        _say(stack, wanted, durable=durable)
        watch(stack, stopped)
        print("stopping ...", flush=True)


def _token(home: Path) -> str:
    """Return the token of the last time, or a new one."""
    kept = _kept_token(home)
    if kept.exists() and (token := kept.read_text().strip()):
        return token
    home.mkdir(parents=True, exist_ok=True)
    token = secrets.token_urlsafe(24)
    kept.touch(mode=0o600)
    kept.write_text(token)
    return token


def _kept_token(home: Path) -> Path:
    return home / "gateway.token"


def _say(stack: Stack, wanted: Wanted, *, durable: bool) -> None:
    ports = stack.ports
    token = "of MUSTER_GATEWAY_TOKEN" if wanted.token else f"in {_kept_token(stack.home)}"
    survives = "a power cut" if durable else "a killed process, not a power cut (--durable does)"
    print(
        "\n".join(
            (
                "Muster is up.",
                f"  Temporal   {HOST}:{ports.temporal}",
                f"  Web UI     http://{HOST}:{ports.ui}",
                f"  Gateway    http://{HOST}:{ports.gateway}  (bearer token {token})",
                f"  Sandbox    http://{HOST}:{ports.sandbox}  (Slack, Zoom, GitLab and X, for trying)",
                f"  Policy     {wanted.policy or 'the defaults (MUSTER_POLICY names a file)'}",
                f"  Database   {stack.home / 'temporal.db'}, survives {survives}",
                f"  Logs       {stack.home / 'log'}",
                f'In another terminal: {_there(ports)}{_muster()} declare "api errors" --severity S2 --service api',
                "Ctrl-C stops all of it; what is in the database is there again next time.",
            )
        ),
        flush=True,
    )


def _there(ports: Ports) -> str:
    """Return what another terminal is told of an unusual address."""
    usual = ports.temporal == Ports.temporal
    return "" if usual else f"TEMPORAL_ADDRESS={HOST}:{ports.temporal} "


def _muster() -> str:
    """Return how this command is called from another terminal."""
    beside = Path(sys.executable).with_name("muster")
    return "muster" if shutil.which("muster") or not beside.exists() else str(beside)
