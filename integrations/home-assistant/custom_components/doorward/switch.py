"""Do not disturb, and muted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .api import Json
from .entity import DoorwardEntity, add_entities, asks_hub
from .hub import DoorwardConfigEntry, DoorwardHub

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class SettingSwitch(SwitchEntityDescription):
    """A switch that is a setting of the device."""

    setting: str


SWITCHES = (
    SettingSwitch(key="do_not_disturb", translation_key="do_not_disturb", setting="doNotDisturb"),
    SettingSwitch(key="muted", translation_key="muted", setting="muted"),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: DoorwardConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add switches for each speaker that this token may administer."""
    add_entities(entry, async_add_entities, _make)


def _make(hub: DoorwardHub, device: Json, can: dict[str, bool]) -> Iterable[DoorwardSwitch]:
    if can["talk"] and can["administer"]:
        for description in SWITCHES:
            yield DoorwardSwitch(hub, device, description)


class DoorwardSwitch(DoorwardEntity, SwitchEntity):
    """One setting of a device."""

    _attr_entity_category = EntityCategory.CONFIG
    entity_description: SettingSwitch

    def __init__(self, hub: DoorwardHub, device: Json, description: SettingSwitch) -> None:
        """Take the device and its setting."""
        super().__init__(hub, device, description.key)
        self.entity_description = description

    @property
    def is_on(self) -> bool:
        """Give the setting as it is."""
        return bool((self.device.get("settings") or {}).get(self.entity_description.setting))

    @asks_hub
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Switch it on."""
        await self.hub.client.change(self.device_id, {self.entity_description.setting: True})

    @asks_hub
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch it off."""
        await self.hub.client.change(self.device_id, {self.entity_description.setting: False})
