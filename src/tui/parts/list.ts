/** `tui/parts`: the Ink components. They draw rows that are ready, and decide nothing. */

import { Box } from "ink";
import { createElement, memo, type ReactElement } from "react";
import { EDGE } from "../screen/regions.ts";
import { isSameRows, Rows, type RowsProps } from "./rows.ts";

interface ListProps extends RowsProps {
  readonly border: "left" | "right";
}

/** A list beside the pane, with a line towards it. */
export const List = memo(function List({ rows, width, border }: ListProps): ReactElement {
  const blank = border === "left" ? { marginLeft: 1, paddingLeft: 1 } : { marginRight: 1 };
  return createElement(
    Box,
    {
      width: width - 1,
      flexShrink: 0,
      borderStyle: LINE,
      borderDimColor: true,
      borderTop: false,
      borderBottom: false,
      borderLeft: border === "left",
      borderRight: border === "right",
      ...blank,
    },
    createElement(Rows, { rows, width: width - EDGE }),
  );
}, isSameRows);

/** ASCII, since Ink measures rows of nothing else ten times as fast. */
const LINE = {
  left: "|",
  right: "|",
  top: "-",
  bottom: "-",
  topLeft: "+",
  topRight: "+",
  bottomLeft: "+",
  bottomRight: "+",
};
