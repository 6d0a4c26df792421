"""How urgent what Home Assistant says through a device is, and whom a device's own button speaks to."""

from __future__ import annotations

from collections.abc import Iterable

from homeassistant.components.select import SelectEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import RestoreEntity

from .api import Json
from .entity import DoorwardEntity, add_entities, asks_hub
from .hub import DoorwardConfigEntry, DoorwardHub

PARALLEL_UPDATES = 1

PRIORITIES = ["normal", "high", "emergency"]


async def async_setup_entry(
    hass: HomeAssistant, entry: DoorwardConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the priority of each speaker, and what the button of each room station does."""
    add_entities(entry, async_add_entities, _make)


def _make(hub: DoorwardHub, device: Json, can: dict[str, bool]) -> Iterable[DoorwardEntity]:
    if can["talk"]:
        yield Priority(hub, device)
    if can["target"]:
        yield Target(hub, device)
    if can["target_priority"]:
        yield TargetPriority(hub, device)


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


class OwnButton(DoorwardEntity, SelectEntity):
    """Something of the button to talk that a device has itself; it is known while the device is there."""

    _attr_entity_category = EntityCategory.CONFIG

    @property
    def available(self) -> bool:
        """Whether the device is there."""
        return super().available and bool(self._button)

    @property
    def _button(self) -> Json:
        return self.device.get("button") or {}


class Target(OwnButton):
    """Whom the device speaks to when its own button is pressed."""

    _attr_translation_key = "target"

    def __init__(self, hub: DoorwardHub, device: Json) -> None:
        """Take the device."""
        super().__init__(hub, device, "target")

    @property
    def options(self) -> list[str]:
        """Give whom it could speak to: names of rooms, devices, areas and groups, and everybody."""
        return list(self._button.get("targets", []))

    @property
    def current_option(self) -> str | None:
        """Give whom it speaks to."""
        return self._button.get("target")

    @asks_hub
    async def async_select_option(self, option: str) -> None:
        """Choose; done when the device has said so."""
        await self.hub.client.set_button(self.device_id, {"target": option})


class TargetPriority(OwnButton):
    """How urgent it is what the device says when its own button is pressed."""

    _attr_translation_key = "target_priority"
    _attr_options = PRIORITIES

    def __init__(self, hub: DoorwardHub, device: Json) -> None:
        """Take the device."""
        super().__init__(hub, device, "target_priority")

    @property
    def current_option(self) -> str | None:
        """Give what is chosen."""
        priority = self._button.get("priority")
        return None if priority is None else PRIORITIES[priority]

    @asks_hub
    async def async_select_option(self, option: str) -> None:
        """Choose; done when the device has said so."""
        await self.hub.client.set_button(self.device_id, {"priority": PRIORITIES.index(option)})
