/** A program: the server in a process of its own, with the configuration given, which tells how it does when asked. */
import { flushCompileCache } from "node:module";
import { Socket } from "node:net";
import { queryObjects } from "node:v8";
import { ClassicSession } from "../../src/server/classic/session.ts";
import { startTestServer } from "./server.ts";

/** Bytes and counts. */
export interface Measures {
  readonly heap: number;
  /** The most memory that the process has ever had. */
  readonly mostMemory: number;
  /** What the event loop waits for; a few timers may be those of asking for a tailscaled. */
  readonly waiting: { readonly connections: number; readonly timers: number };
  /** Objects that somebody still holds, wherever; a few sockets are the process's own. */
  readonly alive: { readonly sockets: number; readonly sessions: number };
  /** The core's own maps. */
  readonly maps: { readonly sessions: number; readonly online: number; readonly identities: number };
}

const server = await startTestServer({ config: JSON.parse(process.argv[2] ?? "{}") });
// Killed, it would keep nothing of what was compiled for the next one.
flushCompileCache();
process.send?.(server.port);
process.on("message", () => process.send?.(measure()));

function measure(): Measures {
  globalThis.gc?.();
  const { sessions, online, sessionsOf } = server.running.state();
  return {
    alive: {
      sockets: queryObjects(Socket, { format: "count" }),
      sessions: queryObjects(ClassicSession, { format: "count" }),
    },
    heap: process.memoryUsage().heapUsed,
    mostMemory: process.resourceUsage().maxRSS * 1024,
    waiting: { connections: countOf("TCPSocketWrap"), timers: countOf("Timeout") },
    maps: { sessions: sessions.size, online: online.size, identities: sessionsOf.size },
  };
}

function countOf(kind: string): number {
  return process.getActiveResourcesInfo().filter((other) => other === kind).length;
}
