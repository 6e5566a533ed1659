import * as v from "valibot";

/** Set by a face that starts an agent, to the state folder: the agent tells on the file `READY_FILE` how its start went, and ends when it isn't used. */
export const BACKGROUND = "PAD_AGENT_BACKGROUND";
export const READY_FILE = 3;
/** Seconds without a face after which an agent in the background ends. */
export const IDLE = "PAD_AGENT_IDLE";

const started = v.variant("kind", [
  v.object({ kind: v.literal("ready") }),
  v.object({ kind: v.literal("failed"), text: v.pipe(v.string(), v.maxLength(4096)) }),
]);
export type Started = v.InferOutput<typeof started>;

export function startedLine(of: Started): string {
  return `${JSON.stringify(of)}\n`;
}

/** Null: it ended before it said so. */
export function readStarted(text: string): Started | null {
  try {
    const result = v.safeParse(started, JSON.parse(text));
    return result.success ? result.output : null;
  } catch {
    return null;
  }
}
