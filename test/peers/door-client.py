"""
A second station and client of the door stations' protocol, written from docs/door-protocol.md alone, with nothing but
Python's standard library. `door-client.py PORT TOKEN`: TOKEN is a person's, at a hub that lets everybody in. It runs every
registration, command and error that can be brought about from outside within a second, and sound both ways, and prints one
JSON object: what was checked, and what was not as the page says.
"""
import base64
import json
import socket
import struct
import sys
import time

PORT = int(sys.argv[1])
TOKEN = sys.argv[2]
checked = []
wrong = []


class Gone(Exception):
    pass


class Peer:
    """One connection: lines, and binary frames where they were agreed."""

    def __init__(self, register=None):
        self.sock = socket.create_connection(("127.0.0.1", PORT), timeout=5)
        self.buffer = b""
        self.aside = []
        if register is not None:
            self.say(register)
            self.registered = self.expect("registered")

    def raw(self, data):
        self.sock.sendall(data)

    def say(self, message):
        self.raw(json.dumps(message, ensure_ascii=False).encode() + b"\n")

    def more(self):
        try:
            data = self.sock.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            raise Gone()
        self.buffer += data

    def read(self):
        """The next message; a binary frame as one of type `binary`."""
        while True:
            if self.buffer[:1] == b"\xf5":
                if len(self.buffer) >= 16:
                    mark, idlen, channels, way, rate, seq, size = struct.unpack(">BBBBIII", self.buffer[:16])
                    end = 16 + idlen + size
                    if len(self.buffer) >= end:
                        frame = self.buffer[16:end]
                        self.buffer = self.buffer[end:]
                        return {"type": "binary", "stream_id": frame[:idlen].decode(), "channels": channels, "way": way,
                                "sample_rate": rate, "sequence": seq, "pcm": frame[idlen:]}
            elif b"\n" in self.buffer:
                line, self.buffer = self.buffer.split(b"\n", 1)
                return json.loads(line.decode())
            self.more()

    def expect(self, kind, **fields):
        """The next message of this kind whose fields fit; others are kept for later. Pings are answered."""
        fits = lambda m: m.get("type") == kind and all(m.get(k) == v for k, v in fields.items())
        for i, message in enumerate(self.aside):
            if fits(message):
                return self.aside.pop(i)
        while True:
            message = self.read()
            if message.get("type") == "ping" and kind != "ping":
                self.say({"type": "pong"})
            if fits(message):
                return message
            self.aside.append(message)

    def settled(self):
        """Everything that was said before has been answered, when the pong is there."""
        self.say({"type": "ping"})
        self.expect("pong")

    def ends(self):
        """True when the hub ends the connection."""
        try:
            while True:
                self.read()
        except Gone:
            return True
        except socket.timeout:
            return False

    def close(self):
        self.sock.close()


def check(name, holds, found=None):
    checked.append(name)
    if not holds:
        wrong.append({"check": name, "found": repr(found)[:300]})


def attempt(name, run):
    """A part whose failure ends only itself."""
    try:
        run()
    except (Gone, socket.timeout) as error:
        check(name, False, "the connection ended" if isinstance(error, Gone) else "nothing came within 5 s")


def refused(name, data, reason, ends=True):
    """A first line that is answered with a reason, and the end."""

    def run():
        peer = Peer()
        peer.raw(data)
        error = peer.expect("error")
        check(f"registration: {name}", error["reason"] == reason, error)
        if ends:
            check(f"registration: {name} ends the connection", peer.ends())
        peer.close()

    attempt(f"registration: {name}", run)


def line(message):
    return json.dumps(message).encode() + b"\n"


def register(role, client_id, **more):
    return {"type": "register", "role": role, "client_id": client_id, **more}


def station(client_id="door-a", **more):
    return Peer(register("intercom", client_id, **more))


def client(client_id, **more):
    return Peer(register("home_assistant", client_id, **more))


def command(name, command_id=None, payload=None, **more):
    message = {"type": "command", "command": name, **more}
    if payload is not None:
        message["payload"] = payload
    if command_id is not None:
        message["command_id"] = command_id
    return message


FORM = {"encoding": "pcm_s16le", "sample_rate": 16000, "channels": 1}


