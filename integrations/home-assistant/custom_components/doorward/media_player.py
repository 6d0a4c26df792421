"""Speakers: announcements and Home Assistant's own voices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from homeassistant.components import media_source
from homeassistant.components.media_player import (
    ATTR_MEDIA_EXTRA,
    BrowseError,
    BrowseMedia,
    MediaClass,
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

# Sounds of the hub's own, as its interface names them, and the folder in which people find them.
HUB_SOUNDS = ("file", "chime")
HUB_FOLDER = "doorward"

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


def _folder(title: str) -> BrowseMedia:
    return BrowseMedia(
        media_class=MediaClass.DIRECTORY,
        media_content_id=HUB_FOLDER,
        media_content_type=HUB_FOLDER,
        title=title,
        can_play=False,
        can_expand=True,
    )


def _sound(kind: str, name: str) -> BrowseMedia:
    return BrowseMedia(
        media_class=MediaClass.MUSIC,
        media_content_id=f"{kind}:{name}",
        media_content_type=MediaType.MUSIC,
        title=name,
        can_play=True,
        can_expand=False,
    )


class _Announces(MediaPlayerEntity):
    """Plays what it is given as one turn on the hub's floor; there is nothing to pause or to seek in."""

    _attr_device_class = MediaPlayerDeviceClass.SPEAKER
    _attr_supported_features = FEATURES

    hub: DoorwardHub

    async def _sound_of(self, media_id: str) -> Json:
        """Say which sound is meant: one of the hub's, or an address that a program beside Home Assistant can fetch."""
        for kind in HUB_SOUNDS:
            if media_id.startswith(f"{kind}:"):
                return {kind: media_id.removeprefix(f"{kind}:")}
        if media_source.is_media_source_id(media_id):
            found = await media_source.async_resolve_media(self.hass, media_id, self.entity_id)
            media_id = found.url
        return {"url": async_process_play_media_url(self.hass, media_id)}

    async def async_browse_media(
        self, media_content_type: MediaType | str | None = None, media_content_id: str | None = None
    ) -> BrowseMedia:
        """Show what Home Assistant has that is sound, and at the top the hub's own sounds."""
        if media_content_id == HUB_FOLDER:
            return await self._hub_folder()
        shown = await media_source.async_browse_media(
            self.hass, media_content_id, content_filter=lambda item: item.media_content_type.startswith("audio/")
        )
        if media_content_id is None:
            shown.children = [_folder("Doorward"), *(shown.children or [])]
        return shown

    async def _hub_folder(self) -> BrowseMedia:
        try:
            files, chimes = await self.hub.client.sounds()
        except DoorwardError as error:
            raise BrowseError(str(error)) from error
        folder = _folder("Doorward")
        folder.children = [
            *(_sound("chime", name) for name in chimes),
            *(_sound("file", name) for name in files),
        ]
        return folder


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
        sound = await self._sound_of(media_id)
        client = await self.asking()
        await client.say(f"device:{self.device_id}", sound, priority)


class PlacePlayer(PlaceEntity, _Announces):
    """All speakers of an area, or of the house."""

    _attr_state = MediaPlayerState.IDLE

    def __init__(self, hub: DoorwardHub, channel: str) -> None:
        """Take the channel."""
        super().__init__(hub, channel, "speaker")

    async def async_play_media(self, media_type: MediaType | str, media_id: str, **kwargs: Any) -> None:
        """Play it through all of them."""
        priority = int((kwargs.get(ATTR_MEDIA_EXTRA) or {}).get("priority", 0))
        sound = await self._sound_of(media_id)
        try:
            client = await self.asking()
            await client.say(self.channel, sound, priority)
        except DoorwardError as error:
            raise refused(error) from error
