"""How a hub is added: its address, and a token by log-in or by paste."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
)
from homeassistant.const import CONF_PASSWORD, CONF_TOKEN, CONF_URL, CONF_USERNAME
from homeassistant.helpers.aiohttp_client import async_create_clientsession, async_get_clientsession
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig, TextSelectorType
from homeassistant.helpers.service_info.hassio import HassioServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
import voluptuous as vol
from yarl import URL

from .api import CannotConnectError, DoorwardClient, DoorwardError, InvalidAuthError, Session, token_by_login
from .const import ASKED_AFTER_S, CONF_VERIFY, DOMAIN
from .hub import DoorwardHub

SECRET = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD))
ADDRESS = {
    vol.Required(CONF_URL): TextSelector(TextSelectorConfig(type=TextSelectorType.URL)),
    vol.Required(CONF_VERIFY, default=True): bool,
}
WHO = {
    vol.Optional(CONF_TOKEN): SECRET,
    vol.Optional(CONF_USERNAME): TextSelector(TextSelectorConfig(autocomplete="username")),
    vol.Optional(CONF_PASSWORD): SECRET,
}
LABEL = "Home Assistant"


class DoorwardConfigFlow(ConfigFlow, domain=DOMAIN):
    """Asks where the hub is and who Home Assistant is to it."""

    VERSION = 1

    def __init__(self) -> None:
        """Start with nothing known."""
        self._found: dict[str, Any] = {}

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for everything."""
        return await self._ask("user", {**ADDRESS, **WHO}, user_input)

    async def async_step_zeroconf(self, discovery_info: ZeroconfServiceInfo) -> ConfigFlowResult:
        """Take a hub that told where it is.

        Nobody signs what mDNS says: a hub that is there already keeps its address, to which its token goes.
        """
        told = discovery_info.properties
        scheme = told.get("scheme", "https")
        if not (hub_id := told.get("id")) or scheme not in ("http", "https"):
            return self.async_abort(reason="no_hub")
        url = str(URL.build(scheme=scheme, host=discovery_info.host, port=discovery_info.port))
        # One of several that say to be a hub that is known may be it: none keeps the others from being asked.
        known = await self.async_set_unique_id(hub_id, raise_on_progress=False)
        if known is None:
            await self.async_set_unique_id(hub_id)
        moved = known is not None and await self._is_there_now(known, url)
        self._abort_if_unique_id_configured(updates={CONF_URL: url} if moved else None)
        self._found = {CONF_URL: url, CONF_VERIFY: False}
        self.context["title_placeholders"] = {"name": told.get("name", "Doorward")}
        return await self.async_step_discovered()

    async def _is_there_now(self, entry: ConfigEntry[DoorwardHub], url: str) -> bool:
        """Tell whether a hub is here that nobody answers for where it was: anybody may say so, so it has to prove it.

        The proof says nothing of who listens on the way: TLS is never given up, and a certificate that is checked
        is checked here too.
        """
        # One that people ignore has neither address nor token.
        old = entry.data.get(CONF_URL, url)
        if old == url or (URL(old).scheme == "https" and URL(url).scheme != "https"):
            return False
        http = async_get_clientsession(self.hass, verify_ssl=entry.data.get(CONF_VERIFY, True))
        for pause_s in ASKED_AFTER_S:
            await asyncio.sleep(pause_s)
            reached = entry.state is ConfigEntryState.LOADED and entry.runtime_data.available
            if reached or await DoorwardClient(http, old, None).answers():
                return False
        proven = await DoorwardClient(http, url, None).is_hub_of(entry.data[CONF_TOKEN])
        return proven and entry.data.get(CONF_URL) == old

    async def async_step_discovered(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask who Home Assistant is to a hub that was found."""
        return await self._ask("discovered", WHO, user_input, {"url": self._found[CONF_URL]})

    async def async_step_hassio(self, discovery_info: HassioServiceInfo) -> ConfigFlowResult:
        """Take the hub that runs as an app of this Home Assistant: it gives its address and a token of its own."""
        told = discovery_info.config
        await self.async_set_unique_id(str(told["id"]))
        self._found = {CONF_URL: str(told["url"]), CONF_VERIFY: False, CONF_TOKEN: str(told["token"])}
        self._abort_if_unique_id_configured(updates={name: self._found[name] for name in (CONF_URL, CONF_TOKEN)})
        self.context["title_placeholders"] = {"name": discovery_info.name}
        return await self.async_step_hassio_confirm()

    async def async_step_hassio_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask whether it is to be added; there is nothing to type."""
        return await self._ask("hassio_confirm", {}, user_input)

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Begin anew with a token that counts no more."""
        self._found = {CONF_URL: entry_data[CONF_URL], CONF_VERIFY: entry_data.get(CONF_VERIFY, True)}
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for another token."""
        return await self._ask("reauth_confirm", WHO, user_input, {"url": self._found[CONF_URL]})

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for another address; the token stays unless another is given."""
        entry = self._get_reconfigure_entry()
        self._found = {CONF_TOKEN: entry.data[CONF_TOKEN]}
        suggested = {CONF_URL: entry.data[CONF_URL], CONF_VERIFY: entry.data.get(CONF_VERIFY, True)}
        return await self._ask("reconfigure", {**ADDRESS, **WHO}, user_input, suggested=suggested)

    async def _ask(
        self,
        step: str,
        fields: Mapping[Any, Any],
        given: dict[str, Any] | None,
        placeholders: dict[str, str] | None = None,
        suggested: Mapping[str, Any] | None = None,
    ) -> ConfigFlowResult:
        errors: dict[str, str] = {}
        if given is not None:
            data = {**self._found, **given}
            try:
                data[CONF_TOKEN] = await self._token(data)
                session = await self._client(data).session()
            except InvalidAuthError:
                errors["base"] = "invalid_auth"
            except CannotConnectError as error:
                errors["base"] = "no_hub" if error.code == "no-hub" else "cannot_connect"
            except (DoorwardError, ValueError) as error:
                errors["base"] = str(error) if str(error) in ("no_token", "bad_address") else "refused"
            else:
                return await self._done(session, data)
        schema = self.add_suggested_values_to_schema(vol.Schema(dict(fields)), given or suggested)
        return self.async_show_form(
            step_id=step, data_schema=schema, errors=errors, description_placeholders=placeholders
        )

    async def _done(self, session: Session, data: dict[str, Any]) -> ConfigFlowResult:
        kept = {name: data[name] for name in (CONF_URL, CONF_VERIFY, CONF_TOKEN)}
        await self.async_set_unique_id(session.hub_id, raise_on_progress=False)
        if self.source == SOURCE_REAUTH:
            self._abort_if_unique_id_mismatch(reason="another_hub")
            return self.async_update_reload_and_abort(self._get_reauth_entry(), data_updates=kept)
        if self.source == SOURCE_RECONFIGURE:
            self._abort_if_unique_id_mismatch(reason="another_hub")
            return self.async_update_reload_and_abort(self._get_reconfigure_entry(), data_updates=kept)
        self._abort_if_unique_id_configured()
        return self.async_create_entry(title="Doorward", data=kept)

    async def _token(self, data: Mapping[str, Any]) -> str:
        """Give the token that was pasted, or have one made for the person who signs in."""
        if not URL(data[CONF_URL]).host or URL(data[CONF_URL]).scheme not in ("http", "https"):
            raise ValueError("bad_address")
        if data.get(CONF_USERNAME) and data.get(CONF_PASSWORD):
            http = async_create_clientsession(
                self.hass, verify_ssl=data[CONF_VERIFY], cookie_jar=aiohttp.CookieJar(unsafe=True)
            )
            return await token_by_login(
                http, data[CONF_URL], name=data[CONF_USERNAME], password=data[CONF_PASSWORD], label=LABEL
            )
        if not data.get(CONF_TOKEN):
            raise ValueError("no_token")
        return str(data[CONF_TOKEN]).strip()

    def _client(self, data: Mapping[str, Any]) -> DoorwardClient:
        http = async_get_clientsession(self.hass, verify_ssl=data[CONF_VERIFY])
        return DoorwardClient(http, data[CONF_URL], data[CONF_TOKEN])
