import { createCipheriv, createECDH, randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { ClassicPeer } from "./classic-peer.ts";
import { padded, sealed } from "./classic-crypto.ts";
import { startTestServer, type TestServer } from "./server.ts";

/** Who says a row's lines, on a server with alice, who is operator, and bob. Carol has registered and sent no key. */
type Speaker = "a newcomer" | "carol" | "bob" | "alice";

/** Who says what, what comes back to the letter, and whether the connection is open behind it. */
export type Row = readonly [who: Speaker, says: string | readonly string[], hears: readonly string[], after: After];
type After = "open" | "closed";

export interface Scene extends AsyncDisposable {
  readonly server: TestServer;
  readonly alice: ClassicPeer;
  readonly bob: ClassicPeer;
  /** Plays a row; what really came back and became of the connection. */
  play(row: Row): Promise<{ readonly hears: readonly string[]; readonly after: After }>;
}

/** @param banned ids that alice has banned. */
export async function setScene(banned: readonly string[] = []): Promise<Scene> {
  const server = await startTestServer();
  const alice = await server.join("alice");
  const bob = await server.join("bob");
  for (const id of banned) await alice.ask(`BAN ${id}`);

  async function speaker(who: Speaker): Promise<ClassicPeer> {
    if (who === "alice") return alice;
    if (who === "bob") return bob;
    const peer = await server.connect();
    if (who === "carol") {
      peer.say("REGISTER carol");
      await peer.lines(4);
    }
    return peer;
  }

  return {
    server,
    alice,
    bob,
    async play([who, says]) {
      return answers(await speaker(who), typeof says === "string" ? [says] : says);
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** Says lines and gives all that comes back. What stands in braces is one of the payloads below. */
export async function answers(
  peer: ClassicPeer,
  says: readonly string[],
): Promise<{ hears: readonly string[]; after: After }> {
  peer.say(...says.map((line) => filled(line, peer.key)), "that was all");
  const hears: string[] = [];
  for (;;) {
    const line = await peer.line().catch(() => null);
    if (line === null) return { hears, after: "closed" };
    if (line === "ERROR Unknown command: that was all") return { hears, after: "open" };
    hears.push(line);
  }
}

/** A machine without Tailscale; the host's name is the only thing here that isn't the same everywhere. */
export const OWN_ADDRESS_LINES = (verb: "INFO" | "SERVERINFO"): readonly string[] => [
  `${verb} Server: ${hostname()}`,
  `${verb} No Tailscale IP`,
];

const PAYLOADS: Readonly<Record<string, (key: Uint8Array) => string>> = {
  hello: (key) => sealed(key, "hello"),
  "hello in upper case": (key) => sealed(key, "hello").toUpperCase(),
  "no text": (key) => sealed(key, ""),
  "no UTF-8": (key) => sealed(key, Buffer.from([0xff, 0xfe])),
  "an IV alone": () => "00".repeat(16),
  "no whole blocks": (key) => `${sealed(key, "hello")}00`,
  "padding of 0": (key) => unpaddedBlock(key, 0),
  "padding of 17": (key) => unpaddedBlock(key, 17),
  "a pad": () => padded("hello"),
  "33 letters": () => "x".repeat(33),
  "32 letters": () => "x".repeat(32),
  "a key": () => createECDH("prime256v1").generateKeys("hex"),
  "a compressed key": () => createECDH("prime256v1").generateKeys("hex", "compressed"),
  "a hybrid key": () => createECDH("prime256v1").generateKeys("hex", "hybrid"),
  "a point off the curve": () => `04${"11".repeat(64)}`,
};

function filled(line: string, key: Uint8Array | null): string {
  return line.replaceAll(/\{([^}]+)\}/g, (_, name: string) => {
    const payload = PAYLOADS[name];
    if (payload === undefined) throw new Error(`there is no payload called ${name}`);
    return payload(key ?? new Uint8Array(32));
  });
}

/** A whole block that ends in a byte which is no PKCS#7 padding. */
function unpaddedBlock(key: Uint8Array, last: number): string {
  const iv = randomBytes(16);
  const cipher = createCipheriv("aes-256-cbc", key, iv).setAutoPadding(false);
  return Buffer.concat([iv, cipher.update(Buffer.alloc(16, last))]).toString("hex");
}
