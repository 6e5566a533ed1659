import { notTrustworthy, SHARED_VARIABLE } from "../wire/shared-place.ts";
import { PROTOCOL } from "../wire/version.ts";
import { linkTo } from "./link.ts";
import type { Agent } from "./find-agent.ts";

export { SHARED_SOCKET, sharedSocketIn } from "../wire/shared-place.ts";

/** An agent that several users share; `socket`: where it is, as the environment says. */
export interface SharedPlace {
  readonly socket: string;
}

/** The shared agent, which is somebody else's: it is neither started nor ended from here. Never rejects. */
export async function findShared({ socket }: SharedPlace, signal?: AbortSignal): Promise<Agent> {
  const wrong = notTrustworthy(socket);
  if (wrong !== null) return { kind: "failed", why: "folder", text: wrong };
  const linked = await linkTo(socket, signal);
  if (signal?.aborted === true) {
    if (linked.kind === "linked") linked.link.close();
    return { kind: "failed", why: "aborted", text: "Interrupted." };
  }
  switch (linked.kind) {
    case "absent":
      return { kind: "failed", why: "not-started", text: absent(socket) };
    case "broken":
      return linked.code === "ETIMEDOUT"
        ? { kind: "failed", why: "silent", text: silentShared(socket) }
        : { kind: "failed", why: "broken", text: broken(socket, linked.code) };
    case "linked": {
      const { link } = linked;
      const { first } = link;
      if (first?.protocol === PROTOCOL) return { kind: "found", link };
      link.close();
      const text = `The agent at ${socket} is of version ${first?.version}, and does not speak with this program. Restart its service, with the same version of Padserve.`;
      return { kind: "failed", why: "other-version", text };
    }
  }
}

/** What to say of one that takes connections and says nothing. */
export function silentShared(socket: string): string {
  return `The agent at ${socket} takes connections and says nothing. Restart its service.`;
}

function absent(socket: string): string {
  return `No agent answers at ${socket} (${SHARED_VARIABLE}). It is a service of this machine: sudo systemctl start padserve-system-agent`;
}

function broken(socket: string, code: string): string {
  return code === "EACCES"
    ? `You may not use the agent at ${socket}: an administrator has to add you to its group.`
    : `The agent can't be asked at ${socket} (${code}).`;
}
