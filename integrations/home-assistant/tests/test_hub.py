"""What is there, what happens, and what is asked of the hub."""

from __future__ import annotations

import json
from urllib.parse import unquote

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import Context, State
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed, mock_restore_cache

from custom_components.doorward import async_remove_config_entry_device
from custom_components.doorward.const import DOMAIN
from custom_components.doorward.diagnostics import async_get_config_entry_diagnostics

from .conftest import HUB_ID, call, device, until


def entity(hass, platform: str, unique: str) -> str:
    """Give an entity's id."""
    found = er.async_get(hass).async_get_entity_id(platform, DOMAIN, f"{HUB_ID}_{unique}")
    assert found, f"{unique} is not there"
    return found


def state(hass, platform: str, unique: str) -> str:
    """Give an entity's state."""
    return hass.states.get(entity(hass, platform, unique)).state


def registered(hass, entry, identifier: str):
    """Give a device of the registry."""
    return dr.async_get(hass).async_get_device_by_identifier((DOMAIN, identifier), config_entry_id=entry.entry_id)


async def ask(hass, domain: str, service: str, platform: str, unique: str, **data) -> None:
    """Call a service of an entity."""
    target = {"entity_id": entity(hass, platform, unique)}
    await hass.services.async_call(domain, service, {**target, **data}, blocking=True)


def bodies(fake_hub, path: str) -> list:
    """Give what was sent to a path."""
    return [json.loads(body) if body else None for _, one, body in fake_hub.asked if one == path]


async def test_each_device_has_what_it_can(hass, there) -> None:
    """The door has everything, the kitchen its loudspeaker."""
    registry = er.async_get(hass)
    kinds = lambda name: sorted(  # noqa: E731
        one.domain for one in registry.entities.values() if one.unique_id.startswith(f"{HUB_ID}_{name}_")
    )
    assert kinds("kitchen") == sorted(
        ["binary_sensor"] * 2 + ["media_player", "notify", "number", "select"] + ["sensor"] * 2 + ["switch"] * 2
    )
    assert {"camera", "event", "lock", "button"} <= set(kinds("front-door"))
    door = registered(hass, there, f"{HUB_ID}_front-door")
    assert (door.name, door.model, door.via_device_id is not None) == ("Front door", "rtsp", True)


async def test_a_ring_and_what_comes_of_it(hass, fake_hub, there) -> None:
    """Each change is one event, and buttons and actions change the call."""
    bell = entity(hass, "event", "front-door_doorbell")
    assert hass.states.get(bell).state == "unknown"
    kinds = []
    hass.bus.async_listen(
        "state_changed",
        lambda event: (
            event.data["entity_id"] == bell
            and event.data["new_state"].state != STATE_UNAVAILABLE
            and kinds.append(event.data["new_state"].attributes["event_type"])
        ),
    )
    ben = {"party": "person:1", "name": "Ben"}

    async def happens(change: str, told, **more) -> None:
        before = len(kinds)
        await fake_hub.say({"type": "call", "call": told, "change": change, **more})
        await until(lambda: len(kinds) > before)

    await happens("ringing", call())
    assert state(hass, "sensor", "front-door_call") == "ringing"
    assert state(hass, "sensor", "kitchen_call") == "ringing"
    await ask(hass, "button", "press", "button", "front-door_answer")
    await happens("answered", call("answered", answeredBy=ben, participants=[ben]), by=ben)
    assert hass.states.get(entity(hass, "sensor", "front-door_call")).attributes["answered_by"] == "Ben"
    await ask(hass, "button", "press", "button", "front-door_hang_up")
    await happens("ended", call("ended", endReason="ended", endedBy=ben))
    await happens("ringing", call())
    await happens("missed", call("ended", endReason="missed"), reason="missed")
    await happens("ringing", call())
    door = registered(hass, there, f"{HUB_ID}_front-door").id
    await hass.services.async_call(DOMAIN, "decline", {"device_id": door, "reply": "Not today"}, blocking=True)
    await happens("ended", call("ended", endReason="declined", endedBy=ben))
    assert kinds == ["ring", "answered", "ended", "ring", "missed", "ring", "declined"]
    assert hass.states.get(bell).attributes["by"] == "Ben"
    assert state(hass, "sensor", "front-door_call") == "idle"
    assert bodies(fake_hub, "api/v1/calls/call-1/decline") == [{"reply": "Not today"}]
    assert len(bodies(fake_hub, "api/v1/calls/call-1/answer")) == len(bodies(fake_hub, "api/v1/calls/call-1/end")) == 1
    with pytest.raises(ServiceValidationError):
        await ask(hass, "button", "press", "button", "front-door_answer")
    await fake_hub.say({"type": "call", "call": call(), "change": "confirmed"})
    await until(lambda: state(hass, "sensor", "front-door_call") == "ringing")
    assert len(kinds) == 7


