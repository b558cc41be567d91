"""Ask for known vulnerabilities of all that the locks name: ``python -m tests.project.advisories``.

Leaves with 0 where there are none, 1 where there are some, and 3 where it did not look, because no source of
advisories could be asked.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.txt", "requirements-dev.txt")
SOURCES = ("osv", "pypi")
KNOWN = "jinja2==2.10"
"""Has had advisories for years: a source that has none of it knows nothing, though it answers."""
CLEAN, FOUND, NOT_LOOKED = 0, 1, 3
_WITHIN = 600.0
"""Seconds that one audit may take."""
_REACHED = 5
"""Seconds in which a source takes a connection and goes on with its answer."""


class NotLooked(Exception):
    """The source did not answer for all of it; the message says what it said instead."""


class Source:
    """One source of advisories, asked by pip-audit."""

    def __init__(self, name: str, osv_url: str | None = None) -> None:
        self._options = ["--vulnerability-service", name]
        self._options += ["--osv-url", osv_url] if osv_url else []

    def knows(self) -> None:
        """Return where it knows what everyone knows. Raises NotLooked."""
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as known:
            known.write(KNOWN)
            known.flush()
            if not self.vulnerable("--no-deps", "--requirement", known.name):
                raise NotLooked(f"it knows of nothing in {KNOWN}")

    def vulnerable(self, *what: str) -> list[str]:
        """Return a line for each vulnerable package. Raises NotLooked where one could not be looked up."""
        command = [sys.executable, "-m", "pip_audit", "--strict", "--disable-pip"]
        command += ["--timeout", str(_REACHED), "--progress-spinner", "off", "--format", "json"]
        command += [*self._options, *what]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_WITHIN, check=False, cwd=ROOT
            )
            audited = json.loads(done.stdout)["dependencies"]
        except subprocess.TimeoutExpired:
            raise NotLooked(f"it had not answered after {_WITHIN:g} s") from None
        except (json.JSONDecodeError, KeyError, TypeError):
            raise NotLooked(_last_line(done.stderr)) from None
        return [
            f"{one['name']} {one['version']}: {', '.join(vuln['id'] for vuln in one['vulns'])}"
            for one in audited
            if one["vulns"]
        ]


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if not line.startswith("ERROR:pip_audit._cli:Tip")]
    return lines[-1] if lines else "it said nothing"


def audit(sources: dict[str, Source]) -> int:
    """Ask the first source that knows anything; return the exit code."""
    locks = [word for lock in LOCKS for word in ("--requirement", str(ROOT / lock))]
    for name, source in sources.items():
        try:
            source.knows()
            found = source.vulnerable("--require-hashes", *locks)
        except NotLooked as why:
            print(f"{name} was no help: {why}")
            continue
        print("\n".join(found) or f"{name} knows of no vulnerability in {' and '.join(LOCKS)}")
        return FOUND if found else CLEAN
    print("NOT LOOKED: no source of advisories could be asked; nothing is known of the locks")
    return NOT_LOOKED


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", choices=SOURCES, action="append", help="those to ask; else all")
    parser.add_argument("--osv-url", help="where OSV's query is, instead of its own address")
    given = parser.parse_args()
    return audit({name: Source(name, given.osv_url) for name in given.source or SOURCES})


if __name__ == "__main__":
    raise SystemExit(main())
