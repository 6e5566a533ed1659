import * as v from "valibot";

/**
 * The variable in which a face that starts an agent gives it the state folder. Such an agent says on the file descriptor `READY_FILE` how its
 * start went, and ends when nobody uses it.
 */
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
