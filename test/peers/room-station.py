#!/usr/bin/env python3
"""A room station that shares no code with ours, by the intercom's wire format, on loopback with everybody's defaults.

    room-station.py station NAME OPUS SECONDS AT    joins, says who it is over MQTT, says the packets of OPUS after AT seconds
    room-station.py web NAME SECONDS                listens at the WebSocket of the original hub

OPUS holds packets, each behind its length (2 bytes, big-endian). At the end one line of JSON tells what was heard.
"""
import base64
import json
import os
import socket
import struct
import sys
import time

HUB, GROUP, PORT = "127.0.0.1", "224.0.0.100", 5005


def text(value):
    data = value.encode()
    return struct.pack(">H", len(data)) + data


def mqtt_packet(kind, body):
    length, head = len(body), bytearray([kind])
    while True:
        length, digit = length >> 7, length & 127
        head.append(digit | (128 if length else 0))
        if not length:
            return bytes(head) + body


def join_broker(station, room):
    broker = socket.create_connection((HUB, 1883))
    will = text(f"intercom/{station}/status") + text("offline")
    broker.sendall(mqtt_packet(0x10, text("MQTT") + bytes([4, 0x26]) + struct.pack(">H", 15) + text(station) + will))
    if broker.recv(4)[3] != 0:
        sys.exit("the broker does not let us in")
    info = json.dumps({"room": room, "ip": HUB, "id": station})
    for topic, payload in ((f"intercom/devices/{station}/info", info), (f"intercom/{station}/status", "online")):
        broker.sendall(mqtt_packet(0x31, text(topic) + payload.encode()))
    return broker


def packets_of(path):
    data, at = open(path, "rb").read(), 0
    while at < len(data):
        length = struct.unpack_from(">H", data, at)[0]
        yield data[at + 2 : at + 2 + length]
        at += 2 + length


def station(name, opus, seconds, at):
    sender = (name.encode() + bytes(8))[:8]
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    ear.bind(("", PORT))
    ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + socket.inet_aton(HUB))
    mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    mouth.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(HUB))
    broker = join_broker("intercom_" + sender[-4:].hex(), name)
    begun, words, heard = time.monotonic(), list(packets_of(opus)), {}
    sent = 0
    while time.monotonic() < begun + seconds:
        due = begun + at + sent * 0.02
        if sent < len(words) and time.monotonic() >= due:
            mouth.sendto(sender + struct.pack(">IB", sent, 0) + words[sent], (GROUP, PORT))
            sent += 1
            continue
        ear.settimeout(0.005)
        try:
            packet = ear.recv(2048)
        except TimeoutError:
            continue
        if packet[:8] != sender and len(packet) > 13 + 9:
            heard.setdefault(packet[:8].hex(), set()).add(packet[8:12])
    broker.close()
    print(json.dumps({"sent": sent, "heard": {who: len(which) for who, which in heard.items()}}))


def web(name, seconds):
    hub = socket.create_connection((HUB, 8099))
    key = base64.b64encode(os.urandom(16)).decode()
    lines = ["GET /ws HTTP/1.1", f"Host: {HUB}:8099", "Upgrade: websocket", "Connection: Upgrade"]
    lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "", ""]
    hub.sendall("\r\n".join(lines).encode())
    data = b""
    while b"\r\n\r\n" not in data:
        data += hub.recv(4096)
    data = data.split(b"\r\n\r\n", 1)[1]
    hello = json.dumps({"type": "identify", "client_id": name}).encode()
    mask = os.urandom(4)
    hub.sendall(bytes([0x81, 0x80 | len(hello)]) + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(hello)))
    print("ready", flush=True)
    begun, sizes, kinds = time.monotonic(), {}, []
    hub.settimeout(0.05)
    while time.monotonic() < begun + seconds:
        try:
            data += hub.recv(65536)
        except TimeoutError:
            continue
        while len(data) >= 2:
            length, head = data[1] & 127, 2
            if length == 126:
                length, head = struct.unpack_from(">H", data, 2)[0], 4
            if len(data) < head + length:
                break
            if data[0] & 15 == 2:
                sizes[length] = sizes.get(length, 0) + 1
            elif data[0] & 15 == 1:
                kinds.append(json.loads(data[head : head + length]).get("type"))
            data = data[head + length :]
    print(json.dumps({"sizes": sizes, "kinds": kinds}))


what, *rest = sys.argv[1:]
if what == "station":
    station(rest[0], rest[1], float(rest[2]), float(rest[3]))
else:
    web(rest[0], float(rest[1]))
