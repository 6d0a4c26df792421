"""What the cards on a dashboard ask of the hub, passed on with Home Assistant's token and in the name of who uses it.

The browser signs in to Home Assistant alone: it never gets the token. Only what the cards need is passed on.
"""

from __future__ import annotations

from http import HTTPStatus
import re
from typing import Any

from aiohttp import web
from homeassistant.components import websocket_api
from homeassistant.components.http import KEY_HASS, KEY_HASS_USER, HomeAssistantView
from homeassistant.components.websocket_api import ActiveConnection
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
import voluptuous as vol

from .api import CannotConnectError, DoorwardError, PageSocket
from .const import DOMAIN
from .hub import DoorwardConfigEntry
from .people import for_user

SEGMENT = r"[\w.%-]{1,384}"
# Method and path of all that is passed on.
PASSED = [
    ("GET", r"api/v1/(session|calls|callable|ringing)"),
    ("POST", r"api/v1/calls"),
    ("POST", rf"api/v1/calls/{SEGMENT}/(answer|decline|join|end)"),
    ("GET", rf"api/v1/(calls|devices)/{SEGMENT}/snapshot"),
    ("POST", rf"api/v1/devices/{SEGMENT}/unlock"),
    ("POST", rf"(voice|whep/{SEGMENT}|whep/calls/{SEGMENT})"),
    ("PATCH", rf"(voice/{SEGMENT}|whep/{SEGMENT}/{SEGMENT}|whep/calls/{SEGMENT}/{SEGMENT})"),
    ("PATCH", rf"whep/{SEGMENT}/{SEGMENT}/rendition"),
    ("DELETE", rf"(voice/{SEGMENT}|whep/{SEGMENT}/{SEGMENT}|whep/calls/{SEGMENT}/{SEGMENT})"),
]
HEADERS = ("content-type", "location", "link", "retry-after")
OWN_HEADERS = "doorward-"
LONGEST_BODY = 64 * 1024
LONGEST_QUERY = 256
MESSAGES = ("talk-take", "talk-release", "call-confirm", "call-picture", "watch", "ping")


def may_pass(method: str, path: str) -> bool:
    """Say whether a request of a card is one of those that are passed on."""
    if any(part in ("", ".", "..") or "%2f" in part.lower() or "%2e" in part.lower() for part in path.split("/")):
        return False
    return any(method == one and re.fullmatch(allowed, path) for one, allowed in PASSED)


def hub_entry(hass: HomeAssistant, entry_id: str | None) -> DoorwardConfigEntry | None:
    """Give the hub that is meant, or without an id the first one; None while it is not loaded, and of an older one."""
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.state is not ConfigEntryState.LOADED or entry_id not in (None, entry.entry_id):
            continue
        if entry.runtime_data.session.knows_people:
            return entry
    return None


class HubView(HomeAssistantView):
    """Requests of the cards: pictures, microphones, calls, doors."""

    url = "/api/doorward/hub/{entry_id}/{path:.*}"
    name = "api:doorward:hub"

    async def _pass(self, request: web.Request, entry_id: str, path: str) -> web.Response:
        hass = request.app[KEY_HASS]
        raw = request.rel_url.raw_path.split("/", 5)[5]
        # As it came: what stands encoded in a value must not become a parameter of its own.
        query = request.rel_url.raw_query_string
        if not may_pass(request.method, raw) or len(query) > LONGEST_QUERY:
            return _problem(HTTPStatus.NOT_FOUND, "This is not for cards.", "not-found")
        if (entry := hub_entry(hass, entry_id)) is None:
            return _problem(HTTPStatus.SERVICE_UNAVAILABLE, "Home Assistant does not reach the hub.", "unreachable")
        if (body := await _body(request)) is None:
            return _problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "That is too large.", "too-large")
        hub = entry.runtime_data
        whole = f"{raw}?{query}" if query else raw
        try:
            status, answer, headers = await hub.client.ask_for(
                for_user(hass, hub, request[KEY_HASS_USER]),
                (request.method, whole),
                (body or None, request.headers.get("Content-Type")),
            )
        except CannotConnectError as error:
            return _problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error), "unreachable")
        if status == HTTPStatus.UNAUTHORIZED:
            # Only Home Assistant's own token can be meant: the browser must not sign its user out for it.
            status = HTTPStatus.FORBIDDEN
        passed = {
            name: value
            for name, value in headers.items()
            if name.lower() in HEADERS or name.lower().startswith(OWN_HEADERS)
        }
        return web.Response(status=status, body=answer, headers={**passed, "Cache-Control": "no-store"})

    get = post = patch = delete = _pass