async def test_what_the_button_of_a_room_does(hass, fake_hub, there) -> None:
    """Whom a room speaks to is chosen as the hub offers it, by who may, and while the room is there."""
    registry = er.async_get(hass)
    assert registry.async_get_entity_id("select", DOMAIN, f"{HUB_ID}_kitchen_target") is None
    button = {"target": "All Rooms", "targets": ["All Rooms", "Hall"]}
    kitchen = device("Kitchen", can={"talk": "yes"}, button=button)
    await fake_hub.say({"type": "device", "device": kitchen})
    await until(lambda: registry.async_get_entity_id("select", DOMAIN, f"{HUB_ID}_kitchen_target") is not None)
    target = entity(hass, "select", "kitchen_target")
    await until(lambda: hass.states.get(target) is not None)
    assert hass.states.get(target).state == "All Rooms"
    assert hass.states.get(target).attributes["options"] == ["All Rooms", "Hall"]
    assert registry.async_get_entity_id("select", DOMAIN, f"{HUB_ID}_kitchen_target_priority") is None

    await ask(hass, "select", "select_option", "select", "kitchen_target", option="Hall")
    await fake_hub.say({"type": "device", "device": {**kitchen, "button": {**button, "target": "Hall", "priority": 0}}})
    await until(lambda: hass.states.get(target).state == "Hall")
    await until(lambda: registry.async_get_entity_id("select", DOMAIN, f"{HUB_ID}_kitchen_target_priority") is not None)
    urgency = entity(hass, "select", "kitchen_target_priority")
    await until(lambda: hass.states.get(urgency) is not None and hass.states.get(urgency).state == "normal")
    await ask(hass, "select", "select_option", "select", "kitchen_target_priority", option="high")
    assert bodies(fake_hub, "api/v1/devices/kitchen/button") == [{"target": "Hall"}, {"priority": 1}]

    fake_hub.refuse["button"] = (503, {"detail": "the station did not answer", "code": "no-answer"})
    with pytest.raises(HomeAssistantError, match="the station did not answer"):
        await ask(hass, "select", "select_option", "select", "kitchen_target", option="All Rooms")
    await fake_hub.say({"type": "device", "device": device("Kitchen", can={"talk": "yes"})})
    await until(lambda: hass.states.get(target).state == STATE_UNAVAILABLE)
    assert hass.states.get(urgency).state == STATE_UNAVAILABLE


async def test_actions_on_devices(hass, fake_hub, there) -> None:
    """Ring and open go to the hub; what is no device of it is refused."""
    door = registered(hass, there, f"{HUB_ID}_front-door").id
    await hass.services.async_call(DOMAIN, "ring", {"device_id": [door]}, blocking=True)
    await hass.services.async_call(DOMAIN, "unlock", {"device_id": door}, blocking=True)
    assert len(bodies(fake_hub, "api/v1/devices/front-door/ring")) == 1
    assert len(bodies(fake_hub, "api/v1/devices/front-door/unlock")[0]["nonce"]) > 15
    hub_itself = registered(hass, there, HUB_ID).id
    for nobody in ("nonsense", hub_itself):
        with pytest.raises(ServiceValidationError):
            await hass.services.async_call(DOMAIN, "ring", {"device_id": nobody}, blocking=True)
    fake_hub.refuse["ring"] = (409, {"detail": "The bell is muted.", "code": "call-refused"})
    with pytest.raises(HomeAssistantError) as refusal:
        await hass.services.async_call(DOMAIN, "ring", {"device_id": door}, blocking=True)
    assert refusal.value.translation_placeholders == {"reason": "The bell is muted"}


