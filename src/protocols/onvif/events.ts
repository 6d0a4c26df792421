import { WireError } from "../../util/errors.ts";
import { readEnvelope } from "./soap.ts";
import { child, children, textAt, type XmlNode } from "./xml.ts";

const events = 'xmlns:e="http://www.onvif.org/ver10/events/wsdl"';
const wsn = "http://docs.oasis-open.org/wsn/bw-2";
const portType = "http://www.onvif.org/ver10/events/wsdl";

/** The requests that a subscription is made of (ONVIF Core, 9.1 and 9.2). */
export const eventRequests = {
  create: (seconds: number) => ({
    action: `${portType}/EventPortType/CreatePullPointSubscriptionRequest`,
    body: `<e:CreatePullPointSubscription ${events}><e:InitialTerminationTime>PT${seconds}S</e:InitialTerminationTime></e:CreatePullPointSubscription>`,
  }),
  pull: (seconds: number) => ({
    action: `${portType}/PullPointSubscription/PullMessagesRequest`,
    body: `<e:PullMessages ${events}><e:Timeout>PT${seconds}S</e:Timeout><e:MessageLimit>32</e:MessageLimit></e:PullMessages>`,
  }),
  renew: (seconds: number) => ({
    action: `${wsn}/SubscriptionManager/RenewRequest`,
    body: `<n:Renew xmlns:n="http://docs.oasis-open.org/wsn/b-2"><n:TerminationTime>PT${seconds}S</n:TerminationTime></n:Renew>`,
  }),
  unsubscribe: () => ({
    action: `${wsn}/SubscriptionManager/UnsubscribeRequest`,
    body: `<n:Unsubscribe xmlns:n="http://docs.oasis-open.org/wsn/b-2"/>`,
  }),
} as const;

/** Something that a camera tells. */
export interface OnvifNotification {
  /** `tns1:Device/Trigger/DigitalInput`, with the camera's prefixes. */
  readonly topic: string;
  /** `Initialized`: how it stands, told when a subscription begins; nothing has happened. */
  readonly operation: "Initialized" | "Changed" | "Deleted";
  /** What it is about: `{ InputToken: "1" }`. */
  readonly source: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
}

const maxNotifications = 256;

/** What a PullMessages answer tells; what makes no sense in it is passed over. */
export function notificationsOf(body: XmlNode): OnvifNotification[] {
  const list = children(child(body, "PullMessagesResponse"), "NotificationMessage").slice(0, maxNotifications);
  return list.flatMap((one) => {
    const topic = textAt(one, "Topic");
    const message = child(one, "Message", "Message");
    if (topic === undefined || topic === "" || !message) return [];
    const operation = message["@PropertyOperation"];
    return [
      {
        topic: topic.slice(0, 256),
        operation: operation === "Initialized" || operation === "Deleted" ? operation : "Changed",
        source: itemsOf(message, "Source"),
        data: itemsOf(message, "Data"),
      },
    ];
  });
}

/** Where a subscription's messages are fetched. */
export interface PullPoint {
  readonly address: string;
  /** XML that every request to it carries. */
  readonly reference: string;
}

/** The subscription that was made, from the answer's text. Throws WireError when it names none, and as `readEnvelope`. */
export function pullPointOf(answer: string): PullPoint {
  const reference = child(readEnvelope(answer), "CreatePullPointSubscriptionResponse", "SubscriptionReference");
  const address = textAt(reference, "Address");
  if (address === undefined || address === "") throw new WireError("ONVIF: a subscription without address");
  return { address, reference: child(reference, "ReferenceParameters") ? parametersIn(answer) : "" };
}

function itemsOf(message: XmlNode, part: "Source" | "Data"): Readonly<Record<string, string>> {
  const items = children(child(message, part), "SimpleItem").slice(0, 32);
  const pairs = items.flatMap((item) => {
    const { "@Name": name, "@Value": value } = (item ?? {}) as Record<string, unknown>;
    return typeof name === "string" && typeof value === "string" ? [[name, value.slice(0, 256)] as const] : [];
  });
  return Object.fromEntries(pairs);
}

/** Its parameters as they stand there, each with the namespace of its prefix: nothing of them is ours to understand. */
function parametersIn(answer: string): string {
  const inside = /<(?:[\w.-]+:)?ReferenceParameters[^>]*>([\s\S]{0,4096}?)<\/(?:[\w.-]+:)?ReferenceParameters>/.exec(
    answer,
  )?.[1];
  const found = [...(inside ?? "").matchAll(/<([\w.-]{1,64}):([\w.-]{1,64})[^>]{0,512}>([^<]{0,512})<\/\1:\2>/g)].slice(
    0,
    8,
  );
  return found
    .map(([, prefix = "", name, value]) => {
      const space =
        new RegExp(`xmlns:${prefix.replaceAll(".", "\\.")}=["']([^"'<>]{1,512})["']`).exec(answer)?.[1] ?? "";
      return `<${prefix}:${name} xmlns:${prefix}="${space}" a:IsReferenceParameter="true">${value}</${prefix}:${name}>`;
    })
    .join("");
}
