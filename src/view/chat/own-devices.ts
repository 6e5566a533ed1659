import type { Device, SealedChat, Standing } from "../../client/index.ts";
import { visibleLine } from "../../text/visible.ts";
import { explainFailure } from "../explain.ts";
import { explainStanding } from "../standing.ts";
import { beginsCode, isWholeCode } from "../waiting-code.ts";
import type { ChatPorts } from "./ports.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

/** Devices that wait and are asked about at once; the others when these are answered. */
const MOST_ASKED = 8;

/** Milliseconds for which what has just changed above the input takes no key. */
const READ_IN = 1_000;

/**
 * What is to be known of this person's devices while one chats: that this one waits to be confirmed, or was removed; and that another
 * one waits, which is asked about until it is answered.
 */
export class OwnDeviceNews {
  readonly #ports: ChatPorts;
  readonly #store: SnapshotStore;
  /** In the order in which they came: the first is asked about. */
  #waiting: readonly Device[] = [];
  /** Some were not told of, since so many wait. */
  #areMore = false;
  /** The device that stands above the input, and since when it does, in milliseconds since 1970. */
  #shown: { readonly device: Device | null; readonly since: number } = { device: null, since: 0 };
  #standing: Standing["kind"];
  #arriving: Promise<void> | null = null;

  constructor(ports: ChatPorts, store: SnapshotStore) {
    this.#ports = ports;
    this.#store = store;
    this.#standing = ports.sealed?.standing.kind ?? "unknown";
    if (ports.sealed !== undefined) this.stood(ports.sealed.standing);
  }

  /** This device was just confirmed: until it resolves, its rooms are still to come. */
  get arriving(): Promise<void> | null {
    return this.#arriving;
  }

  /** What this device is may have changed. */
  stood(standing: Standing): void {
    const text = explainStanding(standing);
    if (text !== null) this.#store.note(text, "trouble");
    else if (standing.kind === "confirmed" && this.#standing === "pending") {
      this.#store.note("This device is confirmed: it is one of yours now, and comes into your rooms by itself.");
      this.#arriving = this.#arrive();
    }
    this.#standing = standing.kind;
    this.#show();
  }

