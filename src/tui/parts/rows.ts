import { Box, Text } from "ink";
import { createElement, memo, type ReactElement } from "react";

/** Painted rows below each other. One node for each row, since Ink's cost for a frame is that of its nodes and their text. */
export const Rows = memo(function Rows({ rows, width }: RowsProps): ReactElement {
  return createElement(
    Box,
    { flexDirection: "column", width, flexShrink: 0 },
    // Ink gives an empty text no row. A row's place is what it is: React need not move rows when the pane scrolls.
    // oxlint-disable-next-line react/no-array-index-key
    rows.map((row, nth) => createElement(Text, { key: nth, wrap: "truncate" }, row === "" ? " " : row)),
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
