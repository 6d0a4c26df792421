"""The script of the cards: the hub's own, so that both are of one version, served to browsers by Home Assistant."""

from __future__ import annotations

import hashlib
import logging

from aiohttp import web
from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL, add_extra_js_url, remove_extra_js_url
from homeassistant.components.http import HomeAssistantView
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .api import DoorwardError
from .const import DOMAIN
from .hub import DoorwardConfigEntry

LOG = logging.getLogger(__name__)
YEAR_S = 365 * 24 * 60 * 60


class Cards:
    """The file of each hub that has one; the first one's is what pages load."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Start with none."""
        self._hass = hass
        self._files: dict[str, dict[str, bytes]] = {}
        self._url: str | None = None

    @callback
    def keep(self, entry_id: str, files: dict[str, bytes]) -> None:
        """Take a hub's script (`js`) and what stands beside it, a language each (`de.json`)."""
        self._files[entry_id] = files
        self._publish()

    @callback
    def drop(self, entry_id: str) -> None:
        """Forget a hub's files."""
        self._files.pop(entry_id, None)
        self._publish()

    def named(self, name: str) -> bytes | None:
        """Give the file of this name, which changes with what is in it."""
        stem, _, kind = name.partition(".")
        return next((files.get(kind) for files in self._files.values() if _stem(files) == stem), None)

    @callback
    def _publish(self) -> None:
        if DATA_EXTRA_MODULE_URL not in self._hass.data:
            return
        files = next(iter(self._files.values()), None)
        url = None if files is None else f"/api/doorward/cards/{_stem(files)}.js"
        if url == self._url:
            return
        if self._url is not None:
            remove_extra_js_url(self._hass, self._url)
        if url is not None:
            add_extra_js_url(self._hass, url)
        self._url = url


CARDS: HassKey[Cards] = HassKey(f"{DOMAIN}_cards")


def _stem(files: dict[str, bytes]) -> str:
    return hashlib.sha256(b"".join(files.values())).hexdigest()[:16]


class CardsView(HomeAssistantView):
    """The file, to everybody as all scripts of the page: there is nothing of the house in it."""

    url = "/api/doorward/cards/{name}"
    name = "api:doorward:cards"
    requires_auth = False

    def __init__(self, cards: Cards) -> None:
        """Take where the files are."""
        self._cards = cards

    async def get(self, request: web.Request, name: str) -> web.Response:
        """Serve it; what is under a name never changes."""
        file = self._cards.named(name)
        if file is None:
            return web.Response(status=404)
        content_type = "text/javascript" if name.endswith(".js") else "application/json"
        response = web.Response(body=file, content_type=content_type, charset="utf-8")
        response.headers["Cache-Control"] = f"public, max-age={YEAR_S}, immutable"
        response.enable_compression()
        return response


@callback
def register_cards(hass: HomeAssistant) -> None:
    """Have a place for the files."""
    hass.data[CARDS] = Cards(hass)
    hass.http.register_view(CardsView(hass.data[CARDS]))


async def follow_cards(hass: HomeAssistant, entry: DoorwardConfigEntry) -> None:
    """Fetch the hub's file now and whenever the hub comes back, for it may be another one then."""
    hub = entry.runtime_data
    there = True

    async def fetch() -> None:
        try:
            files = await hub.client.cards()
        except DoorwardError as error:
            LOG.debug("no cards: %s", error)
            return
        if files is not None and entry.runtime_data is hub:
            hass.data[CARDS].keep(entry.entry_id, files)

    @callback
    def changed() -> None:
        nonlocal there
        came_back, there = hub.available and not there, hub.available
        if came_back:
            entry.async_create_background_task(hass, fetch(), f"{DOMAIN} cards")

    await fetch()
    entry.async_on_unload(hub.follow(None, changed))
    entry.async_on_unload(lambda: hass.data[CARDS].drop(entry.entry_id))
