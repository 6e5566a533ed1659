/**
 * The delivery service as a running thing: its rules in a mailbox over the store, an observer beside them that checks handshakes,
 * turns with a clock, and forgetting from time to time. Of no protocol.
 */
import * as crypto from "node:crypto";
import type { Decision } from "../../core/decision.ts";
import type { SessionId } from "../../core/events.ts";
import { Mailbox } from "../../core/mailbox.ts";
import { forEach, get } from "../../core/persistent-map.ts";
import type { LogEntry as StoredEntry, Outbox, Store } from "../../core/ports.ts";
import type { DeviceCommand, GroupCommand, OfferedPackage } from "../../groups/commands.ts";
import type { Reply } from "../../groups/decision.ts";
import { refusalOfOnline } from "../../groups/devices.ts";
import type { DeviceId, GroupId } from "../../groups/ids.ts";
import { decodeEntry, type LogEntry } from "../../groups/log-entry.ts";
import { isOverfull } from "../../groups/log-size.ts";
import { mayBeAdded, membersThere } from "../../groups/joiners.ts";
import { groupLog, infoLog, welcomeLog } from "../../groups/logs.ts";
import { isActive } from "../../groups/members.ts";
import { ownerOf } from "../../groups/reached.ts";
import { mayReadInfo, readable } from "../../groups/reading.ts";
import type { GroupRefusal } from "../../groups/refusals.ts";
import type { Owner, Place, Row } from "../../groups/rows.ts";
import { createGroupRules, type GroupDomain, type GroupEvent, type GroupNotice } from "../../groups/rules.ts";
import { DEFAULT_SETTINGS, type Settings } from "../../groups/settings.ts";
import { incarnationOf, initialState, ownerKey, pairKey, type State } from "../../groups/state.ts";
import type { Observers } from "../../mls/group-observer.ts";
import { base64url, fromBase64url } from "./found-device.ts";
import { findInCommit, findInGroupInfo, type SentCommit } from "./findings.ts";
import { HeavyWork, type Section } from "./heavy-work.ts";
import { ObserverCache } from "./observer-cache.ts";
import { readReceipt, writeReceipt } from "./receipt.ts";
import { ReachedKeeper } from "./reached-keeper.ts";
import { TurnKeeper } from "./turn-keeper.ts";

export type ServiceRefusal = GroupRefusal | { readonly reason: "storage-failed" };
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: ServiceRefusal };

export interface GroupServiceOptions {
  /** 16 bytes, base64url: the server that records must name. */
  readonly server: string;
  /** Signs receipts; 32 bytes. Missing: of this process alone. */
  readonly receiptKey?: Uint8Array;
  readonly store: Pick<Store<unknown, Row>, "commit" | "read">;
  /** What the store held of groups when it was opened. */
  readonly saved: Iterable<Row>;
  readonly observers: Observers;
  readonly outbox: Outbox<GroupNotice>;
  readonly settings?: Partial<Settings>;
  readonly now: () => number;
  /** Milliseconds between two rounds of forgetting. */
  readonly forgetEvery?: number;
  readonly onStoreFailure: (cause: unknown) => void;
}

/** A device that says hello, with a receipt as it was sent. */
export type ComingDevice = Omit<Extract<GroupCommand, { kind: "device-online" }>, "kind" | "receipt"> & {
  readonly receipt: Uint8Array | null;
};

/** Which device speaks, and by which session. */
export interface Speaker {
  readonly session: SessionId;
  readonly device: DeviceId;
}

const HOUR = 3_600_000;
const A_DAY = 24 * HOUR;
/** Devices looked at with one commit. */
const DEVICES_AT_ONCE = 100;
const MOST_OBSERVERS = 256;
/** Milliseconds that acknowledgements gather. */
const REACHED_EVERY = 250;
/** How often a group info is read again while commits come in. */
const MOST_READS = 16;
/** A page of a log: entries and bytes, at most. */
const PAGE = { limit: 500, bytes: 512 * 1024 } as const;

