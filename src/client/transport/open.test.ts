import { Socket } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { raceToConnect, type Network } from "./open.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A network on which each address connects, fails or stays silent after so many milliseconds. */
function network(ways: Readonly<Record<string, { readonly after: number; readonly code?: string } | null>>) {
  const tried: string[] = [];
  const sockets: Socket[] = [];
  const made: Network = {
    lookup: async () => Object.keys(ways).map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    connect: ({ host }) => {
      tried.push(host);
      const socket = Object.assign(new Socket(), { host });
      sockets.push(socket);
      const way = ways[host] ?? null;
      if (way !== null) {
        setTimeout(() => {
          if (socket.destroyed) return;
          if (way.code === undefined) socket.emit("connect");
          else socket.emit("error", Object.assign(new Error(way.code), { code: way.code }));
        }, way.after);
      }
      return socket;
    },
  };
  return { ...made, tried, sockets };
}

const TO = { host: "chat", port: 12345 };
const never = new AbortController().signal;

async function winner(net: ReturnType<typeof network>, after: number): Promise<unknown> {
  const racing = raceToConnect(TO, never, net);
  await vi.advanceTimersByTimeAsync(after);
  return racing.then((socket) => ("host" in socket ? socket.host : null));
}

test("CC-41 a way that takes a second is taken, where the other family has no route", async () => {
  const net = network({ "fd7a::1": { after: 0, code: "ENETUNREACH" }, "100.64.0.1": { after: 1000 } });
  expect(await winner(net, 1000)).toBe("100.64.0.1");
});

test("CC-41 a way that takes a second is taken, where the other family swallows all", async () => {
  const net = network({ "fd7a::1": null, "100.64.0.1": { after: 1000 } });
  expect(await winner(net, 1250)).toBe("100.64.0.1");
  expect(net.sockets.map(({ destroyed }) => destroyed)).toEqual([true, false]);
});

test("CC-41 the first address has a head start and goes on while the next is tried", async () => {
  const net = network({ "fd7a::1": { after: 300 }, "100.64.0.1": { after: 200 } });
  expect(await winner(net, 450)).toBe("fd7a::1");
  expect(net.tried).toEqual(["fd7a::1", "100.64.0.1"]);
});

test("CC-41 families take turns, and no more than a few addresses of a name are tried", async () => {
  const many = Array.from({ length: 40 }, (_, i) => [`10.0.0.${i}`, { after: 0, code: "ECONNREFUSED" }]);
  const net = network(Object.fromEntries([...many, ["fd7a::1", { after: 0, code: "ENETUNREACH" }]]));
  const racing = expect(raceToConnect(TO, never, net)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await vi.advanceTimersByTimeAsync(600_000);
  await racing;
  expect(net.tried.slice(0, 3)).toEqual(["10.0.0.0", "fd7a::1", "10.0.0.1"]);
  expect(net.tried).toHaveLength(16);
});

test("CC-41 when no address takes it, the error that says most is told", async () => {
  const net = network({
    "fd7a::1": { after: 400, code: "ENETUNREACH" },
    "100.64.0.1": { after: 0, code: "ECONNREFUSED" },
    "100.64.0.2": { after: 0, code: "EHOSTUNREACH" },
  });
  const racing = expect(raceToConnect(TO, never, net)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await vi.advanceTimersByTimeAsync(600_000);
  await racing;
});

test("CC-41 who aborts ends all attempts, also while the name is looked up", async () => {
  const stop = new AbortController();
  const net = network({ "fd7a::1": null, "100.64.0.1": null });
  const racing = expect(raceToConnect(TO, stop.signal, net)).rejects.toThrow("abort");
  await vi.advanceTimersByTimeAsync(500);
  stop.abort();
  await racing;
  expect(net.sockets.map(({ destroyed }) => destroyed)).toEqual([true, true]);
  const silent = { ...net, lookup: () => new Promise<never>(() => {}) };
  const looking = new AbortController();
  const waiting = expect(raceToConnect(TO, looking.signal, silent)).rejects.toThrow("abort");
  looking.abort();
  await waiting;
});
