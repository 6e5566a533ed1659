import { classicChat } from "../../client/classic/index.ts";
import type { ChatClient, EndCause, SealedChat } from "../../client/index.ts";
import type { Chat } from "../../view/chat/chat.ts";
import { createChat } from "../../view/chat/chat-model.ts";
import { formatAddress } from "../../client/transport/index.ts";
import { enter } from "../enter.ts";
import type { Explanation } from "../explain.ts";
import { reach } from "../reach/index.ts";
import { cannotSeal, type Attach } from "../sealed/attach.ts";
import { seenMarks } from "../start/seen.ts";
import { chooseIds } from "../start/choose-id.ts";
import { aboutBeingLocal } from "./being-local.ts";
import { chatPorts, type ChatWorld } from "./ports.ts";

/**
 * Milliseconds: the server notices within two minutes that a connection of ours is gone (a closed laptop), which until then
 * has our name.
 */
const GHOST_TIMEOUT = 150_000;
const GHOST_PAUSE = 5000;

/** A chat, or why there is none. */
export type Joined =
  | {
      readonly chat: Chat;
      readonly client: ChatClient;
      readonly sealed?: SealedChat;
      /** What is to be known of being here, when it is known. */
      readonly later?: Promise<readonly string[]>;
    }
  | { readonly cause: EndCause }
  | { readonly failed: Explanation };

export interface Joining {
  /** The name that was given; undefined: none was. */
  readonly given: string | undefined;
  /** The name of the last chat. */
  readonly remembered: string | null;
  /** Whether a person is there, who can wait. */
  readonly isPerson: boolean;
  /** Gets a chat that seals; null: only the classic protocol is wanted. */
  readonly attach: Attach | null;
  readonly complain: (line: string) => void;
}

type World = Omit<ChatWorld, "client">;

/** A chat that seals, where the server can and an agent is to be had; else one of the classic protocol, which says so. */
export async function join(joining: Joining, world: World): Promise<Joined> {
  const { server, context } = world;
  const { attach, given, remembered, isPerson } = joining;
  if (attach === null) return await joinClassic(joining, world);
  const attached = await attach({ server, name: given ?? null, remembered, comesIn: true }, context);
  if (context.stop.aborted) return { cause: { kind: "left" } };
  switch (attached.kind) {
    case "failed":
      return { failed: attached.explanation };
    case "unreached":
      return { cause: attached.end };
    case "classic-only": {
      const foreword = isPerson ? [`${cannotSeal(server)}: it can read all that is said here.`] : [];
      return await joinClassic(joining, { ...world, foreword });
    }
    case "sealed": {
      const sealed = attached.chat;
      const later = aboutBeingLocal(sealed, server, context);
      const shownFromBefore = isPerson ? world.shownFromBefore : 0;
      // A pipe shows nobody what it hears.
      const seen = isPerson ? seenMarks(world.own, { server, me: sealed.me }) : null;
      const marks = seen === null ? {} : { seen: { ...seen, all: world.inLines } };
      const chat = createChat({ ...chatPorts({ ...world, client: sealed }), sealed, shownFromBefore, later, ...marks });
      void sealed.ended().then(() => seen?.keep());
      context.stop.addEventListener("abort", () => void sealed.close(), { once: true });
      return { chat, client: sealed, sealed, later };
    }
  }
}

/** Connects under the first name that is free; a person can wait until an earlier connection is forgotten, and is told so. */
async function joinClassic({ given, remembered, isPerson, complain }: Joining, world: World): Promise<Joined> {
  const { server, context } = world;
  const ids = await chooseIds(given, remembered, context);
  let chosen: Chat | undefined;
  let client: ChatClient | undefined;
  const entry = await enter({
    ...(await reach(server, context)),
    server,
    ids,
    signal: context.stop,
    reconnect: "lost",
    timeout: isPerson ? GHOST_TIMEOUT : 0,
    pause: GHOST_PAUSE,
    waiting: () => isPerson && complain(takenFor(ids[0], formatAddress(server))),
    // Each attempt has a chat of its own, which hears what comes from its first line on.
    made: (attempt) => {
      client = classicChat({ client: attempt });
      chosen = createChat(chatPorts({ ...world, client }));
    },
  });
  if ("cause" in entry) return entry;
  return chosen === undefined || client === undefined ? { cause: { kind: "left" } } : { client, chat: chosen };
}

function takenFor(id: string, server: string): string {
  return (
    `The name ${id} is taken: by somebody else, or by an earlier connection of your own that the server has not noticed is gone. ` +
    `Trying again for two minutes. Ctrl-C leaves; pad chat OTHER ${server} takes another name.`
  );
}
