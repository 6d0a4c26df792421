import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

interface Manifest {
  readonly name: string;
  readonly version: string;
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
}

/** A registry on loopback that serves what is installed in the checkout, and packed files. */
export interface LocalRegistry extends AsyncDisposable {
  readonly url: string;
}

/**
 * Starts it. A package that is not installed (an optional one for another platform) does not exist, as far as npm can
 * tell. Nothing leaves the machine.
 */
export async function startRegistry(options: {
  readonly root: string;
  readonly packed: string;
}): Promise<LocalRegistry> {
  const found = new Map<string, Map<string, { readonly manifest: Manifest; readonly tarball: () => Buffer }>>();
  const add = (manifest: Manifest, tarball: () => Buffer) => {
    const versions = found.get(manifest.name) ?? new Map();
    found.set(manifest.name, versions.set(manifest.version, { manifest, tarball }));
  };
  const lock = JSON.parse(readFileSync(join(options.root, "package-lock.json"), "utf8")) as Lock;
  for (const [path, { dev }] of Object.entries(lock.packages)) {
    const folder = join(options.root, path);
    // Node itself and FFmpeg's libraries are large, and optional.
    const large = /node_modules\/(node-(av|linux|bin|win)|@seydx\/)/.test(path);
    if (path === "" || dev || large || !existsSync(join(folder, "package.json"))) continue;
    add(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest, () =>
      execFileSync("tar", ["-czh", "--exclude=node_modules", "--transform=s,^\\.,package,", "-f", "-", "."], {
        cwd: folder,
        maxBuffer: 256 * 1024 * 1024,
      }),
    );
  }
  for (const file of readdirSync(options.packed).filter((name) => name.endsWith(".tgz"))) {
    const path = join(options.packed, file);
    const text = execFileSync("tar", ["-xzOf", path, "package/package.json"], { encoding: "utf8" });
    add(JSON.parse(text) as Manifest, () => readFileSync(path));
  }
  const server = createServer((request, response) => {
    const [name = "", version] = decodeURIComponent(request.url ?? "/")
      .slice(1)
      .split("/-/");
    const versions = found.get(name);
    const one = version === undefined ? undefined : versions?.get(version.replace(/\.tgz$/, ""));
    if (one) response.end(one.tarball());
    else if (!versions || version !== undefined) response.writeHead(404).end("{}");
    else response.setHeader("content-type", "application/json").end(JSON.stringify(document(name, versions)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const document = (name: string, versions: NonNullable<ReturnType<typeof found.get>>) => ({
    name,
    "dist-tags": { latest: [...versions.keys()].at(-1) },
    versions: Object.fromEntries(
      [...versions].map(([version, { manifest }]) => [
        version,
        { ...manifest, dist: { tarball: `${url}${encodeURIComponent(name)}/-/${version}.tgz` } },
      ]),
    ),
  });
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
