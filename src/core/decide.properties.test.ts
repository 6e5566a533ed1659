import { expect, test } from "vitest";
import { eachStep, smallSettings } from "../../test/helpers/random-commands.ts";
import { decide } from "./decide.ts";
import { identityKey, type Identity } from "./identity.ts";
import type { Index } from "./index-map.ts";
import { forEach, get, valuesOf } from "./persistent-map.ts";
import { rosterOf } from "./roster.ts";

test("DL-7 those online are exactly the registered sessions, each name's of one identity and one of them exclusive at most", () => {
  eachStep(({ after }) => {
    const registered = valuesOf(after.sessions).filter((any) => any.phase === "registered");
    const byName = Map.groupBy(registered, ({ name }) => name.toLowerCase());
    expect(after.online.size).toBe(byName.size);
    for (const [name, sessions] of byName) {
      expect(new Set(get(after.online, name))).toEqual(new Set(sessions.map(({ id }) => id)));
      expect(new Set(sessions.map(({ identity }) => identityKey(identity))).size).toBe(1);
      expect(sessions.filter(({ sharing }) => sharing === "exclusive").length).toBeLessThanOrEqual(1);
    }
    expect(new Set(rosterOf(after).sessions)).toEqual(new Set(registered.map(({ id }) => id)));
    const sharing = registered.filter((session) => session.sharing === "shared");
    expect(new Set(valuesOf(after.sharing))).toEqual(new Set(sharing.map(({ id }) => id)));
    expect(rosterOf(after).names.map((name) => name.toLowerCase())).toEqual([...byName.keys()].toSorted());
  });
});

test("DL-7 what is indexed by identity is what there is", () => {
  eachStep(({ after }) => {
    const { sessions, claims, bans } = after;
    expect(entriesOf(after.sessionsOf)).toEqual(grouped(valuesOf(sessions), ({ id }) => id));
    expect(entriesOf(after.claimsOf)).toEqual(grouped(valuesOf(claims), ({ name }) => name.toLowerCase()));
    const reaching = valuesOf(bans).flatMap(({ name, identity }) => (identity === null ? [] : [{ name, identity }]));
    expect(entriesOf(after.bansOf)).toEqual(grouped(reaching, ({ name }) => name.toLowerCase()));
  });
});

function grouped<T extends { readonly identity: Identity }>(all: readonly T[], memberOf: (one: T) => string | number) {
  const groups = Map.groupBy(all, ({ identity }) => identityKey(identity));
  return new Map([...groups].map(([key, members]) => [key, new Set(members.map(memberOf))]));
}

function entriesOf<M extends string | number>(index: Index<M>): Map<string, Set<M>> {
  const entries = new Map<string, Set<M>>();
  forEach(index, (members, key) => entries.set(key, new Set(valuesOf(members))));
  return entries;
}

test("ID-38 sessions are limited in all, and for each identity that isn't local", () => {
  eachStep(({ after }) => {
    expect(after.sessions.size).toBeLessThanOrEqual(smallSettings.maxSessions);
    forEach(after.sessionsOf, (sessions, key) => {
      if (key !== "local") expect(sessions.size).toBeLessThanOrEqual(smallSettings.maxSessionsPerIdentity);
    });
  });
});

test("ID-32 whoever registers has the name, and a claim passes only from what nobody vouches for to what tailscaled does", () => {
  eachStep(({ before, events, after }) => {
    for (const event of events) {
      if (event.kind === "session-registered") {
        const registered = get(after.sessions, event.session);
        const claim = get(after.claims, event.name.toLowerCase());
        expect(claim && identityKey(claim.identity)).toBe(registered && identityKey(registered.identity));
      }
      if (event.kind === "name-claimed") {
        const was = get(before.claims, event.claim.name.toLowerCase())?.identity.kind ?? "nobody";
        expect(["nobody", "local", "address"]).toContain(was);
        if (was !== "nobody") expect(["person", "machine"]).toContain(event.claim.identity.kind);
      }
    }
  });
});

test("ID-33 no identity has more names than its limit", () => {
  eachStep(({ after }) => {
    forEach(after.claimsOf, (claims, key) => {
      const { maxNamesOfLocal, maxNamesPerIdentity } = smallSettings;
      expect(claims.size).toBeLessThanOrEqual(key === "local" ? maxNamesOfLocal : maxNamesPerIdentity);
    });
  });
});

