"""Which build this is: as the environment names it, else by the git revision and by what the code says."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
CODE = ("muster", "workflows", "activities", "workers")
"""What a worker runs: builds with the same of it are the same build."""
_REVISION, _DIGEST = 12, 8
"""So many hexadecimal digits tell builds apart."""
_REFERENCE = "ref: "


def build_id(named: str | None, root: Path = ROOT) -> str:
    """Return the name of this build: changed code has another one, though nothing is committed."""
    return named or "-".join(filter(None, (revision(root)[:_REVISION], digest(root))))


def digest(root: Path) -> str:
    """Return the first digits of the SHA-256 of all modules."""
    code = hashlib.sha256()
    for path in sorted(path for room in CODE for path in (root / room).rglob("*.py")):
        for part in (path.relative_to(root).as_posix().encode(), path.read_bytes()):
            code.update(len(part).to_bytes(8) + part)
    return code.hexdigest()[:_DIGEST]


def revision(root: Path) -> str:
    """Return the commit that is checked out, read without git; empty where there is none, as in an image."""
    folder = _git_folder(root)
    head = _text(folder / "HEAD")
    if not head.startswith(_REFERENCE):
        return head
    name = head.removeprefix(_REFERENCE)
    return next(filter(None, _commits(folder, name)), "")


def _commits(folder: Path, name: str) -> Iterator[str]:
    """Yield what stands under this name: in a file of its own, or among the packed ones."""
    common = folder / (_text(folder / "commondir") or ".")
    yield _text(common / name)
    packed = (line.partition(" ") for line in _text(common / "packed-refs").splitlines())
    yield from (commit for commit, _, named in packed if named == name)


def _git_folder(root: Path) -> Path:
    """Return where git keeps this checkout; a further worktree has a file that says so."""
    beside = root / ".git"
    elsewhere = _text(beside).removeprefix("gitdir: ") if beside.is_file() else ""
    return root / elsewhere if elsewhere else beside


def _text(path: Path) -> str:
    return path.read_text().strip() if path.is_file() else ""
