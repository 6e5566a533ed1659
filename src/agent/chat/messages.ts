import { idOf } from "../../client/conversation.ts";
import type { ChatMessage, Delivery, Doubt, Quote, SealedFacts } from "../../client/index.ts";
import { readContent } from "../content/content.ts";
import type { MessageRef, ReadContent } from "../content/content.ts";
import type { HistoryEntry, HistoryRow } from "../storage/kept.ts";
import type { AgentStore } from "../storage/ports.ts";
import { idBy, idOfMessage } from "./message-ids.ts";
import type { Names } from "./names.ts";
import type { Talk, Waiting } from "./talk.ts";

/** Bytes of a quoted text: faces show less. */
const LONGEST_QUOTE = 500;

export interface Messages {
  /** As faces see these rows, in their order. One row may be two entries: what is missing before it, then itself. */
  ofRows(talk: Talk, rows: readonly HistoryRow[]): Promise<readonly ChatMessage[]>;
  /** One that waits. */
  ofWaiting(talk: Talk, waiting: Waiting, delivery?: Delivery): ChatMessage;
  /** What the message with this content quotes. */
  quoteOf(talk: Talk, of: MessageRef | null): Promise<Quote | null>;
}

export interface MessagesOptions {
  readonly store: AgentStore;
  readonly names: Names;
  /** Of this device: its id in base64url, its person (`whoKey`), and what it is called. */
  readonly own: () => { readonly device: string; readonly who: string; readonly label: string };
}

