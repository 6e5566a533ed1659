import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeServerLine, encodeServerLine } from "./server-lines.ts";
import type { ServerLine } from "./server-lines.ts";

/** Every line that PROTOCOL.md quotes, to the letter, and what it means. */
const LINES: readonly (readonly [string, ServerLine])[] = [
  ["REGISTERED", { kind: "registered", operator: false }],
  ["REGISTERED as operator", { kind: "registered", operator: true }],
  ["PUBLICKEY", { kind: "public-key-begin" }],
  ["04ab9f", { kind: "hex", hex: "04ab9f" }],
  ["END PUBLICKEY", { kind: "public-key-end" }],
  ["CLIENTPUBKEY_RECEIVED", { kind: "public-key-received" }],
  ["BROADCAST from alice: 4f|27", { kind: "broadcast", from: "alice", field: "4f|27" }],
  ["BROADCAST SENT", { kind: "broadcast-sent" }],
  ["MESSAGE from alice: |", { kind: "message", from: "alice", field: "|" }],
  ["BEGIN_RESPONSE", { kind: "response-begin" }],
  ["END_RESPONSE", { kind: "response-end" }],
  ["CLIENT bob", { kind: "client", id: "bob" }],
  ["Available server commands:", { kind: "help-heading", operator: false }],
  ["Operator commands:", { kind: "help-heading", operator: true }],
  ["LIST - List all connected clients", { kind: "help-entry", usage: "LIST", text: "List all connected clients" }],
  [
    "KICK <clientID> - Kick a client from the server",
    { kind: "help-entry", usage: "KICK <clientID>", text: "Kick a client from the server" },
  ],
  ["END SERVERHELP", { kind: "help-end" }],
  ["SERVERINFO Server: box", { kind: "host", verb: "SERVERINFO", name: "box" }],
  [
    "SERVERINFO Tailscale IP(s): 100.64.0.1, fd7a:115c:a1e0::1",
    { kind: "addresses", verb: "SERVERINFO", addresses: ["100.64.0.1", "fd7a:115c:a1e0::1"] },
  ],
  ["SERVERINFO No Tailscale IP", { kind: "addresses", verb: "SERVERINFO", addresses: [] }],
  ["INFO Server: box", { kind: "host", verb: "INFO", name: "box" }],
  ["INFO Tailscale IP(s): 100.64.0.1", { kind: "addresses", verb: "INFO", addresses: ["100.64.0.1"] }],
  ["INFO No Tailscale IP", { kind: "addresses", verb: "INFO", addresses: [] }],
  ["SUCCESS Kicked client bob", { kind: "success", action: "kick", id: "bob" }],
  ["SUCCESS Banned client bob", { kind: "success", action: "ban", id: "bob" }],
  ["SUCCESS Unbanned client bob", { kind: "success", action: "unban", id: "bob" }],
  ["KICKED You have been kicked by the operator", { kind: "you-were-kicked" }],
  ["BANNED You have been banned by the operator", { kind: "you-were-banned" }],
  ["BANNED bob", { kind: "banned", id: "bob" }],
  ["No clients are currently banned", { kind: "no-bans" }],
  ["ERROR Client bob not found", { kind: "error", error: { reason: "target-not-found", target: "bob" } }],
];

/** What only the first generation says. */
const FIRST_GENERATION: readonly (readonly [string, ServerLine])[] = [
  ["LISTED", { kind: "list-end" }],
  ["INFO Tailscale IP: 100.64.0.1", { kind: "info-address", address: "100.64.0.1" }],
  ["INFO LISTED", { kind: "info-end" }],
  ["SERVERHELP LISTED", { kind: "help-listed" }],
];

