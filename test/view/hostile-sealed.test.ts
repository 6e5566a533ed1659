/** What others can send over sealed rooms, and a server can say of them, in the two faces of the terminal: full screen, and lines. */
import { stripVTControlCharacters } from "node:util";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { tellNews } from "../../src/cli/chatting/news.ts";
import { widthOf } from "../../src/tui/cells/glyphs.ts";
import { pictureOf } from "../../src/tui/screen/picture.ts";
import { FIRST_SCREEN } from "../../src/tui/screen/state.ts";
import { createChat } from "../../src/view/chat/chat-model.ts";
import type { Chat } from "../../src/view/chat/chat.ts";
import { newComposers } from "../../src/view/composer/composers.ts";
import { DEFAULT_SETTINGS } from "../../src/view/settings/table.ts";
import { FakeSealedWorld, type FakeSealedChat } from "../helpers/fake-sealed-world.ts";

/** What would stand at a row's beginning if somebody could end a row. */
const FORGED = "13:12 carol: I owe you money";

const HOSTILE: Readonly<Record<string, string>> = {
  "line ends": `x\n${FORGED}\r\n${FORGED}\u2028${FORGED}`,
  "a terminal's sequences": "\u001b[2J\u001b]0;title\u0007\u001b[1;1H\u009b31m\u001bP1$r\u001b\\",
  "direction overrides": "\u202ealice\u202c\u2066x\u2069\u200f",
  "what isn't seen": "ali\u200bce\u200d\ufeff\u00ad\u3164\u{e0041}",
  "marks by the thousand": `a${"\u0301\u0489".repeat(2000)}`,
  "joined emoji": "👩\u200d👩\u200d👧\u200d👦".repeat(200),
  "wide, without a blank": "世".repeat(20_000),
  "60 kB without a blank": "x".repeat(60_000),
  "letters that look like others": "\u0430li\u0441e",
  "right to left": "\u05e9\u05dc\u05d5\u05dd bob: hi \u0627\u0644\u0639\u0631\u0628\u064a\u0629",
  "halves of pairs": "\ud83d\ud83d\ude00\udc00",
};

const SIZES = [
  // As if one scrolled through all of it.
  { columns: 100, rows: 3000 },
  { columns: 100, rows: 30 },
  { columns: 40, rows: 12 },
  { columns: 20, rows: 5 },
];

test.each(Object.keys(HOSTILE))(
  "TX-7 %s, in whatever others can fill, steer no row of the screen and begin none",
  async (kind) => {
    const hostile = HOSTILE[kind] ?? "";
    const chat = await attacked(hostile);
    for (const conversation of chat.getSnapshot().conversations) {
      chat.open(conversation.id);
      for (const size of SIZES) checkScreen(chat, size);
    }
  },
);

test.each(Object.keys(HOSTILE))("TX-7 %s, in whatever others can fill, steer no line and begin none", async (kind) => {
  checkLines(await attacked(HOSTILE[kind] ?? ""));
});

test("TX-7 so does no text whatever", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary", maxLength: 60 }), async (text) => {
      const chat = await attacked(text);
      checkScreen(chat, { columns: 80, rows: 24 });
      checkLines(chat);
    }),
    { numRuns: 30 },
  );
});

function checkScreen(chat: Chat, size: (typeof SIZES)[number]): void {
  const picture = pictureOf(chat.getSnapshot(), { screen: { ...FIRST_SCREEN, showsReaders: true }, composers: newComposers() }, size); // prettier-ignore
  const { pane, input, side, bar, members, status } = picture;
  for (const painted of [...pane, ...input, ...side, ...bar, ...members, ...status]) {
    const row = stripVTControlCharacters(painted);
    expect(row).not.toMatch(STEERS);
    expect(widthOf(row)).toBeLessThanOrEqual(size.columns);
    expect(row).not.toContain(`-- ${FORGED}`);
  }
  for (const painted of [...side, ...bar, ...members]) expect(stripVTControlCharacters(painted)).not.toMatch(/^13:12/);
  for (const painted of pane) expect(stripVTControlCharacters(painted)).not.toMatch(/^13:12 (-- )?carol/);
}

