import { Box, Transform } from "ink";
import { createElement, memo, type ReactElement } from "react";

/**
 * Painted rows below each other. Ink would measure and clean each text again for every frame, and ours have been: so each
 * row is one mark to it, which becomes the row when it is written.
 */
export const Rows = memo(function Rows({ rows, width }: RowsProps): ReactElement {
  return createElement(
    Box,
    { flexDirection: "column", width, flexShrink: 0 },
    // A row's place is what it is: React need not move rows when the pane scrolls.
    // oxlint-disable-next-line react/no-array-index-key
    rows.map((row, nth) => createElement(Transform, { key: nth, transform: () => row, accessibilityLabel: row }, "-")),
  );
}, isSameRows);

export interface RowsProps {
  readonly rows: readonly string[];
  readonly width: number;
}

export function isSameRows(one: RowsProps, other: RowsProps): boolean {
  return (
    one.width === other.width &&
    one.rows.length === other.rows.length &&
    one.rows.every((row, nth) => row === other.rows[nth])
  );
}
