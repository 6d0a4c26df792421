import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { background } from "../../util/background.ts";
import type { Log } from "../../util/log.ts";
import { answerJson, bearerOf, urlOf } from "../own-port.ts";
import { type Route, route } from "../route.ts";
import type { Rest, RestAnswer, RestCall } from "./rest.ts";

const maxBodyBytes = 64 * 1024;
const perMinute = 120;
const idParams = z.object({ id: z.string().max(128) });
const anyQuery = z.looseObject({ device_id: z.string().max(128).optional() });

/** The seed's HTTP for the hub's own port: by a token that it shows, never by a cookie. */
export function restRoutes({ calls }: Pick<Rest, "calls">): readonly Route[] {
  return calls.map(({ method, path, summary, answer }) =>
    route({
      method,
      path,
      summary,
      right: "none",
      ownCredential: true,
      perMinute,
      ...(path.includes(":id") && { params: idParams }),
      query: anyQuery,
      answers: { 200: { description: "As the camera agents' protocol has it" } },
      handle: async ({ request, reply, params }) => {
        const id = (params as z.output<typeof idParams> | undefined)?.id;
        const { raw, body, ip: address } = request;
        const { status, body: told } = await answer({ url: urlOf(raw), body, bearer: bearerOf(raw), address }, id);
        if (status === 401) reply.header("www-authenticate", "Bearer");
        return reply.header("cache-control", "no-store").code(status).send(told);
      },
    }),
  );
}

/** The seed's HTTP on a port of its own. */
export function restAnswerer({ calls, atRoot }: Rest, log: Log) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    background(
      answerTo([...calls, ...atRoot], request).then((answer) => answerJson(response, answer)),
      (err) => log.debug({ err }, "a request was not answered"),
    );
  };
}

async function answerTo(calls: readonly RestCall[], request: IncomingMessage): Promise<RestAnswer> {
  const url = urlOf(request);
  const [, id] = /^\/api\/devices\/([^/]+)\/status$/.exec(url.pathname) ?? [];
  const path = id === undefined ? url.pathname : "/api/devices/:id/status";
  const call = calls.find((one) => one.method === request.method && one.path === path);
  if (!call) return { status: 404, body: { detail: "Not Found" } };
  const read = call.method === "POST" ? await bodyOf(request) : {};
  if (read.refusal) return read.refusal;
  const address = request.socket.remoteAddress ?? "";
  return await call.answer({ url, body: read.body, bearer: bearerOf(request), address }, decoded(id ?? ""));
}

function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return "";
  }
}

async function bodyOf(request: IncomingMessage): Promise<{ readonly body?: unknown; readonly refusal?: RestAnswer }> {
  const refused = (status: number, detail: string) => ({ refusal: { status, body: { detail } } });
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) return refused(413, "The body is larger than 64 KiB.");
    chunks.push(chunk);
  }
  if (bytes === 0) return {};
  try {
    return { body: JSON.parse(Buffer.concat(chunks).toString("utf8")) };
  } catch {
    return refused(422, "The body is not JSON.");
  }
}
