/** What is known of a maker's cameras: how they give themselves away, and at which paths their pictures are. */
export interface Maker {
  readonly name: string;
  /** In a name, a model, or what the camera's servers call themselves. */
  readonly tells: RegExp;
  /** Paths of the large picture, likeliest first. */
  readonly paths: readonly string[];
}

const hikvision = ["/Streaming/Channels/101", "/h264/ch1/main/av_stream", "/ISAPI/Streaming/channels/101"];
const dahua = ["/cam/realmonitor?channel=1&subtype=0"];
const reolink = ["/Preview_01_main", "/h264Preview_01_main", "/h265Preview_01_main"];
const xiongmai = ["/user=admin&password=&channel=1&stream=0.sdp?", "/stream1"];

/**
 * Makers by their habits, from their manuals. Whose cameras others build comes after who builds them, so that a name is found before its
 * builder's.
 */
export const makers: readonly Maker[] = [
  { name: "Annke", tells: /annke/i, paths: [...hikvision, ...dahua] },
  { name: "Ezviz", tells: /ezviz/i, paths: ["/h264_stream", ...hikvision] },
  { name: "Amcrest", tells: /amcrest/i, paths: dahua },
  { name: "Lorex", tells: /lorex/i, paths: [...dahua, "/ch01.264?ptype=udp"] },
  { name: "Imou", tells: /\bimou\b|lechange/i, paths: dahua },
  { name: "Swann", tells: /swann/i, paths: [...hikvision, ...dahua, "/ch01/0", "/live/h264"] },
  { name: "Reolink", tells: /reolink|\bRLC-?\d|\bE1 (zoom|pro)/i, paths: reolink },
  { name: "TP-Link", tells: /tp-?link|tapo|\bvigi\b|\bTC\d{2}\b|\bC[1-5]\d\d\b/i, paths: ["/stream1", "/h264_stream"] },
  { name: "Axis", tells: /\baxis\b/i, paths: ["/axis-media/media.amp", "/onvif-media/media.amp"] },
  { name: "Foscam", tells: /foscam|\bFI9\d{3}/i, paths: ["/videoMain", "/video1"] },
  { name: "Yoosee", tells: /yoosee|gwell|hipcam real server/i, paths: ["/onvif1", "/11"] },
  {
    name: "Wyze or Ingenic",
    tells: /wyze|ingenic|thingino|openmiko|dafang/i,
    paths: ["/ch0", "/live", "/unicast", "/stream1"],
  },
  { name: "Ubiquiti", tells: /ubiquiti|unifi|\bUVC\b/i, paths: ["/s0", "/main", "/live/ch00_0"] },
  {
    name: "Uniview",
    tells: /uniview|\bunv\b|\bIPC\d{3}[A-Z]{1,2}-/i,
    paths: ["/media/video1", "/unicast/c1/s0/live", "/video1"],
  },
  { name: "Eufy", tells: /eufy|anker/i, paths: ["/live0", "/stream1"] },
  { name: "D-Link", tells: /d-?link|\bDCS-\d/i, paths: ["/live1.sdp", "/play1.sdp", "/live/ch00_0"] },
  { name: "Vivotek", tells: /vivotek/i, paths: ["/live.sdp", "/live1s1.sdp", "/media2/stream.sdp?profile=Profile200"] },
  {
    name: "Hanwha",
    tells: /hanwha|wisenet|samsung techwin/i,
    paths: ["/profile2/media.smp", "/profile1/media.smp", "/0/profile2/media.smp"],
  },
  {
    name: "Bosch",
    tells: /\bbosch\b|autodome|flexidome|dinion/i,
    paths: ["/rtsp_tunnel", "/?inst=1", "/video?inst=1"],
  },
  { name: "Sony", tells: /\bsony\b|\bSNC-/i, paths: ["/media/video1", "/video1"] },
  {
    name: "Panasonic",
    tells: /panasonic|i-pro|\bWV-/i,
    paths: ["/MediaInput/h264/stream_1", "/MediaInput/h264", "/Src/MediaInput/stream_1"],
  },
  { name: "Mobotix", tells: /mobotix/i, paths: ["/mobotix.h264", "/stream0/mobotix.h264"] },
  { name: "Milesight", tells: /milesight/i, paths: ["/main"] },
  { name: "TVT", tells: /\btvt\b/i, paths: ["/profile1"] },
  { name: "XMEye", tells: /xmeye|xiongmai|h264dvr/i, paths: xiongmai },
  { name: "Hikvision", tells: /hikvision|hiwatch|\bDS-[27]|app-webs|dnvrs-webs/i, paths: hikvision },
  { name: "Dahua", tells: /dahua|\bIPC-H|\bDH-|rtsp server\/2\.0/i, paths: dahua },
];

/** Paths of servers that say nothing of their maker, beside those of the makers. */
const others = [
  "/live/ch00_0",
  "/live",
  "/live.sdp",
  "/stream",
  "/h264",
  "/video",
  "/media.amp",
  "/cam1/h264",
  "/ucast/11",
  "/av0_0",
  "/11",
  "/mpeg4",
  "/",
];

/** The maker that some words of a camera's give away. */
export function makerOf(words: readonly (string | undefined)[]): Maker | undefined {
  const text = words.filter((word) => word !== undefined).join(" \n ");
  return makers.find(({ tells }) => tells.test(text));
}

/** Most paths that are tried at one camera. */
export const mostPaths = 40;

/** Paths that may be a camera's, its maker's first, then those that fit most cameras; each once. */
export function pathsToTry(maker: string | undefined): readonly string[] {
  const own = makers.find(({ name }) => name === maker)?.paths ?? [];
  const builders = ["Hikvision", "Dahua", "TP-Link", "Reolink", "Yoosee"];
  const likely = builders.flatMap((name) => makers.find((one) => one.name === name)?.paths ?? []);
  const firsts = makers.flatMap(({ paths }) => paths.slice(0, 1));
  return [...new Set([...own, ...likely, ...firsts, ...others])].slice(0, mostPaths);
}
