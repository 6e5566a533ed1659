/** What a device does as connections come and go: it says who it is before each hello, has done what is due behind it, and learns why one ended. */
import type { ConnectionEnd, Standing } from "../../client/index.ts";
import type { BeforeHello, FrameOptions, ServerHello } from "../../client/frames/index.ts";
import type { Refusal } from "../../wire/frames/refusals.ts";
import type { ReplyBody } from "../../wire/frames/requests.ts";
import type { Connected } from "./connected.ts";
import type { Entrance } from "./entrance.ts";
import { isAtHome, proveSelf } from "./introduce.ts";
import type { Introducing } from "./introduce.ts";
import type { OpenedDevice } from "./opened.ts";
import { diskTrouble, HELLO } from "./own-disk.ts";
import type { OwnDisk } from "./own-disk.ts";
import type { Pending } from "./pending.ts";
import type { Replacing } from "./replacing.ts";
import type { Retries } from "./retries.ts";
import type { RuntimeEvent } from "./runtime.ts";

export interface ConnectionsOptions {
  readonly introducing: Introducing;
  /** The server's time by its hello, milliseconds since 1970; null: it doesn't say. */
  readonly heardTime: (at: number | null) => void;
  readonly asking: Pending;
  readonly replacement: Replacing;
  readonly opened: () => OpenedDevice;
  readonly arriving: Connected;
  readonly trying: Retries;
  readonly disk: OwnDisk;
  readonly later: (lane: string, task: (entrance: Entrance) => Promise<void>) => void;
  /** Work about what confirms this device, which it also has before it is open. */
  readonly confirmLater: (task: () => Promise<void>) => void;
  readonly onStanding: (standing: Standing) => void;
  readonly onEvent: (event: RuntimeEvent) => void;
}

/** With what a connection begins. */
type Introduced = Awaited<ReturnType<NonNullable<FrameOptions["device"]>>>;

export interface Connections {
  /** `later`: the disk has failed, and may do better next time. Rejects with what else went wrong, which ends the client. */
  introduce(hello: ServerHello, before: BeforeHello): Promise<Introduced>;
  welcomed(reply: ReplyBody<"hello">): void;
  /** The server ends this connection for that. */
  refused(refusal: Refusal | null): void;
  /** The next one is waited for. */
  lost(loss: ConnectionEnd): void;
  /** There is no next one. */
  ended(cause: ConnectionEnd): void;
  /** Of the connection that stands, or the last; null: none came yet. */
  hello(): ServerHello | null;
}

export function connections(options: ConnectionsOptions): Connections {
  const { introducing, heardTime, asking, replacement, opened, arriving, trying, disk } = options;
  const { later, confirmLater, onStanding, onEvent } = options;
  const { store, name } = introducing;
  let present: ServerHello | null = null;
  let incarnation: string | null = null;
  /** What the server has ended the present connection for, or the last. */
  let refusal: Refusal | null = null;
  /** Counts the connections, those that are over too. */
  let number = 1;

  return {
    introduce: async (hello, before) => await introduce(hello, before).catch(orLater),
    welcomed({ device }) {
      disk.done("task", HELLO);
      if (device === null) confirmLater(async () => await asking.welcomed());
      else onStanding({ kind: "confirmed" });
      const begin = () => {
        later("connection", async (entrance) => {
          if (!(await arriving.settle(entrance, device, { number, incarnation }))) trying.later();
        });
      };
      trying.begin(begin);
      begin();
    },
    refused(said) {
      refusal = said;
    },
    lost(loss) {
      number += 1;
      refusal = null;
      trying.end();
      disk.lost();
      asking.lost();
      if (loss.kind === "refused" && loss.error.reason === "rolled-back") replacement.foundRolledBack();
    },
    ended(cause) {
      asking.lost();
      if (cause.kind !== "refused") return;
      if (cause.error.reason !== "device-removed") {
        const said = refusal;
        confirmLater(async () => await asking.turnedAway(said));
        return;
      }
      confirmLater(async () => {
        // A user key of its own that it was about to put in place is nobody's now.
        await store.commit([{ kind: "device-was-removed" }, { kind: "rotation-dropped" }]);
        onStanding({ kind: "removed" });
      });
    },
    hello: () => present,
  };

  async function introduce(hello: ServerHello, before: BeforeHello): Promise<Introduced> {
    present = hello;
    refusal = null;
    heardTime(hello.at);
    asking.connected(hello);
    if (replacement.isDue()) await replaceDevice(hello);
    if ((await opened().open(hello)) === null) {
      const step = await asking.introduce(hello, before);
      if (step !== "confirmed") return step === "without-device" ? null : step;
    }
    const living = await opened().open(hello);
    if (living === null) throw new Error("the store hasn't kept what confirms this device");
    const { self } = living;
    if (!isAtHome(self, hello, name)) {
      onEvent({ kind: "not-at-home", hello });
      throw new Error("this connection leads to another server, or we are somebody else there");
    }
    ({ incarnation } = hello.server);
    return await proveSelf(store, self, hello, (await store.load()).receipt);
  }

  async function replaceDevice(hello: ServerHello): Promise<void> {
    const living = await opened().open(hello);
    if (living === null) return;
    const { self, entrance } = living;
    if (!isAtHome(self, hello, name)) return;
    const dropped = await replacement.replace(hello, entrance.groups);
    opened().forget(living);
    onEvent({ kind: "device-replaced" });
    for (const { conversation, group, messageId } of dropped) {
      const event = { kind: "refused", messageId, why: "rolled-back" } as const;
      onEvent({ kind: "group", conversation, group, event });
    }
  }

  function orLater(error: unknown): "later" {
    if (diskTrouble(error) === null) throw error;
    onEvent({ kind: "failed", error });
    disk.failed("task", HELLO, error);
    return "later";
  }
}
