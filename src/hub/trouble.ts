import { RecoverableError } from "../util/errors.ts";
import type { HubDevice } from "./api.ts";
import type { DeviceState } from "./state.ts";

/** What stands in place of a device's address. */
const place = "its address";

/**
 * A sentence about a device for people who may use it but do not administer it: it does not say where the device is (its
 * host, its path, any IP address, any `host:port`).
 */
export function withoutAddress(text: string, address: string | undefined): string {
  let told = text.replace(/\b[a-z][a-z0-9+.-]*:\/\/[^\s"']+/gi, place);
  const url = address === undefined ? null : URL.parse(address);
  for (const part of [url?.host, url?.hostname.replace(/^\[|\]$/g, ""), url && pathOf(url)]) {
    if (part && part.length > 1) told = told.replaceAll(part, place);
  }
  return told
    .replace(/\[[0-9a-f:.%\w]*:[0-9a-f:.%\w]*\](:\d+)?/gi, place)
    .replace(/(?<![\w:])[0-9a-f]{0,4}(:[0-9a-f]{0,4}){3,7}(?![\w:])/gi, place)
    .replace(/\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b/g, place)
    .replace(/\b(?=[\w.-]*[a-z])[\w-]+(\.[\w-]+)*:\d{2,5}\b/gi, place)
    .replaceAll(`${place}:`, `${place} `)
    .replace(new RegExp(`^${place} (?=[a-z])`), "it ");
}

/** Why a device shows and plays nothing at the moment, for whoever may use it. */
function whyNot(device: Pick<HubDevice, "state" | "info">): string {
  const { error } = device.state;
  return error ? withoutAddress(error.message, device.info().address) : "it has sent nothing yet";
}

/** A device as the fields of an error name it. */
export function about({ id, name }: Pick<HubDevice, "id" | "name">): {
  readonly device: string;
  readonly name: string;
} {
  return { device: id, name };
}

/** The error for a device that shows and plays nothing. */
export function noPicture(device: Pick<HubDevice, "id" | "name" | "state" | "info">): RecoverableError {
  const reason = device.state.error?.code ?? "nothing-sent";
  return new RecoverableError(`no picture from ${device.name}: ${whyNot(device)}`, {
    code: "no-media",
    fields: { ...about(device), reason },
  });
}

/** {@link withoutAddress} for a device's state. */
export function stateWithoutAddress(state: DeviceState, address: string | undefined): DeviceState {
  const { error } = state;
  return error ? { ...state, error: { ...error, message: withoutAddress(error.message, address) } } : state;
}

function pathOf(url: URL): string | undefined {
  return url.pathname.length > 1 ? decodeURI(url.pathname) : undefined;
}
