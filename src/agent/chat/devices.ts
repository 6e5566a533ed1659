import type { ChatEvent, Device, Failure, Imported, Outcome, Removal, Reply, Standing } from "../../client/index.ts";
import { exportTo, importFrom } from "../export/export.ts";
import { signingKeyOf } from "../../mls/identity/ed25519.ts";
import { inGroups, roomNumber } from "../../mls/identity/safety-number.ts";
import { whoKey } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";
import { toText } from "../delivery/base64url.ts";
import type { Person } from "../group-sessions/person.ts";
import type { RuntimeEvent } from "../runtime/runtime.ts";
import type { Waiting } from "../runtime/own-devices.ts";
import { confirmByKey } from "./confirm-by-key.ts";
import { failureOf, OFFLINE, refusedFor, TAKEN } from "./failures.ts";
import type { ChatState } from "./state.ts";

/** Of one person, as the server has it: the oldest goes. */
const MOST_WAITING = 8;

/** The person's own devices, and what this one is among them. */
export class Devices {
  readonly #state: ChatState;
  readonly #tell: (event: ChatEvent) => void;
  #arriving: Promise<void> = Promise.resolve();
  #firstGroup = Promise.withResolvers<void>();
  /** That ask to be confirmed, by their id. */
  #waiting = new Map<string, Device>();

  constructor(state: ChatState, tell: (event: ChatEvent) => void) {
    this.#state = state;
    this.#tell = tell;
  }

  get standing(): Standing {
    return this.#state.standing;
  }

  /** Why nothing can be sealed here; null: it can. */
  get obstacle(): Failure | null {
    switch (this.standing.kind) {
      case "pending":
        return refusedFor({ reason: "device-not-confirmed" });
      case "removed":
        return refusedFor({ reason: "device-removed" });
      case "confirmed":
      case "unknown":
        return null;
    }
  }

  get waiting(): readonly Device[] {
    return [...this.#waiting.values()];
  }

  async hear(event: RuntimeEvent): Promise<void> {
    if (event.kind === "group" && (event.event.kind === "members" || event.event.kind === "joined"))
      this.#firstGroup.resolve();
    if (event.kind === "own-standing") await this.#stand(event.standing);
    if (event.kind === "device-waits") {
      const device = waitingDevice(event.waiting);
      this.#waiting.set(device.id, device);
      this.#tell({ kind: "device-waits", device });
      this.#end([...this.#waiting.keys()].slice(0, -MOST_WAITING));
    }
    if (event.kind === "own-devices") this.#end([...this.#waiting.keys()].filter((id) => !event.pending.includes(id)));
  }

  /** They don't wait any more, whatever became of them. */
  #end(over: readonly string[]): void {
    for (const id of over) if (this.#waiting.delete(id)) this.#tell({ kind: "device-waits-no-more", id });
  }

  /** A device that was just confirmed is being brought into its person's rooms by their others: resolves when it is there, or nobody brings it. */
  async arrived(): Promise<void> {
    await this.#arriving;
  }

  /** Into the first room; the others were told of it in the same moment, and come right behind. */
  async #arrives(): Promise<void> {
    if (await this.#isAlone()) return;
    await this.#firstGroup.promise;
    await wait(COME_TOGETHER);
    await this.#state.runtime.settled();
  }

  /** No other device of this person is there. */
  async #isAlone(): Promise<boolean> {
    const { own, runtime } = this.#state;
    const listed = await runtime.devices.list();
    if (listed.kind === "failed") return false;
    return !listed.devices.some(({ device, online }) => online && device !== own.device);
  }

