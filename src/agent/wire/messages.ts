import * as v from "valibot";
import type { ChatEvent, ClientState, ConnectionEnd, Conversation, Person, Standing } from "../../client/index.ts";
import { REQUESTS, isRequestName } from "./requests.ts";
import type { Asks, Gives, RequestName } from "./requests.ts";
import { connectionEnd, conversation, event, people, standing, state, text, word } from "./values.ts";

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));

/** The first line of each side. It never changes, but may have more fields in later versions. */
const first = v.object({ padserve: v.picklist(["face", "agent"]), protocol: count, version: word, pid: count });
export type First = v.InferOutput<typeof first>;

/** Besides the chat's own requests. `stop` never changes. */
const attach = v.object({
  server: v.object({ host: word, port }),
  name: v.nullable(word),
  /** Empty: not asked for yet. */
  suggested: v.pipe(v.array(word), v.maxLength(16)),
  /** Given to a device that isn't confirmed yet; never kept, shown or logged but by it. */
  token: v.exactOptional(v.nullable(word), null),
  /** Whether this device is to be in `#everyone`, if its person hasn't left it. */
  comesIn: v.exactOptional(v.boolean(), true),
});
/** The address whose server is to be forgotten. */
const forget = v.object({ server: v.object({ host: word, port }) });
/**
 * `always`: faces are told and end. `unused`: only if no other face is attached; whoever asks may start the next. `handover`: whoever
 * asks is the next one, and faces go on with it.
 */
const stop = v.object({ when: v.picklist(["always", "unused", "handover"]) });
export type StopWhen = v.InferOutput<typeof stop>["when"];

const fromFace = v.object({ id: count, ask: word, body: v.unknown() });

export type FromFace =
  | { readonly kind: "attach"; readonly id: number; readonly body: v.InferOutput<typeof attach> }
  | { readonly kind: "status" | "ping"; readonly id: number }
  | { readonly kind: "stop"; readonly id: number; readonly body: v.InferOutput<typeof stop> }
  | { readonly kind: "forget"; readonly id: number; readonly body: v.InferOutput<typeof forget> }
  | ChatRequest;
export type ChatRequest = {
  [Name in RequestName]: {
    readonly kind: "chat";
    readonly id: number;
    readonly name: Name;
    readonly body: Asks<Name>;
  };
}[RequestName];

const attachReply = v.variant("kind", [
  v.object({ kind: v.literal("attached"), name: word }),
  /** No name was given, and this agent has none on that server: ask again with some. */
  v.object({ kind: v.literal("name-needed") }),
  v.object({ kind: v.literal("classic-only") }),
  v.object({ kind: v.literal("server"), end: connectionEnd }),
  v.object({ kind: v.picklist(["folder", "busy", "another-server"]), text }),
]);
export type AttachReply =
  | { readonly kind: "attached"; readonly name: string }
  | { readonly kind: "name-needed" }
  | { readonly kind: "classic-only" }
  | { readonly kind: "server"; readonly end: ConnectionEnd }
  | { readonly kind: "folder" | "busy" | "another-server"; readonly text: string };

const forgetReply = v.object({ kind: v.picklist(["forgotten", "unknown", "not-allowed"]) });
const stopReply = v.object({ kind: v.picklist(["stopping", "in-use"]) });

const status = v.object({
  pid: count,
  version: word,
  since: count,
  stays: v.boolean(),
  folder: word,
  faces: count,
  devices: v.pipe(
    v.array(
      v.object({
        address: word,
        name: word,
        identity: word,
        state,
        standing: v.picklist(["unknown", "confirmed", "pending", "removed"]),
        faces: count,
        waiting: v.nullable(count),
      }),
    ),
    v.maxLength(1000),
  ),
});
export interface AgentStatus {
  readonly pid: number;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Whether it stays without a face. */
  readonly stays: boolean;
  readonly folder: string;
  readonly faces: number;
  readonly devices: readonly {
    readonly address: string;
    readonly name: string;
    /** The server's id and who one is there. */
    readonly identity: string;
    readonly state: ClientState;
    /** Whether it is one of its person's devices. */
    readonly standing: Standing["kind"];
    readonly faces: number;
    /** Messages that wait to be sent; null: the store can't tell. */
    readonly waiting: number | null;
  }[];
}

/** "I am here": asked by a face that waits. */
const pingReply = v.object({ kind: v.literal("here") });

