import { existsSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type { ProcessContext } from "../../args/command.ts";
import { tailscaleInterfaceAddresses, type NetworkInterfaces } from "../../tailnet/addresses.ts";
import type { LocalApi } from "../../tailnet/local-api/client.ts";
import { stateFromStatus } from "../../tailnet/state.ts";

/** What can be seen of a machine without asking anybody. */
interface Machine {
  readonly platform: NodeJS.Platform;
  readonly interfaces: () => NetworkInterfaces;
  readonly exists: (path: string) => boolean;
}

/** Milliseconds: together a second, after which people would wonder. */
const STATUS_TIMEOUT = 600;
const WHO_IS_TIMEOUT = 400;

/**
 * Whether it is worth asking for a tailscaled in userspace mode. Most machines have a Tailscale interface, or no Tailscale,
 * and pay nothing for the few that have neither; a socket that the environment names is always asked.
 */
export async function mayBeUserspace(
  { env }: Pick<ProcessContext, "env">,
  { platform, interfaces, exists }: Machine = THIS_MACHINE,
): Promise<boolean> {
  if (socketIn(env) !== null) return true;
  // The apps for macOS and Windows always have an interface.
  if (platform === "darwin" || platform === "win32") return false;
  if (tailscaleInterfaceAddresses(interfaces()).length > 0) return false;
  const { findEndpoints } = await import("../../tailnet/local-api/endpoint.ts");
  const endpoints = await findEndpoints(null);
  return endpoints.some((endpoint) => endpoint.kind === "socket" && exists(endpoint.path));
}

const THIS_MACHINE: Machine = { platform: process.platform, interfaces: networkInterfaces, exists: existsSync };

/** Loads what speaks with tailscaled, which most runs don't need, and asks. */
export async function askTailscaled<T>({ env }: ProcessContext, question: (api: LocalApi) => Promise<T>): Promise<T> {
  const [{ createLocalApi }, { findEndpoints }] = await Promise.all([
    import("../../tailnet/local-api/client.ts"),
    import("../../tailnet/local-api/endpoint.ts"),
  ]);
  const api = createLocalApi({
    find: () => findEndpoints(socketIn(env)),
    statusTimeout: STATUS_TIMEOUT,
    whoIsTimeout: WHO_IS_TIMEOUT,
  });
  try {
    return await question(api);
  } finally {
    api.close();
  }
}

/** The same variable as `serve` and `doctor` read for --tailscale-socket. */
function socketIn(env: ProcessContext["env"]): string | null {
  return env["PADSERVE_TAILSCALE_SOCKET"] || null;
}

/** The tailnet login of this machine's owner; null: tagged, or no tailscaled says so within a second. Never rejects. */
export function ownLogin(context: ProcessContext): Promise<string | null> {
  return askTailscaled(context, async (api) => {
    const status = await api.status();
    const state = status.ok ? stateFromStatus(status.value, Date.now()) : null;
    return state?.kind === "running" ? state.self.ownerLogin : null;
  });
}
