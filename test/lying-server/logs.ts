import type { Entry, GroupView } from "../../src/wire/frames/groups.ts";
import type { Push } from "../../src/wire/frames/pushes.ts";
import type { Request } from "../../src/wire/frames/requests.ts";
import type { AnyReply, Lies, Victim } from "./lying-server.ts";
import { ShownLog, UNKNOWN } from "./shown-log.ts";
import type { Told } from "./shown-log.ts";

export interface FalseLogs extends Lies {
  /** Puts an entry at the end of what this victim is shown of a group, and tells them. */
  insert(victim: Victim, group: string, told: Told): Entry;
  /** The newest group info that a member has sent, by group. */
  readonly infos: ReadonlyMap<string, Uint8Array>;
}

/**
 * Lies about groups' logs: `shown` says what a victim is told of a real entry. All else that speaks of places in a log (heads, numbers of what was
 * stored) is made to fit.
 */
export function falseLogs(shown: (victim: Victim, group: string, real: Entry) => readonly Told[]): FalseLogs {
  const logs = new Map<string, ShownLog>();
  /** Of requests to read: from where on the victim wants to be shown. */
  const wanted = new WeakMap<Request, number>();
  const infos = new Map<string, Uint8Array>();
  const logOf = ({ name, device }: Victim, group: string): ShownLog => {
    const id = `${name} ${device} ${group}`;
    const log = logs.get(id) ?? new ShownLog();
    logs.set(id, log);
    return log;
  };
  const take = (victim: Victim, group: string, real: Entry) =>
    logOf(victim, group).take(real, (entry) => shown(victim, group, entry));

  return {
    infos,
    insert(victim, group, told) {
      const entry = logOf(victim, group).add(told);
      victim.push({ type: "entry", group, entry });
      return entry;
    },
    request(victim, request): Request {
      switch (request.type) {
        case "read": {
          const after = logOf(victim, request.body.group).realOf(request.body.after);
          const asked = { ...request, body: { ...request.body, after } };
          wanted.set(asked, request.body.after);
          return asked;
        }
        case "acknowledge": {
          const number = logOf(victim, request.body.group).realOf(request.body.number);
          return { ...request, body: { ...request.body, number } };
        }
        case "create-group":
        case "commit":
          infos.set(request.body.group, request.body.groupInfo);
          return request;
        default:
          return request;
      }
    },
    reply(victim, reply, request) {
      return replyOf(victim, reply, request);
    },
    push(victim, push): readonly Push[] {
      if (push.type === "entry") {
        const { type, group } = push;
        return take(victim, group, push.entry).map((entry) => ({ type, group, entry }));
      }
      if (push.type === "group") return [{ ...push, group: viewOf(victim, push.group) }];
      if (push.type === "reached") return [{ ...push, number: logOf(victim, push.group).shownOf(push.number) }];
      return [push];
    },
  };

  function replyOf(victim: Victim, reply: AnyReply, request: Request): object {
    if (reply.type === "groups") {
      return { ...reply.body, groups: reply.body.groups.map((view) => viewOf(victim, view)) };
    }
    if (reply.type === "read" && request.type === "read") {
      const { group, limit } = request.body;
      const log = logOf(victim, group);
      for (const entry of reply.body.entries) take(victim, group, entry);
      if (!log.isFalse) return reply.body;
      const head = log.shownOf(reply.body.head);
      const after = wanted.get(request) ?? request.body.after;
      const hash = log.end?.number === head ? log.end.hash : reply.body.hash;
      return { ...reply.body, entries: log.above(after, limit), head, hash };
    }
    if (reply.type === "send" && request.type === "send") {
      const { group, epoch, counter, message, bytes } = request.body;
      const { number, at } = reply.body;
      take(victim, group, {
        kind: "message",
        number,
        at,
        device: victim.device,
        epoch,
        counter,
        message,
        bytes,
        hash: UNKNOWN,
      });
      return { number: logOf(victim, group).shownOf(number), at };
    }
    if (reply.type === "commit")
      return { ...reply.body, number: logOf(victim, groupOf(request)).shownOf(reply.body.number) };
    return reply.body;
  }

  function viewOf(victim: Victim, view: GroupView): GroupView {
    const log = logOf(victim, view.group);
    if (!log.isFalse) return view;
    const head = log.shownOf(view.head);
    const isEnd = log.end?.number === head && view.hash !== null;
    return { ...view, head, hash: isEnd ? (log.end?.hash ?? null) : view.hash };
  }
}

function groupOf(request: Request): string {
  return "group" in request.body ? request.body.group : "";
}
