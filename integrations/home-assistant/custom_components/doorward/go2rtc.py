"""What cards for go2rtc ask, as `go2rtc: { url: /api/doorward/go2rtc, stream: <device> }` tells them.

Passed on as page.py does it for our own cards: with Home Assistant's token, which the browser never gets, and in the
name of who uses it. Cards sign the path; nobody else is heard.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from aiohttp import ClientWebSocketResponse, WSMsgType, web
from homeassistant.components.http import KEY_HASS, KEY_HASS_USER, HomeAssistantView
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback

from .api import DoorwardError
from .const import DOMAIN
from .hub import DoorwardHub
from .people import for_user

BASE = "/api/doorward/go2rtc/api"
LONGEST_MESSAGE = 80 * 1024


def hub_of(hass: HomeAssistant, device: str | None) -> DoorwardHub | None:
    """Give the hub that has a device, among those that are there and tell people apart."""
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.state is not ConfigEntryState.LOADED:
            continue
        hub: DoorwardHub = entry.runtime_data
        if hub.session.knows_people and device in hub.devices:
            return hub
    return None


class StreamsView(HomeAssistantView):
    """What a stream gives and takes: whether one can speak there."""

    url = f"{BASE}/streams"
    name = "api:doorward:go2rtc:streams"

    async def get(self, request: web.Request) -> web.Response:
        """Ask the hub for it."""
        hass, device = request.app[KEY_HASS], request.query.get("src", "")
        if (hub := hub_of(hass, device)) is None:
            return web.json_response({}, status=HTTPStatus.NOT_FOUND)
        try:
            people = for_user(hass, hub, request[KEY_HASS_USER])
            return web.json_response(await hub.client.for_people(people).stream(device))
        except DoorwardError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                # What its user may not see is answered as what is not there.
                return web.json_response({}, status=HTTPStatus.NOT_FOUND)
            return web.json_response({"detail": str(error)}, status=HTTPStatus.BAD_GATEWAY)


class SocketView(HomeAssistantView):
    """The socket by which a card shows a stream, and speaks there."""

    url = f"{BASE}/ws"
    name = "api:doorward:go2rtc:ws"

    async def get(self, request: web.Request) -> web.StreamResponse:
        """Pass on what either end says until one closes."""
        hass, device = request.app[KEY_HASS], request.query.get("src", "")
        if (hub := hub_of(hass, device)) is None:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        # No heartbeat to the browser: the hub closes the socket when the browser's picture ends.
        near = web.WebSocketResponse(max_msg_size=LONGEST_MESSAGE)
        try:
            people = for_user(hass, hub, request[KEY_HASS_USER])
            far = await hub.client.for_people(people).stream_socket(device)
        except DoorwardError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return web.Response(status=HTTPStatus.NOT_FOUND)
            # Who asked may have left meanwhile.
            with suppress(ConnectionError):
                await near.prepare(request)
                await near.send_json({"type": "error", "value": f"webrtc/offer: {error}"})
                await near.close()
            return near
        try:
            with suppress(ConnectionError):
                await near.prepare(request)
                await _join(near, far)
        finally:
            await far.close()
        return near


async def _join(near: web.WebSocketResponse, far: ClientWebSocketResponse) -> None:
    ways = [asyncio.create_task(_pass_on(near, far)), asyncio.create_task(_pass_on(far, near))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        await far.close()
        await near.close()


async def _pass_on(source: Any, to: Any) -> None:
    async for message in source:
        if message.type is not WSMsgType.TEXT:
            return
        await to.send_str(message.data)


@callback
def register_go2rtc(hass: HomeAssistant) -> None:
    """Let cards for go2rtc ask."""
    hass.http.register_view(StreamsView())
    hass.http.register_view(SocketView())
