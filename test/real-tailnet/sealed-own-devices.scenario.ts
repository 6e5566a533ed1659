/** `pad devices` where a tailnet vouches for people: each of its words, by commands alone. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { scratchFolder } from "../helpers/program.ts";
import { Person } from "./person.ts";
import { test } from "./scene.ts";

const ALICE = "alice person alice@example.com";
const BOB = "bob person bob@example.com";
const CODE = /[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}/;

test("RT-38 pad devices: a token confirms one device and no second, one that isn't wanted is dismissed, and an export makes a device with the history", async ({
  tailnet,
  chat,
  alice: laptopNode,
  alicesPhone: phoneNode,
}) => {
  const nasNode = await tailnet.join("alice-nas", { user: "alice" });
  await chat.serve();
  const laptop = new Person(laptopNode, "alice", chat.name);
  await laptop.pad("rooms", "create", "#ops", "--invite-only");
  await laptop.pad("send", "#ops", "written before");
  const token = (await laptop.pad("devices", "invite", "--minutes", "5")).trim();
  expect(token).toMatch(/^pdt1-/);
  const nas = new Person(nasNode, "alice", chat.name, token);
  expect(await nas.pad("rooms")).toContain("#ops\tinvite\tmember\t1\n");
  expect((await laptop.pad("devices")).split("\n").map((line) => line.split("\t").slice(0, 3).join(" "))).toEqual(
    expect.arrayContaining(["*alice-laptop confirmed now", "alice-nas confirmed now"]),
  );
  await nas.pad("send", "#ops", "backup done");
  await laptop.hasRead("#ops", "alice written before", "alice backup done");

  const late = new Person(phoneNode, "alice", chat.name, token);
  const refused = await late.run("send", "#ops", "with the same token");
  expect(refused).toMatchObject({ code: 12, stdout: "" });
  expect(refused.stderr).toMatch(CODE);
  expect(await laptop.pad("devices", "dismiss", "alice-phone")).toBe("alice-phone waits no more.\n");
  expect(await laptop.devices(2)).toHaveLength(2);
  expect(await laptop.pad("devices")).not.toContain("pending");
  await late.goAway();

  const folder = scratchFolder();
  const [file, secret] = [join(folder, "alice.padserve"), join(folder, "passphrase")];
  writeFileSync(secret, "correct horse battery staple\n", { mode: 0o600 });
  await laptop.pad("devices", "export", file, "--passphrase-file", secret);
  const phone = new Person(phoneNode, "alice", chat.name);
  expect(await phone.pad("devices", "import", file, "--passphrase-file", secret)).toBe(
    "This is one of your devices now, with the history of that file.\n",
  );
  await phone.hasRead("#ops", "alice written before", "alice backup done");
  await phone.sees("#ops", ALICE);
  expect(await laptop.devices(3)).toHaveLength(3);
  const numbers = await Promise.all([laptop, nas, phone].map((each) => each.pad("devices", "number")));
  expect(new Set(numbers).size).toBe(1);
  await phone.pad("send", "#ops", "from the import");
  for (const each of [laptop, nas]) await each.endsWith("#ops", "alice from the import");
});

test("RT-38 pad devices reset: who has lost all devices begins anew, whom the others don't write to before they have looked; a device that turns up again is confirmed", async ({
  chat,
  alice: alicesNode,
  bob: lostNode,
  bobsPhone: newNode,
}) => {
  await chat.serve();
  const alice = new Person(alicesNode, "alice", chat.name);
  const lost = new Person(lostNode, "bob", chat.name);
  await alice.comesIn();
  await lost.comesIn();
  await alice.sees("#everyone", ALICE, BOB);
  await alice.pad("send", "#everyone", "good morning", "--accept-members");
  await lost.hasRead("#everyone", "alice good morning");
  await lost.goAway();

  const bob = new Person(newNode, "bob", chat.name);
  expect(await bob.run("send", "#everyone", "too early")).toMatchObject({ code: 12 });
  expect(await bob.pad("devices", "reset", "--yes")).toBe("This is your only device now, under a new key.\n");
  await bob.comesIn();
  await bob.sees("#everyone", ALICE, BOB);
  expect(await bob.devices(1)).toHaveLength(1);
  const held = await alice.run("send", "#everyone", "is it you?", "--accept-members");
  expect(held).toMatchObject({ code: 11, stdout: "" });
  expect(held.stderr).toContain("bob");
  expect(await numberOf(alice, "bob")).toBe(await numberOf(bob, "alice"));
  await alice.run("verify", "bob", "--compared", "--yes");
  await alice.pad("send", "#everyone", "welcome back", "--accept-members");
  await bob.endsWith("#everyone", "alice welcome back");

  expect(await lost.run("send", "#everyone", "it was under the sofa")).toMatchObject({ code: 4 });
  const [code = ""] = CODE.exec(await lost.pad("devices", "new")) ?? [];
  expect(await bob.pad("devices", "confirm", code)).toBe("bob-laptop is one of your devices now.\n");
  expect(await lost.devices(2)).toHaveLength(2);
  await lost.comesIn();
  await lost.sees("#everyone", ALICE, BOB);
  await lost.pad("send", "#everyone", "it was under the sofa", "--accept-members");
  await alice.endsWith("#everyone", "alice welcome back", "bob it was under the sofa");
});

async function numberOf(person: Person, other: string): Promise<string> {
  const { number }: { number: string } = JSON.parse((await person.run("verify", other, "--json")).stdout);
  return number;
}
