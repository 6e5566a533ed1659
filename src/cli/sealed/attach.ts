import type { ProcessContext } from "../../args/command.ts";
import type { Options, Values } from "../../args/options.ts";
import type { ConnectionEnd, SealedChat } from "../../client/index.ts";
import { formatAddress, type ServerAddress } from "../../client/transport/index.ts";
import type { Explanation } from "../explain.ts";

/** Gets the chat of this machine's device on that server, starting its agent where none runs. Never rejects. */
export type Attach = (wanted: Wanted, context: ProcessContext) => Promise<Attached>;

export interface Wanted {
  readonly server: ServerAddress;
  /** The name that the person said; null: the one that this device has there. */
  readonly name: string | null;
  /** The name of the last chat, for a device that has none yet. */
  readonly remembered: string | null;
  /** Whether this device is to be in `#everyone`, unless its person has left it. Default: that stays as it is. */
  readonly comesIn?: boolean;
}

export type Attached =
  /** Its `close` ends what this program has of it, and nobody else's. */
  | {
      readonly kind: "sealed";
      readonly chat: SealedChat;
      /** Nobody has said the name, for the last chat neither, and none was known there: it was found for a device that is new. Default false. */
      readonly isNameFound?: boolean;
    }
  /** The server speaks the classic protocol alone. */
  | { readonly kind: "classic-only" }
  /** There is no agent to be had. */
  | { readonly kind: "failed"; readonly explanation: Explanation }
  /** The server could not be reached, or would not have us. */
  | { readonly kind: "unreached"; readonly end: ConnectionEnd };

export const CLASSIC_OPTION = {
  classic: {
    kind: "flag",
    help: "the classic protocol alone, which the server can read; starts no agent ($PAD_CLASSIC=1 does the same)",
  },
} as const satisfies Options;

/** Whether the agent is to be left alone. */
export function isClassic(given: Values<typeof CLASSIC_OPTION>, { env }: Pick<ProcessContext, "env">): boolean {
  return given.classic === true || !["", "0", undefined].includes(env["PAD_CLASSIC"]);
}

/** Why nothing can be sealed there, for people. */
export function cannotSeal(server: ServerAddress): string {
  return `${formatAddress(server)} is a server of the classic protocol, which can't seal`;
}
