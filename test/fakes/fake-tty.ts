import { PassThrough } from "node:stream";

/** A keyboard on which `write` types. */
export type FakeKeyboard = PassThrough & NodeJS.ReadStream;

/** A terminal's two ends without a terminal, as far as Ink and we use them. */
export function fakeTty(
  columns: number,
  rows: number,
): { readonly stdin: FakeKeyboard; readonly stdout: NodeJS.WriteStream & PassThrough } {
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    isRaw: false,
    setRawMode: () => stdin,
    ref: () => stdin,
    unref: () => stdin,
  });
  const stdout = Object.assign(new PassThrough(), { columns, rows, isTTY: true });
  // What a terminal has besides is used by nobody here.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { stdin: stdin as unknown as FakeKeyboard, stdout: stdout as unknown as NodeJS.WriteStream & PassThrough };
}
