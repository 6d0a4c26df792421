import { t } from "../language/t.ts";
/** How it stands with this browser when a bell is pressed. */
export type RingsHere = "rings" | "silent" | "offline" | "quiet" | "may-not";

/** Whether this browser would ring, as a badge and as a sentence. */
export function sayRingsHere(how: RingsHere): { readonly short: string; readonly long: string } {
  return ringsHere[how];
}

const ringsHere: Readonly<Record<RingsHere, { readonly short: string; readonly long: string }>> = {
  rings: { short: t("Rings here"), long: t("This browser rings and is heard when somebody is at the door.") },
  silent: {
    short: t("Silent: touch to allow sound"),
    long: t("This browser shows who rings, without sound until you touch it."),
  },
  offline: {
    short: t("No line to the hub"),
    long: t("This browser does not ring: Home Assistant does not reach the hub."),
  },
  quiet: { short: t("Do not disturb"), long: t("Nothing rings here: do not disturb is on for you.") },
  "may-not": { short: t("Does not ring"), long: t("You may answer no door and no room, so nothing rings here.") },
};

/** What a card says in place of its content. */
export const cardSentences = {
  waiting: t("Waiting for the hub."),
  anotherHub: t("A page shows cards of one hub; this one is of another."),
  elsewhere: t("Calls are shown in another card of this page."),
  nobody: t("Nobody rings."),
  noCamera: t("There is no camera that you may see."),
  noDevice: t("This device is not there, or you may not see it."),
  nobodyToTalkTo: t("There is nobody to whom you may talk."),
} as const;

/** How the editor calls a setting, and what it says below it. */
export const settingWords: Readonly<Record<string, { readonly label: string; readonly help?: string }>> = {
  hub: { label: t("Hub"), help: t("Only needed where there are several.") },
  title: { label: t("Title") },
  device: { label: t("Camera or door") },
  fit: { label: t("Picture") },
  talk: { label: t("Button to talk") },
  urgent: {
    label: t("Button for what is urgent"),
    help: t("For those who may call rooms: it interrupts, or is an emergency."),
  },
  priority: {
    label: t("How urgent an ordinary talk is"),
    help: t("High takes the word from others; it needs the right to call rooms."),
  },
  targets: {
    label: t("Whom one may choose"),
    help: t("Everybody whom you may speak to while nothing is chosen here."),
  },
  hotkey: { label: t("Space bar talks") },
  whole: { label: t("A call fills the screen"), help: t("For wall tablets: over whatever the dashboard shows.") },
  callable: { label: t("List whom one may call") },
  awake: { label: t("Keep the screen on"), help: t("For wall tablets.") },
};

/** The choices of the editor. */
export const choiceWords = {
  contain: t("Whole"),
  cover: t("Fills the card"),
  normal: t("Normal"),
  high: t("High"),
} as const;

/** What the list of cards says of each. */
export const cardWords = {
  camera: {
    name: t("Doorward camera"),
    description: t("Live picture and sound of a camera or door, with hold to talk."),
  },
  talk: { name: t("Doorward talk"), description: t("Speak to a room, an area or everybody: choose, hold, talk.") },
  call: { name: t("Doorward calls"), description: t("Who rings, with picture, answer, decline and opening the door.") },
} as const;

/** Labels on the cards. */
export const labels = {
  to: t("To"),
  soundOn: t("Sound on"),
  soundOff: t("Sound off"),
  callSomebody: t("Call somebody"),
} as const;
