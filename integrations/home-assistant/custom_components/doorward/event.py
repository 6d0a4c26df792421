"""A bell: changes by a ring and by what comes of it, never by a reconnect."""

from __future__ import annotations

from collections.abc import Iterable

from homeassistant.components.event import DoorbellEventType, EventDeviceClass, EventEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .api import Json
from .entity import DoorwardEntity, add_entities, attributes
from .hub import DoorwardConfigEntry, DoorwardHub

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: DoorwardConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add a bell for each device that can ring."""
    add_entities(entry, async_add_entities, _make)


def _make(hub: DoorwardHub, device: Json, can: dict[str, bool]) -> Iterable[DoorwardBell]:
    if can["ring"]:
        yield DoorwardBell(hub, device)


class DoorwardBell(DoorwardEntity, EventEntity):
    """What happens at a bell."""

    _attr_translation_key = "doorbell"
    _attr_device_class = EventDeviceClass.DOORBELL
    _attr_event_types = [DoorbellEventType.RING, "answered", "declined", "missed", "ended"]

    def __init__(self, hub: DoorwardHub, device: Json) -> None:
        """Take the device."""
        super().__init__(hub, device, "doorbell")

    async def async_added_to_hass(self) -> None:
        """Follow the device and its calls."""
        await super().async_added_to_hass()
        self.async_on_remove(self.hub.follow_calls(self._happened))

    @callback
    def _happened(self, event: Json) -> None:
        call = event["call"]
        if call["from"].get("deviceId") != self.device_id or (kind := _kind_of(event)) is None:
            return
        by = None if kind == DoorbellEventType.RING else event.get("by") or call.get("endedBy")
        self._trigger_event(
            kind,
            attributes(
                call_id=call["id"],
                caller=call["from"]["name"],
                bell=call["from"].get("bell"),
                by=by and by["name"],
                reason=event.get("reason"),
            ),
        )
        self.async_write_ha_state()


def _kind_of(event: Json) -> str | None:
    match event["change"]:
        case "ringing":
            return DoorbellEventType.RING
        case "answered" | "missed" as kind:
            return str(kind)
        case "ended":
            return "declined" if event["call"].get("endReason") == "declined" else "ended"
        case _:
            return None
