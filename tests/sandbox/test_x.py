"""X's stand-in: its own measure of a post, replies, times and rates."""

import time

import aiohttp
import pytest

from muster.sandbox import Sandbox
from muster.sandbox.x_length import measured


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("a" * 280, 280),
        ("あ" * 140, 280),
        ("é", 1),
        ("e\u0301", 1),
        ("\u201cquoted\u201d \u2013 \u2019", 12),
        ("\U0001f600", 2),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", 2),
        ("\U0001f44d\U0001f3fd", 2),
        ("\U0001f1e9\U0001f1ea", 2),
        ("see https://status.example.com/a/very/long/path?with=query", 4 + 23),
        ("see status.example.com now", 4 + 23 + 4),
        ("v1.2 and e.g. this", 18),
    ],
)
def test_a_post_is_measured_as_twitter_text_says(text: str, length: int) -> None:
    """Follows version 3 of twitter-text's configuration, of which the OpenAPI document says nothing."""
    assert measured(text) == length


async def test_a_reply_needs_its_post(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    url = f"{sandbox.urls['x']}/2/tweets"
    body = {"text": "more", "reply": {"in_reply_to_tweet_id": "7"}}
    async with http.post(url, json=body) as reply:
        assert reply.status == 403
    async with http.post(url, json={"text": "first"}) as reply:
        post = (await reply.json())["data"]["id"]
    async with http.post(url, json={**body, "reply": {"in_reply_to_tweet_id": post}}) as reply:
        assert reply.status == 201
    assert len(sandbox.x.posts) == 2


async def test_a_post_of_this_second_is_found_since_this_second(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    base = f"{sandbox.urls['x']}/2"
    await http.post(f"{base}/tweets", json={"text": "now"})
    at = next(iter(sandbox.x.posts.values()))["created_at"]
    async with http.get(f"{base}/users/1000/tweets", params={"start_time": f"{at[:19]}Z"}) as reply:
        assert (await reply.json())["meta"]["result_count"] == 1
    for bad in ({"start_time": "soon"}, {"max_results": "4"}, {"max_results": "x"}):
        async with http.get(f"{base}/users/1000/tweets", params=bad) as reply:
            assert reply.status == 400


async def test_every_answer_says_what_is_left_of_the_rate(
    sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    async with http.get(f"{sandbox.urls['x']}/2/users/me") as reply:
        assert int(reply.headers["x-rate-limit-reset"]) > time.time()
        assert int(reply.headers["x-rate-limit-remaining"]) >= 0


async def test_an_empty_post_is_refused(sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    async with http.post(f"{sandbox.urls['x']}/2/tweets", json={"text": " "}) as reply:
        assert reply.status == 400
    assert not sandbox.x.posts
