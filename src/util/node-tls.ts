/**
 * What the hub uses of TLS, loaded with the first call of either: 6 MB of memory and a twentieth of a start (Node 24), which a
 * hub that nobody has yet spoken to in encrypted form does without. A test holds that nobody imports them otherwise.
 */
export const tls = (): typeof import("node:tls") => process.getBuiltinModule("node:tls");

/** node:https, as {@link tls}. */
export const https = (): typeof import("node:https") => process.getBuiltinModule("node:https");
