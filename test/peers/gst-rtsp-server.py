"""An RTSP server that nobody of this project wrote: GStreamer's, with digest log-in and ONVIF back channel.

Takes one JSON object as its argument:
  launch        pipeline in parentheses with pay0, pay1 ..., at /cam
  paths         further pipelines by their paths, each shared by all its clients
  backchannel   pipeline in parentheses with depay_backchannel; an fdsink in it writes to standard output
  username, password   digest log-in, unless left out
  address, port, path   where it serves: 127.0.0.1, any port and /cam unless given
  feedback      serves by RTP/AVPF, the profile with early feedback
  protocols     list of "tcp", "udp"; both unless given
Writes {"port": n} to standard error once it listens, and "gone" whenever a client's connection ends.
"""

import json
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

Gst.init(None)
options = json.loads(sys.argv[1])


def say(line):
    print(line, file=sys.stderr, flush=True)


server = GstRtspServer.RTSPOnvifServer()
server.set_address(options.get("address", "127.0.0.1"))
server.set_service(str(options.get("port", 0)))

factory = GstRtspServer.RTSPOnvifMediaFactory()
factory.set_launch(options["launch"])
factory.set_media_gtype(GstRtspServer.RTSPOnvifMedia)
if "backchannel" in options:
    factory.set_backchannel_launch(options["backchannel"])
if options.get("feedback"):
    factory.set_profiles(GstRtsp.RTSPProfile.AVPF)
names = {"tcp": GstRtsp.RTSPLowerTrans.TCP, "udp": GstRtsp.RTSPLowerTrans.UDP}
protocols = GstRtsp.RTSPLowerTrans(0)
for name in options.get("protocols", ["tcp", "udp"]):
    protocols |= names[name]
factory.set_protocols(protocols)

if "username" in options:
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth.add_digest(options["username"], options["password"], token)
    server.set_auth(auth)
    role = Gst.Structure.new_from_string(
        "viewer, media.factory.access=(boolean)true, media.factory.construct=(boolean)true"
    )
    factory.add_role_from_structure(role)

server.get_mount_points().add_factory(options.get("path", "/cam"), factory)
for path, launch in options.get("paths", {}).items():
    other = GstRtspServer.RTSPMediaFactory()
    other.set_launch(launch)
    other.set_shared(True)
    if "username" in options:
        other.add_role_from_structure(role)
    # Told when the first client opens it, not before.
    other.connect("media-configure", lambda _, media, path=path: say("opened " + path))
    server.get_mount_points().add_factory(path, other)
server.connect("client-connected", lambda _, client: client.connect("closed", lambda *_: say("gone")))
server.attach(None)
say(json.dumps({"port": server.get_bound_port()}))
GLib.MainLoop().run()
