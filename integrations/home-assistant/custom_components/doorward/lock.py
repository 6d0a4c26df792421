"""A door that can be opened."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from homeassistant.components.lock import LockEntity, LockEntityFeature
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.event import async_call_later

from .api import DoorwardError, Json
from .entity import DoorwardEntity, add_entities, refused
from .hub import DoorwardConfigEntry, DoorwardHub

PARALLEL_UPDATES = 1

# How long an opened door is shown as open: it falls shut by itself, and tells nobody when.
OPEN_S = 5.0


async def async_setup_entry(
    hass: HomeAssistant, entry: DoorwardConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add a door for each device that opens one."""
    add_entities(entry, async_add_entities, _make)


def _make(hub: DoorwardHub, device: Json, can: dict[str, bool]) -> Iterable[DoorwardLock]:
    if can["unlock"]:
        yield DoorwardLock(hub, device)


class DoorwardLock(DoorwardEntity, LockEntity):
    """An electric strike: it opens for a moment and is locked again by itself."""

    _attr_translation_key = "door"
    _attr_supported_features = LockEntityFeature.OPEN
    _attr_is_locked = True

    def __init__(self, hub: DoorwardHub, device: Json) -> None:
        """Take the device."""
        super().__init__(hub, device, "lock")
        self._closing: CALLBACK_TYPE | None = None

    async def async_unlock(self, **kwargs: Any) -> None:
        """Open the door."""
        self._attr_is_unlocking = True
        self.async_write_ha_state()
        try:
            await (await self.asking()).unlock(self.device_id)
        except DoorwardError as error:
            self._shut()
            raise refused(error) from error
        self._attr_is_unlocking, self._attr_is_locked = False, False
        self.async_write_ha_state()
        if self._closing is not None:
            self._closing()
        self._closing = async_call_later(self.hass, OPEN_S, self._fell_shut)

    async def async_open(self, **kwargs: Any) -> None:
        """Open the door."""
        await self.async_unlock(**kwargs)

    async def async_lock(self, **kwargs: Any) -> None:
        """Show it as locked, which it is by itself."""
        self._shut()

    async def async_will_remove_from_hass(self) -> None:
        """Forget the door that is still open."""
        if self._closing is not None:
            self._closing()

    @callback
    def _fell_shut(self, _now: datetime) -> None:
        self._closing = None
        self._shut()

    @callback
    def _shut(self) -> None:
        self._attr_is_unlocking, self._attr_is_locked = False, True
        self.async_write_ha_state()
