import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Owner } from "./headscale.ts";
import { visit } from "./scene.ts";
import { startTailnet } from "./tailnet.ts";

const OPERATOR = "REGISTERED as operator";

const PEOPLE: Readonly<Record<string, Owner>> = {
  alice: { user: "alice" },
  bob: { user: "bob" },
  carol: { user: "carol" },
  bot: { tags: ["tag:bot"] },
  moderator: { tags: ["tag:moderator"] },
};

/** What each policy of docs/policies lets people do at a server's node that is tagged `tag:chat`. */
const POLICIES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  everybody: { alice: "REGISTERED", carol: "REGISTERED", bot: "REGISTERED" },
  operators: { alice: OPERATOR, bob: OPERATOR, carol: "REGISTERED" },
  bots: { alice: OPERATOR, carol: "REGISTERED", bot: "REGISTERED", moderator: OPERATOR },
};

const folder = join(import.meta.dirname, "../../docs/policies");

for (const file of readdirSync(folder)) {
  const name = basename(file, ".hujson");
  test(`RT-24 the policy that we tell administrators to use does what it says: ${name}`, async () => {
    const tailnet = await startTailnet();
    onTestFinished(() => tailnet.stop());
    // A policy may name only people whom headscale knows. One node at a time: others might not be let see it.
    const guests = await Promise.all(["alice", "bob"].map((person) => tailnet.join(person, { user: person })));
    await Promise.all(guests.map((guest) => guest.tailscale("down")));
    await tailnet.policy(readFileSync(join(folder, file), "utf8"));
    const chat = await tailnet.join("chat", { tags: ["tag:chat"] });
    await chat.serve();
    const expected = POLICIES[name];
    const answers: Record<string, string> = {};
    for (const who of Object.keys(expected ?? {})) {
      const node = await tailnet.join(`${who}-laptop`, PEOPLE[who] ?? { user: who });
      answers[who] = await visit(node, who, chat);
      await node.tailscale("down");
    }
    expect(answers).toEqual(expected);
  });
}
