"""Pictures and speech by Home Assistant's own WebRTC."""

from __future__ import annotations

import asyncio

from homeassistant.components.camera import DOMAIN as CAMERA, WebRTCAnswer, WebRTCError, async_get_image
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.translation import async_load_integrations
import pytest
from webrtc_models import RTCIceCandidateInit

from custom_components.doorward.api import CannotConnectError

from .conftest import until
from .test_hub import entity, state

WATCH = "v=0\r\na=ice-ufrag:abcd\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=recvonly\r\nm=video 9 X 96\r\na=recvonly\r\n"
SPEAK = WATCH.replace("a=recvonly\r\nm=video", "a=sendrecv\r\nm=video")


@pytest.fixture
def camera(hass, there):
    """Give the door's camera."""
    return hass.data[CAMERA].get_entity(entity(hass, "camera", "front-door_camera"))


async def test_watched_and_spoken_through(hass, fake_hub, camera) -> None:
    """An offer goes to the hub as it is; one with a microphone takes the floor by its sound."""
    said: list = []
    await camera.async_handle_async_webrtc_offer(WATCH, "one", said.append)
    await camera.async_on_webrtc_candidate(
        "one", RTCIceCandidateInit("candidate:1 1 udp 1 127.0.0.1 9 typ host", sdp_mid="0")
    )
    await camera.async_on_webrtc_candidate("one", RTCIceCandidateInit(""))
    await camera.async_on_webrtc_candidate("nobody", RTCIceCandidateInit("candidate:1"))
    await camera.async_handle_async_webrtc_offer(SPEAK, "two", said.append)
    camera.close_webrtc_session("one")
    camera.close_webrtc_session("one")
    await hass.async_block_till_done()
    assert said == [WebRTCAnswer("v=0 answer"), WebRTCAnswer("v=0 answer")]
    assert [(method, path) for method, path, _ in fake_hub.asked] == [
        ("POST", "whep/front-door"),
        ("PATCH", "whep/front-door/one"),
        ("POST", "whep/front-door?talk=auto"),
        ("DELETE", "whep/front-door/one"),
    ]
    assert fake_hub.asked[1][2].startswith("a=ice-ufrag:abcd\r\n")
    assert camera.is_on


async def test_ways_that_come_early_are_told_late(hass, fake_hub, camera) -> None:
    """A browser tells how it is reached before the hub has answered."""
    fake_hub.whep_gate = asyncio.Event()
    said: list = []
    offer = asyncio.create_task(camera.async_handle_async_webrtc_offer(WATCH, "one", said.append))
    await until(lambda: fake_hub.asked)
    await camera.async_on_webrtc_candidate("one", RTCIceCandidateInit("candidate:1"))
    fake_hub.whep_gate.set()
    await offer
    assert [method for method, _, _ in fake_hub.asked] == ["POST", "PATCH"]


async def test_who_leaves_before_the_answer_leaves_nothing(hass, fake_hub, camera) -> None:
    """The session that the hub opens meanwhile is ended."""
    fake_hub.whep_gate = asyncio.Event()
    said: list = []
    offer = asyncio.create_task(camera.async_handle_async_webrtc_offer(WATCH, "one", said.append))
    await until(lambda: fake_hub.asked)
    camera.close_webrtc_session("one")
    fake_hub.whep_gate.set()
    await offer
    assert said == []
    assert [method for method, _, _ in fake_hub.asked] == ["POST", "DELETE"]


async def test_refusals_are_told(hass, fake_hub, camera) -> None:
    """In the hub's own words, whatever they are written in."""
    said: list = []
    fake_hub.refuse["whep"] = (503, {"detail": "The camera gives no picture.", "code": "no-media"})
    await camera.async_handle_async_webrtc_offer(WATCH, "one", said.append)
    assert said == [WebRTCError("no-media", "The camera gives no picture.")]
    fake_hub.refuse["whep"] = (503, [])
    await camera.async_handle_async_webrtc_offer(WATCH, "one", said.append)
    assert said[1] == WebRTCError("503", "The hub answered 503")


