import { plainAddress } from "../addresses.ts";
import { dial } from "./dial.ts";
import type { Dialled } from "./dial.ts";
import { decodeNetMap, decodePeople, decodePrefs, decodeStatus, decodeWhoIs } from "./answers.ts";
import type { NetMap, Prefs, Status, TailnetPeople, WhoIs } from "./answers.ts";
import type { Endpoint } from "./endpoint.ts";
import { ask, open } from "./exchange.ts";
import type { Answer } from "./exchange.ts";
import { createGate } from "./gate.ts";
import { failure, success } from "./outcome.ts";
import type { Outcome } from "./outcome.ts";
import { createSearch } from "./search.ts";

/** The few questions that we have for tailscaled (Tailscale LocalAPI). None of them ever rejects. */
export interface LocalApi {
  /** `GET status?peers=false`, with the owner's profile whatever tailscaled's age. */
  status(): Promise<Outcome<Status>>;
  /** `GET prefs`: what the administrator has set on this node. */
  prefs(): Promise<Outcome<Prefs>>;
  /** `GET status` with all peers. */
  netMap(): Promise<Outcome<NetMap>>;
  /** The same, read for people. */
  people(): Promise<Outcome<TailnetPeople>>;
  /** `GET whois` of a TCP peer; null: tailscaled knows nobody there. `address` may bear `::ffff:`. */
  whoIs(address: string, port: number): Promise<Outcome<WhoIs | null>>;
  /**
   * `GET watch-ipn-bus`: calls `onNews` for what comes, until the bus ends (then the outcome says why) or `signal` aborts.
   * What the news is stays unread: its form is not stable, and `status` tells the same.
   */
  watch(onNews: () => void, signal: AbortSignal): Promise<Outcome<null>>;
  /**
   * `POST dial`: a TCP connection into the tailnet, from wherever tailscaled is. It is the caller's, whatever becomes of
   * `signal` later. `host` may be a name that only tailscaled knows.
   */
  dial(host: string, port: number, signal: AbortSignal): Promise<Outcome<Dialled>>;
  /** Ends its connections; what is still asked, or asked later, is answered `disconnected`. A watch ends by its own signal. */
  close(): void;
}

export interface LocalApiOptions {
  /** Where tailscaled may be asked, best first. Asked again whenever the last one no longer answers. */
  readonly find: () => Promise<readonly Endpoint[]>;
  /** Milliseconds for a whole answer, waiting for its turn included. */
  readonly whoIsTimeout?: number;
  readonly statusTimeout?: number;
  readonly dialTimeout?: number;
  /** Who-is questions asked at once, and waiting behind them; what is more is `busy`. */
  readonly whoIsAtOnce?: number;
  readonly whoIsWaiting?: number;
}

/** Bytes. Without its peers a status has a few thousand, a who-is with many grants some more. */
const MOST_STATUS = 1024 * 1024;
const MOST_WHO_IS = 256 * 1024;
const MOST_PREFS = 256 * 1024;
/** Some kilobytes for each node of the tailnet. */
const MOST_NET_MAP = 32 * 1024 * 1024;

/** ipn.NotifyInitialState, and NotifyPeerChanges where tailscaled knows it; older ones ignore the bit. */
const BUS_MASK = 2 | 4096;

