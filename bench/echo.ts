// A program that sends back what it is sent, for bench/machine-floor.ts.
import { createSocket } from "node:dgram";

const socket = createSocket("udp4");
socket.on("message", (message, { port, address }) => socket.send(message, port, address));
socket.bind(0, "127.0.0.1", () => process.send?.(socket.address().port));
