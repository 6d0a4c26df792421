"""How a hub is added, found, signed in to again and changed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from aiohttp import web
from homeassistant.config_entries import SOURCE_HASSIO, SOURCE_USER, SOURCE_ZEROCONF, ConfigEntryState
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.service_info.hassio import HassioServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
import pytest

from custom_components.doorward.api import DoorwardClient
from custom_components.doorward.const import DOMAIN

from .conftest import HUB_ID, TOKEN, until


def found(hub: Any, properties: dict[str, str]) -> ZeroconfServiceInfo:
    """Describe the hub as mDNS does."""
    return ZeroconfServiceInfo(
        ip_address=ip_address("127.0.0.1"),
        ip_addresses=[ip_address("127.0.0.1")],
        port=hub.server.port,
        hostname="hub.local.",
        type="_doorward._tcp.local.",
        name="hub._doorward._tcp.local.",
        properties=properties,
    )


async def begin(hass: Any) -> str:
    """Start adding a hub by hand."""
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert flow["type"] is FlowResultType.FORM
    return str(flow["flow_id"])


async def test_added_by_a_token_after_each_mistake(hass, fake_hub) -> None:
    """Every mistake says what it was, and nothing that was typed is lost."""
    flow = await begin(hass)
    right = {"url": fake_hub.url, "verify_ssl": True, "token": TOKEN}
    for wrong, error in (
        ({**right, "token": "dwt_wrong"}, "invalid_auth"),
        ({**right, "url": "http://127.0.0.1:9"}, "cannot_connect"),
        ({**right, "url": "hub"}, "bad_address"),
        ({"url": fake_hub.url, "verify_ssl": True}, "no_token"),
    ):
        assert (await hass.config_entries.flow.async_configure(flow, wrong))["errors"] == {"base": error}
    fake_hub.refuse["session"] = (200, {"hello": "I am a router"})
    assert (await hass.config_entries.flow.async_configure(flow, right))["errors"] == {"base": "no_hub"}
    fake_hub.refuse["session"] = (503, {"detail": "The hub is starting", "code": "busy"})
    assert (await hass.config_entries.flow.async_configure(flow, right))["errors"] == {"base": "refused"}
    fake_hub.refuse.clear()
    done = await hass.config_entries.flow.async_configure(flow, right)
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert done["result"].unique_id == HUB_ID
    again = await hass.config_entries.flow.async_configure(await begin(hass), right)
    assert again["reason"] == "already_configured"
    elsewhere = {**right, "url": fake_hub.url + "/"}
    again = await hass.config_entries.flow.async_configure(await begin(hass), elsewhere)
    assert again["reason"] == "already_configured"
    assert done["result"].data["url"] == fake_hub.url


@pytest.mark.parametrize("administrator", [True, False])
async def test_added_by_signing_in(hass, fake_hub, administrator) -> None:
    """A person signs in, a token is made for them, and the password is not kept."""
    if not administrator:
        grants = [{"scope": "*", "rights": ["view"]}]
        fake_hub.refuse["api/v1/login"] = (200, {"user": {"administrator": False, "grants": grants}})
    given = {"url": fake_hub.url, "verify_ssl": True, "username": "Anna", "password": "secret"}
    done = await hass.config_entries.flow.async_configure(await begin(hass), given)
    assert done["data"] == {"url": fake_hub.url, "verify_ssl": True, "token": TOKEN}
    assert [path for _, path, _ in fake_hub.asked] == ["api/v1/login", "api/v1/tokens", "api/v1/logout"]
    assert ('"talk"' in fake_hub.asked[1][2]) is administrator


async def test_wrong_password(hass, fake_hub) -> None:
    """The hub's no is told."""
    fake_hub.refuse["login"] = (401, {"detail": "Name or password is wrong", "code": "wrong-password"})
    given = {"url": fake_hub.url, "verify_ssl": True, "username": "Anna", "password": "wrong"}
    answer = await hass.config_entries.flow.async_configure(await begin(hass), given)
    assert answer["errors"] == {"base": "invalid_auth"}


async def test_found_in_the_network(hass, fake_hub, entry) -> None:
    """A new hub asks for a token only; what is no hub is passed over."""
    told = {"id": "another", "name": "Barn", "scheme": "http"}
    flow = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_ZEROCONF}, data=found(fake_hub, told)
    )
    assert flow["step_id"] == "discovered"
    fake_hub.hub_id = "another"
    done = await hass.config_entries.flow.async_configure(flow["flow_id"], {"token": TOKEN})
    assert done["result"].unique_id == "another"
    odd = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_ZEROCONF}, data=found(fake_hub, {})
    )
    assert odd["reason"] == "no_hub"


async def test_a_hub_that_moved(hass, fake_hub, entry) -> None:
    """One that is not reached is followed to where it proves that it knows the token; nobody else gets the token."""

    async def told() -> str:
        known = await hass.config_entries.flow.async_init(
            DOMAIN, context={"source": SOURCE_ZEROCONF}, data=found(fake_hub, {"id": HUB_ID, "scheme": "http"})
        )
        return str(known["reason"])

    hass.config_entries.async_update_entry(entry, data={**entry.data, "url": "http://127.0.0.1:9"})
    assert not await hass.config_entries.async_setup(entry.entry_id)
    # Somebody who passes the question on to the hub, or does not know what to say, is not believed.
    for away in ("http 127.0.0.1 9", ""):
        fake_hub.proves_at = away
        assert await told() == "already_configured"
        assert entry.data["url"] == "http://127.0.0.1:9"
    assert not any(TOKEN in text for text in fake_hub.seen)
    fake_hub.proves_at = f"http 127.0.0.1 {fake_hub.server.port}"
    assert await told() == "already_configured"
    assert entry.data["url"] == fake_hub.url
    assert len(hass.config_entries.async_entries(DOMAIN)) == 1
    await until(lambda: entry.state is ConfigEntryState.LOADED and entry.runtime_data.available)
    # A hub that is reached stays where it is: it may have several addresses.
    there = entry.data["url"] + "/"
    hass.config_entries.async_update_entry(entry, data={**entry.data, "url": there})
    assert await told() == "already_configured"
    assert entry.data["url"] == there
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


