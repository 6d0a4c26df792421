import { z } from "zod";
import { sayHostForm } from "../../../hub/say-host.ts";
import { type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";

const host = z.string().trim().min(1).max(280).describe(sayHostForm);
const listSchema = z.object({
  hosts: z.array(
    z.object({
      host: z.string(),
      configured: z.boolean().describe("It stands in the configuration file, and is taken out there."),
    }),
  ),
  offers: z
    .array(z.object({ host: z.string(), by: z.string().describe("Who offers it."), atMs: z.number() }))
    .describe("What others would have sounds fetched from, until an administrator adds or refuses it."),
});

/** Where sounds may be fetched from: administrators say; others may offer. */
export function sayHostRoutes({ hub }: HttpContext): readonly Route[] {
  const { sayHosts, identity, clock } = hub;
  const shown = (): z.input<typeof listSchema> => ({ hosts: [...sayHosts.list()], offers: [...sayHosts.offers()] });
  const hostsRoute = { right: "administer", bearerWrites: true } as const;
  return [
    route({
      method: "GET",
      path: "/api/v1/say/hosts",
      summary: "The hosts that sounds are fetched from (`url` of POST /api/v1/say)",
      right: "administer",
      answers: { 200: { description: "Those that are listed, and those that are offered", schema: listSchema } },
      handle: shown,
    }),
    route({
      ...hostsRoute,
      method: "POST",
      path: "/api/v1/say/hosts",
      summary: "Lets sounds be fetched from a host; one that is offered is taken so",
      body: z.strictObject({ host }),
      answers: {
        200: { description: "All of them", schema: listSchema },
        409: { description: "There are too many" },
        422: { description: "It is none that sounds can be fetched from" },
      },
      handle: async ({ body, principal }) => {
        const added = await sayHosts.add(body.host);
        identity.audit.record({ actor: principal.name, action: "say-host-added", subject: added });
        return shown();
      },
    }),
    route({
      ...hostsRoute,
      method: "DELETE",
      path: "/api/v1/say/hosts",
      summary: "Lets no sounds be fetched from a host any more; one that is offered is refused so, and not asked again",
      query: z.strictObject({ host }),
      answers: {
        200: { description: "All of them", schema: listSchema },
        404: { description: "It is not on the list" },
        409: { description: "It stands in the configuration file" },
      },
      handle: async ({ query, principal }) => {
        const isOffer = sayHosts.offers().some((offer) => offer.host === query.host);
        await (isOffer ? sayHosts.refuse(query.host) : sayHosts.remove(query.host));
        identity.audit.record({ actor: principal.name, action: "say-host-removed", subject: query.host });
        return shown();
      },
    }),
    route({
      method: "POST",
      path: "/api/v1/say/hosts/offers",
      summary: "Offers hosts that the caller would have sounds fetched from: an administrator is asked on the page",
      right: "signed-in",
      bearerWrites: true,
      perMinute: 10,
      body: z.strictObject({
        hosts: z.array(host).min(1).max(4),
        by: z.string().trim().min(1).max(64).describe("Who offers them: Home Assistant."),
      }),
      answers: {
        202: {
          description:
            "Which of them may be used now; administrators are asked about the others, unless they refused them before",
          schema: z.object({ listed: z.array(z.string()) }),
        },
        422: { description: "One of them is none that sounds can be fetched from" },
      },
      handle: async ({ body, principal }) => {
        const by = `${body.by} (${principal.name})`;
        await sayHosts.offer(body.hosts, { by, atMs: clock.wallMs() });
        const listed = new Set(sayHosts.list().map((one) => one.host));
        return { listed: body.hosts.filter((one) => listed.has(sayHosts.textOf(one))) };
      },
    }),
  ];
}
