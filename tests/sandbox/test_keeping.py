"""What the state's file keeps: everything, every number given out, and time to answer."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from muster.sandbox import Sandbox
from muster.sandbox.keeping import Keeper, UnreadableState


async def send(http: aiohttp.ClientSession, url: str, **given: Any) -> Any:
    async with http.post(url, json=given) as reply:
        return await reply.json()


async def zoom(sandbox: Sandbox, http: aiohttp.ClientSession) -> dict[str, str]:
    query = {"grant_type": "account_credentials", "account_id": "a"}
    headers = {"Authorization": "Basic YTpi"}
    async with http.post(sandbox.urls["zoom_oauth"], params=query, headers=headers) as reply:
        return {"Authorization": f"Bearer {(await reply.json())['access_token']}"}


async def test_no_number_is_given_out_twice_over_a_restart(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    file = tmp_path / "state.json"
    async with Sandbox.serve(state=file) as sandbox:
        meetings = f"{sandbox.urls['zoom']}/users/me/meetings"
        token = await zoom(sandbox, http)
        for topic in ("a", "b", "c"):
            await http.post(meetings, json={"topic": topic}, headers=token)
        given = list(sandbox.zoom.meetings)
        for meeting in (given[0], given[-1]):
            await http.delete(f"{sandbox.urls['zoom']}/meetings/{meeting}", headers=token)
        mark = {"channel_id": "C00000001", "title": "b", "link": "https://b.test"}
        await send(http, f"{sandbox.urls['slack']}bookmarks.add", **mark)
        await send(http, f"{sandbox.urls['slack']}conversations.create", name="inc-1")
        kept = sandbox.dump()
    async with Sandbox.serve(state=file) as sandbox:
        assert sandbox.dump() == kept
        url = f"{sandbox.urls['zoom']}/users/me/meetings"
        async with http.post(url, json={"topic": "d"}, headers=await zoom(sandbox, http)) as reply:
            assert str((await reply.json())["id"]) not in given
        for name in ("inc-2", "inc-3"):
            await send(http, f"{sandbox.urls['slack']}conversations.create", name=name)
        names = {one["name"] for one in sandbox.slack.channels.values()}
        assert {"inc-1", "inc-2", "inc-3"} <= names


async def test_a_growing_state_is_written_less_often_and_never_lost(tmp_path: Path) -> None:
    written = 0

    def dump() -> dict[str, Any]:
        nonlocal written
        written += 1
        return {"x": {"filler": "x" * 2_000_000, "count": written}}

    keeper = Keeper(tmp_path / "state.json", dump)
    for _ in range(100):
        keeper.note()
    assert written == 1
    for _ in range(100):
        await asyncio.sleep(0.05)
        if written == 2:
            break
    assert json.loads((tmp_path / "state.json").read_text())["x"]["count"] == 2


@pytest.mark.parametrize("content", ["{bad", "[1]"])
async def test_a_broken_file_is_left_alone_and_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "state.json"
    file.write_text(content)
    with pytest.raises(UnreadableState, match=r"state\.json"):
        Sandbox(file)
    command = [sys.executable, "-m", "muster.sandbox", "--state", str(file)]
    ended = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, timeout=20, check=False
    )
    assert ended.returncode == 1
    assert "state.json" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert file.read_text() == content


async def test_a_state_of_an_earlier_version_is_taken_over(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    async with Sandbox.serve(state=file) as sandbox:
        old = sandbox.dump()
    for vendor, name in (("slack", "pings"), ("gitlab", "last_note"), ("x", "last_id")):
        del old[vendor][name]
    file.write_text(json.dumps(old))
    assert Sandbox(file).slack.channels == old["slack"]["channels"]
