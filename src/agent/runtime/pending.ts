/**
 * A device that isn't its person's yet (SEALED.md 5 and 6): it makes its keys, asks on each connection to be confirmed, and takes the one
 * confirmation that is for it. Where nobody of its person has a user key it is the first, and makes one.
 */
import type { Standing } from "../../client/index.ts";
import type { Answer, BeforeHello, FramesClient, ServerHello } from "../../client/frames/index.ts";
import { withHpke } from "../../mls/hpke.ts";
import { readVerifiedRecord } from "../../mls/identity/device-record.ts";
import { newSigningKey } from "../../mls/identity/ed25519.ts";
import { whoKey } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";
import type { Confirmation } from "../../wire/frames/devices.ts";
import type { Refusal } from "../../wire/frames/refusals.ts";
import type { ReplyBody, RequestBody } from "../../wire/frames/requests.ts";
import { toText } from "../delivery/base64url.ts";
import { openConfirmation } from "../device/confirmation.ts";
import { tokenKey } from "../device/token.ts";
import { candidateOf, candidatesIn, wasTaken } from "./candidate.ts";
import type { Candidate } from "./candidate.ts";
import { confirmationQuestion } from "./confirmation-question.ts";
import type { Introducing } from "./introduce.ts";
import { NOBODY_THERE, pendingStanding, TROUBLE, TURNED_AWAY, UNREADABLE_TOKEN } from "./pending-standing.ts";

export interface PendingOptions extends Introducing {
  /** The token that this device was given, if it was, as people have it. */
  readonly token: string | null;
  /**
   * Whether it may ask to be a device of whoever has its name already. False: it is that name's first device, or none: for names that a
   * program has chosen.
   */
  readonly mayAsk: boolean;
  readonly client: () => FramesClient;
  readonly onStanding: (standing: Standing) => void;
}

/**
 * How a connection goes on. `confirmed`: it is its person's, and says hello as that; `without-device`: the hello is one of somebody who
 * can't seal; `again`: on the next connection, which is made at once; `later`: on one after the usual wait.
 */
type Introduced = "confirmed" | "without-device" | "again" | "later";

export interface Pending {
  /** A server has said who it is. */
  connected(hello: ServerHello): void;
  /** Before the hello, where the store has no device that is its person's. */
  introduce(hello: ServerHello, before: BeforeHello): Promise<Introduced>;
  /** Behind a hello without a device. */
  welcomed(): Promise<void>;
  /** On a connection on which it waits: what it waits for may have gone. */
  askAgain(): Promise<void>;
  /** Somebody has confirmed it. */
  confirmed(device: string, confirmation: Confirmation): Promise<void>;
  /** True: the hello that it said as the first was another one's, and it asks to be confirmed. */
  refused(refusal: Refusal | null): Promise<boolean>;
  /** The connection is over. */
  lost(): void;
  /** The connection is over for good; null: for something else than what it asked. */
  turnedAway(refusal: Refusal | null): Promise<void>;
  /** True: it is used from the next connection on. */
  useToken(token: string): Promise<boolean>;
  /** Who it asks to be a device of; null: it asks nobody. */
  asksToBe(): Promise<Who | null>;
  /** It has the user key by another way. False: it asks nobody, or to be another's. */
  confirmBy(userSeed: Uint8Array): Promise<boolean>;
  /** The person says that none of their devices is left: it is the first again where the server has no key of theirs. False: it has one, or wasn't asked. */
  beFirst(): Promise<boolean>;
  /** In place of what there is: a new device, which asks; `onStanding` tells what it is. */
  beginAnew(of: Who): Promise<void>;
}

type Asked = Answer<ReplyBody<"ask-confirmation">>;

/** What the server that was reached last says of this device. */
interface Place {
  /** Of the connection's machine. */
  readonly label: string;
  /** The name that it claims; null: a tailnet vouches for who it is. */
  readonly claimed: string | null;
  /** Whether there is anybody to ask. */
  readonly isAskable: boolean;
}

/** How it can ask, on the present connection. */
interface Asking {
  /** `fresh`: not for the confirmation that is kept for it there. */
  readonly ask: (fresh: boolean) => Promise<Asked>;
  /** It has done so, once on a connection. */
  readonly hasAskedFresh: boolean;
}

type State =
  /** No connection, or none on which it has asked yet. */
  | { readonly kind: "silent" }
  /** It has asked, and the connection goes on without what it asks for. */
  | ({ readonly kind: "asking" } & Asking)
  /** The same before a hello, which waits for the confirmation. */
  | ({ readonly kind: "held"; readonly goOn: (step: Introduced) => void } & Asking);

