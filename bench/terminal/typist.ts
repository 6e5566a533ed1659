import { PassThrough } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { Ends, Face, TerminalPlan, TerminalTimes } from "./plan.ts";

/** Types letters, one when the frame of the one before has been written for a while, and times each. */
export async function typeKeys(
  plan: TerminalPlan,
  open: (plan: TerminalPlan, ends: Ends) => Promise<Face>,
): Promise<TerminalTimes> {
  let onWrite: ((data: string) => void) | null = null;
  const { keyboard, ends } = fakeTerminal(plan, (data) => onWrite?.(data));
  const face = await open(plan, ends);
  await delay(SETTLE);
  let nth = 0;
  const news = plan.perSecond === 0 ? null : setInterval(() => face.hear((nth += 1)), 1000 / plan.perSecond);
  const times: number[] = [];
  for (let key = 0; key < plan.keys + WARM_UP; key += 1) {
    const letter = LETTERS[key % LETTERS.length] ?? "";
    // A line is no longer than the letters: with Ctrl-U it begins again.
    if (key > 0 && key % LETTERS.length === 0) keyboard.write("\u0015");
    await delay(PAUSE + (key % 7));
    const time = await timed(letter);
    if (key >= WARM_UP) times.push(time);
  }
  if (news !== null) clearInterval(news);
  return times;

  /** Until the frame is written that shows the letter; messages have none of these letters. */
  function timed(letter: string): Promise<number> {
    return new Promise((resolve) => {
      const start = performance.now();
      onWrite = (data) => {
        if (!data.includes(letter)) return;
        onWrite = null;
        resolve(performance.now() - start);
      };
      keyboard.write(letter);
    });
  }
}

const LETTERS = Array.from("ABEGIJKLMNOPQRSTUVWXYZ");
/** Keys that aren't counted: code is compiled while they are pressed. */
const WARM_UP = 100;
/** Milliseconds before the next key, and some more so that keys come at any time: the pace of a key that is held down. */
const PAUSE = 12;
/** Milliseconds after which the first frame is long drawn. */
const SETTLE = 500;

function fakeTerminal(
  { columns, rows }: TerminalPlan,
  wrote: (data: string) => void,
): { readonly keyboard: PassThrough; readonly ends: Ends } {
  const keyboard: PassThrough = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: () => keyboard,
    ref: () => keyboard,
    unref: () => keyboard,
  });
  const stdout = Object.assign(new PassThrough(), { columns, rows, isTTY: true });
  stdout.on("data", (data: Buffer) => wrote(data.toString()));
  // What a terminal has besides is used by nobody here.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { keyboard, ends: { stdin: keyboard, stdout } as unknown as Ends };
}
