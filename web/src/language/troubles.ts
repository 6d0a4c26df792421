import { t } from "./t.ts";

/** What keeps a device from working, by the code of its driver's error. English is not said from here: the hub's own sentence names addresses and more. */
const troubles: Readonly<Record<string, () => string>> = {
  "bad-address": () => t("Its address cannot be used."),
  "bad-config": () => t("Something in its settings is not right."),
  "bad-description": () => t("It describes its pictures in a way that cannot be read."),
  "bad-protocol": () => t("What answers there does not speak this protocol."),
  "bad-redirect": () => t("It sends its viewers on to something that is no camera."),
  busy: () => t("It is busy; it is tried again."),
  closed: () => t("It ended the connection."),
  "connection-lost": () => t("The connection to it was lost."),
  "driver-fault": () => t("The hub made a mistake with it; its log has more."),
  empty: () => t("There is nothing in this file that can be shown."),
  ended: () => t("It ended the connection."),
  "file-ended": () => t("The file is at its end."),
  forbidden: () => t("It does not let this user see its picture."),
  lost: () => t("The connection to it was lost."),
  "no-answer": () => t("It does not answer."),
  "no-ffmpeg": () => t("Nothing can be converted on this machine: FFmpeg is missing."),
  "no-key-frame": () => t("Bytes come, but no picture is in them."),
  "no-media": () => t("There is neither picture nor sound at its address."),
  "no-picture": () => t("It sends no picture."),
  "no-port": () => t("No port is free on the hub's machine."),
  "no-such-file": () => t("There is no such file."),
  "no-such-video": () => t("There is no such picture at its address."),
  "not-a-camera": () => t("What answers there does not answer like a camera."),
  "not-a-picture": () => t("What it sends is no picture."),
  "not-found": () => t("There is nothing at this path of its address."),
  offline: () => t("The device is not connected."),
  "password-needed": () => t("It asks for a user name and password."),
  redirected: () => t("It sends its viewers on to another address."),
  "redirected-away": () => t("It sends its viewers on to another machine: set that address if you trust it."),
  refused: () => t("It refuses the connection."),
  "session-lost": () => t("It has forgotten the hub; it is called again."),
  silent: () => t("It is connected, but sends nothing."),
  stuck: () => t("It takes no sound at the moment."),
  timeout: () => t("It does not answer."),
  "tls-fingerprint": () => t("It shows another certificate than the one agreed on."),
  "tls-untrusted": () => t("It shows a certificate that no known authority signed."),
  "transport-refused": () => t("It agrees to no way to send its pictures."),
  "unknown-authentication": () => t("It asks for a way to sign in that the hub does not know."),
  "unknown-codec": () => t("There is nothing in this file that can be shown."),
  unreachable: () => t("Nothing answers at its address."),
  "unsupported-codec": () => t("It sends a kind of picture that the hub does not know: set it to H.264 or H.265."),
  "worker-lost": () => t("A part of the hub ended; it is started again."),
  "wrong-password": () => t("The camera refused the name or the password."),
};

/** What is the matter with a device, in the page's language; undefined for what is not known. */
export function troubleOf(code: string): string | undefined {
  return troubles[code]?.();
}

/** Codes that {@link troubleOf} knows. */
export const knownTroubles: readonly string[] = Object.keys(troubles);
