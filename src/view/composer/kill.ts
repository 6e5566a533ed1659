import { changed, type Composer, inserted, OTHER } from "./composer.ts";

const MAX_KILLS = 20;

/**
 * Cuts out from `from` to `to`, one of which is the cursor, to be yanked again. What is cut by keys in a row is yanked as one, in the order in
 * which it stood.
 */
export function killed(composer: Composer, from: number, to: number): Composer {
  if (from === to) return composer;
  const { text, cursor, kills, last } = composer;
  const cut = text.slice(from, to);
  const newest = last.kind === "killed" ? (kills.at(-1) ?? "") : "";
  const older = last.kind === "killed" ? kills.slice(0, -1) : kills;
  const kill = to === cursor ? cut + newest : newest + cut;
  return {
    ...changed(composer, text.slice(0, from) + text.slice(to), from),
    kills: [...older, kill].slice(-MAX_KILLS),
    last: { kind: "killed" },
  };
}

/** Puts back what was cut last. */
export function yanked(composer: Composer): Composer {
  return yankedNth(composer, composer.kills.length - 1);
}

/** Right after a yank: what was cut before, in its place; after the oldest, the newest. */
export function yankedOlder(composer: Composer): Composer {
  const { last, kills } = composer;
  if (last.kind !== "yanked") return composer;
  return yankedNth(last.before, (last.nth + kills.length - 1) % kills.length);
}

function yankedNth(before: Composer, nth: number): Composer {
  const kill = before.kills[nth];
  if (kill === undefined) return before;
  // Without what came before it: yanks in a row must not hold on to one another.
  return { ...inserted(before, kill), last: { kind: "yanked", nth, before: { ...before, last: OTHER } } };
}
