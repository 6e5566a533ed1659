import type { Duplex } from "node:stream";
import { performance } from "node:perf_hooks";
import { encodeClientLine } from "../wire/classic/client-lines.ts";
import { decodeServerLine } from "../wire/classic/server-lines.ts";
import type { Way } from "./ways.ts";

/** What came of connecting and asking for help, which a server gives before anybody registers. Times in milliseconds. */
export type Greeting =
  /** `code` is the system's, or `ETIMEDOUT`. */
  | { readonly kind: "unreachable"; readonly code: string }
  /** It speaks the classic protocol. `answered`: from asking to the first line back. */
  | { readonly kind: "classic"; readonly connected: number; readonly answered: number }
  /** It speaks the classic protocol, and lets nobody like us in. */
  | { readonly kind: "turned-away"; readonly reason: TurnedAway; readonly connected: number }
  /** It has sealed rooms alone, and no lines for anybody (`--no-classic`). */
  | { readonly kind: "sealed-only"; readonly connected: number }
  /** Connected; then it said nothing, something else, or closed. */
  | { readonly kind: "no-padserve"; readonly silent: boolean; readonly connected: number };

export type TurnedAway = "not-a-member" | "identity-unavailable" | "server-full";

/** More than any first line of a server has. */
const MOST = 4096;

/** Connects, asks for help, leaves. Never rejects. */
export async function greet(way: Way, timeout: number): Promise<Greeting> {
  const before = performance.now();
  const opened = await way(timeout);
  if ("code" in opened) return { kind: "unreachable", code: opened.code };
  const connected = performance.now() - before;
  const asked = performance.now();
  const { stream } = opened;
  stream.write(`${encodeClientLine({ kind: "help" })}\n`);
  const line = await firstLine(stream, timeout);
  const answered = performance.now() - asked;
  stream.end(`${encodeClientLine({ kind: "exit" })}\n`, () => stream.destroy());
  return line === null ? { kind: "no-padserve", silent: true, connected } : judge(line, connected, answered);
}

/** The first line without its end; null when the connection ends, or time does, without one. */
function firstLine(stream: Duplex, timeout: number): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const timer = setTimeout(() => resolve(null), timeout);
  let text = "";
  stream.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    const end = text.indexOf("\n");
    if (end !== -1 || text.length > MOST) resolve(text.slice(0, end === -1 ? MOST : end));
    if (text.length > MOST) stream.destroy();
  });
  stream.once("close", () => resolve(null));
  return promise.finally(() => clearTimeout(timer));
}

function judge(text: string, connected: number, answered: number): Greeting {
  const line = decodeServerLine(text);
  if (line.kind === "text" || line.kind === "hex") return { kind: "no-padserve", silent: false, connected };
  if (line.kind === "error") {
    const { reason } = line.error;
    if (reason === "not-a-member" || reason === "identity-unavailable" || reason === "server-full") {
      return { kind: "turned-away", reason, connected };
    }
    if (reason === "no-open-room") return { kind: "sealed-only", connected };
  }
  return { kind: "classic", connected, answered };
}