function checkLines(chat: Chat): void {
  const lines: string[] = [];
  tellNews(chat, ({ text }) => lines.push(text));
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines.flatMap((one) => one.split("\n"))) {
    expect(line).not.toMatch(STEERS);
    expect(line).not.toMatch(/^13:12/);
  }
}

/** Controls but a tab, and what turns the direction of writing or hides (UAX #9; Cf less what holds emoji and words together). */
const STEERS =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f\u2060\ufeff\u{e0001}]/u;

/** A chat in which everything that others can fill is this text. */
async function attacked(text: string): Promise<Chat> {
  const world = new FakeSealedWorld();
  const alice = world.join("alice");
  const mallory = world.join(text);
  const chat = createChat({
    client: alice,
    sealed: alice,
    server: "chat",
    now: () => world.now,
    settings: { ...DEFAULT_SETTINGS, members: true },
    troubles: [],
    saveSettings: () => null,
    alert: () => Promise.resolve(null),
  });
  await settled();
  const everyone = world.group("#everyone");
  const message = world.append(everyone, { from: text, text });
  world.append(everyone, { from: text, text, replyTo: message.id });
  world.append(everyone, { from: text, text: `/me ${text}` });
  world.append(everyone, { from: text, text, edited: true });
  for (const body of ["deleted", "unknown-kind", "unreadable", "gap", "members"] as const) {
    world.append(everyone, { from: text, text, body });
  }
  await alice.direct(text);
  answerWith(text, alice);
  for (const command of [
    "/rooms",
    "/members",
    "/devices",
    "/who",
    "/info",
    "/bans",
    "/readers",
    `/search ${text.slice(0, 1)}`,
  ]) {
    chat.submit(command);
    await settled();
  }
  const [conversation] = alice.conversations;
  if (conversation === undefined) throw new Error("no conversation");
  for (const hold of HOLDS) {
    alice.tellEvent({ kind: "held", conversation, hold: { kind: hold, who: [text] } });
    alice.tellEvent({ kind: "held", conversation, hold: null });
  }
  alice.tellEvent({ kind: "held", conversation, hold: { kind: "new-readers", who: [text] } });
  alice.tellEvent({ kind: "notice", text: `${text} banned ${text} (${text})` });
  alice.tellEvent({ kind: "unreadable", conversation, from: text });
  alice.tellEvent({ kind: "people", people: [{ name: "alice", presence: "online" }] });
  alice.tellEvent({ kind: "people", people: [{ name: text, presence: "online" }] });
  for (const reason of ["not-understood", "other", "own-device"] as const) {
    Object.assign(alice, { info: () => Promise.resolve({ kind: "refused", error: { reason, text } }) });
    chat.submit("/info");
    await settled();
  }
  expect(mallory.me).toBe(text);
  return chat;
}

const HOLDS = ["new-readers", "changed-key", "remapped-name", "removed-device", "removal-pending"] as const;

function answerWith(text: string, alice: FakeSealedChat): void {
  const member = { name: text, identity: text, kind: "person", level: "unverified", tailnet: "absent", isSelf: false };
  Object.assign(alice, {
    rooms: answered([{ title: text, access: "open", status: "not-a-member", conversation: null, people: 3 }]),
    members: answered([{ ...member, devices: [text, "laptop"] }]),
    devices: answered([{ id: text, label: text, isThis: false, lastSeen: null, isOnline: null, status: "pending", code: null }]), // prettier-ignore
    people: answered([{ name: text, presence: "online" }]),
    info: answered({ host: text, addresses: [text], ids: [text] }),
    bans: answered([{ name: text, reason: text }]),
  });
}

function answered(value: unknown) {
  return () => Promise.resolve({ kind: "answered", value });
}

/** All that the fake world answers has been heard. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
