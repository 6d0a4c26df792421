#!/usr/bin/env python3
"""A camera agent and a viewer of the agents' protocol, made of aiortc and written from the protocol's page.

    aiortc-peer.py device WS_URL DEVICE_ID           sends a made-up picture and a tone
    aiortc-peer.py viewer WS_URL TOKEN DEVICE_ID     watches; connects anew when its connection ends

Says what it sees as lines of JSON. `frames` are decoded pictures, `sound` decoded pieces of sound.
"""
import asyncio
import json
import sys
from datetime import datetime

import websockets
from aiortc import (
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack
from aiortc.sdp import candidate_from_sdp


def say(**what):
    print(json.dumps(what), flush=True)


def envelope(kind, payload):
    return json.dumps({"type": kind, "ts": datetime.utcnow().isoformat(), "payload": payload})


def connection(ice_servers):
    servers = [
        RTCIceServer(urls=one["urls"], username=one.get("username"), credential=one.get("credential"))
        for one in ice_servers
    ]
    return RTCPeerConnection(RTCConfiguration(iceServers=servers))


def candidate_of(payload):
    told = payload.get("candidate")
    if not told or not told.get("candidate"):
        return None
    candidate = candidate_from_sdp(told["candidate"].split(":", 1)[1])
    candidate.sdpMid = told.get("sdpMid")
    candidate.sdpMLineIndex = told.get("sdpMLineIndex")
    return candidate


async def device(url, device_id):
    sessions = {}
    async with websockets.connect(url) as socket:
        await socket.send(envelope("hello", {"device_id": device_id}))
        async for text in socket:
            message = json.loads(text)
            kind, payload = message["type"], message["payload"]
            session = payload.get("session_id")
            if kind == "hello_ack":
                say(state="connected")
            elif kind == "watch_request":
                sessions[session] = connection(payload["ice_servers"])
            elif kind == "signal_offer" and session in sessions:
                peer = sessions[session]
                await peer.setRemoteDescription(RTCSessionDescription(**payload["sdp"]))
                for transceiver in peer.getTransceivers():
                    kind_of = transceiver.kind
                    peer.addTrack(VideoStreamTrack() if kind_of == "video" else AudioStreamTrack())
                await peer.setLocalDescription(await peer.createAnswer())
                sdp = {"type": "answer", "sdp": peer.localDescription.sdp}
                await socket.send(envelope("signal_answer", {"session_id": session, "sdp": sdp}))
            elif kind == "signal_ice" and session in sessions:
                candidate = candidate_of(payload)
                if candidate:
                    await sessions[session].addIceCandidate(candidate)
            elif kind == "watch_ended" and session in sessions:
                await sessions.pop(session).close()
                say(state="ended", reason=payload["reason"])
            elif kind == "error":
                say(error=payload)


async def count(track, counted):
    try:
        while True:
            await track.recv()
            counted["frames" if track.kind == "video" else "sound"] += 1
    except Exception:
        pass


async def watch(url, token, device_id, counted):
    async with websockets.connect(url) as socket:
        await socket.send(envelope("hello", {"token": token}))
        await socket.send(envelope("watch_request", {"device_id": device_id}))
        peer, session = None, None
        try:
            async for text in socket:
                message = json.loads(text)
                kind, payload = message["type"], message["payload"]
                if kind == "watch_ready":
                    session = payload["session_id"]
                    peer = connection(payload["ice_servers"])
                    peer.addTransceiver("video", direction="recvonly")
                    peer.addTransceiver("audio", direction="recvonly")
                    peer.on("track", lambda track: asyncio.ensure_future(count(track, counted)))
                    await peer.setLocalDescription(await peer.createOffer())
                    sdp = {"type": "offer", "sdp": peer.localDescription.sdp}
                    await socket.send(envelope("signal_offer", {"session_id": session, "sdp": sdp}))
                elif kind == "signal_answer":
                    await peer.setRemoteDescription(RTCSessionDescription(**payload["sdp"]))
                    say(state="answered")
                elif kind == "signal_ice":
                    candidate = candidate_of(payload)
                    if candidate:
                        await peer.addIceCandidate(candidate)
                elif kind in ("watch_ended", "error"):
                    say(state=kind, why=payload)
                    return
        finally:
            if peer:
                await peer.close()


async def viewer(url, token, device_id):
    counted = {"frames": 0, "sound": 0}

    async def report():
        while True:
            await asyncio.sleep(0.25)
            say(**counted)

    reporting = asyncio.ensure_future(report())
    try:
        while True:
            try:
                await watch(url, token, device_id, counted)
            except (OSError, websockets.WebSocketException):
                pass
            counted.update(frames=0, sound=0)
            await asyncio.sleep(0.5)
    finally:
        reporting.cancel()


role, *words = sys.argv[1:]
asyncio.run({"device": device, "viewer": viewer}[role](*words))
