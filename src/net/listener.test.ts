import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import {
  closing,
  connectTo,
  happening,
  openLoopback,
  readBytes,
  readToEnd,
  socketPair,
} from "../../test/socket-pair.ts";
import { openListener } from "./listener.ts";

const ignored = (socket: Socket): void => void socket.destroy();

test.runIf(process.platform === "linux")(
  "NE-13 an accepted connection is probed after a minute of silence",
  async () => {
    const { client } = await socketPair();
    // proc(5), /proc/net/tcp: local and remote address, state, queues, then timer:when; timer 2 is keep-alive, in 1/100 s.
    const port = (client.remotePort ?? 0).toString(16).toUpperCase().padStart(4, "0");
    const peer = (client.localPort ?? 0).toString(16).toUpperCase().padStart(4, "0");
    const line = readFileSync("/proc/net/tcp", "latin1")
      .split("\n")
      .find((row) => new RegExp(`:${port} [0-9A-F]{8}:${peer} `).test(row));
    const [timer, when] = line?.trim().split(/\s+/)[5]?.split(":") ?? [];
    expect(timer).toBe("02");
    expect(Number.parseInt(when ?? "", 16)).toBeLessThanOrEqual(6100);
    expect(Number.parseInt(when ?? "", 16)).toBeGreaterThan(3000);
  },
);

test("NE-13 an accepted connection stays open for our side when the peer ends its own", async () => {
  const { client, accepted } = await socketPair();
  accepted.resume();
  client.end();
  await once(accepted, "end");
  accepted.end("still here\n");
  expect(await readToEnd(client)).toBe("still here\n");
});

test("NE-13 a reset that nobody listens for does no harm", async () => {
  const { client, accepted } = await socketPair();
  accepted.resume();
  client.resetAndDestroy();
  await closing(accepted);
  expect(accepted.errored).not.toBeNull();
});

test("NE-14 a taken port, a foreign address and a forbidden port are told apart", async () => {
  const { port } = await openLoopback(ignored);
  const open = (address: string, wanted: number): ReturnType<typeof openListener> =>
    openListener({ address, port: wanted, onConnection: ignored });
  expect((await open("127.0.0.1", port)).kind).toBe("address-in-use");
  // TEST-NET-1 (RFC 5737) is nobody's address.
  expect((await open("192.0.2.1", 0)).kind).toBe("address-not-available");
  expect((await open("no address", 0)).kind).toBe("failed");
});

test("NE-14 an IPv6 listener leaves the same port of IPv4 alone", async () => {
  const { port } = await openLoopback(ignored);
  const result = await openListener({ address: "::1", port, onConnection: ignored });
  if (result.kind === "address-not-available") return;
  if (result.kind !== "listening") throw result.error;
  onTestFinished(() => result.listener.close());
  expect(result.listener).toMatchObject({ address: "::1", port });
});

test("NE-15 a closed listener accepts no more, frees its port, and leaves connections alone", async () => {
  const accepted = Promise.withResolvers<Socket>();
  const listener = await openLoopback(accepted.resolve);
  const client = await connectTo(listener.port);
  const socket = await accepted.promise;
  listener.close();
  const refused = connect(listener.port, "127.0.0.1");
  expect((await once(refused, "error"))[0]).toMatchObject({ code: "ECONNREFUSED" });
  const again = await openListener({ address: "127.0.0.1", port: listener.port, onConnection: ignored });
  expect(again.kind).toBe("listening");
  if (again.kind === "listening") again.listener.close();
  socket.end("alive\n");
  expect(await readToEnd(client)).toBe("alive\n");
});

const crowdedServer = `
  import { openListener } from ${JSON.stringify(new URL("./listener.ts", import.meta.url).href)};
  const result = await openListener({
    address: "127.0.0.1",
    port: 0,
    onConnection: (socket) => { socket.write("hello\\n"); socket.resume(); socket.on("end", () => socket.end()); },
  });
  console.log(result.kind === "listening" ? result.listener.port : result.kind);
`;

test.skipIf(process.platform === "win32")(
  "NE-16 when files run out newcomers are turned away, and others come in later",
  async () => {
    const node = JSON.stringify(process.execPath);
    const child = spawn("sh", ["-c", `ulimit -n 40 && exec ${node} --input-type=module --eval "$0"`, crowdedServer], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const port = Number((await once(createInterface(child.stdout), "line"))[0]);
    const greeting = async (): Promise<{ client: Socket; text: string }> => {
      const client = await connectTo(port);
      const turnedAway = Promise.race([happening(client, "end"), closing(client)]);
      const text = await Promise.race([readBytes(client, 1), turnedAway.then(() => "")]);
      return { client, text };
    };
    const crowd = await Promise.all(Array.from({ length: 60 }, greeting));
    expect(new Set(crowd.map(({ text }) => text))).toEqual(new Set(["hello\n", ""]));
    for (const { client } of crowd) client.destroy();
    // While the crowd is still leaving, a newcomer may be turned away.
    while ((await greeting()).text === "");
    expect(child.exitCode).toBeNull();
  },
);
