"""Looking for advisories says what it has found, and plainly where it has not looked."""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.project import advisories
from tests.project.advisories import CLEAN, FOUND, NOT_LOOKED, Source, audit

CANARY = "jinja2 2.10"
Vulnerable = tuple[str, ...]


@contextmanager
def osv(vulnerable: Vulnerable, status: int = 200) -> Iterator[str]:
    """Serve OSV's query; what is vulnerable is named with its version, or by name alone."""

    class Osv(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name, version = asked["package"]["name"], asked["version"]
            known = {name, f"{name} {version}"} & set(vulnerable)
            vuln = {"id": f"PYSEC-{name}", "affected": [], "summary": "bad"}
            body = json.dumps({"vulns": [vuln]} if known else {}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Osv) as server:
        serving = Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/query"
        finally:
            server.shutdown()
            serving.join()


@pytest.mark.parametrize(
    ("vulnerable", "status", "code", "said"),
    [
        ((CANARY,), 200, CLEAN, "osv knows of no vulnerability in requirements.txt and"),
        ((CANARY, "click"), 200, FOUND, "PYSEC-click"),
        ((), 200, NOT_LOOKED, "it knows of nothing in jinja2==2.10"),
        ((CANARY,), 500, NOT_LOOKED, "NOT LOOKED: no source of advisories could be asked"),
    ],
    ids=["clean", "found", "ignorant", "failing"],
)
def test_what_a_source_answers(
    capsys: pytest.CaptureFixture[str], vulnerable: Vulnerable, status: int, code: int, said: str
) -> None:
    with osv(vulnerable, status) as url:
        assert audit({"osv": Source("osv", url)}) == code
    assert said in capsys.readouterr().out


def test_the_next_source_is_asked_where_one_cannot_be_reached(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.socket() as nobody, osv((CANARY,)) as url:
        nobody.bind(("127.0.0.1", 0))
        away = f"http://127.0.0.1:{nobody.getsockname()[1]}/v1/query"
        assert audit({"away": Source("osv", away), "osv": Source("osv", url)}) == CLEAN
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("away was no help: ")
    assert said[1].startswith("osv knows of no vulnerability")


def test_a_source_that_never_answers_is_not_waited_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advisories, "_WITHIN", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1/query"
        assert audit({"osv": Source("osv", url)}) == NOT_LOOKED
    said = capsys.readouterr().out
    assert said.startswith("osv was no help: it had not answered after 0.5 s\nNOT LOOKED: ")


@pytest.mark.parametrize(
    ("tested", "audited", "code"),
    [
        (0, CLEAN, 0),
        (0, FOUND, 1),
        (0, NOT_LOOKED, 0),
        (0, 2, 2),
        (2, CLEAN, 2),
        (2, NOT_LOOKED, 2),
    ],
)
def test_ci_fails_with_the_tests_and_with_what_is_found_and_says_where_nobody_looked(
    tmp_path: Path, tested: int, audited: int, code: int
) -> None:
    for name, left_with in (("bin/make", tested), (".venv/bin/python", audited)):
        program = tmp_path / name
        program.parent.mkdir(parents=True)
        program.write_text(f"#!/bin/sh\nexit {left_with}\n")
        program.chmod(0o755)
    run = tmp_path / ".ci" / "run"
    run.parent.mkdir()
    shutil.copy(advisories.ROOT / ".ci" / "run", run)
    path = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}
    done = subprocess.run([run], env=path, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert ("GOING ON WITHOUT" in done.stderr) == (tested == 0 and audited == NOT_LOOKED)
