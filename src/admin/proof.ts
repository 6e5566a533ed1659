import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/**
 * How the administrator's command and the running server show each other that they know the secret of `running.json`, which neither
 * ever sends. A server that was killed leaves that file, and whoever takes its port may be asked in its place.
 *
 * 1. Client: `GET /admin/challenge` with a nonce of its own.
 * 2. Server: a nonce of its own, and `proveServer`. The client goes on only if that is right.
 * 3. Client, on the same connection: its request, with `proveRequest`. One request for each challenge.
 * 4. Server: its answer, with `proveAnswer`, which the client checks before it reads anything in it.
 */
export interface Nonces {
  readonly client: string;
  readonly server: string;
}

/** Request header of the client's nonce; request and answer header of the proofs. */
export const NONCE_HEADER = "padserve-nonce";
export const PROOF_HEADER = "padserve-proof";

export function newNonce(): string {
  return randomBytes(32).toString("hex");
}

/** Whether a text can be a nonce or a proof: 32 bytes in hexadecimal digits. */
export function isHex32(text: unknown): text is string {
  return typeof text === "string" && /^[0-9a-f]{64}$/.test(text);
}

export function proveServer(token: string, nonces: Nonces): string {
  return proof(token, "server", nonces, []);
}

export function proveRequest(token: string, nonces: Nonces, method: string, path: string): string {
  return proof(token, "request", nonces, [method, path]);
}

export function proveAnswer(token: string, nonces: Nonces, status: number, body: string): string {
  return proof(token, "answer", nonces, [String(status), body]);
}

/** In constant time; false for whatever isn't a proof at all. */
export function isProof(given: unknown, expected: string): boolean {
  return isHex32(given) && timingSafeEqual(Buffer.from(given, "hex"), Buffer.from(expected, "hex"));
}

/** HMAC-SHA-256 with the secret as its key. As JSON the parts can't run into one another; the role keeps a proof from being sent back. */
function proof(token: string, role: string, { client, server }: Nonces, parts: readonly string[]): string {
  const said = JSON.stringify(["padserve admin 1", role, client, server, ...parts]);
  return createHmac("sha256", Buffer.from(token, "hex")).update(said).digest("hex");
}
