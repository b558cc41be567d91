"""Run chaos and judge it: ``python -m tests.chaos --incidents 500 --seed 1``; leaves with 1 where a promise is broken."""

import argparse
import json
import tempfile
from pathlib import Path

from tests.chaos.checker.evidence import Evidence
from tests.chaos.checker.promises import judge
from tests.chaos.checker.report import report
from tests.chaos.plan import Plan
from tests.chaos.run import run

DEFAULT = Plan()


def main() -> int:
    """Return the exit code."""
    given = _parser().parse_args()
    if given.judge:
        evidence = json.loads(given.judge.read_text())
    else:
        home = given.home or Path(tempfile.mkdtemp(prefix="muster-chaos-"))
        print(f"everything that it leaves behind is in {home}", flush=True)
        evidence = run(_plan(given), home)
    read = Evidence(evidence)
    judged = judge(read)
    print(report(read, judged))
    return int(any(judged.values()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--incidents", type=int, default=DEFAULT.incidents)
    parser.add_argument("--seed", type=int, default=DEFAULT.seed)
    parser.add_argument("--at-once", type=int, default=DEFAULT.at_once)
    parser.add_argument("--kills", type=int, help="of workers; 2 for 5 incidents unless named")
    parser.add_argument("--stops", type=int, help="of workers; 1 for 10 incidents unless named")
    parser.add_argument("--deploys", type=int, help="1 for 10 incidents unless named")
    parser.add_argument("--server-kills", type=int, help="1 for 25 incidents unless named")
    parser.add_argument("--outages", type=int, help="of one vendor; 1 for 25 incidents")
    parser.add_argument("--faulted", type=float, default=0.3, help="the share of writes")
    parser.add_argument("--kinds", nargs="*", default=[], help="of faults; none is all")
    parser.add_argument("--patience", type=float, default=DEFAULT.patience)
    parser.add_argument("--every", type=float, default=DEFAULT.every)
    parser.add_argument("--naive", action="store_true", help="the control without find-or-create")
    parser.add_argument("--home", type=Path, help="where it leaves logs, database and evidence")
    parser.add_argument("--judge", type=Path, help="judge this evidence.json again, run nothing")
    return parser


def _plan(given: argparse.Namespace) -> Plan:
    count: int = given.incidents
    return Plan(
        incidents=count,
        seed=given.seed,
        at_once=given.at_once,
        worker_kills=_or(given.kills, count * 2 // 5),
        worker_stops=_or(given.stops, count // 10),
        deploys=_or(given.deploys, count // 10),
        server_kills=_or(given.server_kills, count // 25),
        outages=_or(given.outages, count // 25),
        faulted=given.faulted,
        kinds=tuple(given.kinds),
        naive=given.naive,
        every=given.every,
        patience=given.patience,
    )


def _or(given: int | None, usual: int) -> int:
    return usual if given is None else given


if __name__ == "__main__":
    raise SystemExit(main())
