import { EXIT } from "../../args/exit-codes.ts";
import type { Device } from "../../client/index.ts";
import { escapedLine, visibleLine } from "../../text/visible.ts";
import { beginsCode, isWholeCode } from "../../view/waiting-code.ts";
import type { Explanation } from "../explain.ts";
import { isoTime } from "../sealed/message.ts";

/** Keys in this order. */
export function deviceObject({ id, label, status, lastSeen, isOnline, code, isThis }: Device): object {
  return {
    id,
    label,
    status,
    lastSeen: lastSeen === null ? null : isoTime(lastSeen),
    online: isOnline,
    code,
    this: isThis,
  };
}

export function deviceLine({ id, label, status, lastSeen, isOnline, code, isThis }: Device): string {
  const unseen = isOnline === false ? "never" : "-";
  const seen = isOnline === true ? "now" : lastSeen === null ? unseen : isoTime(lastSeen);
  const columns = [`${isThis ? "*" : ""}${escapedLine(label)}`, status, seen, escapedLine(id)];
  return `${[...columns, ...(code === null ? [] : [escapedLine(code)])].join("\t")}\n`;
}

/**
 * The device that words mean: its code, while it waits; else the beginning of that, its id or the beginning of that, or its label, in any case
 * of letters. Of several nobody is chosen.
 * @param which what is looked for among, for people
 */
export function chosen(
  all: readonly Device[],
  words: string,
  which: string,
): { readonly device: Device } | Explanation {
  const exact = all.filter(({ id }) => id === words);
  const begun = exact.length > 0 || words === "" ? exact : all.filter(({ id }) => id.startsWith(words));
  const called = all.filter(({ label }) => label.toLowerCase() === words.toLowerCase());
  const coded = all.filter(({ code }) => isWholeCode(words, code));
  const codes = all.filter(({ code }) => beginsCode(words, code));
  // Whoever asks chooses its label.
  const found = coded.length > 0 ? coded : [...new Set([...begun, ...called, ...codes])];
  const [device, ...others] = found;
  if (device === undefined) {
    return {
      text: `None of your devices ${which} is called ${visibleLine(words)}. List them: pad devices`,
      code: EXIT.refused,
    };
  }
  if (others.length === 0) return { device };
  const ids = found.map((one) => `${visibleLine(one.label)} ${visibleLine(one.id)}${seenOf(one)}`).join(", ");
  return { text: `${visibleLine(words)} may be any of these: ${ids}. Say which by its id.`, code: EXIT.refused };
}

/** What tells apart two of one name. */
function seenOf({ isThis, isOnline, lastSeen }: Device): string {
  if (isThis) return " (this one)";
  if (isOnline === true) return " (here now)";
  if (lastSeen !== null) return ` (last seen ${isoTime(lastSeen)})`;
  return isOnline === false ? " (has not come yet)" : "";
}
