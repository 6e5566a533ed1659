/** What follows each time that a group's session did what could be done: the server hears how far it got, and what waited for it goes on. */
import type { FramesClient } from "../../client/frames/index.ts";
import { toText } from "../delivery/base64url.ts";
import type { Standing } from "../group-sessions/context.ts";
import type { GroupSession, SessionView } from "../group-sessions/session.ts";
import type { GroupRow } from "../storage/kept.ts";
import { endGone } from "./arriving.ts";
import type { Companions, Entrance } from "./entrance.ts";
import { enterMade } from "./everyone.ts";
import type { OwedPlaces } from "./owed-places.ts";
import type { OwnKey } from "./own-key.ts";
import { completePairs } from "./pairs.ts";
import type { Replacing } from "./replacing.ts";
import type { RuntimeEvent } from "./runtime.ts";
import { toldSuccessions } from "./told-successions.ts";
import type { Waking } from "./waking.ts";

export interface AdvancedOptions {
  readonly client: () => FramesClient;
  /** Null: it isn't open, or no more. */
  readonly present: () => Promise<Entrance | null>;
  readonly later: (lane: string, task: (entrance: Entrance) => Promise<void> | void) => void;
  /** What couldn't be done now is done again. */
  readonly again: () => void;
  readonly succeedLater: () => void;
  readonly companions: Companions;
  readonly replacement: Replacing;
  readonly key: OwnKey;
  readonly owed: OwedPlaces;
  readonly onEvent: (event: RuntimeEvent) => void;
  readonly waking: Waking;
}

export interface Advanced {
  advanced(session: GroupSession, conversation: string, standing: Standing): Promise<void>;
  /** Leaves of these people (`whoKey`) have changed in some group: one of theirs that held messages in another may be no reason any more. */
  leavesChanged(people: readonly string[]): void;
  /** A server that was killed may have forgotten what it was told on the connection that is over. */
  lost(): void;
}

export function afterAdvance(options: AdvancedOptions): Advanced {
  const { client, present, later, again, succeedLater, companions, replacement, key, owed, waking, onEvent } = options;
  /** Up to where the server was told, on this connection, that each group is read. */
  const acknowledged = new Map<string, number>();
  const told = toldSuccessions();

  return {
    async advanced(session, conversation, standing) {
      const entrance = await present();
      if (entrance !== null && (await told.resolves(entrance, standing))) {
        entrance.groups.wakeAll();
        return;
      }
      onEvent({ kind: "standing", conversation, standing });
      const view = await session.look();
      const { row } = view;
      const group = toText(session.id);
      if (row.status === "active") await goOn(session, view);
      else companions.forget(group);
      await continueElsewhere(row);
      if (standing.kind === "refused" && row.status === "joining")
        later("joining", async (living) => await endGone(living, group));
      if (standing.kind === "refused" && row.status === "removed") {
        const { why } = standing;
        later("everyone", async (living) => {
          // Each try is one more group on this disk: what is refused for good is tried with the next connection, or when somebody asks for it.
          if (!(await enterMade(living)) && why === "place-taken") again();
        });
      }
      if (client().state.kind === "online") waking.stands(group, standing);
    },
    leavesChanged(people) {
      if (told.leavesChanged(people)) later("told successions", ({ groups }) => groups.wakeAll());
    },
    lost() {
      waking.end();
      acknowledged.clear();
      told.begin();
    },
  };

  async function goOn(session: GroupSession, view: SessionView): Promise<void> {
    const {
      row: { conversation, cursor },
      members,
    } = view;
    const group = toText(session.id);
    companions.note(group, members);
    const entrance = await present();
    if (entrance !== null) key.advanced(entrance, session, view);
    await acknowledge(group, cursor);
    replacement.removeFormer(session, members, later);
    later("rooms", async (living) => await replacement.retireFormer(living));
    // The other one is still to be invited; whoever opens it does so now.
    if (conversation.startsWith("direct:") && new Set(members.map(({ who }) => who)).size < 2) {
      later("pairs", async (living) => await completePairs(living, [conversation]));
    }
    if (owed.owes(group)) owed.settleSoon();
  }

  async function acknowledge(group: string, number: number): Promise<void> {
    if (acknowledged.get(group) === number) return;
    const answer = await client().request("acknowledge", { group, number });
    if (answer.kind === "answered") acknowledged.set(group, number);
  }

  async function continueElsewhere(row: GroupRow): Promise<void> {
    const entrance = await present();
    if (row.status === "active") await entrance?.successions.retire(entrance, row.conversation);
    const isStuck = entrance?.successions.note(row) === true;
    // Where it goes on already, what waits in others is brought along.
    const isLeft = row.status === "active" && entrance?.successions.hasOrphans(row.conversation) === true;
    if (isStuck || isLeft) succeedLater();
  }
}
