import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Figure } from "../figures.ts";
import type { Effort } from "../pair.ts";
import { median, percentile } from "../statistics.ts";
import type { TerminalPlan, TerminalTimes } from "../terminal/plan.ts";

/** Messages in the pane. */
export const IN_PANE = 10_000;
/** Messages a second that come in while somebody types. */
export const COMING_IN = 20;

const SIZES = [
  { columns: 120, rows: 40 },
  { columns: 200, rows: 60 },
];

/** How long a key takes until its frame is written. */
export async function terminal({ runs, keys }: Effort): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const size of SIZES) {
    for (const perSecond of [0, COMING_IN]) figures.push(...(await typed({ ...size, perSecond, keys }, runs)));
  }
  return figures;
}

type Conditions = Omit<TerminalPlan, "face" | "messages">;

/** Terminal and floor take turns; told are the medians of the runs, half as many as of others since each has hundreds of keys. */
async function typed(plan: Conditions, runs: number): Promise<readonly Figure[]> {
  const chat: TerminalTimes[] = [];
  const bare: TerminalTimes[] = [];
  for (let nth = 0; nth < runs / 2; nth += 1) {
    chat.push(await run({ ...plan, messages: IN_PANE, face: "chat" }));
    bare.push(await run({ ...plan, messages: IN_PANE, face: "bare" }));
  }
  return ([50, 99] as const).map((percent) => ({
    scenario: "terminal",
    conditions: conditionsOf(plan),
    measured: `key to frame, p${percent}`,
    unit: "ms",
    server: median(chat.map((times) => percentile(Float64Array.from(times), percent))),
    floor: median(bare.map((times) => percentile(Float64Array.from(times), percent))),
    goal: percent === 99 ? { most: 16, of: "figure" } : null,
  }));
}

function conditionsOf({ columns, rows, perSecond }: Conditions): string {
  return `${columns}x${rows}, ${IN_PANE} messages${perSecond === 0 ? "" : `, ${perSecond} more a second`}`;
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
