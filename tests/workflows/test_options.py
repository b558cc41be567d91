"""How long an attempt may take: a vendor's by policy, one of our own workflows' by how long its line may be."""

import inspect
from datetime import timedelta

import pytest

from muster.domain.effects import Op, Timing
from muster.providers.temporal_ledger import TemporalLedger
from workflows import options

SHORT = Timing(http_timeout=timedelta(seconds=1))


@pytest.mark.parametrize("op", [op for op in Op if options.own(op)])
def test_what_waits_in_our_own_line_is_not_cut_off_by_a_short_patience_with_vendors(op: Op) -> None:
    call = inspect.signature(TemporalLedger).parameters["timeout"].default
    for leg in (
        options.first_leg(op, SHORT),
        options.second_leg(op, SHORT, timedelta(days=7)),
    ):
        assert leg.start_to_close >= 3 * call


def test_a_vendor_has_time_for_three_calls() -> None:
    assert options.first_leg(Op.CHAT_SAY, SHORT).start_to_close == timedelta(seconds=3)
