import { render } from "ink";
import { createElement } from "react";
import { bare } from "./bare.ts";
import type { TerminalOptions } from "./index.ts";
import { Keyboard } from "./keys/keyboard.ts";
import { paced } from "./pace.ts";
import { Screen, type LendTerminal } from "./parts/screen.ts";
import { CUT_ROWS, restoreAtEnd, WRAP_ROWS } from "./restore.ts";
import { Controller } from "./screen/controller.ts";
import { lookAtSize, stopped } from "./suspend.ts";

/** `openTerminal`, loaded when it is needed. */
export async function runTerminal({ chat, histories, remember, stdin, stdout }: TerminalOptions): Promise<void> {
  const forced = Promise.withResolvers<void>();
  let lend: LendTerminal | null = null;
  let leaving = false;
  let lent = false;
  /** What waits for any key, which then goes to nobody else. */
  let anyKey: (() => void) | null = null;
  const onEnd = (): void => {
    void chat.leave();
    forced.resolve();
  };
  const pressed = (): Promise<void> => new Promise((resolve) => void (anyKey = resolve));
  /** One borrower at a time. */
  const lendOnce = (borrower: () => Promise<void>): void => {
    if (lent || lend === null) return;
    lent = true;
    void lend(async () => {
      stdout.write(WRAP_ROWS);
      await borrower();
      stdout.write(CUT_ROWS);
    }).finally(() => void (lent = false));
  };
  const redraw = (): void => lendOnce(() => Promise.resolve());
  const size = (): { columns: number; rows: number } => ({ columns: stdout.columns, rows: stdout.rows });
  const controller = new Controller({
    chat,
    histories,
    remember,
    size,
    redraw,
    suspend: () => {
      lendOnce(async () => {
        keyboard.off();
        await stopped();
        keyboard.on();
        lookAtSize();
      });
    },
    showBare: () => {
      lendOnce(() => bare(chat.getSnapshot(), controller.getSnapshot(), size(), { stdout, anyKey: pressed }));
    },
    leave: () => {
      // Whoever asks twice does not want to wait for the server's goodbye.
      if (leaving) forced.resolve();
      leaving = true;
      void chat.leave();
    },
    now: () => performance.now(),
    after: (milliseconds, callback) => void setTimeout(callback, milliseconds).unref(),
  });
  const keyboard = new Keyboard({
    stdin,
    stdout,
    onStroke: (stroke) => {
      const waiting = anyKey;
      anyKey = null;
      if (waiting === null) controller.stroke(stroke);
      else waiting();
    },
    onGone: onEnd,
  });
  const news = paced(chat);
  controller.subscribe(news.drawn);
  const screen = createElement(Screen, { chat: news, controller, onReady: (ready) => void (lend = ready) });
  // Before the first frame invites to type: until then the kernel edits lines, and makes another key of Enter.
  keyboard.on();
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
  /** Somebody else has stopped us and let us go on: the terminal may be as the shell has it, and of another size. */
  const onContinue = (): void => {
    if (lent) return;
    keyboard.off();
    keyboard.on();
    lookAtSize();
    redraw();
  };
  process.on("SIGCONT", onContinue);
  const restore = restoreAtEnd({
    stdout,
    unmount: () => {
      process.off("SIGCONT", onContinue);
      keyboard.off();
      drawn.unmount();
    },
    onEnd,
  });
  try {
    await Promise.race([chat.ended(), forced.promise, drawn.waitUntilExit()]);
  } finally {
    restore();
  }
}
