"""What the cards of a dashboard ask of the hub through Home Assistant, and the file that they are."""

from __future__ import annotations

import asyncio
import json
from unittest.mock import patch
from urllib.parse import unquote

from homeassistant.auth.const import GROUP_ID_READ_ONLY, GROUP_ID_USER
from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL, UrlManager
from homeassistant.core import Context
from homeassistant.exceptions import Unauthorized
import pytest
from yarl import URL

from custom_components.doorward import people
from custom_components.doorward.page import may_pass

from .conftest import FakeHub, until
from .test_hub import HUB_ID

EVERYTHING = [{"scope": "*", "rights": ["view", "listen", "peek", "talk", "page", "unlock"]}]


def said_for(headers) -> dict:
    """Read for whom something was asked."""
    return json.loads(unquote(headers["x-doorward-for"]))


@pytest.fixture
async def urls(hass):
    """Have a place for scripts of pages, as Home Assistant's frontend has."""
    told: list = []
    hass.data[DATA_EXTRA_MODULE_URL] = UrlManager(lambda *what: told.append(what), [])
    return told


async def next_of(socket, kind: str) -> dict:
    """Read until an event of this kind comes."""
    async with asyncio.timeout(5):
        while True:
            message = await socket.receive_json()
            if message["type"] == "event" and message["event"]["type"] == kind:
                return message["event"]


async def test_a_page_has_one_line_in_the_name_of_its_user(hass, hass_ws_client, fake_hub: FakeHub, there) -> None:
    """What either says comes to the other; the line ends with the page, and with the hub."""
    socket = await hass_ws_client(hass)
    await socket.send_json_auto_id({"type": "doorward/hubs"})
    assert (await socket.receive_json())["result"] == [{"entry_id": there.entry_id, "title": "Doorward"}]
    await socket.send_json_auto_id({"type": "doorward/page"})
    opened = await next_of(socket, "opened")
    assert opened["entry_id"] == there.entry_id
    assert said_for(fake_hub.pages[-1])["grants"] == EVERYTHING
    assert (await next_of(socket, "said"))["message"]["type"] == "devices"
    for message in ({"type": "ping"}, {"type": "drop-all"}):
        await socket.send_json_auto_id({"type": "doorward/page/say", "page": opened["page"], "message": message})
    await until(lambda: fake_hub.told == [{"type": "ping"}])
    lines = len(fake_hub.pages)
    await fake_hub.hang_up()
    assert (await next_of(socket, "closed")) == {"type": "closed"}
    await until(lambda: len(fake_hub.pages) > lines)


async def test_nobody_speaks_on_anothers_line(hass, hass_ws_client, fake_hub: FakeHub, there) -> None:
    """A line belongs to the connection that opened it, and closes with it."""
    one, other = await hass_ws_client(hass), await hass_ws_client(hass)
    await one.send_json_auto_id({"type": "doorward/page", "entry_id": there.entry_id})
    page = (await next_of(one, "opened"))["page"]
    await other.send_json_auto_id({"type": "doorward/page/say", "page": page, "message": {"type": "ping"}})
    assert (await other.receive_json())["error"]["code"] == "not_found"
    open_before = fake_hub.open
    await one.close()
    await until(lambda: fake_hub.open == open_before - 1)
    assert fake_hub.told == []


async def test_without_a_hub_pages_are_told(hass, hass_ws_client, hass_client, fake_hub: FakeHub, there) -> None:
    """No hub of that id, a hub that refuses, a hub that is not there."""
    socket, http = await hass_ws_client(hass), await hass_client()
    await socket.send_json_auto_id({"type": "doorward/page", "entry_id": "another"})
    assert (await socket.receive_json())["error"]["code"] == "unreachable"
    assert (await http.get("/api/doorward/hub/another/api/v1/session")).status == 503
    await fake_hub.server.close()
    await socket.send_json_auto_id({"type": "doorward/page"})
    assert (await socket.receive_json())["error"]["code"] == "unreachable"
    answer = await http.get(f"/api/doorward/hub/{there.entry_id}/api/v1/session")
    assert (answer.status, (await answer.json())["code"]) == (503, "unreachable")