def answer(door, status="ok", payload=None, name=None):
    """The station takes the next command and answers it; gives the command."""
    asked = door.expect("command") if name is None else door.expect("command", command=name)
    door.say({"type": "response", "command_id": asked["command_id"], "status": status, "payload": payload or {}})
    return asked


def open_sound(door, who, stream_id, **form):
    who.say(command("start_audio", f"start-{stream_id}", {"stream_id": stream_id}))
    answer(door, payload={"stream_id": stream_id, **FORM, **form}, name="start_audio")
    return who.expect("response", command_id=f"start-{stream_id}")


def frame(stream_id, pcm, sequence=0, **more):
    data = base64.b64encode(pcm).decode()
    return {"type": "audio_frame", "stream_id": stream_id, "sequence": sequence, **FORM, "data": data, **more}


def tone(ms, seed):
    return b"".join(struct.pack("<h", (i * 37 + seed * 991) % 20000 - 10000) for i in range(16 * ms))


def registration():
    refused("something else first", line({"type": "event", "event": "ring"}), "expected_register")
    refused("an unknown role", line(register("janitor", "x")), "invalid_role")
    refused("an empty name", line(register("intercom", "")), "invalid_client_id")
    refused("a name of dots", line(register("intercom", "...")), "invalid_client_id")
    refused("a name that is no text", line(register("intercom", 7)), "invalid_client_id")
    refused("a list", b"[]\n", "message_not_object")
    refused("an empty line", b"\n", "empty_message")
    refused("half a line of JSON", b"{\"type\":\n", "invalid_json")
    refused("no UTF-8", b"{\"type\":\"\xff\"}\n", "invalid_json")
    refused("too deep", b"[" * 50 + b"]" * 50 + b"\n", "invalid_json")
    refused("features that are no list", line(register("intercom", "x", features="ping")), "invalid_register")
    refused("sound that cannot be", line(register("intercom", "x", audio={"sample_rate": 1, "channels": 1})), "invalid_register")
    refused("a line of 10,000 bytes", line(register("intercom", "x" * 10000)), "line_too_long")
    refused("a client's wrong token", line(register("home_assistant", "x", token="dwt_wrong")), "unauthorized")


def names():
    guest = client("taken")
    refused("somebody else's name", line(register("home_assistant", "taken", token=TOKEN)), "duplicate_client_id")
    again = client("taken")
    check("the same client again takes its own place", guest.expect("error")["reason"] == "replaced")
    again.close()
    first = station("door-twice")
    second = station("door-twice")
    check("a station again takes its own place", first.expect("error")["reason"] == "replaced" and first.ends())
    second.say({"type": "close"})
    check("close ends a connection", second.ends())
    crlf = Peer()
    crlf.raw(json.dumps(register("intercom", "door-crlf")).encode() + b"\r\n")
    told = crlf.expect("registered")
    check("a line may end with CRLF", told["client_id"] == "door-crlf")
    check("who announces nothing is told of no features", "features" not in told, told)
    crlf.close()


