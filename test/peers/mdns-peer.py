#!/usr/bin/env python3
"""Browses by multicast DNS with python-zeroconf and says what it sees, a JSON object a line; announces one service if told to.

mdns-peer.py browse ADDRESS TYPE... | announce ADDRESS TYPE NAME PORT [KEY=VALUE ...]
"""
import json
import socket
import sys

from zeroconf import ServiceBrowser, ServiceInfo, Zeroconf

what, address, *rest = sys.argv[1:]
if what not in ("browse", "announce"):
    sys.exit(__doc__)
network = Zeroconf(interfaces=[address])


def say(**told):
    print(json.dumps(told), flush=True)


def changed(zeroconf, service_type, name, state_change):
    event = state_change.name.lower()
    info = zeroconf.get_service_info(service_type, name, 3000) if event != "removed" else None
    told = {} if info is None else {
        "port": info.port,
        "addresses": sorted(info.parsed_addresses()),
        "host": info.server,
        "txt": {key.decode(): (value or b"").decode() for key, value in info.properties.items()},
    }
    say(event=event, type=service_type, name=name.removesuffix("." + service_type), **told)


if what == "browse":
    browser = ServiceBrowser(network, rest, handlers=[changed])
    say(event="browsing")
else:
    service_type, name, port, *pairs = rest
    network.register_service(ServiceInfo(
        service_type, f"{name}.{service_type}", addresses=[socket.inet_aton(address)], port=int(port),
        properties=dict(pair.split("=", 1) for pair in pairs), server=f"peer-{port}.local.",
    ))
    say(event="announced")
sys.stdin.read()
network.close()
