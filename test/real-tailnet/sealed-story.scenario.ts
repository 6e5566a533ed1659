/** The transcript in docs/rooms.md of three people on three machines, played; `npm run test:tailnet -- sealed-story`. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { runPadserve, scratchFolder } from "../helpers/program.ts";
import { Person } from "./person.ts";
import { test } from "./scene.ts";

const PAGE = join(import.meta.dirname, "../../docs/rooms.md");
const ROOM = "#trip";

test("RT-33 three people, one away and back, the server killed and restored from a backup: nobody misses or doubles a message", async ({
  chat,
  alice: alicesNode,
  bob: bobsNode,
  carol: carolsNode,
}) => {
  const lines: string[] = [];
  const [alice, bob, carol] = [
    new Person(alicesNode, "alice", chat.name),
    new Person(bobsNode, "bob", chat.name),
    new Person(carolsNode, "carol", chat.name),
  ];
  const backup = join(scratchFolder(), "monday");
  const first = await chat.serve();
  const { data } = first;
  await carol.comesIn();
  await bob.comesIn();

  await does(alice, "rooms", "create", ROOM, "--invite-only");
  await does(alice, "rooms", "invite", ROOM, "bob");
  await does(alice, "rooms", "invite", ROOM, "carol");
  await alice.sees(ROOM, ...["alice", "bob", "carol"].map((name) => `${name} person ${name}@example.com`));
  await administers("backup", "/srv/backups/monday");
  lines.push("(carol shuts her laptop)");
  await carol.goAway();
  await carolsNode.tailscale("down");
  await does(alice, "send", ROOM, "we take the 9:40 train");
  await bob.hasRead(ROOM, "alice we take the 9:40 train");
  lines.push("chat$ kill -9 $(pidof padserve); padserve serve &");
  first.program.kill("SIGKILL");
  await first.program.exited;
  const second = await chat.serve({ data });
  await does(bob, "send", ROOM, "I bring the tickets", "--accept-members");
  await alice.hasRead(ROOM, "alice we take the 9:40 train", "bob I bring the tickets");

  lines.push("chat$ systemctl stop padserve");
  second.program.kill("SIGTERM");
  await second.program.exited;
  await administers("restore", "/srv/backups/monday", "--replace");
  lines.push("chat$ systemctl start padserve");
  await chat.serve({ data });
  await does(alice, "send", ROOM, "see you at platform 7");
  const all = ["alice we take the 9:40 train", "bob I bring the tickets", "alice see you at platform 7"];
  await bob.hasRead(ROOM, ...all);
  lines.push("(carol opens it again)");
  await carolsNode.tailscale("up");
  await carol.hasReadInAnyOrder(ROOM, ...all);
  for (const person of [alice, bob, carol]) await reads(person, person === carol);
  lines.push("chat$ grep -rlaE 'train|tickets|platform' /var/lib/padserve /srv/backups", "exit code 1");
  for (const folder of [data, backup]) {
    for (const word of ["train", "tickets", "platform"]) expect(bytesOf(folder).includes(word)).toBe(false);
  }
  expect(bytesOf(data).includes("carol@example.com")).toBe(true);

  const transcript = `\`\`\`text\n${lines.join("\n")}\n\`\`\`\n`;
  expect(readFileSync(PAGE, "utf8"), `docs/rooms.md has this:\n${transcript}`).toContain(transcript);

  async function does(person: Person, ...words: readonly string[]): Promise<void> {
    lines.push(`${person.name}$ pad ${words.map(quoted).join(" ")}`);
    const { stderr, ...exit } = await person.run(...words);
    expect(exit).toEqual({ code: 0, signal: null, stdout: "" });
    if (stderr !== "")
      lines.push(
        ...stderr
          .trimEnd()
          .split("\n")
          .map((line) => `! ${line}`),
      );
  }

  async function reads(person: Person, sorted: boolean): Promise<void> {
    lines.push(`${person.name}$ pad history '${ROOM}' | cut -f 3-${sorted ? " | sort" : ""}`);
    const history = (await person.pad("history", ROOM)).trimEnd().split("\n");
    const texts = history.map((line) => line.split("\t").slice(2).join("\t"));
    lines.push(...(sorted ? texts.toSorted() : texts));
  }

  async function administers(deed: "backup" | "restore", shown: string, ...words: readonly string[]): Promise<void> {
    lines.push(["chat$ padserve", deed, shown, ...words].join(" "));
    const { code, stderr } = await runPadserve([deed, backup, "--data", data, ...words], chat);
    expect({ code, stderr }).toMatchObject({ code: 0 });
  }
});

function quoted(word: string): string {
  return /^[\w-]+$/.test(word) ? word : `'${word}'`;
}

/** All files below a folder. */
function bytesOf(folder: string): Buffer {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Buffer.concat(files.map((file) => readFileSync(join(file.parentPath, file.name))));
}
