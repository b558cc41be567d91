"""The table of writes: every operation of every port, and every call that it makes of its vendor."""

from typing import NamedTuple

from tests.providers import scenes_beside as beside
from tests.providers import scenes_chat as chat
from tests.providers.scenes import Scene


class Row(NamedTuple):
    """One call that an operation makes: ``route`` is a part of its method and path."""

    operation: str
    vendor: str
    route: str
    scene: Scene

    @property
    def name(self) -> str:
        return f"{self.scene.__name__} at {self.route}"


WRITES = (
    Row("Chat.announce", "slack", "chat.postMessage", chat.announced),
    Row("Chat.announce", "slack", "conversations.list", chat.announced_twice),
    Row("Chat.announce", "slack", "conversations.history", chat.announced_twice),
    Row("Chat.announce", "slack", "chat.delete", chat.announced_twice),
    Row("Chat.edit", "slack", "chat.update", chat.edited),
    Row("Chat.say", "slack", "chat.postMessage", chat.posted),
    Row("Chat.say", "slack", "chat.postMessage", chat.answered_in_the_thread),
    Row("Chat.say", "slack", "conversations.replies", chat.answered_twice),
    Row("Chat.say", "slack", "chat.delete", chat.answered_twice),
    Row("Chat.say", "slack", "conversations.join", chat.posted_from_outside),
    Row("Chat.say", "slack", "conversations.list", chat.posted_from_outside),
    Row("Chat.say", "slack", "chat.postMessage", chat.posted_from_outside),
    Row("Chat.say", "slack", "conversations.unarchive", chat.said_into_an_archived_channel),
    Row("Chat.say", "slack", "chat.postMessage", chat.said_into_an_archived_channel),
    Row("Chat.open_channel", "slack", "conversations.create", chat.opened_channel),
    Row("Chat.open_channel", "slack", "conversations.create", chat.opened_beside_anothers),
    Row("Chat.open_channel", "slack", "conversations.list", chat.opened_beside_anothers),
    Row("Chat.set_topic", "slack", "conversations.setTopic", chat.topic),
    Row("Chat.set_topic", "slack", "conversations.setPurpose", chat.topic),
    Row("Chat.pin", "slack", "chat.postMessage", chat.pinned),
    Row("Chat.pin", "slack", "pins.add", chat.pinned),
    Row("Chat.bookmark", "slack", "bookmarks.list", chat.bookmarked),
    Row("Chat.bookmark", "slack", "bookmarks.add", chat.bookmarked),
    Row("Chat.bookmark", "slack", "bookmarks.list", chat.bookmarked_twice),
    Row("Chat.bookmark", "slack", "bookmarks.remove", chat.bookmarked_twice),
    Row("Chat.invite", "slack", "conversations.invite", chat.invited),
    Row("Chat.archive", "slack", "conversations.archive", chat.archived),
    Row("Chat.sweep", "slack", "conversations.list", chat.swept),
    Row("Chat.sweep", "slack", "conversations.archive", chat.swept),
    Row("Chat.sweep", "slack", "bookmarks.list", chat.swept),
    Row("Chat.sweep", "slack", "bookmarks.remove", chat.swept),
    Row("Chat.sweep", "slack", "conversations.history", chat.swept),
    Row("Chat.sweep", "slack", "conversations.replies", chat.swept),
    Row("Chat.sweep", "slack", "chat.delete", chat.swept),
    Row("Conference.open", "zoom", "POST /v2/users", beside.opened_bridge),
    Row("Conference.open", "zoom", "GET /v2/users", beside.opened_bridge_twice),
    Row("Conference.open", "zoom", "DELETE /v2/meetings", beside.opened_bridge_twice),
    Row("Conference.sweep", "zoom", "GET /v2/users", beside.swept_bridges),
    Row("Conference.sweep", "zoom", "DELETE /v2/meetings", beside.swept_bridges),
    Row("Conference.end", "zoom", "GET /v2/meetings", beside.ended_bridge),
    Row("Conference.end", "zoom", "DELETE /v2/meetings", beside.ended_bridge),
    Row("Tracker.open", "gitlab", "POST /api", beside.opened_issue),
    Row("Tracker.open", "gitlab", "GET /api", beside.opened_issue_twice),
    Row("Tracker.open", "gitlab", "PUT /api", beside.opened_issue_twice),
    Row("Tracker.edit", "gitlab", "PUT /api", beside.edited_issue),
    Row("Tracker.note", "gitlab", "POST /api", beside.noted),
    Row("Tracker.note", "gitlab", "GET /api", beside.noted_twice),
    Row("Tracker.note", "gitlab", "DELETE /api", beside.noted_twice),
    Row("Tracker.link", "gitlab", "/issues/1/links", beside.linked),
    Row("Tracker.link", "gitlab", "GET /api", beside.linked),
    Row("Tracker.link", "gitlab", "POST /api", beside.linked),
    Row("Tracker.sweep", "gitlab", "GET /api", beside.swept_tracker),
    Row("Tracker.sweep", "gitlab", "/notes", beside.swept_tracker),
    Row("Tracker.sweep", "gitlab", "PUT /api", beside.swept_tracker),
    Row("Tracker.sweep", "gitlab", "DELETE /api", beside.swept_tracker),
    Row("StatusChannel.post", "x", "POST /2/tweets", beside.published),
    Row("StatusChannel.post", "x", "GET /2/users/me", beside.published_twice),
    Row("StatusChannel.post", "x", "GET /2/users/1000/tweets", beside.published_twice),
    Row("StatusChannel.post", "x", "DELETE /2/tweets", beside.published_twice),
)
