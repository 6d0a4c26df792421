import { Socket } from "node:net";
import { deserialize } from "node:v8";
import { WireError } from "../../../util/errors.ts";
import { leaveSignalsToHub } from "../../process.ts";
import { type CutMedia, type MediaMessage, readMedia } from "../engine/media.ts";
import { type MessageReader, MessageSplitter } from "../engine/message.ts";
import { said, wireLimits } from "../engine/wire.ts";
import type { FromPublishChild, ToPublishChild } from "../messages.ts";
import { writeSaid } from "../node-link.ts";

/** What the child hears: all that the hub says, its frames cut into packets. */
export type FromHub = Exclude<ToPublishChild, MediaMessage> | CutMedia;

const pipeDescriptor = 3;

/**
 * The child's end of the pipe (`node-link.ts`): hears the hub, says it is ready, and gives the function that answers. When the hub
 * goes away, for whatever reason, the process ends.
 */
export function serveHub(onMessage: (message: FromHub) => void): (message: FromPublishChild) => void {
  leaveSignalsToHub();
  const pipe = new Socket({ fd: pipeDescriptor, readable: true, writable: true });
  const splitter = new MessageSplitter(wireLimits.messageBytes);
  const end = () => process.exit(0);
  for (const over of ["end", "error", "close"]) pipe.once(over, end);
  pipe.on("data", (chunk: Buffer) => {
    for (const message of splitter.push(chunk)) onMessage(readMedia(message) ?? readSaid(message));
  });
  const post = (message: object): void => {
    if (pipe.writable) pipe.write(writeSaid(message));
  };
  post({ type: "ready" });
  return post;
}

function readSaid(message: MessageReader): FromHub {
  if (message.code !== said.code) throw new WireError(`hub: message ${message.code}`);
  return deserialize(message.rest()) as FromHub;
}
