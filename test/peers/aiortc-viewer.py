"""A WebRTC viewer by aiortc, on one loopback address: aiortc-viewer.py '{"address": "127.0.0.1"}'

Says its offer as {"offer": "..."}, reads {"answer": "..."} from a line of standard input, then says what it sees and hears:
{"number": 7} for each picture (see numberedClip), {"sound": 960} for each piece of sound, {"state": "connected"}. It speaks
a tone all the while. It ends with its standard input.
"""
import asyncio
import json
import sys

import aioice.ice
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError

options = json.loads(sys.argv[1])
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: [options["address"]]


def say(**words):
    print(json.dumps(words), flush=True)


def number_of(picture):
    """The squares of 40 pixels at the bottom, the lowest bit first."""
    gray = picture.reformat(format="gray").planes[0]
    row = bytes(gray)[220 * gray.line_size :]
    return sum((row[bit * 40 + 20] > 127) << bit for bit in range(9))


async def take(track):
    try:
        while True:
            frame = await track.recv()
            if track.kind == "video":
                say(number=number_of(frame))
            else:
                say(sound=frame.samples)
    except MediaStreamError:
        pass


async def main():
    connection = RTCPeerConnection()
    connection.addTransceiver("video", direction="recvonly")
    connection.addTransceiver(AudioStreamTrack(), direction="sendrecv")
    connection.on("connectionstatechange", lambda: say(state=connection.connectionState))
    takers = []
    connection.on("track", lambda track: takers.append(asyncio.ensure_future(take(track))))
    await connection.setLocalDescription(await connection.createOffer())
    say(offer=connection.localDescription.sdp)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    if line := await reader.readline():
        await connection.setRemoteDescription(RTCSessionDescription(json.loads(line)["answer"], "answer"))
        await reader.read()
    await connection.close()


asyncio.run(main())