def commands():
    door, phone = station(), client("phone", features=["stations"], token=TOKEN)
    check("a client is told which stations there are", any(s["id"] == "door-a" and s["online"] for s in phone.expect("stations")["stations"]))
    phone.say(command("status", "a1", {"x": [1, {"y": None}]}, station="door-a"))
    check("a command is acknowledged", phone.expect("command_ack") == {"type": "command_ack", "command_id": "a1", "generated": False})
    asked = answer(door, payload={"free": True})
    check("a command comes as it was given", (asked["command"], asked["payload"], asked["origin_id"]) == ("status", {"x": [1, {"y": None}]}, "phone"), asked)
    check("under an id of the hub's own", asked["command_id"] != "a1", asked)
    told = phone.expect("response")
    check("its answer comes under the client's", (told["command_id"], told["status"], told["payload"], told["station"]) == ("a1", "ok", {"free": True}, "door-a"), told)
    phone.say(command("status", "a1", {"x": [1, {"y": None}]}, station="door-a"))
    check("the same again is answered the same", phone.expect("response")["payload"] == {"free": True})
    phone.say(command("status", station="door-a"))
    ack = phone.expect("command_ack", generated=True)
    check("the hub makes an id where there is none, and the station gets nothing twice", answer(door, "error", {"reason": "busy"})["payload"] == {})
    told = phone.expect("response")
    check("an error of the station is passed on", (told["command_id"], told["status"], told["payload"]) == (ack["command_id"], "error", {"reason": "busy"}), told)
    phone.say(command("unlock", "u1", station="door-a"))
    asked = answer(door, payload={"opened": True})
    check("a command that opens a door expires", asked["expires_ms"] == 5000, asked)
    check("and is answered", phone.expect("response", command_id="u1")["status"] == "ok")
    guest = client("guest")
    guest.say(command("unlock", "u2"))
    error = guest.expect("error")
    check("a guest opens no door", (error["reason"], error.get("command_id")) == ("forbidden", "u2"), error)
    for name, bad, reason in [
        ("no command", {"type": "command"}, "invalid_command"),
        ("a command that is no text", {"type": "command", "command": 5}, "invalid_command"),
        ("a payload that is no object", command("x", payload=[]), "invalid_payload"),
        ("a command id that is no text", {"type": "command", "command": "x", "command_id": 7}, "invalid_command_id"),
        ("a station that is not there", command("x", "n1", station="nowhere"), "intercom_unavailable"),
        ("a direction", command("start_audio", "n2", {"direction": "both"}), "audio_direction_unsupported"),
        ("a stream id that is no text", command("start_audio", "n3", {"stream_id": 4}), "invalid_stream_id"),
        ("stop without a stream", command("stop_audio", "n4", {}), "invalid_stream_id"),
        ("stop of a stream that is not", command("stop_audio", "n5", {"stream_id": "none"}), "unknown_stream_id"),
        ("a station's message", {"type": "event", "event": "ring"}, "unsupported_message:event"),
        ("nobody's message", {"type": "dance"}, "unsupported_message:dance"),
        ("no type", {}, "unsupported_message:undefined"),
    ]:
        phone.say(bad)
        error = phone.expect("error")
        check(f"a client: {name}", error["reason"] == reason, error)
        if "command_id" in bad and isinstance(bad["command_id"], str):
            check(f"a client: {name}, said of which command", error.get("command_id") == bad["command_id"], error)
    for name, data, reason in [
        ("no JSON", b"{\n", "invalid_json"),
        ("an empty line", b"\n", "empty_message"),
        ("a list", b"[1]\n", "message_not_object"),
        ("a line of 200,000 bytes", b"x" * 200000 + b"\n", "line_too_long"),
    ]:
        phone.raw(data)
        check(f"a client: {name}", phone.expect("error")["reason"] == reason)
    phone.settled()
    check("none of that costs the connection", True)
    many = client("many")
    for n in range(33):
        many.say(command("status", f"m{n}"))
    check("32 commands may wait", many.expect("error")["reason"] == "too_many_commands")
    many.close()
    left = [m for m in (door.expect("error"), door.expect("error")) if m["reason"] == "origin_client_disconnected"]
    check("a station is told who has gone", len(left) == 2 and left[0]["details"]["client_id"] == "many", left)
    phone.say(command("status", "late", station="door-a"))
    door.expect("command", origin_id="phone")
    door.close()
    check("a station that goes leaves an answer", phone.expect("response", command_id="late")["payload"] == {"reason": "intercom_disconnected"})
    noisy = client("noisy")
    noisy.raw(b"{\n" * 61)
    reasons = []
    try:
        while True:
            reasons.append(noisy.read()["reason"])
    except Gone:
        pass
    check("one mistake after the other ends the connection", reasons[-1:] == ["too_many_errors"], reasons[-3:])


