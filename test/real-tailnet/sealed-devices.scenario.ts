/** Several devices for each person, as the tailnet has them: laptops, a node in userspace mode, a NAS, a tagged machine. */
import { expect } from "vitest";
import { Person } from "./person.ts";
import { test } from "./scene.ts";

const ALICE = "alice person alice@example.com";
const BOB = "bob person bob@example.com";
const BACKUP = "backup machine nas";

test(
  "RT-36 alice's laptop, phone and NAS and bob's two write and read as one person each, a machine among them; an expired key costs nobody a message, and a removed one reads no more",
  { timeout: 300_000 },
  async ({ tailnet, chat, alice: alicesLaptop, bob: bobsLaptop, bobsPhone, nas }) => {
    const alicesPod = await tailnet.join("alice-pod", { user: "alice", userspace: true });
    const alicesNas = await tailnet.join("alice-nas", { user: "alice" });
    await chat.serve();
    const laptop = new Person(alicesLaptop, "alice", chat.v4);
    const phone = new Person(alicesPod, "alice", chat.name);
    const [bob, bobsOther] = [new Person(bobsLaptop, "bob", chat.v4), new Person(bobsPhone, "bob", chat.name)];
    const backup = new Person(nas, "backup", chat.v4);
    await laptop.comesIn();
    await bob.comesIn();
    await bob.sees("#everyone", ALICE, BOB);

    await phone.confirmedBy(laptop);
    const { token }: { token: string } = JSON.parse(await phone.pad("devices", "invite", "--json"));
    const home = new Person(alicesNas, "alice", chat.v6, token);
    await home.comesIn();
    await bobsOther.confirmedBy(bob);
    expect(await laptop.devices(3)).toHaveLength(3);
    expect((await home.devices(3)).toSorted()).toEqual((await laptop.devices(3)).toSorted());
    for (const person of [phone, home, bobsOther]) await person.sees("#everyone", ALICE, BOB);

    await phone.pad("send", "#everyone", "from the phone", "--accept-members");
    await bobsOther.pad("send", "#everyone", "from bob's phone", "--accept-members");
    const said = ["alice from the phone", "bob from bob's phone"];
    for (const person of [laptop, home, bob]) await person.endsWith("#everyone", ...said);

    await backup.pad("rooms");
    await home.pad("rooms", "create", "#ops", "--invite-only");
    await home.pad("rooms", "invite", "#ops", "backup");
    await backup.sees("#ops", ALICE, BACKUP);
    await backup.pad("send", "#ops", "backup done", "--accept-members");
    for (const person of [laptop, phone, home]) await person.endsWith("#ops", "backup backup done");
    await laptop.pad("send", "bob", "just us", "--accept-members");
    for (const person of [phone, home]) await person.endsWith("bob", "alice just us");
    for (const person of [bob, bobsOther]) await person.endsWith("alice", "alice just us");

    await tailnet.expire(bobsLaptop);
    await bobsLaptop.until(({ BackendState }) => BackendState === "NeedsLogin");
    await laptop.pad("send", "#everyone", "is bob there?", "--accept-members");
    await bobsOther.pad("send", "#everyone", "on the phone I am", "--accept-members");
    const { code, stderr } = await bob.run("send", "#everyone", "am I?", "--timeout", "5");
    expect(code).toBe(3);
    const kept = stderr.includes("keeps") ? ["bob am I?"] : [];
    await tailnet.login(bobsLaptop, { user: "bob" });
    const all = [...said, "alice is bob there?", "bob on the phone I am", ...kept];
    for (const person of [bob, laptop, phone]) await person.hasReadAtLeast("#everyone", ...all);

    await laptop.pad("devices", "remove", await phone.ownId(), "--yes");
    await laptop.devices(2);
    await home.pad("send", "#everyone", "without the phone", "--accept-members");
    // It is nobody's changed key: what bob writes goes without a question.
    await bob.endsWith("#everyone", "alice without the phone");
    await bob.pad("send", "#everyone", "noted");
    for (const person of [laptop, home, bobsOther])
      await person.endsWith("#everyone", "alice without the phone", "bob noted");
    expect(await phone.run("send", "#everyone", "it was me")).toMatchObject({ code: 4, stdout: "" });
    const left = await phone.run("history", "#everyone");
    expect(left.stdout).toContain("from the phone");
    expect(left.stdout).not.toContain("without the phone");
    await backup.pad("send", "#ops", "backup done again", "--accept-members");
    for (const person of [laptop, home]) await person.endsWith("#ops", "backup backup done again");
    expect((await phone.run("history", "#ops")).stdout).not.toContain("again");
  },
);
