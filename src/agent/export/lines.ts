import * as v from "valibot";
import { KINDS } from "../../mls/identity/who.ts";
import type { NamePin } from "../../mls/identity/pins.ts";
import type { Who } from "../../mls/identity/who.ts";
import { KeptDoubt } from "../storage/doubt.ts";
import type { HistoryEntry } from "../storage/kept.ts";
import { PIECE, SealedFileError } from "./sealed-file.ts";

/** What stands in an export: lines of JSON, the first one about whose it is, then names and messages. Bytes are base64url. */
export interface Owner {
  readonly who: Who;
  readonly userSeed: Uint8Array;
  /** When it was exported, milliseconds since 1970, by that device's clock; absent: by an earlier version, which didn't say. */
  readonly at?: number;
}

export interface Message {
  readonly conversation: string;
  readonly group: Uint8Array;
  readonly number: number;
  readonly at: number;
  readonly readers: readonly string[];
  readonly entry: Extract<HistoryEntry, { kind: "message" }>;
}

const bytes = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_-]*$/),
  v.transform((text): Uint8Array => Uint8Array.from(Buffer.from(text, "base64url"))),
);
const word = v.pipe(v.string(), v.maxLength(1024));
const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const who = v.object({ server: bytes, kind: v.picklist(KINDS), identity: word });

/** In the year 2096, milliseconds since 1970: as late as anything stands in a history. */
export const LATEST_EXPORT = 4_000_000_000_000;

const owner = v.object({
  export: v.literal(1),
  who,
  userSeed: v.pipe(
    bytes,
    v.check((seed) => seed.length === 32),
  ),
  at: v.exactOptional(v.pipe(whole, v.maxValue(LATEST_EXPORT))),
});
const namePin = v.object({ name: word, who });
const message = v.object({
  conversation: word,
  group: bytes,
  number: whole,
  at: whole,
  readers: v.pipe(v.array(word), v.maxLength(10_000)),
  entry: v.object({
    kind: v.literal("message"),
    who: word,
    device: bytes,
    deviceLabel: word,
    messageId: bytes,
    content: bytes,
    text: v.nullable(v.string()),
    amends: v.nullable(v.object({ how: v.picklist(["edit", "deletion"]), device: bytes, messageId: bytes })),
    missed: whole,
    doubt: v.exactOptional(KeptDoubt),
  }),
});

const item = v.union([message, namePin]);

/** A line that nobody could read again: its fields or the whole are longer than reading allows. `message` says what, for people. */
class UnreadableLineError extends Error {}

/** One line, without its end. Throws an `UnreadableLineError`, as the others do. */
export function ownerLine({ who: of, ...more }: Owner): string {
  return readable(owner, { export: 1, who: of, ...more }, "whose it is");
}

export function nameLine({ name, who: of }: NamePin): string {
  return readable(namePin, { name, who: of }, "a name");
}

export function messageLine(of: Message): string {
  return readable(message, of, `message ${of.number} of the group ${Buffer.from(of.group).toString("base64url")}`);
}

/** Null: it is none. */
export function readOwner(line: string): Owner | null {
  return read(owner, line);
}

/** What stands behind the first line. Null: it is neither. */
export function readItem(line: string): NamePin | Message | null {
  return read(item, line);
}

/** Lines, in pieces. */
export async function* inPieces(lines: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  let rest = Buffer.alloc(0);
  for await (const line of lines) {
    rest = Buffer.concat([rest, Buffer.from(`${line}\n`)]);
    while (rest.length >= PIECE) {
      yield rest.subarray(0, PIECE);
      rest = Buffer.from(rest.subarray(PIECE));
    }
  }
  if (rest.length > 0) yield rest;
}

/** Of a message with its content, twice in base64 and as text. */
const LONGEST_LINE = 1024 * 1024;

/** Throws a `SealedFileError` for a line that is longer than any of ours. */
export async function* inLines(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  for await (const piece of pieces) {
    rest = Buffer.concat([rest, piece]);
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      yield rest.subarray(0, end).toString();
      rest = rest.subarray(end + 1);
    }
    if (rest.length > LONGEST_LINE) throw new SealedFileError("damaged");
  }
}

/** What reading refuses is not written either: an export that can't be read again would be found out when it is needed. */
function readable(schema: v.GenericSchema, value: object, what: string): string {
  const line = write(value);
  if (Buffer.byteLength(line) > LONGEST_LINE || read(schema, line) === null)
    throw new UnreadableLineError(`${what} is more than an export can hold.`);
  return line;
}

function write(value: object): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key, given: unknown) {
    const original = this[key];
    // Buffers have a toJSON of their own, which has been called already.
    return original instanceof Uint8Array ? Buffer.from(original).toString("base64url") : given;
  });
}

function read<Schema extends v.GenericSchema>(schema: Schema, line: string): v.InferOutput<Schema> | null {
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), line);
  return result.success ? result.output : null;
}
