"""Cameras, doors and rooms of a Doorward hub."""

from __future__ import annotations

from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryAuthFailed, ConfigEntryNotReady
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.typing import ConfigType

from .api import CannotConnectError, DoorwardClient, DoorwardError, InvalidAuthError
from .cards import follow_cards, register_cards
from .const import CONF_VERIFY, DOMAIN, PLATFORMS
from .go2rtc import register_go2rtc
from .hub import DoorwardConfigEntry, DoorwardHub
from .page import register_page
from .repairs import CERTIFICATE, follow_repairs, settle_all, tell
from .services import register_services

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions and what cards ask, which are there before any hub is."""
    register_services(hass)
    register_cards(hass)
    register_page(hass)
    register_go2rtc(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: DoorwardConfigEntry) -> bool:
    """Reach the hub, and add what it has."""
    http = async_get_clientsession(hass, verify_ssl=entry.data.get(CONF_VERIFY, True))
    client = DoorwardClient(http, entry.data[CONF_URL], entry.data[CONF_TOKEN])
    try:
        session = await client.session()
        hub = DoorwardHub(hass, entry, client, session)
        await hub.start()
    except InvalidAuthError as error:
        raise ConfigEntryAuthFailed(translation_domain=DOMAIN, translation_key="invalid_auth") from error
    except (DoorwardError, TimeoutError) as error:
        if isinstance(error, CannotConnectError) and error.code == "certificate":
            tell(hass, entry, CERTIFICATE, words={"url": entry.data[CONF_URL]})
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN, translation_key="cannot_connect", translation_placeholders={"reason": str(error)}
        ) from error
    entry.runtime_data = hub
    itself = dr.async_get(hass).async_get_or_create(config_entry_id=entry.entry_id, **hub.hub_info())
    hub.registry_id = itself.id
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    await follow_cards(hass, entry)
    await follow_repairs(hass, entry)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: DoorwardConfigEntry) -> bool:
    """Take the entities away; the socket ends with the entry."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: DoorwardConfigEntry) -> None:
    """Tell nothing more of a hub that was never reached."""
    settle_all(hass, entry)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: DoorwardConfigEntry, device: dr.DeviceEntry
) -> bool:
    """Let people remove what the hub does not have any more."""
    hub = entry.runtime_data
    kept = {hub.session.hub_id, *(hub.unique_id(one) for one in hub.devices)}
    return not any(domain == DOMAIN and one in kept for domain, one in device.identifiers)
