import type { ProcessContext } from "../../args/command.ts";
import { stateFromStatus } from "../../tailnet/state.ts";
import { askTailscaled } from "./tailscaled.ts";

/** The tailnet login of this machine's owner; null: tagged, or no tailscaled says so within a second. Never rejects. */
export function ownLogin(context: ProcessContext): Promise<string | null> {
  return askTailscaled(context, async (api) => {
    const status = await api.status();
    const state = status.ok ? stateFromStatus(status.value, Date.now()) : null;
    return state?.kind === "running" ? state.self.ownerLogin : null;
  });
}
