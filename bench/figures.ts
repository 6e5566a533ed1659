/** One measured thing: the server's figure beside the floor's. */
export interface Figure {
  readonly scenario: string;
  /** What was done, as `100 clients, 64 B`. */
  readonly conditions: string;
  readonly measured: string;
  readonly unit: Unit;
  readonly server: number;
  readonly floor: number;
  readonly goal: Goal | null;
}

export type Unit = "µs" | "ms" | "kB" | "/s";

/** The most that a figure may be, in its own unit or as a multiple of the floor's; or the least. */
type Goal =
  | { readonly most: number; readonly of: "figure" | "ratio" }
  | { readonly least: number; readonly of: "figure" };

/** How many times the floor's figure the server's is. */
export function ratioOf({ server, floor }: Figure): number {
  return server / floor;
}

/** Null when there is no goal. */
export function isGoalMet(figure: Figure): boolean | null {
  if (figure.goal === null) return null;
  if ("least" in figure.goal) return figure.server >= figure.goal.least;
  return (figure.goal.of === "ratio" ? ratioOf(figure) : figure.server) <= figure.goal.most;
}
