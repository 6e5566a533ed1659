import { bareRows } from "../../src/tui/screen/bare-rows.ts";
import { pictureOf } from "../../src/tui/screen/picture.ts";
import { conversationBar, conversationRows, memberRows } from "../../src/tui/screen/lists.ts";
import { FIRST_SCREEN, type ControllerSnapshot } from "../../src/tui/screen/state.ts";
import { entryRows, paintedEntry, type Look } from "../../src/tui/cells/entry.ts";
import { widthOf } from "../../src/tui/cells/glyphs.ts";
import { inputView } from "../../src/tui/cells/input.ts";
import { linked } from "../../src/tui/cells/links.ts";
import { ruled } from "../../src/tui/cells/rule.ts";
import { span, toneOfName } from "../../src/tui/cells/style.ts";
import { truncate, wrap } from "../../src/tui/cells/wrap.ts";
import { OPEN_ROOM } from "../../src/client/index.ts";
import { findWords } from "../../src/view/chat/conversations.ts";
import { messageFrom } from "../../src/view/chat/messaging.ts";
import type { Entry } from "../../src/view/chat/snapshot.ts";
import { complete } from "../../src/view/commands/complete.ts";
import { help } from "../../src/view/commands/help.ts";
import { readWritten } from "../../src/view/commands/read.ts";
import { clean, cleanLine } from "../../src/view/composer/clean.ts";
import { newComposer, sent, type Composer } from "../../src/view/composer/composer.ts";
import { newComposers, withComposer } from "../../src/view/composer/composers.ts";
import { decodeHistory, encodeHistory } from "../../src/view/composer/history-file.ts";
import { press } from "../../src/view/composer/press.ts";
import { explainFailure } from "../../src/view/explain.ts";
import { KEY_TABLE } from "../../src/view/keys/table.ts";
import { decodeSettings } from "../../src/view/settings/file.ts";
import { mentions, readSpeech } from "../../src/view/text/speech.ts";
import { utf8Length } from "../../src/view/text/utf8-length.ts";
import { visible, visibleLine, visibleLines } from "../../src/text/visible.ts";
import { FakeChat } from "../fakes/fake-chat.ts";

/** A function that a text of others, or one pasted from them, goes through. */
type Subjects = Readonly<Record<string, (text: string) => unknown>>;

/** Those that look for something in a text. */
const READERS: Subjects = {
  "view: visible": visible,
  "view: visibleLines": visibleLines,
  "view: readSpeech": readSpeech,
  "view: mentions": (text) => mentions(text, "s"),
  "view: messageFrom": (text) => messageFrom(text, text, "alice"),
  "view: utf8Length": utf8Length,
  "view: findWords": (text) => findWords({ ...conversationWith(text) }, "not in it", null),
  "view: complete": (text) => complete(text, { names: [text.slice(0, 32), "alice"], rooms: [], operator: true }),
  "view: complete behind a word": (text) =>
    complete(`${text} al`, { names: [text, "alice"], rooms: [], operator: true }),
  "view: readWritten": readWritten,
  "view: help": (text) => help(text, true),
  "view: clean": clean,
  "view: cleanLine": cleanLine,
  "view: explainFailure": (text) => explainFailure({ kind: "refused", error: { reason: "other", text } }, text),
  "view: decodeHistory": decodeHistory,
  "view: encodeHistory": (text) => encodeHistory(new Map([[text, [text]]])),
  "view: decodeSettings": decodeSettings,
  "view: decodeSettings, one value": (text) =>
    decodeSettings(JSON.stringify({ notify: text, bell: text, [text]: text })),
  "view: typing": (text) => press(newComposer(), { kind: "type", text }, CONTEXT),
  "view: pasting": (text) => press(newComposer(), { kind: "paste", text }, CONTEXT),
  "view: sending": (text) => sent(composerWith(text)),
  "tui: linked": (text) => linked(text, {}),
  "text: visibleLine": (text) => visibleLine(text),
  "tui: toneOfName": toneOfName,
};

