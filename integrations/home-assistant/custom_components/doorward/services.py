"""Actions on calls: ring, answer, decline, hang up, open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv, device_registry as dr
import voluptuous as vol

from .api import DoorwardClient, DoorwardError, Json
from .const import DOMAIN
from .entity import refused
from .hub import DoorwardConfigEntry, DoorwardHub
from .people import client_for

ATTR_REPLY = "reply"

ON_DEVICE: dict[Any, Any] = {vol.Required(ATTR_DEVICE_ID): vol.All(cv.ensure_list, [cv.string])}


@callback
def register_services(hass: HomeAssistant) -> None:
    """Register each action."""

    def register(
        name: str,
        act: Callable[[DoorwardHub, DoorwardClient, str, ServiceCall], Awaitable[None]],
        more: dict[Any, Any],
    ) -> None:
        async def handle(call: ServiceCall) -> None:
            for device_id in call.data[ATTR_DEVICE_ID]:
                hub, device = _device(hass, device_id)
                try:
                    await act(hub, await client_for(hass, hub, call.context), device, call)
                except DoorwardError as error:
                    raise refused(error) from error

        hass.services.async_register(DOMAIN, name, handle, schema=vol.Schema(ON_DEVICE | more))

    register("ring", lambda _, asking, device, __: asking.ring(device), {})
    register("unlock", lambda _, asking, device, __: asking.unlock(device), {})
    register("answer", lambda hub, asking, device, _: change_call(hub, asking, device, change="answer"), {})
    register("hang_up", lambda hub, asking, device, _: change_call(hub, asking, device, change="end"), {})
    register(
        "decline",
        lambda hub, asking, device, call: change_call(hub, asking, device, change="decline", body=_reply(call)),
        {vol.Optional(ATTR_REPLY): vol.All(cv.string, vol.Length(max=500))},
    )


async def change_call(
    hub: DoorwardHub, asking: DoorwardClient, device: str, *, change: str, body: Json | None = None
) -> None:
    """Change the call that runs at a device; raises where there is none."""
    if (call := hub.call_of(device)) is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="no_call",
            translation_placeholders={"device": str(hub.devices.get(device, {}).get("name", device))},
        )
    await asking.call(call["id"], change, body)


def _reply(call: ServiceCall) -> Json:
    return {"reply": call.data[ATTR_REPLY]} if ATTR_REPLY in call.data else {}


def _device(hass: HomeAssistant, device_id: str) -> tuple[DoorwardHub, str]:
    """Find the hub's own id of one of Home Assistant's devices."""
    device = dr.async_get(hass).async_get(device_id)
    entry: DoorwardConfigEntry | None = hass.config_entries.async_get_entry(device.config_entry_id) if device else None
    if device and entry and entry.domain == DOMAIN and entry.state is ConfigEntryState.LOADED:
        hub = entry.runtime_data
        for own in hub.devices:
            if (DOMAIN, hub.unique_id(own)) in device.identifiers:
                return hub, own
    raise ServiceValidationError(
        translation_domain=DOMAIN, translation_key="no_device", translation_placeholders={"device": device_id}
    )
