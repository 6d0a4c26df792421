import { networkInterfaces } from "node:os";
import { parseHost } from "../../allowed-hosts.ts";
import { notFound, Problem } from "../../problem.ts";
import { type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";

/** The hub's root certificate, to be trusted on phones and computers, and its address as a QR code. */
export function certificateRoutes(context: HttpContext): readonly Route[] {
  return [
    route({
      method: "GET",
      path: "/ca.crt",
      summary: "The hub's root certificate (PEM)",
      right: "none",
      beforeSetup: true,
      answers: { 200: { description: "The certificate", mediaType: "application/x-x509-ca-cert" } },
      handle: ({ reply }) => {
        const pem = context.rootCertificate();
        if (pem === undefined) throw new Problem(404, notFound);
        reply.header("content-disposition", 'attachment; filename="doorward-ca.crt"');
        return reply.type("application/x-x509-ca-cert").send(pem);
      },
    }),
    route({
      method: "GET",
      path: "/ca.svg",
      summary: "QR code of the root certificate's address",
      right: "none",
      beforeSetup: true,
      answers: { 200: { description: "The picture", mediaType: "image/svg+xml" } },
      handle: async ({ reply, request }) => {
        const port = context.httpsPort();
        if (context.rootCertificate() === undefined || port === undefined) throw new Problem(404, notFound);
        const asked = parseHost(request.host)?.name;
        const host = context.config.publicName ?? (isLoopback(asked) ? outsideAddress() : asked) ?? "localhost";
        const { toString: toSvg } = await import("qrcode");
        const svg = await toSvg(`https://${host}:${port}/ca.crt`, { type: "svg", margin: 2 });
        return reply.type("image/svg+xml").send(svg);
      },
    }),
  ];
}

function isLoopback(host: string | undefined): boolean {
  return host === undefined || host === "localhost" || host === "[::1]" || host.startsWith("127.");
}

/** An address at which a phone in the same network finds this machine. */
function outsideAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
}
