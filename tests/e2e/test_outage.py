"""All vendors are away: people go on with what the command line says, and everything is there once when they are back."""

from typing import Any

import pytest

from starter.stack.places import listening
from tests.e2e.conftest import Scene

pytestmark = pytest.mark.e2e


def effect(scene: Scene, number: int, title: str) -> dict[str, Any]:
    return next(one for one in scene.see(number)["effects"] if one["title"] == title)


@pytest.mark.timeout(180)
def test_an_incident_is_run_while_every_vendor_is_away(scene: Scene) -> None:
    scene.stack.sandbox.kill()

    # It is declared, led and resolved.
    declared = scene.muster("declare", "api errors", "--severity", "S2", "--service", "web")
    number = str(declared["number"])
    for role, person in (("imoc", "ana"), ("cmoc", "ben")):
        assert scene.muster("assign", number, role, person)["outcome"] == "applied"
    words = ["We look into it.", "We have found it."]
    for text in words:
        scene.muster("update", number, text, "--to", "end-users,support", "--yes")
    scene.until(lambda: effect(scene, declared["number"], "bridge")["since"])
    assert scene.see(declared["number"])["degraded"]
    assert effect(scene, declared["number"], "bridge")["reason"]
    scene.muster("resolve", number, "--yes")
    scene.until(lambda: scene.see(declared["number"])["phase"] == "closed")

    # They are back, and nobody needs to do anything.
    scene.stack.sandbox.start()
    scene.until(lambda: listening(scene.stack.ports.sandbox))
    scene.until(lambda: scene.settled(declared["number"]), seconds=120)
    seen = scene.sandbox()
    assert len(seen["gitlab"]["issues"]) == len(seen["zoom"]["meetings"]) == 1
    cards = [one for one in scene.messages("incident") if one["text"].startswith(f"#{number} ")]
    assert len([one for one in cards if not one["thread_ts"]]) == 1
    public = "\n".join(one["text"] for one in seen["x"]["posts"].values())
    support = "\n".join(one["text"] for one in scene.messages("support"))
    for told in (public, support):
        assert [told.count(text) for text in words] == [1, 1]
        assert told.index(words[0]) < told.index(words[1])
