import { render } from "ink";
import { createElement } from "react";
import { bare } from "./bare.ts";
import type { TerminalOptions } from "./index.ts";
import { paced } from "./pace.ts";
import { Screen, type LendTerminal } from "./parts/screen.ts";
import { CUT_ROWS, restoreAtEnd, WRAP_ROWS } from "./restore.ts";
import { Desk } from "./screen/desk.ts";
import { stopped } from "./suspend.ts";

/** `openTerminal`, loaded when it is needed. */
export async function runTerminal({ chat, histories, remember, stdin, stdout }: TerminalOptions): Promise<void> {
  const forced = Promise.withResolvers<void>();
  let lend: LendTerminal | null = null;
  let leaving = false;
  let lent = false;
  /** One borrower at a time; a key pressed meanwhile is the borrower's. */
  const lendOnce = (borrower: () => Promise<void>): void => {
    if (lent || lend === null) return;
    lent = true;
    void lend(async () => {
      stdout.write(WRAP_ROWS);
      await borrower();
      stdout.write(CUT_ROWS);
    }).finally(() => void (lent = false));
  };
  const size = (): { columns: number; rows: number } => ({ columns: stdout.columns, rows: stdout.rows });
  const desk = new Desk({
    chat,
    histories,
    remember,
    size,
    redraw: () => lendOnce(() => Promise.resolve()),
    suspend: () => lendOnce(stopped),
    showBare: () => lendOnce(() => bare(chat.getSnapshot(), desk.getSnapshot(), size(), { stdin, stdout })),
    leave: () => {
      // Whoever asks twice does not want to wait for the server's goodbye.
      if (leaving) forced.resolve();
      leaving = true;
      void chat.leave();
    },
  });
  const news = paced(chat);
  desk.subscribe(news.drawn);
  const screen = createElement(Screen, { chat: news, desk, onReady: (ready) => void (lend = ready) });
  const drawn = render(screen, {
    stdin,
    stdout,
    alternateScreen: true,
    incrementalRendering: true,
    // News are paced already, and keys shall wait for nothing.
    maxFps: 1000,
    exitOnCtrlC: false,
    patchConsole: false,
    interactive: true,
  });
  stdout.write(CUT_ROWS);
  const restore = restoreAtEnd({
    stdin,
    stdout,
    unmount: () => drawn.unmount(),
    onEnd: () => {
      void chat.leave();
      forced.resolve();
    },
  });
  try {
    await Promise.race([chat.ended(), forced.promise, drawn.waitUntilExit()]);
  } finally {
    restore();
  }
}
