import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { runPadserve, scratchFolder, type Exit } from "../helpers/program.ts";
import { serveWords, startServe } from "../helpers/serve.ts";
import { mountReadOnly, noMounts } from "../store/mounts.ts";

/** A start that must come to nothing: its exit, with nothing on standard output. */
async function refused(
  args: readonly string[],
  data = scratchFolder(),
  env: Record<string, string> = {},
): Promise<Exit> {
  const exit = await runPadserve(serveWords(args, data), { env });
  expect(exit.stdout).toBe("");
  return exit;
}

describe("a start that can't be", () => {
  test("SV-4 a port that is taken: named, with the program that has it; the data folder is free again", async () => {
    const other = createServer();
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    onTestFinished(() => void other.close());
    const address = other.address();
    const port = String(typeof address === "object" ? address?.port : address);
    const data = scratchFolder();
    const { code, stderr } = await refused(["--port", port], data);
    const owner = process.platform === "linux" ? ` by node (pid ${process.pid})` : "";
    expect(stderr).toContain(`padserve serve: port ${port} is taken${owner} (on 127.0.0.1:${port}).`);
    expect(stderr).toContain("Stop that program, or choose another port with --port.");
    expect(code).toBe(7);
    expect(readdirSync(data)).toEqual(["padserve.db", "padserve.db-mark"]);
    await startServe({ data });
  });

  test("SV-5 a data folder that another server has: said with its process and port, and that one goes on", async () => {
    const first = await startServe();
    const { code, stderr } = await refused([], first.data);
    expect([code, stderr]).toEqual([
      6,
      `padserve serve: ${join(first.data, "padserve.db")} is in use by another Padserve server. Stop that one, or choose another data directory. ` +
        `It runs as process ${first.program.pid}, on port ${first.port}.\n`,
    ]);
    const names = await runPadserve(["names", "--data", first.data]);
    expect(names).toMatchObject({ code: 0, stdout: "No names yet.\n" });
  });

  test.each([
    ["is damaged", (file: string) => overwrite(file, 100)],
    ["is not a Padserve database", (file: string) => replaceByOther(file)],
    ["was made by a newer Padserve", (file: string) => execute(file, "PRAGMA user_version = 999")],
  ])("SV-6 a database that %s is refused with what to do, and not a byte of it changes", async (what, spoil) => {
    const data = scratchFolder();
    const file = join(data, "padserve.db");
    await (await openSqliteStore(data)).close();
    spoil(file);
    const before = readFileSync(file);
    const { code, stderr } = await refused([], data);
    expect(stderr).toMatch(new RegExp(`^padserve serve: ${file} ${what} \\(.*\\)\\. Nothing was changed; .*\\.\n$`));
    expect(code).toBe(6);
    expect(readFileSync(file)).toEqual(before);
    const release = await runPadserve(["names", "release", "bob", "--data", data]);
    expect(release).toMatchObject({ code: 6, stdout: "", stderr: expect.stringContaining(what) });
    expect(readFileSync(file)).toEqual(before);
  });

  test("SV-7 a data folder that can't be made: said", async () => {
    const file = join(scratchFolder(), "file");
    writeFileSync(file, "");
    const { code, stderr } = await refused([], join(file, "data"));
    expect(stderr).toContain("can't be written");
    expect(code).toBe(6);
  });

  test.skipIf(noMounts)("SV-7 a data folder that can't be written: said", async () => {
    const data = scratchFolder();
    mkdirSync(join(data, "folder"));
    onTestFinished(mountReadOnly(join(data, "folder")));
    const { code, stderr } = await refused([], join(data, "folder"));
    expect(stderr).toContain("Give the server's user the right to write there, or choose another data directory.");
    expect(code).toBe(6);
  });

  test.each([
    ["option", ["--prot", "1"], {}, "--prot"],
    ["value", ["--message-rate", "many"], {}, "--message-rate"],
    ["variable", [], { PADSERVE_PROT: "1" }, "PADSERVE_PROT"],
  ])("SV-8 an unknown or wrong %s is named, and nothing is started or made", async (_, args, env, named) => {
    const data = join(scratchFolder(), "data");
    const { code, stderr } = await refused(args, data, env);
    expect(stderr).toContain(named);
    expect(code).toBe(1);
    expect(() => readdirSync(data)).toThrow("ENOENT");
  });

  test("SV-8 an unknown key in the configuration file is named, and the file", async () => {
    const file = join(scratchFolder(), "padserve.json");
    writeFileSync(file, '{"prot": 1}');
    const { code, stderr } = await refused(["--config", file]);
    expect(stderr).toContain(`"prot" in ${file}`);
    expect(code).toBe(1);
  });
});

function overwrite(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes.fill(0xff, at, at + 2048);
  writeFileSync(file, bytes);
}

function execute(file: string, sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}

function replaceByOther(file: string): void {
  writeFileSync(file, "");
  execute(file, "CREATE TABLE recipes (name TEXT)");
}
