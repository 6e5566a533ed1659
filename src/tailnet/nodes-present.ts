import type { LocalApi } from "./local-api/client.ts";
import type { Monitor } from "./monitor.ts";

/** Which nodes the tailnet has now, and for how long that has been watched. */
export interface NodesPresent {
  /** Stable ids of all nodes in this machine's network map, its own among them. One that a policy hides is missing, too. */
  readonly nodes: readonly string[];
  /** Milliseconds since the last such report in which Tailscale was Running without a break; 0 for the first and after a break. */
  readonly elapsed: number;
}

export interface NodesPresentOptions {
  readonly api: Pick<LocalApi, "netMap">;
  readonly monitor: Pick<Monitor, "current" | "onChange">;
  /** Milliseconds between two looks at the map. */
  readonly every?: number;
  readonly onReport: (report: NodesPresent) => void;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

/** Some kilobytes for each node: not read more often than absence, which is counted in hours, needs it. */
const EVERY = 120_000;

/**
 * Reports which nodes are there, as long as Tailscale is Running. While it isn't, its map is an old one or none, so nothing is
 * reported, and the time counts as nobody's absence. Returns the way to stop it.
 */
export function followNodesPresent({ api, monitor, every = EVERY, onReport, now }: NodesPresentOptions): () => void {
  let stopped = false;
  let asking = false;
  /** When the last report was; null: none yet, or Tailscale has not been Running all the time since. */
  let last: number | null = null;

  const timer = setInterval(() => void look(), every);
  timer.unref();
  const forget = monitor.onChange(({ state }) => {
    if (state.kind === "running") void (last === null && look());
    else last = null;
  });
  void look();

  async function look(): Promise<void> {
    if (asking || stopped || monitor.current().state.kind !== "running") return;
    asking = true;
    const before = last;
    const map = await api.netMap();
    asking = false;
    // Looked at after the answer as well: a break meanwhile has forgotten the last report.
    if (stopped || !map.ok || !map.value.running || monitor.current().state.kind !== "running") return;
    const at = now();
    const elapsed = before === null || last === null ? 0 : at - last;
    last = at;
    onReport({ nodes: map.value.nodes, elapsed });
  }

  return () => {
    stopped = true;
    clearInterval(timer);
    forget();
  };
}
