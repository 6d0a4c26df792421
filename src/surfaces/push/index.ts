import { z } from "zod";
import type { Principal } from "../../identity/policy.ts";
import { notFound, Problem } from "../problem.ts";
import { type Route, route } from "../route.ts";
import { defineSurface, type Lent, type Running } from "../surface.ts";
import { type PushConfig, pushConfig } from "./config.ts";
import { Push } from "./push.ts";
import { type PushPost, postPush } from "./send.ts";
import { type Subscription, Subscriptions, subscriptionBody } from "./subscriptions.ts";
import { openVapidKey, type VapidKey } from "./vapid.ts";

/** Notifications for people whose page is closed (Web Push: RFC 8030, 8291, 8292). */
export default defineSurface({ name: "push", config: pushConfig, start });

async function start({ hub, config }: Pick<Lent<PushConfig>, "hub" | "config">) {
  return openPush({ hub, config, post: postPush });
}

/** The surface with a way to push services of the caller's choice. */
export async function openPush(
  options: Pick<Lent<PushConfig>, "hub" | "config"> & { readonly post: PushPost },
): Promise<Running> {
  const { hub, config, post } = options;
  const key = await openVapidKey(hub.identity);
  const subscriptions = new Subscriptions(hub.identity.store);
  const push = new Push({ hub, subscriptions, key, subject: config.subject, post });
  return {
    addresses: [],
    routes: pushRoutes({ hub, push, subscriptions, key, config }),
    [Symbol.asyncDispose]: async () => push[Symbol.dispose](),
  };
}

const params = z.object({ subscription: z.string().max(64) });

const shownSchema = z.object({
  id: z.string(),
  name: z.string(),
  addedMs: z.number(),
  takenMs: z.number().optional().describe("When its push service last took a message."),
  failed: z.string().optional().describe("Why it did not take the last one."),
});

interface PushRoutes extends Pick<Lent<PushConfig>, "hub" | "config"> {
  readonly push: Push;
  readonly subscriptions: Subscriptions;
  readonly key: VapidKey;
}

function pushRoutes({ hub, push, subscriptions, key, config }: PushRoutes): readonly Route[] {
  const own = (principal: Principal, id: string) => {
    const found = subscriptions.of(principal.userId).find((one) => one.id === id);
    if (!found) throw new Problem(404, notFound);
    return found;
  };
  return [
    route({
      method: "GET",
      path: "/api/v1/push",
      summary: "The browsers that take notifications for the caller, and the key with which one subscribes",
      right: "signed-in",
      proof: "session",
      answers: {
        200: {
          description: "`available` is false where the hub has no `push.subject`",
          schema: z.object({ available: z.boolean(), key: z.string(), subscriptions: z.array(shownSchema).readonly() }),
        },
      },
      handle: ({ principal }) => ({
        available: config.subject !== undefined,
        key: key.publicKey,
        subscriptions: subscriptions.of(principal.userId).map(shown),
      }),
    }),
    route({
      method: "POST",
      path: "/api/v1/push",
      summary: "Lets a browser take notifications for the caller, or renews that",
      right: "signed-in",
      proof: "session",
      body: subscriptionBody,
      answers: {
        200: { description: "It is rung from now on", schema: shownSchema },
        409: { description: "There are too many, or the hub has no `push.subject`" },
      },
      handle: async ({ body, principal }) => {
        if (config.subject === undefined) throw refused("The hub has no push.subject in its configuration.");
        const added = await subscriptions.put(body, { userId: principal.userId, nowMs: hub.clock.wallMs() });
        if (!added) throw refused("There are too many devices with notifications; take one away first.");
        push.add(added);
        return shown(added);
      },
    }),
    route({
      method: "POST",
      path: "/api/v1/push/:subscription/test",
      summary: "Sends a notification to one of the caller's browsers, to see that it works",
      right: "signed-in",
      proof: "session",
      perMinute: 10,
      params,
      answers: {
        200: {
          description: "What its push service said",
          schema: z.object({ state: z.enum(["taken", "gone", "failed"]), why: z.string().optional() }),
        },
        404: { description: "There is none" },
      },
      handle: ({ params: { subscription }, principal }) => push.test(own(principal, subscription)),
    }),
    route({
      method: "DELETE",
      path: "/api/v1/push/:subscription",
      summary: "Takes notifications away from one of the caller's browsers",
      right: "signed-in",
      proof: "session",
      params,
      answers: { 204: { description: "It is rung no longer" }, 404: { description: "There is none" } },
      handle: async ({ params: { subscription }, principal }) => {
        const { id } = own(principal, subscription);
        push.drop(id);
        await subscriptions.remove(id);
      },
    }),
  ];
}

function shown({ id, name, addedMs, takenMs, failed }: Subscription): z.output<typeof shownSchema> {
  return { id, name, addedMs, ...(takenMs !== undefined && { takenMs }), ...(failed !== undefined && { failed }) };
}

function refused(detail: string): Problem {
  return new Problem(409, { code: "push-refused", detail });
}