describe("texts", () => {
  test.each(LINES)("CL-15 a server says %s to the letter", (text, line) => {
    expect(encodeServerLine(line)).toBe(`${text}\n`);
    expect(decodeServerLine(text)).toEqual(line);
  });

  test.each(FIRST_GENERATION)("CL-16 the first generation's %s is read", (text, line) => {
    expect(decodeServerLine(text)).toEqual(line);
    expect(encodeServerLine(line)).toBe(`${text}\n`);
  });

  test("CL-17 outer blanks and line ends of a server's line are trimmed", () => {
    expect(decodeServerLine(" LISTED \r\n")).toEqual({ kind: "list-end" });
    expect(decodeServerLine("ERROR Unknown command: \r\n")).toEqual({
      kind: "error",
      error: { reason: "unknown-command", line: "" },
    });
  });

  test("CL-18 an id that ends in a colon, as old servers allow, doesn't break the reading", () => {
    expect(decodeServerLine("MESSAGE from x:: 4f|27")).toEqual({ kind: "message", from: "x:", field: "4f|27" });
    expect(decodeServerLine("BROADCAST from :: |")).toEqual({ kind: "broadcast", from: ":", field: "|" });
  });

  test("CL-19 a line that nobody knows is text, and an error with unknown words keeps them", () => {
    for (const text of [
      "",
      "hello",
      "MESSAGE from alice",
      "MESSAGE from : x",
      "MESSAGE from al ice: x",
      "MESSAGE form alice: x",
      "BROADCAST from alice: x y",
      "BROADCAST SENT twice",
      "CLIENT",
      "CLIENT a b",
      "BANNED You have been",
      "KICKED",
      "SUCCESS",
      "SUCCESS Kicked client a b",
      "SERVERINFO Tailscale IP: 100.64.0.1",
      "INFO Server:",
      "registered",
      "ERROR",
    ]) {
      expect(decodeServerLine(text), text).toEqual({ kind: "text", text });
    }
    expect(decodeServerLine("ERROR Failed to get Tailscale IP: none")).toEqual({
      kind: "other-error",
      text: "Failed to get Tailscale IP: none",
    });
  });
});

const fixed = [...LINES, ...FIRST_GENERATION].map(([, line]) => line);
const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }).filter((text) => !/[\s\u0085]/u.test(text));
const words = fc.array(word, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(" "));
const verb = fc.constantFrom("INFO" as const, "SERVERINFO" as const);

const serverLine: fc.Arbitrary<ServerLine> = fc.oneof(
  fc.constantFrom(...fixed),
  fc.record({ kind: fc.constantFrom("broadcast" as const, "message"), from: word, field: word }),
  fc.record({ kind: fc.constantFrom("client" as const, "banned"), id: word }),
  fc.record({ kind: fc.constant("host" as const), verb, name: words }),
  fc.record({
    kind: fc.constant("addresses" as const),
    verb,
    addresses: fc.array(fc.oneof(fc.ipV4(), fc.ipV6()), { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant("info-address" as const), address: fc.ipV4() }),
  fc.record({
    kind: fc.constant("success" as const),
    action: fc.constantFrom("kick" as const, "ban", "unban"),
    id: word,
  }),
  fc.record({
    kind: fc.constant("error" as const),
    error: fc.oneof(
      fc.record({ reason: fc.constant("unknown-command" as const), line: words }),
      fc.record({ reason: fc.constantFrom("target-not-found" as const, "not-banned"), target: word }),
    ),
  }),
  fc
    .uint8Array({ minLength: 1, maxLength: 80 })
    .map((bytes) => ({ kind: "hex" as const, hex: Buffer.from(bytes).toString("hex") })),
  fc.record({
    kind: fc.constant("help-entry" as const),
    usage: fc.constantFrom("LIST", "KICK <clientID>"),
    text: words,
  }),
);

describe("properties", () => {
  test("CL-20 what a server encodes, a client decodes to the same value", () => {
    fc.assert(
      fc.property(serverLine, (line) => {
        const text = encodeServerLine(line);
        expect(text.indexOf("\n")).toBe(text.length - 1);
        expect(decodeServerLine(text)).toEqual(line);
      }),
    );
  });

  test("CL-21 every text decodes, and encoding what it decoded to gives it back", () => {
    const part = fc.oneof(
      word,
      fc.constantFrom(
        "BROADCAST",
        "from",
        "x:",
        "CLIENT",
        "BANNED",
        "INFO",
        "SERVERINFO",
        "ERROR",
        "Server:",
        "Tailscale",
        "IP(s):",
        "IP:",
        "-",
        "LIST",
        "SUCCESS",
        "Kicked",
        "client",
        "Client",
        "not",
        "found",
      ),
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
        const text = parts.join(" ");
        expect(encodeServerLine(decodeServerLine(text)).trimEnd()).toBe(text);
      }),
    );
  });
});
