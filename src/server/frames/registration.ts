import type { Decision } from "../../core/decision.ts";
import type { Refusal } from "../../wire/frames/refusals.ts";
import { refusalOfCore } from "./outbound.ts";

/** What became of a name that was asked for in a hello. */
export function registration(
  decision: Decision,
  name: string,
): Refusal | { readonly name: string; readonly operator: boolean } {
  switch (decision.kind) {
    case "refused":
      return refusalOfCore(decision.refusal);
    case "done": {
      const registered = decision.events.find((event) => event.kind === "session-registered");
      return { name: registered?.name ?? name, operator: (registered?.operator ?? null) !== null };
    }
    case "unchanged":
    case "session-gone":
      return { reason: "not-registered" };
  }
}