async def test_a_hub_that_moved_while_another_says_to_be_it(hass, fake_hub, entry) -> None:
    """Who only says so does not keep the hub from being heard."""
    fake_hub.proves_at = f"http 127.0.0.1 {fake_hub.server.port}"
    hass.config_entries.async_update_entry(entry, data={**entry.data, "url": "http://127.0.0.1:9"})
    told = found(fake_hub, {"id": HUB_ID, "scheme": "http"})
    both = [
        hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_ZEROCONF}, data=one)
        for one in (replace(told, port=10), told)
    ]
    assert [one["reason"] for one in await asyncio.gather(*both)] == ["already_configured"] * 2
    assert entry.data["url"] == fake_hub.url


async def test_a_hub_that_is_not_followed(hass, fake_hub, entry) -> None:
    """One whose own address still answers stays there, and none is followed from https to http, whatever it proves."""
    fake_hub.proves_at = f"http 127.0.0.1 {fake_hub.server.port}"
    for url in (f"{fake_hub.url}/", "https://127.0.0.1:9"):
        hass.config_entries.async_update_entry(entry, data={**entry.data, "url": url})
        known = await hass.config_entries.flow.async_init(
            DOMAIN, context={"source": SOURCE_ZEROCONF}, data=found(fake_hub, {"id": HUB_ID, "scheme": "http"})
        )
        assert (known["reason"], entry.data["url"]) == ("already_configured", url)
    assert fake_hub.seen == []
    odd = found(fake_hub, {"id": HUB_ID, "scheme": "ftp"})
    told = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_ZEROCONF}, data=odd)
    assert told["reason"] == "no_hub"


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 307, "headers": {"Location": "/elsewhere"}},
        {"status": 500},
        {"text": '{"proof": "é"}'},
        {"text": '{"proof": "\\ud800"}'},
        {"text": "[" * 4000},
        {"text": "[]"},
        {"body": b"\xff"},
        {"text": "{}" + " " * 5000},
    ],
)
async def test_a_stranger_that_answers_oddly(hass, fake_hub, answer) -> None:
    """It is not believed, nothing breaks, and nothing is sent where it points."""
    fake_hub.oddly = web.Response(**answer)
    client = DoorwardClient(async_get_clientsession(hass), fake_hub.url, None)
    assert not await client.is_hub_of(TOKEN)
    assert (len(fake_hub.seen), fake_hub.asked) == (1, [])


async def test_given_by_the_app(hass, fake_hub) -> None:
    """The app of this Home Assistant gives its hub and a token: one press adds it; a later token replaces it."""

    async def told(**config: str) -> Any:
        given = HassioServiceInfo(
            config={"url": fake_hub.url, "id": HUB_ID, **config}, name="Doorward", slug="x", uuid="1"
        )
        return await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_HASSIO}, data=given)

    flow = await told(token=TOKEN)
    assert flow["step_id"] == "hassio_confirm"
    done = await hass.config_entries.flow.async_configure(flow["flow_id"], {})
    assert done["result"].unique_id == HUB_ID
    assert done["data"] == {"url": fake_hub.url, "verify_ssl": False, "token": TOKEN}
    fake_hub.tokens.add("dwt_later")
    assert (await told(token="dwt_later"))["reason"] == "already_configured"
    assert done["result"].data["token"] == "dwt_later"
    await hass.async_block_till_done()


async def test_signed_in_again(hass, fake_hub, there) -> None:
    """A token that counts no more asks for another, and the entities stay what they are."""
    fake_hub.tokens = {"dwt_new"}
    await fake_hub.hang_up()
    await hass.async_block_till_done()
    for _ in range(500):
        if flows := hass.config_entries.flow.async_progress():
            break
        await hass.async_block_till_done(wait_background_tasks=False)
        await asyncio.sleep(0.01)
    assert flows[0]["step_id"] == "reauth_confirm"
    done = await hass.config_entries.flow.async_configure(flows[0]["flow_id"], {"token": "dwt_new"})
    assert done["reason"] == "reauth_successful"
    assert there.data["token"] == "dwt_new"
    await hass.async_block_till_done()


async def test_changed(hass, fake_hub, there) -> None:
    """Another address keeps the token; another hub is refused."""
    flow = await there.start_reconfigure_flow(hass)
    fake_hub.hub_id = "another"
    there_now = {"url": fake_hub.url + "/", "verify_ssl": False}
    assert (await hass.config_entries.flow.async_configure(flow["flow_id"], there_now))["reason"] == "another_hub"
    fake_hub.hub_id = HUB_ID
    flow = await there.start_reconfigure_flow(hass)
    done = await hass.config_entries.flow.async_configure(flow["flow_id"], there_now)
    assert done["reason"] == "reconfigure_successful"
    assert there.data == {"url": fake_hub.url + "/", "verify_ssl": False, "token": TOKEN}
    await hass.async_block_till_done()
