"""How our processes write their logs: one record is one line, whatever text of others it holds."""

import logging

FORM = "%(asctime)s %(levelname)s %(name)s %(message)s"


class OneRecord(logging.Formatter):
    """Shows what cannot be seen as what it is; further lines, as of a traceback, are indented."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record; only its first line begins at the margin."""
        return "\n    ".join(_seen(line) for line in super().format(record).split("\n"))


def _seen(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in line)


def set_up(level: str | int = logging.INFO) -> None:
    """Write to stderr what is at least so grave. Raises ValueError for a level that is none."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneRecord(FORM))
    logging.basicConfig(level=level, handlers=[handler])
