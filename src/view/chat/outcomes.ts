import type { Outcome } from "../../client/index.ts";
import { explainFailure } from "../explain.ts";
import type { Delivery } from "./snapshot.ts";

/** How an own message ended, for those who see it. */
export function deliveryOf(outcome: Outcome, server: string): Delivery {
  switch (outcome.kind) {
    case "taken":
    case "unknown":
      return { kind: outcome.kind };
    default:
      return { kind: "refused", why: explainFailure(outcome, server) };
  }
}
