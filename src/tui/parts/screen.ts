import { Box, useApp, useCursor, useWindowSize } from "ink";
import { createElement, useEffect, useSyncExternalStore, type ReactElement } from "react";
import type { DrawnChat } from "../pace.ts";
import type { Controller } from "../screen/controller.ts";
import { pictureOf, type Picture } from "../screen/picture.ts";
import { List } from "./list.ts";
import { Rows } from "./rows.ts";

/** Hands the terminal to somebody else until the promise resolves, and then draws everything afresh. */
export type LendTerminal = (borrower: () => Promise<void>) => Promise<void>;

export interface ScreenProps {
  /** A chat whose news are paced: Ink draws the whole screen for each. */
  readonly chat: DrawnChat;
  readonly controller: Controller;
  readonly onReady: (lend: LendTerminal) => void;
}

/** The whole screen: what the controller and the chat are, drawn. What is pressed doesn't come this way. */
export function Screen({ chat, controller, onReady }: ScreenProps): ReactElement {
  const snapshot = useSyncExternalStore(chat.subscribe, chat.getSnapshot);
  const state = useSyncExternalStore(controller.subscribe, controller.getSnapshot);
  const size = useWindowSize();
  const { suspendTerminal } = useApp();
  const { setCursorPosition } = useCursor();
  useEffect(() => onReady(suspendTerminal), [onReady, suspendTerminal]);
  const picture = pictureOf(snapshot, state, size);
  setCursorPosition(picture.cursor);
  return createElement(
    Box,
    { flexDirection: "column", width: size.columns, height: size.rows },
    createElement(Rows, { rows: picture.bar, width: size.columns }),
    createElement(Middle, { picture }),
    createElement(Rows, { rows: picture.status, width: size.columns }),
    createElement(Rows, { rows: picture.input, width: size.columns }),
  );
}

function Middle({ picture: { side, pane, members, regions } }: { readonly picture: Picture }): ReactElement {
  const { width, height } = regions.pane;
  return createElement(
    Box,
    { height, flexShrink: 0 },
    regions.side === 0 ? null : createElement(List, { rows: side, width: regions.side, border: "right" }),
    createElement(
      Box,
      { width, height, flexShrink: 0, alignItems: "flex-end" },
      createElement(Rows, { rows: pane, width }),
    ),
    regions.members === 0 ? null : createElement(List, { rows: members, width: regions.members, border: "left" }),
  );
}