export function messagesOver({ store, names, own }: MessagesOptions): Messages {
  return {
    async ofRows(talk, rows) {
      const messages: ChatMessage[] = [];
      for (const row of rows) messages.push(...(await ofRow(talk, row)));
      return messages;
    },
    quoteOf,
    ofWaiting(talk, { id, text, quote, at }, delivery = { kind: "sending" }) {
      return {
        ...baseOf(talk),
        id: idBy(id, own().device),
        place: Infinity,
        at,
        from: names.nameOf(own().who),
        own: true,
        text: text ?? "",
        delivery,
        sealed: {
          number: null,
          device: own().label,
          readers: names.all(talk.readers),
          edited: false,
          replyTo: quote,
          body: "text",
        },
      };
    },
  };

  async function ofRow(talk: Talk, row: HistoryRow): Promise<readonly ChatMessage[]> {
    const { entry } = row;
    if (entry.kind !== "message") return [noteOf(talk, row, entry)];
    const message = row.amended === "applied" ? [] : [await messageOf(talk, row, entry)];
    return entry.missed === 0 ? message : [missedBefore(talk, row, entry), ...message];
  }

  async function messageOf(
    talk: Talk,
    row: HistoryRow,
    entry: Extract<HistoryEntry, { kind: "message" }>,
  ): Promise<ChatMessage> {
    const doubt = doubtOf(entry);
    // A device whose key isn't the known one says nothing of one's own.
    const isOwn = entry.who === own().who && doubt === null;
    const content = readContent(entry.content);
    const shown = shownOf(row, content);
    return {
      ...baseOf(talk),
      id: idOfMessage(entry),
      place: row.position,
      at: row.at,
      from: names.nameOf(entry.who),
      own: isOwn,
      text: shown.text,
      delivery: isOwn ? ownDelivery(talk, row) : DELIVERED,
      sealed: {
        number: row.shown,
        device: entry.deviceLabel,
        readers: names.all(row.readers),
        edited: row.amended === "edited",
        replyTo: row.amended === "deleted" || content.kind !== "text" ? null : await quoteOf(talk, content.replyTo),
        body: shown.body,
        ...(doubt === null ? {} : { doubt }),
      },
    };
  }

  /** What was in doubt when it came is so until that key is known as theirs. */
  function doubtOf({ who, doubt }: Extract<HistoryEntry, { kind: "message" }>): Doubt | null {
    if (doubt === undefined) return null;
    return doubt.kind === "changed-key" && doubt.userKey !== null && names.isKeyOf(who, doubt.userKey)
      ? null
      : doubt.kind;
  }

  async function quoteOf(talk: Talk, of: MessageRef | null): Promise<Quote | null> {
    if (of === null) return null;
    const id = idOfMessage(of);
    const row = await store.message(talk.key, of.device, of.messageId);
    if (row?.entry.kind !== "message") return { id, from: "", text: "" };
    const { text } = shownOf(row, readContent(row.entry.content));
    const doubt = doubtOf(row.entry);
    const quote = { id, from: names.nameOf(row.entry.who), text: text.slice(0, LONGEST_QUOTE) };
    return doubt === null ? quote : { ...quote, doubt };
  }

  /** What isn't anybody's message. */
  function noteOf(
    talk: Talk,
    { place, position, at, shown: number }: HistoryRow,
    entry: Exclude<HistoryEntry, { kind: "message" }>,
  ): ChatMessage {
    const said = wordsOf(entry);
    return {
      ...note(talk, said),
      id: `entry:${place}`,
      place: position,
      at,
      sealed: { ...FACTS, number, body: said.body },
    };
  }

  function missedBefore(
    talk: Talk,
    { place, position, at }: HistoryRow,
    entry: { who: string; missed: number },
  ): ChatMessage {
    const text = `${entry.missed} ${entry.missed === 1 ? "message" : "messages"} before this one never came`;
    const said = { body: "gap", from: names.nameOf(entry.who), text } as const;
    // Just before its message.
    return { ...note(talk, said), id: `missed:${place}`, place: position - 0.5, at, sealed: { ...FACTS, body: "gap" } };
  }

  function wordsOf(entry: Exclude<HistoryEntry, { kind: "message" }>): Said {
    switch (entry.kind) {
      case "members": {
        // One person's own devices are theirs, whoever's client has committed it.
        const [one, ...more] = new Set(entry.devices.map(({ who }) => who));
        const isAll = entry.came.length + entry.went.length === entry.devices.length;
        const by = one !== undefined && more.length === 0 && isAll ? one : entry.by;
        const isOwnComing = entry.came.includes(own().who) && by !== own().who && entry.devices.length === 0;
        if (isOwnComing)
          return { body: "brought-in", from: names.nameOf(by), text: "has brought you in: you read from here on" };
        const gone = goneOf(entry);
        if (gone !== null) return gone;
        return { body: "members", from: names.nameOf(by), text: membersText({ ...entry, by }) };
      }
      case "device-removed":
        return { body: "members", from: names.nameOf(entry.who), text: removedText(entry, entry.who === own().who) };
      case "gap":
        return { body: "gap", from: "", text: gapText(entry.to - entry.from + 1) };
      case "unreadable":
        return { body: "unreadable", from: "", text: `a message that can't be opened (${entry.why})` };
      case "continued":
        return { body: "gap", from: "", text: CONTINUED };
      case "withheld":
        return { body: "gap", from: "", text: withheldText(entry.count) };
      case "imported":
        return { body: "gap", from: "", text: importedText(entry.exportedAt) };
    }
  }

  /**
   * People who went, and nothing else, by no wish of the committer's that is known: a member's client takes out whoever leaves or is put out by the
   * server, so that its person has done nothing. Null: it is told as what the committer did.
   */
  function goneOf({ came, went, by, devices, why }: Extract<HistoryEntry, { kind: "members" }>): Said | null {
    const [first, ...others] = new Set(went);
    if (first === undefined || came.length > 0 || devices.length > 0 || why === "wanted") return null;
    const also = others.length === 0 ? "" : `and ${listed(others)} `;
    const text =
      why === "ordered"
        ? `${also}left, or ${others.length === 0 ? "was" : "were"} put out by the server`
        : `${also}${others.length === 0 ? "is" : "are"} no longer here (taken out by a device of ${names.nameOf(by)}'s)`;
    return { body: "members", from: names.nameOf(first), text };
  }

  function membersText({ came, went, by, devices, why }: Extract<HistoryEntry, { kind: "members" }>): string {
    // Whoever was there before hasn't come, and whoever still is hasn't gone.
    const both = new Set([...came.filter((who) => went.includes(who)), ...devices.map(({ who }) => who)]);
    const [added, removed] = [came, went].map((people) => [...new Set(people)].filter((who) => !both.has(who)));
    const parts: string[] = devices.slice(0, MOST_LISTED).map(({ who, label, how }) => {
      const which = label === "" ? "" : ` (${label})`;
      const what = how === "came" ? "has a new device" : "has one device less";
      const others = how === "came" ? "added a new device of" : "removed a device of";
      return who === by ? `${what}${which}` : `${others} ${names.nameOf(who)}${which}`;
    });
    if (added?.includes(by) === true) parts.push("came in");
    const others = added?.filter((who) => who !== by) ?? [];
    if (others.length > 0) parts.push(`added ${listed(others)}`);
    if (removed !== undefined && removed.length > 0)
      parts.push(`${why === "wanted" ? "removed" : "took out"} ${listed(removed)}`);
    return parts.length === 0 ? "changed devices" : parts.join(" and ");
  }

  function listed(people: readonly string[]): string {
    const named = names.all(people.slice(0, MOST_LISTED)).join(", ");
    return people.length > MOST_LISTED ? `${named} and ${people.length - MOST_LISTED} more` : named;
  }
}

