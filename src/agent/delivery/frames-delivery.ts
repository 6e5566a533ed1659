/**
 * The delivery service of group sessions, over frames. It turns requests and answers into one another and waits for turns; what the
 * server says is checked where it is used.
 */
import type { Answer, FramesClient } from "../../client/frames/index.ts";
import type { ReplyBody } from "../../wire/frames/requests.ts";
import type { Place } from "../../wire/frames/values.ts";
import type { DeliveryService, JoinInfo, Page, Refusal, Stored } from "../group-sessions/ports.ts";
import type { PendingRequest } from "../storage/kept.ts";
import { toBytes, toText } from "./base64url.ts";
import { logEntryOf } from "./entries.ts";
import { refusalOf } from "./refusals.ts";
import type { Turns } from "./turns.ts";

/** As many as a group session takes of one page. */
const PAGE = 256;

export interface DeliveryOptions {
  readonly client: FramesClient;
  readonly turns: Turns;
  /** For what a group that is to be created is; null: this device doesn't know it. */
  readonly placeOf: (group: Uint8Array) => Promise<Place | null>;
  /** The server has stopped storing what it is sent, or stores it again. */
  readonly onStoring: (stores: boolean) => void;
}

export function framesDelivery({ client, turns, placeOf, onStoring }: DeliveryOptions): DeliveryService {
  let stores = true;
  return {
    async read(group, after) {
      const answer = await client.request("read", { group: toText(group), after, limit: PAGE });
      return answer.kind === "answered" ? pageOf(answer.value) : refusalOf(answer);
    },
    async send({ group, epoch, counter, messageId, bytes }) {
      const message = toText(messageId);
      const answer = await client.request("send", { group: toText(group), epoch, counter, message, bytes });
      noteStoring(answer);
      return storedOf(answer);
    },
    async commit(group, request) {
      if (request.kind === "create") return await create(group, request);
      const first = await commit(group, request);
      if (first !== "not-your-turn") return first;
      await turns.take(toText(group), false);
      const second = await commit(group, request);
      return second === "not-your-turn" ? { kind: "stale-epoch" } : second;
    },
    async joinInfo(id, { orAdded } = { orAdded: false }) {
      const group = toText(id);
      if ((await turns.take(group, orAdded)) === "added") return { kind: "added" };
      const answer = await client.request("read-group-info", { group });
      if (answer.kind !== "answered") return refusalOf(answer);
      const { epoch, groupInfo, number, hash } = answer.value;
      return { kind: "join-info", epoch, groupInfo, number, hash: toBytes(hash) } satisfies JoinInfo;
    },
    async reportInvalid(group, number) {
      await client.request("report-commit", { group: toText(group), number });
    },
  };

  function noteStoring(answer: Answer<unknown>): void {
    const isFailing = answer.kind === "refused" && answer.refusal?.reason === "storage-failed";
    if (answer.kind === "answered" ? stores : !isFailing || !stores) return;
    stores = !isFailing;
    onStoring(stores);
  }

  async function create(id: Uint8Array, { groupInfo }: PendingRequest): Promise<Stored | Refusal> {
    const place = await placeOf(id);
    if (place === null) return { kind: "refused", why: "a group for nothing" };
    const answer = await client.request("create-group", { group: toText(id), place, groupInfo });
    return answer.kind === "answered" ? { kind: "stored", number: 0 } : refusalOf(answer);
  }

  async function commit(id: Uint8Array, request: PendingRequest): Promise<Stored | Refusal | "not-your-turn"> {
    const { requestId, epoch, commit: bytes, welcome, groupInfo } = request;
    const body = { request: toText(requestId), epoch, commit: bytes, welcome, groupInfo };
    const answer = await client.request("commit", { group: toText(id), ...body });
    return answer.kind === "refused" && answer.refusal?.reason === "not-your-turn" ? "not-your-turn" : storedOf(answer);
  }
}

function storedOf(answer: Answer<ReplyBody<"send">>): Stored | Refusal {
  return answer.kind === "answered" ? { kind: "stored", number: answer.value.number } : refusalOf(answer);
}

function pageOf({ entries, head, messagesForgotten, hash }: ReplyBody<"read">): Page {
  return {
    kind: "page",
    entries: entries.map(logEntryOf),
    head,
    forgotten: messagesForgotten,
    hash: hash === null ? null : toBytes(hash),
  };
}
