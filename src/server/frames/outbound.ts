import type { EndCause } from "../../core/events.ts";
import type { Notice } from "../../core/notices.ts";
import type { Refusal as CoreRefusal } from "../../core/refusals.ts";
import type { ConfirmationRow } from "../../groups/rows.ts";
import type { GroupRefusal } from "../../groups/refusals.ts";
import type { GroupNotice } from "../../groups/rules.ts";
import { openPad } from "../../wire/classic/pad.ts";
import type { Person } from "../../wire/frames/people.ts";
import type { Push } from "../../wire/frames/pushes.ts";
import type { Refusal } from "../../wire/frames/refusals.ts";
import { encodePush } from "../../wire/frames/server-frames.ts";
import { sentConfirmation, sentPending } from "./own-devices.ts";

/** What a notice of the core is as a push; null: nothing, since the answer to a request says it. */
export function pushOfNotice(
  notice: Notice,
  { at, personOf }: { readonly at: number; readonly personOf: (name: string) => Person | null },
): Push | null {
  switch (notice.kind) {
    case "broadcast":
      return { type: "said", from: notice.from, text: notice.text, at, earlier: false };
    case "direct":
      return toldPush(notice.from, notice.body, at);
    case "operator-changed":
      return { type: "operator", operator: notice.operator };
    case "name-passed-on": {
      // Whoever kept the machine before under this name must see that it is another one now.
      const person = personOf(notice.name);
      return person === null ? null : { type: "presence", people: [person] };
    }
    case "came":
    case "went": {
      const person = personOf(notice.name);
      return person === null ? null : { type: "presence", people: [{ ...person, online: notice.kind === "came" }] };
    }
    case "sent-away": {
      const { how, name, by, reason } = notice;
      return { type: "moderated", name, by, how: how === "kicked" ? "kick" : "ban", reason };
    }
    case "ended":
      return { type: "ended", cause: endedCause(notice.cause) };
    case "registered":
    case "refused":
    case "broadcast-sent":
    case "direct-sent":
    case "answer":
      return null;
  }
}

/** A direct message comes in the classic form, whoever sent it: text under a pad that lies beside it. */
function toldPush(from: string, body: string, at: number): Push | null {
  const text = openPad(body);
  return text === null || text === "" ? null : { type: "told", from, text, at };
}

function endedCause(cause: EndCause): Extract<Push, { type: "ended" }>["cause"] {
  switch (cause.kind) {
    case "left":
      return { kind: "left" };
    case "kicked":
    case "banned":
      return { kind: cause.kind, reason: cause.reason };
    case "refused":
      return { kind: "refused", refusal: refusalOfCore(cause.refusal) };
  }
}

/** Devices to be removed that one frame tells; the others come when these are gone. */
export const MOST_TOLD = 1_000;

/** What is told with a notice of the delivery service. */
export interface BesideNotice {
  /** For who hears it; null: there is nothing to tell. */
  readonly viewOf: (group: string) => Extract<Push, { type: "group" }>["group"] | null;
  /** Of the user key that a confirmation gives; null: none. */
  readonly receiptWith: (confirmation: ConfirmationRow) => Uint8Array | null;
}

/** What a notice of the delivery service is as a push; null: nothing. */
export function pushOfGroupNotice(notice: GroupNotice, { viewOf, receiptWith }: BesideNotice): Push | null {
  switch (notice.kind) {
    case "entry":
      return { type: "entry", group: notice.group, entry: notice.entry };
    case "welcome":
    case "group-ended": {
      const group = viewOf(notice.group);
      return group === null ? null : { type: "group", group };
    }
    case "removal-due": {
      const { group, devices, since, until } = notice;
      return { type: "removal-due", group, devices: devices.slice(0, MOST_TOLD), since, until };
    }
    case "reached":
      return { type: "reached", group: notice.group, number: notice.number };
    case "packages-low":
      return { type: "packages-low", left: notice.left };
    case "turn":
      return { type: "turn", group: notice.group };
    case "joiners":
      return { type: "joiners", group: notice.group, devices: [...notice.devices] };
    case "confirmed": {
      const { device, confirmation } = notice;
      return { type: "confirmed", device, confirmation: sentConfirmation(confirmation, receiptWith(confirmation)) };
    }
    case "device-waits":
      return { type: "device-waits", waiting: sentPending(notice.device, notice.waiting) };
    case "devices":
      return { type: "devices" };
    case "ended":
      return { type: "ended", cause: { kind: "refused", refusal: refusalOfGroups(notice.refusal) } };
    case "refused":
      return null;
  }
}

/** The core's "no" in this protocol's words. */
export function refusalOfCore(refusal: CoreRefusal): Refusal {
  switch (refusal.reason) {
    case "invalid-request":
      return { reason: "malformed" };
    case "operator-immune":
      return { reason: "operator-immune", action: refusal.action };
    case "you-are-banned":
    case "too-many-names":
      return refusal;
    case "target-not-found":
    case "not-banned":
      return { reason: refusal.reason, target: refusal.target.slice(0, 64) };
    case "not-registered":
    case "already-registered":
    case "invalid-name":
    case "name-taken":
    case "name-has-key":
    case "recipient-not-found":
    case "too-many-messages":
    case "not-operator":
    case "no-open-room":
    case "timed-out":
    case "server-full":
    case "not-a-member":
    case "identity-unavailable":
    case "storage-failed":
      return { reason: refusal.reason };
  }
}

/** The delivery service's "no", which is spelled the same. */
export function refusalOfGroups(refusal: GroupRefusal | { readonly reason: "storage-failed" }): Refusal {
  return refusal;
}

/** Encodes a notice's push once for as long as the same one is asked for again, as in a fan-out; null: nothing is said. */
export function createNoticeEncoder(pushOf: (notice: Notice) => Push | null): (notice: Notice) => Buffer | null {
  let last: { readonly notice: Notice; readonly bytes: Buffer | null } | null = null;
  return (notice) => {
    if (last?.notice === notice) return last.bytes;
    const push = pushOf(notice);
    last = { notice, bytes: push === null ? null : Buffer.from(encodePush(push)) };
    return last.bytes;
  };
}
