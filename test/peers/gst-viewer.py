"""A WebRTC viewer by GStreamer's webrtcbin, on one loopback address: gst-viewer.py '{"address": "127.0.0.1"}'

Says its offer as {"offer": "..."}, reads {"answer": "..."} from a line of standard input, then says what it sees and hears:
{"number": 7} for each picture (see numberedClip), {"sound": 960} for each piece of sound, {"state": "connected"}. It ends
with its standard input.
"""
import json
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

options = json.loads(sys.argv[1])
Gst.init(None)
loop = GLib.MainLoop()
pipeline = Gst.Pipeline()
peer = Gst.parse_launch("webrtcbin name=peer bundle-policy=max-bundle latency=200")
pipeline.add(peer)
agent = peer.get_property("ice-agent")
agent.emit("add-local-ip-address", options["address"])


def say(**words):
    """Each line in one piece: picture and sound are told by threads of their own."""
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def on_picture(_sink, buffer, _pad):
    """The squares of 40 pixels at the bottom, the lowest bit first."""
    gray = buffer.extract_dup(220 * 360, 360)
    say(number=sum((gray[bit * 40 + 20] > 127) << bit for bit in range(9)))


def on_sound(_sink, buffer, _pad):
    say(sound=buffer.get_size() // 4)


def on_pad(_peer, pad):
    if pad.direction != Gst.PadDirection.SRC:
        return
    video = pad.get_current_caps().get_structure(0).get_string("media") == "video"
    steps = (
        "rtph264depay ! h264parse ! avdec_h264 ! videoconvert ! video/x-raw,format=GRAY8,width=360,height=240"
        if video
        else "rtpopusdepay ! opusdec ! audioconvert ! audio/x-raw,format=S16LE,channels=2"
    )
    chain = Gst.parse_bin_from_description(f"{steps} ! fakesink name=out signal-handoffs=true sync=false", True)
    chain.get_by_name("out").connect("handoff", on_picture if video else on_sound)
    pipeline.add(chain)
    chain.sync_state_with_parent()
    pad.link(chain.sinkpads[0])


def on_gathered(*_):
    if peer.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
        say(offer=peer.get_property("local-description").sdp.as_text())


def on_offer(promise, *_):
    promise.wait()
    reply = promise.get_reply()  # what is in it lives no longer than it
    peer.emit("set-local-description", reply.get_value("offer"), None)


def on_line(source, _condition):
    line = source.readline()
    if not line:
        loop.quit()
        return False
    _, message = GstSdp.SDPMessage.new_from_text(json.loads(line)["answer"])
    description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
    peer.emit("set-remote-description", description, None)
    return True


for caps in (
    "application/x-rtp,media=video,encoding-name=H264,payload=96,clock-rate=90000,packetization-mode=(string)1",
    "application/x-rtp,media=audio,encoding-name=OPUS,payload=97,clock-rate=48000,encoding-params=(string)2",
):
    transceiver = peer.emit(
        "add-transceiver", GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY, Gst.Caps.from_string(caps)
    )
    transceiver.set_property("do-nack", True)
peer.connect("pad-added", on_pad)
peer.connect("notify::ice-gathering-state", on_gathered)
peer.connect("notify::connection-state", lambda *_: say(state=peer.get_property("connection-state").value_nick))
peer.connect(
    "on-negotiation-needed",
    lambda *_: peer.emit("create-offer", None, Gst.Promise.new_with_change_func(on_offer, None, None)),
)
GLib.io_add_watch(sys.stdin, GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, on_line)
pipeline.set_state(Gst.State.PLAYING)
loop.run()
pipeline.set_state(Gst.State.NULL)
