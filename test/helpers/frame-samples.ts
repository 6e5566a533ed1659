import type { Push } from "../../src/wire/frames/pushes.ts";
import type { ReplyBody, RequestBody, RequestType } from "../../src/wire/frames/requests.ts";
import type { Entry, GroupView } from "../../src/wire/frames/groups.ts";
import type { Person } from "../../src/wire/frames/people.ts";

const id = "AAECAwQFBgcICQoLDA0ODw";
const key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const bytes = new Uint8Array([1, 2, 3]);
const at = 1_700_000_000_000;
const group: GroupView = {
  group: id,
  place: { kind: "room", name: "ops" },
  access: "open",
  epoch: 3,
  head: 12,
  hash: key,
  members: 4,
  cursor: 10,
  reached: 9,
  removal: { devices: [id], since: at, until: at + 300_000 },
  ended: false,
  written: 7,
  welcome: false,
};
const entry: Entry = {
  kind: "message",
  number: 12,
  at,
  device: id,
  epoch: 3,
  hash: key,
  counter: 5,
  message: id,
  bytes,
};
const sealKey = { key, signature: bytes };
const waiting = { device: id, key, label: "laptop2", sealKey, token: bytes, at };
const confirmation = { record: bytes, sealed: bytes, statement: bytes, receipt: bytes };
const person: Person = {
  name: "bob",
  owner: { kind: "person", identity: "1002" },
  label: "bob@example.com",
  online: true,
  classic: false,
  away: "lunch",
  userKey: key,
  devices: [{ device: id, record: bytes }],
};

/** One of each request with its reply. */
export const samples: { readonly [T in RequestType]: readonly [RequestBody<T>, ReplyBody<T>] } = {
  hello: [
    {
      version: 1,
      features: [],
      client: "pad 0.2.0",
      name: "bob",
      device: { device: id, key, record: bytes, counter: 7, proof: bytes, sealKey, receipt: bytes },
    },
    { name: "bob", operator: false, device: { packages: 20, lastResort: true, userKey: key, receipt: bytes } },
  ],
  say: [{ text: "hello" }, {}],
  tell: [{ to: "carol", text: "hello" }, {}],
  people: [{ after: null }, { people: [person], more: false }],
  "look-up": [{ name: "bob" }, { person }],
  away: [{ away: "lunch" }, {}],
  "publish-packages": [{ packages: [bytes], lastResort: bytes, replace: false }, {}],
  "take-packages": [{ group: id, of: [id] }, { packages: [{ device: id, keyPackage: bytes }] }],
  groups: [{ after: null }, { groups: [group], more: false }],
  "create-group": [
    {
      group: id,
      place: {
        kind: "direct",
        between: [
          { kind: "person", identity: "1001" },
          { kind: "person", identity: "1002" },
        ],
      },
      groupInfo: bytes,
    },
    { group: id },
  ],
  commit: [
    { group: id, request: id, epoch: 2, commit: bytes, welcome: bytes, groupInfo: bytes },
    { number: 11, at },
  ],
  "ask-turn": [{ group: id, orAdded: true }, { granted: true }],
  "give-up-turn": [{ group: id }, {}],
  send: [
    { group: id, epoch: 3, counter: 5, message: id, bytes },
    { number: 12, at },
  ],
  read: [
    { group: id, after: 10, limit: 200 },
    { entries: [entry], head: 12, more: false, messagesForgotten: 0, hash: key },
  ],
  acknowledge: [{ group: id, number: 12 }, {}],
  "read-group-info": [{ group: id }, { epoch: 3, groupInfo: bytes, number: 12, hash: key }],
  "read-welcome": [{ group: id }, { welcome: bytes, entry: 9, hash: key }],
  "welcome-done": [{ group: id }, {}],
  leave: [{ group: id }, {}],
  "report-commit": [{ group: id, number: 11 }, {}],
  "ask-confirmation": [
    { name: "bob", device: id, key, label: "laptop2", sealKey, token: null, fresh: true },
    { confirmation },
  ],
  "own-devices": [
    {},
    {
      devices: [{ device: id, key, record: bytes, since: at, seen: at, online: true, sealKey, hasCome: false }],
      pending: [waiting],
    },
  ],
  successions: [{ owner: { kind: "person", identity: "42" } }, { statements: [bytes] }],
  "keep-successions": [{ statements: [bytes] }, {}],
  "confirm-device": [{ device: id, record: bytes, sealed: bytes }, {}],
  "dismiss-device": [{ device: id }, {}],
  "retire-device": [{ device: id }, {}],
  "rotate-user-key": [
    {
      former: key,
      userKey: key,
      removed: [id],
      statement: bytes,
      own: bytes,
      staying: [{ device: id, record: bytes, sealed: bytes }],
    },
    { receipt: bytes },
  ],
  "reset-user-key": [{ name: null, device: { device: id, key, record: bytes, counter: 8, proof: bytes, sealKey } }, {}],
  kick: [{ target: "mallory", reason: "spam" }, {}],
  ban: [{ target: "mallory", reason: null }, {}],
  unban: [{ target: "mallory" }, {}],
  bans: [{}, { names: ["mallory"], reasons: [{ name: "mallory", reason: "spam" }] }],
  "server-info": [{}, { host: "chat", sessions: 4 }],
};

/** One of each push. */
export const pushes: readonly Push[] = [
  {
    type: "hello",
    version: 1,
    features: [],
    server: { id, incarnation: id, name: "chat" },
    openRoom: true,
    at,
    nonce: key,
    you: { owner: { kind: "person", identity: "1002" }, label: "bob@example.com", operator: false },
    limits: { frame: 2_097_152, page: 500, requests: 32 },
  },
  { type: "presence", people: [person] },
  { type: "said", from: "bob", text: "hello", at, earlier: false },
  { type: "told", from: "bob", text: "hello", at },
  { type: "entry", group: id, entry },
  { type: "group", group },
  { type: "removal-due", group: id, devices: [id], since: at, until: at + 300_000 },
  { type: "reached", group: id, number: 9 },
  { type: "turn", group: id },
  { type: "joiners", group: id, devices: [id] },
  { type: "packages-low", left: 3 },
  { type: "confirmed", device: id, confirmation },
  { type: "device-waits", waiting },
  { type: "devices" },
  { type: "operator", operator: true },
  { type: "moderated", name: "mallory", by: "alice", how: "ban", reason: "spam" },
  { type: "ended", cause: { kind: "refused", refusal: { reason: "rolled-back" } } },
];
