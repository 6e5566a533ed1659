/**
 * The delivery service as a running thing: its rules in a mailbox over the store, and beside them what they have no part in: the
 * engine that looks at handshakes, turns with a clock, logs that are read, forgetting from time to time. Of no protocol.
 */
import * as crypto from "node:crypto";
import type { SessionId } from "../../core/events.ts";
import { Mailbox } from "../../core/mailbox.ts";
import { get } from "../../core/persistent-map.ts";
import type { LogEntry as StoredEntry, Outbox, Range, Store } from "../../core/ports.ts";
import type { DeviceCommand, GroupCommand } from "../../groups/commands.ts";
import type { Reply } from "../../groups/decision.ts";
import { refusalOfOnline } from "../../groups/devices.ts";
import type { DeviceId, GroupId } from "../../groups/ids.ts";
import type { GroupRefusal } from "../../groups/refusals.ts";
import type { Owner, Row } from "../../groups/rows.ts";
import { createGroupRules, type GroupDomain, type GroupEvent, type GroupNotice } from "../../groups/rules.ts";
import { DEFAULT_SETTINGS, type Settings } from "../../groups/settings.ts";
import { initialState, type State } from "../../groups/state.ts";
import type { Observers } from "../../mls/group-observer.ts";
import { CommitTurns } from "./commit-turns.ts";
import { fromBase64url } from "./found-device.ts";
import { Handshakes } from "./handshakes.ts";
import { LogReader } from "./log-reader.ts";
import { outcomeOf, replyOf, type GroupDecision, type Outcome, type Speaker } from "./outcomes.ts";
import { ReachedKeeper } from "./reached-keeper.ts";
import { Retention } from "./retention.ts";
import { UserKeys, type ComingDevice } from "./user-keys.ts";

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
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Milliseconds between two rounds of forgetting. */
  readonly forgetEvery?: number;
  readonly onStoreFailure: (cause: unknown) => void;
}

/** What the rules alone can decide when a device asks for it. */
type AskedOfRules = Extract<
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
      | "rotate-user-key"
      | "keep-successions";
  }
>;

/** Milliseconds that acknowledgements gather. */
const REACHED_EVERY = 250;

export class GroupService {
  readonly userKeys: UserKeys;
  readonly handshakes: Handshakes;
  readonly logs: LogReader;
  readonly turns: CommitTurns;
  readonly #mailbox: Mailbox<GroupDomain>;
  readonly #options: GroupServiceOptions;
  readonly #reached: ReachedKeeper;
  readonly #retention: Retention;

