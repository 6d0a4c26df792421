"""The hub's HTTP interface and its socket of events, as far as Home Assistant needs them.

Shapes are those of the hub's docs/http-contract.md.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
import copy
from dataclasses import dataclass
import hashlib
import hmac
from http import HTTPStatus
import json
import secrets
from typing import Any
from urllib.parse import quote

import aiohttp
from homeassistant.const import __version__ as HA_VERSION  # noqa: N812
from yarl import URL

from .const import HEARTBEAT_S, LONGEST_PROOF, TIMEOUT_S

type Json = dict[str, Any]

# For whom a program asks with its token.
FOR = "x-doorward-for"
LANGUAGES = ("de", "fr", "es")
ITSELF = {FOR: quote(json.dumps({"id": "home-assistant", "name": "Home Assistant"}))}


class DoorwardError(Exception):
    """The hub refused or could not; `code` is its own word for why."""

    def __init__(self, detail: str, code: str = "refused", status: int = 0) -> None:
        """Take the hub's sentence and its code, and the status of its answer where there was one."""
        super().__init__(detail)
        self.code = code
        self.status = status


class CannotConnectError(DoorwardError):
    """Nobody answers at the address, or it is no hub."""


class InvalidAuthError(DoorwardError):
    """The token is not, or no longer, one of the hub's."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a hub says about itself and whose token it was shown."""

    hub_id: str
    version: str
    user: str | None
    # Whether it tells apart for whom Home Assistant asks: one that does not would let everybody do what the token may.
    knows_people: bool


@dataclass(frozen=True, slots=True)
class WhepAnswer:
    """The hub's half of a WebRTC session, and where it stands."""

    sdp: str
    location: str


class PageSocket:
    """The line of one page of Home Assistant to the hub."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Take the open socket."""
        self._socket = socket

    async def messages(self) -> AsyncIterator[Json]:
        """Give what the hub says until the line closes."""
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                yield message.json()

    async def say(self, message: Json) -> None:
        """Tell the hub something; nothing when the line is closed already, as its reader learns."""
        try:
            await self._socket.send_json(message)
        except aiohttp.ClientError, OSError:
            return

    async def close(self) -> None:
        """Close it."""
        await self._socket.close()


