/** What a device may ask before it is one of its person's: to be confirmed, or to be the only one. */
import { isName } from "../../core/names.ts";
import { get } from "../../core/persistent-map.ts";
import type { Owner } from "../../groups/rows.ts";
import type { Request, RequestBody } from "../../wire/frames/requests.ts";
import { base64url } from "../groups/found-device.ts";
import type { SessionLink } from "../session/protocol.ts";
import { replyTo, type Answered } from "./answered.ts";
import { refusalOfGroups } from "./outbound.ts";
import { sentConfirmation } from "./own-devices.ts";
import { ownerOf } from "./owner.ts";
import { proveDevice, provedSealKey } from "./proof.ts";
import type { FramesServices, KnownIdentity } from "./services.ts";

export type NewcomerRequest = Extract<Request, { type: "ask-confirmation" | "reset-user-key" }>;

export function isOfNewcomer(request: Request): request is NewcomerRequest {
  return request.type === "ask-confirmation" || request.type === "reset-user-key";
}

/** Who asks. */
export interface Newcomer {
  readonly link: SessionLink;
  readonly identity: KnownIdentity["identity"];
  readonly nonce: string;
  /** The name under which the session has said hello; null: it hasn't. */
  readonly name: string | null;
  /** The device that it has said hello as; null: none. */
  readonly device: string | null;
  /** From where it asks, see `ask-confirmation`. */
  readonly source: () => Promise<string>;
  readonly services: FramesServices;
}

/** Bytes of what the person's other devices are told of one that waits. */
const WAITING_COST = 1024;

/** `waits`: nothing is kept for it yet, and its connection may stay for it. */
export async function answerNewcomer(
  { type, body }: NewcomerRequest,
  newcomer: Newcomer,
): Promise<Answered & { readonly waits?: boolean }> {
  const { services, identity } = newcomer;
  // Only a user of the server's machine is who it says: whom the tailnet knows is told of under a name of theirs.
  const said = identity.kind === "local" ? body.name : services.claimedName(identity);
  const name = newcomer.name ?? said;
  if (identity.kind === "local" && (name === null || !isName(name))) return { refusal: { reason: "invalid-name" } };
  const owner = ownerOf(identity, name);
  if (owner === null) return { refusal: { reason: "identity-unavailable" } };
  return type === "ask-confirmation"
    ? await ask(body, owner, newcomer)
    : await reset(body.device, owner, { ...newcomer, name });
}

async function ask(
  { device, key, label, token, fresh, ...sent }: RequestBody<"ask-confirmation">,
  owner: Owner,
  newcomer: Newcomer,
): Promise<Answered & { readonly waits?: boolean }> {
  const { link, services } = newcomer;
  if (newcomer.device !== null && newcomer.device !== device) return { refusal: { reason: "wrong-device" } };
  if (!link.admit(WAITING_COST, 1)) return { refusal: { reason: "too-many-messages" } };
  const source = await newcomer.source();
  // Each is told to the person, who would have nothing else to read; whoever comes back is told of no more.
  const isNew = get(services.groups.state.pending, device) === undefined;
  if (isNew && !services.asksOf(source).admit()) return { refusal: { reason: "too-many-messages" } };
  const sealKey = provedSealKey(sent.sealKey, { device, key, server: services.server.id, owner });
  if (sealKey === null) return { refusal: { reason: "wrong-proof" } };
  const outcome = await services.groups.askConfirmation({
    session: link.id,
    device,
    owner,
    key,
    label,
    sealKey,
    token: token === null ? null : base64url(token),
    source,
    fresh,
  });
  if (!outcome.ok) return { refusal: refusalOfGroups(outcome.refusal) };
  const { confirmation } = outcome.value;
  const receipt = confirmation === null ? null : services.groups.userKeys.receiptWith(confirmation);
  const reply = { confirmation: confirmation === null ? null : sentConfirmation(confirmation, receipt) };
  const waits = get(services.groups.state.asking, device) === link.id;
  return { ...replyTo("ask-confirmation", reply), waits };
}

async function reset(
  sent: RequestBody<"reset-user-key">["device"],
  owner: Owner,
  { link, name, nonce, services }: Newcomer,
): Promise<Answered> {
  if (!link.admit(WAITING_COST, services.readers())) return { refusal: { reason: "too-many-messages" } };
  const server = services.server.id;
  const now = Math.floor(Date.now() / 1000);
  const proved = proveDevice({ ...sent, receipt: null }, { nonce, server, owner, now });
  if (typeof proved === "string") return { refusal: { reason: proved } };
  const { device, key, userKey, record, counter, sealKey } = proved;
  if (sealKey === null) return { refusal: { reason: "wrong-device" } };
  const command = { session: link.id, device, owner, key, userKey, record, counter, sealKey };
  const outcome = await services.groups.resetUserKey(command);
  if (!outcome.ok) return { refusal: refusalOfGroups(outcome.refusal) };
  if (name !== null) services.onDevices(name);
  return replyTo("reset-user-key", {});
}
