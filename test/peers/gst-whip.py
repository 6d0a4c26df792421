"""Publishes a test picture and a tone to a WHIP endpoint by GStreamer's webrtcbin, until it is ended or told "bye".

    gst-whip.py '{"url": "http://127.0.0.1:8480/whip/yard", "token": "dwd_..."}'

Says one JSON line: {"status": 201} or {"status": 403, "body": "..."}; afterwards {"state": "connected"} and the like.
"""
import json
import sys
import urllib.error
import urllib.request
from urllib.parse import urljoin

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

options = json.loads(sys.argv[1])
Gst.init(None)
loop = GLib.MainLoop()
pipeline = Gst.parse_launch(
    "webrtcbin name=peer bundle-policy=max-bundle "
    "videotestsrc is-live=true pattern=red ! video/x-raw,width=320,height=240,framerate=25/1 ! "
    "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=50 bitrate=500 ! "
    "video/x-h264,profile=constrained-baseline ! rtph264pay config-interval=-1 aggregate-mode=zero-latency ! "
    "application/x-rtp,media=video,encoding-name=H264,payload=96 ! peer. "
    "audiotestsrc is-live=true freq=1000 ! audioconvert ! audioresample ! audio/x-raw,rate=48000,channels=2 ! opusenc ! "
    "rtpopuspay ! application/x-rtp,media=audio,encoding-name=OPUS,payload=97 ! peer."
)
peer = pipeline.get_by_name("peer")


def say(**words):
    print(json.dumps(words), flush=True)


def post(sdp):
    headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {options['token']}"}
    request = urllib.request.Request(options["url"], data=sdp.encode(), headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:
            say(status=answer.status)
            return answer.read().decode(), urljoin(options["url"], answer.headers["Location"])
    except urllib.error.HTTPError as refusal:
        say(status=refusal.code, body=refusal.read().decode())
        loop.quit()
        return None, None


session = None


def gathered(*_):
    global session
    if peer.get_property("ice-gathering-state") != GstWebRTC.WebRTCICEGatheringState.COMPLETE:
        return
    answer, session = post(peer.get_property("local-description").sdp.as_text())
    if answer is None:
        return
    _, message = GstSdp.SDPMessage.new_from_text(answer)
    description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
    peer.emit("set-remote-description", description, None)


def offered(promise, *_):
    promise.wait()
    reply = promise.get_reply()  # what is in it lives no longer than it
    peer.emit("set-local-description", reply.get_value("offer"), None)


def negotiate(*_):
    index = 0
    while (transceiver := peer.emit("get-transceiver", index)) is not None:
        transceiver.set_property("direction", GstWebRTC.WebRTCRTPTransceiverDirection.SENDONLY)
        transceiver.set_property("do-nack", True)
        index += 1
    peer.emit("create-offer", None, Gst.Promise.new_with_change_func(offered, None, None))


def leave(source, _condition):
    if source.readline().strip() != "bye":
        return True
    request = urllib.request.Request(session, headers={"Authorization": f"Bearer {options['token']}"}, method="DELETE")
    with urllib.request.urlopen(request, timeout=15) as answer:
        say(deleted=answer.status)
    loop.quit()
    return False


peer.connect("on-negotiation-needed", negotiate)
peer.connect("notify::ice-gathering-state", gathered)
peer.connect("notify::connection-state", lambda *_: say(state=peer.get_property("connection-state").value_nick))
GLib.io_add_watch(sys.stdin, GLib.PRIORITY_DEFAULT, GLib.IO_IN, leave)
pipeline.set_state(Gst.State.PLAYING)
loop.run()
pipeline.set_state(Gst.State.NULL)
