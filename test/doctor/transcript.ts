import { createServer } from "node:net";
import { once } from "node:events";
import { expect } from "vitest";
import type { Finding } from "../../src/doctor/findings.ts";
import { screen } from "../../src/doctor/screen.ts";
import { runPadserve, type ProgramOptions } from "../helpers/program.ts";

export interface Consultation extends ProgramOptions {
  /** Behind `doctor`. */
  readonly args: readonly string[];
  /** What differs from run to run, and what to read for it. */
  readonly instead?: Readonly<Record<string, string>>;
}

/**
 * Runs `padserve doctor` and holds its screen against a text file. The program's own findings are what is shown, with paths,
 * ports, times and dates replaced before they are broken into lines.
 */
export async function expectTranscript(file: string, said: string, consultation: Consultation): Promise<void> {
  const { args, instead = {} } = consultation;
  const { code, stdout, stderr } = await runPadserve(["doctor", "--json", ...args], consultation);
  expect(stderr).toBe("");
  const { findings }: { findings: readonly Finding[] } = JSON.parse(steady(stdout, instead));
  const text = screen(findings, { fancy: false, width: 100 });
  expect(text.split("\n").length).toBeLessThanOrEqual(25);
  await expect(`$ ${said}\n${text}exit code ${code}\n`).toMatchFileSnapshot(`transcripts/${file}.txt`);
}

function steady(text: string, instead: Readonly<Record<string, string>>): string {
  return Object.entries(instead)
    .reduce((sofar, [from, to]) => sofar.replaceAll(from, to), text)
    .replaceAll(/\d+ [GM]B free/g, "70 GB free")
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, "2026-12-01 12:00 UTC")
    .replaceAll(/on \d{4}-\d\d-\d\d/g, "on 2026-12-10")
    .replaceAll(/process \d+|pid \d+/g, (found) => found.replace(/\d+/, "812"))
    .replaceAll(/less than 1 ms|\d+ ms/g, "1 ms");
}

/** A port of loopback that nobody had a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
