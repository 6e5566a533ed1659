/** A device that begins anew in place of one that is removed, waits, or is to be the only one from now on. */
import type { FramesClient, ServerHello } from "../../client/frames/index.ts";
import type { ReplyBody } from "../../wire/frames/requests.ts";
import { ownWho, ownerOf } from "./introduce.ts";
import type { Introducing, Self } from "./introduce.ts";
import type { Pending } from "./pending.ts";
import { resetDevices } from "./resetting.ts";
import type { Reset } from "./resetting.ts";
import { failed } from "./rooms.ts";
import type { Failed } from "./rooms.ts";

export interface StartingOver {
  readonly introducing: Introducing;
  readonly client: FramesClient;
  readonly asking: Pending;
  /** This device as it lives; null: it doesn't yet, or no more. */
  readonly self: () => Promise<Self | null>;
  readonly endLife: () => Promise<void>;
}

/** How long a device that begins anew waits for its connection, in milliseconds. */
const RECONNECTED = 15_000;

/** How a server says that this device isn't its person's, or no more. */
const OUT: ReadonlySet<string> = new Set(["device-removed", "device-not-confirmed", "name-has-key"]);

/** Null: this device is confirmed. */
export async function beginAnew({ introducing, client, asking, self, endLife }: StartingOver): Promise<"begun" | null> {
  const { candidate, isRemoved } = await introducing.store.load();
  const { state } = client;
  // As its person's: what the store says of a removal was before that.
  if (candidate === null && state.kind === "online") return null;
  const isOut = state.kind === "ended" && state.cause.kind === "refused" && OUT.has(state.cause.error.reason);
  const living = candidate === null ? await self() : null;
  const who = candidate?.who ?? (living === null ? null : ownWho(living));
  if (who === null || (candidate === null && !isRemoved && !isOut)) return null;
  await endLife();
  await asking.beginAnew(who);
  client.renew();
  return "begun";
}

/**
 * A confirmed device gives way to a new one first, which waits: its own connection would end with the others'.
 *
 * @param present the hello of the connection that stands, or the last; null: none came yet
 */
export async function reset(starting: StartingOver, present: () => ServerHello | null): Promise<Reset | Failed> {
  const { introducing, client, asking, self, endLife } = starting;
  const [before, hello] = [await self(), present()];
  if (hello === null) return failed("offline");
  // A bare name is whose its key is: anew only when the administrator has freed it.
  if (ownerOf(hello, introducing.name).kind === "name")
    return (await asking.beFirst()) ? { kind: "reset" } : failed("name-has-key");
  if (before !== null) {
    const isBack = isWelcomed(starting, (device) => device === null);
    await endLife();
    await asking.beginAnew({ server: before.server, ...before.owner });
    client.renew();
    if (!(await isBack)) return failed("offline");
  }
  const outcome = await resetDevices({ ...introducing, client, hello: present() ?? hello });
  if (outcome.kind === "reset") {
    const isThere = isWelcomed(starting, (device) => device !== null);
    client.renew();
    // Whoever asks next finds a device that is its person's. Where the server is away just now it is reset all the same.
    await isThere;
  }
  return outcome;
}

/** Resolves with the next welcome that is of such a device. False: not in time. */
async function isWelcomed(
  { introducing, client }: StartingOver,
  isSuch: (device: ReplyBody<"hello">["device"]) => boolean,
): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const stop = client.onEvent((event) => {
    if (event.kind === "welcomed" && isSuch(event.reply.device)) resolve(true);
  });
  void introducing.system.wait(RECONNECTED).then(() => resolve(false));
  const isBack = await promise;
  stop();
  return isBack;
}