  /** A device that comes into its rooms lists them when it is there. */
  async #arrive(): Promise<void> {
    await this.#ports.sealed?.rooms();
    this.#arriving = null;
  }

  /** Another device waits. Told again, as when it says something else, it is asked about again, in its place. */
  waits(device: Device): void {
    const place = this.#waiting.findIndex(({ id }) => id === device.id);
    // Whoever can ask at all can ask again and again: that puts nobody else out, and of more than that nothing is said until some are answered.
    if (place === -1 && this.#waiting.length >= MOST_ASKED) {
      this.#areMore = true;
      return;
    }
    this.#waiting = place === -1 ? [...this.#waiting, device] : this.#waiting.with(place, device);
    this.#store.note(`${askingOf(device)}\n${this.#waiting.length === 1 ? HOW : HOW_OF_SEVERAL}`, "trouble");
    this.#show();
  }

  waitsNoMore(over: string): void {
    this.#waiting = this.#waiting.filter(({ id }) => id !== over);
    this.#show();
  }

  /** What waited before the chat began. */
  async look(sealed: SealedChat): Promise<void> {
    const reply = await sealed.devices();
    if (reply.kind !== "answered") return;
    const known = new Set(this.#waiting.map(({ id }) => id));
    for (const device of reply.value) {
      if (device.status === "pending" && !device.isThis && !known.has(device.id)) this.waits(device);
    }
  }

  /**
   * The person's answer about the very device whose code stands above the input. False: no device waits. A key that comes right behind a change
   * was meant for what stood there before, and does nothing. Nor does one while several wait: whoever asks first would be answered for who came last.
   */
  answer(isOurs: boolean, sealed: SealedChat): boolean {
    const { device, since } = this.#shown;
    if (device === null || device.code === null) {
      if (this.#waiting.length < 2) return false;
      this.#store.note(`${severalOf(this.#waiting)} ${HOW_OF_SEVERAL}`, "trouble");
      return true;
    }
    const age = this.#ports.now() - since;
    // A clock that was set back says nothing of how long it has stood there: its second begins anew.
    if (age < 0) this.#shown = { device, since: this.#ports.now() };
    if (age < READ_IN) return true;
    void (isOurs ? this.confirm(device.code, sealed) : this.#dismiss(device, sealed));
    return true;
  }

  async confirm(code: string, sealed: SealedChat): Promise<void> {
    // That it waits no more may be told before the answer.
    const waiting = this.#waiting;
    const reply = await sealed.confirmDevice(code);
    if (reply.kind !== "answered") {
      this.#store.note(explainFailure(reply, this.#ports.server), "trouble");
      // Another one of the person's devices may have answered.
      await this.#lookAgain(sealed);
      return;
    }
    const asked = waiting.find(({ id }) => id === reply.value.id) ?? reply.value;
    await this.#over(asked.id, `${calledOf(asked)} is one of your devices now.`, sealed);
  }

  /** By its code, label or id, or the beginning of code or id; empty: the one that is asked about. Of several nobody is chosen. */
  async dismiss(words: string, sealed: SealedChat): Promise<void> {
    const found = words === "" ? this.#waiting.slice(0, 1) : meantBy(words, this.#waiting);
    const [device, another] = found;
    if (another !== undefined) {
      const which = found.map(calledOf).join(", ");
      this.#store.note(`${visibleLine(words)} may be any of these: ${which}. Say which by its code.`, "trouble");
      return;
    }
    if (device !== undefined) return await this.#dismiss(device, sealed);
    this.#store.note(
      words === "" ? NONE_WAITS : `No device ${visibleLine(words)} waits. /devices lists them.`,
      "trouble",
    );
  }

  async #dismiss(device: Device, sealed: SealedChat): Promise<void> {
    const outcome = await sealed.dismissDevice(device.id);
    if (outcome.kind === "taken")
      await this.#over(
        device.id,
        `${calledOf(device)} waits no more. Started again it may ask again; nothing lets it in but a yes of yours.`,
        sealed,
      );
    else {
      this.#store.note(explainFailure(outcome, this.#ports.server), "trouble");
      await this.#lookAgain(sealed);
    }
  }

  async #lookAgain(sealed: SealedChat): Promise<void> {
    const reply = await sealed.devices();
    if (reply.kind !== "answered") return;
    const pending = new Set(reply.value.flatMap(({ id, status }) => (status === "pending" ? [id] : [])));
    this.#waiting = this.#waiting.filter(({ id }) => pending.has(id));
    this.#show();
  }

  async #over(id: string, text: string, sealed: SealedChat): Promise<void> {
    this.#waiting = this.#waiting.filter((one) => one.id !== id);
    this.#store.note(text);
    this.#show();
    if (!this.#areMore) return;
    this.#areMore = false;
    await this.look(sealed);
  }

  #show(): void {
    const standing = this.#ports.sealed === undefined ? null : explainStanding(this.#ports.sealed.standing);
    const [first, second] = this.#waiting;
    const device = standing === null && first !== undefined && second === undefined ? first : null;
    const banner = standing ?? (device === null ? null : barOf(device)) ?? this.#several();
    const isOther = device?.id !== this.#shown.device?.id || banner !== this.#store.getSnapshot().banner;
    if (isOther) this.#shown = { device, since: this.#ports.now() };
    if (this.#store.getSnapshot().banner !== banner) this.#store.change({ banner });
  }

  #several(): string | null {
    return this.#waiting.length === 0 ? null : `${severalOf(this.#waiting)} /confirm and its code; /devices lists them`;
  }
}

const KEYS = "The same there: alt-c; not yours: alt-x";
const HOW =
  "If that is you, and the new device shows the very same: alt-c, or /confirm and the code. If not: alt-x, or /dismiss.";
const HOW_OF_SEVERAL =
  "If one of them is you: /confirm and the very code that the new device shows. For those that aren't: /dismiss and the name or the code.";
const NONE_WAITS = "No device waits. /devices lists yours.";

/** Whoever asks chooses its label, so that a code comes before it; what is said in full comes before beginnings. */
function meantBy(words: string, waiting: readonly Device[]): readonly Device[] {
  const ways: readonly ((device: Device) => boolean)[] = [
    ({ code }) => isWholeCode(words, code),
    ({ id, label }) => id === words || label === words,
    ({ id, code }) => id.startsWith(words) || beginsCode(words, code),
  ];
  return ways.map((isMeant) => waiting.filter(isMeant)).find(({ length }) => length > 0) ?? [];
}

function askingOf(device: Device): string {
  return `A device called ${nameOf(device)} asks to be one of yours, and shows ${visibleLine(device.code ?? "no code")}.`;
}

/** One line, whose end may be cut off: what the answer is about comes first, and what the other side says of itself last. */
function barOf(device: Device): string {
  return `${visibleLine(device.code ?? "no code")} asks to be yours. ${KEYS} (${nameOf(device)})`;
}

function severalOf(waiting: readonly Device[]): string {
  return `${waiting.length} devices ask to be yours.`;
}

/** With its code, while it has one: several may have one name. */
function calledOf(device: Device): string {
  return device.code === null ? nameOf(device) : `${nameOf(device)} (${visibleLine(device.code)})`;
}

function nameOf({ label, id }: Device): string {
  return visibleLine(label === "" ? id : label);
}
