"""Speakers: announcements and Home Assistant's own voices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from homeassistant.components import media_source
from homeassistant.components.media_player import (
    ATTR_MEDIA_EXTRA,
    BrowseMedia,
    MediaPlayerDeviceClass,
    MediaPlayerEntity,
    MediaPlayerEntityFeature,
    MediaPlayerState,
    MediaType,
    async_process_play_media_url,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .api import DoorwardError, Json
from .entity import DoorwardEntity, add_entities, asks_hub, refused
from .hub import DoorwardConfigEntry, DoorwardHub
from .places import PlaceEntity, places

PARALLEL_UPDATES = 1

FEATURES = (
    MediaPlayerEntityFeature.PLAY_MEDIA
    | MediaPlayerEntityFeature.MEDIA_ANNOUNCE
    | MediaPlayerEntityFeature.BROWSE_MEDIA
)


async def async_setup_entry(
    hass: HomeAssistant, entry: DoorwardConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add a player for each speaker, each area and the whole house."""
    add_entities(entry, async_add_entities, _make)
    places(entry, async_add_entities, PlacePlayer)


def _make(hub: DoorwardHub, device: Json, can: dict[str, bool]) -> Iterable[DoorwardPlayer]:
    if can["talk"]:
        yield DoorwardPlayer(hub, device)


class _Announces(MediaPlayerEntity):
    """Plays what it is given as one turn on the hub's floor; there is nothing to pause or to seek in."""

    _attr_device_class = MediaPlayerDeviceClass.SPEAKER
    _attr_supported_features = FEATURES

    async def _address_of(self, media_id: str) -> str:
        """Give the address of what is meant, as a program beside Home Assistant can fetch it."""
        if media_source.is_media_source_id(media_id):
            found = await media_source.async_resolve_media(self.hass, media_id, self.entity_id)
            media_id = found.url
        return async_process_play_media_url(self.hass, media_id)

    async def async_browse_media(
        self, media_content_type: MediaType | str | None = None, media_content_id: str | None = None
    ) -> BrowseMedia:
        """Show what Home Assistant has that is sound."""
        return await media_source.async_browse_media(
            self.hass, media_content_id, content_filter=lambda item: item.media_content_type.startswith("audio/")
        )


class DoorwardPlayer(DoorwardEntity, _Announces):
    """The speaker of a device."""

    _attr_translation_key = "speaker"

    def __init__(self, hub: DoorwardHub, device: Json) -> None:
        """Take the device."""
        super().__init__(hub, device, "speaker")

    @property
    def state(self) -> MediaPlayerState:
        """Tell whether something is said there."""
        speaker = self.device.get("speaker") or {}
        return MediaPlayerState.PLAYING if speaker.get("holder") else MediaPlayerState.IDLE

    @asks_hub
    async def async_play_media(self, media_type: MediaType | str, media_id: str, **kwargs: Any) -> None:
        """Play it once somebody who speaks there has ended."""
        chosen = self.hub.priorities.get(self.device_id, 0)
        priority = int((kwargs.get(ATTR_MEDIA_EXTRA) or {}).get("priority", chosen))
        file = await self._address_of(media_id)
        await self.hub.client.say(f"device:{self.device_id}", {"file": file}, priority)


class PlacePlayer(PlaceEntity, _Announces):
    """All speakers of an area, or of the house."""

    _attr_state = MediaPlayerState.IDLE

    def __init__(self, hub: DoorwardHub, channel: str) -> None:
        """Take the channel."""
        super().__init__(hub, channel, "speaker")

    async def async_play_media(self, media_type: MediaType | str, media_id: str, **kwargs: Any) -> None:
        """Play it through all of them."""
        priority = int((kwargs.get(ATTR_MEDIA_EXTRA) or {}).get("priority", 0))
        file = await self._address_of(media_id)
        try:
            await self.hub.client.say(self.channel, {"file": file}, priority)
        except DoorwardError as error:
            raise refused(error) from error
