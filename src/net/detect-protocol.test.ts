import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { closing, connectTo, openLoopback, readBytes, readToEnd, socketPair } from "../../test/socket-pair.ts";
import { LineConnection } from "./line-connection.ts";
import { detectProtocol } from "./detect-protocol.ts";
import { giveToHttp, HttpStream } from "./http-stream.ts";
import type { DetectOptions } from "./detect-protocol.ts";

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Resolves when the kernel has taken it, so that the next write is a segment of its own. */
const write = (socket: Socket, bytes: Uint8Array | string): Promise<void> =>
  new Promise((resolve) => void socket.write(bytes, () => resolve()));

type Outcome = "lines" | "plain" | "http" | "timeout" | "closed";

/** Receives a socket and tells what came of it; `closed` only if nothing else did. */
function received(socket: Socket, timeout = 60_000): Promise<Outcome> {
  return new Promise((resolve) => {
    detectProtocol(socket, {
      timeout,
      onLines: () => resolve("lines"),
      onPlain: () => resolve("plain"),
      onHttp: () => resolve("http"),
      onTimeout: () => resolve("timeout"),
    });
    socket.once("close", () => resolve("closed"));
  });
}

/** One port for both: an echo for lines, a real HTTP server. */
async function bothOnOnePort(later: (go: () => void) => void): Promise<number> {
  const http = createServer((request, response) => {
    let body = "";
    request.on("data", (piece: Buffer) => (body += piece.toString()));
    request.on("end", () => response.end(`${request.method} ${request.url} ${body}`));
  });
  const options: DetectOptions = {
    timeout: 60_000,
    onLines: (socket) =>
      later(() => {
        const connection = new LineConnection(
          socket,
          {},
          {
            onMessage: (line) => connection.send(`${line.toString()}!\n`),
            onUnfinished: () => {},
            onTooLong: () => {},
            onEnd: () => connection.end(),
            onDrain: () => {},
            onClose: () => {},
          },
        );
      }),
    onPlain: (socket) => socket.destroy(),
    onHttp: (socket) => later(() => giveToHttp(http, new HttpStream(socket))),
    onTimeout: (socket) => socket.destroy(),
  };
  const listener = await openLoopback((socket) => detectProtocol(socket, options));
  return listener.port;
}

const moments = [
  ["at once", (go: () => void): void => go()],
  ["a turn later", (go: () => void): void => void setImmediate(go)],
] as const;

test.each(moments)("NE-17 HTTP and lines share a port and lose no byte, handed on %s", async (_, later) => {
  const port = await bothOnOnePort(later);
  const request = "POST /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";
  for (const [said, wanted] of [
    [request, "POST /metrics hello"],
    ["LIST\nPOSTER\nG\n", "LIST!\nPOSTER!\nG!\n"],
  ] as const) {
    for (const pieces of [[said], said.split("")]) {
      const client = await connectTo(port);
      const answer = readToEnd(client);
      for (const piece of pieces) await write(client, piece);
      client.end();
      expect(await answer).toContain(wanted);
    }
  }
});

test("NE-17 a keep-alive HTTP connection goes on being HTTP's", async () => {
  const port = await bothOnOnePort((go) => go());
  const client = await connectTo(port);
  for (const path of ["/one", "/two"]) {
    const answered = once(client, "data");
    client.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(String((await answered)[0])).toContain(`GET ${path} `);
  }
});

test("NE-17 a TLS hello is closed", async () => {
  const { client, accepted } = await socketPair();
  const outcome = received(accepted);
  client.write(Buffer.from([0x16, 0x03, 0x01, 0x00]));
  expect(await outcome).toBe("closed");
});

test("NE-18 who says too little in time is handed back open, with what it said", async () => {
  for (const said of ["", "GE"]) {
    const { client, accepted } = await socketPair();
    if (said !== "") await write(client, said);
    expect(await received(accepted, 30)).toBe("timeout");
    client.write("more");
    expect(await readBytes(accepted, said.length + 4)).toBe(`${said}more`);
    accepted.end("ERROR Timed out\n");
    expect(await readToEnd(client)).toBe("ERROR Timed out\n");
  }
});

