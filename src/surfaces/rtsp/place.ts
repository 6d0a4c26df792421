/** What a client's URI means. */
export interface Place {
  readonly deviceId: string;
  /** `main`, or the small picture, `sub`. */
  readonly label: "main" | "sub";
  /** One medium of it; absent for all of them. */
  readonly control?: string;
}

const labels = ["main", "sub"] as const;
const maxChars = 512;

/**
 * Reads `rtsp://hub/<device>`, `.../<device>/sub`, and either with `/trackID=<n>` behind it. A query counts for nothing,
 * wherever a client puts the control beside it. Undefined for anything else.
 */
export function placeOf(uri: string): Place | undefined {
  if (uri.length > maxChars) return undefined;
  const path = uri.replace(/^rtsps?:\/\/[^/?#]*/i, "");
  const found = /\/trackID=(\d{1,2})\/?$/i.exec(path);
  const [way = ""] = path.slice(0, found?.index).split(/[?#]/);
  const parts = decoded(way).split("/").filter(Boolean);
  const [deviceId, label = "main", ...more] = parts;
  const known = labels.find((one) => one === label);
  if (deviceId === undefined || known === undefined || more.length > 0) return undefined;
  return { deviceId, label: known, ...(found && { control: `trackID=${found[1]}` }) };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
