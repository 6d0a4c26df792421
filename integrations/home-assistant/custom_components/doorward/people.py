"""For whom Home Assistant asks the hub: who uses it, and what they may do there at most."""

from __future__ import annotations

import json
from urllib.parse import quote

from homeassistant.auth.models import User
from homeassistant.auth.permissions.const import POLICY_CONTROL, POLICY_READ
from homeassistant.const import Platform
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import UnknownUser
from homeassistant.helpers import entity_registry as er

from .api import FOR, DoorwardClient, Json
from .const import DOMAIN
from .hub import DoorwardHub

LOOK = ["view", "listen", "peek"]
SPEAK = ["talk", "page"]
OPEN = ["unlock"]
# What a right at the hub takes in Home Assistant: this kind of permission for one of these entities of the device.
NEEDED = [
    (LOOK, POLICY_READ, [(Platform.CAMERA, "camera"), (Platform.MEDIA_PLAYER, "speaker")]),
    (SPEAK, POLICY_CONTROL, [(Platform.CAMERA, "camera"), (Platform.MEDIA_PLAYER, "speaker")]),
    (OPEN, POLICY_CONTROL, [(Platform.LOCK, "lock")]),
]
# Servers take headers of 16 KB; whose devices do not fit sees those that do.
LONGEST_HEADER = 12_000
LONGEST_NAME = 64


def for_user(hass: HomeAssistant, hub: DoorwardHub, user: User) -> dict[str, str]:
    """Give the header by which the hub tells this user from others; nobody administers the hub by it."""
    name = (user.name or "").strip()[:LONGEST_NAME] or "Home Assistant"
    grants = grants_of(hass, hub, user)
    while True:
        header = quote(json.dumps({"id": user.id, "name": name, "grants": grants}, separators=(",", ":")))
        if len(header) <= LONGEST_HEADER:
            return {FOR: header}
        grants = grants[: len(grants) * 3 // 4]


async def client_for(hass: HomeAssistant, hub: DoorwardHub, context: Context | None) -> DoorwardClient:
    """Give the way to ask the hub for whoever wishes something; what an automation wishes nobody in particular does."""
    if context is None or context.user_id is None:
        return hub.client
    if (user := await hass.auth.async_get_user(context.user_id)) is None:
        # Somebody wished it who is there no more: that is not the program itself, which may everything.
        raise UnknownUser(context=context)
    return hub.client.for_people(for_user(hass, hub, user))


def grants_of(hass: HomeAssistant, hub: DoorwardHub, user: User) -> list[Json]:
    """Say what this user may do with the hub's devices, as Home Assistant's own permissions have it."""
    everywhere = [
        right for rights, policy, _ in NEEDED if user.permissions.access_all_entities(policy) for right in rights
    ]
    grants: list[Json] = [{"scope": "*", "rights": everywhere}] if everywhere else []
    if len(everywhere) == len(LOOK + SPEAK + OPEN):
        return grants
    registry = er.async_get(hass)
    for device in hub.devices:
        rights = [
            right
            for rights, policy, entities in NEEDED
            if any(
                (found := registry.async_get_entity_id(platform, DOMAIN, f"{hub.unique_id(device)}_{key}")) is not None
                and user.permissions.check_entity(found, policy)
                for platform, key in entities
            )
            for right in rights
        ]
        if rights:
            grants.append({"scope": f"device:{device}", "rights": rights})
    return grants
