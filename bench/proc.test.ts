import { expect, test } from "vitest";
import { cpuSecondsOf, residentBytesOf } from "./proc.ts";

const STAT =
  "4242 (node-MainThread) S 1 4242 4242 0 -1 4194560 9310 0 2 0 1234 566 77 88 20 0 11 0 53342 1312788480 13128 " +
  "18446744073709551615 1 1 0 0 0 0 0 16781312 201346819 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

test("BE-3 CPU time is user and system time of the process itself, in ticks of 10 ms", () => {
  expect(cpuSecondsOf(STAT)).toBe(18);
});

test("BE-3 a program may have blanks, digits and parentheses in its name", () => {
  expect(cpuSecondsOf(STAT.replace("node-MainThread", "a) S 9 (b 1 2) 3"))).toBe(18);
});

test("BE-3 resident memory is VmRSS, not what looks like it", () => {
  const status = "Name:\tnode\nVmPeak:\t 1312788 kB\nVmHWM:\t   60000 kB\nVmRSS:\t   52512 kB\nRssAnon:\t   8000 kB\n";
  expect(residentBytesOf(status)).toBe(52512 * 1024);
});

test("BE-3 what is no such text is refused, never read as 0", () => {
  for (const text of ["", "4242 node S 1", "4242 (node) S 1 2 3", STAT.replace("1234", "many")]) {
    expect(() => cpuSecondsOf(text), text).toThrow("not the text");
  }
  for (const text of ["", "Name:\tVmRSS: 3 kB\n", "VmRSS:\t\n"]) {
    expect(() => residentBytesOf(text), text).toThrow("not the text");
  }
});
