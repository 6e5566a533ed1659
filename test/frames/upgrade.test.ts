/** Who may ask for frames at all: programs, and nobody's web page. */
import { request } from "node:http";
import { expect, test } from "vitest";
import { startTestServer } from "../helpers/server.ts";

const CLIENT = { "padserve-client": "test" };
type Headers = Readonly<Record<string, string | readonly string[]>>;

test("FR-19 the upgrade is for whoever sends the clients' own header, and for the very origin that is asked", async () => {
  await using server = await startTestServer();
  const host = `localhost:${server.port}`;
  for (const headers of [
    { host, ...CLIENT },
    { host: `127.0.0.1:${server.port}`, ...CLIENT },
    { host, origin: `http://${host}` },
    { host: host.toUpperCase(), origin: `http://${host}` },
    { host, origin: `http://${host}`, ...CLIENT },
  ]) {
    expect(await upgrade(server.port, headers), JSON.stringify(headers)).toBe(101);
  }
});

test.each<[string, (port: number) => Headers]>([
  ["neither an Origin nor our header", () => ({})],
  ["the Origin of another site", () => ({ origin: "https://evil.example" })],
  ["that and our header", () => ({ origin: "https://evil.example", ...CLIENT })],
  ["the Origin null", () => ({ origin: "null", ...CLIENT })],
  ["an empty Origin", () => ({ origin: "", ...CLIENT })],
  ["our host's Origin on another port", (port) => ({ origin: `http://localhost:${port - 1}`, ...CLIENT })],
  ["our host's Origin without a port", () => ({ origin: "http://localhost", ...CLIENT })],
  ["our host's Origin under another scheme", (port) => ({ origin: `https://localhost:${port}`, ...CLIENT })],
  ["another name of ours than the one that is asked", (port) => ({ origin: `http://127.0.0.1:${port}`, ...CLIENT })],
  ["an Origin that only begins like ours", (port) => ({ origin: `http://localhost:${port}@evil.example`, ...CLIENT })],
  ["our Origin and another", (port) => ({ origin: [`http://localhost:${port}`, "http://evil.example"], ...CLIENT })],
])("FR-19 the upgrade is refused to who sends %s", async (_, headers) => {
  await using server = await startTestServer();
  expect(await upgrade(server.port, { host: `localhost:${server.port}`, ...headers(server.port) })).toBe(403);
  expect(server.running.state().sessions.size).toBe(0);
});

test("FR-19 the upgrade is refused to who asks for another's name, whatever its Origin", async () => {
  await using server = await startTestServer();
  const host = `evil.example:${server.port}`;
  expect(await upgrade(server.port, { host, ...CLIENT })).toBe(421);
  expect(await upgrade(server.port, { host, origin: `http://${host}` })).toBe(421);
  expect(server.running.state().sessions.size).toBe(0);
});

/** The status that the upgrade is answered with. */
async function upgrade(port: number, headers: Headers): Promise<number | undefined> {
  const asked = request({
    port,
    host: "127.0.0.1",
    path: "/frames",
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      "sec-websocket-protocol": "padserve.v1",
      ...headers,
    },
  });
  const status = await new Promise<number | undefined>((resolve, reject) => {
    asked.on("upgrade", ({ statusCode }) => resolve(statusCode));
    asked.on("response", ({ statusCode }) => resolve(statusCode));
    asked.on("error", reject);
    asked.end();
  });
  asked.destroy();
  return status;
}
