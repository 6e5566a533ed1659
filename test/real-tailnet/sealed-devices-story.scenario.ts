/** The story in docs/six-devices.md, played in real windows as it stands there; `npm run test:tailnet -- sealed-devices-story`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { test } from "./scene.ts";
import { Story, type Machine } from "./story.ts";
import { HAS_TMUX } from "../helpers/terminal.ts";

const PAGE = join(import.meta.dirname, "../../docs/six-devices.md");

test.skipIf(!HAS_TMUX)(
  "RT-37 three people with two devices each, one away and back, one removed, the server killed in between: what each window says is what docs/six-devices.md shows",
  { timeout: 400_000 },
  async ({ tailnet, chat, alice, alicesPhone, bob, bobsPhone, carol }) => {
    const carolsNas = await tailnet.join("carol-nas", { user: "carol" });
    const machines: readonly Machine[] = [
      { node: alice, name: "alice" },
      { node: alicesPhone, name: "alice" },
      { node: bob, name: "bob" },
      { node: bobsPhone, name: "bob" },
      { node: carol, name: "carol" },
      { node: carolsNas, name: "carol" },
    ];
    const page = readFileSync(PAGE, "utf8");
    const blocks = Array.from(page.matchAll(/^```text\n(.*?)^```$/gms), ([, block = ""]) => block);
    expect(blocks.length).toBeGreaterThan(2);
    const story = new Story(chat, machines);
    for (const block of blocks) expect(await story.play(block)).toBe(block);
  },
);
