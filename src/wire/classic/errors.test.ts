import * as fc from "fast-check";
import { expect, test } from "vitest";
import { errorText, parseError } from "./errors.ts";
import type { ClassicError } from "./errors.ts";

/** A case for each reason, and the words of PROTOCOL.md for it. */
const CASES: {
  readonly [R in ClassicError["reason"]]: readonly (readonly [Extract<ClassicError, { reason: R }>, string])[];
} = {
  "unknown-command": [
    [{ reason: "unknown-command", line: "hello there" }, "Unknown command: hello there"],
    [{ reason: "unknown-command", line: "" }, "Unknown command: "],
  ],
  malformed: (["REGISTER", "SEND", "KICK", "BAN", "UNBAN"] as const).map((verb) => [
    { reason: "malformed", verb },
    `Invalid ${verb} command`,
  ]),
  "one-target-expected": (["KICK", "BAN", "UNBAN"] as const).map((verb) => [
    { reason: "one-target-expected", verb },
    `Usage: ${verb} <clientID>`,
  ]),
  "not-registered": [[{ reason: "not-registered" }, "Not registered"]],
  "already-registered": [[{ reason: "already-registered" }, "Already registered"]],
  "invalid-name": [[{ reason: "invalid-name" }, "Invalid client ID"]],
  "name-taken": [[{ reason: "name-taken" }, "Client name already registered"]],
  "name-has-key": [
    [
      { reason: "name-has-key" },
      "This name belongs to a device that seals, and nobody can use it without its key: use pad chat with that device's folder, or another name",
    ],
  ],
  "no-open-room": [[{ reason: "no-open-room" }, "This server has sealed rooms only: use pad chat"]],
  "too-many-names": [[{ reason: "too-many-names" }, "Too many names"]],
  "you-are-banned": [[{ reason: "you-are-banned" }, "You are banned from this server"]],
  "no-shared-secret": [[{ reason: "no-shared-secret" }, "Shared secret not established"]],
  "invalid-payload": [[{ reason: "invalid-payload" }, "Invalid encrypted data"]],
  undecryptable: [[{ reason: "undecryptable" }, "Decryption failed"]],
  "invalid-text": [[{ reason: "invalid-text" }, "Invalid text"]],
  "invalid-key": [[{ reason: "invalid-key" }, "Invalid public key"]],
  "recipient-not-found": [[{ reason: "recipient-not-found" }, "Recipient not found"]],
  "too-many-messages": [[{ reason: "too-many-messages" }, "Too many messages"]],
  "not-operator": [[{ reason: "not-operator" }, "Not authorized as operator"]],
  "operator-immune": [
    [{ reason: "operator-immune", action: "kick" }, "Cannot kick the operator"],
    [{ reason: "operator-immune", action: "ban" }, "Cannot ban the operator"],
  ],
  "target-not-found": [[{ reason: "target-not-found", target: "bob" }, "Client bob not found"]],
  "not-banned": [[{ reason: "not-banned", target: "bob" }, "Client bob not found in banned list"]],
  "line-too-long": [[{ reason: "line-too-long" }, "Line too long"]],
  "timed-out": [[{ reason: "timed-out" }, "Timed out"]],
  "server-full": [[{ reason: "server-full" }, "Server is full"]],
  "not-a-member": [[{ reason: "not-a-member" }, "Not a member of this tailnet"]],
  "identity-unavailable": [[{ reason: "identity-unavailable" }, "Identity unavailable"]],
  "storage-failed": [[{ reason: "storage-failed" }, "Server storage failed"]],
};

const cases: readonly (readonly [ClassicError, string])[] = Object.values(CASES).flat();

test.each(cases)("CL-22 the refusal $reason has its words, to the letter", (error, text) => {
  expect(errorText(error)).toBe(text);
});

test.each(cases)("CL-23 the words of $reason are read back as the same error", (refusal, text) => {
  expect(parseError(text)).toEqual(refusal);
});

test("CL-23 no two errors share their words", () => {
  expect(new Set(cases.map(([, text]) => text)).size).toBe(cases.length);
});

test("CL-23 a target may be called anything that is one word, also a word of the sentence", () => {
  for (const target of ["not", "found", "name", "Client", "list", "x:"]) {
    expect(parseError(`Client ${target} not found`)).toEqual({ reason: "target-not-found", target });
    expect(parseError(`Client ${target} not found in banned list`)).toEqual({ reason: "not-banned", target });
  }
});

test("CL-24 words that no server of ours says are no error of the list, and never throw", () => {
  for (const text of ["", "Nonsense", "not registered", "Client not found", "Client a b not found", "constructor"]) {
    expect(parseError(text), text).toBeNull();
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      const error = parseError(text);
      if (error !== null) expect(errorText(error)).toBe(text);
    }),
  );
});
