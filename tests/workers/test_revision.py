"""Which build a worker says that it is."""

import subprocess
from pathlib import Path

import pytest

from workers.revision import CODE, build_id, digest, revision

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER = "f" * 40


def checkout(root: Path, files: dict[str, str]) -> Path:
    """Write the files of a checkout."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


HEAD = {".git/HEAD": "ref: refs/heads/main\n"}
PACKED = f"# pack-refs with: peeled\n{OTHER} refs/heads/other\n{COMMIT} refs/heads/main\n"
FURTHER = {
    ".git": "gitdir: bare/worktrees/one\n",
    "bare/worktrees/one/HEAD": "ref: refs/heads/main\n",
    "bare/worktrees/one/commondir": "../..\n",
    "bare/refs/heads/main": f"{COMMIT}\n",
}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({**HEAD, ".git/refs/heads/main": f"{COMMIT}\n"}, COMMIT),
        ({**HEAD, ".git/packed-refs": PACKED}, COMMIT),
        ({**HEAD, ".git/refs/heads/main": f"{COMMIT}\n", ".git/packed-refs": PACKED}, COMMIT),
        ({".git/HEAD": f"{COMMIT}\n"}, COMMIT),
        (FURTHER, COMMIT),
        (HEAD, ""),
        ({}, ""),
    ],
    ids=["loose", "packed", "both", "detached", "worktree", "unborn", "none"],
)
def test_the_revision_is_read_as_git_keeps_it(
    tmp_path: Path, files: dict[str, str], expected: str
) -> None:
    assert revision(checkout(tmp_path, files)) == expected


def test_it_is_what_git_itself_says(tmp_path: Path) -> None:
    def git(*words: str) -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.test", "-C", str(tmp_path)]
        return subprocess.run(
            [*command, *words], capture_output=True, text=True, check=True, timeout=30
        ).stdout.strip()

    git("init", "--quiet")
    git("commit", "--quiet", "--allow-empty", "--message", "first")
    assert revision(tmp_path) == git("rev-parse", "HEAD")
    git("pack-refs", "--all")
    assert revision(tmp_path) == git("rev-parse", "HEAD")


def test_a_build_has_the_name_that_it_is_given(tmp_path: Path) -> None:
    assert build_id("v1.2.3", tmp_path) == "v1.2.3"


@pytest.mark.parametrize("unnamed", [None, ""])
def test_without_one_it_is_named_by_revision_and_code(tmp_path: Path, unnamed: str | None) -> None:
    checkout(tmp_path, {".git/HEAD": COMMIT})
    assert build_id(unnamed, tmp_path) == f"{COMMIT[:12]}-{digest(tmp_path)}"


@pytest.mark.parametrize("room", CODE)
def test_changed_code_is_another_build_and_all_else_is_not(tmp_path: Path, room: str) -> None:
    before = build_id(None, checkout(tmp_path, {f"{room}/module.py": "a = 1"}))
    assert build_id(None, checkout(tmp_path, {"tests/test.py": "", "README.md": ""})) == before
    assert build_id(None, checkout(tmp_path, {f"{room}/module.py": "a = 2"})) != before
