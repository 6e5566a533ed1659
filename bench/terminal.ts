/**
 * One run of the terminal: a process of its own draws on a terminal that only takes the time. Its standard input has the plan, its
 * standard output the times.
 */
import { text } from "node:stream/consumers";
import { openBare, openChat } from "./terminal/faces.ts";
import { typeKeys } from "./terminal/typist.ts";

export interface TerminalPlan {
  readonly face: "chat" | "bare";
  readonly columns: number;
  readonly rows: number;
  /** Messages in the pane before the first key. */
  readonly messages: number;
  /** Messages that come in while keys are typed; 0: none. */
  readonly perSecond: number;
  readonly keys: number;
}

/** Milliseconds from each key to its frame. */
export type TerminalTimes = readonly number[];

const plan: TerminalPlan = JSON.parse(await text(process.stdin));
const times: TerminalTimes = await typeKeys(plan, plan.face === "chat" ? openChat : openBare);
process.stdout.write(JSON.stringify(times));
process.exit(0);
