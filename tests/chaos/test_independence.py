"""The checker shares no code with the product that it judges."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

CHECKER = Path(__file__).parent / "checker"
OWN = "tests.chaos.checker"


def imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def allowed(module: str) -> bool:
    return module == OWN or module.startswith(f"{OWN}.") or module in sys.stdlib_module_names


def strangers(source: str) -> list[str]:
    parts = {one: one.partition(".")[0] for one in imported(source)}
    return [one for one, top in parts.items() if not (allowed(one) or allowed(top))]


def test_the_checker_imports_nothing_but_itself_and_the_standard_library() -> None:
    files = sorted(CHECKER.glob("**/*.py"))
    assert len(files) > 10
    found = {str(one): strangers(one.read_text()) for one in files}
    assert {name: names for name, names in found.items() if names} == {}


def test_an_import_of_the_product_would_be_seen() -> None:
    assert strangers("import json\nfrom muster.domain import facts\nimport workflows.incident")
    assert strangers("from tests.chaos import driver") == ["tests.chaos"]
