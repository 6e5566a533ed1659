/**
 * `npm run bench`: what Padserve costs, beside a bare program that sends the same bytes. It only tells: a goal that is
 * missed is printed, and the exit code is 0 all the same. docs/performance.md says what the figures mean.
 */
import { parseArgs } from "node:util";
import type { Figure } from "./figures.ts";
import { describeMachine, openFilesLimit } from "./machine.ts";
import type { Effort } from "./pair.ts";
import { figuresText, headText, jsonOf } from "./report.ts";
import { APPENDS_IN_FLIGHT, sealed, SEALED_BYTES } from "./sealed/scenario.ts";
import { connected } from "./sealed/connected.ts";
import { storms } from "./sealed/storm.ts";
import { BATCH, BYTES, sealing } from "./sealing/scenario.ts";
import { abuse, BYSTANDERS_PER_SECOND } from "./scenarios/abuse.ts";
import { direct } from "./scenarios/direct.ts";
import { fanOut, IN_FLIGHT, PER_SECOND } from "./scenarios/fan-out.ts";
import { BEFORE, filesNeeded, memory } from "./scenarios/memory.ts";
import { ABREAST, setUp } from "./scenarios/set-up.ts";
import { COMING_IN, IN_PANE, terminal } from "./scenarios/terminal.ts";
import { SERVER_ARGUMENTS } from "./subject.ts";
import { USAGE_SOURCE } from "./usage.ts";

const SCENARIOS: Readonly<Record<string, (effort: Effort) => Promise<readonly Figure[]>>> = {
  "fan-out": fanOut,
  direct,
  "set-up": setUp,
  memory,
  terminal,
  sealing,
  sealed,
  storm: storms,
  crowd: connected,
  abuse,
};

const FULL: Effort = { runs: 5, seconds: 0.8, pacedMessages: 40, visits: 1500, idleConnections: 4000, keys: 200 };
const QUICK: Effort = { runs: 2, seconds: 0.2, pacedMessages: 8, visits: 200, idleConnections: 2000, keys: 120 };

const USAGE = `npm run bench -- [--quick] [--only NAME]... [--json]
  --quick      fewer and shorter runs: a first impression in a minute and a half
  --only NAME  only this one of: ${Object.keys(SCENARIOS).join(", ")}
  --json       print one JSON value instead of text
`;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: Object.keys(SCENARIOS) },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const unknown = values.only.find((name) => !Object.hasOwn(SCENARIOS, name));
if (values.help) process.stdout.write(USAGE);
else if (unknown !== undefined) {
  process.stderr.write(`bench: there is no "${unknown}"\n${USAGE}`);
  process.exitCode = 2;
} else await bench(values.only, values.quick ? QUICK : FULL, values.json);

async function bench(names: readonly string[], effort: Effort, json: boolean): Promise<void> {
  const say = (text: string): void => void (json ? null : process.stdout.write(`${text}\n`));
  const machine = describeMachine();
  const method = methodOf(effort);
  const figures: Figure[] = [];
  const missing: string[] = [];
  say(headText({ method, machine }));
  for (const name of names) {
    const reason = name === "memory" ? whyNoMemory(effort) : null;
    if (reason !== null) {
      missing.push(reason);
      say(`${reason}\n`);
      continue;
    }
    const measured = (await SCENARIOS[name]?.(effort)) ?? [];
    figures.push(...measured);
    say(`${figuresText(measured)}\n`);
  }
  if (json) process.stdout.write(`${jsonOf({ method, machine, figures, missing })}\n`);
}

function methodOf({ runs, seconds, pacedMessages, idleConnections, keys }: Effort): readonly string[] {
  return [
    `The server runs as users start it (padserve serve ${SERVER_ARGUMENTS.join(" ")}), with SQLite, names, limits and`,
    "metrics on; the clients are in a process of their own, on loopback. Their lines are made before the time counts.",
    "The floor is a bare node:net program that writes ready-made lines of the same lengths to as many sockets, one",
    "write for each connection and turn of the event loop.",
    `Figures of each: ${USAGE_SOURCE}.`,
    `Server and floor take turns; told is the median of ${runs} runs of ${seconds} s each, after one that isn't counted.`,
    `Saturated: ${IN_FLIGHT} messages in flight. Latency: from sending to having the whole line, ${PER_SECOND} messages a second, over all who hear.`,
    `Set-up: ${ABREAST} clients at a time, each with a name new to the server, which is stored durably before it is acknowledged.`,
    `Memory: growth of resident memory over ${idleConnections} connections, divided by them; ${BEFORE} others came before, for which code was compiled.`,
    `Terminal: runs of ${keys} keys, each timed from the byte on standard input to the write of the frame that shows it, on a terminal that`,
    `only takes the time; ${IN_PANE} messages in the pane, and ${COMING_IN} a second coming in where it says so. Its floor is Ink itself`,
    "with as many rows of text and an input line.",
    `Sealing: messages of ${BYTES} B between two members of a warm group (everybody has committed once); saved each ${BATCH} in SQLite that waits`,
    "for the disk. Its floor is Ed25519 and AES-128-GCM of node:crypto over the same bytes: of a seal, an open, or, for commits, both together.",
    `Sealed: messages of ${SEALED_BYTES} B through the server, which stores them before it answers; to it, sealed bytes are bytes. Stored: its floor is a`,
    `bare node:sqlite program with the same durability and as many entries in a transaction as the server's had, with ${APPENDS_IN_FLIGHT} messages in flight.`,
    "Heard: its floor is a bare ws server that sends ready-made frames of the same lengths.",
    "Storm: devices that are connected ask for a room's turn in one moment. Who gets it comes in by a real external commit, who is added fetches",
    "its Welcome, without opening it; a member with an engine makes the commits. The floor is the same writer before, or the same crowd one by one.",
    `Abuse: one sends another ${3 * pacedMessages} direct messages, ${BYSTANDERS_PER_SECOND} a second, alone (its floor) and then while a third process`,
    "abuses the same server, which has the limits that users have; all three processes share the machine.",
  ];
}

function whyNoMemory({ idleConnections }: Effort): string | null {
  const limit = openFilesLimit();
  const needed = filesNeeded(idleConnections);
  return limit === null || limit >= needed
    ? null
    : `memory: not measured, for it needs ${needed} open files and this system allows ${limit} (see ulimit -Hn)`;
}