async def test_who_speaks_into_nothing_is_told(hass, fake_hub, camera) -> None:
    """By the dialogue itself: before there is a connection, or when the hub refuses; who is interrupted is not."""
    said: list = []
    await camera.async_handle_async_webrtc_offer(SPEAK, "one", said.append)
    await camera.async_handle_async_webrtc_offer(SPEAK, "other", lambda message: None)

    async def microphone(**how) -> None:
        await fake_hub.say({"type": "microphone", "session": "one", "device": "front-door", **how})

    await microphone(state="granted")
    await microphone(state="pre-empted", holder={"name": "Alarm"})
    await microphone(state="refused", reason="held", holder={"name": "Alarm"})
    await microphone(session="another", state="refused", reason="held", holder={"name": "Ben"})
    await microphone(state="granted")
    await microphone(state="released", reason="silent")
    await microphone(state="refused", reason="held", holder={"name": "Ben"})
    await microphone(state="refused", reason="offline")
    await until(lambda: len(said) > 2)
    assert said[1:] == [
        WebRTCError("held", "Ben is speaking there. Try again when they have finished."),
        WebRTCError("offline", "Nobody hears you there now."),
    ]
    holder = {"turnId": "1", "name": "Ben", "priority": 0, "sinceMs": 1}
    await fake_hub.say(
        {"type": "device", "device": {**fake_hub.devices[0], "speaker": {"queued": 0, "holder": holder}}}
    )
    await until(lambda: state(hass, "binary_sensor", "front-door_speaking") == "on")
    hass.config.language = "de"
    await async_load_integrations(hass, {"doorward"})
    late: list = []
    await camera.async_handle_async_webrtc_offer(SPEAK, "two", late.append)
    assert late == [
        WebRTCError("held", "Ben spricht dort gerade. Versuche es noch einmal, wenn die Ansage zu Ende ist.")
    ]
    await camera.async_handle_async_webrtc_offer(WATCH, "three", late.append)
    assert late[1] == WebRTCAnswer("v=0 answer")


async def test_stills(hass, fake_hub, camera) -> None:
    """A picture of the size that is asked for, or none."""
    picture = await async_get_image(hass, camera.entity_id, width=320)
    assert picture.content == b"jpeg"
    assert fake_hub.asked[-1][1] == "api/v1/devices/front-door/snapshot?width=320"
    fake_hub.refuse["snapshot"] = (503, {})
    with pytest.raises(HomeAssistantError):
        await async_get_image(hass, camera.entity_id)


async def test_the_hub_goes_while_somebody_watches(hass, fake_hub, camera) -> None:
    """Nothing is thrown at the browser."""
    said: list = []
    await camera.async_handle_async_webrtc_offer(WATCH, "one", said.append)
    await fake_hub.hang_up()
    await fake_hub.server.close()
    await camera.async_on_webrtc_candidate("one", RTCIceCandidateInit("candidate:1"))
    camera.close_webrtc_session("one")
    await hass.async_block_till_done()
    assert await camera.async_camera_image() is None
    await camera.async_handle_async_webrtc_offer(WATCH, "two", said.append)
    assert isinstance(said[1], WebRTCError)


async def test_whose_picture_is_over_is_told(hass, fake_hub, camera) -> None:
    """When the hub is there again and knows the session no more; one that only lost its line goes on."""
    said: list = []
    await camera.async_handle_async_webrtc_offer(WATCH, "one", said.append)
    fake_hub.asked.clear()

    async def away_and_back() -> None:
        await fake_hub.hang_up()
        await until(lambda: any(method == "PATCH" for method, _, _ in fake_hub.asked))
        await hass.async_block_till_done()
        fake_hub.asked.clear()

    await away_and_back()
    fake_hub.refuse["whep/front-door/one"] = (502, {})
    await away_and_back()
    assert said == [WebRTCAnswer("v=0 answer")]
    fake_hub.refuse["whep/front-door/one"] = (404, {})
    await away_and_back()
    assert said[1:] == [
        WebRTCError("over", "The hub was started again, and this picture is over. Close the camera and open it again.")
    ]
    await fake_hub.hang_up()
    await until(lambda: camera.available is False)
    await until(lambda: camera.available)
    assert fake_hub.asked == []


async def test_what_is_asked_while_the_hub_goes_again_is_no_answer(hass, fake_hub, camera, monkeypatch) -> None:
    """A hub that cannot be reached has said nothing about a session."""
    said: list = []
    await camera.async_handle_async_webrtc_offer(WATCH, "one", said.append)
    asked: list = []

    async def nobody(self, location: str, ufrag: str) -> bool:
        asked.append((location, ufrag))
        raise CannotConnectError("Nobody answers")

    monkeypatch.setattr("custom_components.doorward.api.DoorwardClient.has_session", nobody)
    await fake_hub.hang_up()
    await until(lambda: asked)
    await hass.async_block_till_done()
    assert asked == [("/whep/front-door/one", "abcd")]
    assert len(said) == 1