test("MO-6 nobody registers under a ban but an operator by lasting grounds", () => {
  eachStep(({ before, events }) => {
    for (const event of events) {
      if (event.kind !== "session-registered") continue;
      if (event.operator !== null && event.operator !== "first") continue;
      const registering = get(before.sessions, event.session);
      const reached = valuesOf(before.bans).filter(
        (ban) =>
          ban.name.toLowerCase() === event.name.toLowerCase() ||
          (ban.identity && registering && identityKey(ban.identity) === identityKey(registering.identity)),
      );
      expect(reached).toEqual([]);
    }
  });
});

test("MO-5 no session that is operator's, or that the tailnet vouches for, is ever ended by a kick or a ban", () => {
  eachStep(({ before, events }) => {
    for (const event of events) {
      if (event.kind !== "session-ended" || event.cause.kind === "left" || event.cause.kind === "refused") continue;
      const ended = get(before.sessions, event.session);
      expect(ended).toBeDefined();
      if (event.cause.kind === "banned") expect(ended?.grant).toBe(null);
      if (ended?.phase === "registered") expect(ended.operator).toBe(null);
    }
  });
});

test("MO-4 no ban is ever placed on the identity of what is local", () => {
  eachStep(({ after }) => {
    for (const ban of valuesOf(after.bans)) expect(ban.identity?.kind).not.toBe("local");
  });
});

test("DL-4 only sessions that are there hear anything, and an ended one hears nothing more", () => {
  eachStep(({ command, before, heard }) => {
    const live = new Set(valuesOf(before.sessions).map(({ id }) => id));
    if (command.kind === "open") live.add(command.session);
    for (const { to, notice } of heard) {
      expect(live).toContain(to);
      if (notice.kind === "ended") live.delete(to);
    }
  });
});

const NEWS = new Set(["direct", "came", "went", "sent-away"]);

test("DL-8 every session that asks hears an answer, a refusal or its end, and only the one that asks", () => {
  eachStep(({ command, before, heard }) => {
    if (!("session" in command) || command.kind === "refresh-identity" || command.kind === "open") return;
    const own = heard.filter(({ to, notice }) => to === command.session && !NEWS.has(notice.kind));
    expect(own.length).toBe(get(before.sessions, command.session) === undefined ? 0 : 1);
    for (const { to, notice } of heard) if (notice.kind === "answer") expect(to).toBe(command.session);
  });
});

test("MO-9 what was stored gives the same claims and bans at the next start, and nothing else changes them", () => {
  eachStep(({ after }, w) => {
    const next = w.restarted().state;
    expect(sorted(valuesOf(next.claims))).toEqual(sorted(valuesOf(after.claims)));
    expect(sorted(valuesOf(next.bans))).toEqual(sorted(valuesOf(after.bans)));
    expect(next.tailscaledSeen).toBe(after.tailscaledSeen);
    expect(next.keptRight).toEqual(after.keptRight);
  });
});

function sorted<T extends { readonly name: string }>(all: readonly T[]): T[] {
  return all.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

test("DL-9 deciding is pure: asked again, the same state gives the same decision", () => {
  eachStep(({ before, command, decision }) => {
    expect(decide(before, command, 1000)).toEqual(decision);
  });
});

test("ID-45 nobody is operator by being first where tailscaled is or was", () => {
  eachStep(({ after }) => {
    const first = valuesOf(after.sessions).filter((any) => any.phase === "registered" && any.operator === "first");
    const names = new Set(first.map((any) => any.phase === "registered" && any.name.toLowerCase()));
    expect(names.size).toBeLessThanOrEqual(after.tailscaledSeen || after.tailscaledPresent ? 0 : 1);
  });
});

test("ID-47 who isn't operator bans, unbans and kicks nobody", () => {
  eachStep(({ command, before, events }) => {
    if (command.kind !== "ban" && command.kind !== "unban" && command.kind !== "kick") return;
    const asking = get(before.sessions, command.session);
    if (asking?.phase === "registered" && asking.operator !== null) return;
    expect(events).toEqual([]);
  });
});
