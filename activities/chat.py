"""What is done in the chat."""

from datetime import UTC, datetime

from temporalio import activity

from activities.border import cross, first_ref, ref
from muster.domain.effects import Card, EffectCall, Op, Receipt
from muster.ports import Chat

OFF = Receipt(off=True)


class ChatActivities:
    """Activities over the Chat port; without one every effect is off."""

    def __init__(self, chat: Chat | None) -> None:
        self._chat = chat

    @activity.defn(name=Op.CHAT_ANNOUNCE)
    async def announce(self, call: EffectCall) -> Receipt:
        """Post the card of the incident."""
        if (chat := self._chat) is None:
            return OFF
        return await cross(
            call, lambda fresh: chat.announce(call.key, call.body.channel, _card(call), fresh=fresh)
        )

    @activity.defn(name=Op.CHAT_EDIT)
    async def edit(self, call: EffectCall) -> Receipt:
        """Bring a posted card up to date."""
        if (chat := self._chat) is None:
            return OFF
        return await cross(call, lambda _: chat.edit(first_ref(call), _card(call), key=call.key))

    @activity.defn(name=Op.CHAT_SAY)
    async def say(self, call: EffectCall) -> Receipt:
        """Post a text to a channel or into the incident's thread."""
        if (chat := self._chat) is None:
            return OFF
        body = call.body
        thread = None if body.channel else ref(call, "announce")
        return await cross(
            call,
            lambda fresh: chat.say(
                call.key,
                body.text,
                channel=body.channel,
                thread=thread,
                people=body.people,
                fresh=fresh,
            ),
        )

    @activity.defn(name=Op.CHAT_OPEN_CHANNEL)
    async def open_channel(self, call: EffectCall) -> Receipt:
        """Create the incident's own channel."""
        if (chat := self._chat) is None:
            return OFF
        body = call.body
        return await cross(
            call,
            lambda fresh: chat.open_channel(call.key, body.name, private=body.private, fresh=fresh),
        )

    @activity.defn(name=Op.CHAT_TOPIC)
    async def topic(self, call: EffectCall) -> Receipt:
        """Bring the topic of the own channel up to date."""
        if (chat := self._chat) is None:
            return OFF
        key = f"{call.incident}/channel"
        return await cross(
            call, lambda _: chat.set_topic(ref(call, "channel"), call.body.text, key=key)
        )

    @activity.defn(name=Op.CHAT_PIN)
    async def pin(self, call: EffectCall) -> Receipt:
        """Post the card into the own channel and pin it."""
        if (chat := self._chat) is None:
            return OFF
        return await cross(
            call, lambda fresh: chat.pin(call.key, ref(call, "channel"), _card(call), fresh=fresh)
        )

    @activity.defn(name=Op.CHAT_BOOKMARK)
    async def bookmark(self, call: EffectCall) -> Receipt:
        """Bookmark the bridge and the issue in the own channel, as far as they stand."""
        if (chat := self._chat) is None:
            return OFF
        return await cross(call, lambda _: chat.bookmark(ref(call, "channel"), call.body.links))

    @activity.defn(name=Op.CHAT_INVITE)
    async def invite(self, call: EffectCall) -> Receipt:
        """Bring people into the own channel."""
        if (chat := self._chat) is None:
            return OFF
        return await cross(call, lambda _: chat.invite(ref(call, "channel"), call.body.people))

    @activity.defn(name=Op.CHAT_SWEEP)
    async def sweep(self, call: EffectCall) -> Receipt:
        """Retire messages and channels that the vendor has made twice."""
        if (chat := self._chat) is None:
            return OFF
        since = call.body.at or datetime.now(UTC)
        return await cross(
            call,
            lambda _: chat.sweep(f"{call.incident}/", call.body.channels, call.refs, since=since),
        )

    @activity.defn(name=Op.CHAT_ARCHIVE)
    async def archive(self, call: EffectCall) -> Receipt:
        """Archive the own channel."""
        if (chat := self._chat) is None:
            return OFF
        return await cross(call, lambda _: chat.archive(ref(call, "channel")))


def _card(call: EffectCall) -> Card:
    return call.body.card or Card(headline=call.body.text or call.incident)
