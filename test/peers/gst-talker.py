"""Speaks by ONVIF's back channel with GStreamer's own RTSP client: address, seconds of a tone of 440 Hz. Ends by itself."""
import ctypes
import re
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

Gst.init(None)
keep = ctypes.CDLL("libgstreamer-1.0.so.0").gst_mini_object_ref
keep.argtypes, keep.restype = [ctypes.c_void_p], ctypes.c_void_p
address, seconds = sys.argv[1], float(sys.argv[2])
loop = GLib.MainLoop()
failed = []

camera = Gst.ElementFactory.make("rtspsrc", "camera")
for name, value in {"location": address, "backchannel": "onvif", "protocols": "tcp", "latency": 50}.items():
    Gst.util_set_object_arg(camera, name, str(value))
pipeline = Gst.Pipeline.new("reads")
pipeline.add(camera)
back = {}


def select(_source, number, caps):
    structure = caps.get_structure(0)
    if structure.has_field("a-sendonly"):
        back["stream"] = number
        back["caps"] = structure.get_string("encoding-name")
    return True


def added(_source, pad):
    sink = Gst.ElementFactory.make("fakesink")
    sink.set_property("async", False)
    pipeline.add(sink)
    sink.sync_state_with_parent()
    pad.link(sink.get_static_pad("sink"))
    GLib.idle_add(speak)


def speak():
    if "stream" not in back:
        failed.append("no back channel was offered")
        loop.quit()
        return
    coder, payloader = {"PCMU": ("mulawenc", "rtppcmupay"), "PCMA": ("alawenc", "rtppcmapay")}[back["caps"]]
    talk = Gst.parse_launch(
        f"audiotestsrc is-live=true freq=440 volume=0.5 samplesperbuffer=160 num-buffers={int(seconds * 50)} "
        f"! audio/x-raw,rate=8000,channels=1 ! {coder} ! {payloader} ! appsink name=out emit-signals=true sync=false"
    )
    back["pipeline"] = talk

    def sample(sink):
        one = sink.emit("pull-sample")
        # The signal gives one reference away that Python gives away, too.
        keep(int(re.search(r"GstSample at (0x[0-9a-f]+)", repr(one))[1], 16))
        camera.emit("push-backchannel-sample", back["stream"], one)
        return Gst.FlowReturn.OK

    talk.get_by_name("out").connect("new-sample", sample)
    talk.get_by_name("out").connect("eos", lambda _sink: GLib.timeout_add(300, loop.quit))
    talk.set_state(Gst.State.PLAYING)


def told(_bus, message):
    if message.type == Gst.MessageType.ERROR:
        failed.append(str(message.parse_error()))
        loop.quit()


camera.connect("select-stream", select)
camera.connect("pad-added", added)
bus = pipeline.get_bus()
bus.add_signal_watch()
bus.connect("message", told)
pipeline.set_state(Gst.State.PLAYING)
GLib.timeout_add_seconds(int(seconds) + 20, lambda: (failed.append("too late"), loop.quit()))
loop.run()
for one in (back.get("pipeline"), pipeline):
    if one:
        one.set_state(Gst.State.NULL)
if failed:
    sys.exit("; ".join(failed))
