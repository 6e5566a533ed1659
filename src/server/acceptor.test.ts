import { createServer } from "node:http";
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { socketPair } from "../../test/socket-pair.ts";
import { createAcceptor } from "./acceptor.ts";

/** A acceptor for two from each address, and a real connection made to look as if it came from there. */
function acceptorForTwo(): { enter: (address: string) => Promise<Socket>; crowd: Socket[] } {
  const crowd: Socket[] = [];
  const acceptor = createAcceptor({
    identifier: { identify: () => Promise.resolve({ kind: "refused", reason: "not-a-member" }) },
    timeout: 60_000,
    maxSockets: 100,
    maxPerAddress: 2,
    http: createServer(),
    now: () => 0,
    onLines: () => {},
    onHttp: () => {},
    onSilence: () => {},
    onCrowd: (socket) => crowd.push(socket),
  });
  return {
    crowd,
    enter: async (address) => {
      const { accepted } = await socketPair();
      Object.defineProperty(accepted, "remoteAddress", { value: address });
      acceptor.accept(accepted);
      return accepted;
    },
  };
}

test("SE-4 one address of another machine holds only so many sockets, whether or not they have said who they are", async () => {
  const { enter, crowd } = acceptorForTwo();
  const first = await enter("100.64.0.7");
  await enter("100.64.0.7");
  const third = await enter("100.64.0.7");
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
