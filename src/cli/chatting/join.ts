import { classicChat, type PadClient } from "../../client/classic/index.ts";
import type { EndCause } from "../../client/index.ts";
import type { Chat } from "../../view/chat/chat.ts";
import { createChat } from "../../view/chat/chat-model.ts";
import { formatAddress } from "../../client/transport/index.ts";
import { enter } from "../enter.ts";
import { reach } from "../reach/index.ts";
import { chatPorts, type ChatWorld } from "./ports.ts";

/**
 * Milliseconds: the server notices within two minutes that a connection of ours is gone (a closed laptop), which until then
 * has our name.
 */
const GHOST_TIMEOUT = 150_000;
const GHOST_PAUSE = 5000;

/** A chat that is online, or why there is none. */
export type Joined = { readonly chat: Chat; readonly client: PadClient } | { readonly cause: EndCause };

/** Connects under the first of these names that is free; a person can wait until an earlier connection is forgotten, and is told so. */
export async function join(
  ids: readonly [string, ...string[]],
  person: boolean,
  world: Omit<ChatWorld, "client">,
  complain: (line: string) => void,
): Promise<Joined> {
  const { server, context } = world;
  let chosen: Chat | undefined;
  const entry = await enter({
    ...(await reach(server, context)),
    server,
    ids,
    signal: context.stop,
    reconnect: "lost",
    timeout: person ? GHOST_TIMEOUT : 0,
    pause: GHOST_PAUSE,
    waiting: () => person && complain(takenFor(ids[0], formatAddress(server))),
    // Each attempt has a chat of its own, which hears what comes from its first line on.
    made: (client) => {
      chosen = createChat(chatPorts({ ...world, client: classicChat({ client }) }));
    },
  });
  if ("cause" in entry) return entry;
  return chosen === undefined ? { cause: { kind: "left" } } : { ...entry, chat: chosen };
}

function takenFor(id: string, server: string): string {
  return (
    `The name ${id} is taken: by somebody else, or by an earlier connection of your own that the server has not noticed is gone. ` +
    `Trying again for two minutes. Ctrl-C leaves; pad chat OTHER ${server} takes another name.`
  );
}
