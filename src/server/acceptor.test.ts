import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { socketPair } from "../../test/socket-pair.ts";
import type { Identified } from "../tailnet/identify.ts";
import { createAcceptor, type IdentifiedSocket, type Speech } from "./acceptor.ts";

interface Scene {
  /** A real connection, made to look as if it came from there; `name` is who who-is says it is. */
  enter: (address: string, name?: string) => Promise<{ readonly accepted: Socket; readonly client: Socket }>;
  readonly crowd: Socket[];
  readonly identified: [Speech, IdentifiedSocket][];
  /** Resolves when so many have been identified, or turned away. */
  until: (count: number) => Promise<void>;
  readonly full: () => number;
  pass: (milliseconds: number) => void;
}

/** An acceptor for two from each address and of each identity, and for so many in all. */
function acceptorForTwo(maxSockets = 100): Scene {
  const crowd: Socket[] = [];
  const identified: [Speech, IdentifiedSocket][] = [];
  const names = new Map<number, string>();
  let full = 0;
  let now = 0;
  let news = Promise.withResolvers<void>();
  const tell = (): void => {
    news.resolve();
    news = Promise.withResolvers();
  };
  const acceptor = createAcceptor({
    identifier: {
      identify: ({ port }) => {
        const name = names.get(port);
        const answer: Identified =
          name === undefined
            ? { kind: "refused", reason: "not-a-member" }
            : { kind: "known", identity: identityOf(name), grant: null, online: null, sharedIn: false };
        return Promise.resolve(answer);
      },
    },
    timeout: 60_000,
    maxSockets,
    maxPerAddress: 2,
    maxPerIdentity: 2,
    now: () => now,
    onIdentified: (...what) => {
      identified.push(what);
      tell();
    },
    onSilence: () => {},
    onCrowd: (socket) => {
      crowd.push(socket);
      tell();
    },
    onFull: () => full++,
  });
  return {
    crowd,
    identified,
    full: () => full,
    pass: (milliseconds) => {
      now += milliseconds;
    },
    until: async (count) => {
      while (crowd.length + identified.length < count) await news.promise;
    },
    enter: async (address, name) => {
      const { accepted, client } = await socketPair();
      Object.defineProperty(accepted, "remoteAddress", { value: address });
      if (name !== undefined) names.set(accepted.remotePort ?? 0, name);
      acceptor.accept(accepted);
      return { accepted, client };
    },
  };
}

function identityOf(name: string): Extract<Identified, { kind: "known" }>["identity"] {
  return name === "local" ? { kind: "local" } : { kind: "person", login: `${name}@example.com` };
}

test("SE-4 one address of another machine holds only so many sockets, whether or not they have said who they are", async () => {
  const { enter, crowd } = acceptorForTwo();
  const { accepted: first } = await enter("100.64.0.7");
  await enter("100.64.0.7");
  const { accepted: third } = await enter("100.64.0.7");
  await enter("100.64.0.8");
  expect(crowd).toEqual([third]);
  for (const socket of [first, third]) {
    socket.destroy();
    await new Promise((resolve) => socket.once("close", resolve));
  }
  await enter("100.64.0.7");
  expect(crowd).toEqual([third]);
});

test("SE-4 loopback is exempt: in userspace mode the whole tailnet comes from there", async () => {
  const { enter, crowd } = acceptorForTwo();
  for (let i = 0; i < 4; i++) await enter(i % 2 === 0 ? "127.0.0.1" : "::ffff:127.0.0.1");
  expect(crowd).toEqual([]);
});

test("SE-4 one identity holds only so many sockets, from wherever, silent or not; others come in", async () => {
  const { enter, crowd, identified, until } = acceptorForTwo();
  const { client, accepted } = await enter("127.0.0.1", "bob");
  client.write("LIST\n");
  await until(1);
  await enter("127.0.0.1", "bob");
  const { accepted: third } = await enter("127.0.0.1", "bob");
  await until(2);
  expect(crowd).toEqual([third]);
  const { client: alice } = await enter("127.0.0.1", "alice");
  alice.write("GET ");
  await until(3);
  expect(identified.map(([speech]) => speech)).toEqual(["lines", "http"]);
  for (const socket of [accepted, third]) {
    socket.destroy();
    await new Promise((resolve) => socket.once("close", resolve));
  }
  const { client: again } = await enter("127.0.0.1", "bob");
  again.write("LIST\n");
  await until(4);
  expect(crowd).toEqual([third]);
});

test("SE-4 this machine's own people are exempt", async () => {
  const { enter, crowd, until } = acceptorForTwo();
  for (let i = 0; i < 4; i++) (await enter("127.0.0.1", "local")).client.write("LIST\n");
  await until(4);
  expect(crowd).toEqual([]);
});

test("SE-10 when all places are taken, the longest silent socket makes room, and else the newcomer is closed", async () => {
  const { enter, full, pass, until } = acceptorForTwo(3);
  const { client } = await enter("127.0.0.1", "local");
  client.write("LIST\n");
  await until(1);
  const { accepted: silent } = await enter("127.0.0.1", "local");
  const { accepted: second } = await enter("127.0.0.1", "local");
  const { accepted: tooSoon } = await enter("127.0.0.1", "local");
  expect(tooSoon.destroyed).toBe(true);
  expect(full()).toBe(1);
  pass(1000);
  const { accepted: welcome } = await enter("127.0.0.1", "local");
  expect([silent.destroyed, second.destroyed, welcome.destroyed]).toEqual([true, false, false]);
  expect(full()).toBe(1);
});