export class GroupService {
  readonly #mailbox: Mailbox<GroupDomain>;
  readonly #options: GroupServiceOptions;
  readonly #settings: Settings;
  readonly #server: Uint8Array;
  readonly #receiptKey: Uint8Array;
  readonly #observers: ObserverCache;
  readonly #turns: TurnKeeper;
  /** Devices that are there, whose clients can add others. */
  readonly #helpers = new Set<DeviceId>();
  readonly #reached: ReachedKeeper;
  readonly #work: HeavyWork;
  readonly #forgetting: NodeJS.Timeout;

  constructor(options: GroupServiceOptions) {
    this.#options = options;
    this.#settings = { ...DEFAULT_SETTINGS, ...options.settings };
    this.#server = fromBase64url(options.server);
    this.#receiptKey = options.receiptKey ?? crypto.randomBytes(32);
    this.#observers = new ObserverCache({
      observers: options.observers,
      read: (range) => this.#read(range),
      most: MOST_OBSERVERS,
    });
    this.#turns = new TurnKeeper({
      length: this.#settings.turn,
      most: this.#settings.maxWaitingTurns,
      now: options.now,
      groupOf: (group) => ({
        isMember: (device) => device in (get(this.state.groups, group)?.members ?? {}),
        helper: (except) => this.#helperIn(group, except),
      }),
      onGranted: (group, { device, adding }) =>
        this.#tell(device, adding.length === 0 ? { kind: "turn", group } : { kind: "joiners", group, devices: adding }),
    });
    this.#work = new HeavyWork({
      now: options.now,
      wait: (milliseconds) => new Promise((resolve) => void setTimeout(resolve, milliseconds).unref()),
    });
    this.#reached = new ReachedKeeper({
      state: () => this.state,
      every: REACHED_EVERY,
      onReached: (deliveries) => options.outbox.deliver(deliveries),
    });
    const rules = createGroupRules(
      (input) => crypto.hash("sha256", input, "base64url"),
      (group) => this.#turns.holder(group),
    );
    this.#mailbox = new Mailbox<GroupDomain>(rules, initialState(this.#settings, options.saved), {
      store: options.store,
      outbox: options.outbox,
      clock: { wall: () => Date.now() },
      nextTurn: (turn) => void setImmediate(turn),
      writeBehind: (write) => void setTimeout(write, 2_000).unref(),
      onStoreFailure: options.onStoreFailure,
    });
    this.#forgetting = setInterval(() => this.forgetOld(), options.forgetEvery ?? HOUR).unref();
  }

  get state(): State {
    return this.#mailbox.state;
  }

  /**
   * What tells who a local name is, which has nothing else to be told by: the first of its user keys, which stays the same when one follows
   * another; null: none yet.
   */
  keyOfName(name: string): string | null {
    return this.firstKeyOf({ kind: "name", identity: name });
  }

  /** The first of an owner's user keys that have followed one another; null: none yet. */
  firstKeyOf(owner: Owner): string | null {
    const row = get(this.state.userKeys, ownerKey(owner));
    return row === undefined ? null : (row.first ?? row.userKey);
  }

  /** An owner's present user key; null: none yet. */
  userKeyOf(owner: Owner): string | null {
    return get(this.state.userKeys, ownerKey(owner))?.userKey ?? null;
  }

  /** For a device of this owner to keep; null: the owner has no user key. */
  receiptFor(owner: Owner): Uint8Array | null {
    const row = get(this.state.userKeys, ownerKey(owner));
    if (row === undefined) return null;
    const { userKey, since, incarnation = incarnationOf(this.state) } = row;
    return incarnation === "" ? null : writeReceipt(this.#receiptKey, owner, { userKey, since, incarnation });
  }

  /** What a hello of this device would be refused with now; null: nothing. */
  refusalOfOnline(coming: ComingDevice): GroupRefusal | null {
    return refusalOfOnline(this.state, this.#online(coming));
  }

  async online(coming: ComingDevice): Promise<Outcome<Extract<Reply, { kind: "online" }>>> {
    return outcomeOf(await this.#ask(this.#online(coming)), "online");
  }

  #online({ receipt, ...coming }: ComingDevice): Extract<GroupCommand, { kind: "device-online" }> {
    const { owner, userKey } = coming;
    const read = receipt === null ? null : readReceipt(this.#receiptKey, owner, userKey, receipt);
    return { kind: "device-online", ...coming, receipt: read };
  }

  /** A device without a confirmation asks for one, or waits. */
  async askConfirmation(
    command: Omit<Extract<GroupCommand, { kind: "ask-confirmation" }>, "kind">,
  ): Promise<Outcome<Extract<Reply, { kind: "confirmation" }>>> {
    return outcomeOf(await this.#ask({ kind: "ask-confirmation", ...command }), "confirmation");
  }

  /** The owner begins anew with this device. */
  async resetUserKey(
    command: Omit<Extract<GroupCommand, { kind: "reset-user-key" }>, "kind">,
  ): Promise<Outcome<Reply>> {
    return replyOf(await this.#ask({ kind: "reset-user-key", ...command }));
  }

  /** The connection of a device that asked is gone. */
  stopAsking(session: SessionId): void {
    this.#mailbox.post({ kind: "device-offline", session });
  }

  offline({ session, device }: Speaker): void {
    // If the device has connected again, its turns belong to the new connection. Whom the rules have ended is no longer online here.
    const present = get(this.state.online, device);
    if (present === undefined || present === session) {
      this.#helpers.delete(device);
      this.#turns.releaseAll(device);
    }
    this.#mailbox.post({ kind: "device-offline", session });
  }

  /** A command that the rules alone can decide. */
  async ask(
    { session }: Speaker,
    command: Extract<
      DeviceCommand,
      {
        kind:
          | "send"
          | "acknowledge"
          | "welcome-done"
          | "leave"
          | "report-commit"
          | "take-packages"
          | "confirm-device"
          | "dismiss-device"
          | "retire-device"
          | "rotate-user-key";
      }
    >,
  ): Promise<Outcome<Reply>> {
    return replyOf(await this.#ask({ ...command, session }));
  }

  /** A commit is checked by the group's observer, then decided; the observer goes on when it was taken. */
  async commit(
    speaker: Speaker,
    sent: SentCommit & { readonly group: GroupId; readonly request: string; readonly epoch: number },
  ): Promise<Outcome<Extract<Reply, { kind: "stored" }>>> {
    const { group } = sent;
    if (tooLarge(sent, this.#settings)) return { ok: false, refusal: { reason: "too-large" } };
    const hopeless = this.#refusalBefore(speaker.device, sent);
    if (hopeless !== null) return { ok: false, refusal: hopeless };
    const staged = async (section: Section) =>
      await this.#observers.use(
        group,
        () => this.#epochOf(group),
        section,
        async (observer) => {
          if (observer === "unread") return STORAGE_FAILED;
          const found =
            observer !== null && observer.epoch === sent.epoch
              ? await section(() => findInCommit(observer, sent, this.#server, Math.floor(Date.now() / 1000)))
              : null;
          const decision = await this.#ask({ kind: "commit", ...speaker, ...sent, found });
          if (observer !== null && this.#epochOf(group) > observer.epoch) {
            // Only what was staged can have been taken: commits of one group come one after another.
            observer.accept();
            observer.save();
            this.#turns.release(group, speaker.device);
          }
          return outcomeOf(decision, "stored");
        },
      );
    return await this.#work.run(this.#payer(speaker), staged);
  }

  async create(
    speaker: Speaker,
    given: { readonly group: GroupId; readonly place: Place; readonly groupInfo: Uint8Array },
  ): Promise<Outcome<Extract<Reply, { kind: "created" }>>> {
    const found =
      given.groupInfo.length > this.#settings.maxGroupInfo
        ? null
        : await this.#work.run(
            this.#payer(speaker),
            async (section) =>
              await section(() => findInGroupInfo(this.#options.observers, given.groupInfo, this.#server)),
          );
    return outcomeOf(await this.#ask({ kind: "create-group", ...speaker, ...given, found }), "created");
  }

  /** Only packages of this device, by its own key, that haven't expired are taken. */
  async publish(
    speaker: Speaker,
    given: {
      readonly packages: readonly Uint8Array[];
      readonly lastResort: Uint8Array | null;
      readonly replace: boolean;
    },
  ): Promise<Outcome<Reply>> {
    const { replace } = given;
    const waiting = replace ? 0 : (get(this.state.packages, speaker.device)?.references.length ?? 0);
    // Before they are looked at, which costs more than anything else about them.
    if (waiting + given.packages.length > this.#settings.maxPackages) {
      return { ok: false, refusal: { reason: "too-many", of: "key-packages" } };
    }
    const inspected = await this.#work.run(this.#payer(speaker), async (section) => {
      const packages: OfferedPackage[] = [];
      for (const bytes of given.packages) {
        const offered = await section(() => this.#offered(speaker.device, bytes, false));
        if (offered === null) return null;
        packages.push(offered);
      }
      const { lastResort: last } = given;
      const lastResort = last === null ? null : await section(() => this.#offered(speaker.device, last, true));
      return last !== null && lastResort === null ? null : { packages, lastResort };
    });
    if (inspected === null) return { ok: false, refusal: { reason: "invalid-handshake" } };
    return replyOf(await this.#ask({ kind: "publish-packages", ...speaker, ...inspected, replace }));
  }

  /** This device's client can add whom the server names. */
  noteHelper(device: DeviceId): void {
    this.#helpers.add(device);
  }

  /** `orAdded`: a member may add it instead. */
  requestTurn({ device }: Speaker, group: GroupId, orAdded: boolean): Outcome<{ readonly granted: boolean }> {
    const row = get(this.state.groups, group);
    if (row === undefined || !(device in row.members || mayReadInfo(this.state, device, group))) {
      return { ok: false, refusal: { reason: "unknown-group" } };
    }
    const answer = this.#turns.request(group, device, orAdded && mayBeAdded(this.state, group, device));
    if (answer === "too-many") return { ok: false, refusal: { reason: "too-many", of: "waiting-for-a-turn" } };
    return { ok: true, value: { granted: answer === "granted" } };
  }

  /** Up to which number everybody but the device's own person has acknowledged; null: nobody else is there, or it isn't a member. */
  reached(group: GroupId, device: DeviceId): number | null {
    return this.#reached.beside(group, device);
  }

  giveUpTurn({ device }: Speaker, group: GroupId): void {
    this.#turns.release(group, device);
  }

  /** Entries behind `after`, a page at most. */
  async read(
    { device }: Speaker,
    group: GroupId,
    after: number,
    limit: number,
  ): Promise<
    Outcome<{ entries: LogEntry[]; head: number; more: boolean; messagesForgotten: number; hash: string | null }>
  > {
    const range = readable(this.state, device, group, after);
    if ("refusal" in range) return { ok: false, refusal: range.refusal };
    const { through: head, messagesForgotten, hash } = range;
    const page = { log: groupLog(group), after: range.after, limit: Math.min(limit, PAGE.limit), bytes: PAGE.bytes };
    const stored = await this.#read(page);
    if (stored === null) return STORAGE_FAILED;
    const entries = stored.map(({ body }) => decodeEntry(body)).filter(({ number }) => number <= head);
    const more = (entries.at(-1)?.number ?? head) < head;
    return { ok: true, value: { entries, head, more, messagesForgotten, hash } };
  }

  /** What a device needs for an external commit: the group info and the log's end, both of one epoch. */
  async groupInfo(
    { device }: Speaker,
    group: GroupId,
  ): Promise<Outcome<{ epoch: number; groupInfo: Uint8Array; number: number; hash: string }>> {
    if (!mayReadInfo(this.state, device, group)) return { ok: false, refusal: { reason: "unknown-group" } };
    for (let attempt = 0; attempt < MOST_READS; attempt++) {
      const stored = await this.#read({
        log: infoLog(group),
        after: this.#epochOf(group),
        limit: 8,
        bytes: this.#settings.maxGroupInfo,
      });
      const newest = stored?.at(-1);
      const head = get(this.state.heads, group);
      if (newest === undefined || head === undefined) return STORAGE_FAILED;
      const epoch = newest.number - 1;
      // A commit that was taken meanwhile has made another epoch.
      if (epoch === this.#epochOf(group)) {
        return { ok: true, value: { epoch, groupInfo: newest.body, number: head.number, hash: head.hash } };
      }
    }
    return STORAGE_FAILED;
  }

  async welcome(
    { device }: Speaker,
    group: GroupId,
  ): Promise<Outcome<{ welcome: Uint8Array; entry: number; hash: string }>> {
    const row = get(this.state.welcomes, pairKey(group, device));
    const members = get(this.state.groups, group);
    if (row === undefined || members === undefined) return { ok: false, refusal: { reason: "unknown-group" } };
    if (!isActive(members, device)) return { ok: false, refusal: { reason: "not-a-member-of-group" } };
    const stored = await this.#read({ log: welcomeLog(group), after: row.number - 1, limit: 1, bytes: 0 });
    const [entry] = stored ?? [];
    if (entry?.number !== row.number) return STORAGE_FAILED;
    return { ok: true, value: { welcome: entry.body, entry: row.entry, hash: row.hash } };
  }

  /** Forgets what all have or what is too old, in all groups, and looks for devices that were unseen, or have waited, for too long. */
  forgetOld(): void {
    this.#lookAtDevices();
    void this.#ask({ kind: "forget-waiting" });
    forEach(this.state.groups, (_, group) => this.#forget(group));
  }

  /** A ban now reaches an owner, or no longer does. */
  setBarred(owner: Owner, barred: boolean): void {
    void this.#ask({ kind: barred ? "bar-owner" : "unbar-owner", owner });
  }

  /** For what the server or its administrator decides: removed devices, released names. */
  order(
    command: Extract<GroupCommand, { kind: "order-removal" | "remove-device" | "release-owner" }>,
  ): Promise<Outcome<Reply>> {
    return this.#ask(command).then(replyOf);
  }

  /** Resolves when nothing waits and all is stored. */
  idle(): Promise<void> {
    return this.#mailbox.idle();
  }

  stop(): void {
    clearInterval(this.#forgetting);
    this.#turns.stop();
    this.#reached.stop();
    this.#observers.close();
  }

  #lookAtDevices(): void {
    const [at, { state }] = [Date.now(), this];
    const due: DeviceId[] = [];
    forEach(state.devices, ({ seen, removed }, id) => {
      const age = get(state.online, id) === undefined ? this.#settings.deviceAge : A_DAY;
      if (!removed && at - seen >= age) due.push(id);
    });
    for (let from = 0; from < due.length; from += DEVICES_AT_ONCE) {
      void this.#ask({ kind: "look-at-devices", devices: due.slice(from, from + DEVICES_AT_ONCE) });
    }
  }

  async #ask(command: GroupCommand): Promise<Decision<GroupEvent, ServiceRefusal>> {
    const decision = await this.#mailbox.ask(command);
    if (decision.kind === "done") {
      for (const event of decision.events) {
        this.#noteReached(event);
        this.#noteSize(event);
      }
    }
    return decision;
  }

  /** Cursors and members are what it depends on. */
  #noteReached(event: GroupEvent): void {
    if (event.kind !== "row") return;
    if (event.row.table === "group") this.#reached.note(event.row.key);
    else if (event.row.table === "cursor") this.#reached.note(event.row.key.slice(0, event.row.key.indexOf("/")));
  }

  /** A log that grows fast doesn't wait for the next round. */
  #noteSize(event: GroupEvent): void {
    if (event.kind !== "row" || event.row.table !== "head" || event.row.value === null) return;
    const { key: group, value: head } = event.row;
    if (isOverfull(head, this.#settings)) this.#forget(group);
  }

  #forget(group: GroupId): void {
    for (const what of ["messages", "commits"] as const) this.#mailbox.post({ kind: "forget-old", group, what });
  }

  async #read(range: Parameters<GroupServiceOptions["store"]["read"]>[0]): Promise<readonly StoredEntry[] | null> {
    try {
      return await this.#options.store.read(range);
    } catch (cause) {
      this.#options.onStoreFailure(cause);
      return null;
    }
  }

  /** What can be refused before the observer is asked, whose work costs most: anybody could cause it otherwise. */
  #refusalBefore(
    device: DeviceId,
    { group, request }: { readonly group: GroupId; readonly request: string },
  ): GroupRefusal | null {
    const row = get(this.state.groups, group);
    if (row === undefined) return { reason: "unknown-group" };
    if (get(this.state.committers, pairKey(group, device))?.request === request) return null;
    if (!(device in row.members || mayReadInfo(this.state, device, group))) return { reason: "not-a-member-of-group" };
    const holder = this.#turns.holder(group);
    return holder === null || holder === device ? null : { reason: "not-your-turn" };
  }

  /** Whose work it is: a person's devices have one share together. */
  #payer({ device }: Speaker): string {
    return ownerOf(this.state, device) ?? device;
  }

  /** By chance, so that nobody can make sure to be asked. */
  #helperIn(group: GroupId, except: readonly DeviceId[]): DeviceId | null {
    const able = membersThere(this.state, group).filter((each) => this.#helpers.has(each) && !except.includes(each));
    return able[Math.floor(Math.random() * able.length)] ?? null;
  }

  #epochOf(group: GroupId): number {
    return get(this.state.groups, group)?.epoch ?? -1;
  }

  #tell(device: DeviceId, notice: GroupNotice): void {
    const session = get(this.state.online, device);
    if (session !== undefined) this.#options.outbox.deliver([{ to: [session], except: null, notice }]);
  }

  #offered(device: DeviceId, bytes: Uint8Array, lastResort: boolean): OfferedPackage | null {
    const known = get(this.state.devices, device);
    if (known === undefined || bytes.length > this.#settings.maxKeyPackage) return null;
    try {
      const inspected = this.#options.observers.inspectKeyPackage(bytes, Math.floor(Date.now() / 1000));
      if (base64url(inspected.deviceKey) !== known.key || inspected.lastResort !== lastResort) return null;
      return { reference: base64url(inspected.reference), bytes };
    } catch {
      return null;
    }
  }
}

const STORAGE_FAILED = { ok: false, refusal: { reason: "storage-failed" } } as const;

function tooLarge({ commit, welcome, groupInfo }: SentCommit, { maxCommit, maxGroupInfo }: Settings): boolean {
  return commit.length > maxCommit || (welcome?.length ?? 0) > maxGroupInfo || groupInfo.length > maxGroupInfo;
}

function replyOf(decision: Decision<GroupEvent, ServiceRefusal>): Outcome<Reply> {
  switch (decision.kind) {
    case "refused":
      return { ok: false, refusal: decision.refusal };
    case "done":
      for (const event of decision.events) if (event.kind === "reply") return { ok: true, value: event.reply };
      return { ok: true, value: { kind: "done" } };
    case "unchanged":
      return { ok: true, value: { kind: "done" } };
    case "session-gone":
      // Nothing was done.
      return STORAGE_FAILED;
  }
}

/** The reply, of the kind that belongs to the command. */
function outcomeOf<K extends Reply["kind"]>(
  decision: Decision<GroupEvent, ServiceRefusal>,
  kind: K,
): Outcome<Extract<Reply, { kind: K }>> {
  const outcome = replyOf(decision);
  if (!outcome.ok) return outcome;
  const { value } = outcome;
  if (!isOfKind(value, kind)) throw new Error(`a reply of kind ${value.kind} where ${kind} was due`);
  return { ok: true, value };
}

function isOfKind<K extends Reply["kind"]>(value: Reply, kind: K): value is Extract<Reply, { kind: K }> {
  return value.kind === kind;
}
