import { parseHost } from "../../allowed-hosts.ts";
import { notFound, Problem } from "../../problem.ts";
import { type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";
import { hostOutside } from "../page-address.ts";

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
        const host = hostOutside(parseHost(request.host)?.name, context);
        const { toString: toSvg } = await import("qrcode");
        const svg = await toSvg(`https://${host}:${port}/ca.crt`, { type: "svg", margin: 2 });
        return reply.type("image/svg+xml").send(svg);
      },
    }),
  ];
}
