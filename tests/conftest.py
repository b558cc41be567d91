"""What all tests share: how much of the long proofs is shown."""

import gc

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    told = "the random and racing proofs at the size of their figures, which takes minutes"
    parser.addoption("--full", action="store_true", help=told)


@pytest.fixture(scope="session")
def full(request: pytest.FixtureRequest) -> bool:
    """Tell whether the long proofs are wanted whole."""
    return bool(request.config.getoption("--full"))


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over all that lasts: a workflow whose thread it holds up counts as deadlocked."""
    gc.freeze()