  constructor(options: GroupServiceOptions) {
    const { outbox, observers, now } = options;
    const settings = { ...DEFAULT_SETTINGS, ...options.settings };
    const state = () => this.state;
    const read = async (range: Range) => await this.#read(range);
    this.#options = options;
    this.userKeys = new UserKeys(state, options.receiptKey ?? crypto.randomBytes(32));
    this.turns = new CommitTurns({ state, settings, now, tell: (device, notice) => this.#tell(device, notice) });
    this.handshakes = new Handshakes({
      state,
      ask: async (command) => await this.#ask(command),
      settings,
      server: fromBase64url(options.server),
      observers,
      turns: this.turns,
      read,
      now,
    });
    this.logs = new LogReader({ state, read, maxGroupInfo: settings.maxGroupInfo });
    this.#reached = new ReachedKeeper({
      state,
      every: REACHED_EVERY,
      onReached: (deliveries) => outbox.deliver(deliveries),
    });
    const rules = createGroupRules(
      (input) => crypto.hash("sha256", input, "base64url"),
      (group) => this.turns.holder(group),
    );
    this.#mailbox = new Mailbox<GroupDomain>(rules, initialState(settings, options.saved), {
      store: options.store,
      outbox,
      clock: { wall: () => Date.now() },
      nextTurn: (turn) => void setImmediate(turn),
      writeBehind: (write) => void setTimeout(write, 2_000).unref(),
      onStoreFailure: options.onStoreFailure,
    });
    this.#retention = new Retention({
      state,
      settings,
      ask: (command) => void this.#ask(command),
      post: (command) => this.#mailbox.post(command),
      ...(options.forgetEvery !== undefined && { every: options.forgetEvery }),
    });
  }

  get state(): State {
    return this.#mailbox.state;
  }

  /** What a hello of this device would be refused with now; null: nothing. */
  refusalOfOnline(coming: ComingDevice): GroupRefusal | null {
    return refusalOfOnline(this.state, this.userKeys.read(coming));
  }

  async online(coming: ComingDevice): Promise<Outcome<Extract<Reply, { kind: "online" }>>> {
    return outcomeOf(await this.#ask(this.userKeys.read(coming)), "online");
  }

  offline({ session, device }: Speaker): void {
    // If the device has connected again, its turns belong to the new connection. Whom the rules have ended is no longer online here.
    const present = get(this.state.online, device);
    if (present === undefined || present === session) this.turns.leave(device);
    this.#mailbox.post({ kind: "device-offline", session });
  }

  /** A device without a confirmation asks for one, or waits. */
  async askConfirmation(
    command: Omit<Extract<GroupCommand, { kind: "ask-confirmation" }>, "kind">,
  ): Promise<Outcome<Extract<Reply, { kind: "confirmation" }>>> {
    return outcomeOf(await this.#ask({ kind: "ask-confirmation", ...command }), "confirmation");
  }

  /** The connection of a device that asked is gone. */
  stopAsking(session: SessionId): void {
    this.#mailbox.post({ kind: "device-offline", session });
  }

  /** The owner begins anew with this device. */
  async resetUserKey(
    command: Omit<Extract<GroupCommand, { kind: "reset-user-key" }>, "kind">,
  ): Promise<Outcome<Reply>> {
    return replyOf(await this.#ask({ kind: "reset-user-key", ...command }));
  }

  async ask({ session }: Speaker, command: AskedOfRules): Promise<Outcome<Reply>> {
    return replyOf(await this.#ask({ ...command, session }));
  }

  /** For what the server or its administrator decides: removed devices, released names. */
  async order(
    command: Extract<GroupCommand, { kind: "order-removal" | "remove-device" | "release-owner" }>,
  ): Promise<Outcome<Reply>> {
    return replyOf(await this.#ask(command));
  }

  /** A ban now reaches an owner, or no longer does. */
  setBarred(owner: Owner, barred: boolean): void {
    void this.#ask({ kind: barred ? "bar-owner" : "unbar-owner", owner });
  }

  /** Up to which number everybody but the device's own person has acknowledged; null: nobody else is there, or it isn't a member. */
  reached(group: GroupId, device: DeviceId): number | null {
    return this.#reached.beside(group, device);
  }

  /** Resolves when nothing waits and all is stored. */
  idle(): Promise<void> {
    return this.#mailbox.idle();
  }

  /** A commit that is under way; null: none. */
  get underWay(): Mailbox<GroupDomain>["underWay"] {
    return this.#mailbox.underWay;
  }

  /** The server ends and nothing more comes in: nobody's work waits for its share of the time any more. */
  hurry(): void {
    this.handshakes.hurry();
  }

  stop(): void {
    this.#retention.stop();
    this.turns.stop();
    this.#reached.stop();
    this.handshakes.close();
  }

  async #ask(command: GroupCommand): Promise<GroupDecision> {
    const decision = await this.#mailbox.ask(command);
    if (decision.kind === "done") {
      for (const event of decision.events) {
        this.#noteReached(event);
        this.#retention.note(event);
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

  async #read(range: Range): Promise<readonly StoredEntry[] | null> {
    try {
      return await this.#options.store.read(range);
    } catch (cause) {
      this.#options.onStoreFailure(cause);
      return null;
    }
  }

  #tell(device: DeviceId, notice: GroupNotice): void {
    const session = get(this.state.online, device);
    if (session !== undefined) this.#options.outbox.deliver([{ to: [session], except: null, notice }]);
  }
}
