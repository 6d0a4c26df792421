"""What people can mend: told by Home Assistant where it is wrong, and gone when it is right."""

from __future__ import annotations

from typing import Any

from awesomeversion import AwesomeVersion
from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_PASSWORD, CONF_USERNAME
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig, TextSelectorType
import voluptuous as vol
from yarl import URL

from .api import DoorwardError
from .const import DOMAIN, OLDEST_HUB
from .hub import DoorwardConfigEntry, DoorwardHub

type Data = dict[str, str | int | float | None]

CERTIFICATE, OLD, PASSWORD, SOUNDS = "certificate", "old_hub", "device_password", "sound_host"


@callback
def tell(
    hass: HomeAssistant,
    entry: DoorwardConfigEntry,
    kind: str,
    about: str = "",
    *,
    words: dict[str, str] | None = None,
    fixable: bool = False,
) -> None:
    """Tell of something; once, however often it is found."""
    data: Data = {"entry_id": entry.entry_id, "kind": kind, "about": about}
    ir.async_create_issue(
        hass,
        DOMAIN,
        _id(entry, kind, about),
        is_fixable=fixable,
        severity=ir.IssueSeverity.ERROR if kind == CERTIFICATE else ir.IssueSeverity.WARNING,
        translation_key=kind,
        translation_placeholders=words,
        data=data,
    )


@callback
def settle(hass: HomeAssistant, entry: DoorwardConfigEntry, kind: str, about: str = "") -> None:
    """Say that it is right."""
    ir.async_delete_issue(hass, DOMAIN, _id(entry, kind, about))


@callback
def settle_all(hass: HomeAssistant, entry: DoorwardConfigEntry) -> None:
    """Tell nothing more of a hub that is not in use."""
    for issue in list(ir.async_get(hass).issues.values()):
        if issue.domain == DOMAIN and (issue.data or {}).get("entry_id") == entry.entry_id:
            ir.async_delete_issue(hass, DOMAIN, issue.issue_id)


def _id(entry: DoorwardConfigEntry, kind: str, about: str) -> str:
    return f"{entry.entry_id}_{kind}_{about}" if about else f"{entry.entry_id}_{kind}"


async def follow_repairs(hass: HomeAssistant, entry: DoorwardConfigEntry) -> None:
    """Look at what is wrong now, and whenever something of the hub changes."""
    hub = entry.runtime_data
    entry.async_on_unload(lambda: settle_all(hass, entry))
    settle(hass, entry, CERTIFICATE)
    if AwesomeVersion(hub.session.version) < OLDEST_HUB:
        tell(hass, entry, OLD, words={"version": hub.session.version, "oldest": OLDEST_HUB})
    else:
        settle(hass, entry, OLD)
    told: set[str] = set()

    @callback
    def look() -> None:
        wrong = {
            device["id"]: device for device in hub.devices.values() if device["state"].get("phase") == "wrong-password"
        }
        for device_id in told - set(wrong):
            settle(hass, entry, PASSWORD, device_id)
        for device_id, device in wrong.items():
            tell(hass, entry, PASSWORD, device_id, words={"device": device["name"]}, fixable=True)
        told.clear()
        told.update(wrong)

    look()
    entry.async_on_unload(hub.follow(None, look))
    await _look_at_sounds(hass, entry)


async def _look_at_sounds(hass: HomeAssistant, entry: DoorwardConfigEntry) -> None:
    """Offer the hub the address from which Home Assistant's own voices come; it fetches from listed ones alone."""
    hub = entry.runtime_data
    try:
        host = str(URL(get_url(hass, prefer_external=False)).origin())
        listed = await hub.client.offer_host(host)
    except DoorwardError, NoURLAvailableError:
        return
    if listed or not hub.devices:
        settle(hass, entry, SOUNDS, host)
    else:
        tell(hass, entry, SOUNDS, words={"host": host}, about=host, fixable=True)


class HubRepair(RepairsFlow):
    """Mends something at a hub, as long as that is in use."""

    def __init__(self, entry: DoorwardConfigEntry | None, about: str) -> None:
        """Take the hub's entry, if there still is one, and what is to be mended there."""
        self._entry, self._about = entry, about

    def _hub(self) -> DoorwardHub | None:
        """Give the hub; None while it is not loaded: it may go between two steps."""
        if self._entry is None or self._entry.state is not ConfigEntryState.LOADED:
            return None
        return self._entry.runtime_data


class AllowSounds(HubRepair):
    """Lets the hub fetch sounds from Home Assistant."""

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Ask."""
        return await self.async_step_confirm()

    async def async_step_confirm(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Allow it."""
        if (hub := self._hub()) is None:
            return self.async_abort(reason="not_loaded")
        words, errors = {"host": self._about, "reason": ""}, {}
        if user_input is not None:
            try:
                await hub.client.allow_host(self._about)
            except DoorwardError as error:
                errors["base"], words["reason"] = "refused", str(error)
            else:
                return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="confirm", data_schema=vol.Schema({}), errors=errors, description_placeholders=words
        )


class GivePassword(HubRepair):
    """Gives a device the password that it asks for."""

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Ask."""
        return await self.async_step_password()

    async def async_step_password(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Take name and password."""
        if (hub := self._hub()) is None:
            return self.async_abort(reason="not_loaded")
        words = {"device": str(hub.devices.get(self._about, {}).get("name", self._about)), "reason": ""}
        errors = {}
        if user_input is not None:
            try:
                await hub.client.change(self._about, dict(user_input))
            except DoorwardError as error:
                errors["base"], words["reason"] = "refused", str(error)
            else:
                return self.async_create_entry(data={})
        fields: dict[Any, Any] = {
            vol.Optional(CONF_USERNAME): TextSelector(),
            vol.Required(CONF_PASSWORD): TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD)),
        }
        return self.async_show_form(
            step_id="password", data_schema=vol.Schema(fields), errors=errors, description_placeholders=words
        )


async def async_create_fix_flow(hass: HomeAssistant, issue_id: str, data: Data | None) -> RepairsFlow:
    """Give what mends an issue."""
    known = data or {}
    entry: DoorwardConfigEntry | None = hass.config_entries.async_get_entry(str(known.get("entry_id")))
    about = str(known.get("about"))
    return AllowSounds(entry, about) if known.get("kind") == SOUNDS else GivePassword(entry, about)
