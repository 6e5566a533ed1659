/**
 * One run of the terminal: a process of its own draws on a terminal that only takes the time. Its standard input has the plan, its
 * standard output the times.
 */
import { text } from "node:stream/consumers";
import { openBare, openChat } from "./terminal/faces.ts";
import type { TerminalPlan, TerminalTimes } from "./terminal/plan.ts";
import { typeKeys } from "./terminal/typist.ts";

const plan: TerminalPlan = JSON.parse(await text(process.stdin));
const times: TerminalTimes = await typeKeys(plan, plan.face === "chat" ? openChat : openBare);
process.stdout.write(JSON.stringify(times));
process.exit(0);
