import { expect, test } from "vitest";
import { get } from "../core/persistent-map.ts";
import { DeliveryServiceWorld, everyone, found, id, ops, owners } from "../../test/helpers/delivery-service.ts";
import { isOverfull } from "./log-size.ts";
import type { HeadRow } from "./rows.ts";
import { apply } from "./state.ts";
import { groupsFor, mayReadInfo, readable, welcomesFor } from "./reading.ts";

const { alice, bob, carol, nas } = owners;
const DAY = 86_400_000;

function world(): DeliveryServiceWorld {
  const made = new DeliveryServiceWorld({ messageCount: 5 });
  made.online("a1", alice);
  made.online("b1", bob);
  made.online("c1", carol);
  made.online("n1", nas);
  for (const device of ["b1", "c1", "n1"]) made.publish(device, 2);
  made.create("a1", alice, "g", everyone, "open");
  made.send("a1", "g", 1);
  made.add("a1", alice, "g", [["b1", bob]]);
  made.send("a1", "g", 2);
  return made;
}

function forget(made: DeliveryServiceWorld): void {
  for (const what of ["messages", "commits"] as const) made.accept({ kind: "forget-old", group: id("g"), what });
}

const acknowledge = (made: DeliveryServiceWorld, device: string, number: number) =>
  made.run({ kind: "acknowledge", device: id(device), group: id("g"), number });

test("GR-27 a member reads from the commit it came in with on, whatever it asks for; what is left out is told as a gap", () => {
  const made = world();
  expect(readable(made.state, id("b1"), id("g"), 0)).toMatchObject({ after: 1, through: 3, messagesForgotten: 1 });
  expect(readable(made.state, id("b1"), id("g"), 2)).toMatchObject({ after: 2, through: 3, messagesForgotten: 0 });
  expect(readable(made.state, id("a1"), id("g"), 0)).toMatchObject({ after: 0, through: 3 });
});

test("GR-27 a removed device reads up to its removal, one whose removal is ordered nothing", () => {
  const made = world();
  made.accept({ kind: "order-removal", owner: bob, why: "banned" });
  expect(readable(made.state, id("b1"), id("g"), 2)).toEqual({ refusal: { reason: "not-a-member-of-group" } });
  made.accept(made.commit("a1", alice, "g", { kind: "remove", removed: [found("b1", bob)] }));
  made.send("a1", "g", 3);
  expect(readable(made.state, id("b1"), id("g"), 2)).toMatchObject({ after: 2, through: 4 });
});

test("GR-39 of a room by invitation nobody knows who isn't in it", () => {
  const made = world();
  made.create("a1", alice, "h", ops, "invite");
  expect(readable(made.state, id("b1"), id("h"), 0)).toEqual({ refusal: { reason: "unknown-group" } });
  const seen = groupsFor(made.state, id("c1"));
  expect(seen.map(({ group, hash, cursor }) => [group, hash, cursor])).toEqual([[id("g"), "", null]]);
});

test("GR-49 who isn't in an open room reads nothing of its log, and who comes in reads from there on", () => {
  const made = world();
  const refused = { refusal: { reason: "not-a-member-of-group" } };
  expect([readable(made.state, id("c1"), id("g"), 0), readable(made.state, id("n1"), id("g"), 2)]).toEqual([
    refused,
    refused,
  ]);
  made.accept(made.commit("c1", carol, "g", { kind: "external-join" }));
  expect(readable(made.state, id("c1"), id("g"), 0)).toMatchObject({ after: 3, through: 4, messagesForgotten: 3 });
});

test("GR-29 a group info is for members, and for people where the room is open", () => {
  const made = world();
  made.create("a1", alice, "h", ops, "invite");
  const may = (device: string, group: string) => mayReadInfo(made.state, id(device), id(group));
  expect([may("c1", "g"), may("n1", "g"), may("c1", "h"), may("a1", "h"), may("x", "g")]).toEqual([
    true,
    false,
    false,
    true,
    false,
  ]);
  made.accept({ kind: "order-removal", owner: bob, why: "banned" });
  expect(may("b1", "g")).toBe(false);
});

test("GR-30 a cursor only rises and never passes the end", () => {
  const made = world();
  acknowledge(made, "b1", 3);
  acknowledge(made, "b1", 1);
  expect(get(made.state.cursors, `${id("g")}/${id("b1")}`)).toEqual({ number: 3 });
  expect(acknowledge(made, "b1", 4)).toEqual({ refusal: { reason: "not-allowed" } });
  expect(acknowledge(made, "c1", 1)).toEqual({ refusal: { reason: "not-a-member-of-group" } });
});

