"""What stands beside the code: manifest, icons, quality scale, and what the marketplace reads."""

from __future__ import annotations

import json
from pathlib import Path
import re

import homeassistant.components
from homeassistant.const import Platform
import yaml

from custom_components.doorward.const import DOMAIN, PLATFORMS

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "custom_components" / DOMAIN


def read(name: str) -> dict:
    """Read one of its JSON files."""
    return json.loads((FOLDER / name).read_text())


def test_the_quality_scale_says_of_each_rule_how_it_is_kept() -> None:
    """The rules are those of which Home Assistant's own integrations speak; each is done, or it is said why not."""
    core = Path(homeassistant.components.__file__).parent
    theirs = [
        re.findall(r"^  ([a-z-]+):", path.read_text(), re.MULTILINE) for path in core.glob("*/quality_scale.yaml")
    ]
    known = {rule for rules in theirs for rule in rules if sum(rule in other for other in theirs) > len(theirs) / 2}
    assert len(known) > 45
    ours = yaml.safe_load((FOLDER / "quality_scale.yaml").read_text())["rules"]
    assert known - set(ours) == set()
    for rule, said in ours.items():
        status = said if isinstance(said, str) else said["status"]
        assert status in ("done", "exempt"), rule
        assert status == "done" or len(said["comment"]) > 20, rule


def test_what_is_named_has_an_icon() -> None:
    """Entities whose kind has none of its own, and actions; and no icon is for what is not there."""
    words, icons = read("strings.json"), read("icons.json")
    own = {("lock", "door"), ("media_player", "speaker")}
    for platform, named in icons["entity"].items():
        assert set(named) <= set(words["entity"][platform])
    for platform, named in words["entity"].items():
        lacking = {(platform, key) for key in named if key not in icons["entity"].get(platform, {})}
        assert lacking <= own
    assert set(icons["services"]) == set(words["services"])
    actions = yaml.safe_load((FOLDER / "services.yaml").read_text())
    assert set(actions) == set(words["services"])


def test_it_can_be_installed_from_the_marketplace() -> None:
    """The version is the project's; the platforms are files; pictures are there."""
    manifest, told = read("manifest.json"), json.loads((ROOT / "hacs.json").read_text())
    assert (manifest["domain"], manifest["iot_class"], manifest["config_flow"]) == (DOMAIN, "local_push", True)
    assert (manifest["requirements"], manifest["zeroconf"]) == ([], ["_doorward._tcp.local."])
    assert manifest["version"].count(".") == 2
    assert told["name"] == manifest["name"]
    assert told["homeassistant"] >= "2026.11"
    for platform in PLATFORMS:
        assert (FOLDER / f"{Platform(platform)}.py").exists()
    for picture in ("icon.png", "icon@2x.png"):
        assert (FOLDER / "brand" / picture).read_bytes().startswith(b"\x89PNG")
