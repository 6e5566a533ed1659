import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { allSpecs, COMMANDS } from "../table.ts";
import { bashCompletion } from "./bash.ts";
import { fishCompletion } from "./fish.ts";
import { zshCompletion } from "./zsh.ts";

const specs = await allSpecs();

/** What stands on the line, and what it can become; of a single candidate the shells complete the word itself. */
const LINES = [
  ["pad li", ["listen"]],
  ["padserve ser", ["serve"]],
  ["pad listen --co", ["--count"]],
  ["pad listen --to A", ["ALL"]],
  ["padserve serve --log-level d", ["debug"]],
  ["pad completion f", ["fish"]],
  // Another command's option is none of this one's.
  ["pad who --cou", []],
  // Behind -- nothing is an option of ours.
  ["pad listen -- --co", []],
] as const;

const SHELLS = [
  ["bash", bashCompletion(specs), inBash],
  ["zsh", zshCompletion(specs), inZsh],
  ["fish", fishCompletion(specs), inFish],
] as const;

for (const [shell, script, complete] of SHELLS) {
  test.skipIf(!isInstalled(shell))(`CM-18 ${shell} completes sub-commands, options and their values`, () => {
    expect(LINES.map(([line]) => [line, complete(script, line)])).toEqual(LINES);
  });
}

test.each(SHELLS.map(([shell, script]) => [shell, script] as const))(
  "CM-18 %s is told each sub-command and each of its options",
  (_, script) => {
    for (const spec of specs) {
      expect(script).toContain(spec.name);
      for (const option of Object.keys(spec.options)) expect(script).toMatch(new RegExp(`(--|-l )${option}\\b`));
    }
  },
);

test("CM-18 the table's names are the commands' own, and client commands are called pad", () => {
  expect(specs.map(({ name }) => name)).toEqual(Object.keys(COMMANDS));
  const clients = specs.filter(({ program }) => program === "pad").map(({ name }) => name);
  expect(clients).toEqual(expect.arrayContaining(["send", "listen", "who"]));
});

function isInstalled(shell: string): boolean {
  return spawnSync(shell, ["-c", "true"]).status === 0;
}

function inBash(script: string, line: string): readonly string[] {
  const words = line.split(" ").map((word) => `'${word}'`);
  const asked = `${script}\nCOMP_WORDS=(${words.join(" ")}); COMP_CWORD=${words.length - 1}; _padserve; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return linesOf(execFileSync("bash", ["--norc", "-c", asked]));
}

function inFish(script: string, line: string): readonly string[] {
  const asked = `${script}\ncomplete -C ${JSON.stringify(line)}`;
  return linesOf(execFileSync("fish", ["--no-config", "-c", asked])).map((found) => found.replace(/\t.*/, ""));
}

/** As somebody types it: the line and a Tab, and then what the command is started with. */
function inZsh(script: string, line: string): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "padserve-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "_pad"), script);
  const typed = `
    zmodload zsh/zpty
    zpty shell zsh -f -i
    zpty -w shell "PS1=; fpath=(${folder} \\$fpath); autoload -Uz compinit; compinit -u -D"
    zpty -w shell "pad() { print -r -- ST''ARTED \\"\\$*\\" END; }; padserve() { pad \\"\\$@\\" }; print RE''ADY"
    zpty -r shell out '*READY*'
    zpty -w shell $'${line}\\t'
    zpty -r shell out '*STARTED*END*'
    print -r -- "$out"`;
  const out = execFileSync("zsh", ["-f", "-c", typed], { env: { ...process.env, HOME: folder } }).toString();
  const started = /STARTED (.*) END/.exec(out)?.[1]?.trimEnd().split(" ").at(-1) ?? "";
  return line.endsWith(` ${started}`) ? [] : [started];
}

function linesOf(output: Buffer): readonly string[] {
  return output
    .toString()
    .split("\n")
    .filter((line) => line !== "");
}