def station_errors():
    door, phone = station("door-b"), client("tester", features=["stations"])
    for name, bad, reason in [
        ("a response without an id", {"type": "response", "status": "ok"}, "missing_command_id"),
        ("a response to nothing", {"type": "response", "command_id": "x", "status": "ok"}, "unknown_command_id"),
        ("a status that is none", {"type": "response", "command_id": "x", "status": "fine"}, "invalid_response_status"),
        ("a payload that is no object", {"type": "response", "command_id": "x", "status": "ok", "payload": 1}, "invalid_payload"),
        ("an event without a name", {"type": "event"}, "invalid_event"),
        ("an event whose payload is no object", {"type": "event", "event": "x", "payload": "y"}, "invalid_payload"),
        ("a client's message", command("x"), "unsupported_message:command"),
        ("sound of no stream", frame("never", tone(20, 1)), "unknown_stream_id"),
    ]:
        door.say(bad)
        error = door.expect("error")
        check(f"a station: {name}", error["reason"] == reason, error)
    door.say({"type": "event", "event": "contact", "payload": {"open": True}})
    told = phone.expect("event")
    check("an event goes to the clients, with its station", (told["event"], told["payload"], told["station"]) == ("contact", {"open": True}, "door-b"), told)
    for press in range(3):
        door.say({"type": "event", "event": "ring", "payload": {"bell": "left"}})
    door.say({"type": "event", "event": "contact", "payload": {"open": False}})
    phone.expect("event", event="contact")
    check("a bell that bounces rings once", sum(m.get("event") == "ring" for m in phone.aside) == 1, phone.aside)
    for name, payload, reason in [
        ("a form without an encoding", {"stream_id": "w1", "sample_rate": 16000, "channels": 1}, "invalid_audio_encoding"),
        ("a rate of 0", {"stream_id": "w1", **FORM, "sample_rate": 0}, "invalid_sample_rate"),
        ("a rate of 96 kHz", {"stream_id": "w1", **FORM, "sample_rate": 96000}, "invalid_sample_rate"),
        ("7 channels", {"stream_id": "w1", **FORM, "channels": 7}, "invalid_channels"),
        ("a direction", {"stream_id": "w1", **FORM, "direction": "both"}, "audio_direction_unsupported"),
        ("no stream", {**FORM}, "missing_stream_id"),
    ]:
        asked = {} if reason == "missing_stream_id" else {"stream_id": "w1"}
        phone.say(command("start_audio", f"w-{name}", asked, station="door-b"))
        answer(door, payload=payload, name="start_audio")
        told = phone.expect("response", command_id=f"w-{name}")
        check(f"an answer to start_audio with {name}, for the client", told["payload"] == {"reason": reason}, told)
        check(f"an answer to start_audio with {name}, for the station", door.expect("error")["reason"] == reason)
    open_sound(door, phone, "one")
    phone.say(command("start_audio", "dup", {}, station="door-b"))
    answer(door, payload={"stream_id": "one", **FORM}, name="start_audio")
    check("a stream that runs already", phone.expect("response", command_id="dup")["payload"] == {"reason": "duplicate_stream_id"})
    check("a stream that runs already, for the station", door.expect("error")["reason"] == "duplicate_stream_id")
    door.say({"type": "error", "reason": "audio_stream_failed", "details": {"stream_id": "one"}})
    told = phone.expect("error")
    check("a station's sound that failed", (told["reason"], told["details"]["stream_id"]) == ("audio_stream_failed", "one"), told)
    door.settled()
    door.close()
    phone.close()


