import type { Options } from "../../args/options.ts";
import { SCRIPT_OPTIONS } from "../script.ts";
import { CLASSIC_OPTION } from "../sealed/attach.ts";

export const LISTEN_OPTIONS = {
  ...SCRIPT_OPTIONS,
  ...CLASSIC_OPTION,
  from: {
    kind: "texts",
    placeholder: "ID",
    help: "only messages from these, in any case (repeatable, or with commas)",
  },
  to: { kind: "text", placeholder: "WHOM", oneOf: ["me", "ALL"], help: "only those to me, or only those to ALL" },
  json: { kind: "flag", help: "print each as a JSON object: at, from, to, text; sealed ones: see docs/scripts.md" },
  since: {
    kind: "number",
    placeholder: "NUMBER",
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    help: "of a room or person: begin with what came after the message with that number",
  },
  count: { kind: "number", placeholder: "N", min: 1, max: 1_000_000_000, help: "leave after this many messages" },
  timeout: {
    kind: "number",
    placeholder: "SECONDS",
    min: 0.1,
    // Node's timers go up to 2^31 - 1 milliseconds.
    max: 2_147_483,
    fractions: true,
    help: "leave after listening so long (exit code 3 when --count says how many, and they have not come)",
  },
  queue: {
    kind: "number",
    placeholder: "N",
    min: 1,
    max: 100_000,
    help: "how many may wait while one is handled (default 1000); what is too much is dropped and counted",
  },
} as const satisfies Options;