class DoorwardClient:
    """Speaks to one hub with one token."""

    def __init__(self, http: aiohttp.ClientSession, url: str, token: str | None) -> None:
        """Take Home Assistant's own session, the hub's address and a token of it."""
        self._http = http
        self._url = URL(url.rstrip("/"))
        # By this word the hub knows that MQTT is not to show the same devices a second time.
        self._headers = {"X-Doorward-Program": f"home-assistant/{HA_VERSION}"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"

    def for_people(self, people: dict[str, str]) -> DoorwardClient:
        """Give one that asks for somebody of Home Assistant's; `people` is the header that says who."""
        other = copy.copy(self)
        other._headers = {**self._headers, **people}
        return other

    @property
    def url(self) -> str:
        """Where the hub is."""
        return str(self._url)

    @property
    def _socket(self) -> URL:
        return self._url.with_scheme("wss" if self._url.scheme == "https" else "ws")

    @property
    def _events(self) -> URL:
        return self._socket / "api/v1/events"

    async def is_hub_of(self, token: str) -> bool:
        """Ask whether this is a hub that knows a token, which is not shown.

        Somebody who passes the question on gets an answer about another address than this. Whoever answers is a
        stranger until then: is followed nowhere, and heard no longer than a proof is.
        """
        key = hashlib.sha256(token.encode()).digest()
        nonce = secrets.token_urlsafe(24)
        asked = {"token": _signed(key, "doorward token\n"), "nonce": nonce}
        about = f"doorward proof\n{nonce}\n{self._url.scheme} {self._url.host} {self._url.port}"
        try:
            async with self._stranger("POST", "api/v1/proof", asked) as answer:
                if answer.status != HTTPStatus.OK:
                    return False
                body = await _at_most(answer.content, LONGEST_PROOF)
            proof = str(_parsed(body).get("proof")).encode()
        except aiohttp.ClientError, TimeoutError, OSError, ValueError, DoorwardError:
            return False
        return hmac.compare_digest(proof, _signed(key, about).encode())

    async def answers(self) -> bool:
        """Tell whether anybody answers here, whoever it is and whatever it says; no token is shown."""
        try:
            async with self._stranger("GET", "api/v1/session"):
                return True
        except aiohttp.ClientConnectorCertificateError:
            return True
        except aiohttp.ClientError, TimeoutError, OSError, ValueError:
            return False

    def _stranger(self, method: str, path: str, body: Json | None = None) -> Any:
        """Ask without the token, and without going where the answer sends."""
        headers = {name: value for name, value in self._headers.items() if name != "Authorization"}
        return self._http.request(
            method,
            self._url.join(URL(f"/{path}")),
            json=body,
            headers={**headers, "x-doorward": "1"},
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
        )

    async def session(self) -> Session:
        """Ask the hub who it is; raises where it is not there or does not know the token."""
        # Asked in its own name: a hub that understands that can tell people apart.
        people = ITSELF if "Authorization" in self._headers else {}
        status, body, _ = await self._ask("GET", "api/v1/session", None, None, people)
        if status >= HTTPStatus.BAD_REQUEST:
            raise _error(status, body)
        found = _parsed(body)
        if not isinstance(found.get("version"), str):
            raise CannotConnectError("What answers there is no Doorward hub", "no-hub")
        user = found.get("user")
        if user is None:
            raise InvalidAuthError("The hub does not know this token", "signed-out")
        hub_id = str(found.get("hubId") or self._url)
        return Session(hub_id, found["version"], user.get("name"), "askedFor" in found)

    async def events(self) -> AsyncIterator[Json]:
        """Open the socket and give what the hub says, until it closes; raises where it cannot be opened."""
        try:
            async with self._http.ws_connect(self._events, headers=self._headers, heartbeat=HEARTBEAT_S) as socket:
                async for message in socket:
                    if message.type is aiohttp.WSMsgType.TEXT:
                        yield message.json()
        except aiohttp.WSServerHandshakeError as error:
            if error.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
                raise InvalidAuthError("The hub does not know this token any more", "signed-out") from error
            raise CannotConnectError(f"The hub answered {error.status}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _unreached(error) from error

    async def page(self, people: dict[str, str]) -> PageSocket:
        """Open a line for somebody of Home Assistant's; `people` is the header that says who."""
        try:
            headers = {**self._headers, **people}
            return PageSocket(await self._http.ws_connect(self._events, headers=headers, heartbeat=HEARTBEAT_S))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _unreached(error) from error

    async def stream(self, device: str) -> Json:
        """Ask what a device gives and takes, in go2rtc's words."""
        return await self.request("GET", f"api/streams?src={quote(device)}")

    async def stream_socket(self, device: str) -> aiohttp.ClientWebSocketResponse:
        """Open the socket by which cards for go2rtc show a device; who opens it closes it."""
        try:
            url = (self._socket / "api/ws").with_query(src=device)
            return await self._http.ws_connect(url, headers=self._headers, heartbeat=HEARTBEAT_S)
        except aiohttp.WSServerHandshakeError as error:
            raise DoorwardError(f"The hub answered {error.status}", str(error.status), error.status) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _unreached(error) from error

    async def ask_for(
        self, people: dict[str, str], what: tuple[str, str], sent: tuple[bytes | None, str | None]
    ) -> tuple[int, bytes, Any]:
        """Pass on a request (method and path, body and its type) of somebody of Home Assistant's."""
        return await self._ask(*what, *sent, people)

    async def cards(self) -> dict[str, bytes] | None:
        """Fetch the script of the cards (`js`) and its words, a language each (`de.json`); None where there is none."""
        files: dict[str, bytes] = {}
        for kind in ("js", *(f"{language}.json" for language in LANGUAGES)):
            status, body, headers = await self._ask("GET", f"doorward-cards.{kind}")
            # What a hub does not have may be answered with its page.
            if status == HTTPStatus.OK and ("script" if kind == "js" else "json") in headers.get("Content-Type", ""):
                files[kind] = body
        return files if "js" in files else None

    async def snapshot(self, device: str, width: int | None) -> bytes | None:
        """Fetch a still picture (JPEG); None where the device has none now."""
        path = f"api/v1/devices/{quote(device)}/snapshot" + (f"?width={width}" if width else "")
        status, body, _ = await self._ask("GET", path)
        return body if status == HTTPStatus.OK else None

    async def whep(self, device: str, offer: str, *, talks: bool) -> WhepAnswer:
        """Open a picture with sound; with `talks` the microphone of the offer takes the floor by its sound."""
        path = f"whep/{quote(device)}" + ("?talk=auto" if talks else "")
        status, body, headers = await self._ask("POST", path, offer.encode(), "application/sdp")
        if status != HTTPStatus.CREATED:
            raise _error(status, body)
        return WhepAnswer(body.decode(), headers["Location"])

    async def candidate(self, location: str, fragment: str) -> None:
        """Tell a session of one more way to reach the browser."""
        await self._ask("PATCH", location.lstrip("/"), fragment.encode(), "application/trickle-ice-sdpfrag")

    async def has_session(self, location: str, ufrag: str) -> bool:
        """Say whether the hub still knows a session: one that was started again does not."""
        fragment = f"a=ice-ufrag:{ufrag}\r\n".encode()
        status, _, _ = await self._ask("PATCH", location.lstrip("/"), fragment, "application/trickle-ice-sdpfrag")
        return status != HTTPStatus.NOT_FOUND

    async def close(self, location: str) -> None:
        """End a session."""
        await self._ask("DELETE", location.lstrip("/"))

    async def say(self, to: str | list[str], what: Json, priority: int = 0) -> None:
        """Say a text (`text`) or play a sound (`file`, `chime`) through devices."""
        await self.request("POST", "api/v1/say", {"to": to, "priority": priority, **what})

    async def ring(self, device: str) -> None:
        """Press the bell of a device."""
        await self.request("POST", f"api/v1/devices/{quote(device)}/ring", {})

    async def unlock(self, device: str) -> None:
        """Open the door of a device; asked for twice by mistake it opens once."""
        await self.request("POST", f"api/v1/devices/{quote(device)}/unlock", {"nonce": secrets.token_urlsafe(16)})

    async def call(self, call: str, change: str, body: Json | None = None) -> None:
        """Answer, join, decline or end a call."""
        await self.request("POST", f"api/v1/calls/{quote(call)}/{change}", body or {})

    async def sounds(self) -> tuple[list[str], list[str]]:
        """Give the names of the files of the hub's sounds folder, and of its chimes."""
        files = (await self.request("GET", "api/v1/sounds")).get("sounds", [])
        chimes = (await self.request("GET", "api/v1/chimes")).get("chimes", [])
        return [one["name"] for one in files if "seconds" in one], [one["name"] for one in chimes]

    async def offer_host(self, host: str) -> bool:
        """Tell where sounds of Home Assistant's would come from; gives whether the hub fetches from there."""
        body = {"hosts": [host], "by": "Home Assistant"}
        return bool((await self.request("POST", "api/v1/say/hosts/offers", body)).get("listed"))

    async def allow_host(self, host: str) -> None:
        """Let the hub fetch sounds from there; needs the right to administer it."""
        await self.request("POST", "api/v1/say/hosts", {"host": host})

    async def change(self, device: str, settings: Json) -> None:
        """Change settings of a device; needs the right to administer it."""
        await self.request("PATCH", f"api/v1/devices/{quote(device)}", settings)

    async def set_button(self, device: str, wish: Json) -> None:
        """Set whom a device's own button speaks to (`target`), and how urgently; needs the right to administer it."""
        await self.request("PATCH", f"api/v1/devices/{quote(device)}/button", wish)

    async def request(self, method: str, path: str, body: Json | None = None) -> Json:
        """Ask for JSON; raises with the hub's own sentence where it refuses."""
        payload = None if body is None else json.dumps(body).encode()
        status, answer, _ = await self._ask(method, path, payload, "application/json" if body is not None else None)
        if status >= HTTPStatus.BAD_REQUEST:
            raise _error(status, answer)
        return _parsed(answer)

    async def _ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        content_type: str | None = None,
        more: dict[str, str] | None = None,
    ) -> tuple[int, bytes, Any]:
        headers = {**self._headers, "x-doorward": "1", **(more or {})}
        if content_type is not None:
            headers["Content-Type"] = content_type
        try:
            async with self._http.request(
                method,
                self._url.join(URL(f"/{path}", encoded=True)),
                data=body,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
            ) as answer:
                return answer.status, await answer.read(), answer.headers
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _unreached(error) from error


async def token_by_login(http: aiohttp.ClientSession, url: str, *, name: str, password: str, label: str) -> str:
    """Sign in as a person, with a session that keeps cookies, and have a token made with all that they may do."""
    person = DoorwardClient(http, url, None)
    found = await person.request("POST", "api/v1/login", {"name": name, "password": password})
    grants = found["user"]["grants"]
    if found["user"]["administrator"]:
        grants = [{"scope": "*", "rights": ["view", "listen", "talk", "page", "unlock", "administer"]}]
    try:
        made = await person.request("POST", "api/v1/tokens", {"name": label, "grants": grants})
    finally:
        await person.request("POST", "api/v1/logout", {})
    return str(made["token"])


def _signed(key: bytes, text: str) -> str:
    made = hmac.digest(key, text.encode(), "sha256")
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


async def _at_most(content: aiohttp.StreamReader, longest: int) -> bytes:
    """Read an answer to its end; raises ValueError where it is longer."""
    body = b""
    while chunk := await content.read(longest + 1 - len(body)):
        body += chunk
        if len(body) > longest:
            raise ValueError("too long")
    return body


def _unreached(error: Exception) -> CannotConnectError:
    code = "certificate" if isinstance(error, aiohttp.ClientConnectorCertificateError) else "unreachable"
    return CannotConnectError(f"The hub cannot be reached: {error or type(error).__name__}", code)


def _parsed(body: bytes) -> Json:
    if not body:
        return {}
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise CannotConnectError("What answers there is no Doorward hub", "no-hub") from error
    return found if isinstance(found, dict) else {}


def _error(status: int, body: bytes) -> DoorwardError:
    try:
        problem = _parsed(body)
    except CannotConnectError:
        problem = {}
    detail, code = str(problem.get("detail") or f"The hub answered {status}"), str(problem.get("code") or status)
    if status == HTTPStatus.UNAUTHORIZED:
        return InvalidAuthError(detail, code, status)
    return DoorwardError(detail, code, status)
