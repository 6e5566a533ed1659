import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { scratchFolder, startProgram } from "../helpers/program.ts";
import { followContainerfile } from "./containerfile.ts";

const packaging = join(import.meta.dirname, "../../packaging");

test("DR-19 the container file's steps make an image whose command is a server, and which holds nothing to build with", async (context) => {
  const image = built(context);
  expect(image.words[0]).toBe("node");
  const server = startProgram([process.execPath, ...image.words.slice(1)], {
    env: { ...image.env, PADSERVE_PORT: "0", PADSERVE_TAILSCALE_SOCKET: join(image.folder, "none.sock") },
  });
  expect(await server.line()).toContain("Listening for this machine only");
  server.kill("SIGTERM");
  expect(await server.exited).toMatchObject({ code: 0 });
  expect(existsSync(join(image.folder, "data/padserve.db"))).toBe(true);

  const padserve = startProgram([process.execPath, join(image.folder, "usr/local/bin/padserve"), "--version"]);
  expect(await padserve.exited).toMatchObject({ code: 0, stdout: expect.stringMatching(/^padserve \d/) });
  expect(existsSync(join(image.folder, "opt/padserve/node_modules/pino"))).toBe(true);
  expect(existsSync(join(image.folder, "opt/padserve/node_modules/typescript"))).toBe(false);
});

test("DR-19 the compose file sets only what the server knows, and builds from a file that is there", () => {
  const text = readFileSync(join(packaging, "compose.yaml"), "utf8");
  const env = Object.fromEntries(
    [...text.matchAll(/^\s+(?:# )?(PADSERVE_\w+): (.+)$/gm)].map(([, name, value]) => [name, value]),
  );
  expect(Object.keys(env)).toContain("PADSERVE_TAILSCALE_SOCKET");
  expect(readConfig({}, env)).not.toHaveProperty("wrong");
  const socket = /TS_SOCKET: (\S+)/.exec(text)?.[1];
  expect(env["PADSERVE_TAILSCALE_SOCKET"]).toBe(socket);
  expect(existsSync(join(packaging, "..", /dockerfile: (\S+)/.exec(text)?.[1] ?? ""))).toBe(true);
});

/** Skips where npm has none of the packages at hand, as on a machine where `npm ci` was run with another cache. */
function built(context: { skip(note: string): never }): ReturnType<typeof followContainerfile> {
  try {
    return followContainerfile(scratchFolder());
  } catch (error) {
    if (error instanceof Error && error.message.includes("ENOTCACHED")) context.skip("npm's cache holds no packages");
    throw error;
  }
}