async def _body(request: web.Request) -> bytes | None:
    """Read what came; None as soon as it is too large, whether its length was told or not."""
    if (request.content_length or 0) > LONGEST_BODY:
        return None
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > LONGEST_BODY:
            return None
    return bytes(body)


def _problem(status: HTTPStatus, detail: str, code: str) -> web.Response:
    return web.json_response({"detail": detail, "code": code}, status=status, content_type="application/problem+json")


def _lines(hass: HomeAssistant) -> dict[tuple[ActiveConnection, int], PageSocket]:
    lines: dict[tuple[ActiveConnection, int], PageSocket] = hass.data.setdefault(f"{DOMAIN}_pages", {})
    return lines


@websocket_api.websocket_command({vol.Required("type"): "doorward/hubs"})
@callback
def list_hubs(hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]) -> None:
    """Tell which hubs there are, for the editors of the cards."""
    entries = hass.config_entries.async_entries(DOMAIN)
    connection.send_result(msg["id"], [{"entry_id": entry.entry_id, "title": entry.title} for entry in entries])


@websocket_api.websocket_command({vol.Required("type"): "doorward/page", vol.Optional("entry_id"): str})
@callback
def open_page(hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]) -> None:
    """Open a line to the hub for one page, and pass on what the hub says on it until either end closes."""
    number = msg["id"]
    if (entry := hub_entry(hass, msg.get("entry_id"))) is None:
        connection.send_error(number, "unreachable", "There is no Doorward hub, or Home Assistant does not reach it")
        return
    # A page may be gone before the hub has answered: what it asked for ends with it.
    task = entry.async_create_background_task(hass, _serve(hass, entry, connection, number), f"{DOMAIN} page")
    connection.subscriptions[number] = task.cancel


async def _serve(hass: HomeAssistant, entry: DoorwardConfigEntry, connection: ActiveConnection, number: int) -> None:
    hub = entry.runtime_data
    try:
        line = await hub.client.page(for_user(hass, hub, connection.user))
    except DoorwardError as error:
        connection.subscriptions.pop(number, None)
        connection.send_error(number, "unreachable", str(error))
        return
    _lines(hass)[connection, number] = line
    try:
        connection.send_result(number)
        told = {"type": "opened", "page": number, "entry_id": entry.entry_id, "title": entry.title}
        connection.send_event(number, told)
        async for message in line.messages():
            connection.send_event(number, {"type": "said", "message": message})
    finally:
        _lines(hass).pop((connection, number), None)
        await line.close()
        if connection.subscriptions.pop(number, None):
            connection.send_event(number, {"type": "closed"})


@websocket_api.websocket_command(
    {vol.Required("type"): "doorward/page/say", vol.Required("page"): int, vol.Required("message"): dict}
)
@websocket_api.async_response
async def say_on_page(hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]) -> None:
    """Tell the hub something on a line that this very connection opened."""
    line = _lines(hass).get((connection, msg["page"]))
    if line is None or msg["message"].get("type") not in MESSAGES:
        connection.send_error(msg["id"], "not_found", "There is no such line, or this is not for cards")
        return
    await line.say(msg["message"])
    connection.send_result(msg["id"])


@callback
def register_page(hass: HomeAssistant) -> None:
    """Let cards ask; they are told why not while there is no hub."""
    hass.http.register_view(HubView())
    for command in (list_hubs, open_page, say_on_page):
        websocket_api.async_register_command(hass, command)
