import type { SessionId } from "../../src/core/events.ts";
import type { Notice } from "../../src/core/notices.ts";
import type { Delivery } from "../../src/core/ports.ts";

export interface Heard<N = Notice> {
  readonly to: SessionId;
  readonly notice: N;
}

/** Deliveries, spelled out for each session that hears them. */
export function oneByOne<N>(deliveries: readonly Delivery<N>[]): readonly Heard<N>[] {
  return deliveries.flatMap(({ to, except, notice }) =>
    to.filter((session) => session !== except).map((session) => ({ to: session, notice })),
  );
}