const REPLIES = { attach: attachReply, status, stop: stopReply, forget: forgetReply, ping: pingReply } as const;
export type ControlName = keyof typeof REPLIES;
export interface ControlReplies {
  readonly attach: AttachReply;
  readonly status: AgentStatus;
  readonly stop: { readonly kind: "stopping" | "in-use" };
  readonly forget: { readonly kind: "forgotten" | "unknown" | "not-allowed" };
  readonly ping: { readonly kind: "here" };
}
export type ControlReply<Name extends ControlName> = ControlReplies[Name];

/** A conversation as a face needs it: `longestText` in bytes of UTF-8. */
const known = v.object({ conversation, longestText: count });

const fromAgent = v.union([
  v.object({ id: count, reply: v.unknown() }),
  /** Begins a snapshot: what was known before is void. The conversations and people follow, then the reply to `attach`. */
  v.object({ snapshot: v.object({ me: word, state, standing }) }),
  v.object({ known }),
  v.object({ people }),
  v.object({ me: word }),
  v.object({ event }),
  /** The last line: the agent ends, or has no time for this face. */
  v.object({ bye: v.picklist(["stopped", "ending", "not-understood", "too-many"]) }),
]);
export type FromAgent = v.InferOutput<typeof fromAgent>;
export type Bye = Extract<FromAgent, { bye: unknown }>["bye"];

/** For the test that guards the protocol's version. */
export const SCHEMAS = { first, fromFace, attach, stop, forget, fromAgent, REPLIES };

/** Null: it is no such line. */
export function readFirst(line: string): First | null {
  return parsed(first, line);
}

/** Null: what was said can't be understood. */
export function readFromFace(line: string): FromFace | null {
  const read = parsed(fromFace, line);
  if (read === null) return null;
  const { id, ask, body } = read;
  if (ask === "status" || ask === "ping") return { kind: ask, id };
  if (ask === "attach") return withBody(attach, body, (checked) => ({ kind: "attach", id, body: checked }));
  if (ask === "stop") return withBody(stop, body, (checked) => ({ kind: "stop", id, body: checked }));
  if (ask === "forget") return withBody(forget, body, (checked) => ({ kind: "forget", id, body: checked }));
  return isRequestName(ask) ? chatRequest(id, ask, body) : null;
}

export function readFromAgent(line: string): FromAgent | null {
  return parsed(fromAgent, line);
}

export function readControlReply<Name extends ControlName>(name: Name, reply: unknown): ControlReply<Name> | null {
  const result = v.safeParse(REPLIES[name], reply);
  // The schema is that of the name.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return result.success ? (result.output as ControlReply<Name>) : null;
}

export function readReply<Name extends RequestName>(name: Name, reply: unknown): Gives<Name> | null {
  const result = v.safeParse(REQUESTS[name].gives, reply);
  return result.success ? result.output : null;
}

export function firstLine(of: First): string {
  return JSON.stringify(of);
}

export function askLine(id: number, ask: string, body: object): string {
  return JSON.stringify({ id, ask, body });
}

export function replyLine(id: number, reply: unknown): string {
  return JSON.stringify({ id, reply });
}

/** What the agent says unasked. */
export type Told =
  | { readonly snapshot: { readonly me: string; readonly state: ClientState; readonly standing: Standing } }
  | { readonly known: { readonly conversation: Conversation; readonly longestText: number } }
  | { readonly people: readonly Person[] }
  | { readonly me: string }
  | { readonly event: ChatEvent }
  | { readonly bye: Bye };

export function toldLine(told: Told): string {
  return JSON.stringify(told);
}

function chatRequest(id: number, name: RequestName, body: unknown): ChatRequest | null {
  const result = v.safeParse(REQUESTS[name].asks, body);
  // Name and schema belong together, which the compiler can't see for a name that is only known at run time.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return result.success ? ({ kind: "chat", id, name, body: result.output } as ChatRequest) : null;
}

function withBody<Schema extends v.GenericSchema>(
  schema: Schema,
  body: unknown,
  make: (checked: v.InferOutput<Schema>) => FromFace,
): FromFace | null {
  const result = v.safeParse(schema, body);
  return result.success ? make(result.output) : null;
}

function parsed<Schema extends v.GenericSchema>(schema: Schema, line: string): v.InferOutput<Schema> | null {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return null;
  }
  const result = v.safeParse(schema, json);
  return result.success ? result.output : null;
}
