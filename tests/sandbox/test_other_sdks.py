"""zoomus and X's own SDK work against the stand-ins, too."""

import asyncio
from typing import Any

import pytest
import requests
from xdk import Client
from zoomus.components.meeting import MeetingComponentV2

from muster.sandbox import Sandbox


async def test_zoomus_creates_lists_moves_and_deletes_a_meeting(sandbox: Sandbox) -> None:
    """The token route is called as Zoom documents it: zoomus knows only tokens of an older kind."""

    def life() -> None:
        query = {"grant_type": "account_credentials", "account_id": "a"}
        grant = requests.post(
            sandbox.urls["zoom_oauth"], params=query, auth=("a", "b"), timeout=5
        ).json()
        config: dict[str, Any] = {"token": grant["access_token"], "version": 2}
        zoom = MeetingComponentV2(base_uri=sandbox.urls["zoom"], config=config)
        made = zoom.create(user_id="me", topic="Bridge", type=2, agenda="muster key 1").json()
        listed = zoom.list(user_id="me", page_size=1, type="scheduled").json()
        assert [one["id"] for one in listed["meetings"]] == [made["id"]]
        assert zoom.update(id=made["id"], topic="Other").status_code == 204
        sandbox.zoom.occupy(str(made["id"]), occupied=True)
        found = zoom.get(id=made["id"]).json()
        assert (found["topic"], found["status"]) == ("Other", "started")
        assert zoom.delete(id=made["id"]).json()["code"] == 3002
        sandbox.zoom.occupy(str(made["id"]), occupied=False)
        assert zoom.delete(id=made["id"]).status_code == 204

    await asyncio.to_thread(life)


async def test_the_sdk_of_x_posts_finds_and_deletes(sandbox: Sandbox) -> None:
    def life() -> None:
        client = Client(base_url=sandbox.urls["x"], access_token="test")
        made = client.posts.create({"text": "We are on it."}).data
        post = made["id"] if isinstance(made, dict) else made.id
        account = client.users.get_me().data
        own = account["id"] if isinstance(account, dict) else account.id
        assert [page.meta is not None for page in client.users.get_posts(own)] == [True]
        with pytest.raises(requests.HTTPError, match="403"):
            client.posts.create({"text": "We are on it."})
        client.posts.delete(post)
        client.session.close()

    await asyncio.to_thread(life)
    assert not sandbox.x.posts
