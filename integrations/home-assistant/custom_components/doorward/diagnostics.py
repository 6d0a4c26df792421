"""What helps to find a fault, without what is nobody's business."""

from __future__ import annotations

from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.core import HomeAssistant

from .hub import DoorwardConfigEntry, what_it_can

SECRET = {
    "token",
    "url",
    "address",
    "username",
    "password",
    "name",
    "area",
    "caller",
    "settings",
    "from",
    "rung",
    "participants",
    "answeredBy",
    "endedBy",
    "holder",
    "reply",
    "message",
    "bell",
}


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: DoorwardConfigEntry) -> dict[str, Any]:
    """Give versions, what each device can do and is doing, and how calls stand."""
    hub = entry.runtime_data
    return {
        "entry": async_redact_data(dict(entry.data), SECRET),
        "hub": {
            "version": hub.session.version,
            "available": hub.available,
            "https": hub.client.url.startswith("https"),
        },
        "devices": [
            {**async_redact_data(device, SECRET), "usable": what_it_can(device)} for device in hub.devices.values()
        ],
        "calls": [async_redact_data(call, SECRET) for call in hub.calls.values()],
    }
