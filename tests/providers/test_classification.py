"""What vendors answer, as tables: which of it was written, which was not, which needs a human."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
)

from muster import ports
from muster.ports import (
    Ambiguous,
    Drift,
    Forbidden,
    NeedsHuman,
    NotFound,
    NotSent,
    ProviderError,
    RateLimited,
    Rejected,
    Waiting,
)
from muster.providers import gitlab, slack_calls, x
from muster.providers.errors import (
    BY_STATUS,
    LONGEST_DELAY,
    from_requests,
    from_status,
    retry_after,
)

STATUSES = [
    (400, Rejected),
    (401, Forbidden),
    (403, Forbidden),
    (404, NotFound),
    (408, Ambiguous),
    (409, Rejected),
    (410, NotFound),
    (418, Rejected),
    (422, Rejected),
    (429, RateLimited),
    (499, Rejected),
    (500, Ambiguous),
    (501, Ambiguous),
    (502, Ambiguous),
    (503, NotSent),
    (504, Ambiguous),
    (520, Ambiguous),
    (302, Ambiguous),
]
FROM_A_STATUS: list[Callable[[int], ProviderError]] = [
    lambda status: from_status(status, "vendor"),
    gitlab.classify,
    x.classify,
]


@pytest.mark.parametrize("classify", FROM_A_STATUS)
@pytest.mark.parametrize(("status", "kind"), STATUSES)
def test_a_status_means_the_same_from_every_vendor(
    classify: Callable[[int], ProviderError], status: int, kind: type[ProviderError]
) -> None:
    error = classify(status)
    assert (type(error), error.code) == (kind, str(status))


def test_gitlab_without_any_status_is_unclear() -> None:
    assert type(gitlab.classify(None)) is Ambiguous


@pytest.mark.parametrize("status", range(500, 600))
def test_no_server_error_is_ever_a_human_matter(status: int) -> None:
    assert not isinstance(from_status(status, "vendor"), NeedsHuman)


@pytest.mark.parametrize("status", range(400, 500))
def test_of_client_errors_only_a_timeout_and_a_limit_are_tried_again(status: int) -> None:
    again = not isinstance(from_status(status, "vendor"), NeedsHuman)
    assert again is (status in {408, 429})


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"RETRY-AFTER": "-3"}, 0.0),
        ({"Retry-After": "99999"}, LONGEST_DELAY),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"x-rate-limit-reset": "1030"}, 30.0),
        ({"x-rate-limit-reset": "990"}, 0.0),
        ({"x-rate-limit-reset": "soon"}, None),
        ({"Retry-After": "5", "x-rate-limit-reset": "1030"}, 5.0),
        ({"Retry-After": "later", "x-rate-limit-reset": "1030"}, 30.0),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, None),
    ],
)
def test_how_long_a_vendor_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, 1000.0) == seconds


def test_x_and_gitlab_hand_the_delay_on() -> None:
    assert x.classify(429, {"retry-after": "12"}).retry_after == 12
    assert gitlab.classify(429, {"Retry-After": "12"}).retry_after == 12


@pytest.mark.parametrize(("word", "kind"), slack_calls.BY_CODE.items())
def test_slacks_words(word: str, kind: type[ProviderError]) -> None:
    error = slack_calls.classify(word)
    assert (type(error), error.code, error.retry_after) == (kind, word, None)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("ratelimited", RateLimited),
        ("fatal_error", Ambiguous),
        ("internal_error", Ambiguous),
        ("request_timeout", Ambiguous),
        ("service_unavailable", NotSent),
        ("channel_not_found", NotFound),
        ("message_not_found", NotFound),
        ("invalid_auth", Forbidden),
        ("token_revoked", Forbidden),
        ("missing_scope", Forbidden),
        ("name_taken", Rejected),
        ("msg_too_long", Rejected),
        ("a_word_of_next_year", Rejected),
    ],
)
def test_the_words_of_slack_that_decide_between_trying_again_and_a_human(
    word: str, kind: type[ProviderError]
) -> None:
    assert type(slack_calls.classify(word)) is kind


@pytest.mark.parametrize(
    ("word", "header", "seconds"),
    [
        ("ratelimited", "30", 30),
        ("ratelimited", "", None),
        ("ratelimited", "soon", None),
        ("ratelimited", "99999", LONGEST_DELAY),
        ("fatal_error", "30", None),
    ],
)
def test_only_slacks_limit_carries_a_delay(word: str, header: str, seconds: float | None) -> None:
    assert slack_calls.classify(word, {"Retry-After": header}).retry_after == seconds


def _wrapped(reason: Exception) -> requests.ConnectionError:
    return requests.ConnectionError(MaxRetryError(None, "/", reason))  # type: ignore[arg-type]


BROKEN: list[tuple[Exception, type[ProviderError]]] = [
    (requests.ConnectTimeout(), NotSent),
    (_wrapped(NewConnectionError(None, "refused")), NotSent),  # type: ignore[arg-type]
    (_wrapped(ConnectTimeoutError(None, "slow")), NotSent),
    (requests.ConnectionError(ProtocolError("aborted", ConnectionResetError(104))), Ambiguous),
    (requests.ConnectionError(), Ambiguous),
    (requests.ReadTimeout(), Ambiguous),
    (requests.exceptions.ChunkedEncodingError(), Ambiguous),
    (requests.exceptions.ContentDecodingError(), Ambiguous),
]


@pytest.mark.parametrize(("broken", "kind"), BROKEN, ids=lambda one: repr(one)[:40])
def test_only_a_connection_that_was_never_made_is_known_to_have_written_nothing(
    broken: Exception, kind: type[ProviderError]
) -> None:
    assert type(from_requests(broken)) is kind


def test_a_refused_connection_as_requests_really_raises_it() -> None:
    with pytest.raises(requests.ConnectionError) as refused:
        requests.post("http://127.0.0.1:9", timeout=1)
    assert type(from_requests(refused.value)) is NotSent


def test_no_error_carries_the_address_or_a_secret() -> None:
    broken = requests.ConnectionError("http://user:secret@host/?token=secret")
    assert "secret" not in str(from_requests(broken))


def _errors() -> list[type[Any]]:
    found = [one for _, one in inspect.getmembers(ports, inspect.isclass)]
    return [one for one in found if issubclass(one, ProviderError)]


def test_the_tree_of_errors_is_the_documented_one() -> None:
    human = {Rejected, Forbidden, NotFound, Drift, NeedsHuman}
    assert {one for one in _errors() if issubclass(one, NeedsHuman)} == human
    assert set(_errors()) - human == {ProviderError, NotSent, RateLimited, Ambiguous, Waiting}
    assert issubclass(RateLimited, NotSent)


def test_every_status_of_the_table_is_one_of_http() -> None:
    assert all(400 <= status < 600 for status in BY_STATUS)
