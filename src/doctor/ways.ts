import { createConnection } from "node:net";
import type { Duplex } from "node:stream";
import type { LocalApi } from "../tailnet/local-api/client.ts";

/** What came of connecting; `code` is the system's, or `ETIMEDOUT`. */
type Opened = { readonly stream: Duplex } | { readonly code: string };

/** How to connect to a server: anew with each call, within this many milliseconds. Never rejects. */
export type Way = (timeout: number) => Promise<Opened>;

export function byTcp(host: string, port: number): Way {
  return (timeout) => {
    const { promise, resolve } = Promise.withResolvers<Opened>();
    const socket = createConnection({ host, port });
    const timer = setTimeout(() => {
      resolve({ code: "ETIMEDOUT" });
      socket.destroy();
    }, timeout);
    socket.once("connect", () => resolve({ stream: socket }));
    // Stays for good: whatever else befalls the connection shows as its end.
    socket.on("error", (error: NodeJS.ErrnoException) => resolve({ code: error.code ?? "EIO" }));
    return promise.finally(() => clearTimeout(timer));
  };
}

/** Through a tailscaled in userspace mode, to a name or address; what it leaves to us, by TCP. */
export function throughTailscaled(api: Pick<LocalApi, "dial">, host: string, port: number): Way {
  return async (timeout) => {
    const outcome = await api.dial(host, port, AbortSignal.timeout(timeout));
    if (!outcome.ok) return { code: outcome.problem.kind === "timeout" ? "ETIMEDOUT" : "EIO" };
    const dialled = outcome.value;
    switch (dialled.kind) {
      case "connected":
        // Whatever else befalls the connection shows as its end.
        dialled.stream.on("error", () => {});
        return { stream: dialled.stream };
      case "yourself":
        return byTcp(dialled.host, dialled.port)(timeout);
      case "failed":
        return { code: dialled.code };
    }
  };
}
