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
from homeassistant.components.websocket_api import current_connection
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from webrtc_models import RTCIceCandidateInit

from .api import CannotConnectError, DoorwardClient, DoorwardError, Json
from .entity import DoorwardEntity, add_entities, told
from .hub import DoorwardConfigEntry, DoorwardHub, what_it_can
from .people import for_user

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
    send: WebRTCSendMessage
    client: DoorwardClient
    location: str | None = None
    early: list[str] | None = None
    closed: bool = False
    speaks: bool = False


class DoorwardCamera(DoorwardEntity, Camera):
    """A device's picture and sound; its speaker, where it has one, by "Start talking"."""

    _attr_name = None
    _attr_supported_features = CameraEntityFeature.STREAM

    def __init__(self, hub: DoorwardHub, device: Json) -> None:
        """Take the device."""
        Camera.__init__(self)
        DoorwardEntity.__init__(self, hub, device, "camera")
        self._sessions: dict[str, _Session] = {}
        self._was_available = hub.available
        self._learn()

    async def async_added_to_hass(self) -> None:
        """Follow the device, and how it goes with the microphones of those who look at it."""
        await super().async_added_to_hass()
        self.async_on_remove(self.hub.follow_microphones(self.device_id, self._heard_of))

    @callback
    def _heard_of(self, event: Json) -> None:
        """Tell whoever speaks into nothing, in the dialogue where they speak.

        The hub asks for the floor again as long as sound comes: who was interrupted gets it back, and is told nothing.
        """
        for session in self._sessions.values():
            if session.location is None or session.location.rpartition("/")[2] != event["session"]:
                continue
            match event["state"]:
                case "granted":
                    session.speaks = True
                case "released":
                    session.speaks = False
                case "refused" if not session.speaks:
                    session.send(self._refusal(event))

    def _refusal(self, event: Json) -> WebRTCError:
        """Say why nobody hears it, in Home Assistant's language."""
        code = event.get("reason", "refused")
        name = (event.get("holder") or {}).get("name")
        if code == "held" and name:
            return WebRTCError(code, told(self.hass, "held", name=name))
        return WebRTCError(code, told(self.hass, "not_heard"))

    @callback
    def _learn(self) -> None:
        self._attr_camera_entity_capabilities = CameraEntityCapabilities(
            two_way_audio=what_it_can(self.device or {})["talk"]
        )

    @callback
    def _changed(self) -> None:
        self._learn()
        super()._changed()
        was_available, self._was_available = self._was_available, self.hub.available
        if self._sessions and self.hub.available and not was_available:
            self.hass.async_create_task(self._tell_lost(), eager_start=True)

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
        talks = _sends_sound(offer_sdp)
        if talks and (holder := (self.device.get("speaker") or {}).get("holder")):
            # Told before there is a connection: the dialogue then shows the words and goes on with its picture.
            send_message(self._refusal({"reason": "held", "holder": holder}))
            return
        client = self._client_of_whoever_looks()
        session = self._sessions[session_id] = _Session(found[1] if found else "", send_message, client, early=[])
        try:
            answer = await client.whep(self.device_id, offer_sdp, talks=talks)
        except DoorwardError as error:
            self._sessions.pop(session_id, None)
            send_message(WebRTCError(error.code, str(error)))
            return
        session.location = answer.location
        if session.closed:
            await self._end(session)
            return
        send_message(WebRTCAnswer(answer.sdp))
        early, session.early = session.early or [], None
        for fragment in early:
            await self._tell(session, fragment)

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
        await self._tell(session, fragment)

    @callback
    def close_webrtc_session(self, session_id: str) -> None:
        """End a picture that is looked at no more."""
        if (session := self._sessions.pop(session_id, None)) is None:
            return
        session.closed = True
        if session.location is not None:
            self.hass.async_create_task(self._end(session), eager_start=True)

    def _client_of_whoever_looks(self) -> DoorwardClient:
        """Give the way to ask the hub for the person whose browser it is: each has a floor of their own."""
        connection = current_connection.get()
        if connection is None:
            return self.hub.client
        return self.hub.client.for_people(for_user(self.hass, self.hub, connection.user))

    async def _tell_lost(self) -> None:
        """Tell whose picture is over because the hub was started again: browsers go on showing the last frame."""
        for session_id, session in list(self._sessions.items()):
            if session.location is None or await self._is_known(session):
                continue
            if self._sessions.pop(session_id, None) is not None:
                session.closed = True
                session.send(WebRTCError("over", told(self.hass, "over")))

    async def _is_known(self, session: _Session) -> bool:
        try:
            return await session.client.has_session(session.location or "", session.ufrag)
        except DoorwardError:
            # It is gone again, and this is asked again when it comes back.
            return True

    async def _tell(self, session: _Session, fragment: str) -> None:
        try:
            await session.client.candidate(session.location or "", fragment)
        except DoorwardError:
            # One way less: others are tried, and the browser says when none works.
            return

    async def _end(self, session: _Session) -> None:
        try:
            await session.client.close(session.location or "")
        except DoorwardError:
            # The hub ends what it does not hear from.
            return


def _sends_sound(offer: str) -> bool:
    sound = re.search(r"^m=audio.*?(?=^m=|\Z)", offer, re.MULTILINE | re.DOTALL)
    return bool(sound and re.search(r"^a=(sendrecv|sendonly)", sound[0], re.MULTILINE))
