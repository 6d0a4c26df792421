import type { SoapRequest } from "./soap.ts";
import { child, textAt, type XmlNode } from "./xml.ts";

const service = "http://www.onvif.org/ver10/device/wsdl";

/** Services of a camera that are asked for. */
export type OnvifService = "Events" | "Media" | "PTZ";

/** Where cameras have their device service, likeliest first: the usual ports, then those of TP-Link, Hi3510 and others. */
export const onvifPorts: readonly number[] = [80, 8080, 8000, 2020, 8899, 5000];

/** The requests about a camera itself (ONVIF Core, 8.3.1 and 8.1.2.3). */
export const deviceRequests = {
  time: (): SoapRequest => ({
    action: `${service}/GetSystemDateAndTime`,
    body: `<d:GetSystemDateAndTime xmlns:d="${service}"/>`,
  }),
  capabilities: (category: "All" | OnvifService): SoapRequest => ({
    action: `${service}/GetCapabilities`,
    body: `<d:GetCapabilities xmlns:d="${service}"><d:Category>${category}</d:Category></d:GetCapabilities>`,
  }),
} as const;

/** Where a camera's service of a kind is, by its capabilities; undefined when it does not say so. */
export function serviceAddressOf(body: XmlNode | undefined, kind: OnvifService): string | undefined {
  return textAt(child(body, "GetCapabilitiesResponse", "Capabilities", kind), "XAddr");
}

/** What the camera's clock shows, ms since 1970; undefined when it does not say or shows nonsense. */
export function cameraTimeOf(body: XmlNode): number | undefined {
  const utc = child(body, "GetSystemDateAndTimeResponse", "SystemDateAndTime", "UTCDateTime");
  const part = (...path: readonly string[]) => Number(textAt(utc, ...path) ?? Number.NaN);
  const day = [part("Date", "Year"), part("Date", "Month") - 1, part("Date", "Day")] as const;
  const ms = Date.UTC(...day, part("Time", "Hour"), part("Time", "Minute"), part("Time", "Second"));
  return Number.isFinite(ms) ? ms : undefined;
}
