/**
 * A scripted ONVIF camera in a network of its own: `node network-camera.ts '{"host": ..., "password": ..., "uri": ...}'`. Says one
 * line when it is there, and runs until it is ended.
 */
import { answerProbes } from "./onvif-answers.ts";
import { OnvifCamera } from "./onvif-camera.ts";

const { host, password, uri, computer } = JSON.parse(process.argv[2] ?? "{}") as {
  readonly host: string;
  readonly password: string;
  readonly uri: string;
  readonly computer?: boolean;
};
const profile = { encoding: "H264" } as const;
await using camera = await OnvifCamera.start({
  ...{ username: "admin", password, aheadMs: 3_600_000 },
  listen: { host, port: 80 },
  profiles: [
    { ...profile, token: "small", widthPx: 640, heightPx: 360, uri: `${uri.slice(0, -1)}2` },
    { ...profile, token: "large", widthPx: 2560, heightPx: 1440, uri },
  ],
});
using _answers = await answerProbes({
  host,
  url: camera.url,
  name: "HIKVISION DS-2CD2143",
  hardware: "DS-2CD2143",
  computer: computer === true,
});
console.log("there");
await new Promise(() => {});