def sound_errors():
    door, phone = station("door-c"), client("speaker", features=["stations"])
    other = client("other", features=["stations"])
    open_sound(door, phone, "s")
    for name, change, reason in [
        ("no base64", {"data": "!!!!"}, "invalid_audio_data"),
        ("no data", {"data": ""}, "invalid_audio_data"),
        ("1 ms", {"data": base64.b64encode(tone(1, 1)).decode()}, "invalid_audio_data"),
        ("500 ms", {"data": base64.b64encode(tone(500, 1)).decode()}, "invalid_audio_data"),
        ("half a sample", {"data": base64.b64encode(tone(20, 1) + b"x").decode()}, "invalid_audio_data"),
        ("another encoding", {"encoding": "opus"}, "invalid_audio_encoding"),
        ("an encoding that is no text", {"encoding": 5}, "invalid_audio_encoding"),
        ("a rate of -1", {"sample_rate": -1}, "invalid_sample_rate"),
        ("a rate of 1 kHz", {"sample_rate": 1000}, "invalid_sample_rate"),
        ("3 channels", {"channels": 3}, "invalid_channels"),
        ("a sequence that is no number", {"sequence": "5"}, "invalid_sequence"),
        ("a stream id that is no text", {"stream_id": 1}, "invalid_stream_id"),
        ("a stream that never was", {"stream_id": "q"}, "unknown_stream_id"),
    ]:
        phone.say({**frame("s", tone(20, 1)), **change})
        error = phone.expect("error")
        check(f"sound with {name}", error["reason"] == reason, error)
    other.say(frame("s", tone(20, 1)))
    check("sound for somebody else's stream", other.expect("error")["reason"] == "stream_not_owned")
    other.say(command("start_audio", "in-use", {"stream_id": "s"}, station="door-c"))
    check("a stream id that is in use", other.expect("error")["reason"] == "stream_id_in_use")
    for n in range(8):
        open_sound(door, other, f"o{n}")
    other.say(command("start_audio", "ninth", {}, station="door-c"))
    check("a ninth audio session", other.expect("error")["reason"] == "audio_session_exists")
    other.close()
    gone = [door.expect("error") for _ in range(8)]
    check("a station is told which streams have lost their listener", sorted(m["details"]["stream_id"] for m in gone) == [f"o{n}" for n in range(8)] and gone[0]["reason"] == "audio_client_disconnected", gone)
    door.close()
    told = phone.expect("error")
    check("a client is told that the station has gone", (told["reason"], told["details"]) == ("audio_intercom_disconnected", {"stream_id": "s", "encoding": "pcm_s16le"}), told)
    broken = client("broken", features=["binary"])
    broken.raw(b"\xf5" + bytes([0]) * 15)
    check("a binary frame that cannot be ends the connection", broken.expect("error")["reason"] == "invalid_binary_frame" and broken.ends())
    phone.close()


def same(sent, got):
    return b"".join(sent) == b"".join(got)


def sound():
    """Both ways, for each length, in JSON and binary, sample by sample."""
    for features, kind in [([], "JSON"), (["binary", "ping"], "binary frames")]:
        door = station("door-d", features=features, audio={"sample_rate": 16000, "channels": 1})
        phone = client(f"ear-{len(features)}", features=["stations", *features])
        check(f"{kind}: the features are agreed", sorted(phone.registered["features"]) == sorted(["stations", *features]), phone.registered)
        told = open_sound(door, phone, "voice")
        check(f"{kind}: the client is told the form", told["payload"] == {"stream_id": "voice", **FORM}, told)
        for ms in (10, 40, 400):
            parts = [tone(ms, n) for n in range(8)]
            for to_client in (True, False):
                source, sink = (door, phone) if to_client else (phone, door)
                for n, part in enumerate(parts):
                    if features:
                        head = struct.pack(">BBBBIII", 0xF5, 5, 1, int(to_client), 16000, n, len(part))
                        source.raw(head + b"voice" + part)
                    else:
                        source.say(frame("voice", part, n))
                got = [sink.expect("binary" if features else "audio_frame") for _ in parts]
                data = [m["pcm"] if features else base64.b64decode(m["data"], validate=True) for m in got]
                where = "station to client" if to_client else "client to station"
                check(f"{kind}: {ms} ms {where}, sample by sample", same(parts, data), [len(d) for d in data])
                ways = {(m["way"] == 1) if features else (m["direction"] == "intercom_to_client") for m in got}
                check(f"{kind}: {ms} ms {where}, said which way", ways == {to_client}, got[0])
                if not features:
                    origin = "door-d" if to_client else f"ear-{len(features)}"
                    check(f"{kind}: {ms} ms {where}, said from whom", {m["origin_id"] for m in got} == {origin})
        phone.say(command("stop_audio", "stop", {"stream_id": "voice"}))
        answer(door, payload={"stream_id": "voice"}, name="stop_audio")
        check(f"{kind}: it is stopped", phone.expect("response", command_id="stop")["status"] == "ok")
        phone.say(frame("voice", tone(20, 1)))
        phone.settled()
        check(f"{kind}: what is still on the way is passed over", all(m["type"] != "error" for m in phone.aside), phone.aside)
        door.close()
        phone.close()


began = time.monotonic()
for part in (registration, names, commands, station_errors, sound_errors, sound):
    attempt(part.__name__, part)
print(json.dumps({"checked": len(checked), "wrong": wrong, "seconds": round(time.monotonic() - began, 2)}))
