/** Cells of the terminal. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Where things are on the screen; 0 means that there is no room for it. */
export interface Regions {
  /** Columns of the conversations at the left, with the line beside them. */
  readonly side: number;
  /** Columns of the members at the right, with the line beside them. */
  readonly members: number;
  /** Rows of the conversations at the top, where there is no room at the left. */
  readonly bar: number;
  readonly pane: { readonly width: number; readonly height: number };
  readonly status: number;
  /** The most rows that the input may have. */
  readonly input: number;
}

/** Cells between a list and the pane: a line, and a blank on either side of it. */
export const EDGE = 3;

/** Below this, things that help are left out; it can still be read and written. */
export const SMALLEST: Size = { columns: 40, rows: 10 };

/** @param inputRows what the input would like to have */
export function regionsOf({ columns, rows }: Size, inputRows: number, withMembers: boolean): Regions {
  const side = columns >= 120 ? 24 : columns >= 70 ? 20 : 0;
  const members = withMembers && columns >= 90 ? 16 : 0;
  const bar = side === 0 && rows >= SMALLEST.rows ? 1 : 0;
  const status = rows >= 3 ? 1 : 0;
  const input = Math.min(inputRows, mostInputRows({ rows }));
  const height = Math.max(0, rows - bar - status - input);
  return { side, members, bar, status, input, pane: { width: columns - side - members, height } };
}

/** A long text takes a third of the screen and then scrolls. */
export function mostInputRows({ rows }: Pick<Size, "rows">): number {
  return Math.max(1, Math.floor(rows / 3));
}

export function isTooSmall({ columns, rows }: Size): boolean {
  return columns < SMALLEST.columns || rows < SMALLEST.rows;
}
