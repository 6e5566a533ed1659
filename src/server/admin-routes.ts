import type { Mailbox } from "../core/mailbox.ts";
import { isLoopback, plainAddress } from "../tailnet/addresses.ts";
import type { Peer } from "../tailnet/identify.ts";
import {
  isHex32,
  isProof,
  newNonce,
  NONCE_HEADER,
  PROOF_HEADER,
  proveAnswer,
  proveRequest,
  proveServer,
  type Nonces,
} from "../admin/proof.ts";
import {
  clearFirst,
  listBans,
  listClaims,
  listOperators,
  releaseName,
  type CopyResult,
  type ReleaseResult,
  type ServerReport,
} from "../admin/records.ts";

/** What the administrator's commands reach of a running server. */
export interface AdminRoutes {
  readonly mailbox: Mailbox;
  readonly report: () => ServerReport;
  /** Takes away the user key and the devices that go with a name, see groups/release-key.ts. */
  readonly releaseKey: (name: string) => Promise<"released" | "none" | "storage-failed">;
  /** Makes a copy of the database in the data folder. */
  readonly copy: () => Promise<CopyResult>;
  /** The secret in the data folder's `running.json`: whoever can read that folder is the administrator. */
  readonly token: string;
}

export interface AdminRequest {
  readonly method: string;
  readonly path: string;
  readonly nonce: unknown;
  readonly proof: unknown;
  readonly peer: Peer;
  /** One object for each connection: a challenge is good for the next request on its own. */
  readonly connection: object;
}

export interface AdminAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Answers `padserve names`, `bans`, `operators`, `backup` and `doctor`, by the conversation of `admin/proof.ts`; whoever can't
 * prove that they know the secret finds nothing here.
 */
export function createAdminRoutes({
  mailbox,
  report,
  copy,
  releaseKey,
  token,
}: AdminRoutes): (request: AdminRequest) => Promise<AdminAnswer> {
  const challenges = new WeakMap<object, Nonces>();

  return async (request) => {
    const { connection, method, path } = request;
    if (!isLoopback(plainAddress(request.peer.address))) return NOT_FOUND;
    if (`${method} ${path}` === "GET /admin/challenge") return challenge(connection, request.nonce);
    const nonces = challenges.get(connection);
    challenges.delete(connection);
    if (nonces === undefined || !isProof(request.proof, proveRequest(token, nonces, method, path))) return NOT_FOUND;
    const { status, value } = await answer(method, path);
    const body = `${JSON.stringify(value)}\n`;
    return { status, headers: { [PROOF_HEADER]: proveAnswer(token, nonces, status, body) }, body };
  };

  function challenge(connection: object, client: unknown): AdminAnswer {
    if (!isHex32(client)) return NOT_FOUND;
    const nonces = { client, server: newNonce() };
    challenges.set(connection, nonces);
    return {
      status: 200,
      headers: { [NONCE_HEADER]: nonces.server, [PROOF_HEADER]: proveServer(token, nonces) },
      body: "{}\n",
    };
  }

  /** The key first: if the server dies between the two, the name is still there to be released again. */
  async function release(name: string): Promise<ReleaseResult> {
    const key = await releaseKey(name);
    if (key === "storage-failed") return { kind: "storage-failed" };
    const released = await releaseName(mailbox, name);
    return released.kind === "no-such-name" && key === "released" ? { kind: "released" } : released;
  }

  async function answer(method: string, path: string): Promise<{ readonly status: number; readonly value: unknown }> {
    const [, , what = "", name = "", ...more] = path.split("/");
    if (more.length > 0 || (name !== "" && method !== "DELETE")) return { status: 404, value: { error: "not found" } };
    switch (`${method} ${what}`) {
      case "GET report":
        return { status: 200, value: report() };
      case "GET names":
        return { status: 200, value: listClaims(mailbox.state) };
      case "GET bans":
        return { status: 200, value: listBans(mailbox.state) };
      case "GET operators":
        return { status: 200, value: listOperators(mailbox.state) };
      case "DELETE operators":
        return name === ""
          ? { status: 200, value: await clearFirst(mailbox) }
          : { status: 404, value: { error: "not found" } };
      case "DELETE names":
        return { status: 200, value: await release(decodeURIComponent(name)) };
      case "PUT backup":
        return name === "" ? { status: 200, value: await copy() } : { status: 404, value: { error: "not found" } };
      default:
        return { status: 404, value: { error: "not found" } };
    }
  }
}

const NOT_FOUND: AdminAnswer = { status: 404, headers: {}, body: "Not found.\n" };
