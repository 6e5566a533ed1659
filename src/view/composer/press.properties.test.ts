import * as fc from "fast-check";
import { expect, test } from "vitest";
import { context, inputs, pieces } from "../../../test/helpers/composer.ts";
import type { Edit } from "../keys/actions.ts";
import { clean } from "./clean.ts";
import { type Composer, newComposer } from "./composer.ts";
import type { Input, PressContext } from "./input.ts";
import { press } from "./press.ts";

const FORWARD: readonly Edit[] = ["kill-word-forward", "kill-to-end"];
const BACK: readonly Edit[] = ["kill-word-back", "kill-to-blank-back", "kill-to-start"];

/** Candidates of any sort, replacing more or less than a character. */
const contexts: fc.Arbitrary<PressContext> = fc.record({
  complete: fc
    .record({ length: fc.nat(4), candidates: fc.array(pieces, { maxLength: 3 }) })
    .map((completion) => () => completion),
  askPaste: fc.boolean(),
});

const histories = fc.array(pieces.map(clean), { maxLength: 4 });

/** Every composer on the way of a person who presses anything. */
function way(history: readonly string[], pressed: readonly Input[], around: PressContext): readonly Composer[] {
  const composers = [newComposer(history)];
  for (const input of pressed) composers.push(press(composers.at(-1)!, input, around).composer);
  return composers;
}

const ways = fc
  .tuple(histories, fc.array(inputs, { maxLength: 40 }), contexts)
  .map(([history, pressed, around]) => way(history, pressed, around));

/** Where composers stand that are asked nothing and search nothing. */
const plain = ways
  .map((composers) => composers.findLast(({ mode }) => mode.kind === "plain"))
  .filter((composer) => composer !== undefined);

test("CP-1 the cursor stays within the text and out of its characters, whatever is pressed", () => {
  const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
  fc.assert(
    fc.property(ways, (composers) => {
      for (const { text, cursor } of composers) {
        const starts = Array.from(segmenter.segment(text), ({ index }) => index);
        expect([...starts, text.length]).toContain(cursor);
      }
    }),
    { numRuns: 300 },
  );
});

test("CP-2 whatever is pressed, no text holds what a terminal obeys, a reader misreads or nobody can send", () => {
  fc.assert(
    fc.property(ways, (composers) => {
      for (const { text } of composers) {
        expect(text).not.toMatch(/(?!\n)\p{Cc}|[\u202a-\u202e\u2066-\u2069\u2028\u2029]/u);
        expect(text.isWellFormed()).toBe(true);
      }
    }),
  );
});

test("CP-5 what was cut is put back where it was", () => {
  fc.assert(
    fc.property(plain, fc.constantFrom(...FORWARD, ...BACK), (composer, kill) => {
      const start: Composer = { ...composer, last: { kind: "other" } };
      const cut = press(start, { kind: "edit", edit: kill }, context).composer;
      const length = start.text.length - cut.text.length;
      fc.pre(length > 0);
      // Where the rests flow together into one character, the cursor can't stay between them.
      fc.pre(cut.cursor === (FORWARD.includes(kill) ? start.cursor : start.cursor - length));
      expect(press(cut, { kind: "edit", edit: "yank" }, context).composer.text).toBe(start.text);
    }),
  );
});

test("CP-6 each change is undone by one undo", () => {
  fc.assert(
    fc.property(plain, inputs, (composer, input) => {
      const start: Composer = { ...composer, last: { kind: "other" } };
      fc.pre(input.kind !== "edit" || input.edit !== "undo");
      const { composer: next } = press(start, input, { ...context, askPaste: false });
      fc.pre(next.text !== start.text);
      const { text, cursor, at, pasted } = press(next, { kind: "edit", edit: "undo" }, context).composer;
      expect({ text, cursor, at, pasted }).toEqual({
        text: start.text,
        cursor: start.cursor,
        at: start.at,
        pasted: start.pasted,
      });
    }),
  );
});

test("CP-6 undoing all there is goes back to the very beginning", () => {
  fc.assert(
    fc.property(plain, (composer) => {
      const steps = composer.past.length;
      const undos = Array.from({ length: steps }, (): Input => ({ kind: "edit", edit: "undo" }));
      const first = undos.reduce((now, undo) => press(now, undo, context).composer, composer);
      expect(first.text).toBe("");
    }),
  );
});

test("CP-3 moving changes no text", () => {
  const moves: readonly Edit[] = ["left", "right", "word-left", "word-right", "line-start", "line-end"];
  fc.assert(
    fc.property(plain, fc.constantFrom(...moves), (composer, edit) => {
      const { text, cursor } = press(composer, { kind: "edit", edit }, context).composer;
      expect(text).toBe(composer.text);
      const back = edit === "left" || edit === "word-left" || edit === "line-start";
      expect(back ? cursor <= composer.cursor : cursor >= composer.cursor).toBe(true);
    }),
  );
});
