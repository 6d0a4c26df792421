"""A WHIP endpoint by GStreamer's webrtcbin: takes one publisher, decodes its H.264 and its Opus, and counts what came out.

    gst-whip-server.py

Says one JSON line {"port": 40123}; on DELETE of the session {"token": "...", "H264": 345, "OPUS": 521}. GET gives the same.
"""
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

Gst.init(None)
threading.Thread(target=GLib.MainLoop().run, daemon=True).start()
decoders = {
    "H264": "rtph264depay ! avdec_h264 ! fakesink name=end signal-handoffs=true",
    "OPUS": "rtpopusdepay ! opusdec ! fakesink name=end signal-handoffs=true",
}
counts = {}


def decode(_peer, pad, pipeline):
    if pad.get_direction() != Gst.PadDirection.SRC:
        return
    caps = pad.get_current_caps() or pad.query_caps(None)
    name = caps.get_structure(0).get_value("encoding-name")
    decoder = Gst.parse_bin_from_description(decoders[name], True)
    decoder.get_by_name("end").connect("handoff", lambda *_: counts.update({name: counts.get(name, 0) + 1}))
    pipeline.add(decoder)
    decoder.sync_state_with_parent()
    pad.link(decoder.get_static_pad("sink"))


def answer(offer):
    """The gathered answer, and the pipeline, which lives as long as the caller keeps it."""
    pipeline = Gst.Pipeline.new()
    peer = Gst.ElementFactory.make("webrtcbin")
    peer.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
    pipeline.add(peer)
    peer.connect("pad-added", decode, pipeline)
    pipeline.set_state(Gst.State.PLAYING)
    _, message = GstSdp.SDPMessage.new_from_text(offer)
    description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.OFFER, message)
    done(lambda promise: peer.emit("set-remote-description", description, promise))
    promise = done(lambda promise: peer.emit("create-answer", None, promise))
    reply = promise.get_reply()  # what is in it lives no longer than it
    gathered = threading.Event()
    complete = GstWebRTC.WebRTCICEGatheringState.COMPLETE
    peer.connect(
        "notify::ice-gathering-state",
        lambda *_: peer.get_property("ice-gathering-state") == complete and gathered.set(),
    )
    done(lambda promise: peer.emit("set-local-description", reply.get_value("answer"), promise))
    gathered.wait(5)
    return pipeline, peer.get_property("local-description").sdp.as_text()


def done(start):
    promise = Gst.Promise.new()
    start(promise)
    promise.wait()
    return promise


class Endpoint(BaseHTTPRequestHandler):
    pipeline = None

    def do_POST(self):
        counts["token"] = self.headers["authorization"]
        offer = self.rfile.read(int(self.headers["content-length"])).decode()
        Endpoint.pipeline, sdp = answer(offer)
        self.reply(201, sdp, {"location": "/session/1", "content-type": "application/sdp"})

    def do_GET(self):
        self.reply(200, json.dumps(counts), {})

    def do_DELETE(self):
        print(json.dumps(counts), flush=True)
        self.reply(200, "", {})

    def reply(self, status, text, headers):
        body = text.encode()
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Endpoint)
print(json.dumps({"port": server.server_port}), flush=True)
server.serve_forever()
