#!/usr/bin/env python3
"""A room station that knows nothing of calls and shares no code with ours: standard library only, by the intercom's wire format.

    legacy-room.py HUB OWN NAME OPUS SECONDS [call@T:TARGET] [talk@T:FOR] [answer@AFTER:FOR]

It rings TARGET, talks to the hub alone for so many seconds, and answers a ring of its room by a talk. It hears or talks, never both, and
waits to talk while it hears somebody, as firmware does. At the end one line of JSON tells what it heard and for how long it waited.
"""
import json
import socket
import struct
import sys
import time

GROUP, PORT, SILENCE, RELEASE = "224.0.0.100", 5005, 10, 0.5
hub, own, name, opus, seconds, *script = sys.argv[1:]
sender = (name.encode() + bytes(8))[:8]
station = "intercom_" + sender[-4:].hex()


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


def packets_of(path):
    data, at, packets = open(path, "rb").read(), 0, []
    while at < len(data):
        length = struct.unpack_from(">H", data, at)[0]
        packets.append(data[at + 2 : at + 2 + length])
        at += 2 + length
    return packets


broker = socket.create_connection((hub, 1883))
will = text(f"intercom/{station}/status") + text("offline")
broker.sendall(mqtt_packet(0x10, text("MQTT") + bytes([4, 0x26]) + struct.pack(">H", 15) + text(station) + will))
if broker.recv(4)[3] != 0:
    sys.exit("the broker does not let us in")
broker.sendall(mqtt_packet(0x82, struct.pack(">H", 1) + text("intercom/call") + bytes([0])))


def publish(topic, payload, kept=True):
    broker.sendall(mqtt_packet(0x31 if kept else 0x30, text(topic) + payload.encode()))


publish(f"intercom/devices/{station}/info", json.dumps({"room": name, "ip": own, "id": station}))
publish(f"intercom/{station}/status", "online")
publish(f"intercom/{station}/state", '{"state":"idle"}')

ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
ear.bind(("", PORT))
ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + socket.inet_aton(own))
ear.setblocking(False)
broker.setblocking(False)

words, begun, sequence, inbox = packets_of(opus), time.monotonic(), 0, b""
steps, answers, rings = [], None, 0
for step in script:
    what, rest = step.split("@")
    at, value = rest.split(":")
    if what == "answer":
        answers = (float(at), float(value))
    else:
        steps.append((what, float(at), value))
last_word, talk, heard, missed, waited = -9.0, None, [], 0, 0.0


def now():
    return time.monotonic() - begun


def take_messages():
    global inbox, answers, rings
    try:
        inbox += broker.recv(65536)
    except BlockingIOError:
        return
    while len(inbox) > 1:
        length, at, shift = 0, 1, 0
        while at < len(inbox):
            length |= (inbox[at] & 127) << shift
            at, shift = at + 1, shift + 7
            if not inbox[at - 1] & 128:
                break
        if len(inbox) < at + length:
            return
        kind, body, inbox = inbox[0] >> 4, inbox[at : at + length], inbox[at + length :]
        if kind != 3:
            continue
        size = struct.unpack_from(">H", body)[0]
        if body[2 : 2 + size] != b"intercom/call":
            continue
        call = json.loads(body[2 + size :])
        if call.get("target", "").lower() != name.lower() or call.get("caller", "").lower() == name.lower():
            continue
        rings += 1
        if answers:
            steps.append(("talk", now() + answers[0], str(answers[1])))
            answers = None


while now() < float(seconds):
    take_messages()
    try:
        while True:
            packet = ear.recv(2048)
            if packet[:8] == sender or len(packet) < 13 + SILENCE:
                continue
            if talk:
                missed += 1
            else:
                last_word = now()
                heard.append(round(last_word, 3))
    except BlockingIOError:
        pass
    for step in sorted(steps, key=lambda one: one[1]):
        what, at, value = step
        if at > now():
            break
        if what == "call":
            publish("intercom/call", json.dumps({"target": value, "caller": name}), kept=False)
        elif talk or now() - last_word < RELEASE:
            waited += 0.004
            break
        else:
            talk = (now(), float(value), 0)
            publish(f"intercom/{station}/state", '{"state":"transmitting","target":"Doorward"}')
        steps.remove(step)
    if talk:
        since, length, sent = talk
        if sent * 0.02 >= length:
            talk = None
            publish(f"intercom/{station}/state", '{"state":"idle"}')
        elif now() >= since + sent * 0.02:
            ear.sendto(sender + struct.pack(">IB", sequence, 0) + words[sequence % len(words)], (hub, PORT))
            sequence, talk = sequence + 1, (since, length, sent + 1)
    time.sleep(0.004)
broker.close()
print(json.dumps({"sent": sequence, "rings": rings, "heard": heard, "missed": missed, "waited": round(waited, 1)}))
