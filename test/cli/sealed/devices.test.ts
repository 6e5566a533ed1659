/** `pad devices` and what a device that isn't its person's can't do, on a fake chat; over the real server and agent: `real.test.ts`. */
import * as fc from "fast-check";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { chosen } from "../../../src/cli/devices/list.ts";
import { devicesCommand } from "../../../src/cli/devices/command.ts";
import { readDeviceAction } from "../../../src/cli/devices/read.ts";
import { historyCommand } from "../../../src/cli/history.ts";
import { roomsCommand } from "../../../src/cli/rooms/command.ts";
import { sendCommand } from "../../../src/cli/send/command.ts";
import type { Device } from "../../../src/client/index.ts";
import { FakeSealedWorld, type FakeSealedChat } from "../../helpers/fake-sealed-world.ts";
import { scratchFolder } from "../../helpers/program.ts";
import { attachTo, startCommand } from "../../helpers/run-command.ts";

const CODE = "KQ3F-8H2M-0ZTA-7WVX";

test("CS-30 a device that waits is listed with its code, and confirmed by it, however it is typed", async () => {
  const { alice, devices } = meet();
  alice.deviceAsks({ code: CODE, label: "laptop2" });
  const { stdout } = await devices();
  expect(stdout.split("\n")[1]).toMatch(new RegExp(`^laptop2\tpending\tnow\t\\S+\t${CODE}$`));
  expect(await devices("confirm", "0000-0000-0000-0000")).toMatchObject({ code: 4, stdout: "" });
  expect(await devices("confirm", "kq3f", "8h2m", "0zta", "7wvx")).toEqual({
    code: 0,
    stdout: "laptop2 is one of your devices now.\n",
    stderr: "",
  });
  expect(JSON.parse((await devices("--json")).stdout)).toMatchObject([
    { id: "alice-1", this: true, code: null },
    { label: "laptop2", status: "confirmed", this: false, online: true },
  ]);
});

test("CS-30 one that waits is dismissed by its label or the beginning of its id", async () => {
  const { alice, devices } = meet();
  alice.deviceAsks({ code: CODE, label: "laptop2" });
  expect(await devices("dismiss", "alice-1")).toMatchObject({ code: 4 });
  expect(await devices("dismiss", "LAPTOP2")).toMatchObject({ code: 0, stdout: "laptop2 waits no more.\n" });
  expect(alice.waitingDevices).toEqual([]);
});

test("CS-30 of two that wait under one name the code, or its beginning, says which", async () => {
  const { alice, devices } = meet();
  for (const code of [CODE, "0000-0000-0000-0001"]) alice.deviceAsks({ code, label: "vm" });
  alice.deviceAsks({ code: "7777-0000-0000-0000", label: CODE });
  expect(await devices("dismiss", "vm")).toMatchObject({ code: 4 });
  expect(await devices("dismiss", CODE.toLowerCase())).toMatchObject({ code: 0, stdout: "vm waits no more.\n" });
  expect(await devices("dismiss", "OOOO")).toMatchObject({ code: 0, stdout: "vm waits no more.\n" });
  expect(alice.waitingDevices.map(({ label }) => label)).toEqual([CODE]);
});

test("CS-31 a device is removed when its person says yes, here or by --yes; never the one that one is at", async () => {
  const { alice, devices } = meet();
  alice.deviceAsks({ code: CODE, label: "laptop2" });
  await devices("confirm", CODE);
  const unsaid = await devices("remove", "laptop2");
  expect(unsaid).toMatchObject({ code: 4, stdout: "" });
  // What nobody has typed has no line end.
  expect(unsaid.stderr).toMatch(
    /^Remove laptop2 \([\w-]+\)\? .*Type yes: \npad devices: Nothing was done\. .* --yes says it\.\n$/,
  );
  expect(await devices("remove", "alice-1", "--yes")).toMatchObject({ code: 1 });
  expect(await devices("remove", "laptop2", "--yes")).toMatchObject({
    code: 0,
    stdout: "laptop2 is none of your devices any more.\n",
  });
  expect(await devices("remove", "laptop2", "--yes")).toMatchObject({ code: 4 });
});

