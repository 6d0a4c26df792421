import { z } from "zod";
import { type Route, route } from "../route.ts";
import { hubMessageSchemas } from "./hub-schemas.ts";
import { pageMessageSchema } from "./messages.ts";

/** A JSON object. */
type Json = Readonly<Record<string, unknown>>;

/** Where the messages go. */
export const eventsPath = "/api/v1/events";

/** What readers may say, by type. */
const readerMessages = Object.fromEntries(pageMessageSchema.options.map((one) => [one.shape.type.value, one]));

/** The document of the hub's events (AsyncAPI 3.0), made of the schemas of the messages. */
export function asyncApiDocument(): Json {
  const hub = messagesOf("hub", hubMessageSchemas, "output");
  const reader = messagesOf("reader", readerMessages, "input");
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Doorward: events",
      version: "1.0.0",
      description:
        "What happens in the house, as JSON over a WebSocket. Readers show a token (Bearer) or the cookie of a session, and are told " +
        "only what they may see. Types that a reader does not know are to be passed over: others may be added.",
      license: { name: "MIT" },
    },
    defaultContentType: "application/json",
    servers: {
      hub: {
        host: "{host}",
        protocol: "wss",
        variables: { host: { default: "localhost:8443", description: "Name and port of the hub." } },
        security: [{ $ref: "#/components/securitySchemes/bearer" }],
      },
    },
    channels: {
      events: {
        address: eventsPath,
        servers: [{ $ref: "#/servers/hub" }],
        messages: Object.fromEntries([...hub, ...reader].map(([name]) => [name, refTo(`components/messages/${name}`)])),
      },
    },
    operations: {
      tell: operation("send", { messages: hub, summary: "What the hub tells." }),
      take: operation("receive", { messages: reader, summary: "What a reader may say." }),
    },
    components: {
      messages: Object.fromEntries([...hub, ...reader]),
      securitySchemes: { bearer: { type: "http", scheme: "bearer", description: "A token of the hub." } },
    },
  };
}

/** Serves the document. */
export function asyncApiRoute(): Route {
  return route({
    method: "GET",
    path: "/api/v1/asyncapi.json",
    summary: `What the hub tells on the WebSocket ${eventsPath}, as an AsyncAPI document`,
    right: "signed-in",
    answers: { 200: { description: "AsyncAPI 3.0", schema: z.looseObject({ asyncapi: z.string() }) } },
    handle: asyncApiDocument,
  });
}

type Message = readonly [name: string, message: Json];

function messagesOf(
  by: string,
  schemas: Readonly<Record<string, z.ZodType>>,
  io: "input" | "output",
): readonly Message[] {
  return Object.entries(schemas).map(([type, schema]) => {
    const {
      $schema: _,
      description,
      ...payload
    } = z.toJSONSchema(schema, {
      io,
      target: "draft-7",
      unrepresentable: "any",
    });
    return [`${by}.${type}`, { name: type, ...(description && { summary: description }), payload }];
  });
}

function operation(
  action: "send" | "receive",
  { messages, summary }: { readonly messages: readonly Message[]; readonly summary: string },
): Json {
  return {
    action,
    summary,
    channel: refTo("channels/events"),
    messages: messages.map(([name]) => refTo(`channels/events/messages/${name}`)),
  };
}

function refTo(path: string): Json {
  return { $ref: `#/${path}` };
}
