import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Figure } from "../figures.ts";
import type { Effort } from "../pair.ts";
import { percentile } from "../statistics.ts";
import type { TerminalPlan, TerminalTimes } from "../terminal.ts";

/** Messages in the pane. */
export const IN_PANE = 10_000;
/** Messages a second that come in while somebody types. */
export const COMING_IN = 20;

const SIZES = [
  { columns: 120, rows: 40 },
  { columns: 200, rows: 60 },
];

/** How long a key takes until its frame is written. */
export async function terminal({ keys }: Effort): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const size of SIZES) {
    for (const perSecond of [0, COMING_IN]) {
      const plan = { ...size, messages: IN_PANE, perSecond, keys };
      const chat = Float64Array.from(await run({ ...plan, face: "chat" }));
      const bare = Float64Array.from(await run({ ...plan, face: "bare" }));
      const conditions = `${size.columns}x${size.rows}, ${IN_PANE} messages${perSecond === 0 ? "" : `, ${perSecond} more a second`}`;
      const common = { scenario: "terminal", conditions, unit: "ms" } as const;
      figures.push(
        {
          ...common,
          measured: "key to frame, p50",
          server: percentile(chat, 50),
          floor: percentile(bare, 50),
          goal: null,
        },
        {
          ...common,
          measured: "key to frame, p99",
          server: percentile(chat, 99),
          floor: percentile(bare, 99),
          goal: { most: 16, of: "figure" },
        },
      );
    }
  }
  return figures;
}

async function run(plan: TerminalPlan): Promise<TerminalTimes> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "..", "terminal.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
    // React's development build is never what people run.
    env: { ...process.env, NODE_ENV: "production" },
  });
  child.stdin.end(JSON.stringify(plan));
  const times: TerminalTimes = JSON.parse(await text(child.stdout));
  return times;
}