async def test_a_door(hass, fake_hub, there, freezer) -> None:
    """It opens, is shown as open, and is locked again by itself; a refusal is told."""
    await ask(hass, "lock", "open", "lock", "front-door_lock")
    await ask(hass, "lock", "unlock", "lock", "front-door_lock")
    assert state(hass, "lock", "front-door_lock") == "unlocked"
    freezer.tick(6)
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert state(hass, "lock", "front-door_lock") == "locked"
    await ask(hass, "lock", "unlock", "lock", "front-door_lock")
    await ask(hass, "lock", "lock", "lock", "front-door_lock")
    assert state(hass, "lock", "front-door_lock") == "locked"
    fake_hub.refuse["unlock"] = (409, {"detail": "The station is not there.", "code": "unlock-offline"})
    with pytest.raises(HomeAssistantError):
        await ask(hass, "lock", "unlock", "lock", "front-door_lock")
    assert state(hass, "lock", "front-door_lock") == "locked"


async def test_settings(hass, fake_hub, there) -> None:
    """Switches and loudness are the hub's own settings, and follow it."""
    await ask(hass, "switch", "turn_on", "switch", "kitchen_do_not_disturb")
    await ask(hass, "switch", "turn_off", "switch", "kitchen_muted")
    await ask(hass, "number", "set_value", "number", "kitchen_loudness", value=150)
    assert bodies(fake_hub, "api/v1/devices/kitchen") == [{"doNotDisturb": True}, {"muted": False}, {"volume": 1.5}]
    kitchen = {**fake_hub.devices[1], "settings": {"volume": 1.5, "muted": False, "doNotDisturb": True}}
    await fake_hub.say({"type": "device", "device": kitchen})
    await until(lambda: state(hass, "switch", "kitchen_do_not_disturb") == "on")
    assert state(hass, "number", "kitchen_loudness") == "150"


async def test_speech(hass, fake_hub, there) -> None:
    """Texts and sounds are said at a device, in an area and everywhere, with the priority that was chosen."""
    await ask(hass, "select", "select_option", "select", "kitchen_priority", option="high")
    await ask(hass, "notify", "send_message", "notify", "kitchen_notify", message="Dinner", title="Anna")
    await ask(hass, "notify", "send_message", "notify", "all_notify", message="Fire")
    await ask(hass, "notify", "send_message", "notify", "area:House_notify", message="Tea", title="Ben")
    play = {"media_content_type": "music", "media_content_id": "http://ha/tone.mp3"}
    await ask(hass, "media_player", "play_media", "media_player", "kitchen_speaker", announce=True, **play)
    await ask(hass, "media_player", "play_media", "media_player", "all_speaker", extra={"priority": 2}, **play)
    assert bodies(fake_hub, "api/v1/say") == [
        {"to": "device:kitchen", "priority": 1, "text": "Anna. Dinner"},
        {"to": "all", "priority": 0, "text": "Fire"},
        {"to": "area:House", "priority": 0, "text": "Ben. Tea"},
        {"to": "device:kitchen", "priority": 1, "url": "http://ha/tone.mp3"},
        {"to": "all", "priority": 2, "url": "http://ha/tone.mp3"},
    ]
    fake_hub.refuse["say"] = (409, {"detail": "Anna speaks there.", "code": "refused"})
    for platform, unique in (("notify", "kitchen_notify"), ("notify", "all_notify")):
        with pytest.raises(HomeAssistantError):
            await ask(hass, "notify", "send_message", platform, unique, message="x")
    for unique in ("kitchen_speaker", "all_speaker"):
        with pytest.raises(HomeAssistantError):
            await ask(hass, "media_player", "play_media", "media_player", unique, **play)


