/** Joins the parts of the frame protocol on this server. */
import type { Mailbox } from "../../core/mailbox.ts";
import { rosterOf } from "../../core/roster.ts";
import { sessionsNamed } from "../../core/state.ts";
import type { ServerRow } from "../../groups/rows.ts";
import type { HostNames } from "../host-names.ts";
import type { GroupService } from "../groups/service.ts";
import { createRequestRates } from "../http/request-rates.ts";
import type { Limits } from "../session/limits.ts";
import { RatesByKey } from "../session/rates-by-key.ts";
import type { SessionFactory } from "../session/factory.ts";
import { claimedName } from "../own-name.ts";
import type { Scrollback } from "../scrollback.ts";
import { Directory } from "./directory.ts";
import type { FrameHearers } from "./hearers.ts";
import { createNoticeEncoder, pushOfNotice } from "./outbound.ts";
import type { FramesServices } from "./services.ts";
import { createFramesUpgrade, type FramesUpgrade } from "./protocol.ts";

export interface FramesSideOptions {
  readonly server: ServerRow & { readonly name: string };
  readonly mailbox: Mailbox;
  readonly groups: GroupService;
  readonly hearers: FrameHearers;
  readonly scrollback: Scrollback;
  /** Whether there is an open room, and whoever can't seal. */
  readonly openRoom: boolean;
  readonly limits: Limits;
  readonly hostNames: () => HostNames;
  readonly port: () => number;
  readonly makeSession: SessionFactory;
  readonly facts: () => { readonly host: string; readonly sessions: number };
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** A frame was malformed: what was wrong where. It says nothing of what was sent. */
  readonly onMalformed: (session: number, where: string) => void;
  /** A mistake of ours has kept a request from its answer. */
  readonly onFault: (cause: unknown) => void;
}

/** Milliseconds between two devices of one source that ask to be confirmed, in the long run; some come at once. */
const ASK_EVERY = 10_000;
/** The same for groups that are made: what is kept of one is never forgotten. */
const GROUP_EVERY = 5_000;

export function createFramesSide(options: FramesSideOptions): FramesUpgrade {
  const { mailbox, groups, hearers } = options;
  const away: FramesServices["away"] = new Map();
  const directory = new Directory({
    core: () => mailbox.state,
    groups: () => groups.state,
    speaksFrames: (session) => hearers.has(session),
    awayOf: (name) => away.get(name)?.text ?? null,
  });
  return createFramesUpgrade({
    limits: options.limits,
    hostNames: options.hostNames,
    port: options.port,
    makeSession: options.makeSession,
    services: {
      server: options.server,
      groups,
      directory,
      away,
      onAway: (name, leaving) => {
        const person = directory.person(name);
        // Who goes with their last session is told of anyway.
        const isThere = sessionsNamed(mailbox.state, name).some((session) => session !== leaving);
        if (person !== null && isThere) hearers.tellAll({ type: "presence", people: [person] });
      },
      onDevices: (name) => {
        const people = directory.people(name);
        if (people.length > 0) hearers.tellAll({ type: "presence", people });
      },
      claimedName: (identity) => claimedName(mailbox.state, identity),
      asksOf: createRequestRates(options.now, ASK_EVERY),
      groupsFrom:
        options.limits.messagesPerSecond === 0
          ? () => ({ admit: () => true })
          : createRequestRates(options.now, GROUP_EVERY),
      deviceNews: new RatesByKey(options.limits.messagesPerSecond, options.now),
      encodeNotice: createNoticeEncoder((notice) =>
        pushOfNotice(notice, { at: Date.now(), personOf: (name) => directory.person(name) }),
      ),
      readers: () => rosterOf(mailbox.state).sessions.length,
      scrollback: options.scrollback,
      openRoom: options.openRoom,
      facts: options.facts,
      onStart: (session) => hearers.add(session),
      onStop: (session) => hearers.remove(session),
      onMalformed: options.onMalformed,
      onFault: options.onFault,
    },
  });
}
