"""Pictures by Home Assistant's own WebRTC, with speech by its own button."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
import re

from homeassistant.components.camera import (
    Camera,
    CameraEntityCapabilities,
    CameraEntityFeature,
    WebRTCAnswer,
    WebRTCError,
    WebRTCSendMessage,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from webrtc_models import RTCIceCandidateInit

from .api import CannotConnectError, DoorwardError, Json
from .entity import DoorwardEntity, add_entities
from .hub import DoorwardConfigEntry, DoorwardHub, what_it_can

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: DoorwardConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add a camera for each device that shows a picture."""
    add_entities(entry, async_add_entities, _make)


def _make(hub: DoorwardHub, device: Json, can: dict[str, bool]) -> Iterable[DoorwardCamera]:
    if can["view"]:
        yield DoorwardCamera(hub, device)


@dataclass(slots=True)
class _Session:
    """One picture that is shown in a browser. Ways to reach the browser come before the hub has answered."""

    ufrag: str
    location: str | None = None
    early: list[str] | None = None
    closed: bool = False


class DoorwardCamera(DoorwardEntity, Camera):
    """A device's picture and sound; its speaker, where it has one, by "Start talking"."""

    _attr_name = None
    _attr_supported_features = CameraEntityFeature.STREAM

    def __init__(self, hub: DoorwardHub, device: Json) -> None:
        """Take the device."""
        Camera.__init__(self)
        DoorwardEntity.__init__(self, hub, device, "camera")
        self._sessions: dict[str, _Session] = {}
        self._learn()

    @callback
    def _learn(self) -> None:
        self._attr_camera_entity_capabilities = CameraEntityCapabilities(
            two_way_audio=what_it_can(self.device or {})["talk"]
        )

    @callback
    def _changed(self) -> None:
        self._learn()
        super()._changed()

    @property
    def is_on(self) -> bool:
        """Whether it is switched on in the hub; a camera that rests because nobody looks is."""
        return bool(self.device.get("state", {}).get("phase") != "disabled")

    async def async_camera_image(self, width: int | None = None, height: int | None = None) -> bytes | None:
        """Fetch a still picture."""
        try:
            return await self.hub.client.snapshot(self.device_id, width)
        except CannotConnectError:
            return None

    async def async_handle_async_webrtc_offer(
        self, offer_sdp: str, session_id: str, send_message: WebRTCSendMessage
    ) -> None:
        """Pass a browser's offer on to the hub."""
        found = re.search(r"^a=ice-ufrag:(\S+)", offer_sdp, re.MULTILINE)
        session = self._sessions[session_id] = _Session(ufrag=found[1] if found else "", early=[])
        try:
            answer = await self.hub.client.whep(self.device_id, offer_sdp, talks=_sends_sound(offer_sdp))
        except DoorwardError as error:
            self._sessions.pop(session_id, None)
            send_message(WebRTCError(error.code, str(error)))
            return
        session.location = answer.location
        if session.closed:
            await self._end(answer.location)
            return
        send_message(WebRTCAnswer(answer.sdp))
        early, session.early = session.early or [], None
        for fragment in early:
            await self._tell(answer.location, fragment)

    async def async_on_webrtc_candidate(self, session_id: str, candidate: RTCIceCandidateInit) -> None:
        """Pass on one more way to reach the browser."""
        if (session := self._sessions.get(session_id)) is None or not candidate.candidate:
            return
        fragment = (
            f"a=ice-ufrag:{session.ufrag}\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n"
            f"a=mid:{candidate.sdp_mid or 0}\r\na={candidate.candidate}\r\n"
        )
        if session.location is None:
            if session.early is not None:
                session.early.append(fragment)
            return
        await self._tell(session.location, fragment)

    @callback
    def close_webrtc_session(self, session_id: str) -> None:
        """End a picture that is looked at no more."""
        if (session := self._sessions.pop(session_id, None)) is None:
            return
        session.closed = True
        if session.location is not None:
            self.hass.async_create_task(self._end(session.location), eager_start=True)

    async def _tell(self, location: str, fragment: str) -> None:
        try:
            await self.hub.client.candidate(location, fragment)
        except DoorwardError:
            # One way less: others are tried, and the browser says when none works.
            return

    async def _end(self, location: str) -> None:
        try:
            await self.hub.client.close(location)
        except DoorwardError:
            # The hub ends what it does not hear from.
            return


def _sends_sound(offer: str) -> bool:
    sound = re.search(r"^m=audio.*?(?=^m=|\Z)", offer, re.MULTILINE | re.DOTALL)
    return bool(sound and re.search(r"^a=(sendrecv|sendonly)", sound[0], re.MULTILINE))
