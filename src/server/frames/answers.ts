import type { Command } from "../../core/commands.ts";
import type { Decision } from "../../core/decision.ts";
import { foldName } from "../../core/names.ts";
import { get } from "../../core/persistent-map.ts";
import type { Reply } from "../../groups/decision.ts";
import { activeMembers, hasCompanionIn } from "../../groups/members.ts";
import { groupsFor, viewOf, type GroupView } from "../../groups/reading.ts";
import type { RemovalDue } from "../../groups/removals.ts";
import { pairKey, placeKey } from "../../groups/state.ts";
import { sealPad } from "../../wire/classic/pad.ts";
import type { GroupView as SentGroup } from "../../wire/frames/groups.ts";
import { MOST_BANS, MOST_REASONS } from "../../wire/frames/moderation.ts";
import type { ReplyBody, Request, RequestBody } from "../../wire/frames/requests.ts";
import type { Speaker } from "../groups/outcomes.ts";
import type { GroupService } from "../groups/service.ts";
import { MOST_TOLD, refusalOfCore } from "./outbound.ts";
import type { SessionLink } from "../session/protocol.ts";
import { answered, replyTo, type Answered } from "./answered.ts";
import { answerOwner } from "./owners-requests.ts";
import type { NewcomerRequest } from "./newcomers.ts";
import type { FramesServices } from "./services.ts";

/** Whose request it is, and what answers it. */
export interface Asking {
  readonly link: SessionLink;
  /** Null: a session without a device. */
  readonly speaker: Speaker | null;
  readonly name: string;
  /** From where it comes, see source.ts. */
  readonly source: () => Promise<string>;
  readonly services: FramesServices;
}

type Asked = Exclude<Request, NewcomerRequest | { type: "hello" }>;
type OfDevices = Extract<
  Asked,
  {
    type:
      | "publish-packages"
      | "take-packages"
      | "groups"
      | "create-group"
      | "commit"
      | "ask-turn"
      | "give-up-turn"
      | "send"
      | "read"
      | "acknowledge"
      | "read-group-info"
      | "read-welcome"
      | "welcome-done"
      | "leave"
      | "report-commit";
  }
>;

/** What is told of groups is read off these. */
export type GroupsSeen = Pick<GroupService, "state" | "reached">;

const PEOPLE_PAGE = 100;
const GROUPS_PAGE = 200;
const DONE: Answered = { reply: {} };
const NO_OPEN_ROOM: Answered = { refusal: { reason: "no-open-room" } };
/** Text under a pad that lies beside it, both in hex. */
const PAD_FACTOR = 4;
/** Bytes of a person with some devices, as everybody is told of a change. */
const AWAY_COST = 4096;

/** What a request is answered. Rejects only by a fault of ours. */
export async function answerRequest(request: Asked, asking: Asking): Promise<Answered> {
  const { link, services } = asking;
  switch (request.type) {
    case "say":
      return await say(request.body.text, asking);
    case "tell":
      return await tell(request.body, asking);
    case "people":
      return replyTo("people", services.directory.page(request.body.after, PEOPLE_PAGE));
    case "look-up":
      return replyTo("look-up", { person: services.directory.person(request.body.name) });
    case "away":
      return away(request.body.away, asking);
    case "kick":
    case "ban":
      return await ask(link, {
        kind: request.type,
        session: link.id,
        target: request.body.target,
        reason: request.body.reason ?? undefined,
      });
    case "unban":
      return await ask(link, { kind: "unban", session: link.id, target: request.body.target });
    case "bans":
      return await bans(asking);
    case "server-info":
      return await serverInfo(asking);
    case "own-devices":
    case "confirm-device":
    case "dismiss-device":
    case "retire-device":
    case "rotate-user-key":
    case "successions":
    case "keep-successions":
      return asking.speaker === null
        ? { refusal: { reason: "device-needed" } }
        : await answerOwner(request, asking.speaker, asking);
    case "publish-packages":
    case "take-packages":
    case "groups":
    case "create-group":
    case "commit":
    case "ask-turn":
    case "give-up-turn":
    case "send":
    case "read":
    case "acknowledge":
    case "read-group-info":
    case "read-welcome":
    case "welcome-done":
    case "leave":
    case "report-commit": {
      const { speaker } = asking;
      if (speaker === null) return { refusal: { reason: "device-needed" } };
      if (request.type === "send" && !mayGo(request.body, asking)) return { refusal: { reason: "too-many-messages" } };
      const { state } = services.groups;
      const isNew = request.type === "publish-packages" && get(state.packages, speaker.device) === undefined;
      const answer =
        request.type === "create-group"
          ? await createGroup(request.body, speaker, asking)
          : await answerDevice(request, speaker, services.groups);
      // Only now can it be added to where its person's other devices are.
      if (isNew && "reply" in answer && hasCompanionIn(state, speaker.device)) services.onDevices(asking.name);
      return answer;
    }
  }
}