  async #stand(standing: Standing): Promise<void> {
    const before = this.#state.standing;
    if (JSON.stringify(standing) === JSON.stringify(before)) return;
    if (before.kind === "pending" && standing.kind === "confirmed") {
      this.#firstGroup = Promise.withResolvers();
      this.#arriving = Promise.race([this.#arrives().catch(() => {}), wait(ARRIVES_IN)]);
    }
    this.#state.standing = standing;
    await this.#state.learnDevice();
    this.#tell({ kind: "standing", standing });
  }

  /** Without a connection as far as groups show them; this one always. */
  async list(): Promise<Reply<readonly Device[]>> {
    const { runtime } = this.#state;
    const listed = await runtime.devices.list();
    // One that has just been made may be on the server before anything was told of it here.
    if (this.#state.own.device === "") await this.#state.learnDevice();
    const { own } = this.#state;
    if (listed.kind === "failed") return own.device === "" ? OFFLINE : { kind: "answered", value: this.#known() };
    const labels = new Map(this.#known().map(({ id, label }) => [id, label]));
    const devices = listed.devices.map(({ device: id, label, seen, online, hasCome }): Device => {
      const isThis = id === own.device;
      const known = labels.get(id) ?? label;
      const lastSeen = hasCome ? seen : null;
      return { id, label: known, isThis, lastSeen, isOnline: online, status: "confirmed", code: null };
    });
    const pending = listed.pending.map(waitingDevice);
    return { kind: "answered", value: [...devices, ...pending] };
  }

  #known(): readonly Device[] {
    const { own, talks, runtime } = this.#state;
    if (own.device === "") return [];
    const found = new Map([[own.device, own.label || runtime.deviceLabel]]);
    const leaves: readonly Person[] = [...talks.values()].flatMap(({ members }) => members);
    for (const { who, deviceId, deviceLabel } of leaves) if (who === own.who) found.set(toText(deviceId), deviceLabel);
    const { standing } = this;
    return Array.from(found, ([id, label]): Device => {
      const isThis = id === own.device;
      const status = isThis && standing.kind !== "unknown" ? standing.kind : "confirmed";
      const code = isThis && standing.kind === "pending" ? standing.code : null;
      return { id, label, isThis, lastSeen: null, isOnline: null, status, code };
    });
  }

  async confirm(code: string): Promise<Reply<Device>> {
    const confirmed = await this.#state.runtime.devices.confirm(code);
    if (confirmed.kind === "failed") return failureOf(confirmed);
    this.#end([confirmed.device.device]);
    const device = waitingDevice({ device: confirmed.device, code: "" });
    return { kind: "answered", value: { ...device, status: "confirmed", code: null } };
  }

  async dismiss(id: string): Promise<Outcome> {
    const done = await this.#state.runtime.devices.dismiss(id);
    if (done.kind === "failed") return failureOf(done);
    this.#end([id]);
    return TAKEN;
  }

  async remove(ids: readonly string[]): Promise<Reply<Removal>> {
    const removed = await this.#state.runtime.removeDevices(ids);
    if (removed.kind === "failed") return failureOf(removed);
    // Whoever was removed meanwhile gets no answer, and goes on with nothing.
    if (removed.kind === "waiting" && this.#isOut()) return refusedFor({ reason: "device-removed" });
    return { kind: "answered", value: removed };
  }

  /** Also where the server has just said so. */
  #isOut(): boolean {
    const { state } = this.#state.runtime.client;
    const isSaid = state.kind === "ended" && state.cause.kind === "refused";
    return this.standing.kind === "removed" || (isSaid && state.cause.error.reason === "device-removed");
  }

  async invite(minutes: number): Promise<Reply<{ readonly token: string; readonly until: number }>> {
    const invited = await this.#state.runtime.devices.invite(minutes);
    if (invited.kind === "failed") return failureOf(invited);
    const { token, until } = invited;
    return { kind: "answered", value: { token, until } };
  }

  async reset(): Promise<Outcome> {
    const reset = await this.#state.runtime.resetDevices();
    return reset.kind === "failed" ? failureOf(reset) : TAKEN;
  }

  async beginAnew(): Promise<Outcome> {
    return (await this.#state.runtime.beginAnew()) === null ? refusedFor({ reason: "device-confirmed" }) : TAKEN;
  }

  async number(): Promise<Reply<string>> {
    const self = await this.#state.runtime.self();
    const { userSeed } = await this.#state.store.load();
    if (self === null || userSeed === null) return refusedFor({ reason: "device-not-confirmed" });
    const own = { who: { server: self.server, ...self.owner }, userKey: signingKeyOf(userSeed).publicKey };
    return { kind: "answered", value: inGroups(roomNumber([own])) };
  }

  async exportTo(file: string, passphrase: string): Promise<Outcome> {
    const { store, runtime } = this.#state;
    const self = await runtime.self();
    const { userSeed } = await store.load();
    const isOut = this.standing.kind === "removed";
    // What opens nothing any more is no key to take along.
    if (self === null || userSeed === null || isOut)
      return this.obstacle ?? refusedFor({ reason: "device-not-confirmed" });
    const who = { server: self.server, ...self.owner };
    const done = await exportTo(file, passphrase, { store, who, userSeed });
    return done.kind === "done" ? TAKEN : refusedFor({ reason: "own-device", text: done.text });
  }

  async importFrom(file: string, passphrase: string): Promise<Reply<Imported>> {
    const { store, runtime } = this.#state;
    const own = await runtime.asksToBe();
    if (own === null) return this.standing.kind === "unknown" ? OFFLINE : refusedFor({ reason: "device-confirmed" });
    const isTheirs = (who: Who) => whoKey(who) === whoKey(own);
    const imported = await importFrom(file, passphrase, { store, isTheirs });
    if (imported.kind === "wrong-passphrase") return refusedFor({ reason: "wrong-passphrase" });
    if (imported.kind === "failed") return refusedFor({ reason: "own-device", text: imported.text });
    // It is history, and no news.
    this.#state.lastPlace = await store.lastPlace();
    this.#state.names.begin(imported.names);
    const given = await confirmByKey(runtime, imported.owner.userSeed, wait);
    switch (given) {
      case "confirmed":
      case "kept":
        return { kind: "answered", value: { kind: given } };
      case "waits":
        return refusedFor({ reason: "own-device", text: OLD_KEY });
      case "nobody":
        return refusedFor({ reason: "device-confirmed" });
    }
  }
}

/** In milliseconds: a device that was confirmed is in the rooms of its person by then, or whoever could bring it there has gone. */
const ARRIVES_IN = 4_000;
const COME_TOGETHER = 250;

async function wait(milliseconds: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, milliseconds).unref();
  await promise;
}

const OLD_KEY =
  "The file's messages are here; its key has been replaced since it was written (a device was removed), so this device waits to be confirmed.";

function waitingDevice({
  device,
  code,
}: {
  readonly device: Pick<Waiting["device"], "device" | "label" | "at">;
  readonly code: string;
}): Device {
  const { device: id, label, at } = device;
  return { id, label, isThis: false, lastSeen: at, isOnline: null, status: "pending", code };
}
