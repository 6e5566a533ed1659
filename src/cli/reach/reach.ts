import type { Duplex } from "node:stream";
import type { ProcessContext } from "../../args/command.ts";
import { openTcp, type Open, type ServerAddress } from "../../client/transport/index.ts";
import type { LocalApi } from "../../tailnet/local-api/client.ts";
import { isThisMachine } from "./find-machine.ts";
import { askTailscaled, mayBeUserspace } from "./tailscaled.ts";

/** To be spread into the options of `connect`. */
export interface Reach {
  readonly open?: Open;
}

/**
 * The way to a server. With each attempt to connect it is decided anew: through tailscaled, where it is Running in
 * userspace mode; else by TCP. Never rejects, and asks nobody before the first attempt.
 */
export async function reach({ host }: ServerAddress, context: ProcessContext): Promise<Reach> {
  return isThisMachine(host) ? {} : { open: (server, signal) => open(server, signal, context) };
}

async function open(server: ServerAddress, signal: AbortSignal, context: ProcessContext): Promise<Duplex> {
  if (!(await mayBeUserspace(context))) return openTcp(server, signal);
  const stream = await askTailscaled(context, async (api) =>
    (await isUserspace(api)) ? openThrough(api, server, signal) : null,
  );
  return stream ?? openTcp(server, signal);
}

async function isUserspace(api: LocalApi): Promise<boolean> {
  const status = await api.status();
  return status.ok && status.value.BackendState === "Running" && status.value.TUN === false;
}

/** Rejects as TCP does, with the system's code. */
async function openThrough(api: LocalApi, { host, port }: ServerAddress, signal: AbortSignal): Promise<Duplex> {
  const outcome = await api.dial(host, port, signal);
  if (!outcome.ok)
    throw withCode("tailscaled did not connect", outcome.problem.kind === "timeout" ? "ETIMEDOUT" : "EIO");
  const dialled = outcome.value;
  switch (dialled.kind) {
    case "connected":
      return dialled.stream;
    case "yourself":
      return openTcp(dialled, signal);
    case "failed":
      throw withCode("tailscaled reached nobody", dialled.code);
  }
}

function withCode(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}
