import { addNetwork, createMachine, plugIn, type Machine } from "./netns.ts";
import { NODES } from "./tailnet.ts";

/** Three machines on one tailnet: the server's, and two people's. */
export interface TailnetMachines {
  readonly chat: Machine;
  readonly bob: Machine;
  readonly carol: Machine;
}

/** The server's own addresses, as the fake tailscaled has them, with the tailnet's ranges behind them. */
export const OWN_V4 = "100.64.0.1/10";
export const OWN_V6 = "fd7a:115c:a1e0::1/48";

/** Needs network namespaces. The addresses are those of `chat`, `bob-laptop` and `carol-laptop` in the fake tailnet. */
export function createTailnetMachines(): TailnetMachines {
  const [chat, bob, carol] = [createMachine("chat"), createMachine("bob"), createMachine("carol")];
  addNetwork(chat, "tailscale0", [OWN_V4, OWN_V6]);
  plugIn(bob, "tailscale0", chat, "tailscale0", addressesOf("bob-laptop"));
  plugIn(carol, "tailscale0", chat, "tailscale0", addressesOf("carol-laptop"));
  return { chat, bob, carol };
}

function addressesOf(node: string): readonly string[] {
  return NODES[node]?.addresses.map((address) => `${address}/${address.includes(":") ? 48 : 10}`) ?? [];
}
