import { createHash } from "node:crypto";
import { get } from "../../src/core/persistent-map.ts";
import type { Append, Batch, LogEntry as StoredEntry, Range } from "../../src/core/ports.ts";
import type {
  CommitHandshake,
  DeviceCommand,
  Findings,
  FoundDevice,
  ServerCommand,
} from "../../src/groups/commands.ts";
import { decideGroups, rangesOf } from "../../src/groups/decide.ts";
import type { Accepted, Decision, Push, Reply } from "../../src/groups/decision.ts";
import { decodeEntry, type LogEntry, type Sha256 } from "../../src/groups/log-entry.ts";
import { groupLog } from "../../src/groups/logs.ts";
import type { GroupRefusal } from "../../src/groups/refusals.ts";
import type { Owner, Place, Row } from "../../src/groups/rows.ts";
import { DEFAULT_SETTINGS, type Settings } from "../../src/groups/settings.ts";
import { apply, applyLive, initialState, type State } from "../../src/groups/state.ts";

export const sha256: Sha256 = (input) => createHash("sha256").update(input).digest("base64url");

export const owners = {
  alice: { kind: "person", identity: "1001" },
  bob: { kind: "person", identity: "1002" },
  carol: { kind: "person", identity: "1003" },
  nas: { kind: "machine", identity: "nNas" },
} as const satisfies Record<string, Owner>;

export const everyone: Place = { kind: "everyone" };
export const ops: Place = { kind: "room", name: "ops" };

/** A 22-character id that reads as its word. */
export function id(word: string): string {
  return word.padEnd(22, "_");
}

function keyOf(device: string): string {
  return `key-of-${device}`;
}

