"""What all entities of a hub have in common."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from functools import wraps
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import translation
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .api import DoorwardClient, DoorwardError, Json
from .const import DOMAIN
from .hub import DoorwardConfigEntry, DoorwardHub, what_it_can
from .people import client_for


class DoorwardEntity(Entity):
    """One thing of one device; there while the hub is and the device is one of its."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, hub: DoorwardHub, device: Json, key: str) -> None:
        """Take the device as the hub tells of it; `key` tells its entities apart."""
        self.hub = hub
        self.device_id = str(device["id"])
        self._attr_unique_id = f"{hub.unique_id(self.device_id)}_{key}"
        self._attr_device_info = hub.device_info(device)

    @property
    def device(self) -> Json:
        """The device as it is now."""
        return self.hub.devices.get(self.device_id, {})

    @property
    def available(self) -> bool:
        """Whether the hub is there and has the device."""
        return self.hub.available and self.device_id in self.hub.devices

    async def asking(self) -> DoorwardClient:
        """Give the way to ask the hub for whoever acts on the entity now."""
        return await client_for(self.hass, self.hub, self._context)

    async def async_added_to_hass(self) -> None:
        """Follow the device."""
        self.async_on_remove(self.hub.follow(self.device_id, self._changed))

    @callback
    def _changed(self) -> None:
        self.async_write_ha_state()


def asks_hub[**P](wish: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, Coroutine[Any, Any, None]]:
    """Say what the hub refused in the hub's own sentence."""

    @wraps(wish)
    async def asked(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            await wish(*args, **kwargs)
        except DoorwardError as error:
            raise refused(error) from error

    return asked


def refused(error: DoorwardError) -> HomeAssistantError:
    """Turn what the hub refused into what Home Assistant shows."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="refused",
        translation_placeholders={"reason": str(error).rstrip(".")},
    )


@callback
def told(hass: HomeAssistant, key: str, **placeholders: str) -> str:
    """Give a sentence of the exceptions in Home Assistant's own language, for where it takes nothing but text."""
    name = f"component.{DOMAIN}.exceptions.{key}.message"
    sentences = translation.async_get_cached_translations(hass, hass.config.language, "exceptions", DOMAIN)
    return sentences.get(name, key).format(**placeholders)


@callback
def add_entities(
    entry: DoorwardConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    make: Callable[[DoorwardHub, Json, dict[str, bool]], Iterable[DoorwardEntity]],
) -> None:
    """Add what `make` gives for each device, now and whenever one comes or turns out to be able to do more."""
    hub = entry.runtime_data
    there: set[str | None] = set()

    @callback
    def add(device: Json) -> None:
        fresh = [one for one in make(hub, device, what_it_can(device)) if one.unique_id not in there]
        there.update(one.unique_id for one in fresh)
        if fresh:
            async_add_entities(fresh)

    hub.each_device(add)


def attributes(**named: Any) -> dict[str, Any]:
    """Leave out what is not there."""
    return {name: value for name, value in named.items() if value is not None}
