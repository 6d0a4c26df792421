"""What is told to be mended, and how it is."""

from __future__ import annotations

import ssl
from unittest.mock import patch

from aiohttp import ClientConnectorCertificateError
from aiohttp.client_reqrep import ConnectionKey
from homeassistant.core_config import async_process_ha_core_config
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component

from custom_components.doorward.const import DOMAIN
from custom_components.doorward.repairs import async_create_fix_flow

from .conftest import until
from .test_hub import bodies

HOST = "http://192.0.2.7:8123"


def told(hass) -> dict[str, ir.IssueEntry]:
    """Give what is told, by its kind."""
    issues = ir.async_get(hass).issues.values()
    return {issue.translation_key: issue for issue in issues if issue.domain == DOMAIN and issue.active}


async def begin(hass, issue: ir.IssueEntry):
    """Begin to mend it; gives the flow and its first form."""
    flow = await async_create_fix_flow(hass, issue.issue_id, issue.data)
    flow.hass, flow.handler, flow.issue_id = hass, DOMAIN, issue.issue_id
    return flow, await flow.async_step_init()


async def test_all_is_well(hass, fake_hub, there) -> None:
    """Nothing is told."""
    assert told(hass) == {}


async def test_an_old_hub(hass, fake_hub, entry) -> None:
    """It is told until the hub was brought up to date."""
    fake_hub.version = "0.0.9"
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert told(hass)["old_hub"].translation_placeholders == {"version": "0.0.9", "oldest": "0.1.0"}
    fake_hub.version = "0.2.0"
    await hass.config_entries.async_reload(entry.entry_id)
    assert told(hass) == {}
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_password_that_is_wrong(hass, fake_hub, there) -> None:
    """It is asked for, given to the hub, and no more told once the device takes it."""
    door = fake_hub.devices[0]
    await fake_hub.say({"type": "device", "device": {**door, "state": {"phase": "wrong-password", "sinceMs": 1}}})
    await until(lambda: "device_password" in told(hass))
    issue = told(hass)["device_password"]
    assert issue.is_fixable
    flow, form = await begin(hass, issue)
    assert (form["step_id"], form["description_placeholders"]["device"]) == ("password", "Front door")
    fake_hub.refuse["devices/front-door"] = (403, {"detail": "You may not do this.", "code": "forbidden"})
    refused = await flow.async_step_password({"password": "new"})
    assert refused["errors"] == {"base": "refused"}
    assert refused["description_placeholders"]["reason"] == "You may not do this."
    fake_hub.refuse.clear()
    assert (await flow.async_step_password({"password": "new"}))["type"] is FlowResultType.CREATE_ENTRY
    assert bodies(fake_hub, "api/v1/devices/front-door")[-1] == {"password": "new"}
    await fake_hub.say({"type": "device", "device": door})
    await until(lambda: "device_password" not in told(hass))


async def test_sounds_of_home_assistant(hass, fake_hub, entry) -> None:
    """The hub is offered where they come from; where it does not fetch from there yet, one press allows it."""
    await async_process_ha_core_config(hass, {"internal_url": HOST})
    fake_hub.refuse["say/hosts/offers"] = (202, {"listed": []})
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert bodies(fake_hub, "api/v1/say/hosts/offers") == [{"hosts": [HOST], "by": "Home Assistant"}]
    flow, form = await begin(hass, told(hass)["sound_host"])
    assert form["description_placeholders"]["host"] == HOST
    fake_hub.refuse["say/hosts"] = (403, {"detail": "You may not do this.", "code": "forbidden"})
    assert (await flow.async_step_confirm({}))["errors"] == {"base": "refused"}
    fake_hub.refuse = {"say/hosts/offers": (202, {"listed": [HOST]})}
    assert (await flow.async_step_confirm({}))["type"] is FlowResultType.CREATE_ENTRY
    assert bodies(fake_hub, "api/v1/say/hosts")[-1] == {"host": HOST}
    await hass.config_entries.async_reload(entry.entry_id)
    assert told(hass) == {}
    await hass.config_entries.async_unload(entry.entry_id)


async def test_nothing_is_told_of_a_hub_that_is_not_in_use(hass, fake_hub, entry) -> None:
    """It ends with the entry; who had begun to mend it is told why it cannot be now."""
    await async_process_ha_core_config(hass, {"internal_url": HOST})
    fake_hub.version = "0.0.9"
    fake_hub.refuse["say/hosts/offers"] = (202, {"listed": []})
    fake_hub.devices[0]["state"] = {"phase": "wrong-password", "sinceMs": 1}
    assert await hass.config_entries.async_setup(entry.entry_id)
    issues = told(hass)
    assert set(issues) == {"old_hub", "device_password", "sound_host"}
    begun, _ = await begin(hass, issues["device_password"])
    await hass.config_entries.async_unload(entry.entry_id)
    assert told(hass) == {}
    assert (await begun.async_step_password({"password": "new"}))["reason"] == "not_loaded"
    assert (await begin(hass, issues["sound_host"]))[1]["reason"] == "not_loaded"
    await hass.config_entries.async_remove(entry.entry_id)
    assert (await begin(hass, issues["device_password"]))[1]["reason"] == "not_loaded"


async def test_a_certificate_of_a_hub_that_was_removed(hass, fake_hub, entry) -> None:
    """It is told no more."""
    assert await async_setup_component(hass, "http", {})
    key = ConnectionKey("hub", 8443, True, True, None, None, None)
    error = ClientConnectorCertificateError(key, ssl.SSLCertVerificationError("self-signed certificate"))
    with patch("aiohttp.ClientSession.request", side_effect=error):
        await hass.config_entries.async_setup(entry.entry_id)
    assert "certificate" in told(hass)
    await hass.config_entries.async_remove(entry.entry_id)
    assert told(hass) == {}


async def test_another_certificate(hass, fake_hub, entry) -> None:
    """It is told where Home Assistant does not trust it, until it does."""
    assert await async_setup_component(hass, "http", {})
    key = ConnectionKey("hub", 8443, True, True, None, None, None)
    error = ClientConnectorCertificateError(key, ssl.SSLCertVerificationError("self-signed certificate"))
    with patch("aiohttp.ClientSession.request", side_effect=error):
        await hass.config_entries.async_setup(entry.entry_id)
    assert told(hass)["certificate"].translation_placeholders == {"url": fake_hub.url}
    await hass.config_entries.async_reload(entry.entry_id)
    assert told(hass) == {}
    await hass.config_entries.async_unload(entry.entry_id)
