import type { SessionId } from "../../core/events.ts";
import type { Delivery, Outbox } from "../../core/ports.ts";
import { get } from "../../core/persistent-map.ts";
import type { ConfirmationRow } from "../../groups/rows.ts";
import type { GroupNotice } from "../../groups/rules.ts";
import type { Push } from "../../wire/frames/pushes.ts";
import { encodePush } from "../../wire/frames/server-frames.ts";
import type { GroupService } from "../groups/service.ts";
import { sentGroupOf, type GroupsSeen } from "./answers.ts";
import { pushOfGroupNotice, refusalOfGroups } from "./outbound.ts";
import type { Hearer } from "./services.ts";

/** All frame sessions of this server, and the way of the delivery service's notices, and of presence, to them. */
export class FrameHearers implements Outbox<GroupNotice> {
  readonly #sessions = new Map<SessionId, Hearer>();
  readonly #groups: () => GroupsSeen & Pick<GroupService, "userKeys">;

  constructor(groups: () => GroupsSeen & Pick<GroupService, "userKeys">) {
    this.#groups = groups;
  }

  add(session: Hearer): void {
    this.#sessions.set(session.link.id, session);
  }

  remove(session: Hearer): void {
    this.#sessions.delete(session.link.id);
  }

  has(id: SessionId): boolean {
    return this.#sessions.has(id);
  }

  deliver(deliveries: readonly Delivery<GroupNotice>[]): void {
    const touched = new Set<Hearer>();
    const receiptWith = (confirmation: ConfirmationRow) => this.#groups().userKeys.receiptWith(confirmation);
    for (const { to, except, notice } of deliveries) {
      const same = isSameForAll(notice)
        ? encoded(pushOfGroupNotice(notice, { viewOf: () => null, receiptWith }))
        : null;
      for (const id of to) {
        const session = id === except ? undefined : this.#sessions.get(id);
        if (session === undefined) continue;
        if (notice.kind === "ended") session.onEnded(refusalOfGroups(notice.refusal));
        else
          this.#hear(
            session,
            same ?? encoded(pushOfGroupNotice(notice, { viewOf: (group) => this.#viewFor(id, group), receiptWith })),
          );
        touched.add(session);
      }
    }
    for (const session of touched) session.link.flush();
  }

  /** To everybody who has said hello. */
  tellAll(push: Push): void {
    const bytes = encoded(push);
    for (const session of this.#sessions.values()) {
      if (session.name === null) continue;
      this.#hear(session, bytes);
      session.link.flush();
    }
  }

  #hear(session: Hearer, bytes: Buffer | null): void {
    if (bytes !== null) session.hearPush(bytes);
  }

  #viewFor(id: SessionId, group: string): ReturnType<typeof sentGroupOf> {
    const groups = this.#groups();
    const device = get(groups.state.devicesOnline, id);
    return device === undefined ? null : sentGroupOf(groups, device, group);
  }
}

/** Whether all that hear a notice hear the same bytes. */
function isSameForAll(notice: GroupNotice): boolean {
  switch (notice.kind) {
    case "entry":
    case "removal-due":
    case "reached":
    case "packages-low":
    case "turn":
    case "joiners":
    case "confirmed":
    case "device-waits":
    case "devices":
      return true;
    case "welcome":
    case "group-ended":
    case "ended":
    case "refused":
      return false;
  }
}

function encoded(push: Push | null): Buffer | null {
  return push === null ? null : Buffer.from(encodePush(push));
}
