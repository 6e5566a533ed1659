/** What one of a person's devices asks about the others. Records are verified here, since the rules know no keys. */
import { get } from "../../core/persistent-map.ts";
import type { RotateUserKey } from "../../groups/commands.ts";
import type { DeviceRow } from "../../groups/rows.ts";
import { successionsTo } from "../../mls/identity/succession-chain.ts";
import type { Request, RequestBody } from "../../wire/frames/requests.ts";
import { base64url, fromBase64url } from "../groups/found-device.ts";
import type { Speaker } from "../groups/outcomes.ts";
import type { SessionLink } from "../session/protocol.ts";
import { answered, replyTo, type Answered } from "./answered.ts";
import { ownDevices, successionsOf } from "./own-devices.ts";
import { userKeyOfRecord } from "./proof.ts";
import type { FramesServices } from "./services.ts";

type OwnersRequest = Extract<
  Request,
  {
    type:
      | "own-devices"
      | "confirm-device"
      | "dismiss-device"
      | "retire-device"
      | "rotate-user-key"
      | "successions"
      | "keep-successions";
  }
>;

const WRONG: Answered = { refusal: { reason: "wrong-device" } };
/** Bytes of what everybody is told of a person's devices, about: a record of each. */
const DEVICES_COST = 2048;
/** The same, for the time that it takes to look at 16 signatures. */
const SUCCESSIONS_COST = 16 * 1024;
const nothing = () => ({});

export async function answerOwner({ type, body }: OwnersRequest, speaker: Speaker, asking: Session): Promise<Answered> {
  const { services } = asking;
  const { groups } = services;
  const { device } = speaker;
  const own = get(groups.state.devices, device);
  if (own === undefined || own.removed) return { refusal: { reason: "device-removed" } };
  switch (type) {
    case "own-devices":
      return replyTo(type, ownDevices(groups.state, own.owner));
    case "successions":
      return replyTo(type, { statements: successionsOf(groups.state, body.owner) });
    case "confirm-device":
      return await confirm(body, { speaker, own, services });
    case "dismiss-device":
      return answered(type, await groups.ask(speaker, { kind: type, device, other: body.device }), nothing);
    case "retire-device": {
      const wasThere = get(groups.state.devices, body.device)?.removed === false;
      const outcome = await groups.ask(speaker, { kind: type, device, other: body.device });
      if (outcome.ok && wasThere) tellAll(asking);
      return answered(type, outcome, nothing);
    }
    case "rotate-user-key":
      return await rotate(body, { speaker, own, services }, asking);
    case "keep-successions":
      asking.link.charge(SUCCESSIONS_COST);
      return await keepSuccessions(body, { speaker, own, services });
  }
}

/** Everybody hears of it, so it costs as much as an answer of that size: whoever does so again and again waits. */
function tellAll({ link, name, services }: Session): void {
  services.onDevices(name);
  link.charge(DEVICES_COST * services.readers());
}

interface Session {
  readonly link: SessionLink;
  readonly name: string;
  readonly services: FramesServices;
}

interface Asking {
  readonly speaker: Speaker;
  readonly own: DeviceRow;
  readonly services: FramesServices;
}

async function confirm(
  { device: other, record, sealed }: RequestBody<"confirm-device">,
  { speaker, own: { owner }, services }: Asking,
): Promise<Answered> {
  const { groups } = services;
  const waiting = get(groups.state.pending, other) ?? get(groups.state.confirmations, other);
  if (waiting === undefined) return { refusal: { reason: "unknown-device", device: other } };
  const { key } = waiting;
  const now = Math.floor(Date.now() / 1000);
  const userKey = userKeyOfRecord(record, { device: other, key, server: services.server.id, owner, now });
  if (userKey === null) return WRONG;
  const command = {
    kind: "confirm-device",
    device: speaker.device,
    other,
    owner,
    key,
    userKey,
    record: base64url(record),
    sealed: base64url(sealed),
  } as const;
  return answered("confirm-device", await groups.ask(speaker, command), nothing);
}

async function rotate(body: RequestBody<"rotate-user-key">, asking: Asking, session: Session): Promise<Answered> {
  const { speaker, own, services } = asking;
  const { groups } = services;
  const command = rotationOf(body, asking);
  if (!("kind" in command)) return command;
  const before = groups.userKeys.presentOf(own.owner);
  const outcome = await groups.ask(speaker, command);
  if (outcome.ok && groups.userKeys.presentOf(own.owner) !== before) tellAll(session);
  return answered("rotate-user-key", outcome, () => ({
    receipt: groups.userKeys.receiptFor(own.owner) ?? new Uint8Array(),
  }));
}

async function keepSuccessions(
  { statements }: RequestBody<"keep-successions">,
  { speaker, own: { owner, userKey }, services: { groups, server } }: Asking,
): Promise<Answered> {
  const who = { server: fromBase64url(server.id), ...owner };
  const leading = successionsTo(who, fromBase64url(userKey), statements);
  const isAll = leading.length === statements.length && leading.every((one, at) => one === statements[at]);
  if (!isAll) return { refusal: { reason: "wrong-proof" } };
  const { device } = speaker;
  const command = { kind: "keep-successions", device, userKey, statements: statements.map(base64url) } as const;
  return answered(command.kind, await groups.ask(speaker, command), nothing);
}

/**
 * The command, with each record held against the key that the server knows of its device. Of a device that stays it may know none any more,
 * when a rotation that was done is asked for again: that it was done is for the rules to say.
 */
function rotationOf(
  { former, userKey, removed, statement, own: ownRecord, staying }: RequestBody<"rotate-user-key">,
  { speaker: { device }, own: { owner, key }, services }: Asking,
): RotateUserKey | Answered {
  const given = { server: services.server.id, owner, now: Math.floor(Date.now() / 1000) };
  if (userKeyOfRecord(ownRecord, { ...given, device, key }) !== userKey) return WRONG;
  const stay: RotateUserKey["staying"][number][] = [];
  for (const { device: id, record, sealed } of staying) {
    const row = get(services.groups.state.devices, id);
    const isOf = row !== undefined && userKeyOfRecord(record, { ...given, device: id, key: row.key }) === userKey;
    stay.push({ device: id, key: isOf ? row.key : null, record: base64url(record), sealed: base64url(sealed) });
  }
  return {
    kind: "rotate-user-key",
    device,
    owner,
    former,
    userKey,
    removed,
    statement: base64url(statement),
    own: { key, record: base64url(ownRecord) },
    staying: stay,
  };
}