async def test_requests_are_passed_on(hass, hass_client, fake_hub: FakeHub, there) -> None:
    """With what they carry and with what the hub answers; a refusal of the token is none of the browser's."""
    http = await hass_client()
    base = f"/api/doorward/hub/{there.entry_id}"
    offer = await http.post(f"{base}/whep/front-door?x=1", data="v=0", headers={"Content-Type": "application/sdp"})
    assert (offer.status, await offer.text()) == (201, "v=0 answer")
    assert offer.headers["Location"] == "/whep/front-door/one"
    assert fake_hub.asked[-1] == ("POST", "whep/front-door?x=1", "v=0")
    assert said_for(fake_hub.headers)["name"] == "Mock User"
    picture = await http.get(f"{base}/api/v1/devices/front-door/snapshot")
    assert (picture.status, await picture.read(), picture.headers["Content-Type"]) == (200, b"jpeg", "image/jpeg")
    fake_hub.refuse["unlock"] = (401, {"code": "signed-out", "detail": "No."})
    assert (await http.post(f"{base}/api/v1/devices/front-door/unlock", json={})).status == 403
    asked = len(fake_hub.asked)
    assert (await http.get(f"{base}/api/v1/tokens")).status == 404
    assert (await http.post(f"{base}/api/v1/devices/..%2Ftokens/unlock", json={})).status in (400, 404)
    assert (await http.post(f"{base}/voice", data=b"x" * 70_000)).status == 413

    async def pieces():
        for _ in range(7):
            yield b"x" * 10_000

    assert (await http.post(f"{base}/voice", data=pieces())).status == 413
    assert len(fake_hub.asked) == asked


async def test_a_query_is_passed_on_as_it_came(hass, hass_client, fake_hub: FakeHub, there) -> None:
    """A value that has an ampersand in it stays one value."""
    http = await hass_client()
    url = f"/api/doorward/hub/{there.entry_id}/api/v1/devices/front-door/snapshot?a=1%262&b=c%23d%2Be"
    assert (await http.get(URL(url, encoded=True))).status == 200
    assert fake_hub.asked[-1][1] == "api/v1/devices/front-door/snapshot?a=1%262&b=c%23d%2Be"


async def test_strangers_reach_nothing(hass, hass_client_no_auth, there) -> None:
    """Whoever is not signed in to Home Assistant is refused before the hub is asked."""
    http = await hass_client_no_auth()
    assert (await http.get(f"/api/doorward/hub/{there.entry_id}/api/v1/session")).status == 401


def test_only_what_cards_need_is_passed_on() -> None:
    """No people, tokens, settings; no way around by dots and slashes."""
    for method, path in [
        ("GET", "api/v1/users"),
        ("POST", "api/v1/say"),
        ("PATCH", "api/v1/devices/front"),
        ("DELETE", "api/v1/devices/front"),
        ("POST", "whep/a/b/c"),
        ("POST", "whep/a/b/rendition"),
        ("PATCH", "whep/a/b/other"),
        ("GET", "api/v1/session/"),
        ("GET", "api/v1/calls/../snapshot"),
        ("GET", "api/v1/calls/%2e%2e/snapshot"),
        ("POST", "voice/../api/v1/users"),
    ]:
        assert not may_pass(method, path), path
    assert may_pass("PATCH", "voice/abc")
    assert may_pass("PATCH", "whep/front-door/one/rendition")
    assert may_pass("POST", "api/v1/calls/abc/answer")


