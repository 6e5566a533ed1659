/**
 * `agent/export`: what a person takes along of a device: the user key and the messages, in a file that their passphrase opens. Never the
 * device's own keys or the state of groups: two devices of the same keys would use them twice (SEALED.md 9). Format: docs/export.md.
 */

import { open, rm } from "node:fs/promises";
import { isAbsolute } from "node:path";
import type { NamePin } from "../../mls/identity/pins.ts";
import type { Who } from "../../mls/identity/who.ts";
import { explainFileError } from "../../disk/file-error.ts";
import { digestContent } from "../content/content.ts";
import { MOST_NAMES } from "../device/known-people.ts";
import { AgentStoreError } from "../storage/errors.ts";
import type { Digest } from "../storage/kept.ts";
import type { AgentStore } from "../storage/ports.ts";
import { inLines, inPieces, LATEST_EXPORT, messageLine, nameLine, ownerLine, readItem, readOwner } from "./lines.ts";
import type { Message, Owner } from "./lines.ts";
import { readSealed, SealedFileError, writeSealed } from "./sealed-file.ts";
import type { OpenFault } from "./sealed-file.ts";

/** Rows of the history that are held at once. */
const BATCH = 100;
/** Messages of one commit. */
const COMMIT = 200;
/** Conversations whose end is marked. */
const MOST_MARKED = 10_000;
/** Twice what a device pins without its person's word (`MOST_NAMES`). */
const MOST_NAMES_READ = 2 * MOST_NAMES;

export type Exported = { readonly kind: "done" } | { readonly kind: "failed"; readonly text: string };

/** Writes an export to a new file (0600). What is there already isn't touched; what was begun and failed is taken away. */
export async function exportTo(
  file: string,
  passphrase: string,
  {
    store,
    who,
    userSeed,
    digest = digestContent,
    now = Date.now,
  }: {
    readonly store: AgentStore;
    readonly who: Who;
    readonly userSeed: Uint8Array;
    /** Default: of our content format. */
    readonly digest?: (content: Uint8Array) => Digest;
    /** Default: the machine's clock. */
    readonly now?: () => number;
  },
): Promise<Exported> {
  if (!isAbsolute(file)) return failed("The file's path has to be absolute.");
  if (passphrase === "") return failed("An export needs a passphrase.");
  try {
    const handle = await open(file, "wx", 0o600);
    try {
      await writeSealed(
        handle,
        passphrase,
        inPieces(linesOf({ store, digest }, { who, userSeed, at: Math.min(now(), LATEST_EXPORT) })),
      );
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
    return { kind: "done" };
  } catch (error) {
    return failed(`The export can't be written: ${explainFileError(error)}.`);
  }
}

export type Imported =
  /** All of it is kept. */
  | { readonly kind: "done"; readonly owner: Owner; readonly names: readonly NamePin[] }
  | { readonly kind: "wrong-passphrase" }
  | { readonly kind: "failed"; readonly text: string };

/**
 * Reads an export: its messages are kept as they come, each once, so that it can be read again; what its key is used for is the caller's,
 * once all of it has been read. `isTheirs`: whether it is an export of this person on this server.
 */
export async function importFrom(
  file: string,
  passphrase: string,
  { store, isTheirs }: { readonly store: AgentStore; readonly isTheirs: (who: Who) => boolean },
): Promise<Imported> {
  if (!isAbsolute(file)) return failed("The file's path has to be absolute.");
  try {
    const handle = await open(file, "r");
    try {
      return await keepAll(inLines(readSealed(handle, passphrase)), { store, isTheirs });
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof SealedFileError)
      return error.fault === "wrong-passphrase" ? { kind: "wrong-passphrase" } : failed(FAULTS[error.fault]);
    // What our own store refuses says nothing of the file.
    if (error instanceof AgentStoreError)
      return failed(`What the export holds can't be kept on this device, and its key wasn't taken: ${error.message}`);
    if (!(error instanceof Error && "code" in error)) throw error;
    return failed(`The export can't be read: ${explainFileError(error)}.`);
  }
}

async function keepAll(
  lines: AsyncGenerator<string>,
  { store, isTheirs }: Parameters<typeof importFrom>[2],
): Promise<Imported> {
  const first = await lines.next();
  const owner = first.done === true ? null : readOwner(first.value);
  if (owner === null) return failed(FAULTS.damaged);
  if (!isTheirs(owner.who)) return failed("The export is of somebody else, or of another server. Nothing was taken.");
  const names: NamePin[] = [];
  const newest = new Map<string, Message>();
  let messages: Message[] = [];
  for await (const line of lines) {
    const item = readItem(line);
    if (item === null) return failed(FAULTS.damaged);
    if ("name" in item) names.push(item);
    else {
      messages.push(item);
      const known = newest.get(item.conversation);
      if (known === undefined ? newest.size < MOST_MARKED : known.at <= item.at) newest.set(item.conversation, item);
    }
    if (names.length > MOST_NAMES_READ) return failed(FAULTS.damaged);
    if (messages.length < COMMIT) continue;
    await keep(store, messages);
    messages = [];
  }
  await keep(store, messages);
  await mark(store, [...newest.values()], owner);
  await store.commit(names.map((pin) => ({ kind: "name-pinned", pin }) as const));
  return { kind: "done", owner, names };
}

async function keep(store: AgentStore, messages: readonly Message[]): Promise<void> {
  await store.commit(messages.map((message) => ({ kind: "history-kept", isImported: true, ...message }) as const));
}

/** Says behind the newest message of each conversation that from there on this device has what it has read itself. Once for each file. */
async function mark(store: AgentStore, newest: readonly Message[], { at: exportedAt }: Owner): Promise<void> {
  const entry = { kind: "imported", exportedAt: exportedAt ?? null } as const;
  await store.commit(
    newest.map(({ conversation, group, number, at: said }) => {
      const at = Math.min(Math.max(said, exportedAt ?? 0), LATEST_EXPORT);
      return { kind: "history-kept", isImported: true, conversation, group, number, at, entry } as const;
    }),
  );
}

async function* linesOf(
  { store, digest }: { readonly store: AgentStore; readonly digest: (content: Uint8Array) => Digest },
  owner: Owner,
): AsyncGenerator<string> {
  yield ownerLine(owner);
  const { names } = await store.load();
  if (names.length > MOST_NAMES_READ)
    throw new Error(`more than ${MOST_NAMES_READ} names are more than an export can hold.`);
  for (const pin of names) yield nameLine(pin);
  for (let after = 0; ;) {
    const rows = await store.news(after, BATCH);
    for (const { conversation, group, number, at, readers, entry, place } of rows) {
      after = place;
      if (entry.kind !== "message") continue;
      // Of an edit that was carried out the store has the text with the message that it changed.
      const { text } = entry.amends?.how === "edit" ? digest(entry.content) : entry;
      yield messageLine({ conversation, group, number, at, readers, entry: { ...entry, text } });
    }
    if (rows.length < BATCH) return;
  }
}

function failed(text: string): { readonly kind: "failed"; readonly text: string } {
  return { kind: "failed", text };
}

const FAULTS: Readonly<Record<OpenFault, string>> = {
  "not-an-export": "That file is no export of pad.",
  newer: "That export is of a newer version of pad. Update this one.",
  "wrong-passphrase": "That passphrase doesn't open the file.",
  damaged:
    "The export is damaged, or was cut short. The messages that came before that are kept; its key wasn't taken.",
};