function removedText({ by, devices }: Extract<HistoryEntry, { kind: "device-removed" }>, isOwn: boolean): string {
  // Nobody went by it: whoever is gone had gone before, or before this device came.
  if (devices.length === 0) {
    const made = by === "" ? "" : `, made with ${by}`;
    return isOwn ? `has a new key for your devices${made}` : `has a new key${made}; it is signed by the old one`;
  }
  const labels = devices.map((label) => (label === "" ? "one without a name" : label));
  const which = ` (${labels.join(", ")})`;
  const what = `${labels.length > 1 ? "devices" : "a device"}${which}`;
  const where = by === "" ? "" : ` with ${by}`;
  return isOwn
    ? `removed ${what} of yours${where}: it reads nothing behind this line`
    : `removed ${what} of their own${where}; their new key is signed by the old one`;
}

interface Said {
  readonly body: SealedFacts["body"];
  readonly from: string;
  readonly text: string;
}

const MOST_LISTED = 10;
const DELIVERED: Delivery = { kind: "delivered" };
const FACTS: SealedFacts = { number: null, device: "", readers: [], edited: false, replyTo: null, body: "text" };

function baseOf({ kind, key }: Talk): Pick<ChatMessage, "conversation"> {
  return { conversation: idOf(kind, key) };
}

function note(talk: Talk, { from, text }: Said) {
  return { ...baseOf(talk), from, text, own: false, delivery: DELIVERED } as const;
}

const CONTINUED =
  "the conversation goes on in a new group from here, since the old one can't: what others said there last may be missing, unless they send it again";

function withheldText(count: number): string {
  const [which, what] = count === 1 ? ["one", "was not sent again"] : [String(count), "were not sent again"];
  const them = count === 1 ? "it" : "them";
  return `${which} of your messages from before the conversation went on in a new group ${what}: somebody reads here now who couldn't read ${them} then`;
}

function importedText(exportedAt: number | null): string {
  const date = exportedAt === null ? "" : ` of ${new Date(exportedAt).toISOString().slice(0, 10)}`;
  return `up to here from an export${date}: what was said between that and when this device came in is not here`;
}

function gapText(entries: number): string {
  return entries === 1 ? "an entry is missing here" : `${entries} entries are missing here`;
}

/** Words for what has no text of its own; faces put the sender's name before them. */
function shownOf({ amended, entry }: HistoryRow, content: ReadContent): Pick<Said, "body" | "text"> {
  if (amended === "deleted") return { body: "deleted", text: "took a message back" };
  const text = entry.kind === "message" ? entry.text : null;
  const isDoubtful = entry.kind === "message" && entry.doubt !== undefined;
  switch (content.kind) {
    case "text":
    case "edit":
      return { body: "text", text: text ?? content.text };
    case "deletion":
      if (isDoubtful) return { body: "unknown-kind", text: "asked to take a message back, which stays" };
      return { body: "deleted", text: "took a message back" };
    case "unknown":
      return { body: "unknown-kind", text: "sent something that only a newer version can show" };
    case "malformed":
      return { body: "unreadable", text: "sent something that can't be read" };
  }
}

function ownDelivery({ group, reached }: Talk, row: HistoryRow): Delivery {
  const isHere = group !== null && Buffer.from(row.group).equals(group);
  return { kind: isHere && reached >= row.number ? "delivered" : "stored" };
}
