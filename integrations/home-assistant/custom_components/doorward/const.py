"""Names that several parts of the integration share."""

from typing import Final

from homeassistant.const import Platform

DOMAIN: Final = "doorward"
MANUFACTURER: Final = "Doorward"

CONF_VERIFY: Final = "verify_ssl"

PLATFORMS: Final = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CAMERA,
    Platform.EVENT,
    Platform.LOCK,
    Platform.MEDIA_PLAYER,
    Platform.NOTIFY,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
]

# What this integration asks of a hub; an older one is told of.
OLDEST_HUB: Final = "0.1.0"

# Seconds between tries to reach the hub again: doubled from the first to the last.
FIRST_RETRY_S: Final = 1.0
LAST_RETRY_S: Final = 30.0
# The hub is asked this often whether it is there; after as long again without an answer it is not.
HEARTBEAT_S: Final = 10.0
TIMEOUT_S: Final = 10.0
# Before a hub is followed to another address its own is asked after each of these pauses: it may just be starting.
ASKED_AFTER_S: Final = (0.0, 2.0, 5.0, 10.0)
# The longest answer that is read of somebody who has not proved to be a hub.
LONGEST_PROOF: Final = 4096
