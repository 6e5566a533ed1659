import * as fc from "fast-check";
import { expect, test } from "vitest";
import { confirmCode, isConfirmCode } from "./confirm-code.ts";
import { newSigningKey } from "./ed25519.ts";
import type { Who } from "./who.ts";

const who: Who = { server: new Uint8Array(16).fill(1), kind: "person", identity: "1001" };

test("DI-12 a code is 80 bits of the new device's key, in characters that nobody mistakes", () => {
  const code = confirmCode(who, newSigningKey().publicKey);
  expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
  // Sixteen of 32 characters: 16 times 5 bits.
  expect(code.replaceAll("-", "").length * Math.log2(32)).toBe(80);
});

test("DI-12 the same key has the same code in every version", () => {
  expect(confirmCode(who, new Uint8Array(32).fill(7))).toBe("PF9Z-KE05-362A-DS26");
});

test("DI-12 it is accepted as people type it", () => {
  const { publicKey } = newSigningKey();
  const code = confirmCode(who, publicKey);
  const typed = code.toLowerCase().replaceAll("-", " ").replaceAll("0", "o").replaceAll("1", "l");
  expect(isConfirmCode(` ${typed}\n`, who, publicKey)).toBe(true);
  // Of what was pasted no more is read than a code with blanks and hyphens can have.
  expect(isConfirmCode(" ".repeat(45) + typed, who, publicKey)).toBe(true);
  expect(isConfirmCode(" ".repeat(46) + typed, who, publicKey)).toBe(false);
});

test("DI-12 a server that puts another key in place of the new device's is found out", () => {
  const shownOnNewDevice = newSigningKey().publicKey;
  const toldByServer = newSigningKey().publicKey;
  const code = confirmCode(who, shownOnNewDevice);
  expect(isConfirmCode(code, who, toldByServer)).toBe(false);
  expect(isConfirmCode(code, { ...who, identity: "1002" }, shownOnNewDevice)).toBe(false);
  expect(isConfirmCode(code, { ...who, server: new Uint8Array(16).fill(2) }, shownOnNewDevice)).toBe(false);
  expect(isConfirmCode(code, who, shownOnNewDevice)).toBe(true);
});

test("DI-12 every bit of the code counts, and other text is no code", () => {
  const { publicKey } = newSigningKey();
  const code = confirmCode(who, publicKey);
  for (const [at, character] of code.split("").entries()) {
    if (character === "-") continue;
    const other = character === "Z" ? "Y" : "Z";
    expect(isConfirmCode(code.slice(0, at) + other + code.slice(at + 1), who, publicKey)).toBe(false);
  }
  fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => !isConfirmCode(text, who, publicKey)));
  expect(isConfirmCode(code.slice(0, -1), who, publicKey)).toBe(false);
});
