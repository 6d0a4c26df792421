import { z } from "zod";
import { parsePriority, parseRoomTopic } from "../../../protocols/room/topics.ts";
import type { MessageBus } from "../../bus.ts";

/** What is to be said, as somebody sent it. */
export interface Notice {
  /** A text, or the address of a sound. */
  readonly message: string;
  /** A room's name, where it is not for the station that the topic names. */
  readonly target?: string | undefined;
  readonly priority?: 0 | 1 | 2 | undefined;
}

const maxMessage = 2048;

const noticeSchema = z.object({
  message: z.string(),
  target: z.string().max(64).optional(),
  priority: z.string().max(16).optional(),
});

/**
 * A payload of `intercom/<id>/notify`: plain text, or JSON with `message` and, beyond the seed's, `target` and `priority`.
 * Undefined for one that says nothing.
 */
export function parseNotice(payload: string): Notice | undefined {
  const { message, target, priority } = readNotice(payload);
  const text = message.trim();
  if (text === "" || text.length > maxMessage) return undefined;
  return {
    message: text,
    ...(target !== undefined && { target }),
    ...(priority !== undefined && { priority: parsePriority(priority) }),
  };
}

/** Calls `say` for each notice to a station that is known here. */
export function followNotices(bus: MessageBus, say: (id: string, notice: Notice) => void): Disposable {
  return bus.onCommand("intercom/+/notify", ({ topic, payload }) => {
    const address = parseRoomTopic(topic);
    const notice = parseNotice(payload);
    if (address?.kind === "notify" && notice) say(address.station, notice);
  });
}

/** What is no JSON, and a number, is a text; JSON that says nothing (`null`, `[]`) is none. */
function readNotice(payload: string): z.infer<typeof noticeSchema> {
  let json: unknown;
  try {
    json = JSON.parse(payload);
  } catch {
    return { message: payload };
  }
  if (typeof json === "number") return { message: payload };
  return noticeSchema.safeParse(typeof json === "string" ? { message: json } : json).data ?? { message: "" };
}
