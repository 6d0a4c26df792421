"""Texts that are spoken."""

from __future__ import annotations

from collections.abc import Iterable

from homeassistant.components.notify import NotifyEntity, NotifyEntityFeature
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .api import DoorwardError, Json
from .entity import DoorwardEntity, add_entities, asks_hub, refused
from .hub import DoorwardConfigEntry, DoorwardHub
from .places import PlaceEntity, places

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant, entry: DoorwardConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add a voice for each speaker, each area and the whole house."""
    add_entities(entry, async_add_entities, _make)
    places(entry, async_add_entities, SpokenThere)


def _make(hub: DoorwardHub, device: Json, can: dict[str, bool]) -> Iterable[Spoken]:
    if can["talk"]:
        yield Spoken(hub, device)


class Spoken(DoorwardEntity, NotifyEntity):
    """Says a message through the device."""

    _attr_translation_key = "spoken"
    _attr_supported_features = NotifyEntityFeature.TITLE

    def __init__(self, hub: DoorwardHub, device: Json) -> None:
        """Take the device."""
        super().__init__(hub, device, "notify")

    @asks_hub
    async def async_send_message(self, message: str, title: str | None = None) -> None:
        """Say it, the title first."""
        text = message if not title else f"{title}. {message}"
        client = await self.asking()
        await client.say(f"device:{self.device_id}", {"text": text}, self.hub.priorities.get(self.device_id, 0))


class SpokenThere(PlaceEntity, NotifyEntity):
    """Says a message through all speakers of an area, or of the house."""

    _attr_supported_features = NotifyEntityFeature.TITLE

    def __init__(self, hub: DoorwardHub, channel: str) -> None:
        """Take the channel."""
        super().__init__(hub, channel, "notify")

    async def async_send_message(self, message: str, title: str | None = None) -> None:
        """Say it, the title first."""
        try:
            client = await self.asking()
            await client.say(self.channel, {"text": message if not title else f"{title}. {message}"})
        except DoorwardError as error:
            raise refused(error) from error