/** What a record would say of this device. */
export function found(device: string, owner: Owner): FoundDevice {
  return { device: id(device), key: keyOf(device), owner };
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The rules over logs in memory: each command takes effect at once, as if its commit had succeeded. Time is told. */
export class DeliveryServiceWorld {
  state: State;
  at = 1_000;
  turn: string | null = null;
  /** The last row of each key, as a store would keep it. */
  readonly rows = new Map<string, Row>();
  readonly logs = new Map<string, (StoredEntry & { readonly lasting: boolean })[]>();
  readonly pushes: Push[] = [];
  readonly #lastNumbers = new Map<string, number>();

  constructor(settings: Partial<Settings> = {}) {
    this.state = initialState({ ...DEFAULT_SETTINGS, ...settings }, []);
  }

  run(command: DeviceCommand | ServerCommand): Decision {
    const ranges = rangesOf(this.state, Object.assign({ session: 1 }, command));
    const read = ranges.map((range) => this.read(range));
    const decision = decideGroups(this.state, Object.assign({ session: 1 }, command), {
      at: this.at,
      sha256,
      read,
      turn: this.turn,
    });
    if (!("refusal" in decision)) this.#commit(decision);
    return decision;
  }

  /** Runs a command that must be accepted. */
  accept(command: DeviceCommand | ServerCommand): Reply {
    const decision = this.run(command);
    if ("refusal" in decision) throw new Error(`refused: ${JSON.stringify(decision.refusal)}`);
    return decision.reply;
  }

  refusal(command: DeviceCommand | ServerCommand): GroupRefusal | null {
    const decision = this.run(command);
    return "refusal" in decision ? decision.refusal : null;
  }

  read({ log, after, limit }: Pick<Range, "log" | "after" | "limit">): StoredEntry[] {
    return (this.logs.get(log) ?? []).filter(({ number }) => number > after).slice(0, limit);
  }

  log(group: string): LogEntry[] {
    return this.read({ log: groupLog(group), after: 0, limit: Infinity }).map(({ body }) => decodeEntry(body));
  }

  // What devices do, with everything as it should be.

  online(device: string, owner: Owner, options: { readonly counter?: number; readonly userKey?: string } = {}): Reply {
    const counter = options.counter ?? (get(this.state.devices, id(device))?.counter ?? 0) + 1;
    const userKey = options.userKey ?? `user-key-of-${owner.identity}`;
    return this.accept({
      kind: "device-online",
      session: 1,
      ...found(device, owner),
      userKey,
      record: "record",
      counter,
    });
  }

  publish(device: string, count: number, lastResort = true): Reply {
    const from = this.#packages;
    this.#packages += count + 1;
    const offer = (n: number) => ({ reference: `${device}-${n}`, bytes: bytes(`package ${device} ${n}`) });
    return this.accept({
      kind: "publish-packages",
      device: id(device),
      packages: Array.from({ length: count }, (_, i) => offer(from + i)),
      lastResort: lastResort ? offer(from + count) : null,
      replace: false,
    });
  }
  #packages = 0;

  create(device: string, owner: Owner, group: string, place: Place, access: Findings["access"]): Reply {
    const listed = place.kind === "direct" ? place.between : [];
    return this.accept({
      kind: "create-group",
      device: id(device),
      group: id(group),
      place,
      source: "here",
      groupInfo: bytes(`info ${group} 0`),
      found: { group: id(group), epoch: 0, members: [found(device, owner)], access, listed },
    });
  }

  /** A commit as an honest device makes it on the present epoch. */
  commit(
    device: string,
    owner: Owner,
    group: string,
    given: Partial<Findings> & { readonly kind: Findings["kind"] },
    request = `request ${Math.random()}`,
  ): CommitHandshake {
    const row = get(this.state.groups, id(group));
    const epoch = row?.epoch ?? 0;
    const welcomed = given.welcomed ?? [];
    return {
      kind: "commit",
      device: id(device),
      group: id(group),
      request,
      epoch,
      commit: bytes(`commit ${device} ${epoch}`),
      welcome: welcomed.length > 0 ? bytes("welcome") : null,
      groupInfo: bytes(`info ${group} ${epoch + 1}`),
      found: {
        epoch: epoch + 1,
        committer: found(device, owner),
        byModerator: false,
        added: [],
        removed: [],
        welcomed,
        access: row?.access ?? "open",
        ...given,
      },
    };
  }

  /** Takes a key package of each and adds them. */
  add(device: string, owner: Owner, group: string, added: readonly (readonly [string, Owner])[]): Reply {
    const taken = this.accept({
      kind: "take-packages",
      device: id(device),
      group: id(group),
      of: added.map(([name]) => id(name)),
    });
    if (taken.kind !== "packages") throw new Error("no packages");
    return this.accept(
      this.commit(device, owner, group, {
        kind: "add",
        added: added.map(([name, whose]) => found(name, whose)),
        welcomed: taken.packages.map(({ reference }) => reference),
      }),
    );
  }

  send(device: string, group: string, counter: number, text = `${device} ${counter}`): Decision {
    const epoch = get(this.state.groups, id(group))?.epoch ?? 0;
    const message = id(`m${counter}`);
    return this.run({
      kind: "send",
      device: id(device),
      group: id(group),
      epoch,
      counter,
      message,
      bytes: bytes(text),
    });
  }

  /** The state as a restart finds it. */
  restarted(): State {
    return initialState(this.state.settings, this.rows.values());
  }

  #commit({ rows, appends, trims, pushes, live = [] }: Accepted): void {
    for (const row of rows) {
      this.state = apply(this.state, row);
      this.rows.set(`${row.table} ${row.key}`, row);
    }
    // Here all devices come by one session, so connections are none of it.
    for (const event of live) if ("owner" in event) this.state = applyLive(this.state, event);
    for (const append of appends) this.#append(append);
    this.#trim(trims);
    this.pushes.push(...pushes);
  }

  #append({ log, number, body, lasting }: Append): void {
    const last = this.#lastNumbers.get(log) ?? 0;
    if (number !== last + 1) throw new Error(`${log}: ${number} behind ${last}`);
    this.#lastNumbers.set(log, number);
    this.logs.set(log, [...(this.logs.get(log) ?? []), { number, body, lasting }]);
  }

  #trim(trims: Batch["trims"]): void {
    for (const { log, through, lasting } of trims) {
      const stays = (this.logs.get(log) ?? []).filter((entry) => entry.number > through || (entry.lasting && !lasting));
      this.logs.set(log, stays);
    }
  }
}