/** Those that lay a text out, character by character. */
const LAYOUTS: Subjects = {
  "tui: widthOf": (text) => widthOf(visibleLine(text)),
  "tui: ruled": (text) => ruled(visibleLine(text), LOOK, "quiet"),
  "tui: wrap": (text) => wrap([span(visibleLine(text))], 80, 6),
  "tui: wrap in one column": (text) => wrap([span(visibleLine(text))], 1, 0),
  "tui: truncate": (text) => truncate([span(visibleLine(text))], 80),
  "tui: entryRows": (text) => entryRows(entryWith(text), LOOK),
  "tui: paintedEntry, narrow": (text) => paintedEntry(entryWith(text), { ...LOOK, width: 30 }),
  "tui: inputView": (text) => inputView([span("ALL> ")], { text: clean(text), cursor: 0 }, 80, 8),
  "tui: bareRows": (text) => bareRows(chatWith(text).getSnapshot(), controllerWith(""), SIZE),
  "tui: lists": (text) => {
    const chat = chatWith(text).getSnapshot();
    return [conversationRows(chat, 20, 20), conversationBar(chat, 80), memberRows(chat, 16, 20)];
  },
  "tui: pictureOf": (text) => pictureOf(chatWith(text).getSnapshot(), controllerWith(clean(text)), SIZE),
};

/** Each edit of what has been pasted, from its end, its start and its middle. */
const EDITS: Subjects = Object.fromEntries(
  KEY_TABLE.filter(({ does }) => does.kind === "edit").map(({ keys, does }) => [
    `view: ${keys[0]}`,
    (text: string) => {
      const whole = composerWith(clean(text));
      return [0, whole.text.length / 2, whole.text.length].map((at) => {
        const cursor = Math.floor(at);
        return press({ ...whole, cursor, kills: [text], history: [text] }, does, CONTEXT);
      });
    },
  ]),
);

/** Everything in `src/view` and `src/tui` that has to do with texts of others; `length` is what is asked of it, in UTF-16 units. */
export const SUBJECTS: readonly {
  readonly name: string;
  readonly take: (text: string) => unknown;
  readonly length: number;
}[] = [
  // So long that a pattern which tries each place anew would take minutes.
  ...Object.entries(READERS).map(([name, take]) => ({ name, take, length: 131_072 })),
  // Half a message; that it grows no faster is counted.
  ...Object.entries({ ...LAYOUTS, ...EDITS }).map(([name, take]) => ({ name, take, length: 16_384 })),
];

const SIZE = { columns: 100, rows: 30 };
const LOOK: Look = { width: 80, times: true, colours: "dark", me: "alice", showsReaders: false, waiting: " …" };
const CONTEXT = {
  complete: (before: string) => complete(before, { names: ["alice", "bob"], rooms: [], operator: true }),
  askPaste: true,
};

function composerWith(text: string): Composer {
  return { ...newComposer(), text, cursor: text.length };
}

function controllerWith(text: string): ControllerSnapshot {
  return { screen: FIRST_SCREEN, composers: withComposer(newComposers(), OPEN_ROOM.id, composerWith(text)) };
}

function entryWith(text: string): Entry {
  return { key: 0, place: 0, at: 0, ...messageFrom(text.slice(0, 1000), text, "s") };
}

/** A chat with a message of this text in it, from and to somebody of this name. */
function chatWith(text: string): FakeChat {
  const chat = new FakeChat({ members: [text.slice(0, 1000), "bob"], server: text.slice(0, 1000) });
  chat.hear({ from: text.slice(0, 1000), text });
  chat.hear({ from: "bob", text }, text.slice(0, 1000));
  return chat;
}

function conversationWith(text: string): ReturnType<FakeChat["getSnapshot"]>["current"] {
  return chatWith(text).getSnapshot().current;
}
