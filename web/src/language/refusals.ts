import type { ProblemFields } from "../../../src/surfaces/problem.ts";
import type { Refused } from "./hub-words.ts";
import { t } from "./t.ts";

type Say = (fields: ProblemFields) => string;

/** What each refusal means, by the hub's code for it. English is not said from here: the hub's own sentence knows more. */
const refusals: Readonly<Record<string, Say>> = {
  "bad-config": () => t("The hub does not take this: something in it is not right."),
  "bad-host": () => t("The hub does not answer to this name; set http.publicName."),
  "bad-name": () =>
    t("A name has 1 to 64 letters, digits, spaces, dots, dashes and underscores, and begins with a letter or digit."),
  "bad-url": () => t("This is not one of the addresses that sounds are fetched from."),
  "bad-voice": () => t("There is no such voice."),
  "bad-text": () => t("The text is empty or too long."),
  "bad-chime": () => t("This is not a WAV file, or it is too large."),
  "beyond-rights": () => t("A token cannot have rights that you do not have."),
  "built-in": () => t("It is one of the hub's own, or a file of its sounds folder, and stays."),
  "by-ingress": () => t("Home Assistant says here who you are. Open the hub at its own address to do this."),
  "call-refused": () => t("The call cannot be answered or changed like this any more."),
  busy: () => t("The hub is busy; please try again in a moment."),
  changed: () => t("It was changed meanwhile: look at it again."),
  closing: () => t("The hub is ending; please try again in a moment."),
  configured: () => t("It stands in the configuration file: change it there."),
  disabled: () => t("The device is switched off."),
  exists: () => t("There is one of this name already."),
  forbidden: () => t("You do not have the right to do this."),
  "host-not-listed": () => t("This is not one of the addresses that sounds are fetched from."),
  "in-sounds": () => t("It is a file of the sounds folder: delete it there."),
  internal: () => t("Something went wrong in the hub; its log says more."),
  invalid: () => t("The hub does not take this: something in it is not right."),
  "last-administrator": () => t("The last administrator cannot be removed."),
  "name-taken": () => t("Somebody else has this name already."),
  "no-answer": () => t("It does not answer."),
  "no-broker": () => t("There is no MQTT broker by which the station could be told."),
  "no-button": () => t("It has no button that can be set now."),
  "no-call": () => t("This call is over."),
  "no-chime": ({ name }) => (name ? t("There is no chime {name}.", { name }) : t("There is no such chime.")),
  "no-folder": () => t("This hub keeps no sounds."),
  "no-invitation": () =>
    t("This invitation is no longer good: it was used, withdrawn, or is too old. Ask for another one."),
  "no-lock": () => t("There is no lock."),
  "no-media": () => t("No picture comes from this camera."),
  "no-priority": () => t("Its button has no urgency that could be set."),
  "no-sound": () => t("There is no sound in this file."),
  "no-speaker": () => t("It has no speaker."),
  "no-speech-engine": () => t("No speech engine is installed; install espeak-ng."),
  "no-such-file": () => t("There is no file at this address."),
  "no-target": () => t("There is nobody of this name whom you may set it to."),
  "no-voice": () => t("No speech engine is installed; install espeak-ng."),
  "not-audio": () => t("There is no sound in this file."),
  "not-found": () => t("This is no longer there."),
  "not-locked": () => t("This screen is not locked."),
  "not-private": () => t("Cameras are looked for at addresses of private networks alone."),
  "not-said": () => t("Nobody could be told."),
  offline: () => t("The device is not connected."),
  "panel-locked": () => t("This screen is locked: it is a wall tablet's."),
  "password-needed": () => t("Give your password again to do this."),
  pending: () => t("The device waits for an administrator to let it in."),
  "ptz-failed": () => t("The camera does not turn."),
  "ptz-held": ({ holder }) =>
    holder ? t("{name} turns it at the moment.", { name: holder }) : t("Somebody turns it at the moment."),
  "ptz-none": () => t("This device cannot be turned."),
  "push-refused": () => t("The browser's own service did not take the notification."),
  "refused-address": () => t("This is not one of the addresses that sounds are fetched from."),
  refused: () => t("The hub refuses this."),
  "setup-code-expired": () => t("The set-up code is no longer valid; start the hub again to get a new one."),
  "setup-done": () => t("The hub is set up already; sign in instead."),
  "setup-needed": () => t("The hub is not set up yet."),
  "signed-out": () => t("Please sign in again."),
  store: () => t("The hub's disk did not keep it. Try again in a moment."),
  taken: () => t("Somebody else was faster."),
  timeout: () => t("No answer came in time."),
  "too-large": () => t("That is too large."),
  "relay-host": () => t("The lock's relay is not named in the configuration: locks.relayHosts."),
  "relay-refused": () => t("The lock's relay did not do it."),
  "too-slow": () => t("No answer came in time."),
  "too-many-chimes": () => t("There are as many as there may be: remove one first."),
  "too-many-hosts": () => t("There are as many as there may be: remove one first."),
  "too-many-sounds": () => t("There are as many as there may be: remove one first."),
  "too-many-publishers": () => t("The hub is busy; please try again in a moment."),
  "too-many-tokens": () => t("There are as many as there may be: remove one first."),
  "too-many-tries": () => t("Too many tries; please wait a minute."),
  "too-many-viewers": () => t("Too many pictures are open."),
  "unknown-user": () => t("This person is no longer there."),
  unreachable: () => t("It does not answer at this address."),
  "wrong-code": () => t("This is not the code that the hub printed."),
};

/** A refusal as a sentence of the page's language, by its code; undefined for one that is not known. */
export function refusalOf({ code, status, fields }: Refused): string | undefined {
  if (code === "wrong-password")
    return status === 403 ? t("This is not your password.") : t("Name and password do not fit.");
  if (code.startsWith("unlock-"))
    return [t("The door was not opened."), refusals[code.slice("unlock-".length)]?.(fields)].filter(Boolean).join(" ");
  return refusals[code]?.(fields);
}

/** Codes that {@link refusalOf} knows. */
export const knownRefusals: readonly string[] = [...Object.keys(refusals), "wrong-password"];