/** A sealed message counts as any other; the server keeps it besides, for all that are in the group. */
function mayGo({ group, bytes }: RequestBody<"send">, { link, services }: Asking): boolean {
  const row = get(services.groups.state.groups, group);
  return link.admit(bytes.length, row === undefined ? 1 : activeMembers(row).length);
}

async function say(text: string, { link, services }: Asking): Promise<Answered> {
  if (!services.openRoom) return NO_OPEN_ROOM;
  if (!link.admit(Buffer.byteLength(text), services.readers())) return { refusal: { reason: "too-many-messages" } };
  return await ask(link, { kind: "broadcast", session: link.id, text });
}

/** Everybody hears of it, so it counts as a message. */
function away(text: string | null, { link, name, services }: Asking): Answered {
  const before = services.away.get(foldName(name))?.text ?? null;
  if (before !== text && !link.admit(AWAY_COST, services.readers())) {
    return { refusal: { reason: "too-many-messages" } };
  }
  if (text === null) services.away.delete(foldName(name));
  else services.away.set(foldName(name), { text, session: link.id });
  if (before !== text) services.onAway(name, null);
  return DONE;
}

/** What classic clients understand; it hides nothing from the server. */
async function tell({ to, text }: RequestBody<"tell">, { link, services }: Asking): Promise<Answered> {
  if (!services.openRoom) return NO_OPEN_ROOM;
  if (!link.admit(PAD_FACTOR * Buffer.byteLength(text), 1)) return { refusal: { reason: "too-many-messages" } };
  return await ask(link, { kind: "direct", session: link.id, to, body: sealPad(text) });
}

async function bans({ link }: Asking): Promise<Answered> {
  const decision = await decided(link, { kind: "list-bans", session: link.id });
  if (decision.kind === "refused") return { refusal: refusalOfCore(decision.refusal) };
  const event = decision.kind === "done" ? decision.events.find(({ kind }) => kind === "answered") : undefined;
  const { names, reasons } =
    event?.kind === "answered" && event.answer.kind === "bans" ? event.answer : { names: [], reasons: [] };
  return replyTo("bans", { names: names.slice(0, MOST_BANS), reasons: reasons.slice(0, MOST_REASONS) });
}

async function serverInfo({ link, services }: Asking): Promise<Answered> {
  const decision = await decided(link, { kind: "check", needs: "operator", session: link.id });
  return decision.kind === "refused"
    ? { refusal: refusalOfCore(decision.refusal) }
    : replyTo("server-info", services.facts());
}

async function ask(link: SessionLink, command: Command): Promise<Answered> {
  const decision = await decided(link, command);
  switch (decision.kind) {
    case "done":
    case "unchanged":
      return DONE;
    case "refused":
      return { refusal: refusalOfCore(decision.refusal) };
    case "session-gone":
      // Nothing was done. Its end was told, so that nobody hears this.
      return { refusal: { reason: "not-registered" } };
  }
}

function decided(link: SessionLink, command: Command): Promise<Decision> {
  return new Promise((resolve) => link.post(command, resolve));
}

