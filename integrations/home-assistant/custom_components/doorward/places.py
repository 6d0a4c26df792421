"""Several speakers at once: those of an area, and all of the house."""

from __future__ import annotations

from collections.abc import Callable

from homeassistant.core import callback
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .api import DoorwardClient
from .hub import DoorwardConfigEntry, DoorwardHub, what_it_can
from .people import client_for

ALL = "all"


class PlaceEntity(Entity):
    """One thing of several speakers; there while one of them is."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, hub: DoorwardHub, channel: str, key: str) -> None:
        """Take a channel: `all` or `area:<name>`."""
        self.hub = hub
        self.channel = channel
        self._attr_unique_id = f"{hub.session.hub_id}_{channel}_{key}"
        self._attr_device_info = hub.hub_info()
        if channel == ALL:
            self._attr_translation_key = f"{key}_all"
        else:
            self._attr_translation_key = f"{key}_area"
            self._attr_translation_placeholders = {"area": channel.removeprefix("area:")}

    @property
    def available(self) -> bool:
        """Whether the hub is there and somebody would hear it."""
        return self.hub.available and self.channel in channels(self.hub)

    async def asking(self) -> DoorwardClient:
        """Give the way to ask the hub for whoever acts on the entity now."""
        return await client_for(self.hass, self.hub, self._context)

    async def async_added_to_hass(self) -> None:
        """Follow all devices."""
        self.async_on_remove(self.hub.follow(None, self.async_write_ha_state))


def channels(hub: DoorwardHub) -> list[str]:
    """Give the channels in which there is a speaker."""
    speakers = [device for device in hub.devices.values() if what_it_can(device)["talk"]]
    areas = sorted({device["area"] for device in speakers if device.get("area")})
    return [*([ALL] if speakers else []), *(f"area:{area}" for area in areas)]


@callback
def places(
    entry: DoorwardConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    make: Callable[[DoorwardHub, str], PlaceEntity],
) -> None:
    """Add what `make` gives for each channel, now and whenever one comes."""
    hub = entry.runtime_data
    there: set[str] = set()

    @callback
    def add() -> None:
        fresh = [channel for channel in channels(hub) if channel not in there]
        there.update(fresh)
        if fresh:
            async_add_entities([make(hub, channel) for channel in fresh])

    add()
    entry.async_on_unload(hub.follow(None, add))
