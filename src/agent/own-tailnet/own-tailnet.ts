import type { Named, OwnTailnet, Seen, TailnetView } from "../chat/own-tailnet.ts";
import { NOTHING_SEEN } from "../chat/own-tailnet.ts";
import type { TailnetPeople } from "../../tailnet/local-api/answers.ts";
import type { LocalApi } from "../../tailnet/local-api/client.ts";

export interface OwnTailnetOptions {
  readonly api: Pick<LocalApi, "people">;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

/** Milliseconds that an answer is believed, none at all being one. */
const BELIEVED = 30_000;
/** Milliseconds after which it is asked anew for somebody who wasn't there: a newcomer may be as new in the tailnet. */
const MISSING = 2_000;

/** One for all devices of an agent, which share a tailscaled. It gets one question at a time, and none before somebody wants to know. */
export function ownTailnet({ api, now = () => performance.now() }: OwnTailnetOptions): OwnTailnet {
  let known: { readonly people: TailnetPeople | null; readonly at: number } | null = null;
  let asking: Promise<TailnetPeople | null> | null = null;

  return {
    async view(self, wanted) {
      const before = fresh(BELIEVED);
      const view = before === null ? null : viewOf(before.people, self);
      const isMissing = view !== null && wanted.some((who) => view.seen(who).tailnet === "absent");
      if (view !== null && (!isMissing || fresh(MISSING) !== null)) return view;
      return viewOf(await ask(), self);
    },
  };

  function fresh(milliseconds: number) {
    return known !== null && now() - known.at < milliseconds ? known : null;
  }

  async function ask(): Promise<TailnetPeople | null> {
    asking ??= api.people().then((answer) => {
      // A map from before it was Running is a remembered one, or none.
      const people = answer.ok && answer.value.running ? answer.value : null;
      known = { people, at: now() };
      asking = null;
      return people;
    });
    return await asking;
  }
}

/** Ids are each control server's own: the map is held against what a server says only where both call this device the same. */
function viewOf(people: TailnetPeople | null, self: Named): TailnetView {
  if (people === null || !isSelf(people, self)) return NOTHING_SEEN;
  return { seen: (who) => seenIn(people, who) };
}

function isSelf({ self }: TailnetPeople, { kind, identity }: Named): boolean {
  switch (kind) {
    case "person":
      return self !== null && self.user !== null && self.user !== "" && self.user === identity;
    case "machine":
      return self !== null && self.user === null && self.node !== "" && self.node === identity;
    case "address":
    case "name":
      return false;
  }
}

function seenIn({ logins, nodes }: TailnetPeople, { kind, identity }: Named): Seen {
  switch (kind) {
    case "person":
      return found(logins.get(identity));
    case "machine":
      return found(nodes.get(identity));
    case "address":
    case "name":
      return { tailnet: "unknown", label: null };
  }
}

function found(label: string | undefined): Seen {
  return label === undefined
    ? { tailnet: "absent", label: null }
    : { tailnet: "known", label: label === "" ? null : label };
}
