import { once } from "node:events";
import type { Socket } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { connectTo, openLoopback } from "../../../test/socket-pair.ts";
import type { Exchange } from "./connection.ts";
import { createHttpSide, type HttpSide } from "./server.ts";

const TIMEOUT = 10_000;

afterEach(() => void vi.useRealTimers());

interface Scene {
  readonly side: HttpSide;
  readonly connect: () => Promise<Socket>;
  readonly asked: string[];
  /** Requests that are being answered now, and the most there were of one connection. */
  readonly open: Exchange[];
  readonly mostAtOnce: () => number;
}

/** Answers at once, or where `slow` when the test does. */
async function start(slow = false): Promise<Scene> {
  const asked: string[] = [];
  const open: Exchange[] = [];
  let most = 0;
  const side = createHttpSide({
    requestEvery: 50,
    timeout: TIMEOUT,
    upgrade: (_request, { socket }) => void socket.destroy(),
    now: () => performance.now(),
    answer: (exchange) => {
      exchange.request.resume();
      asked.push(exchange.request.url ?? "");
      open.push(exchange);
      most = Math.max(most, open.length);
      exchange.response.prependOnceListener("close", () => open.splice(open.indexOf(exchange), 1));
      if (!slow) exchange.response.end(`${exchange.request.url}\n`);
      return Promise.resolve();
    },
  });
  const listener = await openLoopback((socket) => {
    side.take({
      socket,
      peer: { address: "127.0.0.1", port: socket.remotePort ?? 0 },
      identified: { kind: "known", identity: { kind: "local" }, grant: null, online: null, sharedIn: false },
      since: 0,
    });
  });
  return { side, asked, open, mostAtOnce: () => most, connect: () => connectTo(listener.port) };
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Resolves when the server has ended its side, or reset the connection. */
function ended(socket: Socket): Promise<void> {
  socket.resume();
  return new Promise((resolve) => {
    socket.once("end", resolve);
    socket.once("close", () => resolve());
  });
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

/** Reads until so many answers have come, and gives their bodies. */
async function bodies(socket: Socket, count: number): Promise<string[]> {
  let text = "";
  for (;;) {
    const found = [...text.matchAll(/\r\n\r\n(?:[0-9a-f]+\r\n)?(\/\S*)\n/g)].map(([, body = ""]) => body);
    if (found.length >= count) return found;
    const [piece]: Buffer[] = await once(socket, "data");
    text += String(piece);
  }
}

test("SE-12 pipelined requests are answered one at a time, in order", async () => {
  const { connect, mostAtOnce } = await start();
  const socket = await connect();
  const paths = Array.from({ length: 50 }, (_, number) => `/${number}`);
  socket.write(paths.map(get).join(""));
  expect(await bodies(socket, 50)).toEqual(paths);
  expect(mostAtOnce()).toBe(1);
});

test("SE-12 while one is being answered, no more is read than a piece: a flood waits with its sender", async () => {
  const { connect, open, asked } = await start(true);
  const socket = await connect();
  socket.write(get("/x").repeat(200_000));
  while (open.length === 0) await turn();
  const other = await connect();
  other.write(get("/other"));
  while (!asked.includes("/other")) await turn();
  expect(asked).toEqual(["/x", "/other"]);
  expect(socket.writableLength).toBeGreaterThan(1_000_000);
});

test("SE-12 upgrades over the rate are refused and leave no debt: others of that identity are answered soon", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  const { connect } = await start();
  for (let number = 0; number < 200; number++) {
    const socket = await connect();
    socket.write("GET /frames HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    await ended(socket);
  }
  await vi.advanceTimersByTimeAsync(50);
  const socket = await connect();
  socket.write(get("/soon"));
  expect(await bodies(socket, 1)).toEqual(["/soon"]);
});

test("SE-12 an identity has one rate over all its connections", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  const { connect, asked } = await start();
  const sockets = await Promise.all(Array.from({ length: 4 }, connect));
  for (const socket of sockets) {
    socket.resume();
    socket.write(get("/x").repeat(20));
  }
  while (asked.length < 60) await turn();
  for (let turns = 0; turns < 100; turns++) await turn();
  expect(asked).toHaveLength(60);
  vi.advanceTimersByTime(50);
  while (asked.length < 61) await turn();
  expect(asked).toHaveLength(61);
});

test("SE-13 half a request, and one that comes a header at a time, is closed at its deadline; a whole one isn't", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  const { connect, asked } = await start();
  const [silent, half, slow, body] = await Promise.all([connect(), connect(), connect(), connect()]);
  const ends = Promise.all([silent, half, slow, body].map(ended));
  // A round trip of a later one: the server has them all.
  const first = await connect();
  first.write(get("/first"));
  await bodies(first, 1);
  half.write("GET / HTTP/1.1\r\nHost: x\r\n");
  slow.write("GET / HTTP/1.1\r\n");
  body.write("POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel");
  for (let second = 0; second < 9; second++) {
    vi.advanceTimersByTime(1000);
    slow.write(`X-${second}: x\r\n`);
    const whole = await connect();
    whole.write(get(`/${second}`));
    await bodies(whole, 1);
    whole.destroy();
  }
  expect([silent, half, slow, body].map(({ readableEnded }) => readableEnded)).toEqual([false, false, false, false]);
  // The answer to the one with half a body may have come a second later than the rest.
  vi.advanceTimersByTime(2000);
  await ends;
  expect(asked.filter((path) => path !== "/body")).toHaveLength(10);
});

test("SE-13 an answer that its asker doesn't take is given up at its deadline", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  const { connect, open } = await start(true);
  const socket = await connect();
  socket.pause();
  socket.write(get("/big"));
  while (open.length === 0) await turn();
  open[0]?.response.end(Buffer.alloc(50_000_000));
  vi.advanceTimersByTime(TIMEOUT);
  while (open.length > 0) await turn();
  await ended(socket);
});

test("SV-10 closing ends who asks nothing at once, and the rest behind its answer", async () => {
  const { side, connect, open } = await start(true);
  const [idle, busy] = await Promise.all([connect(), connect()]);
  idle.write("GET / HT");
  busy.write(get("/busy"));
  while (open.length === 0) await turn();
  const idleEnds = ended(idle);
  side.close();
  await idleEnds;
  const answered = bodies(busy, 1);
  open[0]?.response.end("/busy\n");
  expect(await answered).toEqual(["/busy"]);
  await ended(busy);
});
