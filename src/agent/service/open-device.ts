import { hostname } from "node:os";
import { formatAddress, openTcp } from "../../client/transport/index.ts";
import { agentChat } from "../chat/index.ts";
import type { OwnTailnet } from "../chat/own-tailnet.ts";
import { startDevice } from "../runtime/device-runtime.ts";
import { AgentStoreError } from "../storage/errors.ts";
import { openAgentStore } from "../storage/sqlite/store.ts";
import type { Log, OpensDevice, Reach } from "./ports.ts";

interface Opening {
  readonly machine: string;
  readonly reach: Reach;
  readonly tailnet: OwnTailnet;
  readonly log: Log;
}

/** The real thing: a device's store, its life on its server, and the chat over both. */
export function openDevice({ machine, reach, tailnet, log }: Opening): OpensDevice {
  return async ({ where, known, name, isNamed, token, folder, keyFile, owner, notAtHome }) => {
    const failed = (error: unknown): void => log(`${formatAddress(where())}: ${describe(error)}`);
    const store = await openAgentStore({ folder, keyFile, machine }, owner);
    const runtime = startDevice({
      server: where(),
      open: async (_first, signal) => {
        const server = where();
        const { open = openTcp } = await reach(server);
        return await open(server, signal);
      },
      store,
      known,
      name,
      mayAsk: isNamed,
      token,
      deviceLabel: hostname(),
      comesIn: false,
      onEvent: (event) => {
        if (event.kind === "failed") failed(event.error);
        if (event.kind === "not-at-home") notAtHome(event.hello.server.id);
      },
    });
    const chat = agentChat({ runtime, store, tailnet, name, failed });
    // What is on the disk is there before the first face is told of it.
    await chat.settled();
    return {
      chat,
      comeIn: () => chat.comeIn(),
      hurry: () => {
        runtime.client.hurry();
        runtime.askAgain();
      },
      useToken: async (given) => await runtime.useToken(given),
      async isAwaited() {
        const { invitations } = await store.load();
        return invitations.some(({ until }) => until > Date.now());
      },
      waiting: async () => (await store.outbox()).length,
      async close() {
        await chat.close();
        await store.close();
      },
    };
  };
}

/** Store errors are lines for people; of anything else the place in the program is worth knowing. */
function describe(error: unknown): string {
  if (error instanceof AgentStoreError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
