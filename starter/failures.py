"""Why a command did not do what was asked: one tree, each with the exit code that tells it.

Failure
├── BadInput        2  nothing was sent; ``field`` names what is wrong
│   └── BadSetting  2  the same of the environment
├── NoSuchIncident  3
├── Refused         4  a rule says no; ``answer`` is the incident's
├── Unreachable     5  Temporal does not serve us
├── Silent          6  Temporal is there, no worker answers
├── Illegible       6  the answer is encrypted with a key that is not here
├── Gone            1  the workflow does not run; never shown as such
└── Interrupted   130  Ctrl-C
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from starter.cli.page import Row


class Failure(Exception):
    """What a person or a program is told instead of an answer."""

    exit_code: ClassVar[int] = 1
    code: str = "failed"

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.beside: Mapping[str, Any] = {}
        """What a program gets beside the error."""
        self.rows: Sequence[Row] = ()
        """What a person gets after the sentence."""


class BadInput(Failure):
    """What was given does not do."""

    exit_code = 2
    code = "bad_input"


class BadSetting(BadInput):
    """An environment variable does not do."""

    code = "bad_setting"


class NoSuchIncident(Failure):
    """Nobody knows this incident."""

    exit_code = 3
    code = "no_such_incident"


class Refused(Failure):
    """A rule says no."""

    exit_code = 4

    def __init__(self, answer: Mapping[str, Any]) -> None:
        super().__init__(str(answer.get("message") or "refused"), answer.get("field"))
        self.code = str(answer.get("code") or "refused")
        self.answer = answer


class Unreachable(Failure):
    """Temporal cannot be reached, or does not let us in."""

    exit_code = 5
    code = "unreachable"


class Silent(Failure):
    """No worker answers in time."""

    exit_code = 6
    code = "not_answered"


class Illegible(Failure):
    """What was asked may be done; the answer is encrypted with a key that is not here."""

    exit_code = 6
    code = "illegible"


class Gone(Failure):
    """The workflow is not running, or Temporal has forgotten it."""

    code = "gone"


class Interrupted(Failure):
    """A person pressed Ctrl-C."""

    exit_code = 130
    code = "interrupted"
