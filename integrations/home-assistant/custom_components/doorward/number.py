"""Loudness of a speaker."""

from __future__ import annotations

from collections.abc import Iterable

from homeassistant.components.number import NumberEntity, NumberMode
from homeassistant.const import PERCENTAGE, EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .api import Json
from .entity import DoorwardEntity, add_entities, asks_hub
from .hub import DoorwardConfigEntry, DoorwardHub

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant, entry: DoorwardConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the loudness of each speaker that this token may administer."""
    add_entities(entry, async_add_entities, _make)


def _make(hub: DoorwardHub, device: Json, can: dict[str, bool]) -> Iterable[Loudness]:
    if can["talk"] and can["administer"]:
        yield Loudness(hub, device)


class Loudness(DoorwardEntity, NumberEntity):
    """How loud the device plays: 100 leaves the sound as it is."""

    _attr_translation_key = "loudness"
    _attr_entity_category = EntityCategory.CONFIG
    _attr_mode = NumberMode.SLIDER
    _attr_native_min_value = 0
    _attr_native_max_value = 400
    _attr_native_step = 5
    _attr_native_unit_of_measurement = PERCENTAGE

    def __init__(self, hub: DoorwardHub, device: Json) -> None:
        """Take the device."""
        super().__init__(hub, device, "loudness")

    @property
    def native_value(self) -> float:
        """Give the loudness in percent."""
        return round(100 * float((self.device.get("settings") or {}).get("volume", 1)))

    @asks_hub
    async def async_set_native_value(self, value: float) -> None:
        """Set the loudness."""
        await self.hub.client.change(self.device_id, {"volume": value / 100})