/** Told again, or where the place has a group, nothing more is kept. */
async function createGroup(
  body: RequestBody<"create-group">,
  speaker: Speaker,
  { source: sourceOf, services: { groups, groupsFrom } }: Asking,
): Promise<Answered> {
  const source = await sourceOf();
  const { groups: known, places } = groups.state;
  const isNew = get(known, body.group) === undefined && get(places, placeKey(body.place)) === undefined;
  if (isNew && !groupsFrom(source).admit()) return { refusal: { reason: "too-many-messages" } };
  const outcome = await groups.handshakes.create(speaker, { ...body, source });
  return answered("create-group", outcome, ({ group }) => ({ group }));
}

async function answerDevice(
  { type, body }: Exclude<OfDevices, { type: "create-group" }>,
  speaker: Speaker,
  groups: GroupService,
): Promise<Answered> {
  const { device } = speaker;
  switch (type) {
    case "publish-packages":
      return answered(type, await groups.handshakes.publish(speaker, body), () => ({}));
    case "take-packages":
      return answered(type, await groups.ask(speaker, { kind: "take-packages", device, ...body }), takenOf);
    case "groups":
      return replyTo("groups", groupsPage(groups, device, body.after));
    case "commit":
      return answered(type, await groups.handshakes.commit(speaker, body), ({ number, at }) => ({ number, at }));
    case "ask-turn":
      return answered(type, groups.turns.request(device, body.group, body.orAdded), ({ granted }) => ({ granted }));
    case "give-up-turn":
      groups.turns.release(device, body.group);
      return DONE;
    case "send":
      return answered(type, await groups.ask(speaker, { kind: "send", device, ...body }), storedOf);
    case "read":
      return answered(type, await groups.logs.entries(device, body.group, body.after, body.limit), (page) => page);
    case "acknowledge":
    case "welcome-done":
    case "leave":
      return answered(type, await groups.ask(speaker, { kind: type, device, number: 0, ...body }), () => ({}));
    case "report-commit":
      return answered(type, await groups.ask(speaker, { kind: type, device, ...body }), () => ({}));
    case "read-group-info":
      return answered(type, await groups.logs.groupInfo(device, body.group), (info) => info);
    case "read-welcome":
      return answered(type, await groups.logs.welcome(device, body.group), (welcome) => welcome);
  }
}

function takenOf(reply: Reply): ReplyBody<"take-packages"> {
  const packages = reply.kind === "packages" ? reply.packages : [];
  return { packages: packages.map(({ device, keyPackage }) => ({ device, keyPackage })) };
}

function storedOf(reply: Reply): ReplyBody<"send"> {
  if (reply.kind !== "stored") throw new Error(`a message was answered with ${reply.kind}`);
  return { number: reply.number, at: reply.at };
}

/** Groups of the device and open rooms, in the order of their ids. */
function groupsPage(groups: GroupsSeen, device: string, after: string | null): ReplyBody<"groups"> {
  const views = groupsFor(groups.state, device)
    .filter(({ group }) => after === null || group > after)
    .toSorted((a, b) => (a.group < b.group ? -1 : 1));
  return {
    groups: views.slice(0, GROUPS_PAGE).map((view) => sentGroup(groups, device, view)),
    more: views.length > GROUPS_PAGE,
  };
}

/** A group as a push or a page tells it to this device; null: it is none of its business. */
export function sentGroupOf(groups: GroupsSeen, device: string, group: string): SentGroup | null {
  const view = viewOf(groups.state, device, group);
  return view === null ? null : sentGroup(groups, device, view);
}

/** How long it is from now on, so that a client's own clock needn't be right. */
function sentRemoval({ devices, since, until }: RemovalDue): NonNullable<SentGroup["removal"]> {
  return { devices: devices.slice(0, MOST_TOLD), since, until, left: Math.max(0, until - Date.now()) };
}

function sentGroup(groups: GroupsSeen, device: string, { place, hash, removal, ...view }: GroupView): SentGroup {
  return {
    ...view,
    place: place.kind === "direct" ? { kind: "direct", between: [place.between[0], place.between[1]] } : place,
    hash: hash === "" ? null : hash,
    removal: removal === null ? null : sentRemoval(removal),
    reached: groups.reached(view.group, device),
    welcome: get(groups.state.welcomes, pairKey(view.group, device)) !== undefined,
  };
}
