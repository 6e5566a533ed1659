import { apply } from "./apply.ts";
import type { Command } from "./commands.ts";
import { decide } from "./decide.ts";
import { deliveriesOf } from "./delivery.ts";
import { isFact, type Event, type Fact } from "./events.ts";
import type { Notice } from "./notices.ts";
import type { Refusal } from "./refusals.ts";
import type { CommandClass, Rules } from "./rules.ts";
import type { KeyOfName, State } from "./state.ts";

export interface CoreDomain {
  readonly state: State;
  readonly command: Command;
  readonly event: Event;
  readonly fact: Fact;
  readonly refusal: Refusal;
  readonly notice: Notice;
}

/** The rules of people, names, bans and the open room, as a mailbox runs them, where no name has a user key. */
export const coreRules: Rules<CoreDomain> = createCoreRules(() => null);

/** The same, where local names may have user keys. */
export function createCoreRules(keyOfName: KeyOfName): Rules<CoreDomain> {
  return {
    classOf,
    sessionOf: (command) => ("session" in command ? command.session : null),
    sizeOf,
    decide: (state, command, at) => decide(state, command, at, keyOfName),
    apply,
    deliveriesOf,
    storedBy: (event) => (isFact(event) ? { kind: "fact", fact: event } : null),
    lazyKeyOf: (fact) => fact.kind,
    refusedNotice: (command, refusal) => ({
      kind: "refused",
      refusal,
      tag: "tag" in command ? command.tag : undefined,
    }),
    storageFailed: { reason: "storage-failed" },
    busy: { reason: "storage-failed" },
  };
}

function classOf(command: Command): CommandClass {
  switch (command.kind) {
    case "broadcast":
    case "direct":
    case "list":
    case "list-bans":
    case "check":
    case "invalid":
      return "live";
    case "open":
    case "register":
    case "refresh-identity":
    case "end":
    case "kick":
    case "ban":
    case "unban":
    case "release-name":
    case "tailscaled-seen":
    case "tailscaled-presence":
    case "nodes-present":
    case "clear-kept-right":
      return "durable";
  }
}

/** A string takes at most two bytes a letter; the rest of a command is small. */
function sizeOf(command: Command): number {
  switch (command.kind) {
    case "broadcast":
      return BASE_SIZE + 2 * command.text.length;
    case "direct":
      return BASE_SIZE + 2 * (command.to.length + command.body.length);
    case "register":
    case "release-name":
      return BASE_SIZE + 2 * command.name.length;
    case "kick":
    case "ban":
      return BASE_SIZE + 2 * (command.target.length + (command.reason?.length ?? 0));
    case "unban":
      return BASE_SIZE + 2 * command.target.length;
    case "list":
    case "list-bans":
    case "check":
    case "invalid":
    case "open":
    case "refresh-identity":
    case "end":
    case "tailscaled-seen":
    case "tailscaled-presence":
    case "nodes-present":
    case "clear-kept-right":
      return BASE_SIZE;
  }
}

const BASE_SIZE = 128;
