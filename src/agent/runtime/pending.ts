/**
 * A device that isn't its person's yet (SEALED.md 5 and 6): it makes its keys, asks on each connection to be confirmed, and takes the one
 * confirmation that is for it. Where nobody of its person has a user key it is the first, and makes one.
 */
import type { Refusal as ServerRefusal, Standing } from "../../client/index.ts";
import type { Answer, BeforeHello, FramesClient, ServerHello } from "../../client/frames/index.ts";
import { withHpke } from "../../mls/hpke.ts";
import { confirmCode } from "../../mls/identity/confirm-code.ts";
import { readVerifiedRecord } from "../../mls/identity/device-record.ts";
import { newSigningKey, signingKeyOf } from "../../mls/identity/ed25519.ts";
import { pinOf } from "../../mls/identity/pins.ts";
import { whoKey } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";
import type { Confirmation } from "../../wire/frames/devices.ts";
import type { Refusal } from "../../wire/frames/refusals.ts";
import type { ReplyBody, RequestBody } from "../../wire/frames/requests.ts";
import { toBytes, toText } from "../delivery/base64url.ts";
import { openConfirmation } from "../device/confirmation.ts";
import type { OpenedConfirmation } from "../device/confirmation.ts";
import { confirmDevice } from "../device/make-device.ts";
import { isSameSecret, readToken, tokenKey } from "../device/token.ts";
import type { OwnDevice, Saved, SealKeyPair } from "../storage/kept.ts";
import { ownerOf } from "./introduce.ts";
import type { Introducing, KnownServer } from "./introduce.ts";
import { confirmationQuestion } from "./confirmation-question.ts";

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
 * can't seal; `again`: on the next connection.
 */
type Introduced = "confirmed" | "without-device" | "again";

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
  /** For good. */
  turnedAway(error: ServerRefusal): Promise<void>;
  /** True: it is used from the next connection on. */
  useToken(token: string): Promise<boolean>;
  /** Who it asks to be a device of; null: it asks nobody. */
  asksToBe(): Promise<Who | null>;
  /** It has the user key by another way. False: it asks nobody, or to be another's. */
  confirmBy(userSeed: Uint8Array): Promise<boolean>;
  /** In place of what there is: a new device, which asks; `onStanding` tells what it is. */
  beginAnew(of: Who): Promise<void>;
}

/** The device and its keys, on the disk. */
interface Candidate {
  readonly who: Who;
  readonly device: OwnDevice;
  readonly sealKey: SealKeyPair;
  readonly token: Uint8Array | null;
  readonly hasWaited: boolean;
}

type Asked = Answer<ReplyBody<"ask-confirmation">>;
type Ask = (fresh: boolean) => Promise<Asked>;

