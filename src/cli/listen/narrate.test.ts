import { expect, test } from "vitest";
import { narrator, type Narrated } from "./narrate.ts";

function waiting(attempt: number): Narrated {
  return { kind: "state", state: { kind: "waiting", attempt, delay: 0, loss: { kind: "closed" } } };
}

test("CM-16 each loss is told once, also one soon after the last, whose attempts are counted on", () => {
  const notes: string[] = [];
  const narrate = narrator({ server: { host: "chat", port: 12345 }, id: "nas" }, (line) => notes.push(line));
  const online: Narrated = { kind: "state", state: { kind: "online", operator: false } };
  for (const event of [online, waiting(0), waiting(1), online, waiting(2), waiting(3), online]) narrate(event);
  const lost = "chat closed the connection. Trying again until it comes back.";
  expect(notes).toEqual(["Listening on chat as nas.", lost, "Listening again.", lost, "Listening again."]);
});
