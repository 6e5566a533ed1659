import { get } from "../../core/persistent-map.ts";
import type { Range, LogEntry as StoredEntry } from "../../core/ports.ts";
import type { OfferedPackage } from "../../groups/commands.ts";
import type { Reply } from "../../groups/decision.ts";
import type { DeviceId, GroupId } from "../../groups/ids.ts";
import { ownerOf } from "../../groups/reached.ts";
import { mayReadInfo } from "../../groups/reading.ts";
import type { GroupRefusal } from "../../groups/refusals.ts";
import type { Place } from "../../groups/rows.ts";
import type { Settings } from "../../groups/settings.ts";
import { epochOf, pairKey, type State } from "../../groups/state.ts";
import type { Observers } from "../../mls/group-observer.ts";
import type { CommitTurns } from "./commit-turns.ts";
import { findInCommit, findInGroupInfo, type SentCommit } from "./findings.ts";
import { base64url } from "./found-device.ts";
import { HeavyWork, type Section } from "./heavy-work.ts";
import { ObserverCache } from "./observer-cache.ts";
import { outcomeOf, replyOf, STORAGE_FAILED, type Ask, type Outcome, type Speaker } from "./outcomes.ts";

const MOST_OBSERVERS = 256;

export interface HandshakesOptions {
  readonly state: () => State;
  readonly ask: Ask;
  readonly settings: Settings;
  /** 16 bytes: the server that records must name. */
  readonly server: Uint8Array;
  readonly observers: Observers;
  readonly turns: Pick<CommitTurns, "holder" | "committed">;
  /** Null: the store has failed, and whoever must know was told. */
  readonly read: (range: Range) => Promise<readonly StoredEntry[] | null>;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

/**
 * What MLS says in the clear (commits, group infos, key packages) is looked at by the engine before the rules decide it. Looking blocks
 * this thread, so it is done in sections, each person's devices having one share of them together.
 */
export class Handshakes {
  readonly #options: HandshakesOptions;
  readonly #observers: ObserverCache;
  readonly #work: HeavyWork;

  constructor(options: HandshakesOptions) {
    const { observers, read, now } = options;
    this.#options = options;
    this.#observers = new ObserverCache({ observers, read, most: MOST_OBSERVERS });
    this.#work = new HeavyWork({
      now,
      wait: (milliseconds) => new Promise((resolve) => void setTimeout(resolve, milliseconds).unref()),
    });
  }

  /** A commit is checked by the group's observer, then decided; the observer goes on when it was taken. */
  async commit(
    speaker: Speaker,
    sent: SentCommit & { readonly group: GroupId; readonly request: string; readonly epoch: number },
  ): Promise<Outcome<Extract<Reply, { kind: "stored" }>>> {
    const { group } = sent;
    const { state, ask, settings, server, turns } = this.#options;
    if (tooLarge(sent, settings)) return { ok: false, refusal: { reason: "too-large" } };
    const hopeless = this.#refusalBefore(speaker.device, sent);
    if (hopeless !== null) return { ok: false, refusal: hopeless };
    const epoch = () => epochOf(state(), group);
    const staged = async (section: Section) =>
      await this.#observers.use(group, epoch, section, async (observer) => {
        if (observer === "unread") return STORAGE_FAILED;
        const found =
          observer !== null && observer.epoch === sent.epoch
            ? await section(() => findInCommit(observer, sent, server, seconds()))
            : null;
        const decision = await ask({ kind: "commit", ...speaker, ...sent, found });
        if (observer !== null && epoch() > observer.epoch) {
          // Only what was staged can have been taken: commits of one group come one after another.
          observer.accept();
          observer.save();
          turns.committed(speaker.device, group);
        }
        return outcomeOf(decision, "stored");
      });
    return await this.#work.run(this.#payer(speaker), staged);
  }

  async create(
    speaker: Speaker,
    given: {
      readonly group: GroupId;
      readonly place: Place;
      readonly groupInfo: Uint8Array;
      /** From where it comes, see `CreateGroup`. */
      readonly source: string;
    },
  ): Promise<Outcome<Extract<Reply, { kind: "created" }>>> {
    const { ask, settings, server, observers } = this.#options;
    const { groupInfo } = given;
    const found =
      groupInfo.length > settings.maxGroupInfo
        ? null
        : await this.#work.run(
            this.#payer(speaker),
            async (section) => await section(() => findInGroupInfo(observers, groupInfo, server)),
          );
    return outcomeOf(await ask({ kind: "create-group", ...speaker, ...given, found }), "created");
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
    const { state, ask, settings } = this.#options;
    const { replace } = given;
    const waiting = replace ? 0 : (get(state().packages, speaker.device)?.references.length ?? 0);
    // Before they are looked at, which costs more than anything else about them.
    if (waiting + given.packages.length > settings.maxPackages) {
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
    return replyOf(await ask({ kind: "publish-packages", ...speaker, ...inspected, replace }));
  }

  /** From now on nobody's work waits for its share of the time: no more comes. */
  hurry(): void {
    this.#work.hurry();
  }

  close(): void {
    this.#observers.close();
  }

  /** What can be refused before the observer is asked, whose work costs most: anybody could cause it otherwise. */
  #refusalBefore(
    device: DeviceId,
    { group, request }: { readonly group: GroupId; readonly request: string },
  ): GroupRefusal | null {
    const { turns } = this.#options;
    const state = this.#options.state();
    const row = get(state.groups, group);
    if (row === undefined) return { reason: "unknown-group" };
    if (get(state.committers, pairKey(group, device))?.request === request) return null;
    if (!(device in row.members || mayReadInfo(state, device, group))) return { reason: "not-a-member-of-group" };
    const holder = turns.holder(group);
    return holder === null || holder === device ? null : { reason: "not-your-turn" };
  }

  /** Whose work it is: a person's devices have one share together. */
  #payer({ device }: Speaker): string {
    return ownerOf(this.#options.state(), device) ?? device;
  }

  #offered(device: DeviceId, bytes: Uint8Array, lastResort: boolean): OfferedPackage | null {
    const { state, settings, observers } = this.#options;
    const known = get(state().devices, device);
    if (known === undefined || bytes.length > settings.maxKeyPackage) return null;
    try {
      const inspected = observers.inspectKeyPackage(bytes, seconds());
      if (base64url(inspected.deviceKey) !== known.key || inspected.lastResort !== lastResort) return null;
      return { reference: base64url(inspected.reference), bytes };
    } catch {
      return null;
    }
  }
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

function tooLarge({ commit, welcome, groupInfo }: SentCommit, { maxCommit, maxGroupInfo }: Settings): boolean {
  return commit.length > maxCommit || (welcome?.length ?? 0) > maxGroupInfo || groupInfo.length > maxGroupInfo;
}