async def test_sounds_of_the_hub(hass, fake_hub, there, hass_ws_client) -> None:
    """They stand in a folder of their own beside what Home Assistant has, and are played by their names."""
    assert await async_setup_component(hass, "media_source", {})
    socket = await hass_ws_client(hass)

    async def browse(**what):
        kitchen = entity(hass, "media_player", "kitchen_speaker")
        await socket.send_json_auto_id({"type": "media_player/browse_media", "entity_id": kitchen, **what})
        return await socket.receive_json()

    top = (await browse())["result"]
    assert top["children"][0]["title"] == "Doorward"
    folder = {name: top["children"][0][name] for name in ("media_content_id", "media_content_type")}
    inside = (await browse(**folder))["result"]["children"]
    assert [one["media_content_id"] for one in inside] == ["chime:gong", "file:bell.mp3"]
    for media in ("chime:gong", "file:bell.mp3"):
        play = {"media_content_type": "music", "media_content_id": media}
        await ask(hass, "media_player", "play_media", "media_player", "all_speaker", **play)
    assert [list(body.items())[-1] for body in bodies(fake_hub, "api/v1/say")] == [
        ("chime", "gong"),
        ("file", "bell.mp3"),
    ]
    await fake_hub.server.close()
    assert not (await browse(**folder))["success"]


async def test_motion(hass, fake_hub, there) -> None:
    """A device that tells of motion gets a sensor for it."""
    door = {**fake_hub.devices[0], "motion": {"active": True, "sinceMs": 1}}
    await fake_hub.say({"type": "device", "device": door})
    await until(lambda: er.async_get(hass).async_get_entity_id("binary_sensor", DOMAIN, f"{HUB_ID}_front-door_motion"))
    await until(lambda: state(hass, "binary_sensor", "front-door_motion") == "on")
    await fake_hub.say({"type": "device", "device": {**door, "motion": {"active": False, "sinceMs": 2}}})
    await until(lambda: state(hass, "binary_sensor", "front-door_motion") == "off")
    told = {**fake_hub.devices[0], "settings": {"motion": {"onvif": True}}}
    await fake_hub.say({"type": "device", "device": told})
    await until(lambda: state(hass, "binary_sensor", "front-door_motion") == "unknown")


async def test_for_whom(hass, fake_hub, there, hass_admin_user) -> None:
    """What somebody of Home Assistant's does they do at the hub; what an automation does nobody in particular does."""
    door = registered(hass, there, f"{HUB_ID}_front-door").id
    fake_hub.people.clear()
    context = Context(user_id=hass_admin_user.id)
    await hass.services.async_call(DOMAIN, "unlock", {"device_id": door}, blocking=True, context=context)
    target = {"entity_id": entity(hass, "lock", "front-door_lock")}
    await hass.services.async_call("lock", "open", target, blocking=True, context=context)
    await hass.services.async_call(DOMAIN, "unlock", {"device_id": door}, blocking=True)
    by = [json.loads(unquote(header))["id"] if header else None for header in fake_hub.people]
    assert by == [hass_admin_user.id, hass_admin_user.id, None]


async def test_who_speaks(hass, fake_hub, there) -> None:
    """The floor is shown, with who holds it."""
    holder = {"turnId": "1", "name": "Anna", "priority": 2, "sinceMs": 1}
    door = {**fake_hub.devices[0], "speaker": {**fake_hub.devices[0]["speaker"], "holder": holder}}
    await fake_hub.say({"type": "device", "device": door})
    await until(lambda: state(hass, "binary_sensor", "front-door_speaking") == "on")
    shown = hass.states.get(entity(hass, "binary_sensor", "front-door_speaking"))
    assert shown.attributes["by"] == "Anna"
    assert state(hass, "media_player", "front-door_speaker") == "playing"
    assert state(hass, "media_player", "kitchen_speaker") == "idle"


async def test_the_hub_goes_and_comes(hass, fake_hub, there) -> None:
    """Everything is unavailable without it, comes back with it, and nothing has rung."""
    bell = entity(hass, "event", "front-door_doorbell")
    fake_hub.refuse["events"] = (503, {})
    await fake_hub.hang_up()
    await until(lambda: hass.states.get(bell).state == STATE_UNAVAILABLE)
    assert state(hass, "notify", "all_notify") == STATE_UNAVAILABLE
    fake_hub.calls = [call()]
    fake_hub.devices = fake_hub.devices[:1]
    fake_hub.refuse.clear()
    await until(lambda: hass.states.get(bell).state == "unknown")
    await until(lambda: state(hass, "sensor", "front-door_call") == "ringing")
    assert hass.states.get(bell).state == "unknown"
    assert registered(hass, there, f"{HUB_ID}_kitchen") is None