export function pending(options: PendingOptions): Pending {
  const { store, name, deviceLabel, mayAsk, client, onStanding } = options;
  const candidates = candidatesIn(options);
  let place: Place = { label: "", claimed: null, isAskable: false };
  let state: State = { kind: "silent" };
  /** A server that says of each hello that it is another one's isn't followed. */
  let hasAskedInstead = false;

  return {
    connected(hello) {
      const { label, owner } = hello.you;
      const claimed = owner === null ? name : null;
      const isAskable = hello.features.includes("devices") && (mayAsk || claimed === null);
      place = { label, claimed, isAskable };
      state = { kind: "silent" };
    },
    async introduce(hello, before) {
      const candidate = await candidates.ensure(hello);
      const ask = async (fresh: boolean) => await before.request("ask-confirmation", questionOf(candidate, fresh));
      state = { kind: "asking", ask, hasAskedFresh: false };
      // A server of before there were several devices, or a name that is to be had by nobody else.
      if (!place.isAskable) return (await becomeFirst(candidate)) ? "confirmed" : "without-device";
      const answer = await ask(false);
      const step = await settle(candidate, answer);
      if (step === "no-room") return place.claimed === null ? "without-device" : "later";
      if (step !== "waiting") return step;
      // A name can't be borne without its key; whom a tailnet vouches for has the open room meanwhile.
      if (place.claimed === null) return "without-device";
      before.stay();
      return await held(ask);
    },
    async askAgain() {
      const candidate = await candidates.load();
      if (candidate === null || state.kind === "silent") return;
      if ((await settle(candidate, await state.ask(false))) === "confirmed") comeIn();
    },
    async welcomed() {
      const candidate = await candidates.load();
      if (candidate === null) return;
      const ask = async (fresh: boolean) => await client().request("ask-confirmation", questionOf(candidate, fresh));
      state = { kind: "asking", ask, hasAskedFresh: state.kind !== "silent" && state.hasAskedFresh };
      if ((await settle(candidate, await ask(false))) === "confirmed") client().renew();
    },
    async confirmed(device, confirmation) {
      const candidate = await candidates.load();
      if (candidate === null || toText(candidate.device.id) !== device) return;
      if (await take(candidate, confirmation)) comeIn();
    },
    async refused(refusal) {
      const isKnown = refusal?.reason === "other-user-key";
      // A name that is somebody's now: of another device that was faster, or of somebody who can't seal. Asking tells.
      const isPerhaps = place.claimed !== null && isAboutName(refusal);
      if ((!isKnown && !isPerhaps) || !place.isAskable || hasAskedInstead) return false;
      hasAskedInstead = true;
      const saved = await store.load();
      // It was taken once: then that it isn't now is for its person to look at.
      if (wasTaken(saved) || saved.device === null || saved.candidate !== null) return false;
      const read = readVerifiedRecord(saved.device.record);
      if (!read.ok) return false;
      const { server, kind, identity } = read.record;
      const who = { server, kind, identity };
      await store.commit([{ kind: "device-unconfirmed", of: who }]);
      if (isKnown) await store.commit([{ kind: "candidate-waits" }]);
      return true;
    },
    lost() {
      const before = state;
      state = { kind: "silent" };
      if (before.kind === "held") before.goOn("without-device");
    },
    async turnedAway(refusal) {
      const saved = await store.load();
      const candidate = candidateOf(saved);
      if (candidate !== null) {
        if (isForgotten(refusal)) onStanding({ ...standingOf(candidate), trouble: TURNED_AWAY });
        return;
      }
      // The person's key is another one now, and nobody has passed it on to this device.
      const isOtherKey = refusal?.reason === "other-user-key" || refusal?.reason === "name-has-key";
      if (isOtherKey && wasTaken(saved)) onStanding({ kind: "removed" });
    },
    async useToken(given) {
      candidates.token = given;
      const candidate = await candidates.load();
      return candidate !== null && (await candidates.keepToken(candidate));
    },
    asksToBe: async () => (await candidates.load())?.who ?? null,
    async confirmBy(userSeed) {
      const candidate = await candidates.load();
      if (candidate === null) return false;
      await candidates.confirm(candidate, place.label, userSeed);
      comeIn();
      return true;
    },
    async beFirst() {
      const candidate = await candidates.load();
      if (candidate === null || state.kind === "silent") return false;
      const answer = await state.ask(false);
      if (answer.kind !== "refused" || answer.refusal?.reason !== "no-user-key") return false;
      await candidates.confirm(candidate, place.label, newSigningKey().seed);
      comeIn();
      return true;
    },
    async beginAnew(of) {
      await candidates.make(of);
      const candidate = await candidates.load();
      if (candidate !== null) onStanding(standingOf(candidate));
    },
  };

  /** Until it is confirmed, or the connection is lost on which `ask` asks. */
  async function held(ask: Asking["ask"]): Promise<Introduced> {
    if (state.kind === "silent" || state.ask !== ask) return "without-device";
    const { promise, resolve: goOn } = Promise.withResolvers<Introduced>();
    state = { ...state, kind: "held", goOn };
    return await promise;
  }

  /** What an answer comes to. */
  async function settle(candidate: Candidate, answer: Asked): Promise<Introduced | "waiting" | "no-room"> {
    if (answer.kind === "answered") {
      const { confirmation } = answer.value;
      if (confirmation === null) {
        const isMisread = candidates.token !== null && candidate.token === null;
        onStanding(isMisread ? { ...standingOf(candidate), trouble: UNREADABLE_TOKEN } : standingOf(candidate));
        if (!candidate.hasWaited) await store.commit([{ kind: "candidate-waits" }]);
        return "waiting";
      }
      if (await take(candidate, confirmation)) return "confirmed";
      return "waiting";
    }
    if (answer.kind !== "refused") return "without-device";
    const reason = answer.refusal?.reason;
    if (reason === "device-removed") {
      // It was confirmed and removed while it was away. The server says so each time.
      onStanding({ kind: "removed" });
      return "without-device";
    }
    if (reason === "too-many" || reason === "too-many-messages") {
      // The server keeps nothing of it, so no device lists its code.
      onStanding({ ...standingOf(candidate), code: null });
      return "no-room";
    }
    if (reason !== "no-user-key" && reason !== "unknown-request") return "without-device";
    return (await becomeFirst(candidate)) ? "confirmed" : "waiting";
  }

  /**
   * It confirms itself: nobody of its person has a key, or has one any more. Not where it was invited by somebody, nor over a key of its
   * person's that it has met (SEALED.md 5).
   */
  async function becomeFirst(candidate: Candidate): Promise<boolean> {
    const { pins } = await store.load();
    const isPinned = pins.some((pin) => whoKey(pin.who) === whoKey(candidate.who));
    if (candidate.token !== null || (candidate.hasWaited && isPinned)) {
      onStanding({ ...standingOf(candidate), trouble: NOBODY_THERE });
      return false;
    }
    await candidates.confirm(candidate, place.label, newSigningKey().seed);
    return true;
  }

  /** False: it isn't for this device, or not made by whom it has to be made. Then it is forgotten, and asked for anew, once. */
  async function take(candidate: Candidate, { record, sealed }: Confirmation): Promise<boolean> {
    const { who, device, sealKey } = candidate;
    const key = candidate.token === null ? null : tokenKey(candidate.token);
    const opened = withHpke((hpke) => openConfirmation({ hpke, who, device, sealKey }, { record, sealed }, key));
    if (opened.ok) {
      await candidates.keepConfirmation(candidate, record, opened.userSeed);
      return true;
    }
    onStanding({ ...standingOf(candidate), trouble: TROUBLE[opened.why] });
    if (state.kind !== "silent" && !state.hasAskedFresh) {
      state = { ...state, hasAskedFresh: true };
      await state.ask(true);
    }
    return false;
  }

  /** From the next connection on it is its person's. */
  function comeIn(): void {
    switch (state.kind) {
      case "silent":
      case "asking":
        client().renew();
        return;
      case "held": {
        const { goOn, ask, hasAskedFresh } = state;
        state = { kind: "asking", ask, hasAskedFresh };
        goOn("again");
      }
    }
  }

  function questionOf(candidate: Candidate, fresh: boolean): RequestBody<"ask-confirmation"> {
    return confirmationQuestion(candidate, { name: place.claimed, label: deviceLabel, fresh });
  }

  function standingOf(candidate: Candidate): Extract<Standing, { kind: "pending" }> {
    return pendingStanding(candidate, name);
  }
}

function isAboutName(refusal: Refusal | null): boolean {
  return refusal?.reason === "name-taken" || refusal?.reason === "name-has-key";
}

/** A server says so to a device that it keeps no more among those that wait. */
function isForgotten(refusal: Refusal | null): boolean {
  return refusal?.reason === "not-allowed" || refusal?.reason === "too-many";
}
