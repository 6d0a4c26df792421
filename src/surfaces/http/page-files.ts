import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { notFound, Problem } from "../problem.ts";

const year = 365 * 24 * 60 * 60;

/** The built page, and where a proxy in front shows it: a path without a slash at its end, or "". */
export interface PageFiles {
  readonly pageDir: string;
  readonly prefixOf: (request: FastifyRequest) => string;
}

/** Serves the built page: its files, and `index.html` for every address that the page's own router knows. */
export async function servePageFiles(app: FastifyInstance, context: PageFiles): Promise<void> {
  await app.register(fastifyStatic, {
    root: context.pageDir,
    serve: false,
    index: false,
    cacheControl: false,
    preCompressed: true,
    dotfiles: "deny",
  });
  app.get("/*", { config: { beforeSetup: true } }, async (request, reply) => {
    const path = (request.url.split("?")[0] ?? "").slice(1);
    const isFile = /\.\w{1,11}$/.test(path);
    if (/^(api|whep|whip|voice|metrics|health)(\/|$)/.test(path)) throw new Problem(404, notFound);
    if (isFile && path !== "index.html") return sendFile(reply, { path, pageDir: context.pageDir });
    if (!existsSync(join(context.pageDir, "index.html"))) {
      return reply.code(503).type("text/plain; charset=utf-8").send("The page is not built yet: run npm run build.\n");
    }
    reply.header("cache-control", "no-cache");
    const prefix = context.prefixOf(request);
    return prefix ? sendPrefixed(reply, { pageDir: context.pageDir, prefix }) : reply.sendFile("index.html");
  });
}

/** The page with addresses that lead through the proxy; its scripts find theirs by where they were loaded from. */
async function sendPrefixed(reply: FastifyReply, page: { readonly pageDir: string; readonly prefix: string }) {
  const html = await readFile(join(page.pageDir, "index.html"), "utf8");
  return reply.type("text/html; charset=utf-8").send(html.replace(/ (href|src)="\//g, ` $1="${page.prefix}/`));
}

function sendFile(reply: FastifyReply, file: { readonly path: string; readonly pageDir: string }): FastifyReply {
  const hashed = file.path.startsWith("assets/") && existsSync(join(file.pageDir, file.path));
  reply.header("cache-control", hashed ? `public, max-age=${year}, immutable` : "no-cache");
  return reply.sendFile(file.path);
}
