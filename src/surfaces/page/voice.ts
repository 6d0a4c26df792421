import { z } from "zod";
import type { Hub } from "../../hub/hub.ts";
import { mayUse } from "../../hub/reach.ts";
import type { Voice } from "../../hub/voices.ts";
import { callerOf } from "../../identity/behalf.ts";
import type { Principal } from "../../identity/policy.ts";
import type { Viewer, WebRtcWorker } from "../../media/viewer.ts";
import { messageOf } from "../../util/errors.ts";
import { notFound, Problem } from "../problem.ts";
import { type Route, route } from "../route.ts";
import type { House } from "../surface.ts";
import { parseSdpFragment } from "../webrtc/sdp-fragment.ts";
import { voiceOf } from "../webrtc/voice-of.ts";

/** Options of {@link voiceRoutes}. */
export interface VoiceOptions {
  readonly hub: Pick<Hub, "voices" | "devices" | "identity" | "log">;
  readonly webrtc: WebRtcWorker;
  /** TURN servers are told as to whoever watches. */
  readonly iceLinks: House["iceLinks"];
}

interface Connection extends AsyncDisposable {
  /** Whose place it takes. */
  readonly person: string;
  readonly voice: Voice;
  readonly viewer: Viewer;
}

const params = z.object({ voice: z.string().max(64) });
const sdp = z.string().min(1).max(65_536);
/** One of each page and station of a person, and a few to spare. Pages connect before anybody speaks: the longest idle makes room. */
const maxPerPerson = 16;

/**
 * A microphone at the hub, with no picture: POST an offer that sends Opus, PATCH candidates, DELETE it (the shape of WHIP,
 * RFC 9725). What it is said to is asked for at the page's socket, again and again for one connection.
 */
export function voiceRoutes(options: VoiceOptions): readonly Route[] {
  const { hub, iceLinks } = options;
  const open = new Map<string, Connection>();
  const find = (id: string, principal: Principal): Connection => {
    const connection = open.get(id);
    if (connection?.voice.owner !== callerOf(principal)) throw new Problem(404, notFound);
    return connection;
  };
  return [
    route({
      method: "POST",
      path: "/voice",
      summary: "Connects a microphone",
      right: "signed-in",
      panel: true,
      body: sdp,
      bodyType: "application/sdp",
      bearerWrites: true,
      answers: { 201: { description: "The answer; Location is the voice", mediaType: "application/sdp" } },
      handle: async ({ principal, body, reply, signal }) => {
        await admit(hub, { principal, open: [...open.values()] });
        const connection = await connect(options, { principal, offerSdp: body, open });
        if (signal.aborted) await connection[Symbol.asyncDispose]();
        const { id } = connection.voice;
        const links = iceLinks(id);
        if (links.length > 0) reply.header("link", [...links]);
        reply.header("location", `/voice/${id}`);
        reply.header("accept-patch", "application/trickle-ice-sdpfrag");
        return reply.code(201).type("application/sdp").send(connection.viewer.answerSdp);
      },
    }),
    route({
      method: "PATCH",
      path: "/voice/:voice",
      summary: "Adds candidates of the microphone's side",
      right: "signed-in",
      panel: true,
      params,
      body: sdp,
      bodyType: "application/trickle-ice-sdpfrag",
      bearerWrites: true,
      answers: { 204: { description: "Taken" } },
      handle: ({ params: { voice }, principal, body }) => {
        const { viewer } = find(voice, principal);
        for (const candidate of parseSdpFragment(body).candidates) viewer.addCandidate(candidate);
        return undefined;
      },
    }),
    route({
      method: "DELETE",
      path: "/voice/:voice",
      summary: "Ends a microphone's connection",
      right: "signed-in",
      panel: true,
      params,
      bearerWrites: true,
      answers: { 200: { description: "Ended" } },
      handle: async ({ params: { voice }, principal }) => {
        await find(voice, principal)[Symbol.asyncDispose]();
      },
    }),
  ];
}

async function admit(
  hub: VoiceOptions["hub"],
  who: { readonly principal: Principal; readonly open: readonly Connection[] },
): Promise<void> {
  const { principal, open } = who;
  const { policy } = hub.identity;
  const speaks = hub.devices.list().some((device) => mayUse(policy, { principal, right: "talk", device }));
  if (!speaks) throw new Problem(403, { code: "forbidden", detail: "You may not talk through any device." });
  const own = open.filter(({ person }) => person === principal.userId);
  if (own.length < maxPerPerson) return;
  const idle = own.find(({ voice }) => voice.track.readerCount === 0);
  if (idle) return idle[Symbol.asyncDispose]();
  throw new Problem(429, {
    code: "busy",
    detail: `${maxPerPerson} of your microphones are speaking: no more can.`,
    fields: { limit: maxPerPerson },
  });
}

async function connect(
  { hub, webrtc }: VoiceOptions,
  what: { readonly principal: Principal; readonly offerSdp: string; readonly open: Map<string, Connection> },
): Promise<Connection> {
  const { principal, offerSdp, open } = what;
  await using held = new AsyncDisposableStack();
  const viewer = held.use(await webrtc.view({ offerSdp, acceptMicrophone: true }));
  const voice = held.use(voiceOf(viewer, { voices: hub.voices, owner: callerOf(principal) }));
  const over = Promise.withResolvers<string>();
  held.use(hub.identity.attachments.attach(principal, over.resolve));
  viewer.closed.then(over.resolve, (error) => over.resolve(messageOf(error)));
  held.defer(() => {
    open.delete(voice.id);
  });
  const owned = held.move();
  const closed = over.promise.then(() => owned.disposeAsync());
  closed.catch((err) => hub.log.error({ err }, "a microphone did not close cleanly"));
  const connection: Connection = {
    person: principal.userId,
    voice,
    viewer,
    [Symbol.asyncDispose]: async () => {
      over.resolve("closed");
      await closed;
    },
  };
  open.set(voice.id, connection);
  return connection;
}
