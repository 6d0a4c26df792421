"""How urgent what Home Assistant says through a device is."""

from __future__ import annotations

from collections.abc import Iterable

from homeassistant.components.select import SelectEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import RestoreEntity

from .api import Json
from .entity import DoorwardEntity, add_entities
from .hub import DoorwardConfigEntry, DoorwardHub

PARALLEL_UPDATES = 0

PRIORITIES = ["normal", "high", "emergency"]


async def async_setup_entry(
    hass: HomeAssistant, entry: DoorwardConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the priority of each speaker."""
    add_entities(entry, async_add_entities, _make)


def _make(hub: DoorwardHub, device: Json, can: dict[str, bool]) -> Iterable[Priority]:
    if can["talk"]:
        yield Priority(hub, device)


class Priority(DoorwardEntity, SelectEntity, RestoreEntity):
    """The priority of announcements and spoken notifications there."""

    _attr_translation_key = "priority"
    _attr_entity_category = EntityCategory.CONFIG
    _attr_options = PRIORITIES

    def __init__(self, hub: DoorwardHub, device: Json) -> None:
        """Take the device."""
        super().__init__(hub, device, "priority")

    async def async_added_to_hass(self) -> None:
        """Take up what was chosen before."""
        await super().async_added_to_hass()
        if (last := await self.async_get_last_state()) and last.state in PRIORITIES:
            self.hub.priorities[self.device_id] = PRIORITIES.index(last.state)

    @property
    def current_option(self) -> str:
        """Give what is chosen."""
        return PRIORITIES[self.hub.priorities.get(self.device_id, 0)]

    async def async_select_option(self, option: str) -> None:
        """Choose."""
        self.hub.priorities[self.device_id] = PRIORITIES.index(option)
        self.async_write_ha_state()