test("NE-18 a peer that leaves undecided is forgotten", async () => {
  for (const leave of [
    (client: Socket): void => void client.end(),
    (client: Socket): void => void client.end("GE"),
    (client: Socket): void => void client.resetAndDestroy(),
  ]) {
    const { client, accepted } = await socketPair();
    const outcome = received(accepted);
    leave(client);
    expect(await outcome).toBe("closed");
    expect(accepted.listenerCount("readable")).toBe(0);
  }
});

test("NE-18 nothing is read of a fresh socket until somebody asks", async () => {
  const { client, accepted } = await socketPair();
  await write(client, "REGISTER alice\n");
  await turn();
  await turn();
  expect(accepted.bytesRead).toBe(0);
  expect(await received(accepted)).toBe("lines");
  expect(await readBytes(accepted, 15)).toBe("REGISTER alice\n");
});

test("NE-18 what a handed-on socket reads ahead is bounded, and its reset is noticed", async () => {
  const flood = await socketPair();
  const outcome = received(flood.accepted);
  flood.client.write(Buffer.alloc(8_000_000, "x"));
  expect(await outcome).toBe("lines");
  // Round trips of another connection: each is a turn in which the flood could have been read.
  const other = await socketPair();
  for (let trip = 0; trip < 50; trip++) {
    other.client.write("x");
    await readBytes(other.accepted, 1);
  }
  expect(flood.accepted.readableLength).toBe(flood.accepted.bytesRead);
  expect(flood.accepted.bytesRead).toBeLessThan(16 * 1024 + 64 * 1024);

  const quiet = await socketPair();
  const second = received(quiet.accepted);
  quiet.client.write("REGISTER alice\n");
  expect(await second).toBe("lines");
  quiet.client.resetAndDestroy();
  await closing(quiet.accepted);
  expect(quiet.accepted.destroyed).toBe(true);
});

test("NE-19 5,000 connects and disconnects leave no socket and no timer behind", { timeout: 120_000 }, async () => {
  const open = new Set<Socket>();
  const listener = await openLoopback((socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    detectProtocol(socket, {
      timeout: 600_000,
      onLines: () => {
        const connection = new LineConnection(
          socket,
          {},
          {
            onMessage: () => connection.end(),
            onUnfinished: () => {},
            onTooLong: () => {},
            onEnd: () => connection.end(),
            onDrain: () => {},
            onClose: () => {},
          },
        );
      },
      onPlain: () => socket.destroy(),
      onHttp: () => socket.destroy(),
      onTimeout: () => socket.destroy(),
    });
  });
  const before = socketsAndTimers();
  for (let round = 0; round < 50; round++) {
    await Promise.all(Array.from({ length: 100 }, (_, index) => comeAndGo(listener.port, index % 4)));
  }
  while (open.size > 0) await turn();
  await turn();
  // The process is the runner's and other tests', too, whose own come and go; a leak of any one manner would be more than a thousand.
  expect(socketsAndTimers()).toBeLessThan(before + 100);
});

function socketsAndTimers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind.startsWith("TCPSocket") || kind === "Timeout").length;
}

/** Leaves in one of four ways: silent, undecided, by reset behind a line, served. */
async function comeAndGo(port: number, manner: number): Promise<void> {
  const client = connect(port, "127.0.0.1");
  onTestFinished(() => void client.destroy());
  client.on("error", () => {});
  client.resume();
  const closed = closing(client);
  await once(client, "connect");
  if (manner === 0) client.end();
  else if (manner === 1) client.end("GE");
  else if (manner === 2) client.write("LIST\n", () => client.resetAndDestroy());
  else client.write("LIST\n");
  await closed;
}
