import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { idOf } from "../../client/conversation.ts";
import { scratchFolder } from "../../../test/helpers/program.ts";
import { decodeSeen, seenMarks } from "./seen.ts";

const server = { host: "chat", port: 12345 };
const [ops, lobby] = [idOf("sealed-room", "ops"), idOf("sealed-room", "lobby")];

test("VW-40 marks are kept for each server and name, only forwards, and two windows lose none of each other's", () => {
  const state = join(scratchFolder(), "state");
  const own = { state, settings: state };
  const [one, other] = [seenMarks(own, { server, me: "alice" }), seenMarks(own, { server, me: "Alice" })];
  one.mark(ops, 100);
  one.mark(ops, 50);
  other.mark(lobby, 70);
  one.keep();
  other.keep();
  other.keep();
  const later = seenMarks(own, { server, me: "alice" });
  expect([later.of(ops), later.of(lobby)]).toEqual([100, 70]);
  expect(seenMarks(own, { server, me: "bob" }).of(ops)).toBe(0);
  expect(seenMarks(own, { server: { ...server, port: 1 }, me: "alice" }).of(ops)).toBe(0);
  expect(statSync(join(state, "seen.json")).mode & 0o777).toBe(0o600);
});

test("VW-40 a server's clock that is far ahead doesn't make all that follows seen", () => {
  const state = scratchFolder();
  const marks = seenMarks({ state, settings: state }, { server, me: "alice" });
  marks.mark(ops, Number.MAX_VALUE);
  expect(marks.of(ops)).toBeLessThan(Date.now() + 3_700_000);
  marks.mark(lobby, Number.NaN);
  expect(marks.of(lobby)).toBe(0);
});

test("VW-40 no file whatever stops anybody, and what is kept is bounded", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      for (const marks of Object.values(decodeSeen(text))) {
        for (const at of Object.values(marks)) expect(typeof at).toBe("number");
      }
    }),
  );
  const state = scratchFolder();
  const path = join(state, "seen.json");
  writeFileSync(path, "{");
  for (let nth = 0; nth < 40; nth += 1) {
    const marks = seenMarks({ state, settings: state }, { server: { ...server, port: nth + 1 }, me: "alice" });
    for (let room = 0; room < 600; room += 1) marks.mark(idOf("sealed-room", String(room)), room + 1);
    marks.keep();
  }
  const kept = decodeSeen(readFileSync(path, "utf8"));
  expect(Object.keys(kept)).toHaveLength(32);
  expect(Object.values(kept).map((marks) => Object.keys(marks).length)).toEqual(Array.from({ length: 32 }, () => 500));
});
