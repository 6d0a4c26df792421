"""Answer, decline and hang up at each bell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .api import Json
from .entity import DoorwardEntity, add_entities, asks_hub
from .hub import DoorwardConfigEntry, DoorwardHub
from .services import change_call

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class CallButton(ButtonEntityDescription):
    """A button that changes the call at a bell."""

    change: str


BUTTONS = (
    CallButton(key="answer", translation_key="answer", change="answer"),
    CallButton(key="decline", translation_key="decline", change="decline"),
    CallButton(key="hang_up", translation_key="hang_up", change="end"),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: DoorwardConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the buttons of each bell."""
    add_entities(entry, async_add_entities, _make)


def _make(hub: DoorwardHub, device: Json, can: dict[str, bool]) -> Iterable[DoorwardEntity]:
    if can["ring"]:
        yield RingButton(hub, device)
        for description in BUTTONS:
            yield ChangeButton(hub, device, description)


class ChangeButton(DoorwardEntity, ButtonEntity):
    """Changes the call that runs at a bell."""

    entity_description: CallButton

    def __init__(self, hub: DoorwardHub, device: Json, description: CallButton) -> None:
        """Take the device and what the button does."""
        super().__init__(hub, device, description.key)
        self.entity_description = description

    @asks_hub
    async def async_press(self) -> None:
        """Change the call."""
        await change_call(self.hub, await self.asking(), self.device_id, change=self.entity_description.change)


class RingButton(DoorwardEntity, ButtonEntity):
    """Presses the bell, as a visitor does."""

    _attr_translation_key = "ring"
    _attr_entity_registry_enabled_default = False

    def __init__(self, hub: DoorwardHub, device: Json) -> None:
        """Take the device."""
        super().__init__(hub, device, "ring")

    @asks_hub
    async def async_press(self) -> None:
        """Ring."""
        await (await self.asking()).ring(self.device_id)
