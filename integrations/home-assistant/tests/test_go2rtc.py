"""Cards for go2rtc, through Home Assistant."""

from __future__ import annotations

from datetime import timedelta

from aiohttp.test_utils import make_mocked_request
from homeassistant.auth.const import GROUP_ID_READ_ONLY
from homeassistant.components.http import KEY_HASS, KEY_HASS_USER
from homeassistant.components.http.auth import async_sign_path

from custom_components.doorward.go2rtc import SocketView

from .conftest import FakeHub
from .test_cards import EVERYTHING, said_for

BASE = "/api/doorward/go2rtc/api"
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


async def test_a_card_learns_whether_one_can_speak(hass, hass_client, fake_hub: FakeHub, there) -> None:
    """The hub says so to who asks; what is no device of a hub is no stream."""
    http = await hass_client()
    answer = await http.get(f"{BASE}/streams?src=front-door&video=all&audio=all&microphone")
    assert (await answer.json())["producers"][0]["medias"] == ["audio, sendonly, OPUS/48000/2"]
    assert said_for(fake_hub.headers)["grants"] == EVERYTHING
    for nobody in ("", "?src=nobody", "?src=kitchen%2Fx"):
        assert (await http.get(f"{BASE}/streams{nobody}")).status == 404
    fake_hub.refuse["api/streams"] = (503, {"detail": "The hub is busy"})
    refused = await http.get(f"{BASE}/streams?src=front-door")
    assert (refused.status, await refused.json()) == (502, {"detail": "The hub is busy"})
    unknown = await (await http.get(f"{BASE}/streams?src=nobody")).text()
    fake_hub.refuse["api/streams"] = (404, {"detail": "There is no such stream", "code": "not-found"})
    hidden = await http.get(f"{BASE}/streams?src=front-door")
    assert (hidden.status, await hidden.text()) == (404, unknown), "what one may not see is as what is not there"


async def test_a_card_has_a_socket_of_its_user(hass, hass_client_no_auth, hass_access_token, fake_hub, there) -> None:
    """By a signed path, as cards open it; what either says comes to the other, and both ends go together."""
    http = await hass_client_no_auth()
    assert (await http.get(f"{BASE}/ws?src=front-door")).status == 401
    token = hass.auth.async_validate_access_token(hass_access_token)
    path = f"{BASE}/ws?src=front-door"
    signed = async_sign_path(hass, path, timedelta(minutes=1), refresh_token_id=token.id)
    socket = await http.ws_connect(signed)
    await socket.send_str("offer")
    assert await socket.receive_str(timeout=5) == "front-door: offer"
    assert said_for(fake_hub.pages[-1])["id"] == token.user.id
    await socket.send_str("bye")
    assert (await socket.receive(timeout=5)).type.name in ("CLOSE", "CLOSED", "CLOSING")
    nobody = async_sign_path(hass, f"{BASE}/ws?src=nobody", timedelta(minutes=1), refresh_token_id=token.id)
    assert (await http.get(nobody)).status == 404
    fake_hub.refuse["api/ws"] = (503, {})
    refused = await http.ws_connect(signed)
    assert (await refused.receive_json(timeout=5))["value"].startswith("webrtc/offer: The hub answered 503")
    await refused.close()
    await socket.close()
    fake_hub.refuse["api/ws"] = (404, {})
    assert (await http.get(signed, headers=UPGRADE)).status == 404


async def test_who_left_is_told_nothing(hass, hass_admin_user, fake_hub, there, monkeypatch) -> None:
    """A browser that went away while the hub was asked is no error."""

    async def gone(*_: object) -> None:
        raise ConnectionResetError

    monkeypatch.setattr("aiohttp.web.WebSocketResponse.prepare", gone)
    request = make_mocked_request("GET", f"{BASE}/ws?src=front-door", app={KEY_HASS: hass})
    request[KEY_HASS_USER] = hass_admin_user
    for refuse in ({"api/ws": (503, {})}, {}):
        fake_hub.refuse = dict(refuse)
        assert not (await SocketView().get(request)).prepared


async def test_a_card_may_what_its_user_may(hass, hass_client, hass_admin_user, fake_hub, there) -> None:
    """Who may only read asks with those rights alone; a hub that cannot tell people apart is asked nothing."""
    hass_admin_user.groups = [await hass.auth.async_get_group(GROUP_ID_READ_ONLY)]
    hass_admin_user.invalidate_cache()
    http = await hass_client()
    assert (await http.get(f"{BASE}/streams?src=front-door")).status == 200
    assert said_for(fake_hub.headers)["grants"][0] == {"scope": "*", "rights": ["view", "listen", "peek"]}
    assert not any("talk" in grant["rights"] for grant in said_for(fake_hub.headers)["grants"])
    asked = len(fake_hub.asked)
    object.__setattr__(there.runtime_data.session, "knows_people", False)
    assert (await http.get(f"{BASE}/streams?src=front-door")).status == 404
    assert len(fake_hub.asked) == asked
