import type {
  Conversation,
  ConversationId,
  Device,
  Hold,
  Outcome,
  SealedChat,
  SendOptions,
} from "../../client/index.ts";
import type { Open, ServerAddress } from "../../client/transport/index.ts";
import type { KnownServer } from "../runtime/introduce.ts";
import type { OwnerMark } from "../storage/owner-file.ts";

/** A chat whose writes can be asked for again: `id` is the message's own, and one that is there already is not written twice. */
export interface ServedChat extends SealedChat {
  send(conversation: ConversationId, text: string, options?: SendOptions & { readonly id?: string }): Promise<Outcome>;
  edit(conversation: ConversationId, message: string, text: string, id?: string): Promise<Outcome>;
  remove(conversation: ConversationId, message: string, id?: string): Promise<Outcome>;
  /** What waits now because somebody has to look. */
  readonly held: readonly { readonly conversation: Conversation; readonly hold: Hold }[];
  /** Devices that ask to be confirmed now. */
  readonly waitingDevices: readonly Device[];
}

/** One device on one server, open. */
export interface OpenDevice {
  readonly chat: ServedChat;
  /** Into `#everyone`, where nobody has asked for that yet. */
  comeIn(): void;
  /** A connection that waits for its turn is tried at once. */
  hurry(): void;
  /** For a device that waits to be confirmed, or was never there. */
  useToken(token: string): Promise<void>;
  /** Whether a device that it has invited may come. */
  isAwaited(): Promise<boolean>;
  /** Messages that wait to be sent. */
  waiting(): Promise<number>;
  /** Ends the chat and closes all that belongs to it. */
  close(): Promise<void>;
}

export interface DeviceOptions {
  /** Asked for each connection: one server may have several addresses, and not each of them leads there at all times. */
  readonly where: () => ServerAddress;
  readonly known: KnownServer;
  readonly name: string;
  /** Whether the person has said this name: then a device asks to be theirs where somebody has it already. */
  readonly isNamed: boolean;
  /** For a new device to be confirmed by, as whoever asks for it has it; null: none. */
  readonly token: string | null;
  /** Its own, and the file with its key; neither need be there. */
  readonly folder: string;
  readonly keyFile: string;
  /** What says that its folder is this agent's; null: its lock does. */
  readonly owner: OwnerMark | null;
  /** The address leads to the server with this id, which is another one, or we are somebody else there. */
  readonly notAtHome: (id: string) => void;
}

/** Rejects with an `AgentStoreError`. */
export type OpensDevice = (options: DeviceOptions) => Promise<OpenDevice>;

/** How a connection to a server is opened from this machine. */
export type Reach = (server: ServerAddress) => Promise<{ readonly open?: Open }>;

/** A line for the log. Texts of others in it are made visible by whoever has the log. */
export type Log = (line: string) => void;
