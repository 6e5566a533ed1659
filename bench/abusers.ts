/** A process that does to a server, without end, what `test/abuse` does: one kind of abuse, told over the IPC channel. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { sealBroadcast } from "../src/wire/classic/broadcast-cipher.ts";
import { encodeClientLine } from "../src/wire/classic/client-lines.ts";
import { setUp } from "./load/client.ts";

/** As issue and tests number them; see `bench/scenarios/abuse.ts` for what each is. */
export type Abuse =
  | "not-found"
  | "metrics"
  | "unread"
  | "posts"
  | "kicks"
  | "lists"
  | "names"
  | "broadcasts"
  | "silence"
  | "comings";

export interface AbuseOrder {
  readonly abuse: Abuse;
  readonly port: number;
}

const ABUSES: Readonly<Record<Abuse, (port: number) => Promise<unknown>>> = {
  "not-found": (port) => floods(60, port, [""], request("GET /x")),
  metrics: (port) => floods(60, port, [""], request("GET /metrics")),
  unread: (port) => floods(60, port, [""], request("GET /metrics"), false),
  posts: (port) =>
    floods(60, port, [""], "POST /ALL HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi".repeat(500)),
  kicks: (port) => floods(4, port, [""], `KICK ${"a".repeat(60_000)}\n`),
  lists: async (port) => {
    await Promise.all(Array.from({ length: 300 }, (_, nth) => setUp(port, `guest${nth}`, { onBytes: () => {} })));
    await floods(16, port, ["REGISTER list-0\n", "REGISTER list-1\n"], "LIST\n".repeat(1000));
    await floods(16, port, ["\nplain\n"], "/who\n/help\n".repeat(500));
  },
  names: async (port) => {
    let number = 0;
    abreast(16, () => visit(port, `REGISTER name-${number++}\n`, true));
  },
  broadcasts,
  silence: async (port) => {
    for (let count = 0; count < 2000; count++) dial(port);
  },
  comings: async (port) => abreast(32, () => visit(port, "", false)),
};

process.on("message", ({ abuse, port }: AbuseOrder) => {
  void ABUSES[abuse](port).then(() => process.send?.("at work"));
});
process.on("disconnect", () => process.exit());

function request(line: string): string {
  return `${line} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(500);
}

function dial(port: number): Socket {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => {});
  return socket;
}

/** Connections that say the same again and again, as fast as it is read, and read (or not) what comes. */
async function floods(
  count: number,
  port: number,
  starts: readonly string[],
  block: string,
  reads = true,
): Promise<void> {
  const bytes = Buffer.from(block);
  for (let nth = 0; nth < count; nth++) {
    const socket = dial(port);
    const more = (): void => {
      while (!socket.destroyed && socket.write(bytes));
    };
    await Promise.race([once(socket, "connect"), once(socket, "close")]);
    if (reads) socket.resume();
    socket.on("drain", more);
    socket.write(starts[nth % starts.length] ?? "", more);
  }
}

/** The longest broadcasts, as fast as they are admitted or refused, among readers that have stopped. */
async function broadcasts(port: number): Promise<void> {
  for (let nth = 0; nth < 40; nth++) (await setUp(port, `stopped${nth}`, { onBytes: () => {} })).socket.pause();
  for (let nth = 0; nth < 8; nth++) {
    const { socket, key } = await setUp(port, `sender${nth}`, { onBytes: () => {} });
    const line = encodeClientLine({ kind: "broadcast", payload: sealBroadcast(key, "x".repeat(32_000)) });
    const more = (): void => {
      while (!socket.destroyed && socket.write(line));
    };
    socket.on("drain", more);
    more();
  }
}

/** So many at a time, without end. */
function abreast(count: number, visits: () => Promise<unknown>): void {
  for (let nth = 0; nth < count; nth++) {
    void (async () => {
      for (;;) await visits();
    })();
  }
}

/** Comes, says something, waits for an answer or not, and goes. */
async function visit(port: number, said: string, waits: boolean): Promise<void> {
  const socket = dial(port);
  await Promise.race([once(socket, "connect"), once(socket, "close")]);
  socket.write(said);
  if (waits) await Promise.race([once(socket, "data"), once(socket, "close"), delay(1000)]);
  socket.destroy();
}
