import type { Socket } from "node:net";
import { z } from "zod";
import type { AskedAt } from "../../../identity/token-proof.ts";
import { notFound, Problem } from "../../problem.ts";
import { type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";

const proofBody = z.strictObject({
  token: z.string().max(64).describe("HMAC-SHA-256 of `doorward token\\n` under the token's SHA-256, as base64url."),
  nonce: z
    .string()
    .regex(/^[\w-]{22,64}$/)
    .describe("Made at random for this question."),
});

/** A program that found a hub on the network, and has a token of it, asks whether it is that hub before it shows the token. */
export function tokenProofRoutes({ hub }: HttpContext): readonly Route[] {
  return [
    route({
      method: "POST",
      path: "/api/v1/proof",
      summary: "Proves that this hub knows a token which is not shown, and at which of its addresses it was asked",
      right: "none",
      perMinute: 30,
      body: proofBody,
      answers: {
        200: {
          description:
            "HMAC-SHA-256 of `doorward proof\\n<nonce>\\n<scheme> <address> <port>` under the token's SHA-256, as base64url: with the address at which the hub itself was asked",
          schema: z.object({ proof: z.string() }),
        },
        404: { description: "It knows no such token" },
      },
      handle: ({ body, request }) => {
        const at = askedAt(request.raw.socket);
        const proof = hub.identity.credentials.proofOf(body.token, { nonce: body.nonce, at });
        if (proof === undefined) throw new Problem(404, notFound);
        return { proof };
      },
    }),
  ];
}

function askedAt(socket: Socket): AskedAt {
  const { localAddress = "", localPort = 0 } = socket;
  const address = localAddress.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
  return { scheme: "encrypted" in socket ? "https" : "http", address, port: localPort };
}
