// A viewer in a process of its own, which its parent kills: nobody says goodbye.
import { weriftViewer } from "./webrtc-werift.ts";

const viewer = await weriftViewer({ setup: "active" });
process.on("message", (answerSdp: string) => void viewer.accept(answerSdp));
process.once("disconnect", () => process.exit(0));
process.send?.(viewer.offerSdp);
await viewer.connected;
let sequence = 0;
setInterval(() => {
  sequence++;
  viewer.speak({ sequence, timestamp: sequence * 960, payload: Uint8Array.of(0xfc, 1, 2, 3) });
}, 20);
