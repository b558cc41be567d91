"""How GitLab reads a text: quick actions and mentions act outside of code, comments and quotes, as its Markdown has it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

ACTIONS = frozenset(
    """
    add_child add_contacts add_email approve assign assign_reviewer award blocked_by blocks board_move
    clear_health_status clear_weight clone close cloned_from confidential convert_to_ticket copy_metadata
    create_merge_request done draft due duplicate epic escalate estimate estimate_time health_status
    internal_note iteration label labels link lock merge milestone move page parent promote promote_to
    promote_to_incident publish react ready reassign reassign_reviewer rebase relabel relate remove_child
    remove_contacts remove_due_date remove_email remove_epic remove_estimate remove_iteration remove_label
    remove_milestone remove_parent remove_parent_epic remove_time_spent remove_zoom reopen request_changes
    request_review resolve run_pipeline set_parent severity ship shrug spend spend_time spent submit_review
    subscribe tableflip tag target_branch timeline title todo type unapprove unassign unassign_reviewer
    unlabel unlink unlock unrelate unsubscribe weight wip zoom
    """.split()  # noqa: SIM905 - a list of this length reads better as words
)
_FENCE = re.compile(r" {0,3}(?P<mark>`{3,}(?=[^`]*$)|~{3,})")
_QUOTE = re.compile(r" {0,3}>")
_INDENTED = re.compile(r" {4}|\t")
_HIDDEN = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_SPAN = re.compile(r"(?<![`\\])(`+)(?!`)(?:(?!\n\s*\n).)+?(?<!`)\1(?!`)", re.DOTALL)
_ACTION = re.compile(r"/(?P<name>\w+)(?: (?P<rest>.*))?\s*\Z")
_MENTION = re.compile(r"(?<![\w\\])@(\w(?:[\w./-]*\w)?)")


@dataclass
class Reading:
    """What a text did, and what GitLab keeps of it: the actions are taken out."""

    kept: str
    actions: list[tuple[str, str]] = field(default_factory=list)
    mentions: list[str] = field(default_factory=list)


def read(text: str) -> Reading:
    """Return what a description or a note does."""
    reading = Reading(text)
    lines = text.replace("\r", "").split("\n")
    kept, rest = [], []
    for line, live in zip(lines, _live(lines), strict=True):
        found = _ACTION.match(live)
        if found and found["name"].lower() in ACTIONS:
            reading.actions.append((found["name"].lower(), (found["rest"] or "").strip()))
        else:
            kept.append(line)
            rest.append(live)
    if reading.actions:
        reading.kept = "\n".join(kept).strip()
    reading.mentions = mentions("\n".join(rest))
    return reading


def mentions(text: str) -> list[str]:
    """Return whom a text mentions outside of code spans; a title is such a text."""
    return list(dict.fromkeys(_MENTION.findall(_SPAN.sub(" ", text))))


def _live(lines: list[str]) -> list[str]:
    """Return each line as far as something in it could act; where that is not sure, it could."""
    plain = _HIDDEN.sub(_blanked, "\n".join(_uncoded(lines)))
    return _SPAN.sub(_blanked, plain).split("\n")


def _blanked(found: re.Match[str]) -> str:
    """Return a dot for each line of it, so that nothing moves to the beginning of a line."""
    return "\n".join("·" for _ in found[0].split("\n"))


def _uncoded(lines: list[str]) -> Iterator[str]:
    """Give each line, empty where it is of a code block or a quote."""
    fence, before = "", ""
    for line in lines:
        opened = _fence(line)
        if fence:
            fence = "" if _closes(line, fence) else fence
            before = ""
        elif opened:
            fence, before = opened, ""
        else:
            before = "" if _QUOTE.match(line) or (not before and _INDENTED.match(line)) else line
        yield before


def _fence(line: str) -> str:
    found = _FENCE.match(line)
    return found["mark"] if found else ">>>" if line.startswith(">>>") else ""


def _closes(line: str, fence: str) -> bool:
    bare = line.strip()
    return bare.startswith(fence) and not bare.strip(fence[0])
