"""What all tests share: how much of the long proofs is shown."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    told = "the random and racing proofs at the size of their figures, which takes minutes"
    parser.addoption("--full", action="store_true", help=told)


@pytest.fixture(scope="session")
def full(request: pytest.FixtureRequest) -> bool:
    """Tell whether the long proofs are wanted whole."""
    return bool(request.config.getoption("--full"))