test("CS-36 a removal that the server has not answered is told as that and exits with 3; one that took others along names them", async () => {
  const { alice, devices } = meet();
  for (const [label, code] of [
    ["phone", CODE],
    ["nas", "0000-0000-0000-0001"],
  ] as const) {
    alice.deviceAsks({ code, label });
    await devices("confirm", code);
  }
  const nas = alice.ownDevices.find(({ label }) => label === "nas")?.id ?? "";
  alice.removal = { kind: "waiting", devices: [] };
  const waiting = await devices("remove", "phone", "--yes");
  expect(waiting).toMatchObject({ code: 3, stdout: "" });
  expect(waiting.stderr).toContain("phone isn't removed yet: the server has not answered");
  expect(waiting.stderr).toContain("until then it still reads");
  alice.removal = { kind: "waiting", devices: [nas] };
  expect((await devices("remove", "phone", "--yes")).stderr).toContain("phone, nas aren't removed yet");
  alice.removal = { kind: "removed", devices: [nas] };
  const removed = await devices("remove", "phone", "--yes");
  expect(removed).toMatchObject({ code: 0, stderr: "" });
  expect(removed.stdout).toMatch(/^phone is none of your devices any more\.\nAlso out, .*: nas\n$/);
});

test("CS-53 a removal that could not even begin, since the server is away, says that nothing goes on by itself", async () => {
  const { alice, devices } = meet();
  alice.world.setOnline(false);
  const { code, stderr } = await devices("remove", "laptop2", "--yes");
  expect([code, stderr]).toEqual([
    3,
    expect.stringMatching(/\npad devices: Nothing was removed, and this computer doesn't go on/),
  ]);
  expect((await devices("list")).stderr).not.toContain("Nothing was removed");
});

test("CS-48 a device that was confirmed and has not come is listed as never seen, told apart as that, and removed", async () => {
  const { alice, devices } = meet();
  const expected = { ...device("vm7", "vm"), isOnline: false };
  alice.ownDevices = [...alice.ownDevices, expected, { ...device("vm8", "vm"), lastSeen: 0, isOnline: false }];
  expect((await devices()).stdout).toContain("\nvm\tconfirmed\tnever\tvm7\n");
  expect(JSON.parse((await devices("--json")).stdout)).toContainEqual(
    expect.objectContaining({ id: "vm7", status: "confirmed", lastSeen: null, online: false }),
  );
  expect((await devices("remove", "vm", "--yes")).stderr).toContain(
    "vm vm7 (has not come yet), vm vm8 (last seen 1970",
  );
  expect(await devices("remove", "vm7", "--yes")).toMatchObject({
    code: 0,
    stdout: "vm is none of your devices any more.\n",
  });
});

test("CS-31 a reset asks, and is for a device that waits", async () => {
  const { alice, devices } = meet();
  expect(await devices("reset", "--yes")).toMatchObject({ code: 4, stderr: expect.stringContaining("devices remove") });
  alice.stand({ kind: "pending", code: CODE, name: "alice" });
  expect(await devices("reset")).toMatchObject({ code: 4, stderr: expect.stringContaining("Nothing was done.") });
  expect(await devices("reset", "--yes")).toMatchObject({ code: 0, stdout: expect.stringContaining("only device") });
});

test("CS-32 a token goes to standard output alone, what to do with it beside it", async () => {
  const { devices } = meet();
  const { stdout, stderr, code } = await devices("invite", "--minutes", "10");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^\S+\n$/);
  expect(stderr).toContain("$PAD_DEVICE_TOKEN");
  expect(stderr).not.toContain(stdout.trim());
  expect(JSON.parse((await devices("invite", "--json")).stdout)).toEqual({
    token: expect.any(String),
    until: expect.any(String),
  });
});

