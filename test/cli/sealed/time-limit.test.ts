/** What each command does where somebody takes its connection and says nothing. */
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeFolder } from "../../../src/disk/make-folder.ts";
import { packageVersion } from "../../../src/disk/package-version.ts";
import { firstLine } from "../../../src/agent/wire/messages.ts";
import { agentPlace } from "../../../src/agent/wire/place.ts";
import { PROTOCOL } from "../../../src/agent/wire/version.ts";
import { places } from "../../../src/cli/start/places.ts";
import { runPadserve, scratchFolder, startPadserve } from "../../helpers/program.ts";
import { startRelay } from "../../helpers/relay.ts";
import { startTestServer } from "../../helpers/server.ts";

const COMMANDS = [
  { words: ["send", "#everyone", "hi"], says: "nothing was sent." },
  { words: ["listen", "#everyone"], says: "nothing was listened to." },
  { words: ["rooms"], says: "it was given up." },
  { words: ["history", "#everyone"], says: "it was given up." },
  { words: ["devices"], says: "it was given up." },
] as const;

test.each(COMMANDS)("CS-40 a silent server: $words", async ({ words, says }) => {
  const server = await silent(0);
  const { pad } = home(`127.0.0.1:${server.port}`);
  expect(await pad(...words, "--timeout", "1")).toMatchObject({ code: 3, stderr: late(words[0], says) });
});

test.each(COMMANDS)("CS-40 a silent agent: $words", async ({ words, says }) => {
  const { pad, env } = home("127.0.0.1:9");
  await silent(socketOf(env));
  expect(await pad(...words, "--timeout", "1")).toMatchObject({ code: 3, stderr: late(words[0], says) });
});

test("CS-40 an agent that says who it is, and then nothing", async () => {
  const { pad, env } = home("127.0.0.1:9");
  await silent(socketOf(env), firstLine({ padserve: "agent", protocol: PROTOCOL, version: packageVersion(), pid: 1 }));
  const stderr = late("send", "nothing was sent.");
  expect(await pad("send", "#everyone", "hi", "--timeout", "1")).toMatchObject({ code: 3, stderr });
});

test("CS-40 a silent tailscaled", async () => {
  const socket = join(scratchFolder(), "tailscaled.sock");
  await silent(socket);
  const { pad, env } = home("192.0.2.1");
  Object.assign(env, { PADSERVE_TAILSCALE_SOCKET: socket });
  for (const words of [["who"], ["send", "ALL", "hi"]]) {
    expect((await pad(...words, "--timeout", "0.2")).stderr).toContain("No answer within 0.2 s;");
  }
});

test("CS-40 a server that falls silent after it was there: the message is kept, which is said", async () => {
  await using server = await startTestServer();
  await using relay = await startRelay(server.port);
  const { pad } = home(`127.0.0.1:${relay.port}`);
  expect(await pad("send", "#everyone", "one")).toMatchObject({ code: 0 });
  relay.swallow();
  const { code, stderr } = await pad("send", "#everyone", "two", "--timeout", "1");
  expect(code).toBe(3);
  expect(stderr).toContain("This computer keeps the message and sends it, once");
});

test("CS-41 under a name that is its device's alone, who is here is asked and ALL is listened to by that device", async () => {
  await using server = await startTestServer();
  const nora = await server.join("nora");
  const { pad, env } = home(`127.0.0.1:${server.port}`);
  expect(await pad("send", "#everyone", "sealed", "--as", "alice")).toMatchObject({ code: 0 });
  expect(await pad("who", "--as", "alice")).toMatchObject({ code: 0, stdout: "nora\n", stderr: "" });
  const listening = startPadserve(["listen", "ALL", "--as", "alice", "--count", "1"], { env });
  await listening.complains("Listening ");
  nora.broadcast("to all");
  expect(await listening.exited).toMatchObject({ code: 0, stdout: "nora\tALL\tto all\n" });
});

function late(command: string, says: string): string {
  return `pad ${command}: No answer within 1 s; ${says}\n`;
}

function home(server: string) {
  const env = { HOME: scratchFolder(), PAD_CLASSIC: "", PAD_AGENT_IDLE: "30", PAD_SERVER: server };
  const pad = async (...words: readonly string[]) => await runPadserve(words, { env });
  onTestFinished(async () => void (await pad("agent", "stop")));
  return { pad, env };
}

function socketOf(env: Readonly<Record<string, string>>): string {
  const place = agentPlace(places(env).state);
  makeFolder(place.folder);
  return place.socket;
}

/** Takes connections, says `first` if there is one, and nothing more. */
async function silent(where: number | string, first?: string): Promise<{ readonly port: number }> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.resume();
    if (first !== undefined) socket.write(`${first}\n`);
    onTestFinished(() => void socket.destroy());
  });
  if (typeof where === "number") server.listen(where, "127.0.0.1");
  else server.listen(where);
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  return { port: typeof address === "object" && address !== null ? address.port : 0 };
}
