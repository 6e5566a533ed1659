import * as fc from "fast-check";
import { expect, test } from "vitest";
import { fine, worst, type Finding } from "./findings.ts";
import { screen } from "./screen.ts";

const trouble: Finding = {
  area: "port",
  level: "warning",
  what: "It is so.",
  cause: "That is why, and it takes some words to say it in full.",
  next: "Do this.",
};

test("DR-16 areas stand in one column, what belongs to a finding under it, and the counts at the end", () => {
  expect(
    screen([fine("tailscaled", "well"), trouble, { ...trouble, level: "error" }], { fancy: false, width: 60 }),
  ).toBe(
    [
      "ok tailscaled  well",
      "!  port        It is so. That is why, and it takes some",
      "               words to say it in full.",
      "               -> Do this.",
      "x  port        It is so. That is why, and it takes some",
      "               words to say it in full.",
      "               -> Do this.",
      "",
      "1 error, 1 warning.",
      "",
    ].join("\n"),
  );
});

test("DR-16 a terminal gets marks and colours, which change no column", () => {
  const [line = ""] = screen([fine("port", "12345 is free")], { fancy: true, width: 80 }).split("\n");
  expect(line).toBe("\u001B[32m✓\u001B[0m  port  12345 is free");
  expect(screen([fine("port", "12345 is free")], { fancy: false, width: 80 })).toBe(
    "ok port  12345 is free\n\nAll is well.\n",
  );
});

test("DR-16 no line is wider than the screen unless one word is, and no word is lost", () => {
  const words = fc.array(fc.stringMatching(/^[a-z]{1,20}$/), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(words, fc.integer({ min: 60, max: 120 }), (said, width) => {
      const lines = screen([{ ...trouble, what: said.join(" ") }], { fancy: false, width }).split("\n");
      expect(lines.every((line) => line.length <= width)).toBe(true);
      const shown = lines.slice(0, -3).join(" ").split(/ +/);
      expect(shown).toEqual(["!", "port", ...said, ...trouble.cause.split(" "), "->", ...trouble.next.split(" ")]);
    }),
  );
});

test("DR-17 the worst of nothing is ok", () => {
  expect(worst([])).toBe("ok");
  expect(worst([trouble, fine("port", "x")])).toBe("warning");
});

test("TX-4 what others wrote in a finding is shown, in the screen and as JSON, and begins no line of its own", () => {
  const forged = `evil\u001b[2J\nok port  12345 is free\r\u202e${"\u00a0".repeat(80)}ok port`;
  const shown = screen([{ ...trouble, what: forged, next: forged }], { fancy: false, width: 80 });
  // oxlint-disable-next-line no-control-regex
  expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  expect(shown.split("\n").filter((line) => line.startsWith("ok"))).toEqual([]);
  expect(shown).toContain("evil␛[2J ok port");
});
