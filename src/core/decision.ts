import type { Event } from "./events.ts";
import type { Refusal } from "./refusals.ts";

/** Events, or a refusal for whoever asked. No events: the command changes nothing and nobody need hear of it. */
export type Decision = { readonly events: readonly Event[] } | { readonly refusal: Refusal };