export function createLocalApi(options: LocalApiOptions): LocalApi {
  const { find, whoIsTimeout = 2000, statusTimeout = 5000, dialTimeout = 10_000 } = options;
  const { whoIsAtOnce = 16, whoIsWaiting = 1024 } = options;
  // Importing node:http would load its fetch as well, which takes longer than all else that a short command does.
  const { Agent } = process.getBuiltinModule("node:http");
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 4 });
  const gate = createGate(whoIsAtOnce, whoIsWaiting);
  const anywhere = createSearch(find);
  let closed = false;

  async function get(path: string, most: number, signal: AbortSignal): Promise<Outcome<Answer>> {
    const question = (endpoint: Endpoint) => ask(endpoint, { path, agent, signal }, most);
    const answer = closed ? failure({ kind: "disconnected" }) : await anywhere(question);
    // tailscaled may have closed an idle connection just as we took it up again; a question can be repeated.
    return !answer.ok && answer.problem.kind === "disconnected" && !closed ? anywhere(question) : answer;
  }

  /**
   * Asked for no peers, a tailscaled of early 2026 or before leaves out all profiles, our own owner's too (tailscale/tailscale#19894).
   * Who-is of our own address has it.
   */
  async function withOwner(status: Status): Promise<Status> {
    const { Self: self, TailscaleIPs: addresses, BackendState: state } = status;
    const [address] = addresses;
    const isComplete = self === null || self.Tags.length > 0 || Object.keys(status.User).length > 0;
    if (isComplete || address === undefined || state !== "Running") {
      return status;
    }
    const path = `whois?addr=${encodeURIComponent(address)}`;
    const answer = use(await get(path, MOST_WHO_IS, AbortSignal.timeout(whoIsTimeout)), decodeWhoIs);
    return answer.ok && answer.value.Node.StableID === self.ID
      ? { ...status, User: { [self.UserID]: answer.value.UserProfile } }
      : status;
  }

  return {
    async status() {
      const answer = await get("status?peers=false", MOST_STATUS, AbortSignal.timeout(statusTimeout));
      const status = use(answer, decodeStatus);
      return status.ok ? success(await withOwner(status.value)) : status;
    },

    async prefs() {
      return use(await get("prefs", MOST_PREFS, AbortSignal.timeout(statusTimeout)), decodePrefs);
    },

    async netMap() {
      return use(await get("status", MOST_NET_MAP, AbortSignal.timeout(statusTimeout)), decodeNetMap);
    },

    async people() {
      return use(await get("status", MOST_NET_MAP, AbortSignal.timeout(statusTimeout)), decodePeople);
    },

    async whoIs(address, port) {
      const path = `whois?addr=${encodeURIComponent(hostAndPort(address, port))}&proto=tcp`;
      const deadline = AbortSignal.timeout(whoIsTimeout);
      const answer = await gate.pass(() => get(path, MOST_WHO_IS, deadline), deadline);
      if (answer === "full" || answer === "late") {
        return failure({ kind: answer === "full" ? "busy" : "timeout" });
      }
      return answer.ok && answer.value.status === 404 ? success(null) : use(answer, decodeWhoIs);
    },

    dial(host, port, signal) {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(dialTimeout)]);
      return anywhere((endpoint) => dial(endpoint, host, port, deadline));
    },

    watch: (onNews, signal) => anywhere((endpoint) => follow(endpoint, onNews, signal)),

    close() {
      closed = true;
      agent.destroy();
    },
  };
}

async function follow(endpoint: Endpoint, onNews: () => void, signal: AbortSignal): Promise<Outcome<null>> {
  const opened = await open(endpoint, { path: `watch-ipn-bus?mask=${BUS_MASK}`, agent: false, signal });
  if (!opened.ok) {
    return signal.aborted ? success(null) : opened;
  }
  const response = opened.value;
  if (response.statusCode !== 200) {
    response.destroy();
    return failure(
      response.statusCode === 401 || response.statusCode === 403
        ? { kind: "no-permission", text: "" }
        : { kind: "http", status: response.statusCode ?? 0, text: "" },
    );
  }
  try {
    // Lines may be of any length, since old versions send whole network maps; nothing of them is kept.
    for await (const chunk of response as AsyncIterable<Buffer>) {
      if (chunk.includes("\n")) {
        onNews();
      }
    }
  } catch {
    // Broken off; said below.
  }
  return signal.aborted ? success(null) : failure({ kind: "disconnected" });
}

function use<T>(answer: Outcome<Answer>, decode: (body: string) => Outcome<T>): Outcome<T> {
  if (!answer.ok) {
    return answer;
  }
  const { status, body } = answer.value;
  return status === 200 ? decode(body) : failure({ kind: "http", status, text: body.trim().slice(0, 200) });
}

function hostAndPort(address: string, port: number): string {
  const plain = plainAddress(address);
  return plain.includes(":") ? `[${plain}]:${port}` : `${plain}:${port}`;
}