async def test_devices_come_change_and_go(hass, fake_hub, there) -> None:
    """New ones are added, what turns out to be able to do more gets more, removed ones are forgotten."""
    attic = device("Attic", area="Top")
    await fake_hub.say({"type": "device", "device": {**attic, "permanent": False}})
    await fake_hub.say({"type": "device", "device": attic})
    registry = dr.async_get(hass)
    find = lambda: registered(hass, there, f"{HUB_ID}_attic")  # noqa: E731
    await until(find)
    talking = {**attic, "name": "Loft", "can": {**attic["can"], "talk": "yes"}}
    await fake_hub.say({"type": "device", "device": talking})
    await until(lambda: er.async_get(hass).async_get_entity_id("notify", DOMAIN, f"{HUB_ID}_attic_notify"))
    await until(lambda: er.async_get(hass).async_get_entity_id("notify", DOMAIN, f"{HUB_ID}_area:Top_notify"))
    assert find().name == "Loft"
    assert not await async_remove_config_entry_device(hass, there, find())
    await fake_hub.say({"type": "removed", "id": "attic"})
    await fake_hub.say({"type": "removed", "id": "never-there"})
    await until(lambda: find() is None)
    stranger = registry.async_get_or_create(config_entry_id=there.entry_id, identifiers={(DOMAIN, "old")})
    assert await async_remove_config_entry_device(hass, there, stranger)


async def test_what_is_not_known_yet(hass, fake_hub, entry) -> None:
    """A hub of before, and phases of later, are no trouble."""
    old = device("Yard", tracks=[{"kind": "video"}], speaker={"queued": 0}, state={"phase": "teleporting"})
    old.pop("can")
    fake_hub.devices = [old]
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert state(hass, "camera", "yard_camera") == "idle"
    assert hass.states.get(entity(hass, "binary_sensor", "yard_reachable")).state == "on"
    for message in ({"type": "faults", "faults": []}, {"type": "signed-out", "reason": "rights-changed"}):
        await fake_hub.say(message)
    registry = er.async_get(hass)
    phase = entity(hass, "sensor", "yard_phase")
    registry.async_update_entity(phase, disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert hass.states.get(phase).state == "unknown"
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        ({"session": (401, {"detail": "no"})}, ConfigEntryState.SETUP_ERROR),
        ({"session": (503, {"detail": "The hub is starting", "code": "busy"})}, ConfigEntryState.SETUP_RETRY),
        ({"events": (503, {})}, ConfigEntryState.SETUP_RETRY),
        ({"events": (403, {})}, ConfigEntryState.SETUP_ERROR),
    ],
)
async def test_set_up_without_a_hub(hass, fake_hub, entry, refusal, expected) -> None:
    """What is wrong now is tried again; a token that is not known asks for another."""
    fake_hub.refuse.update(refusal)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is expected


async def test_what_was_chosen_is_kept(hass, fake_hub, entry) -> None:
    """The priority is there after a restart."""
    mock_restore_cache(hass, [State("select.house_kitchen_announcement_priority", "emergency")])
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert state(hass, "select", "kitchen_priority") == "emergency"
    await hass.config_entries.async_unload(entry.entry_id)


async def test_the_bell_as_a_button(hass, fake_hub, entry) -> None:
    """It is there for whoever enables it."""
    registry = er.async_get(hass)
    registry.async_get_or_create("button", DOMAIN, f"{HUB_ID}_front-door_ring", config_entry=entry, disabled_by=None)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    await ask(hass, "button", "press", "button", "front-door_ring")
    assert len(bodies(fake_hub, "api/v1/devices/front-door/ring")) == 1
    await hass.config_entries.async_unload(entry.entry_id)


async def test_diagnostics_tell_no_secret(hass, fake_hub, there) -> None:
    """Neither token nor address nor anybody's name."""
    await fake_hub.say({"type": "call", "call": call(), "change": "ringing"})
    await until(lambda: there.runtime_data.calls)
    told = json.dumps(await async_get_config_entry_diagnostics(hass, there))
    for secret in ("dwt_right", "127.0.0.1", "Front door", "Entrance"):
        assert secret not in told
    assert "front-door" in told
