import { expect, test } from "vitest";
import { decodeServerLine } from "../../wire/classic/server-lines.ts";
import { advanceHandshake } from "./handshake.ts";
import type { Handshake } from "./handshake.ts";

const KEY = `04${"0a".repeat(64)}`;

/** The last step for these lines of a server. */
function run(...lines: readonly string[]) {
  let state: Handshake = { kind: "awaiting-registered" };
  for (const [index, line] of lines.entries()) {
    const step = advanceHandshake(state, decodeServerLine(line));
    if (step.kind !== "more" || index === lines.length - 1) return step;
    state = step.next;
  }
  throw new Error("a run needs lines");
}

test.each([
  ["REGISTERED", false],
  ["REGISTERED as operator", true],
])("CC-3 behind %s and the server's key the handshake is complete, without an acknowledgement", (first, operator) => {
  const complete = { kind: "complete", operator, serverKey: Buffer.from(KEY, "hex") };
  expect(run(first, "PUBLICKEY", KEY, "END PUBLICKEY")).toEqual(complete);
  const half = KEY.length / 2;
  expect(run(first, "PUBLICKEY", KEY.slice(0, half), KEY.slice(half), "END PUBLICKEY")).toEqual(complete);
});

test.each([
  [["PUBLICKEY"]],
  [["registered"]],
  [["REGISTERED", "REGISTERED"]],
  [["REGISTERED", KEY]],
  [["REGISTERED", "PUBLICKEY", "END PUBLICKEY"]],
  [["REGISTERED", "PUBLICKEY", KEY.slice(2), "END PUBLICKEY"]],
  [["REGISTERED", "PUBLICKEY", `${KEY}00`]],
  [["REGISTERED", "PUBLICKEY", KEY, KEY]],
  [["REGISTERED", "PUBLICKEY", "no hex"]],
])("CC-17 %j is no handshake", (lines) => {
  expect(run(...lines)).toEqual({ kind: "not-padserve" });
});

test("CC-17 an error at any point of the handshake is the server's refusal", () => {
  const error = { reason: "timed-out" };
  expect(run("ERROR Timed out")).toEqual({ kind: "refused", error });
  expect(run("REGISTERED", "ERROR Timed out")).toEqual({ kind: "refused", error });
  expect(run("REGISTERED", "PUBLICKEY", "ERROR Timed out")).toEqual({ kind: "refused", error });
});