export function pending(options: PendingOptions): Pending {
  const { store, name, deviceLabel, system, mayAsk, client, onStanding } = options;
  let { token } = options;
  /** Of the present connection. */
  let label = "";
  let owner: string | null = null;
  /** Whether there is anybody to ask. */
  let isAskable = false;
  let ask: Ask | null = null;
  let hasAskedFresh = false;
  let hasLookedAgain = false;
  /** Before a hello that waits for a confirmation. */
  let goOn: ((step: Introduced) => void) | null = null;

  return {
    connected(hello) {
      ({ label } = hello.you);
      owner = hello.you.owner === null ? name : null;
      isAskable = hello.features.includes("devices") && (mayAsk || owner === null);
      hasAskedFresh = false;
    },
    async introduce(hello, before) {
      const candidate = await ensure(hello);
      ask = async (fresh) => await before.request("ask-confirmation", questionOf(candidate, fresh));
      // A server of before there were several devices, or a name that is to be had by nobody else.
      if (!isAskable) return (await becomeFirst(candidate)) ? "confirmed" : "without-device";
      const answer = await ask(false);
      const step = await settle(candidate, answer);
      if (step !== "waiting") return step;
      // A name can't be borne without its key; whom a tailnet vouches for has the open room meanwhile.
      if (owner === null) return "without-device";
      before.stay();
      const { promise, resolve } = Promise.withResolvers<Introduced>();
      goOn = resolve;
      return await promise;
    },
    async askAgain() {
      const candidate = await load();
      if (candidate === null || ask === null) return;
      if ((await settle(candidate, await ask(false))) === "confirmed") comeIn();
    },
    async welcomed() {
      const candidate = await load();
      if (candidate === null) return;
      ask = async (fresh) => await client().request("ask-confirmation", questionOf(candidate, fresh));
      if ((await settle(candidate, await ask(false))) === "confirmed") client().renew();
    },
    async confirmed(device, confirmation) {
      const candidate = await load();
      if (candidate === null || toText(candidate.device.id) !== device) return;
      if (await take(candidate, confirmation)) comeIn();
    },
    async refused(refusal) {
      const isKnown = refusal?.reason === "other-user-key";
      // A name that is somebody's now: of another device that was faster, or of somebody who can't seal. Asking tells.
      const isPerhaps = owner !== null && NAMES.has(refusal?.reason ?? "");
      // Once: a server that says so each time isn't followed.
      if ((!isKnown && !isPerhaps) || !isAskable || hasLookedAgain) return false;
      hasLookedAgain = true;
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
      ask = null;
      goOn?.("without-device");
      goOn = null;
    },
    async turnedAway(error) {
      const saved = await store.load();
      const candidate = candidateIn(saved);
      const isForgotten = candidate !== null && error.reason === "not-understood" && AWAY.has(error.text);
      if (isForgotten) onStanding({ ...standingOf(candidate), trouble: TURNED_AWAY });
      // The person's key is another one now, and nobody has passed it on to this device.
      else if (candidate === null && OTHER_KEY.has(error.reason) && wasTaken(saved)) onStanding({ kind: "removed" });
    },
    async useToken(given) {
      token = given;
      const candidate = await load();
      return candidate !== null && (await keepToken(candidate));
    },
    asksToBe: async () => (await load())?.who ?? null,
    async confirmBy(userSeed) {
      const candidate = await load();
      if (candidate === null) return false;
      await confirmItself(candidate, userSeed);
      comeIn();
      return true;
    },
    async beginAnew(of) {
      await make(of, token === null ? null : readToken(token));
      const candidate = await load();
      if (candidate !== null) onStanding(standingOf(candidate));
    },
  };

  /** What an answer comes to. */
  async function settle(candidate: Candidate, answer: Asked): Promise<Introduced | "waiting"> {
    if (answer.kind === "answered") {
      const { confirmation } = answer.value;
      if (confirmation === null) {
        const isMisread = token !== null && candidate.token === null;
        onStanding(isMisread ? { ...standingOf(candidate), trouble: NO_TOKEN } : standingOf(candidate));
        if (!candidate.hasWaited) await store.commit([{ kind: "candidate-waits" }]);
        return "waiting";
      }
      if (await take(candidate, confirmation)) return "confirmed";
      return "waiting";
    }
    if (answer.kind !== "refused") return "without-device";
    const reason = answer.refusal?.reason;
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
    await confirmItself(candidate, newSigningKey().seed);
    return true;
  }

  async function confirmItself({ who, device }: Candidate, userSeed: Uint8Array): Promise<void> {
    const fields = { ...who, label, deviceId: device.id, deviceLabel, node: "", notAfter: 0n };
    const record = confirmDevice(fields, userSeed, signingKeyOf(device.seed).publicKey);
    const pin = pinOf(who, signingKeyOf(userSeed).publicKey, system.now());
    await store.commit([
      { kind: "device-confirmed", record, userSeed },
      { kind: "pin-kept", pin },
    ]);
  }

  /** False: it isn't for this device, or not made by whom it has to be made. Then it is forgotten, and asked for anew, once. */
  async function take(candidate: Candidate, { record, sealed }: Confirmation): Promise<boolean> {
    const { who, device, sealKey } = candidate;
    const key = candidate.token === null ? null : tokenKey(candidate.token);
    const opened = withHpke((hpke) => openConfirmation({ hpke, who, device, sealKey }, { record, sealed }, key));
    if (opened.ok) {
      // One that was removed, and begins anew, knows its person's former key.
      const pin = pinOf(who, signingKeyOf(opened.userSeed).publicKey, system.now());
      await store.commit([
        { kind: "device-confirmed", record, userSeed: opened.userSeed },
        { kind: "pin-kept", pin },
      ]);
      return true;
    }
    onStanding({ ...standingOf(candidate), trouble: TROUBLE[opened.why] });
    if (!hasAskedFresh && ask !== null) {
      hasAskedFresh = true;
      await ask(true);
    }
    return false;
  }

  function comeIn(): void {
    if (goOn === null) client().renew();
    else goOn("again");
    goOn = null;
  }

  /** The one that waits, or a new one, which is on the disk before it is named to anybody. */
  async function ensure(hello: KnownServer): Promise<Candidate> {
    const who = { server: toBytes(hello.server.id), ...ownerOf(hello, name) };
    const before = await load();
    if (before === null) await make(who, token === null ? null : readToken(token));
    else if (whoKey(before.who) !== whoKey(who)) throw new Error("this device asks to be somebody else's");
    else await keepToken(before);
    const candidate = await load();
    if (candidate === null) throw new Error("the store hasn't kept a device that was made");
    return candidate;
  }

  /** False: there is none, or it is the one that is kept. */
  async function keepToken(candidate: Candidate): Promise<boolean> {
    const secret = token === null ? null : readToken(token);
    if (secret === null || (candidate.token !== null && isSameSecret(secret, candidate.token))) return false;
    await store.commit([{ kind: "token-kept", token: secret }]);
    return true;
  }

  async function make(of: Who, secret: Uint8Array | null): Promise<void> {
    const device = { id: system.randomBytes(16), seed: newSigningKey().seed };
    const sealKey = withHpke((hpke) => hpke.hpkeKey());
    await store.commit([{ kind: "device-pending", device, sealKey, of, token: secret }]);
  }

  async function load(): Promise<Candidate | null> {
    return candidateIn(await store.load());
  }

  function questionOf(candidate: Candidate, fresh: boolean): RequestBody<"ask-confirmation"> {
    return confirmationQuestion(candidate, { name: owner, label: deviceLabel, fresh });
  }

  function standingOf(candidate: Candidate): Extract<Standing, { kind: "pending" }> {
    return pendingStanding(candidate, candidate.device, name);
  }
}