test("GR-31 a Welcome waits until its device has joined, and is forgotten when nobody waits for it", () => {
  const made = world();
  made.add("a1", alice, "g", [["c1", carol]]);
  expect(welcomesFor(made.state, id("b1"))).toMatchObject([{ group: id("g"), number: 1, entry: 2 }]);
  made.accept({ kind: "welcome-done", device: id("c1"), group: id("g") });
  expect(made.logs.get(`welcomes/${id("g")}`)).toHaveLength(2);
  made.accept({ kind: "welcome-done", device: id("b1"), group: id("g") });
  expect(made.logs.get(`welcomes/${id("g")}`)).toEqual([]);
  expect(welcomesFor(made.state, id("b1"))).toEqual([]);
});

test("GR-32 what all members have is forgotten, and what one lacks is kept", () => {
  const made = world();
  acknowledge(made, "a1", 3);
  forget(made);
  expect(made.log(id("g")).map(({ number }) => number)).toEqual([3]);
  acknowledge(made, "b1", 3);
  forget(made);
  expect(made.log(id("g"))).toEqual([]);
  expect(made.send("a1", "g", 3)).toMatchObject({ reply: { number: 4 } });
});

test("GR-32 old messages go and commits stay until they are old, too", () => {
  const made = world();
  made.at += 31 * DAY;
  forget(made);
  expect(made.log(id("g")).map(({ kind }) => kind)).toEqual(["commit"]);
  expect(readable(made.state, id("a1"), id("g"), 0)).toMatchObject({ after: 0, messagesForgotten: 3 });
  made.at += 60 * DAY;
  forget(made);
  expect(made.log(id("g"))).toEqual([]);
});

test("GR-28 who is behind what is forgotten of commits hears where the log begins", () => {
  const made = world();
  made.at += 91 * DAY;
  forget(made);
  expect(readable(made.state, id("a1"), id("g"), 1)).toEqual({ refusal: { reason: "too-old", first: 3 } });
  expect(readable(made.state, id("a1"), id("g"), 3)).toMatchObject({ after: 3, through: 3 });
});

test("GR-32 of too many messages the oldest go", () => {
  const made = world();
  for (let counter = 3; counter <= 10; counter++) made.send("a1", "g", counter);
  forget(made);
  const messages = made.log(id("g")).filter(({ kind }) => kind === "message");
  expect(messages.map(({ number }) => number)).toEqual([7, 8, 9, 10, 11]);
});

test("GR-52 of messages that take too many bytes the oldest go, without regard to who has read them, and commits stay", () => {
  const made = new DeliveryServiceWorld({ logBytes: 6400 });
  made.online("a1", alice);
  made.online("b1", bob);
  made.publish("b1", 2);
  made.create("a1", alice, "g", everyone, "open");
  made.add("a1", alice, "g", [["b1", bob]]);
  for (let counter = 1; counter <= 10; counter++) made.send("a1", "g", counter, "x".repeat(1000));
  expect(headOf(made)).toMatchObject({ counted: { after: 0, messages: 10_000, commits: 11 } });
  expect(isOverfull(headOf(made), made.state.settings)).toBe(true);
  forget(made);
  expect(made.log(id("g")).map(({ number }) => number)).toEqual([1, 6, 7, 8, 9, 10, 11]);
  expect(headOf(made)).toMatchObject({ messagesForgotten: 5, counted: { after: 0, messages: 6_000, commits: 11 } });
  expect(isOverfull(headOf(made), made.state.settings)).toBe(false);
  expect(made.restarted()).toEqual(made.state);
});

test("GR-52 of commits that take too many bytes the oldest go, with the messages around them", () => {
  const made = new DeliveryServiceWorld({ logBytes: 20 });
  made.online("a1", alice);
  made.create("a1", alice, "g", everyone, "open");
  made.send("a1", "g", 1, "x");
  for (let epoch = 0; epoch < 4; epoch++) made.accept(made.commit("a1", alice, "g", { kind: "update" }));
  made.send("a1", "g", 2, "x");
  made.accept({ kind: "forget-old", group: id("g"), what: "messages" });
  expect(made.log(id("g")).map(({ number }) => number)).toEqual([2, 3, 4, 5, 6]);
  made.accept({ kind: "forget-old", group: id("g"), what: "commits" });
  expect(made.log(id("g")).map(({ number }) => number)).toEqual([5, 6]);
  expect(headOf(made).counted).toEqual({ after: 0, messages: 1, commits: 11 });
});

test("GR-52 what an older version kept isn't counted, and its going counts for nothing", () => {
  const made = world();
  const { counted, ...older } = headOf(made);
  expect(counted).toBeDefined();
  made.state = apply(made.state, { table: "head", key: id("g"), value: older });
  made.send("a1", "g", 3, "four");
  expect(headOf(made).counted).toEqual({ after: 3, messages: 4, commits: 0 });
  made.at += 31 * DAY;
  made.send("a1", "g", 4, "four");
  forget(made);
  expect(headOf(made).counted).toEqual({ after: 3, messages: 4, commits: 0 });
});

function headOf(made: DeliveryServiceWorld): HeadRow {
  const head = get(made.state.heads, id("g"));
  if (head === undefined) throw new Error("no such group");
  return head;
}
