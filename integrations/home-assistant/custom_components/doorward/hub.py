"""One hub as Home Assistant knows it: what is there now, told by the hub's own socket and never asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
import logging
import random
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .api import CannotConnectError, DoorwardClient, InvalidAuthError, Json, Session
from .const import DOMAIN, FIRST_RETRY_S, LAST_RETRY_S, MANUFACTURER, TIMEOUT_S

LOG = logging.getLogger(__name__)

type DoorwardConfigEntry = ConfigEntry[DoorwardHub]
type EventListener = Callable[[Json], None]


class DoorwardHub:
    """The hub's devices and calls, kept by its events, and the way to ask it for something."""

    def __init__(
        self, hass: HomeAssistant, entry: DoorwardConfigEntry, client: DoorwardClient, session: Session
    ) -> None:
        """Take what was found out when it was reached first."""
        self.client = client
        self.session = session
        self.available = False
        self.devices: dict[str, Json] = {}
        self.calls: dict[str, Json] = {}
        # What people chose for each device: how urgent Home Assistant's words are there.
        self.priorities: dict[str, int] = {}
        # The hub itself in Home Assistant's registry of devices.
        self.registry_id = ""
        self._hass = hass
        self._entry = entry
        self._listeners: dict[str | None, list[CALLBACK_TYPE]] = {}
        self._call_listeners: list[EventListener] = []
        self._microphone_listeners: dict[str, list[EventListener]] = {}
        self._added: list[Callable[[Json], None]] = []
        self._ready = asyncio.Event()
        self._failed: Exception | None = None

    async def start(self) -> None:
        """Read events from now on; returns when the hub has told what there is."""
        self._entry.async_create_background_task(self._hass, self._run(), f"{DOMAIN} events")
        async with asyncio.timeout(TIMEOUT_S):
            await self._ready.wait()
        if self._failed is not None:
            raise self._failed

    @callback
    def follow(self, device: str | None, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call `listener` when this device changes, or, with None, when anything does; gives what ends it."""
        listeners = self._listeners.setdefault(device, [])
        listeners.append(listener)
        return lambda: listeners.remove(listener)

    @callback
    def follow_calls(self, listener: EventListener) -> CALLBACK_TYPE:
        """Call `listener` with each change of a call, and never with what was so before."""
        self._call_listeners.append(listener)
        return lambda: self._call_listeners.remove(listener)

    @callback
    def follow_microphones(self, device: str, listener: EventListener) -> CALLBACK_TYPE:
        """Call `listener` with how it goes with microphones that speak through this device by being heard."""
        listeners = self._microphone_listeners.setdefault(device, [])
        listeners.append(listener)
        return lambda: listeners.remove(listener)

    @callback
    def each_device(self, add: Callable[[Json], None]) -> None:
        """Call `add` with each device that is there, and with each that comes."""
        for device in list(self.devices.values()):
            add(device)
        self._added.append(add)
        self._entry.async_on_unload(lambda: self._added.remove(add))

    def call_of(self, device: str) -> Json | None:
        """Give the call that runs at this device, as bell or as one of those who talk."""
        for call in self.calls.values():
            parties = [call["from"], *call["rung"], *call["participants"]]
            if any(party.get("deviceId") == device for party in parties):
                return call
        return None

    async def _run(self) -> None:
        wait = FIRST_RETRY_S
        while True:
            try:
                async for event in self.client.events():
                    wait = FIRST_RETRY_S
                    self._take(event)
            except InvalidAuthError as error:
                self._lost(error)
                self._entry.async_start_reauth(self._hass)
                return
            except CannotConnectError as error:
                self._lost(error)
            else:
                self._lost(CannotConnectError("The hub closed the connection"))
            await asyncio.sleep(wait * random.uniform(0.8, 1.2))
            wait = min(2 * wait, LAST_RETRY_S)

    @callback
    def _lost(self, error: Exception) -> None:
        self._failed = error
        self._ready.set()
        if not self.available:
            return
        LOG.info("%s: %s", self._entry.title, error)
        self.available = False
        self.calls.clear()
        self._tell_all()

    @callback
    def _take(self, event: Json) -> None:
        match event["type"]:
            case "devices":
                self._take_all(event["devices"])
            case "device":
                self._take_device(event["device"])
            case "removed":
                self._remove(event["id"])
            case "calls":
                self.calls = {call["id"]: call for call in event["calls"]}
                self._tell_all()
            case "call":
                self._take_call(event)
            case "microphone":
                for listener in list(self._microphone_listeners.get(event["device"], ())):
                    listener(event)
            case "signed-out":
                # The socket closes; the next try tells whether the token still counts.
                LOG.debug("signed out: %s", event.get("reason"))
            case other:
                LOG.debug("not of use here: %s", other)

    @callback
    def _take_all(self, devices: list[Json]) -> None:
        was_available, self.available = self.available, True
        self._failed = None
        if not was_available and self._ready.is_set():
            LOG.info("%s: there again", self._entry.title)
        gone = set(self.devices) - {device["id"] for device in devices}
        for device in devices:
            self._take_device(device)
        for device_id in gone:
            self._remove(device_id)
        self._forget_strangers()
        self._ready.set()
        self._tell_all()

    @callback
    def _take_device(self, device: Json) -> None:
        if not device.get("permanent", True):
            return
        known = self.devices.get(device["id"])
        self.devices[device["id"]] = device
        if known is None or what_it_can(known) != what_it_can(device):
            for add in list(self._added):
                add(device)
        if known is not None and known["name"] != device["name"]:
            self._rename(device)
        self._tell(device["id"])

    @callback
    def _take_call(self, event: Json) -> None:
        call = event["call"]
        if call["state"] == "ended":
            self.calls.pop(call["id"], None)
        else:
            self.calls[call["id"]] = call
        for listener in list(self._call_listeners):
            listener(event)
        self._tell_all()

    @callback
    def _remove(self, device_id: str) -> None:
        if self.devices.pop(device_id, None) is None:
            return
        self._tell(device_id)
        self._forget_strangers()

    @callback
    def _forget_strangers(self) -> None:
        """Take out of Home Assistant what the hub has no more."""
        registry = dr.async_get(self._hass)
        kept = {(DOMAIN, self.session.hub_id), *((DOMAIN, self.unique_id(one)) for one in self.devices)}
        for device in dr.async_entries_for_config_entry(registry, self._entry.entry_id):
            if not device.identifiers & kept:
                registry.async_remove_device(device.id)

    @callback
    def _rename(self, device: Json) -> None:
        registry = dr.async_get(self._hass)
        identifier = (DOMAIN, self.unique_id(device["id"]))
        if found := registry.async_get_device_by_identifier(identifier, self._entry.entry_id):
            registry.async_update_device(found.id, name=device["name"])

    def unique_id(self, device: str) -> str:
        """Give an id that no other hub's device has."""
        return f"{self.session.hub_id}_{device}"

    def device_info(self, device: Json) -> dr.DeviceInfo:
        """Describe a device for the registry."""
        return dr.DeviceInfo(
            identifiers={(DOMAIN, self.unique_id(device["id"]))},
            name=device["name"],
            manufacturer=MANUFACTURER,
            model=device["kind"],
            suggested_area=device.get("area"),
            via_device_id=self.registry_id,
        )

    def hub_info(self) -> dr.DeviceInfo:
        """Describe the hub itself for the registry."""
        return dr.DeviceInfo(
            identifiers={(DOMAIN, self.session.hub_id)},
            name="Doorward",
            manufacturer=MANUFACTURER,
            model="Intercom and camera hub",
            sw_version=self.session.version,
            configuration_url=self.client.url,
        )

    @callback
    def _tell(self, device: str) -> None:
        for listener in [*self._listeners.get(device, ()), *self._listeners.get(None, ())]:
            listener()

    @callback
    def _tell_all(self) -> None:
        for listeners in list(self._listeners.values()):
            for listener in list(listeners):
                listener()


def what_it_can(device: Json) -> dict[str, bool]:
    """Tell what a device can do that this token may use; what the hub does not know yet counts as not."""
    can: dict[str, Any] = device.get("can") or {}
    rights = device.get("rights") or []
    known = {
        "view": can.get("view", "yes" if device.get("tracks") else "unknown"),
        "talk": can.get("talk", "yes" if device.get("speaker") else "unknown"),
        "ring": can.get("ring", "no"),
        "unlock": can.get("unlock", "no"),
    }
    needed = {"view": "view", "talk": "talk", "ring": "talk", "unlock": "unlock"}
    may = {what: known[what] == "yes" and right in rights for what, right in needed.items()}
    settings = device.get("settings") or {}
    tells = "motion" in device or (settings.get("motion") or {}).get("onvif") is True
    # Told only to who may administer the device, and while it is there.
    button = device.get("button") or {}
    aims = {"target": "target" in button, "target_priority": "priority" in button}
    return {**may, **aims, "motion": tells, "administer": "administer" in rights}