export function pendingStanding(
  { who, token }: Pick<Candidate, "who" | "token">,
  { seed }: OwnDevice,
  name: string,
): Extract<Standing, { kind: "pending" }> {
  const standing = { kind: "pending", code: confirmCode(who, signingKeyOf(seed).publicKey), name } as const;
  return token === null ? standing : { ...standing, trouble: TOKEN_WAITS };
}

function candidateIn({ device, candidate, sealKey }: Saved): Candidate | null {
  return device === null || candidate === null || sealKey === null ? null : { ...candidate, device, sealKey };
}

const NAMES: ReadonlySet<string> = new Set(["name-taken", "name-has-key"]);

/** What a server says to a device that it keeps no more among those that wait. */
const AWAY: ReadonlySet<string> = new Set(["not-allowed", "too-many"]);

const TURNED_AWAY =
  "It waits no more: a device of yours has said that it isn't one, nobody has confirmed it for a week, or too many others have asked since. To ask again: pad devices new";

const TOKEN_WAITS =
  "Its token has confirmed it nowhere yet: the device that made it has to be there, and a token is good once and for its time (pad devices invite makes another).";

const NO_TOKEN =
  "The device token (PAD_DEVICE_TOKEN, PAD_DEVICE_TOKEN_FILE) can't be read: copy it again, or confirm this device by its code.";

/** Whether the server has let this device in before. */
function wasTaken({ incarnation, groups }: Saved): boolean {
  return incarnation !== null || groups.some(({ status }) => status === "active" || status === "joining");
}

const OTHER_KEY: ReadonlySet<string> = new Set(["device-not-confirmed", "name-has-key"]);

const NOBODY_THERE =
  "The server says that you have no confirmed device at all, which isn't what it said before, or what your token says. If all your devices are lost: pad devices reset";

const TROUBLE: Record<Extract<OpenedConfirmation, { ok: false }>["why"], string> = {
  record: "What came as a confirmation isn't signed for this device. It wasn't taken.",
  "another-device": "What came as a confirmation is for another device. It wasn't taken.",
  sealed: "What came as a confirmation isn't sealed to this device. It wasn't taken.",
  "another-key": "What came as a confirmation holds another key than the one that has signed it. It wasn't taken.",
  token: "What came as a confirmation was made by somebody without the token. It wasn't taken.",
};