test("CS-33 export and import take their passphrase from a file, and a short one makes none", async () => {
  const { alice, devices } = meet();
  const folder = scratchFolder();
  const [file, secret, short] = ["alice.pad", "secret", "short"].map((name) => join(folder, name));
  writeFileSync(secret ?? "", "correct horse battery staple\nmore\n");
  writeFileSync(short ?? "", "abc\n");
  expect(await devices("export", file ?? "", "--passphrase-file", secret ?? "")).toMatchObject({ code: 0 });
  expect(await devices("export", file ?? "", "--passphrase-file", short ?? "")).toMatchObject({ code: 1 });
  const text = "The export can't be written: there is such a file.";
  writeFileSync(file ?? "", "");
  alice.exportDevice = () => Promise.resolve({ kind: "refused", error: { reason: "own-device", text } });
  expect(await devices("export", file ?? "", "--passphrase-file", secret ?? "")).toMatchObject({
    code: 4,
    stderr: `pad devices: ${text}\n`,
  });
  expect(await devices("import", file ?? "", "--passphrase-file", secret ?? "")).toMatchObject({
    code: 0,
    stdout: "This is one of your devices now, with the history of that file.\n",
  });
  alice.isSilent = true;
  expect(await devices("import", file ?? "", "--passphrase-file", secret ?? "")).toMatchObject({
    code: 3,
    stdout: "",
    stderr: expect.stringContaining("has not said yet whether it takes the key"),
  });
  expect(await devices("export", file ?? "")).toMatchObject({ code: 1 });
  expect(await devices("export", file ?? "", "--passphrase-file", join(folder, "nothing"))).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("the passphrase can't be read: there is no such file or folder."),
  });
});

test("CS-33 a file that isn't there is a word that can't be, before anything is asked or begun", async () => {
  const { devices } = meet();
  const file = join(scratchFolder(), "nothing.pad");
  expect(await devices("import", file)).toEqual({
    code: 1,
    stdout: "",
    stderr: `pad devices: There is no file ${file}\n`,
  });
});

test("CS-33 import on a device that is confirmed already says how its history comes in all the same", async () => {
  const { alice, devices } = meet();
  const folder = scratchFolder();
  const [secret, file] = [join(folder, "secret"), join(folder, "alice.pad")];
  writeFileSync(secret, "correct horse battery staple\n");
  writeFileSync(file, "");
  alice.importDevice = () => Promise.resolve({ kind: "refused", error: { reason: "device-confirmed" } });
  const taken = await devices("import", file, "--passphrase-file", secret);
  expect(taken).toMatchObject({ code: 4, stdout: "" });
  expect(taken.stderr).toMatch(
    /is one of yours already.*pad devices remove.*pad devices export.*pad devices new.*pad devices import/,
  );
});

test("CS-34 a device that waits sends nothing, exits with 12, and says what to run", async () => {
  const { alice, devices, run } = meet();
  alice.stand({ kind: "pending", code: CODE, name: "alice" });
  const sent = await run(sendCommand, "bob", "hi");
  expect(sent).toMatchObject({ code: 12, stdout: "" });
  expect(sent.stderr).toContain(`pad devices confirm ${CODE}`);
  alice.stand({ kind: "pending", code: CODE, name: "alice", trouble: "If you have no other: pad devices reset" });
  expect((await run(sendCommand, "bob", "hi")).stderr).toMatch(/pad devices reset\. Nothing was sent\.\n$/);
  expect(await run(roomsCommand)).toMatchObject({ code: 12 });
  expect(await devices("invite")).toMatchObject({ code: 12 });
  const listed = await devices();
  expect(listed).toMatchObject({ code: 0, stdout: expect.stringContaining("alice-1") });
  expect(listed.stderr).toContain(`pad devices confirm ${CODE}`);
  expect(await run(historyCommand, "#everyone")).toMatchObject({ code: 0 });
  const unfound = await run(historyCommand, "#ops");
  expect([unfound.code, unfound.stderr]).toEqual([12, expect.stringContaining(`pad devices confirm ${CODE}`)]);
});

