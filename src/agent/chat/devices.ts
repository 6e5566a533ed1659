import type { Device, Outcome, Reply, Standing } from "../../client/index.ts";
import { toText } from "../delivery/base64url.ts";
import type { Person } from "../group-sessions/person.ts";
import { OFFLINE, refusedFor } from "./failures.ts";
import type { ChatState } from "./state.ts";

/** The person's own devices, as far as groups show them; this one always. */
export class Devices {
  readonly #state: ChatState;

  constructor(state: ChatState) {
    this.#state = state;
  }

  get standing(): Standing {
    return { kind: this.#state.own.device === "" ? "unknown" : "confirmed" };
  }

  get waiting(): readonly Device[] {
    return [];
  }

  list(): Reply<readonly Device[]> {
    const { own, talks } = this.#state;
    if (own.device === "") return OFFLINE;
    const found = new Map([[own.device, own.label]]);
    const leaves: readonly Person[] = [...talks.values()].flatMap(({ members }) => members);
    for (const { who, deviceId, deviceLabel } of leaves) if (who === own.who) found.set(toText(deviceId), deviceLabel);
    const devices = [...found].map(([id, label]): Device => {
      return { id, label, isThis: id === own.device, lastSeen: null, isOnline: null, status: "confirmed", code: null };
    });
    return { kind: "answered", value: devices };
  }

  async confirm(_code: string): Promise<Reply<Device>> {
    return await Promise.resolve(NOT_YET);
  }

  async dismiss(_id: string): Promise<Outcome> {
    return await Promise.resolve(NOT_YET);
  }

  async remove(_ids: readonly string[]): Promise<Outcome> {
    return await Promise.resolve(NOT_YET);
  }

  async invite(_minutes: number): Promise<Reply<{ readonly token: string; readonly until: number }>> {
    return await Promise.resolve(NOT_YET);
  }

  async reset(): Promise<Outcome> {
    return await Promise.resolve(NOT_YET);
  }

  async beginAnew(): Promise<Outcome> {
    return await Promise.resolve(NOT_YET);
  }

  async number(): Promise<Reply<string>> {
    return await Promise.resolve(NOT_YET);
  }

  async exportTo(_file: string, _passphrase: string): Promise<Outcome> {
    return await Promise.resolve(NOT_YET);
  }

  async importFrom(_file: string, _passphrase: string): Promise<Outcome> {
    return await Promise.resolve(NOT_YET);
  }
}

const NOT_YET = refusedFor({ reason: "unsupported" });
