"""How calls stand, and what a device is doing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .api import Json
from .entity import DoorwardEntity, add_entities, attributes
from .hub import DoorwardConfigEntry, DoorwardHub

PARALLEL_UPDATES = 0

PHASES = [
    "idle",
    "away",
    "connecting",
    "waiting-for-key-frame",
    "paused-by-talk",
    "live",
    "stale",
    "wrong-password",
    "trouble",
    "disabled",
]


async def async_setup_entry(
    hass: HomeAssistant, entry: DoorwardConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add what each device is doing, and the calls of those that can take part in one."""
    add_entities(entry, async_add_entities, _make)


def _make(hub: DoorwardHub, device: Json, can: dict[str, bool]) -> Iterable[DoorwardEntity]:
    yield PhaseSensor(hub, device)
    if can["ring"] or can["talk"]:
        yield CallSensor(hub, device)


class CallSensor(DoorwardEntity, SensorEntity):
    """Whether somebody rings or talks there."""

    _attr_translation_key = "call"
    _attr_device_class = SensorDeviceClass.ENUM
    _attr_options = ["idle", "ringing", "answered"]

    def __init__(self, hub: DoorwardHub, device: Json) -> None:
        """Take the device."""
        super().__init__(hub, device, "call")

    @property
    def native_value(self) -> str:
        """Give the state of the call that runs there."""
        call = self.hub.call_of(self.device_id)
        return "idle" if call is None else str(call["state"])

    @property
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Tell who calls, and who answered."""
        if (call := self.hub.call_of(self.device_id)) is None:
            return {}
        return attributes(
            call_id=call["id"],
            caller=call["from"]["name"],
            bell=call["from"].get("bell"),
            answered_by=(call.get("answeredBy") or {}).get("name"),
            participants=[party["name"] for party in call["participants"]],
        )


class PhaseSensor(DoorwardEntity, SensorEntity):
    """What the device is doing, in the hub's words."""

    _attr_translation_key = "phase"
    _attr_device_class = SensorDeviceClass.ENUM
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_entity_registry_enabled_default = False
    _attr_options = PHASES

    def __init__(self, hub: DoorwardHub, device: Json) -> None:
        """Take the device."""
        super().__init__(hub, device, "phase")

    @property
    def native_value(self) -> str | None:
        """Give the phase; None for one that this version does not know."""
        phase = self.device.get("state", {}).get("phase")
        return phase if phase in PHASES else None

    @property
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Tell what is wrong, where something is."""
        return attributes(error=(self.device.get("state", {}).get("error") or {}).get("message"))