async def test_users_may_what_they_may_in_home_assistant(hass, fake_hub: FakeHub, there, monkeypatch) -> None:
    """Readers look; who may steer one thing speaks through that; nobody administers."""
    hub = there.runtime_data
    # The first one owns the house.
    owner = await hass.auth.async_create_user("Olga", group_ids=[])
    assert people.grants_of(hass, hub, owner) == EVERYTHING
    reader = await hass.auth.async_create_user("Rita", group_ids=[GROUP_ID_READ_ONLY])
    assert people.grants_of(hass, hub, reader) == [{"scope": "*", "rights": ["view", "listen", "peek"]}] + [
        {"scope": f"device:{name}", "rights": ["view", "listen", "peek"]} for name in ("front-door", "kitchen")
    ]
    user = await hass.auth.async_create_user("Uma", group_ids=[GROUP_ID_USER])
    assert people.grants_of(hass, hub, user) == EVERYTHING
    nobody = await hass.auth.async_create_user(None)
    assert people.grants_of(hass, hub, nobody) == []
    assert said_for(people.for_user(hass, hub, nobody)) == {"id": nobody.id, "name": "Home Assistant", "grants": []}
    monkeypatch.setattr(people, "LONGEST_HEADER", 250)
    assert len(said_for(people.for_user(hass, hub, reader))["grants"]) < 3
    assert hub.unique_id("front-door").startswith(HUB_ID)


async def test_who_is_not_there_any_more_may_nothing(hass, there) -> None:
    """Only what nobody in particular wishes is the program's own wish."""
    hub = there.runtime_data
    for itself in (None, Context()):
        assert await people.client_for(hass, hub, itself) is hub.client
    user = await hass.auth.async_create_user("Uma")
    assert await people.client_for(hass, hub, Context(user_id=user.id)) is not hub.client
    for gone in ("gone", ""):
        with pytest.raises(Unauthorized):
            await people.client_for(hass, hub, Context(user_id=gone))


async def test_the_file_comes_from_the_hub(hass, hass_client_no_auth, fake_hub: FakeHub, urls, there) -> None:
    """Under a name that changes with it; another one when the hub comes back with another, none without a hub."""
    [(change, url)] = urls
    assert change == "added"
    http = await hass_client_no_auth()
    answer = await http.get(url)
    assert (answer.status, await answer.text()) == (200, "export {};")
    assert "immutable" in answer.headers["Cache-Control"]
    assert (await http.get("/api/doorward/cards/other.js")).status == 404
    assert (await http.get(url.replace(".js", ".de.json"))).status == 404
    fake_hub.cards, fake_hub.words = "export const two = 2;", {"Hub": "Hub"}
    await fake_hub.hang_up()
    await until(lambda: len(urls) == 3)
    assert urls[1] == ("removed", url)
    assert await (await http.get(urls[2][1])).text() == fake_hub.cards
    for language in ("de", "fr", "es"):
        assert await (await http.get(urls[2][1].replace(".js", f".{language}.json"))).json() == fake_hub.words
    await hass.config_entries.async_unload(there.entry_id)
    assert urls[3] == ("removed", urls[2][1])


async def test_a_hub_without_cards_is_no_fault(hass, fake_hub: FakeHub, urls, entry) -> None:
    """An older one, and one that goes at that moment."""
    fake_hub.cards = None
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert urls == []
    with patch.object(fake_hub, "refuse", {"doorward-cards": (503, {})}):
        await hass.config_entries.async_reload(entry.entry_id)
    assert urls == []
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_hub_that_does_not_know_people_serves_no_cards(hass, hass_client, fake_hub: FakeHub, entry) -> None:
    """It would let everybody do what the token may."""
    fake_hub.knows_people = False
    assert await hass.config_entries.async_setup(entry.entry_id)
    answer = await (await hass_client()).get(f"/api/doorward/hub/{entry.entry_id}/api/v1/session")
    assert answer.status == 503
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_page_that_goes_before_the_hub_answers_leaves_nothing(hass, hass_ws_client, there) -> None:
    """What it asked for ends with it."""
    began, ended = asyncio.Event(), asyncio.Event()

    async def page(_people) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    socket = await hass_ws_client(hass)
    with patch.object(there.runtime_data.client, "page", page):
        await socket.send_json_auto_id({"type": "doorward/page"})
        async with asyncio.timeout(5):
            await began.wait()
            await socket.close()
            await ended.wait()
