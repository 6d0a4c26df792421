"""Each blueprint does what it says, in an automation that is made of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.blueprint.models import Blueprint, DomainBlueprints
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import load_yaml
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed, async_mock_service

from .conftest import HUB_ID, call, until
from .test_hub import bodies, entity, registered, state

FOLDER = Path(__file__).parents[1] / "blueprints" / "automation" / "doorward"
PRESSED = "mobile_app_notification_action"


@pytest.fixture(autouse=True)
def _blueprints() -> Iterator[None]:
    """Have Home Assistant find ours in place of its own folder's."""

    def load(self: DomainBlueprints, path: str) -> Blueprint:
        return Blueprint(
            load_yaml(str(FOLDER / path)), path=path, expected_domain=self.domain, schema=AUTOMATION_BLUEPRINT_SCHEMA
        )

    with patch.object(DomainBlueprints, "_load_blueprint", load):
        yield


async def automate(hass: Any, name: str, **inputs: Any) -> None:
    """Make an automation of a blueprint."""
    made = {"alias": name, "use_blueprint": {"path": f"{name}.yaml", "input": inputs}}
    assert await async_setup_component(hass, "automation", {"automation": [made]})
    assert hass.states.get(f"automation.{name}").state == "on"


async def ring(hass: Any, fake_hub: Any) -> None:
    """Press the bell."""
    await fake_hub.say({"type": "call", "call": call(), "change": "ringing"})
    await until(lambda: state(hass, "sensor", "front-door_call") == "ringing")


async def bell_on_phone(hass: Any, there: Any) -> list[Any]:
    """Have a phone that is told of rings."""
    told = async_mock_service(hass, "notify", "phone")
    await automate(
        hass,
        "doorbell",
        bell=entity(hass, "event", "front-door_doorbell"),
        camera=entity(hass, "camera", "front-door_camera"),
        door=registered(hass, there, f"{HUB_ID}_front-door").id,
        notify="notify.phone",
    )
    return told


@pytest.mark.parametrize(
    ("title", "asked"),
    [
        ("Answer", "api/v1/calls/call-1/answer"),
        ("Open", "api/v1/devices/front-door/unlock"),
        ("Decline", "api/v1/calls/call-1/decline"),
    ],
)
async def test_a_ring_on_the_phone(hass, fake_hub, there, title, asked) -> None:
    """With the picture, and with buttons of this ring alone, which then is taken away."""
    told = await bell_on_phone(hass, there)
    await ring(hass, fake_hub)
    await until(lambda: len(told) == 1)
    data = told[0].data["data"]
    assert data["image"] == f"/api/camera_proxy/{entity(hass, 'camera', 'front-door_camera')}"
    hass.bus.async_fire(PRESSED, {"action": "DOORWARD_ANSWER_of_another_ring"})
    [button] = [one["action"] for one in data["actions"] if one["title"] == title]
    hass.bus.async_fire(PRESSED, {"action": button})
    await until(lambda: len(bodies(fake_hub, asked)) == 1)
    await until(lambda: len(told) == 2)
    assert told[1].data == {"message": "clear_notification", "data": {"tag": data["tag"]}}


async def test_a_hub_that_comes_back_rings_on_no_phone(hass, fake_hub, there) -> None:
    """Only a ring is a ring."""
    told = await bell_on_phone(hass, there)
    await ring(hass, fake_hub)
    await until(lambda: len(told) == 1)
    fake_hub.calls = [call()]
    await fake_hub.hang_up()
    await until(lambda: not there.runtime_data.available)
    await until(lambda: there.runtime_data.available)
    await fake_hub.say({"type": "call", "call": call("ended", endReason="missed"), "change": "ended"})
    await until(lambda: len(told) == 2)
    assert [one.data["message"] for one in told] == ["Front door", "clear_notification"]


async def test_somebody_at_the_door_while_nobody_is_home(hass, fake_hub, there) -> None:
    """The visitor is told, and you; nothing of it while somebody is there."""
    told = async_mock_service(hass, "notify", "phone")
    hass.states.async_set("zone.home", "1")
    await automate(
        hass,
        "nobody_home",
        bell=entity(hass, "event", "front-door_doorbell"),
        camera=entity(hass, "camera", "front-door_camera"),
        voice=entity(hass, "notify", "front-door_notify"),
        sentence="Nobody is here.",
        notify="notify.phone",
    )
    await ring(hass, fake_hub)
    await hass.async_block_till_done()
    assert (told, bodies(fake_hub, "api/v1/say")) == ([], [])
    await fake_hub.say({"type": "call", "call": call("ended", endReason="missed"), "change": "ended"})
    await until(lambda: state(hass, "sensor", "front-door_call") == "idle")
    hass.states.async_set("zone.home", "0")
    await ring(hass, fake_hub)
    await until(lambda: len(told) == 1)
    assert [body["text"] for body in bodies(fake_hub, "api/v1/say")] == ["Nobody is here."]
    assert told[0].data["data"]["image"].startswith("/api/camera_proxy/camera.")


async def test_an_announcement(hass, fake_hub, there) -> None:
    """It is said when the entity changes into that state, and not when it leaves it."""
    hass.states.async_set("binary_sensor.washer", "off")
    where = [entity(hass, "notify", "kitchen_notify")]
    await automate(hass, "announce", entity="binary_sensor.washer", where=where, text="The washing is done.")
    for now in ("on", "off"):
        hass.states.async_set("binary_sensor.washer", now)
        await hass.async_block_till_done()
    said = bodies(fake_hub, "api/v1/say")
    assert [(body["to"], body["text"]) for body in said] == [("device:kitchen", "The washing is done.")]


async def test_quiet_hours(hass, fake_hub, there, freezer) -> None:
    """Do not disturb is on from the one time to the other."""
    midnight = dt_util.start_of_local_day()
    freezer.move_to(midnight + timedelta(hours=12))
    await automate(hass, "quiet_hours", switches=[entity(hass, "switch", "kitchen_do_not_disturb")])
    for hour in (22, 31):
        freezer.move_to(midnight + timedelta(hours=hour, seconds=1))
        async_fire_time_changed(hass)
        await hass.async_block_till_done()
    assert bodies(fake_hub, "api/v1/devices/kitchen") == [{"doNotDisturb": True}, {"doNotDisturb": False}]
    off = {"entity_id": "automation.quiet_hours"}
    await hass.services.async_call("automation", "turn_off", off, blocking=True)


def test_all_of_them_are_tried() -> None:
    """A new blueprint comes with a test."""
    tried = {"announce", "doorbell", "nobody_home", "quiet_hours"}
    assert {path.stem for path in FOLDER.glob("*.yaml")} == tried