test("CS-34 one that is online before it knows that it has to wait sends nothing either, and says what to run", async () => {
  const { alice, run } = meet();
  alice.stand({ kind: "unknown" });
  const waits = hasLookedAndWaits(alice);
  const sending = run(sendCommand, "bob", "hi");
  await waits;
  alice.stand({ kind: "pending", code: CODE, name: "alice" });
  const sent = await sending;
  expect(sent).toMatchObject({ code: 12, stdout: "" });
  expect(sent.stderr).toContain(`pad devices confirm ${CODE}`);
});

test("CS-34 one that waited and was confirmed meanwhile goes on", async () => {
  const { alice, run } = meet();
  alice.stand({ kind: "pending", code: CODE, name: "alice" });
  const sending = run(sendCommand, "bob", "hi");
  setImmediate(() => alice.stand({ kind: "confirmed" }));
  expect(await sending).toMatchObject({ code: 0 });
});

test("CS-34 one that was removed reads what it has, sends nothing, and is told how it becomes a new one", async () => {
  const { alice, devices, run } = meet();
  alice.stand({ kind: "removed" });
  const sent = await run(sendCommand, "bob", "hi");
  expect(sent).toMatchObject({ code: 4, stdout: "" });
  expect(sent.stderr).toContain("pad devices new");
  expect(await run(historyCommand, "#everyone")).toMatchObject({ code: 0 });
  expect(await devices("new")).toMatchObject({ code: 0, stdout: expect.stringMatching(/confirm/) });
});

test("CS-35 of several devices that words may mean none is chosen", () => {
  const all = [device("abc1", "laptop"), device("abd2", "laptop"), device("x", "nas\u001b[2J")];
  expect(chosen(all, "abc", "")).toEqual({ device: all[0] });
  expect(chosen(all, "NAS\u001b[2J", "")).toEqual({ device: all[2] });
  for (const words of ["ab", "laptop", "", "nobody"]) expect(chosen(all, words, "")).toHaveProperty("code", 4);
});

test("CS-35 no words whatever make the reader throw", () => {
  const words = fc.array(fc.oneof(fc.string(), fc.constantFrom("confirm", "remove", "import", "list")), {
    maxLength: 4,
  });
  const options = fc.record(
    { minutes: fc.nat(), yes: fc.boolean(), "passphrase-file": fc.string() },
    { requiredKeys: [] },
  );
  fc.assert(fc.property(words, options, (given, values) => void readDeviceAction(given, values)));
  for (const wrong of [
    ["fly"],
    ["confirm"],
    ["remove"],
    ["dismiss", "a", "b"],
    ["export"],
    ["reset", "x"],
    ["invite", "x"],
  ]) {
    expect(readDeviceAction(wrong, {})).toMatchObject({ kind: "wrong" });
  }
  expect(readDeviceAction(["list"], { minutes: 3 })).toMatchObject({ kind: "wrong" });
  expect(readDeviceAction(["confirm", "x"], { yes: true })).toMatchObject({ kind: "wrong" });
});

const device = (id: string, label: string): Device => ({
  id,
  label,
  isThis: false,
  lastSeen: null,
  isOnline: null,
  status: "confirmed",
  code: null,
});

/** Resolves when somebody has looked at the chat's standing and waits for what it tells next. */
function hasLookedAndWaits(chat: FakeSealedChat): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { onEvent } = chat;
  let { standing } = chat;
  let hasLooked = false;
  Object.defineProperty(chat, "standing", {
    get: () => {
      hasLooked = true;
      return standing;
    },
    set: (next: typeof standing) => {
      standing = next;
    },
  });
  chat.onEvent = (listener) => {
    const stop = onEvent(listener);
    if (hasLooked) resolve();
    return stop;
  };
  return promise;
}

function meet() {
  const world = new FakeSealedWorld();
  const [alice] = [world.join("alice"), world.join("bob")];
  const run = (make: typeof devicesCommand, ...args: readonly string[]) =>
    startCommand(make(attachTo(alice)), args).ended;
  return { alice, run, devices: (...args: readonly string[]) => run(devicesCommand, ...args) };
}
