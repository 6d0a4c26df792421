"""Whether a device can be reached, and whether somebody speaks through it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from homeassistant.components.binary_sensor import BinarySensorDeviceClass, BinarySensorEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .api import Json
from .entity import DoorwardEntity, add_entities, attributes
from .hub import DoorwardConfigEntry, DoorwardHub

PARALLEL_UPDATES = 0

UNREACHABLE = {"away", "trouble", "wrong-password", "disabled"}


async def async_setup_entry(
    hass: HomeAssistant, entry: DoorwardConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add what is known of each device."""
    add_entities(entry, async_add_entities, _make)


def _make(hub: DoorwardHub, device: Json, can: dict[str, bool]) -> Iterable[DoorwardEntity]:
    yield Reachable(hub, device)
    if can["talk"]:
        yield Speaking(hub, device)
    if can["motion"]:
        yield Motion(hub, device)


class Reachable(DoorwardEntity, BinarySensorEntity):
    """Whether the device is there; one that rests because nobody looks counts as there."""

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, hub: DoorwardHub, device: Json) -> None:
        """Take the device."""
        super().__init__(hub, device, "reachable")

    @property
    def is_on(self) -> bool:
        """Whether the hub reaches it, or has no reason to think otherwise."""
        return self.device.get("state", {}).get("phase") not in UNREACHABLE


class Motion(DoorwardEntity, BinarySensorEntity):
    """Whether something moves there, as the device itself tells."""

    _attr_device_class = BinarySensorDeviceClass.MOTION

    def __init__(self, hub: DoorwardHub, device: Json) -> None:
        """Take the device."""
        super().__init__(hub, device, "motion")

    @property
    def is_on(self) -> bool | None:
        """Whether something moves; None while the device does not tell."""
        told = self.device.get("motion")
        return None if told is None else bool(told["active"])


class Speaking(DoorwardEntity, BinarySensorEntity):
    """Whether somebody speaks through the device."""

    _attr_translation_key = "speaking"
    _attr_device_class = BinarySensorDeviceClass.SOUND

    def __init__(self, hub: DoorwardHub, device: Json) -> None:
        """Take the device."""
        super().__init__(hub, device, "speaking")

    @property
    def _holder(self) -> Json | None:
        return (self.device.get("speaker") or {}).get("holder")

    @property
    def is_on(self) -> bool:
        """Whether its floor is held."""
        return self._holder is not None

    @property
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Tell who speaks, and how urgently."""
        holder = self._holder or {}
        return attributes(by=holder.get("name"), priority=holder.get("priority"))
