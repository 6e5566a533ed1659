import { EXIT } from "../../args/exit-codes.ts";
import type { SealedChat, Standing } from "../../client/index.ts";
import { after, type ServerAddress } from "../../client/transport/index.ts";
import { explainStanding } from "../../view/standing.ts";
import type { Explanation } from "../explain.ts";
import { aborted, whenOnline } from "./whereabouts.ts";

/** Milliseconds in which a device that waited learns that it was confirmed meanwhile. */
const NEWS_IN = 1_500;
/** Milliseconds in which a new device learns that it isn't the first. */
const ASKED_IN = 5_000;

/** Whether this device is its person's, or why it isn't, for people. Null: it is, or that isn't known yet. */
export function standingInTheWay(standing: Standing): Explanation | null {
  const text = explainStanding(standing);
  if (text === null) return null;
  return { text, code: standing.kind === "removed" ? EXIT.refused : EXIT.unconfirmed };
}

/**
 * Null as soon as the chat is online and this device one of its person's; else why that isn't so: `whenOnline`, and what it is instead.
 * @param signal ends the waiting; its reason is the caller's to tell.
 */
export async function whenReady(
  chat: SealedChat,
  server: ServerAddress,
  signal: AbortSignal,
): Promise<Explanation | null> {
  const there = await thereOrNotOurs(chat, server, signal);
  // Who is known not to be has been waited for.
  return standingInTheWay(there.isOurs ? await settled(chat, signal) : chat.standing) ?? there.away;
}

/**
 * The same for what a device can do that isn't its person's: null also where this one can't get further than that.
 * @param canDoWithout a server that is away is not waited for
 */
export async function whenThere(
  chat: SealedChat,
  server: ServerAddress,
  signal: AbortSignal,
  canDoWithout = false,
): Promise<Explanation | null> {
  return (await thereOrNotOurs(chat, server, signal, canDoWithout)).away;
}

async function thereOrNotOurs(chat: SealedChat, server: ServerAddress, signal: AbortSignal, canDoWithout = false) {
  const over = new AbortController();
  const ends = AbortSignal.any([signal, over.signal]);
  const there = await Promise.race([
    whenOnline(chat, server, ends, canDoWithout).then((away) => ({ away, isOurs: true })),
    whenNotOurs(chat, ends).then(() => ({ away: null, isOurs: false })),
  ]);
  over.abort();
  return there;
}

/** Why this device isn't one of its person's; null: it is, or nobody could be asked yet. */
export async function whyNotOurs(chat: SealedChat, signal: AbortSignal): Promise<Explanation | null> {
  const over = new AbortController();
  const ends = AbortSignal.any([signal, over.signal, AbortSignal.timeout(ASKED_IN)]);
  await Promise.race([chat.online(), whenNotOurs(chat, ends), aborted(ends)]);
  over.abort();
  return standingInTheWay(await settled(chat, signal));
}

/** Resolves as soon as this device is known not to be one of its person's; never, while it may be. */
async function whenNotOurs(chat: SealedChat, signal: AbortSignal): Promise<null> {
  const { promise, resolve } = Promise.withResolvers<null>();
  const look = (): void => {
    if (standingInTheWay(chat.standing) !== null) void settled(chat, signal).then(answer);
  };
  const answer = (standing: Standing): void => {
    if (standingInTheWay(standing) !== null && !signal.aborted) resolve(null);
  };
  const stop = chat.onEvent((event) => {
    if (event.kind === "standing") look();
  });
  signal.addEventListener("abort", stop, { once: true });
  look();
  return await promise;
}

/**
 * What this device is. A new one may be online for ALL a moment before it knows; one that waited when it was here last may have been confirmed
 * since, and learns so soon.
 */
async function settled(chat: SealedChat, signal: AbortSignal): Promise<Standing> {
  if (chat.standing.kind === "unknown" && chat.state.kind === "online") await changed(chat, ASKED_IN, signal);
  if (chat.standing.kind === "pending") await changed(chat, NEWS_IN, signal);
  return chat.standing;
}

/** Resolves when it is something else than now, or after so many milliseconds. */
async function changed(chat: SealedChat, milliseconds: number, signal: AbortSignal): Promise<void> {
  const before = chat.standing.kind;
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = after(milliseconds, resolve);
  const stop = chat.onEvent((event) => {
    if (event.kind === "standing" && event.standing.kind !== before) resolve();
  });
  await Promise.race([promise, aborted(signal)]);
  stop();
  cancel();
}
