import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { play } from "./transcript/play.ts";
import { readCommand, readScript } from "./transcript/script.ts";

const folder = join(import.meta.dirname, "transcripts");
const transcripts = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"));

test.each(transcripts.map((text) => [readScript(text).title, text] as const))("%s", async (_, text) => {
  expect(await play(readScript(text))).toBe(text);
});

test.each(["scripts.md", "rooms.md", "devices.md"])("CM-21 the examples of docs/%s are what happens", async (name) => {
  const page = readFileSync(join(import.meta.dirname, "../../docs", name), "utf8");
  const blocks = [...page.matchAll(/^```console\n(.*?)^```$/gms)].map(([, block]) => block ?? "");
  expect(blocks.length).toBeGreaterThan(2);
  const text = `the page's blocks, one after the other\n${blocks.join("")}`;
  expect(await play(readScript(text), true)).toBe(text);
});

test("CM-4 a transcript's command line is read as a shell would read it", () => {
  expect(
    readCommand(`printf 'a\\nb' | PAD_AS=nas pad send ALL - "to $SERVER" '$SERVER' &`, { SERVER: "here" }),
  ).toEqual({
    env: { PAD_AS: "nas" },
    args: ["send", "ALL", "-", "to here", "$SERVER"],
    input: "a\nb",
    goesOn: true,
  });
});
