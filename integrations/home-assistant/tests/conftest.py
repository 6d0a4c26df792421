"""A hub that says what it is told to say, over real HTTP and a real WebSocket, and a Home Assistant that uses it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
import copy
from dataclasses import dataclass
import hashlib
import hmac
from typing import Any

from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer
from homeassistant.components import camera
from homeassistant.const import CONF_TOKEN, CONF_URL
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

import custom_components.doorward.const  # noqa: F401  first of all: else the kit's own folder of that name is found

if not hasattr(camera, "CameraEntityCapabilities"):
    # The test kit may lag a release behind the Home Assistant that this is for.
    @dataclass(frozen=True)
    class CameraEntityCapabilities:
        """What a camera can do beside showing a picture."""

        two_way_audio: bool = False

    camera.CameraEntityCapabilities = CameraEntityCapabilities

TOKEN = "dwt_right"
HUB_ID = "0123456789abcdef"
RIGHTS = ["view", "listen", "talk", "page", "unlock", "administer"]


def device(name: str, **more: Any) -> dict[str, Any]:
    """Describe a device as the hub does."""
    can = {
        "view": "no",
        "listen": "yes",
        "talk": "no",
        "ring": "no",
        "unlock": "no",
        "ptz": "no",
        **more.pop("can", {}),
    }
    return {
        "id": name.lower().replace(" ", "-"),
        "name": name,
        "kind": "rtsp",
        "state": {"phase": "idle", "sinceMs": 1},
        "tracks": [],
        "permanent": True,
        "rights": RIGHTS,
        "settings": {"volume": 1, "muted": False, "doNotDisturb": False},
        "can": can,
        **more,
    }


DOOR = device(
    "Front door",
    area="Entrance",
    can={"view": "yes", "talk": "yes", "ring": "yes", "unlock": "yes"},
    speaker={"formats": [], "echoCancelling": False, "queued": 0, "doNotDisturb": False},
)
KITCHEN = device("Kitchen", area="House", can={"talk": "yes"})


def call(state: str = "ringing", **more: Any) -> dict[str, Any]:
    """Describe a call at the front door as the hub does."""
    return {
        "id": "call-1",
        "from": {"party": "device:front-door", "name": "Front door", "deviceId": "front-door"},
        "to": ["all"],
        "state": state,
        "rung": [{"party": "device:kitchen", "name": "Kitchen", "deviceId": "kitchen", "state": "told"}],
        "participants": [],
        "lock": True,
        "startedMs": 1,
        **more,
    }


OFFERS = "api/v1/say/hosts/offers"
ANSWERS: dict[str, Any] = {
    "api/v1/login": {"user": {"name": "Anna", "administrator": True, "grants": []}},
    "api/v1/tokens": {"token": TOKEN},
    "api/v1/sounds": {"sounds": [{"name": "bell.mp3", "seconds": 2}, {"name": "notes.txt"}]},
    "api/streams?src=front-door": {"producers": [{"medias": ["audio, sendonly, OPUS/48000/2"]}], "consumers": []},
    "api/v1/chimes": {"chimes": [{"name": "gong"}]},
}


class FakeHub:
    """One hub. `asked` is what came, `refuse` what is answered in place of the right answer."""

    def __init__(self) -> None:
        """Start with a door and a kitchen."""
        self.devices = copy.deepcopy([DOOR, KITCHEN])
        self.calls: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str, Any]] = []
        self.refuse: dict[str, tuple[int, dict[str, Any]]] = {}
        self.tokens = {TOKEN}
        self.hub_id: str | None = HUB_ID
        self.version = "0.2.0"
        self.people: list[str | None] = []
        self.whep_gate: asyncio.Event | None = None
        # The headers of the last request and of each line of a page; what pages said; how many lines are open.
        self.headers: Mapping[str, str] = {}
        self.pages: list[Mapping[str, str]] = []
        self.told: list[dict[str, Any]] = []
        self.cards: str | None = "export {};"
        self.words: dict[str, str] = {}
        self.knows_people = True
        # Where it says that it was asked for a proof that it knows the token; and what it was shown then.
        self.proves_at = ""
        self.seen: list[str] = []
        # What it answers in place of a proof, as a stranger may.
        self.oddly: web.Response | None = None
        self._sockets: list[web.WebSocketResponse] = []
        app = web.Application()
        app.router.add_get("/api/v1/session", self._session)
        app.router.add_get("/api/v1/events", self._events)
        app.router.add_get("/api/ws", self._stream)
        app.router.add_get("/doorward-cards.{kind:.+}", self._cards)
        app.router.add_post("/api/v1/proof", self._proof)
        app.router.add_route("*", "/{path:.*}", self._any)
        self.server = TestServer(app)

    @property
    def url(self) -> str:
        """Where it is."""
        return str(self.server.make_url("")).rstrip("/")

    async def say(self, message: dict[str, Any]) -> None:
        """Tell whoever listens."""
        for socket in self._sockets:
            await socket.send_json(message)

    @property
    def open(self) -> int:
        """How many listen."""
        return len(self._sockets)

    async def hang_up(self) -> None:
        """Close all sockets."""
        for socket in list(self._sockets):
            await socket.close()

    def _knows(self, request: web.Request) -> bool:
        return request.headers.get("Authorization", "").removeprefix("Bearer ") in self.tokens

    async def _session(self, request: web.Request) -> web.Response:
        if "session" in self.refuse:
            status, body = self.refuse["session"]
            return web.json_response(body, status=status)
        known = self._knows(request)
        asked_for = {"askedFor": "home-assistant"} if self.knows_people and "x-doorward-for" in request.headers else {}
        told = {"user": {"name": "Anna"}, "hubId": self.hub_id, **asked_for} if known else {}
        return web.json_response({"version": self.version, **told})

    async def _proof(self, request: web.Request) -> web.Response:
        self.seen.append(f"{dict(request.headers)} {await request.text()}")
        if self.oddly is not None:
            return self.oddly
        asked = await request.json()
        key = hashlib.sha256(TOKEN.encode()).digest()
        signed = lambda text: base64.urlsafe_b64encode(hmac.digest(key, text.encode(), "sha256")).decode().rstrip("=")  # noqa: E731
        if not self.proves_at or asked["token"] != signed("doorward token\n"):
            return web.json_response({"detail": "not found", "code": "not-found"}, status=404)
        return web.json_response({"proof": signed(f"doorward proof\n{asked['nonce']}\n{self.proves_at}")})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if "events" in self.refuse:
            return web.Response(status=self.refuse["events"][0])
        if not self._knows(request):
            return web.Response(status=401)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "devices", "devices": self.devices})
        if self.calls:
            await socket.send_json({"type": "calls", "calls": self.calls, "mutedBells": []})
        self._sockets.append(socket)
        self.pages.append(request.headers)
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            self.told.append(message.json())
        self._sockets.remove(socket)
        return socket

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        """Say what is said back, as a stream that answers; `bye` ends it."""
        if "api/ws" in self.refuse:
            return web.Response(status=self.refuse["api/ws"][0])
        self.pages.append(request.headers)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.data == "bye":
                break
            await socket.send_str(f"{request.query['src']}: {message.data}")
        return socket

    async def _cards(self, request: web.Request) -> web.Response:
        if "doorward-cards" in self.refuse:
            return web.Response(status=503)
        if self.cards is None:
            return web.Response(text="<!doctype html>", content_type="text/html")
        if request.match_info["kind"] != "js":
            # An older hub has none, and answers with its page.
            return web.json_response(self.words) if self.words else web.Response(text="<!doctype html>")
        return web.Response(text=self.cards, content_type="text/javascript")

    async def _any(self, request: web.Request) -> web.Response:
        path = request.path_qs.lstrip("/")
        body = (await request.read()).decode()
        if path == OFFERS and "say/hosts/offers" not in self.refuse:
            return web.json_response({"listed": ["all"]})
        self.asked.append((request.method, path, body))
        self.people.append(request.headers.get("x-doorward-for"))
        self.headers = request.headers
        for part, (status, problem) in self.refuse.items():
            if part in path:
                return web.json_response(problem, status=status)
        if path.startswith("whep/") and request.method == "POST":
            if self.whep_gate is not None:
                await self.whep_gate.wait()
            return web.Response(status=201, text="v=0 answer", headers={"Location": f"/{path.split('?')[0]}/one"})
        if path.endswith("/snapshot") or "/snapshot?" in path:
            return web.Response(body=b"jpeg", content_type="image/jpeg")
        return web.json_response(ANSWERS.get(path, {}))


@pytest.fixture(autouse=True)
def _custom(enable_custom_integrations: None, socket_enabled: None) -> None:
    """Allow both: custom integrations and sockets are off in this kit unless asked for."""


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Come back at once, and ask twice without a pause before a hub is followed."""
    monkeypatch.setattr("custom_components.doorward.hub.FIRST_RETRY_S", 0.01)
    monkeypatch.setattr("custom_components.doorward.hub.LAST_RETRY_S", 0.02)
    monkeypatch.setattr("custom_components.doorward.config_flow.ASKED_AFTER_S", (0.0, 0.0))


@pytest.fixture
async def fake_hub() -> AsyncIterator[FakeHub]:
    """Give a hub that listens."""
    hub = FakeHub()
    await hub.server.start_server()
    yield hub
    hub.refuse["events"] = (503, {})
    await hub.hang_up()
    await hub.server.close()


@pytest.fixture
def entry(hass: Any, fake_hub: FakeHub) -> MockConfigEntry:
    """Give the entry of this hub, not set up yet."""
    made = MockConfigEntry(
        domain="doorward",
        title="Doorward",
        unique_id=HUB_ID,
        data={CONF_URL: fake_hub.url, CONF_TOKEN: TOKEN, "verify_ssl": True},
    )
    made.add_to_hass(hass)
    return made


@pytest.fixture
async def there(hass: Any, entry: MockConfigEntry) -> AsyncIterator[MockConfigEntry]:
    """Give the entry, set up."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    yield entry
    if entry.state.recoverable:
        await hass.config_entries.async_unload(entry.entry_id)


async def until(true: Any) -> None:
    """Wait until it is so; at most five seconds."""
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.01)
